"""Tells the person that something takes a while, and lets it be cancelled."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

#: Shows how far it is, in a line.
Report = Callable[[str], None]
#: A context in which a title is shown; the person's cancelling cancels the task that is in it.
Progress = Callable[[str], AbstractAsyncContextManager[Report]]
_LONGEST = 120


def progress_of(server: LanguageServer) -> Progress:
    """Progress in this client's way; nothing is shown where it has none."""

    @asynccontextmanager
    async def shown(title: str) -> AsyncIterator[Report]:
        window = server.client_capabilities.window
        if window is None or not window.work_done_progress:
            yield lambda _text: None
            return
        token = f"chiron-{secrets.token_hex(4)}"
        await server.work_done_progress.create_async(token)
        server.work_done_progress.begin(token, types.WorkDoneProgressBegin(title, cancellable=True))
        _cancel_with(server.work_done_progress.tokens.get(token), asyncio.current_task())

        def report(text: str) -> None:
            line = " ".join(text.split())
            shown = line if len(line) <= _LONGEST else f"… {line[-_LONGEST:]}"
            server.work_done_progress.report(token, types.WorkDoneProgressReport(message=shown))

        try:
            yield report
        finally:
            server.work_done_progress.end(token, types.WorkDoneProgressEnd())

    return shown


def _cancel_with(cancelled: Any, task: asyncio.Task[Any] | None) -> None:
    """Cancels `task` when the client cancels the progress."""
    if cancelled is None or task is None:
        return

    def stop(future: Any) -> None:
        if future.cancelled() and not task.done():
            task.get_loop().call_soon_threadsafe(task.cancel)

    cancelled.add_done_callback(stop)
