"""A feedback log with suggestions whose fate a test names in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chiron.records import Event, EventKind, Evidence, Ground, Source, SuggestionRecord
from support.reviewing import suggestion

CONTEXT = "---\n- name: Install nginx"
BODY = "\n  ansible.builtin.package:\n    name: nginx\n    state: present"
INSTEAD = "\n  ansible.builtin.apt:\n    name: nginx\n    state: latest"

_AT_MS = 1_780_000_000_000


def fate(name: str, what: str, **over: Any) -> Iterator[SuggestionRecord | Event]:
    """One suggestion and what happened to it.

    `what` is one of kept, rewritten, undone, refused, instead, expired, not_seen, open.
    """
    record = suggestion(
        **{
            "id": name,
            "request_id": f"of-{name}",
            "at_ms": _AT_MS,
            "task_name": "Install nginx",
            "context": CONTEXT + "\n",
            "context_at": len(CONTEXT),
            "text": BODY,
            "module": "ansible.builtin.package",
            "source": Source.RECALL,
            "model": None,
            "sent": "",
            "line": 1,
            "grounds": (Ground("task", "Install apache", "roles/web/tasks/main.yml:3", "workspace"),),
            "origin": "editor",
            **over,
        }
    )
    at_ms = record.at_ms
    yield record

    def event(kind: EventKind, after_ms: int, **data: Any) -> Event:
        return Event(name, kind, Evidence.OBSERVED, at_ms + after_ms, data)

    yield event(EventKind.OFFERED, 0)
    if what in ("kept", "rewritten", "undone"):
        yield event(EventKind.ACCEPTED, 1_000)
        ratio = 0.2 if what == "rewritten" else 1.0
        yield event(EventKind.KEPT_AT, 30_000, ratio=ratio, strong=ratio > 0.5)
    if what == "undone":
        yield event(EventKind.UNDONE, 40_000)
    if what in ("refused", "instead"):
        yield event(EventKind.REJECTED, 2_000)
    if what == "instead":
        yield event(EventKind.WROTE_INSTEAD, 32_000, text=INSTEAD)
    if what == "expired":
        yield event(EventKind.EXPIRED, 90_000)
    if what == "not_seen":
        yield event(EventKind.EXPIRED, 300, outcome="not_seen")


def label(name: str, verdict: str, **data: Any) -> Event:
    """A person's verdict."""
    return Event(
        name,
        EventKind.LABELLED,
        Evidence.CONFIRMED,
        _AT_MS + 3_600_000,
        {"label": verdict, "by": "review", **data},
    )
