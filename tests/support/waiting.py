"""Waiting for what happens by itself, without an opinion on how long that may take."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    look: Callable[[], Awaitable[T]], *, timeout_s: float = 90.0, every_s: float = 0.2
) -> T: ...
@overload
async def eventually(look: Callable[[], T], *, timeout_s: float = 90.0, every_s: float = 0.2) -> T: ...
async def eventually(look: Callable[[], Any], *, timeout_s: float = 90.0, every_s: float = 0.2) -> Any:
    """What `look` returns once that is true. Fails with the last thing seen."""
    until = time.monotonic() + timeout_s
    while True:
        seen = look()
        if inspect.isawaitable(seen):
            seen = await seen
        if seen:
            return seen
        assert time.monotonic() < until, f"it did not come to pass; last seen: {seen!r}"
        await asyncio.sleep(every_s)
