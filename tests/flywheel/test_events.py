"""What the events say: their evidence, their figures, and the one outcome they add up to."""

from __future__ import annotations

import pytest

from chiron.flywheel.outcomes import Offer, OutcomeTracker, outcome_of
from chiron.records import Event, EventKind, Evidence, Outcome
from support.editing import BODY, OTHER, PLAY, URI, Person, Play

ACCEPTED, PARTLY, OVER = Outcome.ACCEPTED, Outcome.PARTLY_ACCEPTED, Outcome.TYPED_OVER
REJECTED, AWAY, SUPERSEDED = Outcome.REJECTED, Outcome.MOVED_AWAY, Outcome.SUPERSEDED
EXPIRED, UNSEEN = Outcome.EXPIRED, Outcome.NOT_SEEN


def test_what_was_written_instead_is_told_after_half_a_minute_and_once() -> None:
    person = Person.at(PLAY).offer(BODY).wait().type("\n      package: name=nginx")
    assert person.wait(20_000).rows() == "typed_through typed_over"
    person.wait(10_000).wait(60_000)
    assert person.rows() == "typed_through typed_over wrote_instead"
    assert person.of()[-1].data["text"] == "\n      package: name=nginx"


def test_what_was_written_instead_says_when_it_is_another_suggestion() -> None:
    person = Person.at(PLAY).offer(BODY).wait().escape().offer(OTHER).wait().tab().wait(31_000)
    written = next(one for one in person.of() if one.kind is EventKind.WROTE_INSTEAD)
    assert written.data["text"] == OTHER
    assert written.data["accepted"] == "s2"


@pytest.mark.parametrize(
    ("play", "kind", "evidence"),
    [
        (lambda p: p.tab(), EventKind.ACCEPTED, Evidence.INFERRED),
        (lambda p: p.tab().command(), EventKind.ACCEPTED, Evidence.CONFIRMED),
        (lambda p: p.command(), EventKind.ACCEPTED, Evidence.CONFIRMED),
        (lambda p: p.escape(), EventKind.REJECTED, Evidence.OBSERVED),
        (lambda p: p.leave(), EventKind.MOVED_AWAY, Evidence.OBSERVED),
        (lambda p: p.type("x"), EventKind.TYPED_OVER, Evidence.INFERRED),
    ],
)
def test_every_event_says_how_it_is_known(play: Play, kind: EventKind, evidence: Evidence) -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    play(person)
    assert (person.of()[-1].kind, person.of()[-1].evidence) == (kind, evidence)


def test_the_end_carries_its_outcome_and_figures() -> None:
    person = Person.at(PLAY).offer(BODY).wait().type("\n      ansible").put(".builtin").wait().leave()
    assert dict(person.of()[-1].data) == {
        "visible_ms": 3_400,
        "n_characters": len(BODY),
        "n_typed": 14,
        "n_part": 8,
        "n_inserted": 0,
        "n_offered": 1,
        "outcome": "partly_accepted",
    }


def test_two_documents_are_told_apart() -> None:
    one = Person.at(PLAY).offer(BODY).wait()
    other = Person.at(PLAY, uri="file:///other.yml", tracker=one.tracker, n=1).offer(BODY).wait(2_000)
    other.tab().close()
    one.now_ms = other.now_ms
    one.escape().close()
    assert (outcome_of(one.of("s1")), one.rows("s1")) == (REJECTED, "rejected")
    assert (outcome_of(other.of("s2")), other.rows("s2")) == (ACCEPTED, "accepted")


def test_a_command_for_a_suggestion_of_an_earlier_server_is_believed() -> None:
    tracker = OutcomeTracker()
    assert [one.kind for one in tracker.accepted("before", 5)] == [EventKind.ACCEPTED]
    assert tracker.accepted("before", 6) == []
    assert tracker.accepted("", 7) == []


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"kind": "exploded", "suggestion_id": "s1"},
        {"kind": "rejected"},
        {"kind": "rejected", "suggestion_id": "unknown"},
        {"kind": "moved_away", "uri": "file:///unknown.yml"},
        {"kind": "shown", "suggestion_id": "unknown"},
        {"kind": "accepted_part", "suggestion_id": "s1"},
        {"kind": "accepted_part", "suggestion_id": "s1", "accepted_length": 0},
        {"kind": "accepted_part", "suggestion_id": "unknown", "accepted_length": 5},
        {"kind": "accepted"},
    ],
)
def test_a_message_that_makes_no_sense_teaches_nothing(said: dict[str, object]) -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    assert person.tracker.told(said, person.now_ms) == []


