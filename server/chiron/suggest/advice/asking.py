"""One errand for a model: asked as a person's own wish, checked, asked once more, never shown unchecked."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chiron.errors import ModelError
from chiron.records import (
    Answer,
    Candidate,
    Capabilities,
    Consulted,
    ModelRequest,
    Request,
    Suggestion,
    Withheld,
)
from chiron.redact import Redaction
from chiron.suggest.context import Context
from chiron.suggest.model.consult import Consultant, Heard
from chiron.suggest.pipeline import MENDABLE, Suggester
from chiron.suggest.stopwatch import Stopwatch

#: What an answer is believed that passed every check and nobody has judged yet.
CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Errand:
    """How the question is put, and what is made of an answer."""

    #: The question, redacted, for what the endpoint can do; the second time with what was wrong.
    question: Callable[[Capabilities, Sequence[str]], ModelRequest]
    #: Each of the texts that were answered, through the guardrails. It may block.
    verdicts: Callable[[Heard], list[Candidate | Withheld]]
    #: It takes a model that follows instructions.
    chat: bool
    #: Problems with an answer are told to the model, once.
    mends: bool = True
    on_text: Callable[[str], None] | None = None


@dataclass(slots=True)
class Brought:
    """What came of an errand."""

    passed: list[Candidate] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    trouble: str | None = None
    consulted: Consulted | None = None


async def run(suggester: Suggester, errand: Errand, watch: Stopwatch) -> Brought:
    """Asks, at most twice. Raises nothing but a cancellation; `trouble` says what failed."""
    brought = Brought()
    consultant = suggester.consultant
    if consultant is None:
        brought.trouble = "No model is set up."
        return brought
    try:
        problems: list[str] = []
        able = await consultant.capabilities(insist=True)
        if errand.chat and not able.chat:
            brought.trouble = only_continues(consultant.model.name)
            return brought
        for attempt in ("model", "repair") if errand.mends else ("model",):
            question = errand.question(able, problems)
            key = consultant.key(question, catalog=suggester.catalog.version)
            heard = await _heard(consultant, question, key, errand)
            brought.consulted = consultant.account(question, heard)
            watch.lap(attempt if not heard.from_cache else "cache")
            verdicts = await asyncio.to_thread(errand.verdicts, heard)
            brought.passed = [one for one in verdicts if isinstance(one, Candidate)]
            held = [one for one in verdicts if isinstance(one, Withheld)]
            brought.withheld += held
            watch.lap("guardrails")
            problems = [one.detail for one in held if one.reason in MENDABLE]
            if brought.passed or not problems:
                break
    except ModelError as error:
        brought.trouble = str(error)
    return brought


async def _heard(consultant: Consultant, question: ModelRequest, key: str, errand: Errand) -> Heard:
    known = await asyncio.to_thread(consultant.remembered, key)
    if known is not None and known.nothing is None:
        return known
    return await consultant.ask(question, key, insist=True, on_text=errand.on_text)


def only_continues(model: str) -> str:
    """What is said where an instruction is asked of a model that takes none."""
    return f"{model} cannot follow instructions; this needs a model that can chat."


def to_answer(
    suggester: Suggester,
    request: Request,
    brought: Brought,
    context: Context,
    seen: Redaction,
    watch: Stopwatch,
    to_suggestion: Callable[[Candidate, Request], Suggestion],
) -> Answer:
    """What was brought, as an answer: the first candidate that passed, or why there is none."""
    suggestions = tuple(to_suggestion(one, request) for one in brought.passed[:1])
    return Answer(
        id=secrets.token_hex(8),
        suggestions=suggestions,
        withheld=tuple(brought.withheld),
        stage_ms=watch.ms,
        silence=None if suggestions else "model-trouble" if brought.trouble else "all-withheld",
        trouble=brought.trouble,
        context=context.logged,
        context_at=context.logged_at,
        consulted=brought.consulted,
        catalog_version=suggester.catalog.version,
        pool_version=context.project_version,
        secrets=seen.secrets,
    )
