"""Where prices are going: one yearly change fitted to all families of the table, and what it says of a day.

The logarithm of each price is a straight line in time with one slope for all families and a height of each
family's own (least squares). The interval is the slope's, by Student's t. List prices of a class are
compared, not of equal quality: what is sold in a class gets better, so that equal quality gets cheaper
faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

from chiron.prices.table import Price

_YEAR_DAYS = 365.25
#: Fewer prices than this, or a shorter time, say nothing about a trend.
LEAST_PRICES, LEAST_YEARS = 6, 1.0
#: Beyond this nobody should believe a straight line.
_HORIZON_YEARS = 30.0


@dataclass(frozen=True, slots=True)
class Trend:
    """What a year does to a price: `factor` 0.5 halves it. `low` and `high` hold it with 95% confidence."""

    factor: float
    low: float
    high: float
    n_prices: int
    n_families: int
    years: float

    @property
    def falls(self) -> bool:
        """Whether prices fall beyond doubt."""
        return self.high < 1.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a price comes down to another: the day by the trend, and the earliest and latest by its interval.

    None means never, or not within thirty years.
    """

    day: date | None
    earliest: date | None
    latest: date | None


def fit(prices: Iterable[Price], share_written: float) -> Trend | None:
    """The trend of `prices`, or None where they are too few or too close in time to have one."""
    families: dict[str, list[tuple[float, float]]] = {}
    for one in prices:
        blended = one.blended(share_written)
        if one.family and blended > 0:
            point = (one.since.toordinal() / _YEAR_DAYS, math.log(blended))
            families.setdefault(one.family, []).append(point)
    families = {name: points for name, points in families.items() if len({t for t, _ in points}) > 1}
    points = [
        (t - _mean(t for t, _ in family), y - _mean(y for _, y in family))
        for family in families.values()
        for t, y in family
    ]
    n_free = len(points) - len(families) - 1
    times = [t for family in families.values() for t, _ in family]
    if len(points) < LEAST_PRICES or n_free < 1 or max(times) - min(times) < LEAST_YEARS:
        return None
    spread = sum(t * t for t, _ in points)
    slope = sum(t * y for t, y in points) / spread
    residual = sum((y - slope * t) ** 2 for t, y in points)
    error = math.sqrt(residual / n_free / spread) * _student(n_free)
    return Trend(
        math.exp(slope),
        math.exp(slope - error),
        math.exp(slope + error),
        len(points),
        len(families),
        max(times) - min(times),
    )


def crossing(dear: float, cheap: float, trend: Trend, today: date) -> Crossing:
    """When a model that costs `dear` today will cost `cheap`, if its price follows the trend."""
    if dear <= cheap:
        return Crossing(today, today, today)
    if cheap <= 0:
        return Crossing(None, None, None)
    return Crossing(*(_when(dear / cheap, factor, today) for factor in (trend.factor, trend.low, trend.high)))


def _when(ratio: float, factor: float, today: date) -> date | None:
    if factor >= 1.0:
        return None
    years = math.log(ratio) / -math.log(factor)
    return today + timedelta(days=round(years * _YEAR_DAYS)) if years <= _HORIZON_YEARS else None


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)


def _student(n_free: int) -> float:
    """The 97.5% quantile of Student's t, by Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5).

    It is 0.1% low at 3 degrees of freedom and better from there on; below 3 the values of a table are given.
    """
    if n_free < 3:
        return (12.706, 4.303)[n_free - 1]
    z = NormalDist().inv_cdf(0.975)
    v = float(n_free)
    terms = (
        (z**3 + z) / 4 / v,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96 / v**2,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / v**3,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 / v**4,
    )
    return z + sum(terms)
