"""The real server with a clock that is turned by hand, so that a month passes in a minute.

Nothing but time differs: `replay/pass` lets milliseconds go by, `replay/read` reads what was saved, at once
instead of after a pause, and `replay/morning` is what upkeep does every few seconds.

Where `REPLAY_TRUST` is set, the packaged model is trusted so much: it is asked wherever recall is less sure,
and what it writes comes first. As it comes it is hardly ever asked, and nothing could be told of its prompt.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from chiron.config import read_settings
from chiron.lsp import server as lsp_server
from chiron.lsp import serving
from chiron.lsp.session import Session
from chiron.models import embedded


class Hands:
    """A clock that stands still until it is turned."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


class ReplayServer(lsp_server.Server):
    """The server with that clock in its session."""

    @cached_property
    def session(self) -> Session:
        self.hands = Hands(int(os.environ["REPLAY_NOW_MS"]))
        return Session(self._read_settings, self._tell_status, self.hands)

    async def begin_replay(self, _params: Any) -> None:
        """Waits until everything is assembled, and then stops what happens by real time."""
        parts = await self.session.parts()
        if self.session._upkeep is not None:
            self.session._upkeep.stop()
        self.session._rereader.soon = lambda _uri: None  # type: ignore[method-assign,assignment]  # the replay tells when
        await asyncio.to_thread(parts.warm, self.session.roots)

    def pass_time(self, params: Any) -> int:
        """Lets time pass in steps, so that what is due at a moment finds that moment."""
        for step in _steps(int(params["ms"])):
            self.hands.now_ms += step
            self.session.offers.tick()
        return self.hands.now_ms

    async def read(self, params: Any) -> None:
        """Reads a saved file into its projects."""
        parts = await self.session.parts()
        for project in parts.workspaces.known():
            await asyncio.to_thread(project.update, params["path"], None)
            await asyncio.to_thread(project.rescan)

    async def morning(self, _params: Any) -> None:
        """A new day: the log is read again for what it teaches."""
        parts = await self.session.parts()
        await asyncio.to_thread(parts.learner.refresh)
        for root in self.session.roots:
            await asyncio.to_thread(parts.learner.learned, str(Path(root)))


def _steps(ms: int) -> Iterator[int]:
    for _ in range(ms // 15_000):
        yield 15_000
    if ms % 15_000:
        yield ms % 15_000


def _register(server: ReplayServer) -> None:
    @server.feature("replay/begin")
    async def begin(params: Any) -> None:
        await server.begin_replay(params)

    @server.feature("replay/pass")
    def pass_time(params: Any) -> int:
        return server.pass_time(params)

    @server.feature("replay/read")
    async def read(params: Any) -> None:
        await server.read(params)

    @server.feature("replay/morning")
    async def morning(params: Any) -> None:
        await server.morning(params)


def main() -> None:
    """Serves on standard input and output."""
    serving.set_up_log("warning")
    if trust := os.environ.get("REPLAY_TRUST"):
        embedded.CAPABILITIES = replace(embedded.CAPABILITIES, trust=float(trust))
    lsp_server.Server = ReplayServer  # type: ignore[misc]  # what `build` makes
    server = lsp_server.build(read_settings)
    assert isinstance(server, ReplayServer)
    _register(server)
    serving.serve(server, server, None)


if __name__ == "__main__":
    main()
