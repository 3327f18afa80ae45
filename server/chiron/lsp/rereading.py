"""Tells the projects what a file holds once the person pauses, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from chiron.lsp.convert import to_path

if TYPE_CHECKING:
    from chiron.assemble import Assembly

#: A project reads an edited file again when the person has paused for this long.
_PAUSE_S = 0.4


class Rereader:
    """One session's edits on their way into its projects."""

    def __init__(self, text_of: Callable[[str], str | None], parts: Callable[[], Assembly | None]) -> None:
        """`text_of` gives an open document's text, None for one that is not open."""
        self._text_of = text_of
        self._parts = parts
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def soon(self, uri: str) -> None:
        """The file of `uri` changed; it is read when it has not changed for a while."""
        if (timer := self._timers.pop(uri, None)) is not None:
            timer.cancel()
        self._timers[uri] = asyncio.get_running_loop().call_later(_PAUSE_S, self._reread, uri)

    def stop(self) -> None:
        """Forgets what is still to be read."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _reread(self, uri: str) -> None:
        self._timers.pop(uri, None)
        path, parts = to_path(uri), self._parts()
        if path is None or parts is None:
            return
        text = self._text_of(uri)
        for project in parts.workspaces.known():
            asyncio.get_running_loop().run_in_executor(None, project.update, path, text)
