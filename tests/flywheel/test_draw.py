"""What is drawn for a request."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from chiron.flywheel.learned.draw import CONTROL, LEARNED, NOTHING, Learned, choose, draw, named
from chiron.flywheel.learned.pool import Pool
from chiron.records import (
    Expects,
    FileKind,
    Origin,
    Place,
    Position,
    Range,
    Request,
    Scope,
    ScopeKind,
    Trigger,
)

SOMETHING = Learned(pool=Pool(version="1"), control_share=0.2)


def request(number: int, uri: str = "file:///srv/site.yml") -> Request:
    at = Position(number, 10)
    scope = Scope(
        ScopeKind.TASK_BODY, Expects.TASK, FileKind.TASKS, Range(at, at), "\n", 2, 0, "- name: x", "",
        task_name=f"Install {number}",
    )  # fmt: skip
    return Request(Place(uri, None, 1), "", scope, Origin.EDITOR, Trigger.AUTOMATIC)


def test_where_nothing_was_learned_nothing_is_drawn() -> None:
    for learned in (NOTHING, replace(NOTHING, control_share=0.5), replace(SOMETHING, off="it did harm")):
        drawn = draw(request(1), learned)
        assert (drawn.name, drawn.propensity, drawn.learned) == ("", 1.0, NOTHING)


def test_a_share_is_answered_without_what_was_learned() -> None:
    drawn = [draw(request(number), SOMETHING) for number in range(2_000)]
    names = Counter(one.name for one in drawn)
    assert 320 < names[CONTROL] < 480
    assert {(one.name, one.propensity) for one in drawn} == {(CONTROL, 0.2), (LEARNED, 0.8)}
    assert all(one.learned is (SOMETHING if one.name == LEARNED else NOTHING) for one in drawn)


def test_the_same_place_draws_the_same_again() -> None:
    moved = request(5)
    moved = replace(moved, scope=replace(moved.scope, task_line=99), text="- name: more")
    assert draw(request(5), SOMETHING) == draw(moved, SOMETHING)
    names = {draw(request(5, f"file:///{n}.yml"), SOMETHING).name for n in range(50)}
    assert names == {LEARNED, CONTROL}


def test_arms_are_drawn_by_their_shares_and_apart_from_what_was_learned() -> None:
    shares = {"small": 3.0, "large": 1.0}
    chosen = [choose(shares, request(number)) for number in range(2_000)]
    assert set(chosen) == {("small", 0.75), ("large", 0.25)}
    assert 400 < sum(name == "large" for name, _ in chosen) < 600
    both = Counter((choose(shares, request(n))[0], draw(request(n), SOMETHING).name) for n in range(4_000))
    assert 140 < both["large", CONTROL] < 260


def test_the_log_tells_both_by_name() -> None:
    assert named("default", "") == "default"
    assert named("default", LEARNED) == "learned"
    assert named("small", CONTROL) == "small/control"
    assert named("small", "") == "small"
