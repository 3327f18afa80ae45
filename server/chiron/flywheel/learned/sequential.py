"""Means with intervals that may be looked at any day: confidence sequences, which stay valid at every look.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central
limit theory and asymptotic confidence sequences", Annals of Statistics 2024 (arXiv 2103.06476): a
normal mixture boundary with the running variance in it. Looking again and again, and stopping when it
pleases, keeps its error rate as the number of looks grows; a fixed-sample interval does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chiron.flywheel.learned.reward import worth_of
from chiron.store.feedback_lessons import Played

#: The look at which the boundary is tightest, and the share of errors over all looks together.
TIGHTEST_AT, ALPHA = 300.0, 0.05
#: Before this many of each, nothing is said: the boundary is asymptotic.
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Running:
    """A mean and its interval, valid at every look. `n` outcomes went into it."""

    n: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Side:
    """How one arm fared: requests that count, those it showed nothing for too, and their mean worth."""

    name: str
    n: int
    n_kept: int
    n_held: int
    worth: float
    #: Of the `n`, those that something was shown for.
    n_shown: int = 0


@dataclass(frozen=True, slots=True)
class Contest:
    """Two arms: what `second` is worth more than `first` per request."""

    first: Side
    second: Side
    difference: Running

    @property
    def verdict(self) -> str:
        if min(self.first.n, self.second.n) < FEWEST:
            return "not enough data"
        if self.difference.low > 0:
            return "better"
        return "worse" if self.difference.high < 0 else "no difference seen"


def running(values: Sequence[float], tightest_at: float = TIGHTEST_AT, alpha: float = ALPHA) -> Running:
    """The mean of `values`, in the order they came, with its confidence sequence at this look."""
    n = len(values)
    if n == 0:
        return Running(0, 0.0, -math.inf, math.inf)
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / n
    # The rho that makes the boundary tightest at that look (the paper's appendix B.2).
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tightest_at
    spread = math.sqrt(
        variance * 2 * (n * rho2 + 1) / (n * n * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha)
    )
    if n < 2 or variance == 0:
        spread = math.inf if n < FEWEST else spread
    return Running(n, mean, mean - spread, mean + spread)


def contest(played: Sequence[Played], first: str, second: str, interruption: float) -> Contest:
    """How `second` did against `first`, each request weighed by the chance with which its arm was drawn.

    An arm that shows more is not held to be worse for showing what is less sure: where the other shows
    nothing, that counts too, as nothing. What was drawn otherwise is left out, and the chances are made to
    add up among the two: a request drawn with the chance p counts 1/p. What all requests before it were worth
    on the mean is taken off first: that leaves the difference as it is, and the interval much narrower where
    one of the two is drawn seldom.
    """
    rows = [
        (one, worth)
        for one in played
        if one.arm in (first, second) and (worth := worth_of(one, interruption)) is not None
    ]
    by_arm = {name: [(one, worth) for one, worth in rows if one.arm == name] for name in (first, second)}
    total = sum(_chance(by_arm[name]) for name in (first, second)) or 1.0
    values = []
    before = 0.0
    for n, (one, worth) in enumerate(rows):
        weight = total / max(0.001, one.propensity)
        gap = weight * (worth - before / max(1, n))
        values.append(gap if one.arm == second else -gap)
        before += worth
    sides = [_side(name, by_arm[name]) for name in (first, second)]
    return Contest(sides[0], sides[1], running(values))


def _chance(rows: Sequence[tuple[Played, float]]) -> float:
    """The mean chance with which an arm's requests were drawn."""
    return sum(one.propensity for one, _ in rows) / len(rows) if rows else 0.0


def _side(name: str, rows: Sequence[tuple[Played, float]]) -> Side:
    return Side(
        name,
        len(rows),
        sum(one.strong for one, _ in rows),
        sum(one.held is not None for one, _ in rows),
        sum(worth for _, worth in rows) / len(rows) if rows else 0.0,
        sum(one.shown and one.held is None for one, _ in rows),
    )
