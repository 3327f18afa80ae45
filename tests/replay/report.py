"""What learning brought: each way of playing the second month against the one in which it was frozen."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from replay.person import Met
from replay.play import Played

FIGURES = ("shown", "taken", "strong", "saved", "worth")
_N_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Gain:
    """A figure's mean per task, and its difference from the frozen month with a 95% interval."""

    figure: str
    mean: float
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        return "more" if self.low > 0 else "less" if self.high < 0 else "no difference seen"


def gains(frozen: Sequence[Met], other: Sequence[Met], seed: int = 0) -> list[Gain]:
    """Paired differences by task. Files are drawn whole: tasks of one file are not independent, and it is the
    same file in whatever round."""
    before = {(one.round, one.task): one for one in frozen}
    pairs = [(before[at], one) for one in other if (at := (one.round, one.task)) in before]
    found = []
    for figure in FIGURES:
        by_file: dict[str, list[float]] = {}
        for a, b in pairs:
            gap = float(getattr(b, figure)) - float(getattr(a, figure))
            by_file.setdefault(a.task.rpartition(":")[0], []).append(gap)
        low, high = _interval(list(by_file.values()), seed)
        mean = statistics.fmean(float(getattr(b, figure)) for _, b in pairs) if pairs else 0.0
        every = [gap for group in by_file.values() for gap in group]
        found.append(Gain(figure, mean, statistics.fmean(every) if every else 0.0, low, high))
    return found


def _interval(groups: Sequence[Sequence[float]], seed: int) -> tuple[float, float]:
    """Percentile bootstrap over whole groups (Efron 1979)."""
    if not groups:
        return 0.0, 0.0
    draw = random.Random(seed)
    sums = [(sum(group), len(group)) for group in groups]
    means = []
    for _ in range(_N_RESAMPLES):
        drawn = draw.choices(sums, k=len(sums))
        means.append(sum(total for total, _ in drawn) / max(1, sum(n for _, n in drawn)))
    means.sort()
    return means[int(_N_RESAMPLES * 0.025)], means[int(_N_RESAMPLES * 0.975)]


def together(rounds: Sequence[Played]) -> Played:
    """Several rounds as one."""
    ways = rounds[0].second
    return Played(
        [one for each in rounds for one in each.first],
        sum(each.n_verdicts for each in rounds),
        "; ".join(dict.fromkeys(each.gate for each in rounds)),
        {
            way: [replace(one, round=n) for n, each in enumerate(rounds) for one in each.second[way]]
            for way in ways
        },
        {way: [one for each in rounds for one in each.asked.get(way, ())] for way in ways},
        {kind: sum(each.exported.get(kind, 0) for each in rounds) for kind in rounds[0].exported},
    )


def told(played: Played) -> str:
    """The report, as lines to read."""
    first, ways = played.first, played.second
    seen = [one for one in first if one.shown]
    lines = [
        f"First month: {len(first)} tasks, {len(seen)} suggestions seen, {sum(o.taken for o in seen)} taken, "
        f"{sum(o.strong for o in seen)} strongly; {played.n_verdicts} verdicts given in the review.",
        f"Gate: {played.gate.rstrip('.')}.",
        f"Exported: {', '.join(f'{n} rows as {kind}' for kind, n in played.exported.items()) or 'nothing'}.",
        "",
        f"Second month, {len(ways['frozen'])} tasks not seen before; means per task, and the difference from "
        "learning frozen:",
        "",
        f"{'in force':<10}" + "".join(f"{figure:>34}" for figure in FIGURES),
    ]
    for way, met in ways.items():
        cells = []
        for gain in gains(ways["frozen"], met):
            mean = f"{gain.mean:.3f}"
            if way != "frozen":
                mean += f" {gain.difference:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
            cells.append(f"{mean:>34}")
        lines.append(f"{way:<10}" + "".join(cells))
    lines.append("")
    for way, met in ways.items():
        if way != "frozen":
            said = {gain.figure: gain.verdict for gain in gains(ways["frozen"], met)}
            lines.append(f"{way}: strong acceptances: {said['strong']}; worth: {said['worth']}.")
    lines.append(_asked(played))
    return "\n".join(lines)


def _asked(played: Played) -> str:
    """What can be told of the prompt: nothing without a model, little where it was shown the same."""
    asked = played.asked.get("prompt", ())
    if not asked:
        return "prompt: cannot be told, since no model was ever asked."
    before = set(played.asked.get("frozen", ()))
    n_other = sum(one not in before for one in asked)
    return f"prompt: a model was asked {len(asked)} times; in {n_other} of them the question was another one."
