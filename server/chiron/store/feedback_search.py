"""Finds suggestions in the feedback file: by any mix of conditions, page by page, and for the queue."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from chiron.store.feedback_queries import Filters, to_where
from chiron.store.feedback_rows import DERIVED, RECORDED, SuggestionRow, quoted, to_suggestion

#: Texts that a list has no use for, and which may be long.
_HEAVY = frozenset({"context", "sent", "grounds", "stage_ms"})
_EMPTY = {"context": "''", "sent": "''", "grounds": "'[]'", "stage_ms": "'{}'"}
_LISTED = ", ".join(
    f"{_EMPTY[name]} AS {name}" if name in _HEAVY else quoted(name) for name in (*RECORDED, *DERIVED)
)

#: Outcomes in which a person saw a suggestion and did not take it.
_TURNED_DOWN = "('rejected', 'typed_over', 'moved_away', 'superseded', 'expired')"
#: Reasons to withhold that leave nothing to judge.
_NOTHING_THERE = "('empty', 'nothing-good', 'too-slow', 'refused-here', 'not-parsed', 'too-long')"
#: How far down each of the queue's kinds is looked for what is worth a look first.
_DEEP = 1000


@dataclass(frozen=True, slots=True)
class Search:
    """Which suggestions are meant: `filters`, and what only a review asks. What is None does not matter.

    `ended` are those that a person could judge, `first` the first alternatives of their requests, `measured`
    those whose kept ratio is known, `priced` those whose answer cost money. `lacking` names columns that must
    be empty. `slower_ms` is included.
    """

    filters: Filters = field(default_factory=Filters)
    arm: str | None = None
    reason: str | None = None
    ended: bool | None = None
    open: bool | None = None
    strong: bool | None = None
    undone: bool | None = None
    labelled: bool | None = None
    first: bool | None = None
    measured: bool | None = None
    priced: bool | None = None
    slower_ms: float | None = None
    lacking: tuple[str, ...] = ()

    def within(self, since_ms: int | None, until_ms: int | None) -> Search:
        """The same search within a period."""
        return replace(self, filters=replace(self.filters, since_ms=since_ms, until_ms=until_ms))


class QueueKind(StrEnum):
    """Why a suggestion stands in the queue."""

    INSTEAD = "instead"
    EDITED = "edited"
    WITHHELD = "withheld"
    CHANCE = "chance"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of the queue: a suggestion, and why it is worth a look."""

    kind: QueueKind
    row: SuggestionRow


_WHEN_TRUE = {
    "ended": "(outcome IS NOT NULL AND outcome <> 'not_seen' AND withheld IS NULL)",
    "open": "(outcome IS NULL AND withheld IS NULL)",
    "strong": "(strong = 1 AND withheld IS NULL)",
    "undone": "(undone = 1 AND outcome = 'accepted')",
    "labelled": "(label IS NOT NULL)",
    "first": '("rank" = 0 AND withheld IS NULL)',
    "measured": "(kept_ratio IS NOT NULL AND outcome = 'accepted' AND withheld IS NULL)",
    "priced": "(cost_usd IS NOT NULL)",
}
_MAY_LACK = frozenset({"module", "model", "source", "arm"})


def search_where(search: Search) -> tuple[str, tuple[Any, ...]]:
    """`search` as an SQL condition on the suggestion table, and its values."""
    condition, values = to_where(search.filters)
    conditions, more = [condition], list(values)
    for column, value in (("arm", search.arm), ("withheld", search.reason)):
        if value is not None:
            conditions.append(f"{column} = ?")
            more.append(value)
    for name, sql in _WHEN_TRUE.items():
        wanted = getattr(search, name)
        if wanted is not None:
            conditions.append(sql if wanted else f"NOT {sql}")
    if search.slower_ms is not None:
        conditions.append("total_ms >= ?")
        more.append(search.slower_ms)
    conditions += [f"({column} IS NULL OR {column} = '')" for column in search.lacking if column in _MAY_LACK]
    return " AND ".join(conditions), tuple(more)


def count(connection: sqlite3.Connection, search: Search) -> int:
    """How many suggestions the search finds."""
    where, values = search_where(search)
    (n,) = connection.execute(f"SELECT count(*) FROM suggestion WHERE {where}", values).fetchone()  # noqa: S608
    return int(n)


