"""Two files of answers to the same cases, as questions of the review's arena."""

from __future__ import annotations

from pathlib import Path

from chiron.errors import ChironError
from chiron.evals import cases
from chiron.evals.cases import Case
from chiron.evals.run import Result, read_results
from chiron.redact import redact
from chiron.review.matches import Answered, Match, question_of

#: Lines of the file shown before a case.
_BEFORE = 12


def matches(cases_file: Path, first: Path, second: Path, workspaces: Path | None) -> list[Match]:
    """The cases that both files answer, each differently. Raises `ChironError` where there are none."""
    one = {result.id: result for result in read_results(first)}
    other = {result.id: result for result in read_results(second)}
    found = [
        _match(case, one[case.id], other[case.id], first.stem, second.stem, workspaces)
        for case in cases.read(cases_file)
        if case.id in one and case.id in other
    ]
    kept = [match for match in found if match is not None]
    if not kept:
        raise ChironError(
            f"{first.name} and {second.name} answer no case of {cases_file.name} differently.",
            advice="Put the same cases to two arms with `chiron eval run`.",
        )
    return kept


def _match(
    case: Case, first: Result, second: Result, arm: str, other_arm: str, workspaces: Path | None
) -> Match | None:
    a, b = (one.text or "" for one in (first, second))
    if not a.strip() or not b.strip() or _bare(a) == _bare(b):
        return None
    before = _before(case, workspaces)
    return Match(
        question_of("eval", case.id, arm, other_arm, a, b),
        case.name,
        f"{case.workspace}/{case.path}:{case.line}",
        _answered(arm, before, a),
        _answered(other_arm, before, b),
    )


def _before(case: Case, workspaces: Path | None) -> list[str]:
    """The lines up to the case's name; the name alone where there is no checkout. Redacted as a log is."""
    lines = [f"- name: {case.name}"]
    if workspaces is not None:
        try:
            text = (workspaces / case.workspace / case.path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return lines
        lines = redact("\n".join(text.split("\n")[: case.line])).text.split("\n")[-_BEFORE:]
    return lines


def _answered(arm: str, before: list[str], text: str) -> Answered:
    body = redact(text.strip("\n")).text
    return Answered(arm, "\n".join([*before, body]), len(before), len(before) + body.count("\n"))


def _bare(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
