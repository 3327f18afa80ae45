"""How far two judges agree beyond chance: Krippendorff's alpha for named categories.

After Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): alpha is 1 less the disagreement that
was observed over the one that chance would give from the same verdicts. 1 is agreement, 0 is chance.
Krippendorff holds conclusions from less than 0.667 for worthless.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chiron.store.feedback_votes import Vote

#: A judge's votes count from here on: the lower end of the interval, over at least so many suggestions.
LEAST_ALPHA, LEAST_SHARED = 0.667, 30
_DRAWS, _SEED = 1_000, 7

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Alpha with its 95% interval (bootstrap over suggestions), over `n` suggestions judged by both.

    Alpha is None where it has no meaning: nothing shared, or everything in one category.
    """

    n: int
    alpha: float | None
    low: float | None = None
    high: float | None = None

    @property
    def counts(self) -> bool:
        """Whether the judge is to be listened to."""
        return self.low is not None and self.low >= LEAST_ALPHA and self.n >= LEAST_SHARED

    @property
    def said(self) -> str:
        """What follows from it, in words."""
        if self.n < LEAST_SHARED:
            return f"Ignored: {LEAST_SHARED - self.n} more suggestions judged by people and by it are wanted."
        if self.alpha is None or self.low is None:
            return "Ignored: everything has the same verdict, which says nothing about agreement."
        if not self.counts:
            return f"Ignored: alpha may be as low as {self.low:.2f}, and {LEAST_ALPHA} is the least."
        return "Its votes count where people have said nothing."


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge, the version of its question, its votes, and its verdicts beside those of people."""

    name: str
    prompt_version: str
    votes: tuple[Vote, ...]
    pairs: tuple[Pair, ...]


def judges(votes: Sequence[Vote], by_people: Mapping[str, str]) -> list[Judge]:
    """Who gave `votes`, each with the pairs of people's verdict and its own on what both have judged."""
    by_judge: dict[tuple[str, str], list[Vote]] = {}
    for one in votes:
        by_judge.setdefault((one.judge, one.prompt_version), []).append(one)
    return [
        Judge(
            name,
            version,
            tuple(given),
            tuple(
                (by_people[one.suggestion_id], one.label) for one in given if one.suggestion_id in by_people
            ),
        )
        for (name, version), given in by_judge.items()
    ]


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """How far two judges agree on what both have judged."""
    found = alpha(pairs)
    if found is None:
        return Agreement(len(pairs), None)
    lot = random.Random(_SEED)  # noqa: S311 the same draws each time, no secret
    drawn = (alpha(lot.choices(pairs, k=len(pairs))) for _ in range(_DRAWS))
    kept = sorted(one for one in drawn if one is not None)
    if len(kept) < _DRAWS // 2:
        return Agreement(len(pairs), found)
    return Agreement(len(pairs), found, kept[int(len(kept) * 0.025)], kept[int(len(kept) * 0.975) - 1])


def alpha(pairs: Sequence[Pair]) -> float | None:
    """Krippendorff's alpha of two judges without missing values; None where chance cannot disagree."""
    values = Counter(value for pair in pairs for value in pair)
    n = sum(values.values())
    expected = n * n - sum(count * count for count in values.values())
    if not expected:
        return None
    observed = 2 * sum(first != second for first, second in pairs)
    return 1 - (n - 1) * observed / expected
