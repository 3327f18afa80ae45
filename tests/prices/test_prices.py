"""The price table, and where prices are going."""

from __future__ import annotations

import math
from datetime import date

import pytest

from chiron.prices.table import Price, price_table
from chiron.prices.trend import Trend, crossing, fit

TODAY = date(2026, 11, 1)


def check_price(name: str, day: date, prompt: float | None) -> None:
    found = price_table().at(name, day)
    assert (found.prompt if found else None) == prompt


def test_a_price_holds_from_its_day_on() -> None:
    table = price_table([Price("m", date(2025, 1, 1), 2, 2), Price("m", date(2026, 1, 1), 1, 1)])
    days = (date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1))
    assert [one.prompt if (one := table.at("m", day)) else None for day in days] == [None, 2, 2, 1]


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("gpt-4o-mini", 0.15),
        ("openai/gpt-4o-mini", 0.15),
        ("GPT-4o-mini-2024-07-18", 0.15),
        ("gpt-4o-2024-05-13", 5.0),
        ("gpt-4o-2024-11-20", 2.5),
        ("claude-sonnet-4-5-20250929", 3.0),
        ("claude-3-5-sonnet-latest", 3.0),
        ("gpt-4o-mini-audio", None),
        ("gpt-4o-mini-", None),
        ("gemma-3-270m", None),
        ("", None),
    ],
)
def test_a_model_is_known_by_its_makers_name_and_version_too(name: str, prompt: float | None) -> None:
    check_price(name, TODAY, prompt)


def test_your_own_price_takes_the_place_of_all_of_that_model() -> None:
    table = price_table([Price("gpt-4o-mini", date(2026, 6, 1), 9, 9)])
    assert table.at("gpt-4o-mini", date(2026, 5, 31)) is None
    found = table.at("gpt-4o-mini", TODAY)
    assert found is not None
    assert found.prompt == 9


def test_every_shipped_price_is_plausible_and_none_is_there_twice() -> None:
    prices = price_table().prices
    assert len({(one.model, one.since) for one in prices}) == len(prices)
    for one in prices:
        assert 0 < one.prompt <= one.completion < 1_000
        assert date(2022, 1, 1) < one.since < date(2027, 1, 1)
        assert one.family.rpartition(" ")[2] in ("small", "medium", "large")
        assert one.model == one.model.lower()


def halving(family: str, height: float, years: int, noise: float = 1.0) -> list[Price]:
    """Prices that halve every year, every second one off by `noise`."""
    heights = [height * 0.5**n * (noise if n % 2 else 1) for n in range(years)]
    return [Price(f"{family}-{n}", date(2020 + n, 1, 1), one, one, family) for n, one in enumerate(heights)]


def test_one_slope_is_found_under_families_of_different_heights() -> None:
    trend = fit([*halving("a", 100, 4), *halving("b", 3, 5)], 0.1)
    assert trend is not None
    assert trend.factor == pytest.approx(0.5, rel=1e-3)
    assert (trend.n_prices, trend.n_families) == (9, 2)
    assert trend.low == pytest.approx(trend.high, rel=1e-2)


def test_noise_widens_the_interval_round_the_truth() -> None:
    trend = fit([*halving("a", 100, 4, 2.0), *halving("b", 3, 5, 2.0)], 0.1)
    assert trend is not None
    assert trend.low < 0.45
    assert trend.high > 0.55


def test_the_interval_is_that_of_ordinary_least_squares() -> None:
    """One family is plain regression: slope and interval as `scipy.stats.linregress` gives them."""
    prices = [
        Price("m", date(2020 + n, 1, 1), one, one, "f")
        for n, one in enumerate((8.0, 6.0, 2.5, 2.0, 1.0, 1.1))
    ]
    trend = fit(prices, 0.0)
    scipy = pytest.importorskip("scipy.stats")
    found = scipy.linregress(
        [one.since.toordinal() / 365.25 for one in prices], [math.log(one.prompt) for one in prices]
    )
    error = found.stderr * scipy.t.ppf(0.975, 4)
    assert trend is not None
    assert trend.factor == pytest.approx(math.exp(found.slope), rel=1e-6)
    assert trend.low == pytest.approx(math.exp(found.slope - error), rel=1e-3)
    assert trend.high == pytest.approx(math.exp(found.slope + error), rel=1e-3)


@pytest.mark.parametrize("prices", [[], halving("a", 1, 3), [*halving("a", 1, 1), *halving("b", 1, 1)]])
def test_too_few_prices_have_no_trend(prices: list[Price]) -> None:
    assert fit(prices, 0.1) is None


def test_a_crossing_is_when_the_line_comes_down_to_the_price() -> None:
    when = crossing(8, 2, Trend(0.5, 0.25, 0.9, 10, 2, 3), date(2026, 1, 1))
    assert (when.day, when.earliest) == (date(2028, 1, 1), date(2027, 1, 1))
    assert when.latest is not None
    assert when.latest.year == 2039


def test_rising_prices_never_cross_and_cheaper_ones_have() -> None:
    rising = Trend(1.1, 0.9, 1.3, 10, 2, 3)
    assert crossing(8, 2, rising, TODAY).day is None
    assert crossing(8, 2, rising, TODAY).latest is None
    assert crossing(1, 2, rising, TODAY).day == TODAY
    assert crossing(8, 0, rising, TODAY).earliest is None
