"""Responses on disk: raw bytes in rows of our own, and nothing believed that we did not write.

diskcache does the storing, expiring and evicting. What it would do on the word of what it finds on disk
(unpickle a value, open or delete the file a row names, take over settings) is closed off here: `RawDisk`
refuses every row that is not raw bytes, `RawCache` pins every setting, and each value carries an envelope
with its length, its end of life and a keyed checksum over it and its key. An entry that fails any of this
is a miss, and the next `put` replaces it. The checksum's key lies beside the database: it tells entries of
this cache from edited, truncated and foreign ones, and does not stop somebody who may read this directory
as its owner.
"""

from __future__ import annotations

import hmac
import math
import sqlite3
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import diskcache

from chiron.errors import StoreError
from chiron.store.cache_files import DATABASE, is_ours, prepare_directory, read_or_make_key, remove_database

T = TypeVar("T")

#: Magic, kind, end of life, length of the value, then what the answer cost: seconds, tokens, dollars.
_HEADER = struct.Struct(">4sBdQdQd")
_MAGIC = b"CHR1"
_ANSWER, _NOTHING = 0, 1
_MAC_BYTES = 16

#: Row under which totals are kept from one process to the next.
_TOTALS_KEY = "chiron:totals"
_FOR_GOOD = math.inf

