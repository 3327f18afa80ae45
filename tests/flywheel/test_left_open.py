"""The end of suggestions whose server was killed."""

from __future__ import annotations

import pytest

from chiron.flywheel.outcomes.ends import to_end
from chiron.records import Event, EventKind, Evidence, Outcome


def event(kind: EventKind, at_ms: int, **data: object) -> Event:
    return Event("s1", kind, Evidence.OBSERVED, at_ms, data)


@pytest.mark.parametrize(
    ("events", "outcome", "at_ms"),
    [
        ([], Outcome.EXPIRED, 10),
        ([event(EventKind.OFFERED, 20)], Outcome.EXPIRED, 20),
        ([event(EventKind.OFFERED, 20, rank=1)], Outcome.NOT_SEEN, 20),
        (
            [event(EventKind.OFFERED, 20), event(EventKind.ACCEPTED_PART, 5000)],
            Outcome.PARTLY_ACCEPTED,
            5000,
        ),
    ],
)
def test_what_was_left_open_ends_as_its_events_say_when_the_last_of_them_came(
    events: list[Event], outcome: Outcome, at_ms: int
) -> None:
    end = to_end("s1", 10, events)
    assert (end.kind, end.evidence, end.at_ms) == (EventKind.EXPIRED, Evidence.INFERRED, at_ms)
    assert end.data["outcome"] == outcome
