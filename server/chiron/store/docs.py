"""Module docs as read from the collections: bytes by key, in one SQLite file that may be deleted at any time.

What is kept is a copy of what can be read again, so nothing here is worth an error: a damaged file is
recreated, and where the disk is full or may not be written the store forgets and says nothing.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from chiron.errors import StoreError

log = logging.getLogger(__name__)

#: Another number drops what is there. It counts the table's form, not the form of the values.
FORM = 1
LIMIT_MB = 192


class DocsStore:
    """Bytes by key, kept on disk where that is possible. Safe to use from several threads and processes.

    `get` and `put` never raise for anything the disk does. The file is readable by its owner alone.
    """

    def __init__(self, path: Path, *, limit_mb: int = LIMIT_MB) -> None:
        self._path = path
        self._limit_bytes = limit_mb * 1_000_000
        self._lock = threading.Lock()
        self._since_trim = 0
        self._db: sqlite3.Connection | None = None
        self._closed = False
        #: Why nothing is kept on disk, while that is so.
        self.trouble: StoreError | None = None
        with self._lock:
            self._open(again=True)

    @property
    def path(self) -> Path:
        """Where the file is, whether it could be opened or not."""
        return self._path

    @property
    def works(self) -> bool:
        """Whether anything is kept on disk."""
        return self._db is not None

    def reopen(self) -> bool:
        """Tries again where nothing could be kept; whether it can be now."""
        with self._lock:
            if self._db is None and not self._closed:
                self._open(again=True)
            return self._db is not None

    def get(self, key: str) -> bytes | None:
        """The value last put under `key`, or None."""
        return self.get_many((key,)).get(key)

    def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
        """The values of those of `keys` that are kept."""
        found: dict[str, bytes] = {}
        with self._lock:
            if self._db is None:
                return found
            try:
                for key in keys:
                    row = self._db.execute("SELECT value FROM docs WHERE key = ?", (key,)).fetchone()
                    if row is not None and isinstance(row[0], bytes):
                        found[key] = row[0]
            except sqlite3.Error as error:
                self._give_up(error)
        return found

    def put(self, key: str, value: bytes) -> None:
        """Keeps `value` under `key`, in place of what was there."""
        self.put_many({key: value})

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keeps all of `values`, or none of them."""
        now = int(time.time())
        with self._lock:
            if self._db is None:
                return
            try:
                with self._db:
                    self._db.executemany(
                        "INSERT OR REPLACE INTO docs (key, value, at) VALUES (?, ?, ?)",
                        [(key, value, now) for key, value in values.items()],
                    )
                self._since_trim += sum(map(len, values.values()))
                if self._since_trim > self._limit_bytes // 16:
                    self._trim()
            except sqlite3.Error as error:
                self._give_up(error)

    def clear(self) -> int:
        """Forgets everything and gives the disk back; the number of values there were."""
        with self._lock:
            if self._db is None:
                return 0
            try:
                with self._db:
                    n: int = self._db.execute("DELETE FROM docs").rowcount
                self._db.execute("VACUUM")
            except sqlite3.Error as error:
                self._give_up(error)
                return 0
            return n

    def close(self) -> None:
        """Closes the file. It may be called twice; afterwards nothing is found and nothing kept."""
        with self._lock:
            self._closed = True
            if self._db is not None:
                self._db.close()
                self._db = None

    def _open(self, *, again: bool) -> None:
        """Opens the file, and a new one in place of a damaged one. Leaves `_db` None where it cannot."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The file is made before SQLite opens it, so that it is never readable by others.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
            self._path.chmod(0o600)
            self._db = _connect(self._path)
            self.trouble = None
        except (OSError, sqlite3.OperationalError) as error:
            self._without(error)
            self._db = None
        except sqlite3.DatabaseError as error:
            self._db = None
            log.warning("Module docs are read anew, the file was damaged: %s: %s", self._path, error)
            if again and _remove(self._path):
                self._open(again=False)
            else:
                self._without(error)

    def _give_up(self, error: sqlite3.Error) -> None:
        """Closes after an error; a damaged file is replaced, anything else (a full disk) ends keeping."""
        if self._db is not None:
            self._db.close()
            self._db = None
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError | sqlite3.IntegrityError
        )
        if damaged and _remove(self._path):
            log.warning("Module docs are read anew, the file was damaged: %s: %s", self._path, error)
            self._open(again=False)
        else:
            self._without(error)

    def _without(self, error: Exception) -> None:
        """Nothing is kept for the time being. Whoever owns the store tells the person."""
        log.info("Module docs are not kept: %s: %s", self._path, error)
        self.trouble = StoreError(
            f"Module docs cannot be kept in {self._path}: {error}.",
            advice="Free some space or make the directory writable; Chiron works on without.",
        )

    def _trim(self) -> None:
        """Drops what was put longest ago until the file is within its limit."""
        assert self._db is not None  # noqa: S101 - both callers checked it under the lock
        self._since_trim = 0
        (size,) = self._db.execute("SELECT coalesce(sum(length(value)), 0) FROM docs").fetchone()
        if size <= self._limit_bytes:
            return
        with self._db:
            for key, length in self._db.execute("SELECT key, length(value) FROM docs ORDER BY at").fetchall():
                if size <= self._limit_bytes * 3 // 4:
                    break
                self._db.execute("DELETE FROM docs WHERE key = ?", (key,))
                size -= length


def _connect(path: Path) -> sqlite3.Connection:
    """A connection to a file whose table has today's form. Raises `sqlite3.Error`."""
    db = sqlite3.connect(path, timeout=2.0, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        # A lost write costs reading a module again; NORMAL keeps the file whole and waits for no disk.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cache_size = -1024")
        if db.execute("PRAGMA user_version").fetchone()[0] != FORM:
            with db:
                db.execute("DROP TABLE IF EXISTS docs")
                db.execute("CREATE TABLE docs (key TEXT PRIMARY KEY, value BLOB NOT NULL, at INTEGER)")
                db.execute(f"PRAGMA user_version = {FORM}")
        else:
            db.execute("SELECT key, value, at FROM docs LIMIT 1").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _remove(path: Path) -> bool:
    """Removes the file with its journal; whether it is gone."""
    try:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    except OSError:
        return False
    return True
