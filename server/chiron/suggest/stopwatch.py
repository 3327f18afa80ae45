"""The time each stage takes, and the end of work in a thread that nobody waits for any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


class Stopped(Exception):
    """Work in a thread whose request was cancelled."""


class Stopwatch:
    """Milliseconds spent in each stage; a stage met twice adds up."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Ends `stage`, and begins the next."""
        now = time.perf_counter()
        self.ms[stage] = round(self.ms.get(stage, 0.0) + (now - self._last) * 1000, 3)
        self._last = now


async def off_the_loop(watch: Stopwatch, work: Callable[[Callable[[str], None]], _T]) -> _T:
    """`work(lap)` in a thread, `lap` being that of `watch`. Where this is cancelled, it ends at a lap."""
    is_cancelled = False

    def lap(stage: str) -> None:
        if is_cancelled:
            raise Stopped
        watch.lap(stage)

    try:
        return await asyncio.to_thread(work, lap)
    except asyncio.CancelledError:
        is_cancelled = True
        raise
