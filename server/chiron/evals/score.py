"""Results against their cases: a row of scores each, means with intervals, and paired differences.

Intervals are percentile bootstrap intervals (Efron 1979), 2,000 resamples of whole repositories' cases with
a fixed seed, so that the same results give the same table.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chiron.ansible.catalog import Catalog
from chiron.ansible.validate import validate_tasks
from chiron.evals import scorers
from chiron.evals.cases import Case
from chiron.evals.reading import Resolve, read_body
from chiron.evals.run import Result
from chiron.records import Severity

_N_RESAMPLES = 2_000
#: Fewer pairs than this say nothing about a difference.
FEWEST_PAIRS = 30

#: The figures of a row, in the order in which tables show them.
FIGURES = (
    "answered",
    "parses",
    "schema_correct",
    "module",
    "aware",
    "exact_arguments",
    "exact_task",
    "bleu",
    "strong",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One case's scores, 0 to 1 each, and what the answer cost."""

    case: Case
    result: Result
    scores: Mapping[str, float]
    saved: int


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and its 95% interval."""

    mean: float
    low: float
    high: float


def rows(cases: Sequence[Case], results: Sequence[Result], catalog: Catalog) -> list[Row]:
    """A row for each case that was answered or passed over; cases not put to the arm are left out."""
    by_id = {result.id: result for result in results}
    resolve = catalog.resolve
    return [_row(case, by_id[case.id], catalog, resolve) for case in cases if case.id in by_id]


def _row(case: Case, result: Result, catalog: Catalog, resolve: Resolve) -> Row:
    given_text = result.text or ""
    expected = read_body(case.expected, resolve)
    given = read_body(given_text, resolve) if given_text else None
    scores = dict.fromkeys(FIGURES, 0.0)
    scores["answered"] = float(result.text is not None)
    if expected is not None and result.text is not None:
        scores["parses"] = float(given is not None)
        scores["schema_correct"] = float(given is not None and _is_valid(case, given_text, catalog))
        scores["module"] = scorers.module_match(expected, given)
        scores["aware"] = scorers.ansible_aware(expected, given)
        scores["exact_arguments"] = scorers.exact_arguments(expected, given)
        scores["exact_task"] = scorers.exact_task(expected, given)
        scores["bleu"] = scorers.bleu(case.expected, given_text)
        scores["strong"] = scorers.strong_proxy(expected, given, case.expected, given_text)
    saved = scorers.characters_saved(case.expected, given_text) if given is not None else 0
    return Row(case, result, scores, saved)


def _is_valid(case: Case, text: str, catalog: Catalog) -> bool:
    """Whether the validator finds no error in the task: Schema Correct of arXiv 2305.02783, by our schema."""
    first = text.split("\n", maxsplit=1)[0]
    dash = " " * max(0, len(first) - len(first.lstrip()) - 2)
    task = f"{dash}- name: x\n{text}\n"
    return not [p for p in validate_tasks(task, catalog) if p.severity is Severity.ERROR]


def means(scored: Sequence[Row], seed: int = 0) -> dict[str, Mean]:
    """Each figure's mean over `scored`, with its interval."""
    return {
        figure: interval([row.scores[figure] for row in scored], statistics.fmean, seed) for figure in FIGURES
    }


def latency(scored: Sequence[Row]) -> dict[str, float]:
    """Percentiles of the time from question to answer, in ms."""
    times = sorted(row.result.latency_ms for row in scored)
    if not times:
        return {}
    return {f"p{p}": times[min(len(times) - 1, int(len(times) * p / 100))] for p in (50, 90, 95)}


def interval(values: Sequence[float], of: Callable[[Sequence[float]], float], seed: int) -> Mean:
    """`of(values)` with its bootstrap interval."""
    if not values:
        return Mean(0.0, 0.0, 0.0)
    draw = random.Random(seed)  # noqa: S311 no secret is drawn
    drawn = sorted(of(draw.choices(values, k=len(values))) for _ in range(_N_RESAMPLES))
    return Mean(of(values), drawn[int(_N_RESAMPLES * 0.025)], drawn[int(_N_RESAMPLES * 0.975)])


#: What looking at a suggestion in vain costs, in characters that could have been typed meanwhile.
_LOOKING = 10


@dataclass(frozen=True, slots=True)
class Silence:
    """What staying silent below `least` brings: the share shown, the share of those right, characters gained
    a case (those a right one saves, less what looking at a wrong one costs)."""

    least: float
    shown: float
    right: float
    gained: float


def silence(scored: Sequence[Row], least: float) -> Silence:
    """What comes of showing only suggestions of at least `least` confidence. Right is strong acceptance by
    proxy."""
    shown = [row for row in scored if row.result.text is not None and row.result.confidence >= least]
    right = [row for row in shown if row.scores["strong"]]
    gained = sum(row.saved for row in right) - _LOOKING * (len(shown) - len(right))
    n = max(1, len(scored))
    return Silence(least, len(shown) / n, len(right) / max(1, len(shown)), gained / n)


def best_silence(scored: Sequence[Row]) -> Silence:
    """The threshold that gains most characters on `scored`; of equals the lowest.

    It is to be judged on other repositories than it was found on.
    """
    return max((silence(scored, step / 50) for step in range(50)), key=lambda one: (one.gained, -one.least))


@dataclass(frozen=True, slots=True)
class Difference:
    """Second less first, over the cases both arms were put. `verdict` is one of better, worse, no
    difference seen, not enough data."""

    figure: str
    mean: Mean
    n_pairs: int
    n_won: int
    n_lost: int
    verdict: str


def compare(first: Sequence[Row], second: Sequence[Row], figure: str, seed: int = 0) -> Difference:
    """The paired difference of two arms in one figure."""
    others = {row.case.id: row for row in second}
    pairs = [(row, others[row.case.id]) for row in first if row.case.id in others]
    gaps = [b.scores[figure] - a.scores[figure] for a, b in pairs]
    mean = interval(gaps, statistics.fmean, seed)
    if len(pairs) < FEWEST_PAIRS:
        verdict = "not enough data"
    elif mean.low > 0:
        verdict = "better"
    elif mean.high < 0:
        verdict = "worse"
    else:
        verdict = "no difference seen"
    won, lost = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    return Difference(figure, mean, len(pairs), won, lost, verdict)
