"""When something is worth showing, and how that is learned."""

from __future__ import annotations

import json
import random
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
from chiron.flywheel.learned.replayed import estimate, judged
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
    drawn = [lesson(1, arm="control", propensity=0.1), lesson(2, arm="learned", propensity=0.9)]
    weights = [(one.weight, one.plain) for one in seen_in(drawn, closed)]
    assert weights == [(10.0, True), (1.0, False)]


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
    later = estimate(seen, train(seen[:300], seen[300].at_ms), 0.5)
    assert (later.how, later.n) == ("later outcomes", 199)


def test_a_gate_is_not_judged_on_what_it_was_trained_on_though_that_is_little() -> None:
    """Of 210 outcomes four fifths are fewer than a gate needs; in their place it must not judge itself."""
    draw = random.Random(3)
    noise = [replace(one, reward=float(draw.random() < 0.4)) for one in seen_in(outcomes(210))]
    gate = train(noise, noise[-1].at_ms)
    flattered = judged(noise, lambda one: passes(gate, one.signs, 0.6), 0.6, "on its own")
    assert estimate(noise, gate, 0.6).difference < flattered.difference


def test_a_gate_that_holds_back_what_is_kept_is_told_to_be_worse() -> None:
    seen = seen_in(outcomes(500))
    found = judged(seen, lambda one: one.signs["confidence"] < 0, 0.1, "the wrong way round")
    assert found.verdict == "worse"
    assert found.sure == 0
    assert found.n_held_kept > 50


def test_the_estimate_is_what_the_policy_is_worth_on_all_requests() -> None:
    """Half of what is unlikely was seen, one in five of it drawn: weighed, it comes to the same."""
    draw = random.Random(1)
    everything = [
        Seen({"confidence": sure}, float(draw.random() < sure), str(number), number)
        for number, sure in enumerate(draw.random() for _ in range(6_000))
    ]
    logged = [
        replace(one, weight=1.0 if one.signs["confidence"] > 0.5 else 5.0)
        for one in everything
        if one.signs["confidence"] > 0.5 or draw.random() < 0.2
    ]
    truth = judged(everything, lambda one: one.signs["confidence"] > 0.3, 0.2, "")
    found = judged(logged, lambda one: one.signs["confidence"] > 0.3, 0.2, "")
    assert found.low < truth.difference < found.high
    assert found.worth_gated == pytest.approx(truth.worth_gated, abs=0.03)
