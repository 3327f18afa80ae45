"""The eval commands, from files to tables."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal, cast

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chiron import config
from chiron.assemble import open_catalog, open_model
from chiron.config import Settings
from chiron.errors import ChironError
from chiron.evals import cases as case_files
from chiron.evals.report import page
from chiron.evals.run import Arm, ArmKind, Setup, read_results, run
from chiron.evals.score import FIGURES, Row, best_silence, compare, latency, means, rows

_KINDS = ("raw", "prompt", "recall", "chiron")


def run_cases(  # noqa: PLR0913 - one argument an option of the command
    settings: Settings,
    cases_file: Path,
    workspaces: Path,
    arm: str,
    out: Path,
    *,
    mode: str = "append",
    cold: bool = False,
    parallel: int = 1,
    limit: int | None = None,
) -> int:
    """Puts the cases of a file to an arm; answers already in `out` stay. Returns how many were added.

    `limit` of the cases are taken, the same ones each time, of all folders alike.
    """
    cases = case_files.some(case_files.read(cases_file), limit)
    catalog = open_catalog(settings, None)
    setup = Setup(workspaces, cast('Literal["append", "insert"]', mode), cold, parallel)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

    async def go() -> int:
        chosen = to_arm(settings, arm)
        try:
            with Progress(*columns) as progress:
                bar = progress.add_task(arm, total=len(cases))
                progress.advance(bar, len(read_results(out)))
                return await run(cases, chosen, catalog, setup, out, lambda n: progress.advance(bar, n))
        finally:
            if chosen.model is not None:
                await chosen.model.close()

    return asyncio.run(go())


def build_frozen(settings: Settings, out: Path) -> tuple[int, dict[str, int]]:
    """Freezes labelled suggestions into cases, and says how many, and what was left out for which reason."""
    from chiron.assemble import feedback_path, open_feedback
    from chiron.evals.frozen import cases_of
    from chiron.store.feedback_lessons import lessons
    from chiron.store.frozen import note_frozen

    with open_feedback(settings) as log:
        found = log.ask(lambda connection: lessons(connection, 0, 1_000_000, None, of_others=True))
    made, left_out = cases_of(found)
    case_files.write(made, out)
    note_frozen(feedback_path(settings), out)
    return len(made), left_out


def to_arm(settings: Settings, name: str) -> Arm:
    """The arm of that name: one of the settings' arms, one of the four kinds, or `KIND:MODEL` for a kind
    with a model of the settings."""
    named = settings.arms.get(name)
    if named is not None:
        return _named_arm(settings, name, named)
    kind, _, model_name = name.partition(":")
    if kind not in _KINDS:
        raise ChironError(
            f"No arm is called {name!r}.",
            advice=f"Use one of {', '.join((*settings.arms, *_KINDS))}, or KIND:MODEL.",
        )
    if model_name:
        settings = settings.model_copy(update={"model": model_name})
    model = None if kind == "recall" else open_model(settings)
    suggest = settings.suggest
    return Arm(name, cast(ArmKind, kind), model, suggest.recall_threshold, suggest.patience_ms)


def _named_arm(settings: Settings, name: str, arm: config.Arm) -> Arm:
    """An arm of the settings: all of Chiron, with what the arm sets."""
    if arm.model is not None:
        settings = settings.model_copy(update={"model": arm.model})
    suggest = settings.suggest
    return Arm(
        name,
        "chiron",
        open_model(settings),
        suggest.recall_threshold if arm.recall_threshold is None else arm.recall_threshold,
        suggest.patience_ms if arm.patience_ms is None else arm.patience_ms,
        arm.n_similar,
        arm.prompt,
    )


def score_files(settings: Settings, cases_file: Path, results: Sequence[Path]) -> dict[str, Any]:
    """A table: each file's means with intervals, latency and sources."""
    return {
        "figures": list(FIGURES),
        "arms": {path.stem: _summary(_rows(settings, cases_file, path)) for path in results},
    }


