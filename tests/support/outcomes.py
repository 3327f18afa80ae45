"""Suggestions with outcomes, made in a line each, for what learns from them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chiron.records import (
    Event,
    EventKind,
    Evidence,
    Ground,
    Origin,
    Outcome,
    ScopeKind,
    Source,
    SuggestionRecord,
    Trigger,
)
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_lessons import Lesson
from chiron.store.feedback_rows import Derived, SuggestionRow

#: 15 June 2026, noon UTC.
NOON_MS = 1_781_524_800_000
DAY_MS = 86_400_000
SITE = "/srv/site"
BODY = "ansible.builtin.package:\n  name: nginx\n  state: present"


def record(
    number: int = 1, *, name: str = "Install nginx", body: str = BODY, **more: Any
) -> SuggestionRecord:
    """A suggested task body at the end of its name line."""
    text = "".join(f"\n  {line}" if line else "\n" for line in body.split("\n"))
    context = f"- name: {name}"
    values: dict[str, Any] = {
        "id": f"s{number:04}",
        "request_id": f"r{number:04}",
        "at_ms": NOON_MS + number * 60_000,
        "origin": Origin.EDITOR,
        "trigger": Trigger.AUTOMATIC,
        "scope": ScopeKind.TASK_BODY,
        "uri": f"file://{SITE}/roles/web/tasks/main.yml",
        "line": number,
        "task_name": name,
        "text": text,
        "source": Source.RECALL,
        "module": body.partition(":")[0],
        "model": None,
        "context": context,
        "context_at": len(context),
        "confidence": 0.5,
        "grounds": (Ground("task", "Install apache", "roles/web/tasks/main.yml:1", "workspace"),),
    }
    return SuggestionRecord(**values | more)


def lesson(
    number: int = 1,
    outcome: Outcome | None = Outcome.ACCEPTED,
    *,
    kept: float | None = None,
    strong: bool | None = None,
    undone: bool = False,
    label: str | None = None,
    correction: str = "",
    corrected_valid: bool | None = None,
    instead: str = "",
    unlearned: bool = False,
    **more: Any,
) -> Lesson:
    """A suggestion as the log tells of it; what was accepted was kept whole, unless told otherwise."""
    taken = outcome is Outcome.ACCEPTED
    ratio = (1.0 if taken else None) if kept is None else kept
    derived = Derived(
        outcome,
        undone,
        ratio,
        taken and not undone and (ratio or 0) > 0.5 if strong is None else strong,
        label,
    )
    row = SuggestionRow(record(number, **more), derived)
    return Lesson(row, correction, corrected_valid, instead, unlearned)


def events(suggestion_id: str, at_ms: int, outcome: Outcome) -> list[Event]:
    """What the log holds of a suggestion that ended so."""
    kinds = {
        Outcome.ACCEPTED: EventKind.ACCEPTED,
        Outcome.REJECTED: EventKind.REJECTED,
        Outcome.TYPED_OVER: EventKind.TYPED_OVER,
        Outcome.EXPIRED: EventKind.EXPIRED,
        Outcome.NOT_SEEN: EventKind.EXPIRED,
    }
    found = [
        Event(suggestion_id, EventKind.OFFERED, Evidence.INFERRED, at_ms, {"rank": 0}),
        Event(suggestion_id, kinds[outcome], Evidence.OBSERVED, at_ms + 2_000, {"outcome": outcome.value}),
    ]
    if outcome is Outcome.ACCEPTED:
        data = {"ratio": 1.0, "strong": True, "at": "5m"}
        found.append(Event(suggestion_id, EventKind.KEPT_AT, Evidence.INFERRED, at_ms + 300_000, data))
    return found


def write(path: Path, rows: Iterable[tuple[SuggestionRecord, Outcome | None]]) -> None:
    """A log of suggestions that ended so."""
    with FeedbackLog(path) as log:
        for one, outcome in rows:
            log.record(one)
            for event in events(one.id, one.at_ms, outcome) if outcome is not None else ():
                log.event(event)
        log.flush()
