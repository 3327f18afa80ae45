"""A request and its answer, as the rows the feedback log keeps."""

from __future__ import annotations

from dataclasses import replace

from chiron.records import Answer, Consulted, Request, Source, Suggestion, SuggestionRecord, Withheld
from chiron.redact import Redaction, redact

_NOT_CONSULTED = Consulted("", "", "", "", from_cache=False, leaves_machine=False)


def to_records(request: Request, answer: Answer, at_ms: int) -> list[SuggestionRecord]:
    """One row for each suggestion and each withheld candidate. Everything in them is redacted."""
    shown = [_row(request, answer, at_ms, rank, one) for rank, one in enumerate(answer.suggestions)]
    held = [_row(request, answer, at_ms, rank, one) for rank, one in enumerate(answer.withheld)]
    rows = shown + held
    consulted = answer.consulted
    asked = consulted is not None and not consulted.from_cache
    if consulted is not None and asked and rows and not any(row.sent for row in rows):
        # A model was asked, and what it wrote was no news: what was sent, and what it cost, stays known.
        rows[0] = replace(
            rows[0],
            sent=consulted.sent,
            endpoint=consulted.endpoint,
            prompt_version=consulted.prompt_version,
            n_prompt_tokens=consulted.n_prompt_tokens,
            n_completion_tokens=consulted.n_completion_tokens,
            cost_usd=consulted.cost_usd,
        )
    return rows


def _row(
    request: Request, answer: Answer, at_ms: int, rank: int, one: Suggestion | Withheld
) -> SuggestionRecord:
    scope = request.scope
    suggestion = one if isinstance(one, Suggestion) else None
    withheld = one if isinstance(one, Withheld) else None
    # Only what a model had a part in carries the exchange: a recalled task owes it nothing.
    by_model = suggestion is None or suggestion.model is not None
    known = Redaction("", answer.secrets, {})
    consulted = (answer.consulted if by_model else None) or _NOT_CONSULTED
    return SuggestionRecord(
        id=suggestion.id if suggestion else f"{answer.id}-w{rank}",
        request_id=answer.id,
        at_ms=at_ms,
        origin=request.origin,
        trigger=request.trigger,
        scope=scope.kind,
        uri=request.place.uri,
        line=scope.task_line,
        task_name=redact(scope.task_name, known=known).text,
        text=redact(one.text, known=known).text,
        source=one.source,
        module=suggestion.module if suggestion else None,
        model=suggestion.model if suggestion else _writer(one, consulted),
        context=answer.context,
        context_at=answer.context_at,
        sent=consulted.sent,
        endpoint=consulted.endpoint,
        prompt_version=consulted.prompt_version,
        catalog_version=answer.catalog_version,
        pool_version=answer.pool_version,
        n_prompt_tokens=consulted.n_prompt_tokens,
        n_completion_tokens=consulted.n_completion_tokens,
        cost_usd=consulted.cost_usd,
        stage_ms=answer.stage_ms,
        total_ms=round(sum(answer.stage_ms.values()), 3) if answer.stage_ms else None,
        grounds=suggestion.grounds if suggestion else (),
        confidence=one.confidence,
        rank=rank,
        arm=answer.arm,
        propensity=answer.propensity,
        withheld=withheld.reason if withheld else None,
        withheld_detail=redact(withheld.detail, known=known).text if withheld else "",
    )


def _writer(one: Suggestion | Withheld, consulted: Consulted) -> str | None:
    """The model that wrote what was withheld, where one did."""
    return consulted.model or None if one.source in (Source.MODEL, Source.CACHE) else None
