"""Measuring suggestions on real repositories."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chiron.cli.common import NO, json_flag, print_json, settings

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("eval")
def eval_() -> None:
    """Measure suggestions on tasks of real repositories, bodies hidden."""


@eval_.command("build")
@click.argument("folders", nargs=-1, type=_PATH, metavar="[DIR...]")
@click.option("--from-feedback", is_flag=True, help="Freeze labelled suggestions out of the log instead.")
@click.option("--out", required=True, type=_PATH, help="File for the cases, one JSON line each.")
@click.option("--per-repo", type=click.IntRange(1), help="Most cases of one folder.")
@click.option("--seed", default=0, show_default=True, help="Which cases are drawn.")
def eval_build(
    folders: tuple[Path, ...], from_feedback: bool, out: Path, per_repo: int | None, seed: int
) -> None:
    """Make cases from checkouts of playbooks and roles, or from what was said of suggestions.

    Cases from the log hold text of your files, redacted, and are erased with the suggestions they are of.
    """
    from chiron.evals import cases

    if bool(folders) == from_feedback:
        raise click.UsageError("Name folders, or say --from-feedback.")
    if from_feedback:
        from chiron.evals.command import build_frozen

        n, left_out = build_frozen(settings(), out)
        click.echo(f"{n} cases in {out}.")
        for why, n_left_out in left_out.items():
            click.echo(f"{n_left_out} left out: {why}.")
        return
    made = cases.build(folders, per_repo=per_repo, seed=seed)
    cases.write(made, out)
    click.echo(f"{len(made)} cases from {len({case.workspace for case in made})} folders in {out}.")


@eval_.command("run")
@click.argument("cases_file", type=_FILE, metavar="CASES")
@click.option(
    "--workspaces",
    default=Path(),
    show_default="here",
    type=_PATH,
    help="Folder that holds the checkouts; cases out of the log need none.",
)
@click.option(
    "--arm",
    default="chiron",
    show_default=True,
    help="raw, prompt, recall, chiron, KIND:MODEL, or an arm of the settings.",
)
@click.option("--out", required=True, type=_PATH, help="File for the answers; goes on there.")
@click.option("--mode", default="append", show_default=True, type=click.Choice(["append", "insert"]))
@click.option("--cold", is_flag=True, help="Without the rest of the repository.")
@click.option("--model", help="Model to use, over the settings.")
@click.option("--limit", type=click.IntRange(1), help="So many of the cases, the same ones each time.")
@click.option("--parallel", default=1, show_default=True, type=click.IntRange(1, 64), help="Folders at once.")
def eval_run(  # noqa: PLR0913, PLR0917 - one argument an option
    cases_file: Path,
    workspaces: Path,
    arm: str,
    out: Path,
    mode: str,
    cold: bool,
    model: str | None,
    limit: int | None,
    parallel: int,
) -> None:
    """Put cases to an arm and keep the answers."""
    from chiron.evals.command import run_cases

    n = run_cases(
        settings(model=model),
        cases_file,
        workspaces,
        arm,
        out,
        mode=mode,
        cold=cold,
        parallel=parallel,
        limit=limit,
    )
    click.echo(f"{n} answers added to {out}.")


@eval_.command("score")
@click.argument("cases_file", type=_FILE, metavar="CASES")
@click.argument("results", nargs=-1, required=True, type=_FILE, metavar="RESULTS...")
@click.option("--baseline", type=_PATH, help="Also write the first results' scores there, for `gate`.")
@json_flag
def eval_score(cases_file: Path, results: tuple[Path, ...], baseline: Path | None, as_json: bool) -> None:
    """Tell how good answers are, with intervals."""
    from chiron.evals.command import score_files, write_baseline
    from chiron.terminal import show_scores

    table = score_files(settings(), cases_file, results)
    if baseline is not None:
        write_baseline(settings(), cases_file, results[0], baseline)
    if as_json:
        print_json(table)
    else:
        show_scores(table)


@eval_.command("report")
@click.argument("cases_file", type=_FILE, metavar="CASES")
@click.argument("results", nargs=-1, required=True, type=_FILE, metavar="RESULTS...")
@click.option("--html", required=True, type=_PATH, help="Where the page goes.")
def eval_report(cases_file: Path, results: tuple[Path, ...], html: Path) -> None:
    """Write one offline page: figures, latency, calibration, and the failures to read."""
    from chiron.evals.command import report_files

    report_files(settings(), cases_file, results, html)
    click.echo(f"Written to {html}.")


@eval_.command("compare")
@click.argument("cases_file", type=_FILE, metavar="CASES")
@click.argument("first", type=_FILE)
@click.argument("second", type=_FILE)
@click.option("--show", default=0, show_default=True, help="Cases won and lost to show side by side.")
@json_flag
def eval_compare(cases_file: Path, first: Path, second: Path, show: int, as_json: bool) -> None:
    """Tell what the second answers have over the first, case by case."""
    from chiron.evals.command import compare_files
    from chiron.terminal import show_comparison

    compared = compare_files(settings(), cases_file, first, second, n_shown=show)
    if as_json:
        print_json(compared)
    else:
        show_comparison(compared)


@eval_.command("gate")
@click.argument("cases_file", type=_FILE, metavar="CASES")
@click.argument("baseline", type=_FILE)
@click.argument("results", type=_FILE)
def eval_gate(cases_file: Path, baseline: Path, results: Path) -> None:
    """Exit with 1 where RESULTS are worse than BASELINE beyond noise, or any case out of the log is."""
    from chiron.evals.command import gate_files
    from chiron.terminal import show_comparison

    compared = gate_files(settings(), cases_file, baseline, results)
    show_comparison(compared)
    for name in compared["regressions"]:
        click.echo(f"Worse than it was: {name}")
    worse = any(row["verdict"] == "worse" for row in compared["figures"])
    sys.exit(NO if worse or compared["regressions"] else 0)
