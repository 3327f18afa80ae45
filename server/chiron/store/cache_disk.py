"""diskcache, kept from acting on what it finds on disk.

By itself it unpickles values, opens and deletes the files that rows name, and takes over whatever settings
the database holds, as attributes and as pragmas. Here nothing but raw bytes in rows is read, no file is
named, opened or removed, and no setting is taken over.
"""

from __future__ import annotations

from typing import Any

import diskcache

#: No setting is taken over from the file. A memory map would turn a truncated file into a SIGBUS.
PINNED: dict[str, Any] = {
    "statistics": 0,
    "tag_index": 0,
    "eviction_policy": "least-recently-used",
    "cull_limit": 10,
    "sqlite_auto_vacuum": 1,
    "sqlite_cache_size": 512,
    "sqlite_journal_mode": "wal",
    "sqlite_mmap_size": 0,
    "sqlite_synchronous": 1,
    "sqlite_trusted_schema": 0,
}


class RefusedRow(OSError):
    """A row that we did not write. diskcache takes an `OSError` while fetching for a miss."""


class RawDisk(diskcache.Disk):  # type: ignore[misc]  # it ships no types
    """Stores and reads raw bytes in the row, under text keys, and does nothing else whatever a row says."""

    def __init__(self, directory: str, /, **_settings: object) -> None:
        # `_settings` come from the database's own table: not believed.
        super().__init__(directory, min_file_size=0, pickle_protocol=0)

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise TypeError("keys are text")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if type(key) is not str or raw not in (1, True):
            raise RefusedRow("a key that is not text")
        return key

    def store(
        self, value: object, read: bool, key: object = diskcache.UNKNOWN
    ) -> tuple[int, int, None, memoryview]:
        if read or type(value) is not bytes:
            raise TypeError("values are bytes")
        return 0, diskcache.core.MODE_RAW, None, memoryview(value)

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        if (
            read
            or type(mode) is not int
            or mode != diskcache.core.MODE_RAW
            or filename is not None
            or type(value) is not bytes
        ):
            raise RefusedRow("a row that is not raw bytes")
        return value

    def filename(self, key: object = diskcache.UNKNOWN, value: object = diskcache.UNKNOWN) -> tuple[str, str]:
        raise TypeError("values are kept in rows, never in files")

    def remove(self, file_path: object) -> None:
        """Deletes nothing: no row of ours names a file. (Raising would undo a `set` that replaces one.)"""


class RawCache(diskcache.Cache):  # type: ignore[misc]  # it ships no types
    """diskcache with every setting pinned: what the file's Settings table says is never taken over."""

    def reset(self, key: str, value: object = diskcache.ENOVAL, update: bool = True) -> object:
        if key in PINNED:
            return super().reset(key, PINNED[key], update)
        if key == "size_limit":
            if value is not diskcache.ENOVAL and not hasattr(self, "size_limit"):
                return super().reset(key, value, update)
            return self.size_limit
        # Counters of diskcache's that are not used here (our rows have no size outside the database), its
        # settings for `Disk`, and whatever names somebody added.
        if key in ("count", "size", "hits", "misses"):
            setattr(self, key, 0)
        return 0
