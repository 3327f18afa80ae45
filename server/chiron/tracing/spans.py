"""What happened as spans, scores and measurements: plain values, no library, nothing sent.

No text of a document, a prompt or a suggestion is in them unless `texts` asks for it; then it is redacted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from chiron.records import Answer, Consulted, Event, EventKind, Outcome, Request
from chiron.redact import Redaction, redact
from chiron.tracing import names

Value = str | int | float | bool | tuple[str, ...]
Attributes = Mapping[str, Value]

#: Stages in which a model is waited for.
_OF_MODEL = ("model", "repair")
_ENDS: Mapping[EventKind, tuple[str, float]] = {
    EventKind.ACCEPTED: (Outcome.ACCEPTED.value, 1.0),
    EventKind.REJECTED: (Outcome.REJECTED.value, 0.0),
    EventKind.TYPED_OVER: (Outcome.TYPED_OVER.value, 0.0),
    EventKind.MOVED_AWAY: (Outcome.MOVED_AWAY.value, 0.0),
    EventKind.SUPERSEDED: (Outcome.SUPERSEDED.value, 0.0),
    EventKind.EXPIRED: (Outcome.EXPIRED.value, 0.0),
    EventKind.UNDONE: ("undone", 0.0),
}


@dataclass(frozen=True, slots=True)
class Span:
    """One span: times in nanoseconds of Unix time. `is_client` says that it is a call to another program."""

    name: str
    start_ns: int
    end_ns: int
    attributes: Attributes = field(default_factory=dict)
    is_client: bool = False
    failed: bool = False
    children: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """What became of one suggestion, as an evaluation of it."""

    suggestion_id: str
    name: str
    value: float
    label: str
    at_ns: int


def to_span(request: Request, answer: Answer, end_ns: int, *, texts: bool = False) -> Span:
    """A request's span, with the model's call as its child where there was one."""
    total_ms = sum(answer.stage_ms.values())
    start_ns = end_ns - int(total_ms * 1e6)
    shown = answer.suggestions
    attributes: dict[str, Value] = {
        "chiron.scope": request.scope.kind.value,
        "chiron.origin": request.origin.value,
        "chiron.trigger": request.trigger.value,
        "chiron.n_suggestions": len(shown),
        "chiron.n_withheld": len(answer.withheld),
        "chiron.arm": answer.arm,
    }
    if shown:
        attributes["chiron.source"] = shown[0].source.value
        attributes["chiron.confidence"] = round(shown[0].confidence, 4)
        attributes["chiron.suggestion_ids"] = tuple(one.id for one in shown)
        if shown[0].module:
            attributes["chiron.module"] = shown[0].module
    if answer.silence:
        attributes["chiron.silence"] = answer.silence
    if answer.withheld:
        attributes["chiron.withheld"] = tuple(dict.fromkeys(one.reason for one in answer.withheld))
    if answer.consulted is not None:
        attributes["chiron.cache_hit"] = answer.consulted.from_cache
    attributes |= {f"chiron.stage.{name}_ms": round(ms, 3) for name, ms in answer.stage_ms.items()}
    call = _call(answer, start_ns, texts=texts)
    return Span(
        f"suggest {request.scope.kind.value}",
        start_ns,
        end_ns,
        attributes,
        failed=bool(answer.trouble),
        children=(call,) if call is not None else (),
    )


def to_score(event: Event) -> Score | None:
    """Acceptance, the share kept, or a person's verdict as a score; None for what scores nothing."""
    at_ns = event.at_ms * 1_000_000
    if event.kind in _ENDS:
        label, value = _ENDS[event.kind]
        label = str(event.data.get("outcome") or label)
        if label == Outcome.NOT_SEEN.value:
            return None
        return Score(event.suggestion_id, "acceptance", value, label, at_ns)
    if event.kind is EventKind.KEPT_AT and isinstance(event.data.get("ratio"), int | float):
        at = str(event.data.get("at", ""))
        return Score(event.suggestion_id, "kept_ratio", float(event.data["ratio"]), at, at_ns)
    if event.kind is EventKind.LABELLED and event.data.get("label"):
        label = str(event.data["label"])
        return Score(event.suggestion_id, "verdict", 1.0 if label == "good" else 0.0, label, at_ns)
    return None


