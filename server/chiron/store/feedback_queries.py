"""What can be asked of the feedback file: lists, one suggestion's history, and statistics."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from chiron.records import Event, Origin, Outcome, ScopeKind, Source
from chiron.store.feedback_file import connect, mapped_errors
from chiron.store.feedback_rows import DERIVED, RECORDED, SuggestionRow, quoted, to_events, to_suggestion

_COLUMNS = ", ".join(map(quoted, (*RECORDED, *DERIVED)))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which suggestions are meant; what is None does not matter.

    `uri` is a file's URI, or a folder's where it ends in "/". `search` is looked for in the task's name and
    the suggestion's text. `since_ms` is included, `until_ms` is not.
    """

    origin: Origin | None = None
    scope: ScopeKind | None = None
    outcome: Outcome | None = None
    module: str | None = None
    model: str | None = None
    source: Source | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    search: str | None = None
    label: str | None = None
    withheld: bool | None = None
    uri: str | None = None


EDITOR_ONLY = Filters(origin=Origin.EDITOR)


@dataclass(frozen=True, slots=True)
class History:
    """One suggestion and everything that happened to it, in order."""

    suggestion: SuggestionRow
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How one group of suggestions fared.

    `n_ended` counts those that a person could judge: ended, and seen. The shares are parts of it, 0.0
    where it is 0.
    """

    n_offered: int = 0
    n_ended: int = 0
    n_accepted: int = 0
    n_strong: int = 0
    n_undone: int = 0

    @property
    def acceptance(self) -> float:
        return self.n_accepted / self.n_ended if self.n_ended else 0.0

    @property
    def strong_acceptance(self) -> float:
        return self.n_strong / self.n_ended if self.n_ended else 0.0


@dataclass(frozen=True, slots=True)
class FeedbackStats:
    """Counts over a selection. A suggestion that is still open counts as offered and as nothing else."""

    n_suggestions: int
    n_withheld: int
    n_open: int
    total: Share
    by_outcome: Mapping[str, int]
    by_scope: Mapping[str, Share]
    by_module: Mapping[str, Share]
    by_source: Mapping[str, Share]
    by_model: Mapping[str, Share]
    withheld_by_reason: Mapping[str, int]


class Reader:
    """A connection for one question; a context manager that maps errors to ours."""

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> sqlite3.Connection:
        self._connection = connect(self._path, busy_timeout_s=self._busy_timeout_s)
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
        if isinstance(error, sqlite3.Error):
            with mapped_errors(self._path):
                raise error


def suggestions(connection: sqlite3.Connection, limit: int, filters: Filters) -> list[SuggestionRow]:
    """Suggestions that pass `filters`, newest first, at most `limit`."""
    where, values = to_where(filters)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM suggestion WHERE {where} ORDER BY at_ms DESC, seq DESC LIMIT ?",  # noqa: S608 our own names
        (*values, limit),
    )
    return [to_suggestion(row) for row in rows]


def show(connection: sqlite3.Connection, suggestion_id: str) -> History | None:
    """The suggestion of that id (or of the only id that begins so) with its events in order."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM suggestion WHERE id >= ?1 AND id < ?1 || x'f48fbfbf' ORDER BY id LIMIT 2",  # noqa: S608
        (suggestion_id,),
    ).fetchall()
    if not rows or (len(rows) > 1 and rows[0]["id"] != suggestion_id):
        return None
    suggestion = to_suggestion(rows[0])
    events = connection.execute(
        "SELECT * FROM event WHERE suggestion_id = ? ORDER BY at_ms, seq", (suggestion.record.id,)
    )
    return History(suggestion, tuple(to_events(events)))


def left_open(connection: sqlite3.Connection, before_ms: int, limit: int) -> list[History]:
    """Suggestions shown before that moment that have no outcome, oldest first: their server was killed."""
    rows = connection.execute(
        "SELECT id FROM suggestion WHERE outcome IS NULL AND withheld IS NULL AND at_ms < ?"
        " ORDER BY at_ms LIMIT ?",
        (before_ms, limit),
    ).fetchall()
    found = (show(connection, row["id"]) for row in rows)
    return [history for history in found if history is not None]


def stats(connection: sqlite3.Connection, filters: Filters) -> FeedbackStats:
    """Counts over the suggestions that pass `filters`."""
    where, values = to_where(filters)
    rows = connection.execute(
        "SELECT scope, source, module, model, outcome, withheld, sum(strong) AS n_strong,"  # noqa: S608
        " sum(undone AND outcome = 'accepted') AS n_undone, count(*) AS n"
        f" FROM suggestion WHERE {where} GROUP BY scope, source, module, model, outcome, withheld",
        values,
    ).fetchall()
    shown = [row for row in rows if row["withheld"] is None]
    by_outcome: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for row in rows:
        if row["withheld"] is not None:
            reasons[row["withheld"]] = reasons.get(row["withheld"], 0) + row["n"]
        elif row["outcome"] is not None:
            by_outcome[row["outcome"]] = by_outcome.get(row["outcome"], 0) + row["n"]
    n_shown = sum(row["n"] for row in shown)
    return FeedbackStats(
        n_suggestions=n_shown,
        n_withheld=sum(reasons.values()),
        n_open=n_shown - sum(by_outcome.values()),
        total=_shares(shown, None).get("", Share()),
        by_outcome=_most_first(by_outcome),
        by_scope=_shares(shown, "scope"),
        by_module=_shares(shown, "module"),
        by_source=_shares(shown, "source"),
        by_model=_shares(shown, "model"),
        withheld_by_reason=_most_first(reasons),
    )


def to_where(filters: Filters) -> tuple[str, tuple[Any, ...]]:
    """`filters` as an SQL condition on the suggestion table, and its values."""
    conditions = ["1"]
    values: list[Any] = []
    for column in ("origin", "scope", "outcome", "module", "model", "source", "label"):
        value = getattr(filters, column)
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(str(value))
    if filters.since_ms is not None:
        conditions.append("at_ms >= ?")
        values.append(filters.since_ms)
    if filters.until_ms is not None:
        conditions.append("at_ms < ?")
        values.append(filters.until_ms)
    if filters.withheld is not None:
        conditions.append("withheld IS NOT NULL" if filters.withheld else "withheld IS NULL")
    if filters.uri is not None:
        if filters.uri.endswith("/"):
            conditions.append("uri >= ? AND uri < ?")
            values += [filters.uri, filters.uri[:-1] + "0"]
        else:
            conditions.append("uri = ?")
            values.append(filters.uri)
    if filters.search:
        conditions.append("(task_name LIKE ? ESCAPE '\\' OR text LIKE ? ESCAPE '\\')")
        escaped = filters.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values += [f"%{escaped}%"] * 2
    return " AND ".join(conditions), tuple(values)


def _shares(rows: list[sqlite3.Row], column: str | None) -> dict[str, Share]:
    groups: dict[str, list[int]] = {}
    for row in rows:
        name = "" if column is None else (row[column] or "")
        counts = groups.setdefault(name, [0, 0, 0, 0, 0])
        counts[0] += row["n"]
        if row["outcome"] not in (None, Outcome.NOT_SEEN.value):
            counts[1] += row["n"]
        if row["outcome"] == Outcome.ACCEPTED.value:
            counts[2] += row["n"]
        counts[3] += row["n_strong"]
        counts[4] += row["n_undone"]
    ordered = sorted(groups.items(), key=lambda item: (-item[1][0], item[0]))
    return {name: Share(*counts) for name, counts in ordered}


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
