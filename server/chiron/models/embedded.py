"""The model in the box: a llama.cpp server on loopback that Chiron starts, finds again and restarts.

Once it runs it is an endpoint like any other, and is asked by the same `EndpointModel`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chiron.config import Embedded, Endpoint
from chiron.errors import EmbeddedUnavailable, ModelTimeout, ModelUnreachable
from chiron.models import server_process, weights
from chiron.models.client import EndpointModel
from chiron.models.probe import Probed
from chiron.models.server_process import RunningServer, Seat
from chiron.models.weights import Progress
from chiron.models.wire import Reply
from chiron.records import Capabilities, ModelAnswer, ModelRequest

#: What the packaged server was seen to do; a test probes a running one and compares. Its trust: of 13 tasks
#: that it wrote where recall was unsure, none would have been kept (`evals/LOG.md`).
CAPABILITIES = Capabilities(
    completions=True, chat=False, json_schema=False, grammar=True, logprobs=True, prompt_lines=24, trust=0.05
)

#: A start that failed is not tried again at every keystroke.
_PAUSE_AFTER_FAILURE_S = 20.0


class EmbeddedModel:
    """The embedded server as a model: started at the first request, restarted when it dies.

    It belongs to one event loop. The server belongs to nobody: it outlives `close` and ends when it is idle.
    `directory` is the user's alone and holds lock, state, log and the weights put together.
    """

    def __init__(self, settings: Embedded, directory: Path, *, progress: Progress | None = None) -> None:
        self._settings = settings
        self._directory = directory
        self._progress = progress
        self._given_up = threading.Event()
        self._weights = weights.fingerprint(settings)
        self._seat = server_process.seat_for(settings, directory, self._weights)
        self._model: EndpointModel | None = None
        self._server: RunningServer | None = None
        self._starting: asyncio.Task[EndpointModel] | None = None
        self._failure: EmbeddedUnavailable | None = None
        self._failed_at = 0.0

    @property
    def name(self) -> str:
        return weights.weights_name(self._settings)

    @property
    def endpoint(self) -> str:
        """Not the address, which changes at each start: answers are cached under this."""
        return "embedded"

    @property
    def weights(self) -> str:
        return self._weights

    @property
    def leaves_machine(self) -> bool:
        return False

    @property
    def seat(self) -> Seat:
        return self._seat

    async def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def start(self) -> None:
        """Starts the server unless it runs, so that the first request does not wait. Raises `ModelError`."""
        await self._running()

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelAnswer:
        """Answers `request`, starting the server first where it does not run. Raises `ModelError`."""
        return (await self.reply(request, on_text=on_text)).to_answer(self.name)

    async def reply(
        self,
        request: ModelRequest,
        *,
        n_logprobs: int = 0,
        extra: Mapping[str, Any] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Reply:
        """As `complete`, with the chances of the tokens written. `extra` goes into the request's body."""
        model = await self._running()
        try:
            return await model.reply(request, n_logprobs=n_logprobs, extra=extra, on_text=on_text)
        except ModelUnreachable:
            # It was stopped for being idle just now, or was killed: once more, with a new one.
            await self._forget(model)
            again = await self._running()
            return await again.reply(request, n_logprobs=n_logprobs, extra=extra, on_text=on_text)
        except ModelTimeout:
            await self._end_if_stuck(model)
            raise

    async def close(self) -> None:
        """Closes connections, and gives up a start in progress. It may be called twice."""
        starting, self._starting = self._starting, None
        if starting is not None and not starting.done():
            # The thread that waits for the server hears of it at its next step.
            self._given_up.set()
            starting.cancel()
        if self._model is not None:
            await self._forget(self._model)

    async def _running(self) -> EndpointModel:
        """The endpoint of a server that runs now.

        That it runs is looked up each time: after its death anybody may listen on its port.
        """
        model, server = self._model, self._server
        if model is not None and server is not None and self._starting is None:
            if await asyncio.to_thread(server_process.still_runs, self._seat, server):
                return model
            await self._forget(model)
        if self._failure is not None and time.monotonic() - self._failed_at < _PAUSE_AFTER_FAILURE_S:
            raise self._failure
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started)
        # A request that is cancelled leaves the start going on for the next one.
        return await asyncio.shield(self._starting)

    async def _start(self) -> EndpointModel:
        self._given_up.clear()
        server = await asyncio.to_thread(self._start_blocking)
        endpoint = Endpoint(
            base_url=server.base_url,
            model="chiron-embedded",
            style="completion",
            timeout_s=self._settings.timeout_s,
            # Nothing is sent again before it was looked up who listens.
            max_retries=0,
        )
        self._server = server
        self._model = EndpointModel(
            endpoint,
            api_key=server.key,
            name=self.name,
            weights=self._weights,
            probed=Probed(CAPABILITIES, chat=False),
            start_advice="It is started again at the next request.",
        )
        return self._model

    def _start_blocking(self) -> RunningServer:
        server_process.own_directory(self._directory)
        if (server := server_process.find_server(self._seat)) is not None:
            return server
        file = weights.find_weights(self._settings, self._directory, self._tell)
        return server_process.start_server(self._seat, self._settings, file, self._tell)

    def _tell(self, what: str, share: float) -> None:
        if self._given_up.is_set():
            raise EmbeddedUnavailable("The start of the embedded server was given up.")
        if self._progress is not None:
            self._progress(what, share)

    def _started(self, task: asyncio.Task[EndpointModel]) -> None:
        if self._starting is task:
            self._starting = None
        error = None if task.cancelled() else task.exception()
        self._failure = error if isinstance(error, EmbeddedUnavailable) else None
        self._failed_at = time.monotonic()

    async def _forget(self, model: EndpointModel) -> None:
        if self._model is model:
            self._model = self._server = None
        await model.close()

    async def _end_if_stuck(self, model: EndpointModel) -> None:
        """Ends a server that timed out and does not even answer a trifle: the next request gets a new one."""
        server = self._server
        if server is not None and not await asyncio.to_thread(server_process.answers, server):
            await asyncio.to_thread(server_process.stop_server, self._seat, patience_s=1.0)
            await self._forget(model)


def embedded_available(settings: Embedded) -> EmbeddedUnavailable | None:
    """Why the embedded model cannot run here, with advice, or None where it can. Cheap; starts nothing."""
    return weights.unavailable(settings)


def stop(directory: Path) -> int:
    """Ends every embedded server that keeps its files in `directory`. How many there were."""
    return server_process.stop(directory) if directory.is_dir() else 0


__all__ = ["CAPABILITIES", "EmbeddedModel", "embedded_available", "stop"]
