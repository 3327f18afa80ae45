"""Opens the feedback file: private, migrated, and never overwritten when it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from chiron.errors import StoreDamaged, StoreError, StoreLocked
from chiron.store.migrations import migrate

#: SQLite's primary result codes: BUSY and LOCKED; CORRUPT and NOTADB.
_BUSY = frozenset({5, 6})
_DAMAGED = frozenset({11, 26})

#: How long one statement waits for another window before it gives up.
BUSY_TIMEOUT_S = 5.0


def connect(path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """An open, migrated connection to the file at `path`, made if it is not there.

    Raises `StoreLocked`, `StoreDamaged`, `StoreNewer`, or `StoreError` for trouble with the disk. A commit
    is on the disk when it returns (WAL with synchronous=FULL), and what is deleted is overwritten.
    """
    with mapped_errors(path):
        _make_private(path)
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA trusted_schema = OFF")
            # First of all: a file that is not ours is not even given a write-ahead log.
            migrate(connection)
            _use_log(connection, busy_timeout_s)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def _use_log(connection: sqlite3.Connection, patience_s: float) -> None:
    """Switches to the write-ahead log. SQLite does not wait for others here by itself."""
    until = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def keep_aside(path: Path) -> Path | None:
    """Renames a damaged file (and its log) so that a fresh one can take its place; returns the new name.

    None where another process already did so, and what stands there now can be opened.
    """
    with _file_lock(path):
        try:
            connect(path, busy_timeout_s=1.0).close()
        except StoreDamaged:
            pass
        else:
            if _holds_together(path):
                return None
        name = f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        aside = path.with_name(name)
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(aside.with_name(name + suffix))
        return aside


def inode(path: Path) -> tuple[int, int]:
    """Device and inode of the file at `path`; (0, 0) where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def mapped_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's and the system's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; the rest says more of the same. 0 where Python has no code.
        code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
        if code in _BUSY:
            raise StoreLocked(
                f"Another process holds the feedback file {path}.",
                advice="Close what reads or copies it, and try again.",
            ) from error
        if code in _DAMAGED or "no such" in str(error):
            raise StoreDamaged(
                f"The feedback file {path} is damaged: {error}.",
                advice="It is kept aside under another name; `sqlite3 FILE .recover` may still read it.",
            ) from error
        raise StoreError(
            f"The feedback file {path} cannot be used: {error}.",
            advice="Free some space or make its directory writable.",
        ) from error
    except OSError as error:
        raise StoreError(
            f"The feedback file {path} cannot be used: {error}.",
            advice="Make its directory writable, or set `data_dir` to one that is.",
        ) from error


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise StoreError(
                f"The feedback file {path} is not a file of this user.",
                advice="Move it away, or set `data_dir` to a directory of your own.",
            ) from None
        if found.st_mode & 0o077:
            path.chmod(0o600)


def _holds_together(path: Path) -> bool:
    try:
        connection = sqlite3.connect(path, timeout=1.0)
        try:
            return [row[0] for row in connection.execute("PRAGMA quick_check(1)")] == ["ok"]
        finally:
            connection.close()
    except sqlite3.Error:
        return False


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    fd = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
