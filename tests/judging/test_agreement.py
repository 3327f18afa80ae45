"""How far two judges agree beyond chance, against the package that is kept for it."""

from __future__ import annotations

import random

import krippendorff
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiron.flywheel.learned.agreement import LEAST_SHARED, agreement, alpha

LABELS = ("good", "wrong_module", "wrong_value", "invented")


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=2, max_size=60))
def test_alpha_is_what_the_krippendorff_package_says(pairs: list[tuple[str, str]]) -> None:
    found = alpha(pairs)
    if len({value for pair in pairs for value in pair}) == 1:
        assert found is None
        return
    rows = [[pair[side] for pair in pairs] for side in (0, 1)]
    theirs = krippendorff.alpha(reliability_data=rows, level_of_measurement="nominal", value_domain=LABELS)
    assert found == pytest.approx(float(theirs), abs=1e-9)


def test_krippendorffs_own_example() -> None:
    """Two observers, ten articles, fourteen times 0 and six times 1, four differences: 0.095 (2011, A)."""
    pairs = [("0", "1")] * 4 + [("1", "1")] + [("0", "0")] * 5
    assert alpha(pairs) == pytest.approx(0.095, abs=5e-4)


def drawn(n: int, error: float, seed: int = 1) -> list[tuple[str, str]]:
    """Two judges of whom the second errs in that share of cases."""
    lot = random.Random(seed)
    truths = [lot.choice(LABELS) for _ in range(n)]
    return [(one, lot.choice(LABELS) if lot.random() < error else one) for one in truths]


def test_the_interval_holds_alpha_and_narrows_with_more_verdicts() -> None:
    few, many = agreement(drawn(40, 0.3)), agreement(drawn(600, 0.3))
    for one in (few, many):
        assert one.alpha is not None
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.alpha < one.high
    assert few.high is not None
    assert few.low is not None
    assert many.high is not None
    assert many.low is not None
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize(
    ("pairs", "counts"),
    [
        (drawn(200, 0.05), True),
        (drawn(200, 0.5), False),
        (drawn(LEAST_SHARED - 1, 0.0), False),
        ([("good", "good")] * 200, False),
        ([], False),
    ],
)
def test_a_judge_counts_only_where_it_surely_agrees(pairs: list[tuple[str, str]], counts: bool) -> None:
    assert agreement(pairs).counts is counts
