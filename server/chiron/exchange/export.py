"""Writes the log as training data: one file, and beside it a manifest with counts, hashes and a receipt.

Nothing is written that a last look for secrets takes for one; what was found is counted by kind, never named.
Modules' EXAMPLES are left out. The file takes its name only when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from chiron import __version__
from chiron.errors import ChironError
from chiron.exchange.copied import Copied
from chiron.exchange.formats import (
    LEAST_FOR_OPENAI,
    Format,
    Row,
    answers_of,
    table_row,
    texts_of,
    to_rows,
    without_particulars,
)
from chiron.exchange.lessons import between, lesson_of
from chiron.redact import Redaction, holds_secret
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_histories import histories, provenance
from chiron.store.feedback_queries import History
from chiron.store.feedback_search import Search

_NOTHING = Redaction("", {}, {})
_TERMS = (
    "Rows name the model that wrote a text. Some models' terms reach what is trained on their output:"
    " read the terms of each model under `by_model` before training."
)


@dataclass(slots=True)
class Receipt:
    """What the last look for secrets found: rows looked at, rows left out by the kind of what was in them."""

    n_scanned: int = 0
    n_left_out: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    #: Findings in the file as it was written, read back from the disk.
    n_in_file: int = 0


@dataclass(slots=True)
class Exported:
    """What was written, and what was not and why."""

    path: Path
    format: Format
    n_suggestions: int = 0
    n_rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    by_model: Counter[str] = field(default_factory=Counter)
    by_author: Counter[str] = field(default_factory=Counter)
    by_log: Counter[str] = field(default_factory=Counter)
    receipt: Receipt = field(default_factory=Receipt)
    sha256: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def export(
    log: FeedbackLog,
    search: Search,
    kind: Format,
    out: Path,
    *,
    copied: Copied,
    is_excluded: Callable[[str], bool] = lambda _uri: False,
    filters: Mapping[str, str] | None = None,
) -> Exported:
    """Writes what `search` finds to `out` and its manifest to `out` with `.manifest.json` behind it.

    Raises `ChironError` where nothing is left to write, or the format's library is missing.
    """
    done = Exported(out, kind)
    logs = log.ask(provenance)
    rows = _rows(log, search, kind, done, copied, is_excluded, logs)
    if kind is Format.PARQUET:
        from chiron.exchange.table import write_parquet

        files: dict[Path, Callable[[Path], None]] = {out: lambda path: write_parquet(path, rows)}
    else:
        files = {out: lambda path: _write_lines(path, rows)}
    particulars: list[Row] = []
    if kind is Format.OPENAI:
        bare = (_apart(row, particulars) for row in rows)
        beside = out.with_name(f"{out.name}.lines.jsonl")
        files = {
            out: lambda path: _write_lines(path, bare),
            beside: lambda path: _write_lines(path, iter(particulars)),
        }
    written: dict[Path, Path] = {}
    try:
        for path, write in files.items():
            written[path] = path.with_name(f".{path.name}.{os.getpid()}")
            _make_private(written[path])
            write(written[path])
        if not done.n_rows:
            raise ChironError(
                f"Nothing was left to export as {kind.value}: {_in_words(done)}.",
                advice="Widen the filters, or label some suggestions with `chiron review`.",
            )
        done.receipt.n_in_file = sum(map(_findings_in, written.values())) if kind is not Format.PARQUET else 0
        if done.receipt.n_in_file:
            raise ChironError("The written file holds what looks like a secret; it was not kept.")
        for path, temporary in written.items():
            done.sha256[path.name] = _sha256(temporary)
            temporary.replace(path)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
    _note(done)
    _write_manifest(done, copied, filters or {})
    return done


def to_values(done: Exported) -> dict[str, Any]:
    """What was done, as the manifest and `--json` have it."""
    return {
        "file": done.path.name,
        "format": done.format.value,
        "n_suggestions": done.n_suggestions,
        "n_rows": done.n_rows,
        "left_out": dict(done.left_out.most_common()),
        "by_author": dict(done.by_author.most_common()),
        "by_model": dict(done.by_model.most_common()),
        "by_log": dict(done.by_log.most_common()),
        "redaction": {
            "n_rows_scanned_again": done.receipt.n_scanned,
            "n_rows_left_out": done.receipt.n_left_out,
            "by_kind": dict(done.receipt.by_kind.most_common()),
            "n_found_in_the_written_file": done.receipt.n_in_file,
        },
        "sha256": done.sha256,
        "notes": done.notes,
    }


def _rows(
    log: FeedbackLog,
    search: Search,
    kind: Format,
    done: Exported,
    copied: Copied,
    is_excluded: Callable[[str], bool],
    logs: Mapping[str, str],
) -> Iterator[Row]:
    """The rows to write, oldest first, counting on the way what is left out."""
    seen: set[str] = set()
    for _, request in groupby(_all(log, search), key=lambda one: one.suggestion.record.request_id):
        usable = []
        for history in request:
            done.n_suggestions += 1
            record = history.suggestion.record
            if is_excluded(record.uri):
                done.left_out["excluded file"] += 1
            elif copied.is_from_examples(record):
                done.left_out["from a module's EXAMPLES"] += 1
            else:
                usable.append(history)
        for history, row in _made(usable, kind, done, logs):
            module = history.suggestion.record.module
            answers = answers_of(row) or (str(row["text"]),)
            if any(copied.is_example(one, module) for one in answers):
                done.left_out["from a module's EXAMPLES"] += 1
                continue
            mark = _mark(row, kind)
            if mark in seen:
                done.left_out["the same again"] += 1
                continue
            if not _is_clean(row, done.receipt):
                done.left_out["what looks like a secret"] += 1
                continue
            seen.add(mark)
            _count(row, done, logs.get(history.suggestion.record.id, "this one"))
            yield row


def _made(
    request: list[History], kind: Format, done: Exported, logs: Mapping[str, str]
) -> Iterator[tuple[History, Row]]:
    """The rows of one request, each with the suggestion it is about."""
    if kind is Format.PARQUET:
        yield from ((one, table_row(one, logs.get(one.suggestion.record.id, ""))) for one in request)
        return
    by_id = {one.suggestion.record.id: one for one in request}
    taught = set()
    lessons = [lesson for one in request if (lesson := lesson_of(one)) is not None]
    if kind is Format.PREFERENCE:
        lessons += between(request)
    for lesson in lessons:
        for row in to_rows(lesson, kind):
            taught.add(lesson.record.id)
            yield by_id[lesson.record.id], row
    done.left_out["nothing to learn from"] += len(by_id.keys() - taught)


def _all(log: FeedbackLog, search: Search) -> Iterator[History]:
    after = 0
    while True:
        page, after = log.ask(partial(histories, search=search, after=after))
        if not page:
            return
        yield from page


def _mark(row: Row, kind: Format) -> str:
    """What two rows share that teach the same."""
    if kind is Format.PARQUET:
        return str(row["id"])
    taught = {
        key: row.get(key) for key in ("messages", "prompt", "completion", "label", "chosen", "rejected")
    }
    return hashlib.sha256(json.dumps(taught, sort_keys=True).encode()).hexdigest()


def _is_clean(row: Row, receipt: Receipt) -> bool:
    receipt.n_scanned += 1
    found = next(filter(None, (holds_secret(text, _NOTHING) for text in texts_of(row))), None)
    if found is not None:
        receipt.n_left_out += 1
        receipt.by_kind[found] += 1
    return found is None


def _count(row: Row, done: Exported, log: str) -> None:
    done.n_rows += 1
    done.by_log[log] += 1
    for prefix in ("", "chosen_", "rejected_"):
        if row.get(f"{prefix}author"):
            done.by_author[row[f"{prefix}author"]] += 1
        if row.get(f"{prefix}model"):
            done.by_model[row[f"{prefix}model"]] += 1


def _apart(row: Row, particulars: list[Row]) -> Row:
    bare, particular = without_particulars(row)
    particulars.append({"line": len(particulars) + 1, **particular})
    return bare


def _write_lines(path: Path, rows: Iterator[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _make_private(path: Path) -> None:
    """Makes an empty file of the user's alone; what somebody else left under its name is not followed."""
    try:
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    except OSError as error:
        raise ChironError(f"{path.parent} cannot be written to: {error.strerror}.") from None


def _findings_in(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return sum(any(holds_secret(text, _NOTHING) for text in texts_of(json.loads(line))) for line in file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note(done: Exported) -> None:
    if done.by_model:
        done.notes.append(_TERMS)
    if done.format is Format.OPENAI and done.n_rows < LEAST_FOR_OPENAI:
        done.notes.append(f"OpenAI takes no file with fewer than {LEAST_FOR_OPENAI} examples.")


def _in_words(done: Exported) -> str:
    reasons = ", ".join(f"{n} {why}" for why, n in done.left_out.most_common() if n)
    return f"{done.n_suggestions} suggestions were looked at" + (f"; {reasons}" if reasons else "")


def _write_manifest(done: Exported, copied: Copied, filters: Mapping[str, str]) -> None:
    compared = "by where they came from" + (" and by their text" if copied.by_text else "")
    manifest = {
        "made_by": f"chiron {__version__}",
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "filters": dict(filters),
        "examples_left_out": compared,
        **to_values(done),
    }
    path = done.path.with_name(f"{done.path.name}.manifest.json")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    _make_private(temporary)
    temporary.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
