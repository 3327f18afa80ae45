"""What a gate would have been worth on the log, had it decided: an off-policy estimate with an interval.

Each outcome that was seen stands for as many requests as its chance of being seen says (self-normalised
inverse propensity weighting, Swaminathan & Joachims 2015). Only what was shown whatever had been learned
counts: before a gate was in force that is everything, after it the share that is drawn to see everything. A
gate is judged on outcomes that it was not trained on: later ones, or else parts of the log that a gate of the
other parts judges.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chiron.flywheel.learned.gate import Gate
from chiron.flywheel.learned.training import Seen, fitted, parts_of, passes

_N_RESAMPLES = 2_000
#: Fewer later outcomes than this are no judgment.
FEWEST_LATER = 100


@dataclass(frozen=True, slots=True)
class Estimate:
    """Worth per request with everything shown and with the gate, and the difference with its 95% interval.

    `n_held` of the `n` outcomes the gate would have held back, `n_held_kept` of them had been kept. `how`
    says which outcomes it was judged on.
    """

    how: str
    n: int
    n_held: int
    n_held_kept: int
    worth_all: float
    worth_gated: float
    difference: float
    low: float
    high: float
    #: The share of resamples of the log in which it is worth more than showing everything.
    sure: float = 0.0

    @property
    def verdict(self) -> str:
        return "better" if self.low > 0 else "worse" if self.high < 0 else "no difference seen"


def estimate(seen: Sequence[Seen], gate: Gate, interruption: float) -> Estimate:
    """What `gate` is worth: on what came after its training where that is enough, else cross-fitted.

    Cross-fitting needs the `learn` extra, and raises `ChironError` without it.
    """
    plain = [one for one in seen if one.plain]
    later = [one for one in plain if one.at_ms > gate.trained_ms]
    if len(later) >= FEWEST_LATER:
        return judged(
            later, lambda one: passes(gate, one.signs, interruption), interruption, "later outcomes"
        )
    parts = parts_of(plain)
    gates: dict[int, Gate] = {}
    for part in set(parts):
        rest = [one for one, of in zip(plain, parts, strict=True) if of != part]
        if 0 < sum(one.reward for one in rest) < len(rest):
            gates[part] = fitted(rest, gate.trained_ms)
    part_of = {id(one): part for one, part in zip(plain, parts, strict=True)}
    return judged(
        plain,
        # A part for which nothing can be fitted is shown whole: that gains nothing.
        lambda one: (fit := gates.get(part_of[id(one)])) is None or passes(fit, one.signs, interruption),
        interruption,
        "cross-fitted: each part by a gate of the others",
    )


def judged(
    seen: Sequence[Seen], shows: Callable[[Seen], bool], interruption: float, how: str, seed: int = 0
) -> Estimate:
    """The estimate for a policy that `shows` some of `seen`."""
    by_file: dict[str, list[tuple[float, float, float]]] = {}
    n_held = n_held_kept = 0
    for one in seen:
        worth = one.reward - (1 - one.reward) * interruption
        shown = shows(one)
        n_held += not shown
        n_held_kept += not shown and bool(one.reward)
        row = (one.weight, one.weight * worth, one.weight * worth * shown)
        by_file.setdefault(one.file, []).append(row)
    sums = [tuple(map(sum, zip(*rows, strict=True))) for rows in by_file.values()]
    everything, gated = _worth(sums)
    draw = random.Random(seed)  # noqa: S311 no secret is drawn
    gaps = []
    for _ in range(_N_RESAMPLES if sums else 0):
        with_all, with_gate = _worth(draw.choices(sums, k=len(sums)))
        gaps.append(with_gate - with_all)
    gaps.sort()
    low, high = (gaps[int(len(gaps) * 0.025)], gaps[int(len(gaps) * 0.975)]) if gaps else (0.0, 0.0)
    sure = sum(gap > 0 for gap in gaps) / max(1, len(gaps))
    gain = gated - everything
    return Estimate(how, len(seen), n_held, n_held_kept, everything, gated, gain, low, high, round(sure, 3))


def _worth(sums: Sequence[tuple[float, ...]]) -> tuple[float, float]:
    """Worth per request, with everything shown and gated."""
    total = sum(one[0] for one in sums) or 1.0
    return sum(one[1] for one in sums) / total, sum(one[2] for one in sums) / total
