"""When something is worth showing, and how that is learned."""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable
from dataclasses import replace

import pytest

from chiron.errors import ChironError
from chiron.flywheel.learned.gate import (
    AFTER,
    BEFORE,
    Gate,
    Linear,
    from_json,
    least_chance,
    missing,
    recent_share,
    to_json,
)
from chiron.flywheel.learned.replayed import Policy, estimate, judged
from chiron.flywheel.learned.reward import reward_of
from chiron.flywheel.learned.training import Seen, passes, seen_in, train
from chiron.records import Outcome, Trigger
from chiron.store.feedback_lessons import Lesson
from support.outcomes import SITE, lesson


def made_gate(**more: float) -> Gate:
    return Gate(
        Linear(0.5, dict.fromkeys(BEFORE, 0.1)),
        Linear(-0.5, dict.fromkeys(AFTER, 0.2)),
        300,
        120,
        1,
        **more,
    )


def by(shows: Callable[[Seen], bool], foretells: Callable[[Seen], float] = lambda _one: 0.5) -> Policy:
    return Policy(shows, foretells)


def outcomes(n: int, seed: int = 0) -> list[Lesson]:
    """Outcomes of a person who keeps what is sure, in files of eight tasks."""
    draw = random.Random(seed)
    made = []
    for number in range(n):
        confidence = draw.random()
        kept = draw.random() < confidence**2
        made.append(
            lesson(
                number,
                Outcome.ACCEPTED if kept else Outcome.TYPED_OVER,
                confidence=confidence,
                uri=f"file://{SITE}/roles/r{number // 8}/tasks/main.yml",
            )
        )
    return made


def test_the_reward_is_what_was_kept_not_what_was_clicked() -> None:
    assert reward_of(lesson().row) == 1.0
    assert reward_of(lesson(kept=0.1, strong=False).row) == 0.0
    assert reward_of(lesson(undone=True).row) == 0.0
    assert reward_of(lesson(outcome=Outcome.EXPIRED).row) == 0.0


def test_what_was_not_seen_counts_neither_way() -> None:
    assert reward_of(lesson(outcome=Outcome.NOT_SEEN).row) is None
    assert reward_of(lesson(outcome=None).row) is None
    assert reward_of(lesson(outcome=Outcome.PARTLY_ACCEPTED).row) is None
    assert seen_in([lesson(outcome=Outcome.NOT_SEEN)]) == []


def test_a_verdict_is_the_reward() -> None:
    assert reward_of(lesson(label="unsafe").row) == 0.0
    assert reward_of(lesson(outcome=Outcome.REJECTED, label="good").row) == 1.0


def test_it_says_how_much_is_missing() -> None:
    assert missing(0, 0) == "200 outcomes, 30 of them kept, 30 of them not kept"
    assert missing(300, 299) == "29 of them not kept"
    assert missing(300, 100) == ""
    with pytest.raises(ChironError, match=r"192 outcomes, .* are missing"):
        train(seen_in(outcomes(8)), 0)


def test_it_learns_what_is_kept() -> None:
    gate = train(seen_in(outcomes(400)), 5)
    assert gate.auc_after > 0.7
    assert gate.auc_before < 0.6
    assert gate.loss_after < gate.loss_share
    assert gate.after.weights["confidence"] > 0.3
    assert (gate.n, gate.trained_ms) == (400, 5)


def test_only_what_came_unasked_and_first_teaches_it() -> None:
    kept = seen_in(
        [lesson(), lesson(2, trigger=Trigger.INVOKED), lesson(3, rank=1), lesson(4, unlearned=True)]
    )
    assert len(kept) == 1


def test_what_it_would_hold_back_but_was_drawn_to_be_shown_stands_for_all_like_it() -> None:
    closed = replace(made_gate(), after=Linear(-50.0, dict.fromkeys(AFTER, 0.0)))
    rows = [lesson(2, arm="control", propensity=0.1), lesson(3, arm="learned", propensity=0.9)]
    held = [lesson(1).row]
    found = [(one.weight, one.plain, one.chance) for one in seen_in(rows, closed, held=held) if one.shown]
    assert found == [(10.0, True, 0.1), (1.0, False, 1.0)]


def test_until_something_was_held_back_everything_was_shown_and_counts() -> None:
    rows = [lesson(2, arm="learned", propensity=0.9), lesson(3, arm="control", propensity=0.1)]
    assert [(one.plain, one.chance) for one in seen_in(rows)] == [(True, 1.0), (True, 1.0)]
    later = seen_in(rows, held=[lesson(9).row])
    assert [(one.plain, one.shown) for one in later] == [(True, True), (True, True), (False, False)]


def test_what_was_held_back_is_no_outcome_to_train_on() -> None:
    seen = seen_in(outcomes(400), held=[lesson(number).row for number in range(100, 300)])
    assert len(seen) == 600
    assert train(seen, 5).n == 400


def test_the_chance_of_a_draw_leaves_the_share_of_its_arm_aside() -> None:
    rows = [
        lesson(2, arm="small/learned", propensity=0.4),
        lesson(3, arm="small/control", propensity=0.1),
        lesson(4, arm="control", propensity=0.3),
    ]
    found = seen_in(rows, held=[lesson(1).row])
    assert [round(one.chance, 3) for one in found if one.plain] == [0.2, 0.3]


