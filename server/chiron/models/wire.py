"""What goes over the wire: a request as the body of a call, and what comes back as a reply.

Pure but for reading the chunks it is given. What comes back is bounded by `MAX_ANSWER_BYTES`; whatever is
no answer raises a `ModelError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chiron.errors import ModelError
from chiron.models import faults
from chiron.models.faults import Whereabouts
from chiron.records import ModelAnswer, ModelRequest

#: Far above any answer asked for (a streamed token costs some 300 bytes), far below what hurts.
MAX_ANSWER_BYTES = 2 * 1024 * 1024

#: Parameters that an answer is poorer without, but can do without.
_DROPPABLE = frozenset(
    {"temperature", "stop", "n", "stream_options", "logprobs", "top_logprobs", "response_format", "grammar"}
)


@dataclass(frozen=True, slots=True)
class Question:
    """A request, and how it is asked. `extra` goes into the body as it is."""

    request: ModelRequest
    chat: bool = False
    n_logprobs: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    #: Is given what is written so far, each time more of the first answer arrives.
    on_text: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class TokenChance:
    """A written token, the logarithm of its chance, and the likeliest alternatives at its place."""

    token: str
    logprob: float
    alternatives: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answered, before it is taken for a `ModelAnswer`."""

    texts: tuple[str, ...]
    finish: str
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    n_cached_tokens: int | None = None
    #: Of the first text; empty where the endpoint gave none.
    chances: tuple[TokenChance, ...] = ()

    def before(self, stop: Sequence[str]) -> Reply:
        """This reply with each text ended before the first stop word in it."""
        texts = tuple(_before(text, stop) for text in self.texts)
        return self if texts == self.texts else replace(self, texts=texts)

    def to_answer(self, model: str) -> ModelAnswer:
        return ModelAnswer(
            texts=self.texts,
            model=model,
            n_prompt_tokens=self.n_prompt_tokens,
            n_completion_tokens=self.n_completion_tokens,
            n_cached_tokens=self.n_cached_tokens,
            finish=self.finish,
        )


def droppable(question: Question) -> frozenset[str]:
    """Parameters without which an endpoint that refuses one is asked again, and from then on always."""
    # In chat another parameter takes the place of `max_tokens`.
    return _DROPPABLE | question.extra.keys() | ({"max_tokens"} if question.chat else set())


