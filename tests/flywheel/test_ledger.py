"""What outcomes make of chances."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiron.flywheel.learned.ledger import MOST, Booked, Key, book, chance, logit

ALL: Key = ("all",)
COPY: Key = ("module", "copy")
SHELL: Key = ("module", "shell")


def check_shift(outcomes: list[Booked], keys: list[Key], low: float, high: float) -> None:
    assert low <= book(outcomes).shift(keys) <= high


def times(n: int, key: Key, kept: bool, expected: float = 0.5) -> list[Booked]:
    return [Booked((ALL, key), expected, kept)] * n


def test_nothing_known_moves_nothing() -> None:
    check_shift([], [ALL, COPY], 0, 0)
    check_shift(times(5, SHELL, True) + times(5, SHELL, False), [COPY], 0, 0)


def test_what_goes_as_expected_moves_nothing() -> None:
    check_shift(times(10, COPY, True) + times(10, COPY, False), [ALL, COPY], -0.01, 0.01)


def test_what_is_kept_more_often_than_expected_moves_up_and_less_often_down() -> None:
    outcomes = times(20, COPY, True) + times(20, SHELL, False)
    check_shift(outcomes, [ALL, COPY], 0.5, 2 * MOST)
    check_shift(outcomes, [ALL, SHELL], -2 * MOST, -0.5)


def test_one_outcome_moves_little() -> None:
    check_shift(times(1, SHELL, False), [ALL, SHELL], -0.6, -0.1)


def test_what_the_general_key_explains_is_not_told_again_by_the_particular_one() -> None:
    often = times(240, COPY, False) + times(60, COPY, True)
    ledger = book(often + times(240, SHELL, False) + times(60, SHELL, True))
    assert ledger.entries[ALL].shift < -1
    assert abs(ledger.entries[COPY].shift) < abs(ledger.entries[ALL].shift) / 2


def test_what_faded_counts_less() -> None:
    fresh = book([Booked((COPY,), 0.5, False)] * 5).shift([COPY])
    faded = book([Booked((COPY,), 0.5, False, weight=0.2)] * 5).shift([COPY])
    assert fresh < faded < 0


@given(
    st.lists(
        st.builds(
            Booked,
            st.lists(st.sampled_from([ALL, COPY, SHELL, ("text", "x")]), max_size=4),
            st.floats(0, 1),
            st.booleans(),
            st.floats(0, 1),
        ),
        max_size=60,
    )
)
def test_no_outcomes_whatever_move_a_chance_without_bounds(outcomes: list[Booked]) -> None:
    ledger = book(outcomes)
    assert all(-MOST <= entry.shift <= MOST for entry in ledger.entries.values())
    assert -2 * MOST <= ledger.shift([ALL, COPY, SHELL, ("text", "x")]) <= 2 * MOST


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_a_chance_comes_back_from_its_log_odds(share: float) -> None:
    assert chance(logit(share)) == pytest.approx(share)