def _summary(scored: Sequence[Row]) -> dict[str, Any]:
    sources: dict[str, int] = {}
    for row in scored:
        source = row.result.source or "silent"
        sources[source] = sources.get(source, 0) + 1
    return {
        "n": len(scored),
        "means": {name: asdict(mean) for name, mean in means(scored).items()},
        "saved": sum(row.saved for row in scored) / max(1, len(scored)),
        "latency_ms": latency(scored),
        "silence": asdict(best_silence(scored)),
        "sources": sources,
    }


def compare_files(
    settings: Settings, cases_file: Path, first: Path, second: Path, *, n_shown: int = 0
) -> dict[str, Any]:
    """Paired differences in every figure, and cases won and lost in `aware`."""
    before, after = _rows(settings, cases_file, first), _rows(settings, cases_file, second)
    others = {row.case.id: row for row in after}
    pairs = [(row, others[row.case.id]) for row in before if row.case.id in others]
    pairs.sort(key=lambda pair: pair[1].scores["aware"] - pair[0].scores["aware"])
    changed = [pair for pair in pairs if pair[0].scores["aware"] != pair[1].scores["aware"]]
    shown = [*changed[:n_shown], *changed[::-1][:n_shown]]
    return {
        "figures": [asdict(compare(before, after, figure)) for figure in FIGURES],
        "regressions": _regressions(before, after),
        "cases": [
            {
                "case": f"{a.case.workspace}/{a.case.path}:{a.case.line}",
                "name": a.case.name,
                "expected": a.case.expected,
                "first": a.result.text,
                "second": b.result.text,
                "gain": round(b.scores["aware"] - a.scores["aware"], 3),
            }
            for a, b in shown
        ],
    }


def write_baseline(settings: Settings, cases_file: Path, results: Path, out: Path) -> None:
    """Writes the scores of `results` by case, without any text of theirs: what `gate_files` compares with."""
    lines = [
        json.dumps({"id": row.case.id, "scores": {name: row.scores[name] for name in FIGURES}})
        for row in _rows(settings, cases_file, results)
    ]
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def gate_files(settings: Settings, cases_file: Path, baseline: Path, results: Path) -> dict[str, Any]:
    """Paired differences of `results` to `baseline`, in every figure, and what of the log got worse.

    A baseline is what `write_baseline` wrote, or another arm's results. Raises `ChironError`.
    """
    after = _rows(settings, cases_file, results)
    scores = _scores(baseline)
    before = (
        [replace(row, scores=scores[row.case.id]) for row in after if row.case.id in scores]
        if scores
        else _rows(settings, cases_file, baseline)
    )
    if not before:
        raise ChironError(
            f"{baseline} is no baseline of these cases.",
            advice="Write one with `chiron eval score --baseline`.",
        )
    return {
        "figures": [asdict(compare(before, after, figure)) for figure in FIGURES],
        "regressions": _regressions(before, after),
        "cases": [],
    }


def _scores(baseline: Path) -> dict[str, dict[str, float]]:
    """The scores by case in a file of scores; none where it holds something else."""
    scores = {}
    for line in baseline.read_text(encoding="utf-8").splitlines():
        try:
            one = json.loads(line)
            scores[str(one["id"])] = {name: float(one["scores"][name]) for name in FIGURES}
        except (ValueError, KeyError, TypeError):
            continue
    return scores


def _regressions(before: Sequence[Row], after: Sequence[Row]) -> list[str]:
    """What a person said should be so and is not any more, one by one, however little the mean shows it."""
    others = {row.case.id: row for row in after}
    return [
        f"{row.case.name} ({row.case.path}, suggestion {row.case.id})"
        for row in before
        if row.case.text and row.case.id in others
        if others[row.case.id].scores["strong"] < row.scores["strong"]
    ]


def report_files(settings: Settings, cases_file: Path, results: Sequence[Path], html: Path) -> None:
    """Writes one offline page on the results."""
    arms = {path.stem: _rows(settings, cases_file, path) for path in results}
    html.write_text(page(arms, f"Suggestions on {cases_file.stem}"), encoding="utf-8")


def _rows(settings: Settings, cases_file: Path, results: Path) -> list[Row]:
    catalog = open_catalog(settings, None)
    return rows(case_files.read(cases_file), read_results(results), catalog)
