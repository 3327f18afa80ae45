"""Whole histories, page by page in the order they were recorded: what an export and a judge read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from chiron.records import SuggestionRecord
from chiron.store.feedback_queries import History
from chiron.store.feedback_rows import DERIVED, RECORDED, quoted, to_events, to_suggestion
from chiron.store.feedback_search import Search, search_where

_COLUMNS = ", ".join(map(quoted, (*RECORDED, *DERIVED)))


def histories(
    connection: sqlite3.Connection, search: Search, after: int = 0, limit: int = 1_000
) -> tuple[list[History], int]:
    """At most `limit` suggestions that `search` finds, oldest record first, with their events.

    The number is what to give as `after` for the next page; the list is empty where nothing is left.
    """
    where, values = search_where(search)
    rows = connection.execute(
        f"SELECT seq, {_COLUMNS} FROM suggestion WHERE {where} AND seq > ?"  # noqa: S608 our own names
        " ORDER BY seq LIMIT ?",
        (*values, after, limit),
    ).fetchall()
    events: dict[str, list[Any]] = {row["id"]: [] for row in rows}
    ids = list(events)
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        marks = ", ".join("?" * len(some))
        for row in connection.execute(
            f"SELECT * FROM event WHERE suggestion_id IN ({marks}) ORDER BY at_ms, seq",  # noqa: S608
            some,
        ):
            events[row["suggestion_id"]].append(row)
    found = [History(to_suggestion(row), tuple(to_events(events[row["id"]]))) for row in rows]
    return found, rows[-1]["seq"] if rows else after


def records_of(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, SuggestionRecord]:
    """The suggestions of these ids as they were recorded; those that are gone are left out."""
    found: dict[str, SuggestionRecord] = {}
    for start in range(0, len(ids), 500):
        some = list(ids[start : start + 500])
        marks = ", ".join("?" * len(some))
        for row in connection.execute(f"SELECT {_COLUMNS} FROM suggestion WHERE id IN ({marks})", some):  # noqa: S608
            found[row["id"]] = to_suggestion(row).record
    return found


def provenance(connection: sqlite3.Connection) -> Mapping[str, str]:
    """By suggestion, the name of the log that it was merged from; those made here are not in it."""
    return dict(
        connection.execute(
            "SELECT suggestion_id, name FROM provenance JOIN merged ON merged.seq = provenance.merged"
        ).fetchall()
    )
