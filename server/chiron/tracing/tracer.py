"""Sends spans and metrics from a thread of its own. Who tells it something waits for nothing.

`answered` and `happened` put a value into a bounded queue. The thread turns what has gathered into spans and
sends them; a collector that does not answer costs what was to be sent, and one message.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import queue
import threading
import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chiron.config import Tracing
from chiron.errors import ChironError
from chiron.records import Answer, Consulted, Event, Request
from chiron.tracing.spans import Score, Span, to_score, to_span

if TYPE_CHECKING:
    from chiron.tracing.sending import Sender

log = logging.getLogger(__name__)

#: Values that wait for the thread; beyond that they are dropped.
_MOST_WAITING = 2_000
#: How long to gather before a batch is sent, and how large it gets.
_LINGER_S, _BATCH = 1.0, 200
_Item = tuple[Span, Consulted | None] | Score | threading.Event | None


class Tracer:
    """Spans and metrics of one process. Its thread starts with the first."""

    def __init__(
        self, settings: Tracing, environ: Mapping[str, str] = os.environ, *, linger_s: float = _LINGER_S
    ) -> None:
        """Opens and imports nothing yet. Raises `ChironError` where the `tracing` extra is not installed."""
        if importlib.util.find_spec("opentelemetry") is None or not _is_there("opentelemetry.exporter.otlp"):
            raise ChironError(
                "Tracing is on, and the `tracing` extra is not installed.",
                advice='Install it: python -m pip install "chiron-ls[tracing]"',
            )
        # What the libraries lack for ways that are not gone is no news to anybody.
        warnings.filterwarnings("ignore", message="SOCKS support in urllib3")
        self._settings = settings
        self._headers = _headers(settings, environ)
        self._linger_s = linger_s
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._closed = False
        self._sender: Sender | None = None
        #: What is wrong with the collector at the moment, and how much was lost.
        self.trouble: ChironError | None = None
        self.n_dropped = 0

    def answered(self, request: Request, answer: Answer) -> None:
        """A request was answered just now. Never blocks and never raises."""
        span = to_span(request, answer, time.time_ns(), texts=self._settings.texts)
        self._put((span, answer.consulted))

    def happened(self, event: Event) -> None:
        """Something happened to a suggestion. Never blocks and never raises."""
        score = to_score(event)
        if score is not None:
            self._put(score)

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Whether all that was told before has been sent, or given up, within the time."""
        if self._thread is None:
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout_s)

    def close(self, timeout_s: float = 2.0) -> None:
        """Sends what waits, for `timeout_s` at most. It may be called twice."""
        with self._start_lock:
            self._closed = True
            thread = self._thread
        if thread is None or not thread.is_alive():
            return
        self._queue.put(None)
        thread.join(timeout_s)
        if thread.is_alive() and self._sender is not None:
            self._sender.give_up()

    # ----------------------------------------------------------------- the thread

    def _put(self, item: _Item) -> None:
        if self._closed or self._queue.qsize() >= _MOST_WAITING:
            self.n_dropped += 1
            return
        self._queue.put(item)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="tracing", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            from chiron.tracing.sending import Sender

            self._sender = Sender(self._settings, self._headers)
        except Exception as error:
            # What a library makes of settings is its own; it must not end what is told to us.
            self.trouble = ChironError(f"Tracing cannot begin: {type(error).__name__}.")
            self._closed = True
            return
        stopping = False
        while not stopping:
            items, flushes, stopping = self._next_batch()
            self._send(items, last=stopping or bool(flushes))
            for flush in flushes:
                flush.set()
        self._sender.close()

    def _next_batch(self) -> tuple[list[Span | Score], list[threading.Event], bool]:
        """What has gathered: waits for a first value, then a little for more. A flush ends the waiting."""
        assert self._sender is not None  # noqa: S101 it is made before this is called
        items: list[Span | Score] = []
        flushes: list[threading.Event] = []
        until: float | None = None
        item: _Item
        while len(items) < _BATCH:
            try:
                item = self._queue.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None:
                return items, flushes, True
            if isinstance(item, threading.Event):
                flushes.append(item)
                until = 0.0
                continue
            if isinstance(item, tuple):
                span, consulted = item
                self._sender.measure(span, consulted)
                items.append(span)
            else:
                items.append(item)
            until = time.monotonic() + self._linger_s if until is None else until
        return items, flushes, False

    def _send(self, items: list[Span | Score], *, last: bool) -> None:
        assert self._sender is not None  # noqa: S101 it is made before this is called
        try:
            sent = self._sender.send(items, last=last)
        except Exception as error:
            log.debug("tracing: %s", type(error).__name__)
            sent = False
        if sent:
            # To have had nothing to send says nothing of the collector.
            self.trouble = None if items else self.trouble
            return
        self.n_dropped += len(items)
        self.trouble = ChironError(
            f"The collector at {_shown(self._settings.endpoint)} takes no spans.",
            advice="Start it, or turn `tracing.enabled` off; suggestions do not wait for it.",
        )


def _headers(settings: Tracing, environ: Mapping[str, str]) -> dict[str, str]:
    """The headers that the named variable holds. Raises `ChironError` where it is not set or no such list."""
    if settings.headers_env is None:
        return {}
    value = environ.get(settings.headers_env, "")
    pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
    if not pairs or any(not mark for _, mark, _ in pairs):
        raise ChironError(
            f"The variable {settings.headers_env} holds no headers for the collector.",
            advice="Write them as name=value, with commas between.",
        )
    return {name.strip().lower(): content.strip() for name, _, content in pairs}


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(f"{module}.proto.http") is not None
    except ModuleNotFoundError:
        return False


def _shown(endpoint: str) -> str:
    """An address without what may stand before its host: a password."""
    scheme, _, rest = endpoint.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}".rstrip("/")