def test_a_file_gives_back_the_same_gate_and_a_broken_one_none() -> None:
    gate = made_gate(gain=0.1, gain_low=0.05, gain_sure=0.99)
    assert from_json(to_json(gate)) == gate
    value = json.loads(to_json(gate))
    for broken in (
        "",
        "[]",
        "{}",
        json.dumps(value | {"format": 99}),
        json.dumps(value | {"after": {"bias": 0, "weights": {}}}),
        json.dumps(value | {"before": {"bias": "x", "weights": value["before"]["weights"]}}),
        json.dumps(value | {"surprise": 1}),
        to_json(gate).replace("0.5", "NaN"),
    ):
        assert from_json(broken) is None


def test_showing_pays_from_the_chance_at_which_it_outweighs_an_interruption() -> None:
    least = least_chance(0.25)
    assert least * 1 - (1 - least) * 0.25 == pytest.approx(0)
    assert least_chance(0) == 0


def test_how_things_went_lately_counts_the_last_most() -> None:
    assert recent_share([]) == 0.5
    assert recent_share([0.0] * 10 + [1.0] * 10) > 0.6
    assert recent_share([1.0] * 10 + [0.0] * 10) < 0.4


def test_a_gate_is_judged_on_outcomes_it_was_not_trained_on() -> None:
    seen = seen_in(outcomes(500))
    found = estimate(seen, train(seen, seen[-1].at_ms), 0.5)
    assert found.how.startswith("cross-fitted")
    assert found.verdict == "better"
    assert found.sure > 0.97
    assert not made_gate(gain=0.1, gain_low=-0.05, gain_sure=0.94).helps
    assert made_gate(gain=0.1, gain_low=-0.01, gain_sure=0.96).helps
    later = estimate(seen, train(seen[:280], seen[280].at_ms), 0.5)
    assert (later.how, later.n) == ("later outcomes", 219)


def test_a_gate_is_not_judged_on_what_it_was_trained_on_though_that_is_little() -> None:
    """Of 210 outcomes four fifths are fewer than a gate needs; in their place it must not judge itself."""
    draw = random.Random(3)
    noise = [replace(one, reward=float(draw.random() < 0.4)) for one in seen_in(outcomes(210))]
    gate = train(noise, noise[-1].at_ms)
    flattered = judged(noise, by(lambda one: passes(gate, one.signs, 0.6)), 0.6, "on its own")
    assert estimate(noise, gate, 0.6).difference < flattered.difference


def test_a_gate_that_holds_back_what_is_kept_is_told_to_be_worse() -> None:
    seen = seen_in(outcomes(500))
    found = judged(seen, by(lambda one: one.signs["confidence"] < 0), 0.1, "the wrong way round")
    assert found.verdict == "worse"
    assert found.sure == 0
    assert found.n_held_kept > 50


# --------------------------------------------------------------------------- off-policy

COST = 0.2


def sure(one: Seen) -> float:
    return one.signs["confidence"]


def month(n: int, seed: int, share: float = 0.2) -> list[Seen]:
    """Requests of which a gate held back the less sure half, but for a share that was drawn to be shown.

    They are kept with the chance that they are sure, squared.
    """
    draw = random.Random(seed)
    made = []
    for number in range(n):
        confidence = draw.random()
        one = Seen({"confidence": confidence}, float(draw.random() < confidence**2), str(number % 80), number)
        if draw.random() < share:
            made.append(replace(one, chance=share))
        elif confidence > 0.5:
            made.append(replace(one, plain=False))
        else:
            made.append(replace(one, reward=0.0, plain=False, shown=False))
    return made


def truth(least: float) -> float:
    """What holding back all that is less sure than `least` is worth: the integral of what it spares."""
    return -(least**3 / 3 - COST * (least - least**3 / 3))


SHOWS = by(lambda one: sure(one) > 0.3)


def test_where_every_outcome_is_known_foretelling_changes_nothing() -> None:
    known = [replace(one, plain=True, chance=1.0, shown=True) for one in month(500, 1)]
    for foretells in (lambda _one: 0.9, lambda one: sure(one) ** 2):
        found = judged(known, by(SHOWS.shows, foretells), COST, "")
        assert found.difference == pytest.approx(found.by_outcomes)
        assert found.n == found.n_requests == 500


def test_it_finds_what_a_policy_is_worth_from_the_share_that_was_shown_everything() -> None:
    logged = month(20_000, 2)
    for foretells in (lambda _one: 0.9, lambda one: sure(one) ** 2):
        found = judged(logged, by(SHOWS.shows, foretells), COST, "")
        assert found.difference == pytest.approx(truth(0.3), abs=0.01)
        assert found.by_outcomes == pytest.approx(truth(0.3), abs=0.01)


def test_foretelling_narrows_it_without_moving_it() -> None:
    """Over many months: both are right on the mean; what foretells, though not quite rightly, varies less."""
    roughly = by(SHOWS.shows, lambda one: 0.05 + 0.8 * sure(one) ** 2)
    found = [judged(month(1_500, seed), roughly, COST, "") for seed in range(60)]
    robust, plain = [one.difference for one in found], [one.by_outcomes for one in found]
    assert statistics.fmean(robust) == pytest.approx(truth(0.3), abs=0.008)
    assert statistics.fmean(plain) == pytest.approx(truth(0.3), abs=0.008)
    assert statistics.variance(robust) < 0.8 * statistics.variance(plain)
    assert sum(one.low < truth(0.3) < one.high for one in found) >= 54


def test_it_is_right_where_the_model_is_though_the_chances_are_not() -> None:
    logged = [replace(one, chance=0.2 + 0.8 * sure(one)) if one.plain else one for one in month(20_000, 3)]
    found = judged(logged, by(SHOWS.shows, lambda one: sure(one) ** 2), COST, "")
    assert found.difference == pytest.approx(truth(0.3), abs=0.01)
    assert abs(found.by_outcomes - truth(0.3)) > 0.01
