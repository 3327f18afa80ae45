"""Asking the model: from the cache where it has answered before, together with others who ask the same now.

Errors are never cached. That a model had nothing good is, with its reason and a short life.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from chiron.errors import ModelError, ModelTimeout, ModelUnreachable, StoreError
from chiron.records import Capabilities, Consulted, Model, ModelAnswer, ModelRequest
from chiron.store.cache import ResponseCache
from chiron.store.cache_entry import FREE, Cost

_T = TypeVar("_T")

#: A model that failed is left alone for so long, and for longer each time it fails again.
FIRST_REST_S, LONGEST_REST_S = 1.0, 30.0
#: An endpoint on this machine that does not run refuses at once, which costs nothing. It is soon noticed
#: again, and a request that has nothing else to show waits so long for that.
LONGEST_SHORT_REST_S = 2.0
#: So many answers in a row have to be missed, and for so long, until it counts: a model may be starting.
MOST_UNHEARD, UNHEARD_S = 3, 15.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A model's answer and whether it was remembered. `nothing` is the reason it was found useless before.

    `cost` is what having it made took, and so what remembering it saves; nothing for one that was remembered.
    """

    answer: ModelAnswer
    key: str
    from_cache: bool
    nothing: str | None = None
    cost: Cost = FREE


@dataclass(slots=True)
class _Shared:
    task: asyncio.Task[tuple[ModelAnswer, float]]
    n_waiting: int = 0


class Rest:
    """How long a model that failed is left alone. A dead endpoint is not asked at every keystroke."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failure: ModelError | None = None
        self._rest_s = FIRST_REST_S
        self._until = 0.0

    def check(self) -> None:
        """Raises what went wrong last, while the model is left alone because of it."""
        if self._failure is not None and self._clock() < self._until:
            raise self._failure.with_traceback(None)

    @property
    def left_s(self) -> float:
        """How much longer the model is left alone; nothing where it may be asked."""
        return max(0.0, self._until - self._clock()) if self._failure is not None else 0.0

    def failed(self, error: ModelError, longest_s: float = LONGEST_REST_S) -> None:
        """The model was asked, and failed. Several that were asked at once fail once."""
        now = self._clock()
        if self._failure is None:
            self._rest_s, self._until = FIRST_REST_S, now + FIRST_REST_S
        elif now >= self._until:
            self._rest_s = min(longest_s, self._rest_s * 2)
            self._until = now + self._rest_s
        self._failure = error

    def answered(self) -> None:
        """The model answered: whatever was wrong is over."""
        self._failure = None


class Unheard:
    """Requests nobody waited for any longer. Something recalled was shown instead, so nobody misses them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._n = 0
        self._since = 0.0

    def gave_up(self) -> None:
        """Another answer did not come in time."""
        if not self._n:
            self._since = self._clock()
        self._n += 1

    def heard(self) -> None:
        """The model said something: it answered, or failed with a reason of its own."""
        self._n = 0

    def failure(self, name: str) -> ModelTimeout | None:
        """What went wrong, once so many answers in a row were missed for so long; None before."""
        if self._n < MOST_UNHEARD or self._clock() - self._since < UNHEARD_S:
            return None
        return ModelTimeout(
            f"{name} has answered none of the last requests in time; only what is remembered is suggested.",
            advice="See whether it hangs, raise `suggest.patience_ms`, or choose a faster model.",
        )


