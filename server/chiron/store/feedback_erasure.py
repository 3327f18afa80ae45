"""Erases from the feedback file so that nothing is left in the log or in free pages, and counts it."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from chiron.store.feedback_queries import Filters, to_where

#: How long to wait for other windows to let go of the write-ahead log.
_LOG_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Selection:
    """What to erase. Conditions are joined by "and"; everything must be said aloud.

    `uri` is a file's URI, or a folder's where it ends in "/". `since_ms` is included, `until_ms` is not.
    """

    suggestion_id: str | None = None
    uri: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased. `suggestion_ids` lets others erase what was made of them.

    `reached_log` is False where another process was reading all the while: the write-ahead log may then hold
    what was erased until nobody has the file open any more, or a later erasure or `vacuum` reaches it.
    """

    n_suggestions: int
    n_events: int
    n_labels: int
    suggestion_ids: tuple[str, ...]
    reached_log: bool


def erase(connection: sqlite3.Connection, selection: Selection) -> Erasure:
    """Erases the selection's suggestions with their events; nothing where it selects nothing.

    The connection has `secure_delete` on, so freed bytes are overwritten; the log is then emptied.
    """
    where, values = to_where(
        Filters(uri=selection.uri, since_ms=selection.since_ms, until_ms=selection.until_ms)
    )
    if selection.suggestion_id is not None:
        where, values = f"{where} AND id = ?", (*values, selection.suggestion_id)
    if where == "1" and not selection.everything:
        return Erasure(0, 0, 0, (), True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        ids = tuple(
            row["id"]
            for row in connection.execute(f"SELECT id FROM suggestion WHERE {where}", values)  # noqa: S608
        )
        connection.execute("CREATE TEMP TABLE erased (id TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.executemany("INSERT INTO erased VALUES (?)", ((i,) for i in ids))
        chosen = "suggestion_id IN (SELECT id FROM erased)"
        if selection.everything and where == "1":
            # Events whose suggestion is gone, by whatever accident, go too.
            chosen = "1"
        (n_labels,) = connection.execute(
            f"SELECT count(*) FROM event WHERE kind = 'labelled' AND {chosen}"  # noqa: S608
        ).fetchone()
        n_events = connection.execute(f"DELETE FROM event WHERE {chosen}").rowcount  # noqa: S608
        connection.execute("DELETE FROM suggestion WHERE id IN (SELECT id FROM erased)")
        gone = "IN (SELECT id FROM erased)"
        connection.execute(f"DELETE FROM vote WHERE suggestion_id {gone}")  # noqa: S608 our own names
        connection.execute(f"DELETE FROM bout WHERE first_id {gone} OR second_id {gone}")  # noqa: S608
        connection.execute(f"DELETE FROM provenance WHERE suggestion_id {gone}")  # noqa: S608
        if selection.everything and where == "1":
            connection.execute("DELETE FROM bout")
            connection.execute("DELETE FROM merged")
        connection.execute("DROP TABLE erased")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return Erasure(len(ids), n_events, n_labels, ids, empty_log(connection))


def vacuum(connection: sqlite3.Connection, path: Path) -> int:
    """Rewrites the file without gaps, empties the log, and returns by how many bytes the file shrank."""
    empty_log(connection)
    before = path.stat().st_size
    connection.execute("VACUUM")
    connection.execute("PRAGMA optimize")
    empty_log(connection)
    return max(0, before - path.stat().st_size)


def empty_log(connection: sqlite3.Connection) -> bool:
    """Moves the write-ahead log into the file and cuts it to nothing; False where a window prevents it."""
    until = time.monotonic() + _LOG_PATIENCE_S
    while True:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
