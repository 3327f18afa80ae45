"""What a session looks after unasked, off the event loop: troubles of the files, collections that come and
go, rows that a killed server left open, what is older than it is to be kept.

Nothing here is waited for by a request, nor by the end of the process.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from chiron.ansible.catalog.watch import stamp_of
from chiron.assemble import Assembly, feedback_path
from chiron.errors import ChironError
from chiron.flywheel.outcomes.ends import to_end
from chiron.flywheel.outcomes.tracked import LIFE_MS
from chiron.lsp.troubles import Trouble, Troubles, where

_T = TypeVar("_T")
log = logging.getLogger(__name__)

_TICK_S = 5.0
#: What outcomes teach is worked out at most this often.
_LEARN_AGAIN_MS = 60_000
#: After activity, and once there is none for a moment, everything is read again at most this often.
_QUIET_S, _AGAIN_S = 5.0, 120.0
#: Rows are settled and old ones erased at the start and then this often.
_HOUSEKEEPING_S = 3600.0
#: Not at the very start, when an editor opens many files and a person waits for a first suggestion.
_FIRST_HOUSEKEEPING_S = 2.0
_SETTLED_AT_ONCE = 1_000


class Upkeep:
    """Lives from when the parts are assembled until the session closes."""

    def __init__(
        self,
        parts: Assembly,
        troubles: Troubles,
        texts: Callable[[], Mapping[str, str]],
        now_ms: Callable[[], int],
    ) -> None:
        """`texts` gives the texts of open files by path."""
        self._parts = parts
        self._troubles = troubles
        self._texts = texts
        self._now_ms = now_ms
        self._last_activity = self._last_read = time.monotonic()
        #: Nothing was done since memory was given back. Typing leaves holes in it, and so does reading much.
        self._is_tidy = False
        self._next_housekeeping = time.monotonic() + _FIRST_HOUSEKEEPING_S
        self._stamp = ""
        self._must_read = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None

    def start(self, roots: list[Path]) -> None:
        """Begins, with what the first request would otherwise wait for."""
        self._probing = asyncio.ensure_future(self._parts.probe())
        self._task = asyncio.ensure_future(self._run(roots))

    def stop(self) -> None:
        for task in (self._task, self._probing):
            if task is not None:
                task.cancel()

    def noticed(self) -> None:
        """The person did something."""
        self._last_activity = time.monotonic()
        self._is_tidy = False

    def collections_changed(self) -> None:
        """Somebody tells that modules were installed, removed or edited."""
        self._must_read.set()

    async def _run(self, roots: list[Path]) -> None:
        # Before all that takes long, so that what is installed meanwhile is noticed.
        self._stamp = await self._off_loop(stamp_of, self._parts.catalog.sources) or ""
        await self._off_loop(self._parts.warm, roots)
        await self._off_loop(_settle_memory)
        while True:
            try:
                async with asyncio.timeout(_TICK_S):
                    await self._must_read.wait()
                # What installs a collection writes many files: they are read once it is done.
                await asyncio.sleep(0.3)
            except TimeoutError:
                pass
            await self._off_loop(self._reopen)
            self.look()
            await self._read_again()
            if await self._off_loop(partial(self._parts.learner.refresh, rest_ms=_LEARN_AGAIN_MS)):
                self._is_tidy = False
            if time.monotonic() >= self._next_housekeeping:
                self._next_housekeeping = time.monotonic() + _HOUSEKEEPING_S
                await self._off_loop(self._keep_house)
            if self._rests() and not self._is_tidy:
                self._is_tidy = True
                await self._off_loop(give_memory_back)

    def _rests(self) -> bool:
        """Whether nobody has written for a moment."""
        return time.monotonic() - self._last_activity >= _QUIET_S

    def look(self) -> None:
        """Tells what is wrong with the files, and what is so no longer."""
        parts = self._parts
        feedback, cache, docs = parts.feedback, parts.cache, parts.docs
        self._tell("feedback", feedback.trouble if feedback else None)
        if feedback is not None and feedback.kept_aside is not None:
            self._troubles.meet(
                "damaged feedback",
                Trouble(
                    f"The feedback file was damaged and is kept aside as {feedback.kept_aside}.",
                    "A new one was begun; `sqlite3 FILE .recover` may still read the old one.",
                ),
            )
        self._tell("cache", cache.trouble if cache else None)
        self._tell("docs", docs.trouble if docs else None)
        if news := self._parts.learner.take_news():
            words = f"What was learned made suggestions worse and was switched off: {news}."
            self._troubles.meet("learning", Trouble(words, "`chiron flywheel --on` switches it on again."))
        self._tell("tracing", parts.tracer.trouble if parts.tracer else None)

    def _reopen(self) -> None:
        docs = self._parts.docs
        if docs is not None and docs.trouble is not None:
            docs.reopen()

    def _tell(self, place: str, error: ChironError | None) -> None:
        if error is None:
            self._troubles.over(place)
        else:
            self._troubles.meet(place, Trouble.from_error(error))

    async def _read_again(self) -> None:
        """Scans the collections and the workspace where there is reason to."""
        told, now = self._must_read.is_set(), time.monotonic()
        self._must_read.clear()
        stamp = await self._off_loop(stamp_of, self._parts.catalog.sources) or ""
        due = self._rests() and self._last_activity > self._last_read and now - self._last_read >= _AGAIN_S
        if told or due or stamp != self._stamp:
            self._stamp, self._last_read = stamp, now
            await self._off_loop(self._parts.renew, dict(self._texts()))
            self._is_tidy = False

    def _keep_house(self) -> None:
        """Ends what a killed server left open, and erases what is older than it is to be kept. Blocks."""
        feedback = self._parts.feedback
        if feedback is None or not feedback_path(self._parts.settings).exists():
            return
        for history in feedback.left_open(self._now_ms() - 2 * LIFE_MS, _SETTLED_AT_ONCE):
            record = history.suggestion.record
            feedback.event(to_end(record.id, record.at_ms, history.events))
        feedback.retain(self._parts.settings.feedback.retention_days, now_ms=self._now_ms())

    async def _off_loop(self, call: Callable[..., _T], *arguments: object) -> _T | None:
        """What `call` returns, or None where it fails. `look` tells of trouble with a file, in its words."""
        try:
            return await asyncio.to_thread(call, *arguments)
        except ChironError as error:
            log.info("upkeep: %s", error)
        except Exception as error:
            log.warning("upkeep: %s", where(error))
        return None


def _settle_memory() -> None:
    """Has the collector of cycles leave alone what was read at the start, which stays until the end.

    It would look through all of it again and again, and each time hold up a request by tens of milliseconds.
    """
    gc.collect()
    gc.freeze()


def give_memory_back() -> None:
    """Frees what only holds itself, and has the C library give back what it holds free, where it is glibc."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