def to_body(question: Question, model: str, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The JSON body that asks `question`, leaving out the parameters in `without`."""
    request, chat, n_logprobs = question.request, question.chat, question.n_logprobs
    prompt = _sendable(request.prompt)
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        # Streamed though nobody reads along: servers notice that the other side is gone when they write to
        # it, and llama.cpp goes on to the end of an answer that is not streamed.
        "stream": True,
        "stream_options": {"include_usage": True},
        **question.extra,
    }
    if chat:
        system = [{"role": "system", "content": _sendable(request.system)}] if request.system else []
        body["messages"] = [*system, {"role": "user", "content": prompt}]
        if "max_tokens" in without:
            body["max_completion_tokens"] = request.max_tokens
        if n_logprobs:
            body |= {"logprobs": True, "top_logprobs": n_logprobs}
    else:
        body["prompt"] = prompt
        if n_logprobs:
            body["logprobs"] = n_logprobs
    if request.stop:
        body["stop"] = list(request.stop)
    if request.n > 1:
        body["n"] = request.n
    if request.grammar is not None:
        body["grammar"] = request.grammar
    if request.json_schema is not None:
        schema = {"name": "answer", "schema": dict(request.json_schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return {key: value for key, value in body.items() if key not in without}


async def read_reply(
    chunks: AsyncIterable[bytes],
    content_type: str,
    where: Whereabouts,
    on_text: Callable[[str], None] | None = None,
) -> Reply:
    """The reply that `chunks` hold: an event stream, or one JSON object from endpoints that do not stream.

    `on_text` is given what the first answer holds so far, each time a chunk adds to it.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("text/event-stream", "application/json"):
        raise faults.garbled(where, "HTML" if kind == "text/html" else f"content of type {_word(kind)}")
    gathered = _Gathered(where)
    buffer = bytearray()
    n_bytes = 0
    async for chunk in chunks:
        n_bytes += len(chunk)
        if n_bytes > MAX_ANSWER_BYTES:
            raise faults.garbled(where, f"more than {MAX_ANSWER_BYTES // 2**20} MB")
        buffer += chunk
        if kind == "text/event-stream":
            for line in _whole_lines(buffer):
                gathered.take_line(line)
            if on_text is not None:
                gathered.tell(on_text)
            if gathered.done:
                break
    if kind == "application/json":
        gathered.take(bytes(buffer))
    else:
        gathered.take_line(bytes(buffer))
    return gathered.to_reply()


class _Gathered:
    """The parts of a reply gathered so far."""

    def __init__(self, where: Whereabouts) -> None:
        self.where = where
        self.done = False
        self.texts: dict[int, list[str]] = {}
        self.finishes: dict[int, str] = {}
        self.chances: list[TokenChance] = []
        self.usage: Mapping[str, Any] = {}
        self._n_told = 0

    def tell(self, on_text: Callable[[str], None]) -> None:
        """Hands on what the first answer holds, if that is more than before."""
        parts = self.texts.get(0, [])
        if len(parts) > self._n_told:
            self._n_told = len(parts)
            on_text(_sendable("".join(parts)))

    def take_line(self, line: bytes) -> None:
        if not line.startswith(b"data:"):
            return  # Comments, event names and blank lines carry nothing of the answer.
        data = line[5:].strip()
        if data == b"[DONE]":
            self.done = True
        elif data:
            self.take(data)

    def take(self, data: bytes) -> None:
        try:
            event: Any = json.loads(data)
        except (ValueError, RecursionError):
            raise faults.garbled(self.where, "broken JSON") from None
        if not isinstance(event, dict):
            raise faults.garbled(self.where, "JSON of another kind")
        if event.get("error"):
            raise self._told_error(event)
        has_usage = isinstance(event.get("usage"), dict)
        if has_usage:
            self.usage = event["usage"]
        choices = event.get("choices", [] if has_usage else None)
        if not isinstance(choices, list):
            raise faults.garbled(self.where, "JSON of another kind")
        for choice in choices:
            self._take_choice(choice)

    def _take_choice(self, choice: Any) -> None:
        if not isinstance(choice, dict):
            raise faults.garbled(self.where, "JSON of another kind")
        index = choice.get("index")
        index = index if isinstance(index, int) else 0
        part = choice.get("delta") or choice.get("message")
        text = part.get("content") if isinstance(part, dict) else choice.get("text")
        if text is not None and not isinstance(text, str):
            raise faults.garbled(self.where, "JSON of another kind")
        self.texts.setdefault(index, []).append(text or "")
        if isinstance(finish := choice.get("finish_reason"), str):
            self.finishes[index] = finish
        if index == 0 and isinstance(logprobs := choice.get("logprobs"), dict):
            self.chances.extend(_chances(logprobs))

    def _told_error(self, event: Mapping[str, Any]) -> ModelError:
        """An error told inside an answer that began with 200, as llama.cpp and some gateways do."""
        told = event["error"]
        code = told.get("code") if isinstance(told, dict) else None
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        return faults.from_status(status, json.dumps(event).encode(), {}, self.where)

    def to_reply(self) -> Reply:
        if not self.texts:
            raise faults.garbled(self.where, "nothing")
        if not self.done and not set(self.texts) <= set(self.finishes):
            raise faults.garbled(self.where, "half an answer")
        details = self.usage.get("prompt_tokens_details")
        return Reply(
            texts=tuple(_sendable("".join(self.texts[index])) for index in sorted(self.texts)),
            finish=self.finishes.get(min(self.texts), "stop"),
            n_prompt_tokens=_count(self.usage.get("prompt_tokens")),
            n_completion_tokens=_count(self.usage.get("completion_tokens")),
            n_cached_tokens=_count(details.get("cached_tokens")) if isinstance(details, dict) else None,
            chances=tuple(self.chances),
        )


def _whole_lines(buffer: bytearray) -> Iterator[bytes]:
    """The whole lines at the start of `buffer`, which keeps what follows them."""
    *lines, rest = buffer.split(b"\n")
    buffer[:] = rest
    return (bytes(line) for line in lines)


def _chances(logprobs: Mapping[str, Any]) -> Iterator[TokenChance]:
    """Chances in either of the two shapes in use: a list of objects, or parallel lists."""
    content = logprobs.get("content")
    if isinstance(content, list):
        for entry in content:
            if isinstance(entry, dict) and (logprob := _logprob(entry)) is not None:
                top = entry.get("top_logprobs", entry.get("top_probs"))
                others = {
                    str(other.get("token")): chance
                    for other in (top if isinstance(top, list) else ())
                    if isinstance(other, dict) and (chance := _logprob(other)) is not None
                }
                yield TokenChance(str(entry.get("token", "")), logprob, others)
        return
    tokens, chances, tops = (logprobs.get(key) for key in ("tokens", "token_logprobs", "top_logprobs"))
    if isinstance(tokens, list) and isinstance(chances, list):
        tops = tops if isinstance(tops, list) else []
        for place, (token, chance) in enumerate(zip(tokens, chances, strict=False)):
            if (logprob := _real(chance)) is not None:
                top = tops[place] if place < len(tops) else None
                others = {
                    str(other): real
                    for other, value in (top.items() if isinstance(top, dict) else ())
                    if (real := _real(value)) is not None
                }
                yield TokenChance(str(token), logprob, others)


def _logprob(entry: Mapping[str, Any]) -> float | None:
    """The logarithm of a token's chance; llama.cpp tells the chance itself where it is held to a grammar."""
    if (prob := _real(entry.get("prob"))) is not None:
        return math.log(prob) if prob > 0 else None
    return _real(entry.get("logprob"))


def _before(text: str, stop: Sequence[str]) -> str:
    ends = [place for word in stop if word and (place := text.find(word)) >= 0]
    return text[: min(ends)] if ends else text


def _real(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sendable(text: str) -> str:
    """`text` with lone surrogates replaced: they have no UTF-8 form, and a document may hold some."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _word(kind: str) -> str:
    """A content type as it may stand in a message, or "unknown"."""
    short = kind[:60]
    return short if short and all(letter.isalnum() or letter in "/+.-" for letter in short) else "unknown"
