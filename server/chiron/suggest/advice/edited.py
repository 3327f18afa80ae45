"""An edit that was worked out without the pipeline, as a request and its answer: so it is logged like any."""

from __future__ import annotations

import secrets

from chiron.records import (
    Answer,
    Expects,
    FileKind,
    Ground,
    Origin,
    Place,
    Position,
    Range,
    Request,
    Scope,
    ScopeKind,
    Source,
    Suggestion,
    Trigger,
)
from chiron.redact import redact

#: Lines on each side of an edit that the log keeps.
_LOGGED_LINES = 6


def edited(
    place: Place,
    text: str,
    there: tuple[Position, Position],
    new: str,
    code: str,
    evidence: str,
    origin: Origin,
) -> tuple[Request, Answer]:
    """The request and answer that stand for putting `new` at `there` by the rule `code`."""
    start, end = there
    scope = Scope(
        kind=ScopeKind.ACTION,
        expects=Expects.EDITS,
        file_kind=FileKind.OTHER,
        range=Range(start, end),
        lead="",
        indent=0,
        task_column=0,
        before="",
        after="",
        task_line=start.line,
    )
    suggestion = Suggestion(
        id=secrets.token_hex(8),
        text=new,
        range=scope.range,
        source=Source.RULE,
        module=None,
        model=None,
        confidence=1.0,
        grounds=(Ground("rule", code, detail=evidence),),
    )
    lines = text.split("\n")
    near = "\n".join(lines[max(0, start.line - _LOGGED_LINES) : end.line + _LOGGED_LINES + 1])
    known = redact(text)
    context = redact(near, known=known).text
    answer = Answer(
        secrets.token_hex(8), (suggestion,), (), {}, context=context, secrets=redact(new, known=known).secrets
    )
    return Request(place, text, scope, origin, Trigger.INVOKED), answer
