"""A request on its way to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chiron.records.places import Scope
from chiron.records.text import Range


class Source(StrEnum):
    """Where a candidate came from."""

    CACHE = "cache"
    RECALL = "recall"
    MODEL = "model"
    #: An exact rewrite, without a model.
    RULE = "rule"


class Origin(StrEnum):
    """Who asked. Acceptance figures count `editor` only."""

    EDITOR = "editor"
    TRY = "try"
    CLI = "cli"
    EVAL = "eval"
    REPLAY = "replay"


class Trigger(StrEnum):
    """Why the request was made: by a keystroke, or because the person asked."""

    AUTOMATIC = "automatic"
    INVOKED = "invoked"


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason to believe a suggestion.

    `kind` is `module` (its documentation, `detail` the version), `task` (a task it was recalled from,
    `where` the place), `fact` (something of this project, or what such names mean) or `model`.
    """

    kind: str
    what: str
    where: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that could replace `Scope.range`, before any check."""

    text: str
    source: Source
    model: str | None = None
    #: How likely it is to be kept, from 0 to 1; comparable within one scope only.
    confidence: float = 0.0
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A candidate that was not shown: a documented reason code and what in particular was wrong."""

    reason: str
    detail: str
    text: str = ""
    source: Source | None = None
    #: How sure the candidate was, so that a review can look at what nearly was shown.
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate that passed every guardrail. Putting `text` in place of `range` is the whole edit."""

    id: str
    text: str
    range: Range
    source: Source
    module: str | None
    model: str | None
    confidence: float
    grounds: tuple[Ground, ...]
    #: A module that is used in this workspace but not installed here.
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request came from: the document's URI and file path, its version, and what it belongs to."""

    uri: str
    path: str | None
    version: int
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the pipeline: a scope in a text, and who asks."""

    place: Place
    text: str
    scope: Scope
    origin: Origin
    trigger: Trigger
    n: int = 1


@dataclass(frozen=True, slots=True)
class Consulted:
    """The exchange with a model behind an answer, whether it took place now or was remembered."""

    model: str
    endpoint: str
    prompt_version: str
    #: The request's text, redacted, byte for byte as it was sent.
    sent: str
    from_cache: bool
    leaves_machine: bool
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request. `suggestions` may be empty; then `silence` says why in a code."""

    id: str
    suggestions: tuple[Suggestion, ...]
    withheld: tuple[Withheld, ...]
    stage_ms: Mapping[str, float]
    silence: str | None = None
    #: What went wrong on the way, in words for a person; the answer is then what could be had without it.
    trouble: str | None = None
    #: The redacted lines round the cursor, for the log.
    context: str = ""
    #: Where in `context` a suggestion's text goes, in code points; -1 where nobody knows.
    context_at: int = -1
    consulted: Consulted | None = None
    catalog_version: str = ""
    pool_version: str = ""
    #: What was drawn for this request, and how likely that was.
    arm: str = "default"
    propensity: float = 1.0
    #: Secrets of the file by placeholder, so that they are taken out of what is logged. Never written down.
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
