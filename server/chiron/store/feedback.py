"""The log of suggestions and of what became of them: one SQLite file, append-only but for erasure.

`record` and `event` only put the row in a queue. One writer thread takes what has gathered, writes it in
one transaction together with what it changes in the outcomes, and only then do `flush` calls return. A row
is acknowledged when a `flush` after it has returned; from then on it survives `kill -9`, and a power cut
as far as the disk tells the truth (WAL, synchronous=FULL). Several processes may write to the same file.
"""

from __future__ import annotations

import atexit
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from chiron.errors import StoreDamaged, StoreError
from chiron.records import Event, SuggestionRecord
from chiron.store import feedback_queries as queries
from chiron.store.feedback_erasure import Erasure, Selection, erase, vacuum
from chiron.store.feedback_file import connect, inode, keep_aside, mapped_errors
from chiron.store.feedback_insert import insert
from chiron.store.feedback_queries import FeedbackStats, Filters, History
from chiron.store.feedback_rows import SuggestionRow

T = TypeVar("T")


class _Flush:
    """A place in the queue, and what has become of everything before it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.error: StoreError | None = None


_STOP = None
_Item = SuggestionRecord | Event | _Flush | None


class FeedbackLog:
    """The feedback file. `record` and `event` never block and never raise; all else blocks on disk."""

    def __init__(
        self,
        path: Path,
        *,
        batch: int = 500,
        linger_s: float = 0.05,
        most_waiting: int = 50_000,
        busy_timeout_s: float = 5.0,
    ) -> None:
        """Opens nothing yet; the writer thread starts with the first row.

        While the file cannot be written, up to `most_waiting` rows wait for better times.
        """
        self._path = Path(path)
        self._batch = batch
        self._linger_s = linger_s
        self._most_waiting = most_waiting
        self._busy_timeout_s = busy_timeout_s
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._closed = False
        self._connection: sqlite3.Connection | None = None
        self._inode = (0, 0)
        #: What is wrong at the moment, and what was lost or kept aside.
        self.trouble: StoreError | None = None
        self.n_dropped = 0
        self.kept_aside: Path | None = None

    @property
    def path(self) -> Path:
        """The log's file, whether it is there or not."""
        return self._path

    def __enter__(self) -> FeedbackLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ----------------------------------------------------------------- writing

    def record(self, suggestion: SuggestionRecord) -> None:
        """Will keep `suggestion`. The first record of an id stays; text in it must be redacted already."""
        self._enqueue(suggestion)

    def event(self, event: Event) -> None:
        """Will keep `event` and bring its suggestion's outcome up to date."""
        self._enqueue(event)

    def flush(self, timeout_s: float = 30.0) -> None:
        """Returns when everything given before is on disk; raises `StoreError` where it cannot be."""
        if self._thread is None or not self._thread.is_alive():
            return
        flush = _Flush()
        self._queue.put(flush)
        if not flush.done.wait(timeout_s):
            raise self.trouble or StoreError(
                f"The feedback file {self._path} was not written within {timeout_s:.0f} s.",
                advice="Look for what slows the disk down, or holds the file.",
            )
        if flush.error is not None:
            raise flush.error

    def close(self, timeout_s: float = 10.0) -> None:
        """Writes what is waiting and closes. It may be called twice; later rows are dropped."""
        atexit.unregister(self.close)
        with self._start_lock:
            self._closed = True
            thread = self._thread
        if thread is not None and thread.is_alive():
            self._queue.put(_STOP)
            thread.join(timeout_s)

    # ----------------------------------------------------------------- reading

    def suggestions(self, limit: int = 100, filters: Filters = Filters()) -> list[SuggestionRow]:  # noqa: B008
        """Suggestions that pass `filters`, newest first."""
        with self._reader() as connection:
            return queries.suggestions(connection, limit, filters)

    def show(self, suggestion_id: str) -> History | None:
        """One suggestion with all its events, or None. The start of an id will do where it is unambiguous."""
        with self._reader() as connection:
            return queries.show(connection, suggestion_id)

    def left_open(self, before_ms: int, limit: int) -> list[History]:
        """At most `limit` suggestions shown before that moment that have not ended, oldest first."""
        with self._reader() as connection:
            return queries.left_open(connection, before_ms, limit)

    def stats(self, filters: Filters = queries.EDITOR_ONLY) -> FeedbackStats:
        """Counts and shares over what passes `filters`; what an editor asked for unless told otherwise."""
        with self._reader() as connection:
            return queries.stats(connection, filters)

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """What `question`, a function of this room that only reads, answers."""
        with self._reader() as connection:
            return question(connection)

    def change(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """What `act`, a function of this room that writes in transactions of its own, returns."""
        self.flush()
        with self._reader() as connection:
            return act(connection)

    # ----------------------------------------------------------------- erasing

    def delete(self, selection: Selection) -> Erasure:
        """Erases what `selection` names, from the log and the free pages too, and says what that was."""
        self.flush()
        with self._reader() as connection:
            return erase(connection, selection)

    def retain(self, days: int, *, now_ms: int | None = None) -> Erasure:
        """Erases what is older than `days` days."""
        now_ms = int(time.time() * 1000) if now_ms is None else now_ms
        return self.delete(Selection(until_ms=now_ms - days * 86_400_000))

    def vacuum(self) -> int:
        """Rewrites the file without gaps and returns by how many bytes it shrank."""
        self.flush()
        with self._reader() as connection:
            return vacuum(connection, self._path)

    # ----------------------------------------------------------------- the writer thread

    def _enqueue(self, item: SuggestionRecord | Event) -> None:
        if self._closed or self._queue.qsize() >= self._most_waiting:
            self.n_dropped += 1
            return
        self._queue.put(item)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._write_all, name="feedback", daemon=True)
                self._thread.start()
                # The thread must not keep a process alive, nor a process end before its rows are written.
                atexit.register(self.close)

    def _write_all(self) -> None:
        """Takes batches off the queue until told to stop."""
        stopping = False
        while not stopping:
            rows, flushes, stopping = self._next_batch()
            if rows:
                self._write_until_done(rows, flushes)
            for flush in flushes:
                flush.done.set()
        self._drop_connection()

    def _next_batch(self) -> tuple[list[SuggestionRecord | Event], list[_Flush], bool]:
        """What has gathered: waits for a first row, then a little for more. A flush ends the waiting."""
        rows: list[SuggestionRecord | Event] = []
        flushes: list[_Flush] = []
        until: float | None = None
        while len(rows) < self._batch:
            try:
                wait = None if until is None else max(0.0, until - time.monotonic())
                item = self._queue.get(timeout=wait)
            except queue.Empty:
                break
            if item is _STOP:
                return rows, flushes, True
            if isinstance(item, _Flush):
                flushes.append(item)
                until = 0.0
                continue
            rows.append(item)
            if until is None:
                until = time.monotonic() + self._linger_s
        return rows, flushes, False

    def _write_until_done(self, rows: Sequence[SuggestionRecord | Event], flushes: list[_Flush]) -> None:
        """Writes `rows`, trying again while the file is busy or the disk is full.

        Whoever waits for them in a flush is told of the first failure. The rows are not given up then.
        """
        pause_s = 0.05
        while True:
            try:
                self._write(rows)
            except StoreDamaged as error:
                self._put_aside(error)
                failure: StoreError | None = self.trouble if self.trouble is not error else None
            except StoreError as error:
                self.trouble = failure = error
            except Exception as error:
                # A mistake of ours in one batch must not end the log; trying again would not help.
                self.trouble = StoreError(f"{len(rows)} rows of feedback were dropped: {error!r}.")
                self.n_dropped += len(rows)
                return
            else:
                self.trouble = None
                return
            if failure is not None:
                for flush in flushes:
                    flush.error = failure
                    flush.done.set()
                if self._closed:
                    self.n_dropped += len(rows)
                    return
            # Windows that gave up at the same moment should not come back at the same moment.
            time.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 no secret
            pause_s = min(5.0, pause_s * 2)

    def _write(self, rows: Sequence[SuggestionRecord | Event]) -> None:
        with mapped_errors(self._path):
            connection = self._begun()
            try:
                self.n_dropped += insert(connection, rows)
            except BaseException:
                connection.execute("ROLLBACK")
                self._drop_connection()
                raise
            connection.execute("COMMIT")

    def _begun(self) -> sqlite3.Connection:
        """A connection within a transaction, to the file that stands under its name at this moment.

        Rows in a file that was deleted, or put aside by another window, would be rows lost.
        """
        while True:
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            if inode(self._path) == self._inode:
                return connection
            connection.execute("ROLLBACK")
            self._drop_connection()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, busy_timeout_s=self._busy_timeout_s)
            # KiB. Who writes a log hardly reads it, and this connection stays open all day.
            self._connection.execute("PRAGMA cache_size = -512")
            self._inode = inode(self._path)
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _put_aside(self, error: StoreDamaged) -> None:
        self._drop_connection()
        self.trouble = error
        try:
            with mapped_errors(self._path):
                self.kept_aside = keep_aside(self._path) or self.kept_aside
        except StoreError as other:
            self.trouble = other

    def _reader(self) -> queries.Reader:
        return queries.Reader(self._path, self._busy_timeout_s)
