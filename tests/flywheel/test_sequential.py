"""Differences that may be looked at any day."""

from __future__ import annotations

import math
import random

import pytest

from chiron.flywheel.learned.guard import compared, harm
from chiron.flywheel.learned.sequential import contest, running
from chiron.records import Outcome
from chiron.store.feedback_lessons import Played

COST = 0.1


def play(n: int, chances: dict[str, float], shares: dict[str, float], seed: int = 0) -> list[Played]:
    """Requests drawn to arms, of which each is kept with its arm's chance."""
    draw = random.Random(seed)
    total = sum(shares.values())
    rows = []
    for number in range(n):
        arm = draw.choices(list(shares), list(shares.values()))[0]
        kept = draw.random() < chances[arm]
        outcome = Outcome.ACCEPTED if kept else Outcome.TYPED_OVER
        rows.append(Played(number, arm, shares[arm] / total, outcome, kept, None))
    return rows


def check_contest(chances: tuple[float, float], verdict: str, n: int = 3_000, share: float = 0.5) -> None:
    arms = {"a": chances[0], "b": chances[1]}
    found = contest(play(n, arms, {"a": share, "b": 1 - share}), "a", "b", COST)
    truth = (chances[1] - chances[0]) * (1 + COST)
    assert found.difference.low < truth < found.difference.high
    assert found.verdict == verdict


def test_a_difference_is_found() -> None:
    check_contest((0.3, 0.5), "better")
    check_contest((0.5, 0.3), "worse")
    check_contest((0.5, 0.3), "worse", n=6_000, share=0.1)


def test_where_there_is_none_none_is_told() -> None:
    check_contest((0.4, 0.4), "no difference seen")


def test_little_is_not_enough_whatever_it_says() -> None:
    assert (
        contest(play(30, {"a": 0.0, "b": 1.0}, {"a": 1, "b": 1}), "a", "b", COST).verdict == "not enough data"
    )
    assert running([]).low == -math.inf


def test_looking_every_day_does_not_find_what_is_not_there() -> None:
    """Five in a hundred may be wrong, over all looks together; a fixed interval would be in every third."""
    wrong = 0
    for seed in range(100):
        rows = play(600, {"a": 0.4, "b": 0.4}, {"a": 1, "b": 1}, seed)
        looks = (contest(rows[:n], "a", "b", COST).verdict for n in range(60, 601, 30))
        wrong += any(verdict in ("better", "worse") for verdict in looks)
    assert wrong <= 5


def test_the_interval_narrows_as_outcomes_come() -> None:
    draw = random.Random(0)
    values = [draw.random() for _ in range(4_000)]
    widths = [running(values[:n]).high - running(values[:n]).low for n in (50, 200, 1_000, 4_000)]
    assert widths == sorted(widths, reverse=True)
    assert running(values).mean == pytest.approx(0.5, abs=0.02)


def test_what_nobody_saw_counts_neither_way_and_what_was_held_back_as_nothing() -> None:
    unseen = [Played(1, "a", 0.5, Outcome.NOT_SEEN, False, None), Played(2, "b", 0.5, None, False, None)]
    held = [Played(3, "b", 0.5, None, False, "unlikely-kept")]
    found = contest(unseen + held, "a", "b", COST)
    assert (found.first.n, found.second.n, found.second.n_held, found.second.worth) == (0, 1, 1, 0.0)


def seen_only(rows: list[Played], shares: dict[str, float], seed: int = 1) -> list[Played]:
    """The requests of which an arm showed something for a share alone."""
    draw = random.Random(seed)
    return [
        one
        if draw.random() < shares[one.arm]
        else Played(one.at_ms, one.arm, one.propensity, None, False, None, shown=False)
        for one in rows
    ]


def test_showing_more_is_not_held_against_an_arm_though_it_is_less_sure() -> None:
    """Of what it shows less is kept; of all that is asked for more. By shares of what was seen it lost."""
    shares = {"control": 0.1, "learned": 0.9}
    more = seen_only(play(3_000, {"control": 0.6, "learned": 0.45}, shares), {"control": 0.4, "learned": 0.9})
    found = compared(more, COST)
    assert found.verdict == "better"
    kept = [side.n_kept / side.n_shown for side in (found.first, found.second)]
    assert kept[0] > kept[1] + 0.05
    assert harm(more, COST) == ""


def test_what_only_learning_shows_is_noticed_where_it_is_refused() -> None:
    rows = play(600, {"control": 0.0, "learned": 0.0}, {"control": 0.2, "learned": 0.8})
    found = compared(seen_only(rows, {"control": 0.0, "learned": 1.0}), 0.5)
    assert (found.first.worth, found.second.worth, found.verdict) == (0.0, -0.5, "worse")


def test_learning_that_makes_things_worse_is_noticed() -> None:
    rows = play(1_500, {"control": 0.5, "learned": 0.2}, {"control": 0.1, "learned": 0.9})
    assert harm(rows, COST).startswith("suggestions were worth 0.1")
    assert compared(rows, COST).verdict == "worse"


def test_learning_that_does_well_or_makes_no_difference_goes_on() -> None:
    for learned in (0.5, 0.6):
        rows = play(1_500, {"control": 0.5, "learned": learned}, {"control": 0.1, "learned": 0.9})
        assert harm(rows, COST) == ""


def test_a_gate_that_holds_everything_back_is_noticed() -> None:
    """Nothing shown is nothing refused: what is kept of what is shown could not tell."""
    rows = play(1_500, {"control": 0.5, "learned": 0.5}, {"control": 0.1, "learned": 0.9})
    rows = [
        Played(one.at_ms, one.arm, one.propensity, None, False, "unlikely-wanted")
        if one.arm == "learned"
        else one
        for one in rows
    ]
    assert harm(rows, COST)
