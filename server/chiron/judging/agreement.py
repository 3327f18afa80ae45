"""How far two judges agree beyond chance: Krippendorff's alpha for named categories.

After Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): alpha is 1 less the disagreement that
was observed over the one that chance would give from the same verdicts. 1 is agreement, 0 is chance.
Krippendorff holds conclusions from less than 0.667 for worthless.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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