def test_an_editors_reason_is_kept_with_the_event() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    said = {"kind": "moved_away", "suggestion_id": "s1", "reason": "editor", "evidence": "inferred"}
    said_event = person.tracker.told(said, person.now_ms)[0]
    assert (said_event.kind, said_event.evidence, said_event.data["reason"]) == (
        EventKind.MOVED_AWAY,
        Evidence.INFERRED,
        "editor",
    )


def test_deadlines_are_told_and_end() -> None:
    person = Person.at(PLAY).offer(BODY)
    assert person.tracker.next_deadline_ms == person.now_ms + 300_000
    person.wait().tab()
    due = person.now_ms
    for wait in (30_000, 120_000, 300_000):
        assert person.tracker.next_deadline_ms == due + wait
        person.now_ms = due + wait
        person.wait(0)
    assert person.tracker.next_deadline_ms is None


def test_memory_is_bounded() -> None:
    tracker = OutcomeTracker()
    events: list[Event] = []
    for k in range(400):
        text = f"- name: n{k}"
        events += tracker.offered(f"file:///{k}.yml", [Offer(f"d{k}", len(text), len(text), BODY)], text, k)
    ended = [one for one in events if one.kind is EventKind.EXPIRED]
    assert len(ended) == 400 - 128
    text = "- name: x\n" * 100
    for k in range(100):
        at = 10 * k + 9
        events += tracker.offered(URI, [Offer(f"p{k}", at, at, BODY)], text, 1_000 + k)
    ended = [one for one in events if one.data.get("reason") == "crowded"]
    assert len(ended) == 100 - 24


def test_a_text_offered_that_stands_there_already_ends_like_any_other() -> None:
    person = Person.at(PLAY).put(BODY).offer(BODY, start=PLAY.index("¦")).wait(300_000)
    assert outcome_of(person.of()) is EXPIRED


# --------------------------------------------------------------------------- events to outcome


def event(kind: EventKind, at_ms: int, evidence: Evidence = Evidence.INFERRED, **data: object) -> Event:
    return Event("s1", kind, evidence, at_ms, data)


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([], EXPIRED),
        ([event(EventKind.OFFERED, 0, rank=0)], EXPIRED),
        ([event(EventKind.OFFERED, 0, rank=2)], UNSEEN),
        ([event(EventKind.OFFERED, 0, rank=2), event(EventKind.EXPIRED, 9_000)], UNSEEN),
        (
            [event(EventKind.OFFERED, 0, rank=2), event(EventKind.SHOWN, 1), event(EventKind.EXPIRED, 9_000)],
            EXPIRED,
        ),
        ([event(EventKind.OFFERED, 0, rank=0), event(EventKind.TYPED_OVER, 499)], UNSEEN),
        ([event(EventKind.OFFERED, 0, rank=0), event(EventKind.TYPED_OVER, 500)], OVER),
        ([event(EventKind.TYPED_OVER, 900), event(EventKind.OFFERED, 0, rank=0)], OVER),
        ([event(EventKind.OFFERED, 0, rank=0), event(EventKind.EXPIRED, 9_000, visible_ms=10)], UNSEEN),
        ([event(EventKind.OFFERED, 0, rank=1), event(EventKind.ACCEPTED, 10)], ACCEPTED),
        ([event(EventKind.EXPIRED, 900), event(EventKind.ACCEPTED, 901, Evidence.CONFIRMED)], ACCEPTED),
        ([event(EventKind.ACCEPTED, 1), event(EventKind.UNDONE, 2)], ACCEPTED),
        ([event(EventKind.ACCEPTED_PART, 1)], PARTLY),
        ([event(EventKind.ACCEPTED_PART, 1), event(EventKind.REJECTED, 900)], PARTLY),
        ([event(EventKind.EXPIRED, 900), event(EventKind.REJECTED, 901, Evidence.OBSERVED)], REJECTED),
        ([event(EventKind.SUPERSEDED, 900), event(EventKind.EXPIRED, 901)], SUPERSEDED),
    ],
)
def test_events_make_one_outcome(events: list[Event], outcome: Outcome) -> None:
    assert outcome_of(events) is outcome
