"""The response cache's directory and files: private, ours, and checked before a library opens them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sqlite3
import stat
from pathlib import Path

from chiron.errors import StoreError

DATABASE = "cache.db"
_KEY_FILE = "cache.key"
_KEY_BYTES = 32

#: Digests of the database schemas that diskcache is known to make (5.6.3). Anything else found there, an
#: added trigger, view or column, makes the database not ours.
_SCHEMAS: frozenset[str] = frozenset({"bb5ad0cc99762b7f081679d70f030a6b4f369bd9cf7a0f5b18cd1d4fe62b6eb0"})


def prepare_directory(directory: Path) -> None:
    """Makes `directory`, for the user alone, or raises `StoreError` where it cannot be made so."""
    # diskcache expands these; what is checked here must be what is opened there.
    if os.path.expandvars(os.path.expanduser(directory)) != str(directory):  # noqa: PTH111 exactly its words
        raise StoreError(
            f"The cache directory {directory} holds a `$` or `~` that would be expanded.",
            advice="Set `cache_dir` to a plain path.",
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "not a directory"
        raise StoreError(
            f"The cache directory {directory} is {what}.",
            advice="Remove it, or set `cache_dir` to the place it should be.",
        )
    if found.st_uid != os.geteuid():
        raise StoreError(
            f"The cache directory {directory} belongs to another user.",
            advice="Remove it, or set `cache_dir` to a directory of your own.",
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        # Others may have written while it was open to them: nothing in it is believed.
        directory.chmod(0o700)
        if found.st_mode & 0o022:
            remove_database(directory)
            (directory / _KEY_FILE).unlink(missing_ok=True)


def read_or_make_key(directory: Path) -> bytes:
    """The checksum key of this cache. A key file that is not as we would have written it is replaced."""
    path = directory / _KEY_FILE
    for _ in range(3):
        key = _read_key(path)
        if key is not None:
            return key
        path.unlink(missing_ok=True)
        fresh = directory / f"{_KEY_FILE}.{secrets.token_hex(8)}"
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
            # Another process may be making one too. Linking, unlike renaming, lets the first one stay.
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    raise StoreError(f"The key file {path} keeps changing.", advice="Remove the cache directory.")


def _read_key(path: Path) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            return None
        key = file.read(_KEY_BYTES + 1)
    return key if len(key) == _KEY_BYTES else None


def is_ours(directory: Path) -> bool:
    """Whether the database there may be opened: plain files of ours, and a schema as diskcache makes it."""
    path = directory / DATABASE
    for file in _database_files(directory):
        try:
            found = file.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_uid != os.geteuid():
            return False
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        connection = sqlite3.connect(path, timeout=0.5, isolation_level=None)
    except sqlite3.Error:
        return False
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA mmap_size = 0")
        (auto_vacuum,) = connection.execute("PRAGMA auto_vacuum").fetchone()
        settings = connection.execute("SELECT typeof(key), typeof(value) FROM Settings").fetchall()
        return (
            auto_vacuum == 1
            and schema_digest(connection) in _SCHEMAS
            and all(k == "text" for k, _ in settings)
        )
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise
        return False
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def schema_digest(connection: sqlite3.Connection) -> str:
    """A digest of everything in the schema, white space aside."""
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master").fetchall()
    normal = sorted("\x1f".join(" ".join(str(part).split()) for part in row) for row in rows)
    return hashlib.sha256("\x1e".join(normal).encode()).hexdigest()


def remove_database(directory: Path) -> None:
    """Removes the database by its own names; links are removed, never what they lead to."""
    for file in _database_files(directory):
        file.unlink(missing_ok=True)


def _database_files(directory: Path) -> list[Path]:
    return [directory / (DATABASE + suffix) for suffix in ("", "-wal", "-shm", "-journal")]


def inode_of(directory: Path) -> tuple[int, int]:
    """Device and inode of the database there, (0, 0) where there is none."""
    try:
        found = os.stat(directory / DATABASE, follow_symlinks=False)  # noqa: PTH116 on every request
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def n_rows(directory: Path) -> int:
    """How many rows the database holds, expired ones included."""
    with contextlib.closing(sqlite3.connect(directory / DATABASE, timeout=0.5)) as connection:
        ((n,),) = connection.execute("SELECT count(*) FROM Cache").fetchall()
        return int(n)


def compact(directory: Path) -> None:
    """Rewrites the database so that neither free pages nor the log hold what was removed."""
    with contextlib.closing(
        sqlite3.connect(directory / DATABASE, timeout=5, isolation_level=None)
    ) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
