"""What became of suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chiron.records.places import ScopeKind
from chiron.records.suggestions import Ground, Origin, Source, Trigger


class Evidence(StrEnum):
    """How an event is known, weakest last."""

    CONFIRMED = "confirmed"
    OBSERVED = "observed"
    INFERRED = "inferred"


class EventKind(StrEnum):
    """Something that happened to a suggestion."""

    OFFERED = "offered"
    SHOWN = "shown"
    TYPED_THROUGH = "typed_through"
    ACCEPTED = "accepted"
    ACCEPTED_PART = "accepted_part"
    REJECTED = "rejected"
    MOVED_AWAY = "moved_away"
    TYPED_OVER = "typed_over"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    UNDONE = "undone"
    REDONE = "redone"
    KEPT_AT = "kept_at"
    WROTE_INSTEAD = "wrote_instead"
    LABELLED = "labelled"
    #: A person took what it taught out of what is learned, or (`unlearned` false) put it back.
    UNLEARNED = "unlearned"


class Outcome(StrEnum):
    """How a suggestion ended; exactly one each, worked out from its events."""

    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REJECTED = "rejected"
    TYPED_OVER = "typed_over"
    MOVED_AWAY = "moved_away"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    NOT_SEEN = "not_seen"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one suggestion. `at_ms` is Unix time; `data` is small and JSON-able."""

    suggestion_id: str
    kind: EventKind
    evidence: Evidence
    at_ms: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuggestionRecord:
    """Everything kept about one offered (or withheld) suggestion. All text in it is redacted."""

    id: str
    request_id: str
    at_ms: int
    origin: Origin
    trigger: Trigger
    scope: ScopeKind
    uri: str
    line: int
    task_name: str
    text: str
    source: Source | None
    module: str | None
    model: str | None
    #: Redacted text the answer was based on, around the cursor.
    context: str = ""
    #: Where in `context` the suggestion's text goes, in code points; -1 where nobody knows.
    context_at: int = -1
    #: Exactly what left the process for a model, redacted; "" where none was asked.
    sent: str = ""
    endpoint: str = ""
    prompt_version: str = ""
    catalog_version: str = ""
    pool_version: str = ""
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    cost_usd: float | None = None
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    #: All stages together: what the person waited for. None where nobody measured.
    total_ms: float | None = None
    grounds: Sequence[Ground] = ()
    confidence: float = 0.0
    #: Order among the alternatives of its request, from 0.
    rank: int = 0
    arm: str = "default"
    propensity: float = 1.0
    #: Reason code where it was withheld instead of shown, with the detail.
    withheld: str | None = None
    withheld_detail: str = ""
