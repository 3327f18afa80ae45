"""Models behind OpenAI-compatible endpoints, reached through the `openai` package.

On the way of one request: `complete` bounds its time, `_patiently` tries again while the endpoint is busy,
`_asked` leaves out what the endpoint will not take, `_sent` sends and reads. Vendors' errors end there.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib
import logging
import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from chiron.config import Endpoint
from chiron.errors import ModelError
from chiron.models import faults
from chiron.models.address import is_loopback, without_credentials
from chiron.models.faults import Busy, Dropped, Refusal, Whereabouts
from chiron.models.keys import api_key, key_source
from chiron.models.probe import Probed, probe
from chiron.models.wire import MAX_ANSWER_BYTES, Question, Reply, droppable, read_reply, to_body
from chiron.records import Capabilities, ModelAnswer, ModelRequest

#: Nothing else is sent: `openai` adds headers that describe this machine, and whatever
#: OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID and the like hold, to any endpoint at all.
_HEADERS_SENT = frozenset(
    {"host", "accept", "connection", "user-agent", "content-type", "content-length", "transfer-encoding"}
    # The library reads this one back from the request to know that the content was asked for unparsed.
    | {"x-stainless-raw-response"}
)
_MAX_ERROR_BYTES = 64 * 1024
_LONGEST_WAIT_S = 60.0
#: The end of a stream comes with its last event, or it is not worth the wait.
_LONGEST_END_S = 0.05


class EndpointModel:
    """A model behind one endpoint. It holds connections open until `close`; it belongs to one event loop."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        api_key: str | None,
        name: str | None = None,
        weights: str = "",
        probed: Probed | None = None,
        start_advice: str = "",
    ) -> None:
        self._settings = endpoint
        self._key = api_key
        self._name = name or endpoint.model
        self._weights = weights
        self.probed = probed
        self._where = Whereabouts(
            name=self._name,
            url=without_credentials(endpoint.base_url),
            key_source=key_source(endpoint),
            has_key=bool(api_key),
            start_advice=start_advice
            or f"Start the server at {without_credentials(endpoint.base_url)}, "
            "or check base_url and the network.",
        )
        self._client: Any = None
        self._probing: asyncio.Task[Probed] | None = None
        #: What needs no probe: bare requests in a style that was set.
        self._assumed = Probed(chat=endpoint.style == "chat")
        #: Parameters this endpoint was seen to refuse.
        self._without: frozenset[str] = frozenset()
        #: The endpoint asked not to be asked before this moment of the monotonic clock.
        self._quiet_until = 0.0

    def __repr__(self) -> str:
        return f"EndpointModel({self._name!r}, {self._where.url!r})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def endpoint(self) -> str:
        return self._where.url

    @property
    def weights(self) -> str:
        return self._weights

    @property
    def leaves_machine(self) -> bool:
        return not is_loopback(self._settings.base_url)

    async def capabilities(self) -> Capabilities:
        """What the endpoint can do, probed at the first call and remembered. Raises `ModelError`."""
        return (await self._known()).capabilities

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelAnswer:
        """Answers `request` in time or raises `ModelError`. Cancelling closes the connection."""
        return (await self.reply(request, on_text=on_text)).to_answer(self._name)

    async def reply(
        self,
        request: ModelRequest,
        *,
        n_logprobs: int = 0,
        extra: Mapping[str, Any] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Reply:
        """As `complete`, with the chances of the tokens written where the endpoint tells them.

        `extra` goes into the request's body as it is.
        """
        # Making the client may import a library, which is none of the endpoint's time.
        await self._connected()
        try:
            async with asyncio.timeout(self._settings.timeout_s) as clock:
                probed = await self._known() if self._must_know(request) else self._assumed
                fitting = _fitting(request, probed.capabilities)
                question = Question(fitting, probed.chat, n_logprobs, extra or {}, on_text)
                reply = await self._patiently(question, clock.when() or 0.0)
                # Some endpoints do not heed stop words, or not all of them.
                return reply.before(request.stop)
        except TimeoutError:
            raise faults.timed_out(self._where) from None

    async def close(self) -> None:
        """Closes connections. It may be called twice."""
        client, self._client = self._client, None
        if self._probing is not None:
            self._probing.cancel()
        if client is not None:
            await client.close()

    def _must_know(self, request: ModelRequest) -> bool:
        """Whether what the endpoint can do decides how this request is asked."""
        return (
            self._settings.style == "auto" or request.grammar is not None or request.json_schema is not None
        )

    async def _known(self) -> Probed:
        """What was probed. A probe under way is joined, and goes on where the request is cancelled: whoever
        types cancels each request with the next, and would never get past a slow endpoint's probe."""
        if self.probed is None:
            if self._probing is None or self._probing.done():
                self._probing = asyncio.create_task(self._probe())
                self._probing.add_done_callback(_seen)
            return await asyncio.shield(self._probing)
        return self.probed

    async def _probe(self) -> Probed:
        """Probes in time or raises `ModelError`."""
        await self._connected()
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                self.probed = await probe(self._asked, self._settings.model, self._settings.style)
        except TimeoutError:
            raise faults.timed_out(self._where) from None
        return self.probed

    async def _patiently(self, question: Question, deadline: float) -> Reply:
        """Tries again while the endpoint is busy and there is time left to wait as long as it asks."""
        if (quiet_s := self._quiet_until - time.monotonic()) > 0:
            raise Busy(
                f"{self._name} asked not to be asked for another {quiet_s:.0f} s.",
                advice="Suggestions come back then.",
                status=429,
                retry_after_s=quiet_s,
            )
        for attempt in range(self._settings.max_retries + 1):
            try:
                return await self._asked(question)
            except Busy as busy:
                wait_s = busy.retry_after_s
                if wait_s is None:
                    wait_s = min(8.0, 0.25 * 2**attempt) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
                left_s = deadline - asyncio.get_running_loop().time()
                if attempt == self._settings.max_retries or wait_s >= left_s:
                    if busy.retry_after_s:
                        self._quiet_until = time.monotonic() + min(busy.retry_after_s, _LONGEST_WAIT_S)
                    raise
                await asyncio.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")

    async def _asked(self, question: Question) -> Reply:
        """Sends `question`, each time without the parameter that the endpoint said it will not take."""
        may_send_again = self._settings.max_retries > 0
        while True:
            body = to_body(question, self._settings.model, without=self._without)
            try:
                return await self._sent(body, question)
            except Refusal as refusal:
                named = refusal.parameter
                if named not in droppable(question) or named not in body:
                    raise
                self._without |= {named}
            except Dropped:
                # Mostly a kept connection that the server was closing just then: once more, on a new one.
                if not may_send_again:
                    raise
                may_send_again = False

    async def _sent(self, body: dict[str, Any], question: Question) -> Reply:
        """Sends one call and reads its reply. Whatever the vendor raises leaves as a `ModelError`."""
        started, chat = False, question.chat
        try:
            client = await self._connected()
            calls = client.chat.completions if chat else client.completions
            needed = {
                "model": body["model"],
                **({"messages": body["messages"]} if chat else {"prompt": body["prompt"]}),
            }
            async with calls.with_streaming_response.create(**needed, extra_body=body) as response:
                started = True
                chunks = response.iter_bytes()
                kind = response.headers.get("content-type", "")
                reply = await read_reply(chunks, kind, self._where, question.on_text)
                await _read_to_end(chunks)
                return reply
        except ModelError:
            raise
        except Exception as error:
            if not faults.is_vendors(error):
                raise
            raise faults.from_exception(error, self._where, started=started) from None

    async def _connected(self) -> Any:
        """The vendor's client, made at the first call, off the event loop since the import takes long."""
        if self._client is None:
            try:
                made = await asyncio.to_thread(self._make_client)
            except Exception as error:
                if not faults.is_vendors(error):
                    raise
                raise faults.from_exception(error, self._where) from None
            if self._client is None:
                self._client = made
        return self._client

    def _make_client(self) -> Any:
        openai = preloaded()
        # A proxy is for other machines: a prompt meant for this one must not be handed to it.
        http_client = openai.DefaultAsyncHttpxClient(
            trust_env=self.leaves_machine,
            follow_redirects=False,
            event_hooks={"request": [self._strip], "response": [self._check]},
        )
        client = openai.AsyncOpenAI(
            base_url=self._settings.base_url,
            # Without one the library takes OPENAI_API_KEY, whoever the endpoint is. `_strip` sets the header.
            api_key="none",
            timeout=openai.Timeout(self._settings.timeout_s, connect=self._settings.connect_timeout_s),
            max_retries=0,
            http_client=http_client,
        )
        # They are imported at the first use, which belongs into this thread too.
        _ = client.completions, client.chat.completions
        return client

    async def _strip(self, request: Any) -> None:
        """Leaves only the headers that the endpoint needs, and sets its key."""
        for header in [name for name in request.headers if name.lower() not in _HEADERS_SENT]:
            del request.headers[header]
        # Compressed content could grow past every limit while it is unpacked.
        request.headers["Accept-Encoding"] = "identity"
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"

    async def _check(self, response: Any) -> None:
        """Refuses a response before its content is read by anything that would read all of it."""
        if response.status_code != 200:
            body = bytearray()
            # The status says enough; a body that breaks off adds nothing.
            with contextlib.suppress(Exception):
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > _MAX_ERROR_BYTES:
                        break
            raise faults.from_status(response.status_code, bytes(body), response.headers, self._where)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise faults.garbled(self._where, "compressed content, which was not asked for,")
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > MAX_ANSWER_BYTES:
            raise faults.garbled(self._where, f"more than {MAX_ANSWER_BYTES // 2**20} MB")


async def _read_to_end(chunks: AsyncIterator[bytes]) -> None:
    """Takes what follows an answer's end, so that the connection can be used again, or leaves it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_END_S):
            async for _ in chunks:
                pass


def _seen(task: asyncio.Task[Any]) -> None:
    """Looks at how `task` ended, since those who waited for it may all be gone."""
    if not task.cancelled():
        task.exception()


def preloaded() -> Any:
    """The `openai` package, imported now if it was not yet, and its loggers held back.

    They would write prompts at the debug level, which no setting of Chiron's may bring about.
    """
    openai = importlib.import_module("openai")
    for name in ("openai", "httpx", "httpcore", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return openai


def preload() -> threading.Thread:
    """Starts importing `openai` beside the caller, so that the first request does not wait for it."""
    thread = threading.Thread(target=preloaded, name="chiron-import-openai", daemon=True)
    thread.start()
    return thread


def _fitting(request: ModelRequest, can: Capabilities) -> ModelRequest:
    """`request` without what the endpoint was found unable to do."""
    return dataclasses.replace(
        request,
        grammar=request.grammar if can.grammar else None,
        json_schema=request.json_schema if can.json_schema else None,
    )


__all__ = ["EndpointModel", "api_key", "preload", "preloaded"]
