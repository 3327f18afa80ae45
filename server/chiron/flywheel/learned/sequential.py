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
    """How one arm fared: requests that it showed something for, or held it back.

    `worth` is per request, had all been answered so. What an arm shows nothing for is worth nothing, and
    stands in no log: so each stands for as many as its chance says, and not for a share of those seen.
    """

    name: str
    n: int
    n_kept: int
    n_held: int
    worth: float


@dataclass(frozen=True, slots=True)
class Contest:
    """Two arms: what `second` is worth more than `first` per request, and whether enough was seen to tell."""

    first: Side
    second: Side
    difference: Running
    is_enough: bool = True

    @property
    def verdict(self) -> str:
        if not self.is_enough:
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


def contest(
    played: Sequence[Played], first: str, second: str, interruption: float, *, only_two: bool = False
) -> Contest:
    """How `second` did against `first`, each request weighed by the chance with which its arm was drawn.

    What was drawn otherwise is left out, and the chances are made to add up among the two: a request drawn
    with the chance p counts 1/p (Horvitz & Thompson 1952). So an arm that shows more is not held to be worse
    for showing what is less sure, as long as that is worth something. `only_two`: nothing else is ever drawn,
    so one arm's chance tells the other's, though that never showed a thing.
    """
    rows = [
        (one, worth)
        for one in played
        if one.arm in (first, second) and (worth := worth_of(one, interruption)) is not None
    ]
    by_arm = {name: [(one, worth) for one, worth in rows if one.arm == name] for name in (first, second)}
    chances = {name: _chance(by_arm[name]) for name in (first, second)}
    if only_two:
        for name, other in ((first, second), (second, first)):
            chances[name] = chances[name] or 1 - chances[other]
    total = sum(chances.values()) or 1.0
    values = []
    for one, worth in rows:
        value = total / max(0.001, one.propensity) * worth
        values.append(value if one.arm == second else -value)
    # Requests that either shows something for, as far as can be told.
    n_requests = max(_n_requests(by_arm[name], total) for name in (first, second))
    if only_two and rows and not all(by_arm.values()):
        # What showed nothing so far is taken to have shown one thing, which speaks against the difference.
        silent = next(name for name in (first, second) if not by_arm[name])
        doubt = total / max(0.001, chances[silent])
        values.append(-doubt if sum(values) > 0 else doubt)
    sides = [_side(name, by_arm[name], total, n_requests) for name in (first, second)]
    seen = [
        len(rows) * chances[side.name] / total if only_two else side.n  # what is drawn, seen or not
        for side in sides
    ]
    found = running(values)
    scale = len(rows) / n_requests if n_requests else 1.0
    difference = Running(found.n, *(scale * one for one in (found.mean, found.low, found.high)))
    return Contest(sides[0], sides[1], difference, min(seen) >= FEWEST)


def _n_requests(rows: Sequence[tuple[Played, float]], total: float) -> float:
    """How many requests an arm's stand for."""
    return sum(total / max(0.001, one.propensity) for one, _ in rows)


def _chance(rows: Sequence[tuple[Played, float]]) -> float:
    """The mean chance with which an arm's requests were drawn."""
    return sum(one.propensity for one, _ in rows) / len(rows) if rows else 0.0


def _side(name: str, rows: Sequence[tuple[Played, float]], total: float, n_requests: float) -> Side:
    worth = sum(total / max(0.001, one.propensity) * worth for one, worth in rows)
    return Side(
        name,
        len(rows),
        sum(one.strong for one, _ in rows),
        sum(one.held is not None for one, _ in rows),
        worth / n_requests if n_requests else 0.0,
    )
