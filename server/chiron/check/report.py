"""Findings -> lines for people, JSON and SARIF for programs. Lines and columns count from 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from chiron import __version__
from chiron.ansible.validate.problems import CODES
from chiron.check.run import Finding, Result
from chiron.records import Fix, Range, Severity

_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_lines(result: Result) -> Iterator[str]:
    """One line a problem, as compilers write them, and a sum at the end."""
    for one in result.mended:
        line = one.rewrite.range.start.line + 1
        yield f"{one.shown}:{line}: mended: {one.rewrite.title} [{one.rewrite.code}]"
    for finding in result.findings:
        problem = finding.problem
        at = problem.range.start
        where = f"{finding.shown}:{at.line + 1}:{at.column + 1}"
        hint = f" ({problem.fix.title})" if problem.fix else ""
        yield f"{where}: {problem.severity}: {problem.message}{hint} [{problem.code}]"
    counts = dict.fromkeys(Severity, 0)
    for finding in result.findings:
        counts[finding.problem.severity] += 1
    found = ", ".join(f"{n} {_plural(severity.value, n)}" for severity, n in counts.items() if n)
    tasks, files = _plural("task", result.n_tasks), _plural("file", result.n_files)
    yield f"{result.n_tasks} {tasks} in {result.n_files} {files}: {found or 'no problems'}"


def to_json(result: Result) -> dict[str, Any]:
    """The documented shape of `--json`. `fix` is null, or an edit that removes the problem."""
    shown: dict[str, Any] = {
        "tasks": result.n_tasks,
        "files": result.n_files,
        "problems": [_problem(finding) for finding in result.findings],
    }
    if result.mended:
        shown["mended"] = [
            {
                "path": one.shown,
                "line": one.rewrite.range.start.line + 1,
                "code": one.rewrite.code,
                "title": one.rewrite.title,
            }
            for one in result.mended
        ]
    return shown


def to_sarif(result: Result) -> dict[str, Any]:
    """The findings as SARIF 2.1.0, one run."""
    codes = sorted({finding.problem.code for finding in result.findings})
    driver = {
        "name": "chiron",
        "version": __version__,
        "rules": [{"id": code, "shortDescription": {"text": CODES.get(code, code)}} for code in codes],
    }
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(finding, codes) for finding in result.findings],
            }
        ],
    }


def _problem(finding: Finding) -> dict[str, Any]:
    problem = finding.problem
    return {
        "path": finding.shown,
        "line": problem.range.start.line + 1,
        "column": problem.range.start.column + 1,
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        "fix": _fix(problem.fix),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {
        "title": fix.title,
        "edits": [{"range": _range(place), "text": text} for place, text in fix.edits],
    }


def _range(place: Range) -> dict[str, Any]:
    return {
        "start": {"line": place.start.line + 1, "column": place.start.column + 1},
        "end": {"line": place.end.line + 1, "column": place.end.column + 1},
    }


def _region(place: Range) -> dict[str, int]:
    return {
        "startLine": place.start.line + 1,
        "startColumn": place.start.column + 1,
        "endLine": place.end.line + 1,
        "endColumn": place.end.column + 1,
    }


def _sarif_result(finding: Finding, codes: list[str]) -> dict[str, Any]:
    problem = finding.problem
    artifact = {"uri": quote(finding.shown.replace("\\", "/"), safe="/:")}
    shown: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": _SARIF_LEVELS[problem.severity],
        "message": {"text": problem.message},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": _region(problem.range)}}],
    }
    if problem.fix is not None:
        replacements = [
            {"deletedRegion": _region(place), "insertedContent": {"text": text}}
            for place, text in problem.fix.edits
        ]
        change = {"artifactLocation": artifact, "replacements": replacements}
        shown["fixes"] = [{"description": {"text": problem.fix.title}, "artifactChanges": [change]}]
    return shown


def _plural(word: str, n: int) -> str:
    return word if n == 1 or word == "info" else f"{word}s"