def found(connection: sqlite3.Connection, search: Search, limit: int, offset: int = 0) -> list[SuggestionRow]:
    """Suggestions newest first, `limit` of them after the first `offset`; without their longest texts."""
    where, values = search_where(search)
    rows = connection.execute(
        f"SELECT {_LISTED} FROM suggestion WHERE {where}"  # noqa: S608 our own names
        " ORDER BY at_ms DESC, seq DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return [to_suggestion(row) for row in rows]


def waiting(
    connection: sqlite3.Connection,
    *,
    origin: str | None,
    kind: QueueKind | None,
    threshold: float,
    chance: int,
    limit: int,
) -> list[Waiting]:
    """Unlabelled suggestions, most worth a look first; of all kinds in turn unless one is named.

    `chance` is the seed of the random slice; `threshold` the confidence near which a verdict tells most.
    """
    lists = {
        one: _ids(connection, one, origin, threshold, chance, min(limit, _DEEP))
        for one in QueueKind
        if kind in (None, one)
    }
    order = _in_turn(lists, limit)
    rows = _by_id(connection, [suggestion_id for _, suggestion_id in order])
    return [Waiting(why, rows[suggestion_id]) for why, suggestion_id in order if suggestion_id in rows]


def _ids(
    connection: sqlite3.Connection,
    kind: QueueKind,
    origin: str | None,
    threshold: float,
    chance: int,
    limit: int,
) -> list[str]:
    # Without an origin the index is walked whole: "+" would not help, as every origin is wanted.
    where = "label IS NULL" + (" AND origin = ?2" if origin is not None else " AND ?2 IS NULL")
    condition, order = {
        QueueKind.INSTEAD: (
            f"outcome IN {_TURNED_DOWN} AND EXISTS"  # noqa: S608
            " (SELECT 1 FROM event WHERE suggestion_id = suggestion.id AND kind = 'wrote_instead')",
            "at_ms DESC",
        ),
        QueueKind.EDITED: (
            "withheld IS NULL AND outcome IN ('accepted', 'partly_accepted')"
            " AND (undone = 1 OR kept_ratio < 0.5)",
            "at_ms DESC",
        ),
        QueueKind.WITHHELD: (
            f"withheld IS NOT NULL AND withheld NOT IN {_NOTHING_THERE}",
            # Where no confidence was recorded there is no nearness: the latest first.
            "CASE WHEN confidence > 0 THEN abs(confidence - ?3) ELSE 2 END, at_ms DESC",
        ),
        QueueKind.CHANCE: (
            "withheld IS NULL AND outcome IS NOT NULL AND outcome <> 'not_seen'",
            # A number that looks drawn by lot, and is the same for the same seed.
            "((at_ms % 1000003 + ?4 % 1000003 * 7919) * 2654435761 % 4294967291)",
        ),
    }[kind]
    sql = f"SELECT id FROM suggestion WHERE {where} AND {condition} ORDER BY {order} LIMIT ?1"  # noqa: S608
    values = (limit, origin, threshold, chance)
    used = 4 if "?4" in sql else 3 if "?3" in sql else 2
    return [row["id"] for row in connection.execute(sql, values[:used])]


def _in_turn(lists: dict[QueueKind, list[str]], limit: int) -> list[tuple[QueueKind, str]]:
    """Rows of all kinds in turn, those twice that tell most, each suggestion once."""
    twice = (QueueKind.INSTEAD, QueueKind.EDITED)
    turn = (*twice, *twice, QueueKind.WITHHELD, QueueKind.CHANCE)
    left = {kind: iter(ids) for kind, ids in lists.items()}
    seen: set[str] = set()
    order: list[tuple[QueueKind, str]] = []
    while left and len(order) < limit:
        for kind in turn:
            if kind not in left:
                continue
            fresh = next((one for one in left[kind] if one not in seen), None)
            if fresh is None:
                del left[kind]
            elif len(order) < limit:
                seen.add(fresh)
                order.append((kind, fresh))
    return order


def _by_id(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, SuggestionRow]:
    rows: dict[str, SuggestionRow] = {}
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        marks = ", ".join("?" * len(some))
        for row in connection.execute(f"SELECT {_LISTED} FROM suggestion WHERE id IN ({marks})", some):  # noqa: S608
            rows[row["id"]] = to_suggestion(row)
    return rows
