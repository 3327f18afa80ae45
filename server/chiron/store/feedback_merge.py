"""Adds histories from another feedback file to this one, each row once, and keeps whose they were."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chiron.errors import StoreDamaged, StoreError, StoreNewer
from chiron.store.feedback_file import connect
from chiron.store.feedback_insert import insert
from chiron.store.feedback_queries import History
from chiron.store.feedback_rows import from_event


@dataclass(frozen=True, slots=True)
class Added:
    """What one batch brought, and how much of it was there already."""

    n_suggestions: int = 0
    n_events: int = 0
    n_known_suggestions: int = 0
    n_known_events: int = 0

    def __add__(self, other: Added) -> Added:
        return Added(
            self.n_suggestions + other.n_suggestions,
            self.n_events + other.n_events,
            self.n_known_suggestions + other.n_known_suggestions,
            self.n_known_events + other.n_known_events,
        )


@contextlib.contextmanager
def opened_copy(path: Path, beside: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a private copy of somebody's feedback file, brought up to this format.

    The file itself is only read. Raises `StoreNewer` where a later Chiron wrote it, and `StoreError` where it
    is none. What a program left in its write-ahead log is in the copy.
    """
    beside.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=beside) as folder:
        copy = Path(folder) / "feedback.sqlite"
        try:
            # The log first: what is moved from it into the file meanwhile is then in both, not in neither.
            for suffix in ("-wal", ""):
                source = path.with_name(path.name + suffix)
                if not suffix or source.exists():
                    shutil.copyfile(source, copy.with_name(copy.name + suffix))
            copy.chmod(0o600)
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
        with copy.open("rb") as file:
            begins = file.read(16)
        if begins != b"SQLite format 3\0":
            raise StoreError(f"{path} is no feedback file.", advice="Name a `feedback.sqlite`.")
        try:
            connection = connect(copy)
        except StoreNewer as error:
            said = str(error.args[0]).partition(": ")[2].rstrip(".")
            raise StoreNewer(
                f"{path} was written by a later Chiron ({said}).", advice="Update Chiron, then import it."
            ) from None
        except StoreDamaged:
            raise StoreDamaged(f"{path} is damaged; nothing of it was imported.") from None
        except StoreError as error:
            said = str(error.args[0]).replace("The feedback file", str(path))
            raise StoreError(said, advice="Name a `feedback.sqlite`.") from None
        try:
            yield connection
        finally:
            connection.close()


def sha256_of(path: Path) -> str:
    """The hash of a file, by which an import is told from another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def add(
    connection: sqlite3.Connection,
    histories: Sequence[History],
    names: Mapping[str, str],
    sha256: str,
    at_ms: int,
) -> Added:
    """Adds what is not there yet, in one transaction. `names` says whose log each suggestion was made in.

    A suggestion whose id is there already keeps what was recorded of it here; events that it lacks are added.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        added = Added()
        for history in histories:
            added += _add_one(connection, history, names[history.suggestion.record.id], sha256, at_ms)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return added


def _add_one(connection: sqlite3.Connection, history: History, name: str, sha256: str, at_ms: int) -> Added:
    record = history.suggestion.record
    is_known = (
        connection.execute("SELECT 1 FROM suggestion WHERE id = ?", (record.id,)).fetchone() is not None
    )
    there = {
        tuple(row)
        for row in connection.execute(
            "SELECT suggestion_id, kind, evidence, at_ms, data FROM event WHERE suggestion_id = ?",
            (record.id,),
        )
    }
    fresh = [event for event in history.events if from_event(event) not in there]
    n_left_out = insert(connection, [*([] if is_known else [record]), *fresh])
    if not is_known:
        found = connection.execute(
            "SELECT seq FROM merged WHERE name = ? AND sha256 = ?", (name, sha256)
        ).fetchone()
        if found is None:
            merged = connection.execute(
                "INSERT INTO merged (at_ms, name, sha256) VALUES (?, ?, ?)", (at_ms, name, sha256)
            ).lastrowid
        else:
            merged = found["seq"]
        connection.execute("INSERT OR IGNORE INTO provenance VALUES (?, ?)", (record.id, merged))
    return Added(
        0 if is_known else 1,
        len(fresh) - n_left_out,
        1 if is_known else 0,
        len(history.events) - len(fresh),
    )
