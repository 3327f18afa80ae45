"""What depends on rows of the feedback file: counted before they are erased."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_queries import Filters, to_where


@dataclass(frozen=True, slots=True)
class Dependents:
    """What would be erased: `n_corrections` texts that people typed, `n_sent` rows a model was asked for.

    `n_taught` suggestions were kept strongly: what they taught is forgotten with them. `n_votes` are judges'
    votes on them, and blind comparisons with them.
    """

    n_suggestions: int = 0
    n_events: int = 0
    n_labelled: int = 0
    n_corrections: int = 0
    n_sent: int = 0
    n_files: int = 0
    n_taught: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    n_votes: int = 0


def dependents(connection: sqlite3.Connection, selection: Selection) -> Dependents:
    """Counts what erasing `selection` would erase; nothing where it selects nothing."""
    where, values = to_where(
        Filters(uri=selection.uri, since_ms=selection.since_ms, until_ms=selection.until_ms)
    )
    if selection.suggestion_id is not None:
        where, values = f"{where} AND id = ?", (*values, selection.suggestion_id)
    if where == "1" and not selection.everything:
        return Dependents()
    row = connection.execute(
        "SELECT count(*), count(label), total(sent <> ''), count(DISTINCT uri), min(at_ms), max(at_ms),"  # noqa: S608
        f" total(strong AND origin = 'editor' AND withheld IS NULL) FROM suggestion WHERE {where}",
        values,
    ).fetchone()
    n, n_labelled, n_sent, n_files, first_ms, last_ms, n_taught = row
    n_events, n_corrections = connection.execute(
        "SELECT count(*), total(kind = 'labelled' AND json_valid(data)"  # noqa: S608
        " AND coalesce(json_extract(data, '$.correction'), '') <> '')"
        f" FROM event WHERE suggestion_id IN (SELECT id FROM suggestion WHERE {where})",
        values,
    ).fetchone()
    chosen = f"IN (SELECT id FROM suggestion WHERE {where})"  # noqa: S608
    (n_votes,) = connection.execute(
        f"SELECT (SELECT count(*) FROM vote WHERE suggestion_id {chosen})"  # noqa: S608
        f" + (SELECT count(*) FROM bout WHERE first_id {chosen} OR second_id {chosen})",
        values * 3,
    ).fetchone()
    return Dependents(
        n_suggestions=n,
        n_events=n_events,
        n_labelled=n_labelled,
        n_corrections=int(n_corrections),
        n_sent=int(n_sent),
        n_files=n_files,
        n_taught=int(n_taught),
        first_ms=first_ms,
        last_ms=last_ms,
        n_votes=n_votes,
    )