def call_attributes(consulted: Consulted) -> dict[str, Value]:
    """What names a call to a model, in spans and in metrics."""
    chat = consulted.prompt_version.endswith("-chat")
    parts = urlsplit(consulted.endpoint)
    host = parts.hostname or ""
    attributes: dict[str, Value] = {
        names.OPERATION: names.CHAT if chat else names.TEXT_COMPLETION,
        names.PROVIDER: _provider(host, consulted),
        names.REQUEST_MODEL: consulted.model,
        names.RESPONSE_MODEL: consulted.model,
    }
    if host:
        attributes[names.SERVER_ADDRESS] = host
        attributes[names.SERVER_PORT] = _port(parts.scheme, consulted.endpoint)
    return attributes


def _call(answer: Answer, start_ns: int, *, texts: bool) -> Span | None:
    consulted = answer.consulted
    asked_ms = sum(answer.stage_ms.get(stage, 0.0) for stage in _OF_MODEL)
    if answer.trouble and (consulted is None or consulted.from_cache):
        # It failed before there was an answer, so nobody knows which model it would have been.
        start, end = _when(answer, start_ns)
        return Span(
            names.TEXT_COMPLETION,
            start,
            end,
            {names.ERROR_TYPE: "model-trouble"},
            is_client=True,
            failed=True,
        )
    if consulted is None or consulted.from_cache or not asked_ms:
        return None
    attributes = call_attributes(consulted)
    attributes[names.PROMPT_NAME] = consulted.prompt_version
    if consulted.n_prompt_tokens is not None:
        attributes[names.INPUT_TOKENS] = consulted.n_prompt_tokens
    if consulted.n_completion_tokens is not None:
        attributes[names.OUTPUT_TOKENS] = consulted.n_completion_tokens
    if consulted.cost_usd is not None:
        attributes["chiron.cost_usd"] = consulted.cost_usd
    if answer.trouble:
        attributes[names.ERROR_TYPE] = "model-trouble"
    if texts:
        attributes |= _texts(answer, consulted)
    start, end = _when(answer, start_ns)
    name = f"{attributes[names.OPERATION]} {consulted.model}".rstrip()
    return Span(name, start, end, attributes, is_client=True, failed=bool(answer.trouble))


def _when(answer: Answer, start_ns: int) -> tuple[int, int]:
    """From when to when a model was waited for: stages follow each other in the order they were first met."""
    before = 0.0
    for stage, ms in answer.stage_ms.items():
        if stage in _OF_MODEL:
            break
        before += ms
    during = sum(answer.stage_ms.get(stage, 0.0) for stage in _OF_MODEL)
    start = start_ns + int(before * 1e6)
    return start, start + int(during * 1e6)


def _texts(answer: Answer, consulted: Consulted) -> dict[str, Value]:
    known = Redaction("", answer.secrets, {})
    written = [redact(one.text, known=known).text for one in answer.suggestions if one.model is not None]
    messages: dict[str, Value] = {names.INPUT_MESSAGES: _messages("user", (consulted.sent,))}
    if written:
        messages[names.OUTPUT_MESSAGES] = _messages("assistant", written)
    return messages


def _messages(role: str, texts: tuple[str, ...] | list[str]) -> str:
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}]} for text in texts], ensure_ascii=False
    )


def _provider(host: str, consulted: Consulted) -> str:
    if host in names.PROVIDERS:
        return names.PROVIDERS[host]
    return host if consulted.leaves_machine and host else "local"


def _port(scheme: str, endpoint: str) -> int:
    try:
        port = urlsplit(endpoint).port
    except ValueError:
        port = None
    return port or (443 if scheme == "https" else 80)
