"""A model as judge of suggestions."""

from __future__ import annotations

import sys

import click

from chiron.cli.common import BROKEN, complain, json_flag, print_json, settings


@click.group()
def judge() -> None:
    """A model as judge on the verdicts that people give, believed as far as it agrees with them."""


@judge.command("run")
@click.option(
    "-n", "n", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Most questions."
)
@click.option("--model", help="Model that judges, over the settings.")
@click.option("--origin", default="editor", show_default=True, help="Whose requests; `any` for all.")
@json_flag
def judge_run(n: int, model: str | None, origin: str, as_json: bool) -> None:
    """Put suggestions to a judge, those with a person's verdict first. Its votes are kept apart."""
    from chiron.judging.command import run
    from chiron.terminal import show_judged

    done = run(settings(model=model), n, origin=None if origin == "any" else origin, tell=complain)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{done['n_votes']} votes of {done['n_asked']} asked, {done['n_garbled']} without a verdict."
        )
        show_judged(done)
    if done["trouble"]:
        complain(done["trouble"])
        sys.exit(BROKEN)


@judge.command("show")
@json_flag
def judge_show(as_json: bool) -> None:
    """How far judges agree with people (Krippendorff's alpha), and whether their votes count."""
    from chiron.assemble import open_feedback, scores_path
    from chiron.judging.command import show
    from chiron.terminal import show_judged

    chosen = settings()
    shown = show(open_feedback(chosen), scores_path(chosen))
    if as_json:
        print_json(shown)
    else:
        show_judged(shown)


@judge.command("train")
@json_flag
def judge_train(as_json: bool) -> None:
    """Train the hallucination and relevance scores on verdicts. Needs the `learn` extra."""
    from chiron.judging.command import train
    from chiron.terminal import show_tree

    found = train(settings())
    if as_json:
        print_json(found)
    else:
        show_tree("Scores", found)
