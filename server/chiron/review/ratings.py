"""Ratings from blind choices: Bradley and Terry's strengths with bootstrap intervals, by `evalica`.

A tie is half a win for both. Where both were bad nobody won; that is counted and told apart. A rating is in
points as in chess: 400 more are ten wins to one loss. They say nothing until there are enough choices.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chiron.errors import ChironError
from chiron.store.feedback_votes import Bout

#: Fewer choices than this between makers rate nobody.
LEAST = 20
_DRAWS, _SEED = 300, 11
#: First maker, second maker, and what was said of them.
_Choice = tuple[str, str, str]
_POINTS = 400 / math.log(10)


@dataclass(frozen=True, slots=True)
class Rating:
    """One maker: its points (1000 is the middle), their 95% interval, and how it fared."""

    arm: str
    points: float
    low: float
    high: float
    n_won: int
    n_lost: int
    n_tied: int
    n_bad: int


@dataclass(frozen=True, slots=True)
class Ratings:
    """All makers, best first; none while `lacking` says what is missing. `said` is what they come to."""

    ratings: tuple[Rating, ...] = ()
    n: int = 0
    n_bad: int = 0
    lacking: str = ""
    said: str = ""


def rate(bouts: Sequence[Bout]) -> Ratings:
    """Ratings of all makers in `bouts`. Raises `ChironError` where the `compare` extra is missing."""
    decided = [(one.first_arm, one.second_arm, one.result) for one in bouts if one.result != "bad"]
    n_bad = sum(one.result == "bad" for one in bouts)
    if len(decided) < LEAST:
        lacking = f"Not enough votes: {LEAST - len(decided)} more are wanted before anybody is rated."
        return Ratings(n=len(bouts), n_bad=n_bad, lacking=lacking)
    points = _points(Counter(decided))
    lot = random.Random(_SEED)  # noqa: S311 the same draws each time, no secret
    drawn: dict[str, list[float]] = {arm: [] for arm in points}
    differences: list[float] = []
    best, *rest = sorted(points, key=lambda arm: -points[arm])
    for _ in range(_DRAWS):
        sample = _points(Counter(lot.choices(decided, k=len(decided))))
        for arm, found in sample.items():
            drawn[arm].append(found)
        if best in sample and rest and rest[0] in sample:
            differences.append(sample[best] - sample[rest[0]])
    counts = _counted(bouts)
    ratings = tuple(_rating(arm, points[arm], drawn[arm], counts[arm]) for arm in (best, *rest))
    return Ratings(ratings, len(bouts), n_bad, said=_said(ratings, differences, decided))


def _points(decided: Counter[_Choice]) -> dict[str, float]:
    """Points by maker; a made-up tie between every two keeps those who never lost within bounds."""
    try:
        import evalica
    except ImportError:
        raise ChironError(
            "Ratings need the `compare` extra.",
            advice='Install it: python -m pip install "chiron-ls[compare]"',
        ) from None
    winners = {"first": evalica.Winner.X, "second": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    arms = sorted({arm for first, second, _ in decided for arm in (first, second)})
    rows = [(first, second, winners[result], float(n)) for (first, second, result), n in decided.items()]
    rows += [(a, b, evalica.Winner.Draw, 1.0) for n, a in enumerate(arms) for b in arms[n + 1 :]]
    firsts, seconds, won, weights = zip(*rows, strict=True)
    scores = evalica.bradley_terry(firsts, seconds, won, weights=list(weights)).scores
    logs = {str(arm): math.log(max(float(score), 1e-12)) for arm, score in scores.items()}
    middle = sum(logs.values()) / len(logs)
    return {arm: 1000 + _POINTS * (one - middle) for arm, one in logs.items()}


def _rating(arm: str, points: float, drawn: Sequence[float], counts: tuple[int, int, int, int]) -> Rating:
    low, high = _interval(drawn)
    return Rating(arm, round(points), round(low), round(high), *counts)


def _interval(drawn: Sequence[float]) -> tuple[float, float]:
    kept = sorted(drawn)
    return kept[int(len(kept) * 0.025)], kept[min(len(kept) - 1, int(len(kept) * 0.975))]


def _counted(bouts: Sequence[Bout]) -> dict[str, tuple[int, int, int, int]]:
    """Won, lost, tied and both bad, by maker."""
    counts: dict[str, Counter[str]] = {}
    for one in bouts:
        for arm, side in ((one.first_arm, "first"), (one.second_arm, "second")):
            won = "won" if one.result == side else "lost" if one.result in ("first", "second") else one.result
            counts.setdefault(arm, Counter())[won] += 1
    return {arm: (count["won"], count["lost"], count["tie"], count["bad"]) for arm, count in counts.items()}


def _said(ratings: Sequence[Rating], differences: Sequence[float], decided: Sequence[_Choice]) -> str:
    """What the two best come to, in words."""
    if len(ratings) < 2 or not differences:
        return "There is only one maker."
    best, second = ratings[0].arm, ratings[1].arm
    low, _ = _interval(differences)
    if low > 0:
        return f"{best} is better than {second}: so says the whole 95% interval of their difference."
    met = [one for one in decided if {one[0], one[1]} == {best, second}]
    won = sum(0.5 if one[2] == "tie" else float(_winner(one) == best) for one in met)
    edge = abs(won / len(met) - 0.5) if met else 0.0
    if len(met) < LEAST or edge < 0.02:
        return f"Not enough votes to tell {best} from {second}."
    more = max(5, math.ceil((1.96 * 0.5 / edge) ** 2) - len(met))
    return f"Not enough votes to tell {best} from {second}: about {more} more, if they go on like this."


def _winner(choice: _Choice) -> str:
    return choice[0] if choice[2] == "first" else choice[1]