#: No setting is taken over from the file. A memory map would turn a truncated file into a SIGBUS.
_PINNED: dict[str, Any] = {
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

#: An answer is some kilobytes; a value this large is a mistake and would evict everything else.
_LARGEST_SHARE = 8
_LOCK_TIMEOUT_S = 0.25


@dataclass(frozen=True, slots=True)
class Cost:
    """What making an answer took, and so what each later hit saves."""

    seconds: float = 0.0
    n_tokens: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered under a key: an answer's bytes, or the `reason` why there was none."""

    value: bytes
    reason: str | None = None


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


class RefusedRow(OSError):
    """A row that we did not write. diskcache takes an `OSError` while fetching for a miss."""


class RawDisk(diskcache.Disk):  # type: ignore[misc]  # it ships no types
    """Stores and reads raw bytes in the row, under text keys, and does nothing else whatever a row says."""

    def __init__(self, directory: str, **_settings: object) -> None:
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
        if key in _PINNED:
            return super().reset(key, _PINNED[key], update)
        if key == "size_limit":
            if value is not diskcache.ENOVAL and not hasattr(self, "size_limit"):
                return super().reset(key, value, update)
            return self.size_limit
        # Counters of diskcache's that are not used here (our rows have no size outside the database), its
        # settings for `Disk`, and whatever names somebody added.
        if key in ("count", "size", "hits", "misses"):
            setattr(self, key, 0)
        return 0


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

    def get(self, key: str) -> bytes | None:
        """The answer kept under `key`, or None. Negative entries are None too; `look_up` tells them apart."""
        entry = self.look_up(key)
        return None if entry is None or entry.reason is not None else entry.value

    def look_up(self, key: str) -> Entry | None:
        """What is remembered under `key`: an answer, the reason why there was none, or None for neither."""
        packed = self._guarded(lambda cache: cache.get(key), None)
        if packed is None:
            self._count(n_misses=1)
            return None
        opened = self._open_envelope(key, packed)
        if opened is None:
            self._count(n_misses=1, n_refused=1)
            return None
        kind, value, cost = opened
        if kind == _NOTHING:
            self._count(n_negative_hits=1, **_saved(cost))
            return Entry(b"", reason=value.decode("utf-8", "replace"))
        self._count(n_hits=1, **_saved(cost))
        return Entry(value)

    def put(self, key: str, value: bytes, life_s: float, *, cost: Cost = Cost()) -> None:
        """Keeps `value` under `key` for `life_s` seconds, replacing what was there."""
        self._put(key, _ANSWER, value, life_s, cost)

    def put_nothing(self, key: str, reason: str, life_s: float, *, cost: Cost = Cost()) -> None:
        """Remembers for `life_s` seconds that there was nothing good to answer, and why. Never for errors."""
        self._put(key, _NOTHING, reason.encode("utf-8"), life_s, cost)

    def clear(self) -> int:
        """Removes every entry and says how many there were. Statistics are kept; they hold no text."""
        self._write_totals()

        def empty(cache: RawCache) -> int:
            totals = cache.get(_TOTALS_KEY)
            n = cache.clear(retry=True)
            if totals is not None:
                cache.set(_TOTALS_KEY, totals, retry=True)
                n -= 1
            # Freed pages and the write-ahead log still hold what was removed until they are overwritten.
            cache._sql("VACUUM")
            cache._sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return int(n)

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
        """Writes the statistics and closes. It may be called twice; later calls are misses."""
        if not self._closed and self._cache is not None:
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
        packed = self._envelope(key, kind, value, time.time() + life_s, cost)
        if packed is None:
            return
        if self._guarded(lambda cache: cache.set(key, packed, expire=life_s), False):
            self._count(n_puts=1)
            self._write_totals()

    def _envelope(self, key: str, kind: int, value: bytes, until: float, cost: Cost) -> bytes | None:
        if self._opened() is None:
            return None
        header = _HEADER.pack(_MAGIC, kind, until, len(value), cost.seconds, max(0, cost.n_tokens), cost.usd)
        return header + self._mac(key, header, value) + value

    def _open_envelope(self, key: str, packed: bytes) -> tuple[int, bytes, Cost] | None:
        """Kind, value and cost, or None where this is not what we wrote under `key` or its time is over."""
        start = _HEADER.size + _MAC_BYTES
        if len(packed) < start:
            return None
        header, mac, value = packed[: _HEADER.size], packed[_HEADER.size : start], packed[start:]
        magic, kind, until, length, seconds, n_tokens, usd = _HEADER.unpack(header)
        if (
            magic != _MAGIC
            or length != len(value)
            or not hmac.compare_digest(mac, self._mac(key, header, value))
        ):
            return None
        if until < time.time():
            return None
        return kind, value, Cost(seconds, n_tokens, usd)

    def _mac(self, key: str, header: bytes, value: bytes) -> bytes:
        name = key.encode("utf-8", "surrogatepass")
        message = len(name).to_bytes(8, "big") + name + header + value
        return hmac.digest(self._mac_key, message, "sha256")[:_MAC_BYTES]

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
                packed = self._envelope(_TOTALS_KEY, _ANSWER, summed, _FOR_GOOD, Cost())
                cache.set(_TOTALS_KEY, packed)
            return True

        if self._guarded(add, False):
            with self._lock:
                for name, n in pending.items():
                    self._pending[name] -= n

    def _read_totals(self, cache: RawCache) -> tuple[dict[str, float], int, int]:
        totals = self._unpack_totals(cache.get(_TOTALS_KEY))
        ((n_entries,),) = cache._sql("SELECT count(*) FROM Cache WHERE key <> ?", (_TOTALS_KEY,)).fetchall()
        return totals, n_entries, cache.volume()

    def _unpack_totals(self, packed: bytes | None) -> dict[str, float]:
        opened = self._open_envelope(_TOTALS_KEY, packed) if packed is not None else None
        if opened is None or len(opened[1]) != _TOTALS_STRUCT.size:
            return dict.fromkeys(_TOTALS, 0.0)
        return dict(zip(_TOTALS, _TOTALS_STRUCT.unpack(opened[1]), strict=True))

    # ----------------------------------------------------------------- the disk and its troubles

    def _guarded(self, use: Callable[[RawCache], T], otherwise: T) -> T:
        """`use(cache)`, or `otherwise` while the disk is in trouble. The first sign of trouble raises."""
        for second_try in (False, True):
            try:
                cache = self._opened()
                if cache is None:
                    return otherwise
                return use(cache)
            except diskcache.Timeout:
                self._count(n_skipped=1)
                return otherwise
            except sqlite3.OperationalError as error:
                if "locked" in str(error) or "busy" in str(error):
                    self._count(n_skipped=1)
                    return otherwise
                if "no such" not in str(error) or second_try:
                    return self._in_trouble(error, otherwise)
                self._discard()
            except sqlite3.DatabaseError as error:
                # Not a database, or not one that holds together. It is a cache: begin again, once.
                if second_try:
                    return self._in_trouble(error, otherwise)
                self._discard()
            except (OSError, StoreError) as error:
                return self._in_trouble(error, otherwise)
        raise AssertionError("the second try returns or raises")

    def _opened(self) -> RawCache | None:
        """The open cache, or None where it is closed or in trouble and not to be tried again yet."""
        cache = self._cache
        if cache is not None or self._closed:
            return cache
        with self._lock:
            if self._cache is None and time.monotonic() >= self._retry_at:
                self._cache = self._open()
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
            **_PINNED,
        )

    def _discard(self) -> None:
        with self._lock:
            if self._cache is not None:
                self._cache.close()
            self._cache = None
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
            if self._cache is not None:
                self._cache.close()
            self._cache = None
            if news:
                raise self._trouble from error
        return otherwise


def _saved(cost: Cost) -> dict[str, float]:
    return {
        "saved_seconds": cost.seconds,
        "saved_tokens": float(cost.n_tokens),
        "saved_usd": cost.usd,
    }