class Consultant:
    """Asks one model, through one cache. Lives as long as the two of them."""

    def __init__(
        self,
        model: Model,
        cache: ResponseCache | None,
        *,
        life_s: float,
        nothing_s: float,
        price: Callable[[ModelAnswer], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._price = price
        self._cache = cache
        self._life_s = life_s
        self._nothing_s = nothing_s
        self._in_flight: dict[str, _Shared] = {}
        self._rest = Rest(clock)
        self._unheard = Unheard(clock)
        self._able: Capabilities | None = None
        #: What is on its way to the disk, by its key, and the last of the writes.
        self._unwritten: dict[str, Heard] = {}
        self._writing: asyncio.Task[None] | None = None

    async def capabilities(self, *, insist: bool = False) -> Capabilities:
        """What the model can do. Raises `ModelError`, at once while the model is left alone after a failure.

        `insist`: a person asked in so many words, so the model is asked even then.
        """
        if self._able is None:
            if not insist:
                self._rest.check()
            try:
                self._able = await self.model.capabilities()
            except ModelError as error:
                self._failed(error)
                raise
        return self._able

    async def rested(self) -> None:
        """Waits for the end of a short rest, so that a model that is back is noticed; not for that of a long
        one."""
        if (left_s := self._rest.left_s) <= LONGEST_SHORT_REST_S:
            await asyncio.sleep(left_s)

    def _failed(self, error: ModelError) -> None:
        self._unheard.heard()
        is_near = isinstance(error, ModelUnreachable) and not self.model.leaves_machine
        self._rest.failed(error, LONGEST_SHORT_REST_S if is_near else LONGEST_REST_S)

    def gave_up(self) -> str | None:
        """Nobody waits for the model's answer any longer. Says what is to be told of that, if anything.

        A model that is never in time is left alone like one that fails, so that nobody waits for it in vain.
        """
        self._unheard.gave_up()
        failure = self._unheard.failure(self.model.name)
        if failure is None:
            return None
        self._rest.failed(failure)
        return str(failure)

    def key(self, request: ModelRequest, **versions: str) -> str:
        """What two requests must share to have one answer: every parameter, and the versions behind it."""
        parts = {
            "request": asdict(request),
            "model": self.model.name,
            "endpoint": self.model.endpoint,
            "weights": self.model.weights,
            **versions,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    def remembered(self, key: str) -> Heard | None:
        """The answer under `key`, if there is one. A cache that cannot be read has none. It may block."""
        if self._cache is None:
            return None
        fresh = self._unwritten.get(key)
        if fresh is not None:
            return replace(fresh, from_cache=True, cost=FREE)
        entry = _tolerant(self._cache.look_up, key)
        if entry is None:
            return None
        if entry.reason is not None:
            return Heard(ModelAnswer((), self.model.name), key, from_cache=True, nothing=entry.reason)
        try:
            value: dict[str, Any] = json.loads(entry.value)
            value["texts"] = tuple(str(text) for text in value["texts"])
            return Heard(ModelAnswer(**value), key, from_cache=True)
        except (ValueError, KeyError, TypeError):
            return None

    async def ask(
        self,
        request: ModelRequest,
        key: str,
        *,
        insist: bool = False,
        on_text: Callable[[str], None] | None = None,
    ) -> Heard:
        """The model's answer. Raises `ModelError`, as `capabilities` does. A request under way for the same
        key is joined, and is closed when the last of those who wait for it is cancelled.

        `on_text` is given what is written so far, as it arrives; not where a request is joined."""
        if not insist:
            self._rest.check()
        shared = self._in_flight.get(key)
        if shared is None:
            shared = _Shared(asyncio.create_task(self._complete(request, on_text)))
            self._in_flight[key] = shared
            shared.task.add_done_callback(lambda _task: self._in_flight.pop(key, None))
        shared.n_waiting += 1
        try:
            answer, seconds = await asyncio.shield(shared.task)
        except asyncio.CancelledError:
            if shared.n_waiting == 1:
                self._in_flight.pop(key, None)
                shared.task.cancel()
            raise
        finally:
            shared.n_waiting -= 1
        heard = Heard(answer, key, from_cache=False, cost=self._cost(answer, seconds))
        if self._cache is not None:
            value = json.dumps(asdict(answer)).encode()
            self._write(heard, self._cache.put, key, value, self._life_s, heard.cost)
        return heard

    async def _complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None
    ) -> tuple[ModelAnswer, float]:
        """The model's answer, and the seconds it took."""
        began = time.perf_counter()
        try:
            answer = await self.model.complete(request, on_text)
        except ModelError as error:
            self._failed(error)
            raise
        self._unheard.heard()
        self._rest.answered()
        return answer, time.perf_counter() - began

    def remember_nothing(self, heard: Heard, reason: str) -> None:
        """Keeps for a short while that `heard` held nothing that could be shown."""
        if self._cache is not None and not heard.from_cache:
            put, useless = self._cache.put_nothing, Heard(_none_of(heard), heard.key, False, nothing=reason)
            self._write(useless, put, heard.key, reason, self._nothing_s, heard.cost)

    def _write(self, heard: Heard, put: Callable[..., object], *arguments: object) -> None:
        """Has `heard` written, after what is being written already. Nobody waits for the disk."""
        self._unwritten[heard.key] = heard
        before = self._writing

        async def write() -> None:
            if before is not None:
                await before
            await asyncio.to_thread(_tolerant, put, *arguments)
            if self._unwritten.get(heard.key) is heard:
                del self._unwritten[heard.key]

        self._writing = asyncio.create_task(write())

    async def written(self) -> None:
        """Returns when everything said so far to be remembered is on the disk, or was refused by it."""
        if self._writing is not None:
            await self._writing

    def account(self, request: ModelRequest, heard: Heard) -> Consulted:
        """What the log keeps of an exchange. A remembered answer costs nothing."""
        answer = heard.answer
        return Consulted(
            model=answer.model,
            endpoint=self.model.endpoint,
            prompt_version=request.prompt_version,
            sent="\n\n".join(part for part in (request.system, request.prompt) if part),
            from_cache=heard.from_cache,
            leaves_machine=self.model.leaves_machine,
            n_prompt_tokens=None if heard.from_cache else answer.n_prompt_tokens,
            n_completion_tokens=None if heard.from_cache else answer.n_completion_tokens,
            cost_usd=None if self._price is None or heard.from_cache else heard.cost.usd,
        )

    def _cost(self, answer: ModelAnswer, seconds: float) -> Cost:
        n_tokens = (answer.n_prompt_tokens or 0) + (answer.n_completion_tokens or 0)
        return Cost(seconds, n_tokens, self._price(answer) if self._price is not None else 0.0)


def _none_of(heard: Heard) -> ModelAnswer:
    return ModelAnswer((), heard.answer.model)


def _tolerant(call: Callable[..., _T], *args: object) -> _T | None:
    """`call(*args)`, or None where the cache is out of reach: then the model is simply asked again.

    The cache says in `trouble` what is wrong with it; whoever owns it tells the person.
    """
    try:
        return call(*args)
    except StoreError:
        return None
