"""Responses on disk: raw bytes in rows of our own, and nothing believed that we did not write.

diskcache does the storing, expiring and evicting, held to raw rows and pinned settings (`cache_disk`), in a
directory and a database that are checked before they are opened (`cache_files`). Every value is sealed
(`cache_entry`): an entry that was edited, truncated, moved or written by somebody else is a miss, and the
next `put` replaces it.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import diskcache

from chiron.errors import StoreError
from chiron.store.cache_disk import PINNED, RawCache, RawDisk
from chiron.store.cache_entry import ANSWER, FREE, NOTHING, Cost, Entry, Sealed, seal, unseal
from chiron.store.cache_files import (
    DATABASE,
    compact,
    inode_of,
    is_ours,
    n_rows,
    prepare_directory,
    read_or_make_key,
    remove_database,
)

T = TypeVar("T")

#: Row under which totals are kept from one process to the next.
_TOTALS_KEY = "chiron:totals"
_FOR_GOOD = math.inf

#: An answer is some kilobytes; a value this large is a mistake and would evict everything else.
_LARGEST_SHARE = 8
#: A request rather goes without than waits for another window's write.
_LOCK_TIMEOUT_S = 0.1


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Counts since the cache was made, over all processes, and what the hits saved.

    `n_refused` counts entries that were there but not ours as written; `n_skipped` writes and reads given
    up because another process held the database. `trouble` says what is wrong at the moment, if anything.
    """

    n_hits: int = 0
    n_negative_hits: int = 0
    n_misses: int = 0
    n_puts: int = 0
    n_refused: int = 0
    n_skipped: int = 0
    saved_seconds: float = 0.0
    saved_tokens: int = 0
    saved_usd: float = 0.0
    n_entries: int = 0
    n_bytes: int = 0
    size_limit_bytes: int = 0
    trouble: str | None = None


#: The part of the statistics that is added up over processes, in the order it is packed.
_TOTALS = tuple(
    f.name
    for f in fields(CacheStats)
    if f.name not in ("n_entries", "n_bytes", "size_limit_bytes", "trouble")
)
_TOTALS_STRUCT = struct.Struct(f">{len(_TOTALS)}d")


