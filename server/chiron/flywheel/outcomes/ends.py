"""Events of one suggestion in, its outcome out. Pure; the table in `outcomes.py` says the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chiron.records import Event, EventKind, Evidence, Outcome

#: What was in view for less than this was not seen by a person.
NOT_SEEN_MS = 500

#: The events that end a suggestion, and the outcome each of them stands for.
ENDS: Mapping[EventKind, Outcome] = {
    EventKind.ACCEPTED: Outcome.ACCEPTED,
    EventKind.REJECTED: Outcome.REJECTED,
    EventKind.MOVED_AWAY: Outcome.MOVED_AWAY,
    EventKind.TYPED_OVER: Outcome.TYPED_OVER,
    EventKind.SUPERSEDED: Outcome.SUPERSEDED,
    EventKind.EXPIRED: Outcome.EXPIRED,
}
_STRENGTH = {Evidence.CONFIRMED: 2, Evidence.OBSERVED: 1, Evidence.INFERRED: 0}


def outcome_of(events: Iterable[Event]) -> Outcome:
    """The one outcome of the suggestion whose `events` these are, in any order.

    An acceptance wins over everything, a part accepted over every other end. Of several ends the one with
    the best evidence counts, and of equals the first. What nobody can have seen is `not_seen`. Where no end
    is known, because the server was killed, it has `expired`.
    """
    ordered = sorted(events, key=lambda event: event.at_ms)
    kinds = {event.kind for event in ordered}
    if EventKind.ACCEPTED in kinds:
        return Outcome.ACCEPTED
    if EventKind.ACCEPTED_PART in kinds:
        return Outcome.PARTLY_ACCEPTED
    offers = [event for event in ordered if event.kind is EventKind.OFFERED]
    first_in_line = not offers or any(event.data.get("rank", 0) == 0 for event in offers)
    if not first_in_line and EventKind.SHOWN not in kinds:
        return Outcome.NOT_SEEN
    ends = [event for event in ordered if event.kind in ENDS]
    if not ends:
        return Outcome.EXPIRED
    end = max(ends, key=lambda event: _STRENGTH[event.evidence])
    visible_ms = end.data.get("visible_ms")
    if not isinstance(visible_ms, int | float):
        visible_ms = end.at_ms - offers[0].at_ms if offers else NOT_SEEN_MS
    return ENDS[end.kind] if visible_ms >= NOT_SEEN_MS else Outcome.NOT_SEEN


def is_strong(events: Iterable[Event]) -> bool | None:
    """Whether an acceptance is a strong one by the last measure of it; None where none was taken yet.

    Accepted, under half of it edited by then, its module unchanged (as in arXiv 2402.17442), not undone.
    """
    accepted = undone = False
    strong: bool | None = None
    for event in sorted(events, key=lambda event: event.at_ms):
        if event.kind is EventKind.ACCEPTED:
            accepted = True
        elif event.kind in (EventKind.UNDONE, EventKind.REDONE):
            undone = event.kind is EventKind.UNDONE
        elif event.kind is EventKind.KEPT_AT:
            strong = bool(event.data.get("strong"))
    if not accepted or undone:
        return False
    return strong


def to_end(suggestion_id: str, at_ms: int, events: Sequence[Event]) -> Event:
    """The end of a suggestion that nobody saw end, because the server was killed: what its `events` say.

    `at_ms` is when it was made, for one without any event. The end comes when the last of them did.
    """
    last = max((event.at_ms for event in events), default=at_ms)
    data = {"outcome": outcome_of(events).value, "found_open": True}
    return Event(suggestion_id, EventKind.EXPIRED, Evidence.INFERRED, last, data)
