"""What an endpoint can do, found out by asking it small questions once.

Nothing of the user's text is in a probe. A capability counts as there when its effect was seen, since some
endpoints take a parameter and ignore it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from chiron.errors import ModelGarbled
from chiron.models.faults import Refusal
from chiron.models.wire import Question, Reply
from chiron.records import Capabilities, ModelRequest

#: Asks one question.
Ask = Callable[[Question], Awaitable[Reply]]

#: Names of models that were tuned to talk, and continue bare text less well.
_TALKS = re.compile(r"(?:^|[-_.:/])(?:instruct|chat|it|gpt-[0-9][\w.]*|claude)(?:[-_.:/]|$)", re.IGNORECASE)

_WORD = "zq7"
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": [_WORD]}},
    "required": ["answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found out about an endpoint. It may be kept between runs: `to_dict` and `from_dict`."""

    capabilities: Capabilities = field(default_factory=Capabilities)
    #: Whether requests are asked as chat.
    chat: bool = False

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {"capabilities": asdict(self.capabilities), "chat": self.chat}

    @staticmethod
    def from_dict(kept: object) -> Probed | None:
        """What `to_dict` gave, or None where `kept` is anything else."""
        if not isinstance(kept, Mapping):
            return None
        can, chat = kept.get("capabilities"), kept.get("chat")
        kinds = {entry.name: type(entry.default) for entry in fields(Capabilities)}
        if not isinstance(can, Mapping) or can.keys() != kinds.keys() or not isinstance(chat, bool):
            return None
        if any(type(value) is not kinds[name] for name, value in can.items()):
            return None
        return Probed(Capabilities(**can), chat)


async def probe(ask: Ask, model: str, style: Literal["auto", "completion", "chat"]) -> Probed:
    """What the endpoint behind `ask` can do.

    Raises `ModelError` where nothing can be found out now (unreachable, no key, busy) and the last `Refusal`
    where it answers in no style that `style` allows.
    """
    completions, refusal = await _answers(ask, chat=False) if style != "chat" else (None, None)
    chat, chat_refusal = await _answers(ask, chat=True) if style != "completion" else (None, None)
    if completions is None and chat is None:
        raise (refusal if refusal is not None else chat_refusal) or ModelGarbled(
            "No style is left to ask in."
        )
    # Bare text suits base models and keeps the server's cache of the file's beginning; models tuned to
    # talk are asked in their own way, and so is whatever knows nothing else.
    in_chat = chat is not None and (completions is None or _TALKS.search(model) is not None)
    return Probed(
        Capabilities(
            completions=completions is not None,
            chat=chat is not None,
            json_schema=await _keeps_schema(ask, chat=in_chat),
            grammar=completions is not None and await _keeps_grammar(ask),
            logprobs=await _tells_chances(ask, chat=in_chat),
        ),
        chat=in_chat,
    )


async def _answers(ask: Ask, *, chat: bool) -> tuple[Reply | None, Exception | None]:
    """Whether the endpoint answers in this style, or why it refused."""
    try:
        return await ask(Question(ModelRequest("- name:", max_tokens=2), chat)), None
    except Refusal as refusal:
        if refusal.status in (401, 403, 407) or 300 <= refusal.status < 400:
            raise
        return None, refusal
    except ModelGarbled as garbled:
        return None, garbled


async def _keeps_schema(ask: Ask, *, chat: bool) -> bool:
    request = ModelRequest("Say hello.", max_tokens=32, json_schema=_SCHEMA)
    reply = await _or_none(ask, Question(request, chat))
    try:
        return reply is not None and json.loads(reply.texts[0]) == {"answer": _WORD}
    except (ValueError, RecursionError):
        return False


async def _keeps_grammar(ask: Ask) -> bool:
    request = ModelRequest("Say hello.", max_tokens=8, grammar=f'root ::= "{_WORD}"')
    reply = await _or_none(ask, Question(request))
    return reply is not None and reply.texts[0].strip() == _WORD


async def _tells_chances(ask: Ask, *, chat: bool) -> bool:
    reply = await _or_none(ask, Question(ModelRequest("- name:", max_tokens=1), chat, n_logprobs=2))
    return reply is not None and bool(reply.chances)


async def _or_none(ask: Ask, question: Question) -> Reply | None:
    """The reply, or None where the endpoint refuses the question or answers with nonsense."""
    try:
        return await ask(question)
    except (Refusal, ModelGarbled):
        return None