class _BeginAgain(Exception):
    """The connection is to be opened again, and the database to be made anew if it is damaged."""

    def __init__(self, error: Exception, *, damaged: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.damaged = damaged


class ResponseCache:
    """Answers by key, on disk, for some time. Every call blocks on disk: call it off the event loop.

    Nothing is read or made before the first call. Trouble with the disk raises `StoreError` once; until it
    is over, every call is a silent miss and the disk is tried again each `retry_s` seconds.
    """

    def __init__(self, directory: Path, size_limit_mb: int, *, retry_s: float = 30.0) -> None:
        self._directory = Path(directory)
        self._size_limit = int(size_limit_mb * 1_000_000)
        self._retry_s = retry_s
        self._lock = threading.RLock()
        self._cache: RawCache | None = None
        self._mac_key = b""
        self._pending: dict[str, float] = dict.fromkeys(_TOTALS, 0.0)
        self._trouble: StoreError | None = None
        self._retry_at = 0.0
        self._closed = False
        self._inode = (0, 0)

    @property
    def trouble(self) -> StoreError | None:
        """What is wrong with the disk, as far as the last call could tell."""
        return self._trouble

    def get(self, key: str) -> bytes | None:
        """The answer kept under `key`, or None. Negative entries are None too; `look_up` tells them apart."""
        entry = self.look_up(key)
        return None if entry is None or entry.reason is not None else entry.value

    def look_up(self, key: str) -> Entry | None:
        """What is remembered under `key`: an answer, the reason why there was none, or None for neither."""
        packed = self._guarded(lambda cache: cache.get(_row_key(key)), None)
        if packed is None:
            self._count(n_misses=1)
            return None
        sealed = unseal(self._mac_key, key, packed)
        if sealed is None:
            self._count(n_misses=1, n_refused=1)
            return None
        if sealed.kind == NOTHING:
            self._count(n_negative_hits=1, **_saved(sealed.cost))
            return Entry(b"", reason=sealed.value.decode("utf-8", "replace"))
        self._count(n_hits=1, **_saved(sealed.cost))
        return Entry(sealed.value)

    def put(self, key: str, value: bytes, life_s: float, cost: Cost = FREE) -> None:
        """Keeps `value` under `key` for `life_s` seconds, replacing what was there."""
        self._put(key, ANSWER, value, life_s, cost)

    def put_nothing(self, key: str, reason: str, life_s: float, cost: Cost = FREE) -> None:
        """Remembers for `life_s` seconds that there was nothing good to answer, and why. Never for errors."""
        self._put(key, NOTHING, reason.encode("utf-8"), life_s, cost)

    def remove(self, key: str) -> bool:
        """Forgets what is kept under `key`, and says whether there was anything."""
        return bool(self._guarded(lambda cache: cache.delete(_row_key(key)), False))

    def clear(self) -> int:
        """Removes every entry, from free pages and the log too, and says how many there were.

        Statistics are kept; they hold no text.
        """
        self._write_totals()

        def empty(cache: RawCache) -> int:
            totals = cache.get(_TOTALS_KEY)
            n: int = cache.clear(retry=True)
            if totals is not None:
                cache.set(_TOTALS_KEY, totals, retry=True)
                n -= 1
            compact(self._directory)
            return n

        return self._guarded(empty, 0)

    def stats(self) -> CacheStats:
        """The statistics, those of this process included."""
        self._write_totals()
        totals, n_entries, n_bytes = self._guarded(self._read_totals, (dict.fromkeys(_TOTALS, 0.0), 0, 0))
        with self._lock:
            # What could not be written yet (the disk is full, say) is still counted.
            for name, pending in self._pending.items():
                totals[name] += pending
            trouble = str(self._trouble) if self._trouble else None
        return CacheStats(
            **{n: v if n in ("saved_seconds", "saved_usd") else int(v) for n, v in totals.items()},  # type: ignore[arg-type]  # names are the record's own
            n_entries=n_entries,
            n_bytes=n_bytes,
            size_limit_bytes=self._size_limit,
            trouble=trouble,
        )

    def close(self) -> None:
        """Writes the statistics and closes. It may be called twice; later calls are misses. Never raises."""
        if not self._closed and self._cache is not None:
            with contextlib.suppress(StoreError):
                self._write_totals()
        with self._lock:
            self._closed = True
            if self._cache is not None:
                self._cache.close()
            self._cache = None

    # ----------------------------------------------------------------- values

    def _put(self, key: str, kind: int, value: bytes, life_s: float, cost: Cost) -> None:
        if life_s <= 0 or len(value) > self._size_limit // _LARGEST_SHARE:
            return
        until = time.time() + life_s

        def keep(cache: RawCache) -> bool:
            packed = seal(self._mac_key, key, Sealed(kind, value, cost), until)
            return bool(cache.set(_row_key(key), packed, expire=life_s))

        if self._guarded(keep, False):
            self._count(n_puts=1)
            self._write_totals()

    # ----------------------------------------------------------------- statistics

    def _count(self, **more: float) -> None:
        with self._lock:
            for name, n in more.items():
                self._pending[name] += n

    def _write_totals(self) -> None:
        """Adds what was counted here to the totals on disk; what cannot be written stays counted here."""
        with self._lock:
            pending = dict(self._pending)
        if not any(pending.values()):
            return

        def add(cache: RawCache) -> bool:
            with cache.transact():
                totals = self._unpack_totals(cache.get(_TOTALS_KEY))
                summed = _TOTALS_STRUCT.pack(*(totals[n] + pending[n] for n in _TOTALS))
                cache.set(_TOTALS_KEY, seal(self._mac_key, _TOTALS_KEY, Sealed(ANSWER, summed), _FOR_GOOD))
            return True

        if self._guarded(add, False):
            with self._lock:
                for name, n in pending.items():
                    self._pending[name] -= n

    def _read_totals(self, cache: RawCache) -> tuple[dict[str, float], int, int]:
        totals = self._unpack_totals(cache.get(_TOTALS_KEY))
        return totals, max(0, n_rows(self._directory) - 1), cache.volume()

    def _unpack_totals(self, packed: bytes | None) -> dict[str, float]:
        sealed = unseal(self._mac_key, _TOTALS_KEY, packed) if packed is not None else None
        if sealed is None or len(sealed.value) != _TOTALS_STRUCT.size:
            return dict.fromkeys(_TOTALS, 0.0)
        return dict(zip(_TOTALS, _TOTALS_STRUCT.unpack(sealed.value), strict=True))

    # ----------------------------------------------------------------- the disk and its troubles

    def _guarded(self, use: Callable[[RawCache], T], otherwise: T) -> T:
        """`use(cache)`, or `otherwise` while the disk is in trouble. The first sign of trouble raises.

        What fails is tried once more on a fresh connection, and on an empty database where it was damaged.
        """
        try:
            return self._tried(use, otherwise)
        except _BeginAgain as begin_again:
            self._let_go(remove=begin_again.damaged)
        try:
            return self._tried(use, otherwise)
        except _BeginAgain as begin_again:
            return self._in_trouble(begin_again.error, otherwise)

    def _tried(self, use: Callable[[RawCache], T], otherwise: T) -> T:
        try:
            cache = self._opened()
            return otherwise if cache is None else use(cache)
        except diskcache.Timeout:
            self._count(n_skipped=1)
            return otherwise
        except (OSError, StoreError) as error:
            return self._in_trouble(error, otherwise)
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                self._count(n_skipped=1)
                return otherwise
            damaged = any(sign in str(error) for sign in ("no such", "decode", "malformed"))
            raise _BeginAgain(error, damaged=damaged) from error
        except Exception as error:
            # Not a database, not one that holds together, or rows that diskcache stumbles over: it is only
            # a cache, so it is made anew.
            raise _BeginAgain(error, damaged=True) from error

    def _opened(self) -> RawCache | None:
        """The open cache, or None where it is closed or in trouble and not to be tried again yet."""
        if self._closed:
            return None
        cache = self._cache
        if cache is not None and inode_of(self._directory) == self._inode:
            return cache
        with self._lock:
            if self._cache is not None and inode_of(self._directory) != self._inode:
                # Somebody removed the directory, or another process made the database anew.
                self._let_go(remove=False)
            if self._cache is None and time.monotonic() >= self._retry_at:
                self._cache = self._open()
                self._inode = inode_of(self._directory)
                self._trouble = None
            return self._cache

    def _open(self) -> RawCache:
        prepare_directory(self._directory)
        self._mac_key = read_or_make_key(self._directory)
        if not is_ours(self._directory):
            remove_database(self._directory)
        (self._directory / DATABASE).touch(mode=0o600)
        return RawCache(
            str(self._directory),
            timeout=_LOCK_TIMEOUT_S,
            disk=RawDisk,
            size_limit=self._size_limit,
            **PINNED,
        )

    def _let_go(self, *, remove: bool) -> None:
        with self._lock:
            if self._cache is not None:
                self._cache.close()
            self._cache = None
            if remove:
                remove_database(self._directory)

    def _in_trouble(self, error: Exception, otherwise: T) -> T:
        """Closes, waits `retry_s` before the next try, and raises if this is news."""
        with self._lock:
            news = self._trouble is None
            self._trouble = (
                error
                if isinstance(error, StoreError)
                else StoreError(
                    f"The response cache in {self._directory} cannot be used: {error}.",
                    advice="Free some space or make the directory writable; Chiron works on without it.",
                )
            )
            self._retry_at = time.monotonic() + self._retry_s
            self._let_go(remove=False)
            if news:
                raise self._trouble from error
        return otherwise


def _saved(cost: Cost) -> dict[str, float]:
    return {
        "saved_seconds": cost.seconds,
        "saved_tokens": float(cost.n_tokens),
        "saved_usd": cost.usd,
    }


def _row_key(key: str) -> str:
    """The text that `key` has in the database: none that the totals have, and none that SQLite refuses."""
    return "=" + key.encode("utf-8", "replace").decode("utf-8")
