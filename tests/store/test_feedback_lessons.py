"""What the log gives to learn from."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chiron.records import Event, EventKind, Evidence, Origin, Outcome, ScopeKind
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_lessons import Lesson, held_back, lessons, mark, played
from chiron.store.feedback_merge import add
from support.outcomes import NOON_MS, record, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.sqlite"


def read(
    path: Path, limit: int = 100, origin: Origin | None = Origin.EDITOR, *, lean: bool = False
) -> list[Lesson]:
    return FeedbackLog(path).ask(partial(lessons, since_ms=0, limit=limit, origin=origin, lean=lean))


def told(path: Path, kind: EventKind, at_ms: int = NOON_MS + 9_000_000, **data: object) -> None:
    with FeedbackLog(path) as log:
        log.event(Event("s0001", kind, Evidence.CONFIRMED, at_ms, data))
        log.flush()


def test_it_tells_what_ended_and_was_seen_oldest_first(path: Path) -> None:
    write(
        path,
        [
            (record(1), Outcome.ACCEPTED),
            (record(2), Outcome.REJECTED),
            (record(3), Outcome.NOT_SEEN),
            (record(4), None),
            (record(5, withheld="invalid"), None),
            (record(6, scope=ScopeKind.ACTION), Outcome.ACCEPTED),
        ],
    )
    found = read(path)
    assert [one.row.record.id for one in found] == ["s0001", "s0002"]
    assert found[0].row.derived.strong
    assert [one.row.record.id for one in read(path, limit=1)] == ["s0002"]


def test_who_keeps_many_can_have_them_without_their_surroundings(path: Path) -> None:
    write(path, [(record(1, context="- name: a", context_at=9, stage_ms={"recall": 1.0}), Outcome.ACCEPTED)])
    (whole,), (lean,) = read(path), read(path, lean=True)
    assert (whole.row.record.context, lean.row.record.context) == ("- name: a", "")
    assert (whole.row.record.stage_ms, lean.row.record.stage_ms) == ({"recall": 1.0}, {})
    assert lean.row.record.text == whole.row.record.text


def test_only_an_editors_suggestions_teach(path: Path) -> None:
    write(path, [(record(n, origin=origin), Outcome.ACCEPTED) for n, origin in enumerate(Origin)])
    assert [one.row.record.origin for one in read(path)] == [Origin.EDITOR]
    assert len(read(path, origin=None)) == len(Origin)


def test_it_tells_the_last_correction_and_what_was_written_instead(path: Path) -> None:
    write(path, [(record(1), Outcome.TYPED_OVER)])
    told(path, EventKind.WROTE_INSTEAD, text="\n  apt:")
    told(path, EventKind.LABELLED, label="wrong_module", correction="- name: x", correction_valid=False)
    (one,) = read(path)
    assert (one.instead, one.correction, one.corrected_valid) == ("\n  apt:", "- name: x", False)
    told(path, EventKind.LABELLED, NOON_MS + 9_000_001, label=None)
    assert read(path)[0].correction == ""


def test_it_tells_what_was_taken_out_and_put_back(path: Path) -> None:
    write(path, [(record(1), Outcome.ACCEPTED)])
    told(path, EventKind.UNLEARNED, unlearned=True)
    assert read(path)[0].unlearned
    told(path, EventKind.UNLEARNED, NOON_MS + 9_000_001, unlearned=False)
    assert not read(path)[0].unlearned


def test_its_mark_changes_with_every_row_and_every_erasure(path: Path) -> None:
    log = FeedbackLog(path)
    marks = [log.ask(mark)]
    for number in (1, 2):
        write(path, [(record(number), Outcome.ACCEPTED)])
        marks.append(log.ask(mark))
    told(path, EventKind.UNLEARNED, unlearned=True)
    marks.append(log.ask(mark))
    FeedbackLog(path).delete(Selection(suggestion_id="s0001"))
    marks.append(log.ask(mark))
    assert len(set(marks)) == len(marks)
    assert log.ask(mark) == marks[-1]


def test_a_request_is_played_once_by_what_was_shown_first(path: Path) -> None:
    write(
        path,
        [
            (record(1, arm="learned", propensity=0.9), Outcome.ACCEPTED),
            (record(2, request_id="r0001", rank=1), Outcome.NOT_SEEN),
            (record(3, request_id="r0001", withheld="invalid"), None),
            (record(4, withheld="unlikely-kept", arm="learned", propensity=0.9), None),
            (record(5, withheld="invalid"), None),
            (record(6, arm="control", propensity=0.1), Outcome.EXPIRED),
        ],
    )
    found = FeedbackLog(path).ask(partial(played, since_ms=0, limit=100))
    assert [(one.arm, one.propensity, one.outcome, one.strong, one.held) for one in found] == [
        ("learned", 0.9, Outcome.ACCEPTED, True, None),
        ("learned", 0.9, None, False, "unlikely-kept"),
        ("control", 0.1, Outcome.EXPIRED, False, None),
    ]


def test_a_place_for_which_nothing_was_shown_is_played_once(path: Path) -> None:
    other: dict[str, Any] = {"name": "Start nginx", "arm": "control", "propensity": 0.1}
    write(
        path,
        [
            (record(1, arm="learned"), Outcome.ACCEPTED),
            (record(2, arm="learned", withheld="unsure"), None),
            (record(3, withheld="unsure", **other), None),
            (record(4, withheld="invalid", **other), None),
            (record(5, name="Stop nginx", withheld="unlikely-kept"), None),
            (record(6, name="Look at it", withheld="unsure"), None),
            (record(7, name="Look at it"), None),
        ],
    )
    found = FeedbackLog(path).ask(partial(played, since_ms=0, limit=100))
    assert [(one.arm, one.propensity, one.shown, one.held) for one in found] == [
        ("learned", 1.0, True, None),
        ("control", 0.1, False, None),
        ("default", 1.0, True, "unlikely-kept"),
    ]


def test_what_a_gate_held_back_is_told_once_a_request(path: Path) -> None:
    write(
        path,
        [
            (record(1, withheld="unlikely-kept", confidence=0.4), None),
            (record(2, withheld="unlikely-wanted"), None),
            (record(3, request_id="r0002", withheld="unlikely-wanted"), None),
            (record(4, withheld="invalid"), None),
            (record(5, withheld="unlikely-kept", origin=Origin.REPLAY), None),
            (record(6), Outcome.ACCEPTED),
        ],
    )
    found = FeedbackLog(path).ask(partial(held_back, since_ms=0, limit=9))
    assert [(one.record.id, one.record.confidence) for one in found] == [("s0001", 0.4), ("s0002", 0.5)]


def test_what_came_in_with_the_log_of_somebody_else_teaches_nothing(path: Path, tmp_path: Path) -> None:
    write(path, [(record(1), Outcome.ACCEPTED)])
    other = tmp_path / "other.sqlite"
    write(other, [(record(2), Outcome.ACCEPTED), (record(3), Outcome.REJECTED)])
    histories = [found for one in ("s0002", "s0003") if (found := FeedbackLog(other).show(one)) is not None]
    names = {"s0002": "Ada", "s0003": "Ada"}
    FeedbackLog(path).ask(partial(add, histories=histories, names=names, sha256="x", at_ms=NOON_MS))
    log = FeedbackLog(path)
    assert len(log.suggestions()) == 3
    assert [one.row.record.id for one in read(path)] == ["s0001"]
    assert len(log.ask(partial(played, since_ms=0, limit=9))) == 1
    everybodys = log.ask(partial(lessons, since_ms=0, limit=9, of_others=True))
    assert [one.row.record.id for one in everybodys] == ["s0001", "s0002", "s0003"]
