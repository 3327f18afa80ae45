"""Puts suggestions and events into the feedback file, and brings the outcomes up to date with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from chiron.records import Event, SuggestionRecord
from chiron.store.feedback_rows import (
    IDLE_KINDS,
    RECORDED,
    derive,
    from_event,
    from_record,
    quoted,
    to_events,
)

_INSERT_SUGGESTION = (
    f"INSERT INTO suggestion ({', '.join(map(quoted, RECORDED))})"  # noqa: S608 our own names
    f" VALUES ({', '.join('?' * len(RECORDED))}) ON CONFLICT (id) DO NOTHING"
)
#: An event of a suggestion that was erased in the meantime must not come back.
_INSERT_EVENT = (
    "INSERT INTO event (suggestion_id, kind, evidence, at_ms, data)"
    " SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM suggestion WHERE id = ?1)"
)


#: What binding values that are not of the record's types, or none where one must be, raises.
_UNFIT = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
    AttributeError,
    OverflowError,
    TypeError,
    ValueError,
)


def insert(connection: sqlite3.Connection, rows: Iterable[SuggestionRecord | Event]) -> int:
    """Inserts in the order given, then brings the outcomes of all suggestions touched up to date.

    Returns how many rows were left out because no row can hold them: one such must not hold up the others.
    """
    touched: dict[str, None] = {}
    n_left_out = 0
    for row in rows:
        try:
            if isinstance(row, Event):
                connection.execute(_INSERT_EVENT, from_event(row))
                if row.kind not in IDLE_KINDS:
                    touched[row.suggestion_id] = None
            else:
                connection.execute(_INSERT_SUGGESTION, from_record(row))
        except _UNFIT:
            n_left_out += 1
    for suggestion_id in touched:
        events = connection.execute(
            "SELECT * FROM event WHERE suggestion_id = ? ORDER BY at_ms, seq", (suggestion_id,)
        )
        derived = derive(to_events(events))
        connection.execute(
            "UPDATE suggestion SET outcome = ?, undone = ?, kept_ratio = ?, strong = ?, label = ?"
            " WHERE id = ?",
            (
                derived.outcome,
                derived.undone,
                derived.kept_ratio,
                derived.strong,
                derived.label,
                suggestion_id,
            ),
        )
    return n_left_out
