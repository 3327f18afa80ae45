"""The figures of the review's overview, each a count or a share of rows that a `Search` can find again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from chiron.store.feedback_search import Search, search_where

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
#: Widths of a plot's steps; the first with which a period has at most this many steps is taken.
_WIDTHS = (_HOUR_MS, 6 * _HOUR_MS, _DAY_MS, 7 * _DAY_MS, 30 * _DAY_MS)
_MOST_STEPS = 45


@dataclass(frozen=True, slots=True)
class Tally:
    """How one group of suggestions fared. Shares are of those that a person could judge (`n_ended`)."""

    n_offered: int = 0
    n_ended: int = 0
    n_accepted: int = 0
    n_strong: int = 0
    n_undone: int = 0
    n_open: int = 0
    n_withheld: int = 0
    n_measured: int = 0
    #: Kept ratios, added up.
    kept: float = 0.0

    @property
    def acceptance(self) -> float | None:
        return self.n_accepted / self.n_ended if self.n_ended else None

    @property
    def strong_acceptance(self) -> float | None:
        return self.n_strong / self.n_ended if self.n_ended else None

    @property
    def kept_ratio(self) -> float | None:
        """Mean kept ratio of the accepted ones that were measured."""
        return self.kept / self.n_measured if self.n_measured else None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long people waited for the first alternatives: percentiles in ms, and how many waited as long."""

    n: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    n_from_p50: int
    n_from_p90: int
    n_from_p99: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What answers cost. A request's price counts once, however many rows it led to."""

    usd: float = 0.0
    n_requests: int = 0
    n_rows: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the time axis, `since_ms` included, `until_ms` not."""

    since_ms: int
    until_ms: int
    tally: Tally = Tally()
    by_source: Mapping[str, int] = field(default_factory=dict)
    waits: Waits | None = None
    cost: Cost = Cost()


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the overview shows."""

    total: Tally
    n_labelled: int
    waits: Waits | None
    cost: Cost
    steps: tuple[Step, ...]
    by_scope: Mapping[str, Tally]
    by_module: Mapping[str, Tally]
    by_model: Mapping[str, Tally]
    by_source: Mapping[str, Tally]
    by_arm: Mapping[str, Tally]
    withheld_by_reason: Mapping[str, int]
    by_label: Mapping[str, int]


#: What tells one row's part in a tally from another's, and the sums over rows that are alike in it.
_ALIKE = "outcome, withheld, strong, undone"
_SUMS = "count(*) AS n, count(kept_ratio) AS n_kept, total(kept_ratio) AS kept"


def figures(connection: sqlite3.Connection, search: Search, *, zone_ms: int = 0) -> Figures:
    """The figures of what `search` finds. Steps begin at midnight of a zone `zone_ms` ahead of UTC."""
    where, values = search_where(search)
    first, last = connection.execute(
        f"SELECT min(at_ms), max(at_ms) FROM suggestion WHERE {where}",  # noqa: S608 our own names
        values,
    ).fetchone()
    if first is None:
        return Figures(Tally(), 0, None, Cost(), (), {}, {}, {}, {}, {}, {}, {})
    width = next((w for w in _WIDTHS if (last - first) / w < _MOST_STEPS - 1), _WIDTHS[-1])
    # One pass over the index; everything but modules is added up from its groups.
    step = f"(at_ms + {int(zone_ms)}) / {width}"
    groups = connection.execute(
        f"SELECT {step} AS step, scope, source, model, arm, label, {_ALIKE}, {_SUMS} FROM suggestion"  # noqa: S608
        f" WHERE {where} GROUP BY 1, scope, source, model, arm, label, {_ALIKE}",
        values,
    ).fetchall()
    counted = [(row, _counts(row)) for row in groups]
    by_step, by_scope, by_model, by_source, by_arm = (
        _added(counted, column) for column in ("step", "scope", "model", "source", "arm")
    )
    sources: dict[int, dict[str, int]] = {}
    for row in groups:
        if row["withheld"] is None:
            of_step = sources.setdefault(row["step"], {})
            of_step[row["source"] or ""] = of_step.get(row["source"] or "", 0) + row["n"]
    labels = _counted(groups, "label")
    waits_all, waits = _waits(connection, where, values, step)
    cost_all, costs = _costs(connection, where, values, step)
    modules = connection.execute(
        f"SELECT module, {_ALIKE}, {_SUMS} FROM suggestion WHERE {where} GROUP BY module, {_ALIKE}",  # noqa: S608
        values,
    ).fetchall()
    return Figures(
        total=_tally(counts for _, counts in counted),
        n_labelled=sum(labels.values()),
        waits=waits_all,
        cost=cost_all,
        steps=tuple(
            Step(
                number * width - zone_ms,
                (number + 1) * width - zone_ms,
                by_step.get(number, Tally()),
                sources.get(number, {}),
                waits.get(number),
                costs.get(number, Cost()),
            )
            for number in range(min(by_step), max(by_step) + 1)
        ),
        by_scope=_most_first(by_scope),
        by_module=_most_first(_added(((row, _counts(row)) for row in modules), "module")),
        by_model=_most_first(by_model),
        by_source=_most_first(by_source),
        by_arm=_most_first(by_arm),
        withheld_by_reason=_counted(groups, "withheld"),
        by_label=labels,
    )


def _counts(row: sqlite3.Row) -> tuple[float, ...]:
    """What rows that are alike add to a tally, in the order of its fields."""
    n: int = row["n"]
    if row["withheld"] is not None:
        return (0, 0, 0, 0, 0, 0, n, 0, 0.0)
    outcome = row["outcome"]
    ended = n if outcome not in (None, "not_seen") else 0
    still_open = n if outcome is None else 0
    if outcome != "accepted":
        return (n, ended, 0, n if row["strong"] else 0, 0, still_open, 0, 0, 0.0)
    strong, undone = n if row["strong"] else 0, n if row["undone"] else 0
    return (n, ended, n, strong, undone, 0, 0, row["n_kept"], row["kept"])


def _added(groups: Iterable[tuple[sqlite3.Row, tuple[float, ...]]], column: str) -> dict[Any, Tally]:
    """The tallies of `groups` by the values of `column`; None is ""."""
    parts: dict[Any, list[tuple[float, ...]]] = {}
    for row, counts in groups:
        value = row[column]
        parts.setdefault("" if value is None else value, []).append(counts)
    return {value: _tally(rows) for value, rows in parts.items()}


def _tally(rows: Iterable[tuple[float, ...]]) -> Tally:
    *counts, kept = map(sum, zip(*rows, strict=True))
    names = (field.name for field in fields(Tally))
    return Tally(**dict(zip(names, map(int, counts), strict=False)), kept=kept)


def _counted(groups: Iterable[sqlite3.Row], column: str) -> dict[str, int]:
    """How many rows have each value of `column`, those with none left out; most first."""
    counts: dict[str, int] = {}
    for row in groups:
        if row[column]:
            counts[row[column]] = counts.get(row[column], 0) + row["n"]
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _most_first(groups: Mapping[str, Tally]) -> dict[str, Tally]:
    """Groups of which something was offered, largest first."""
    offered = [(name, tally) for name, tally in groups.items() if tally.n_offered]
    return dict(sorted(offered, key=lambda item: (-item[1].n_offered, item[0])))


def _waits(
    connection: sqlite3.Connection, where: str, values: tuple[Any, ...], step: str
) -> tuple[Waits | None, dict[int, Waits]]:
    everything: list[float] = []
    by_step: dict[int, list[float]] = {}
    rows = connection.execute(
        f"SELECT {step}, total_ms FROM suggestion WHERE {where}"  # noqa: S608
        ' AND "rank" = 0 AND withheld IS NULL AND total_ms IS NOT NULL',
        values,
    )
    rows.row_factory = None  # plain tuples: there may be a hundred thousand
    for number, total_ms in rows:
        everything.append(total_ms)
        by_step.setdefault(number, []).append(total_ms)
    if not everything:
        return None, {}
    return _percentiles(everything), {number: _percentiles(times) for number, times in by_step.items()}


def _percentiles(times: list[float]) -> Waits:
    """Nearest ranks, so that every percentile is the time of a row."""
    times.sort()
    n = len(times)
    at = [min(n - 1, max(0, -(-n * percent // 100) - 1)) for percent in (50, 90, 99)]
    # Equal times stand together; those from a percentile on begin with the first of its equals.
    firsts = [_first(times, index) for index in at]
    p50, p90, p99 = (times[index] for index in at)
    return Waits(n, p50, p90, p99, *(n - index for index in firsts))


def _first(times: list[float], index: int) -> int:
    while index and times[index - 1] == times[index]:
        index -= 1
    return index


def _costs(
    connection: sqlite3.Connection, where: str, values: tuple[Any, ...], step: str
) -> tuple[Cost, dict[int, Cost]]:
    rows = connection.execute(
        f"SELECT step, total(usd) AS usd, count(*) AS n_requests, sum(n_rows) AS n_rows FROM"  # noqa: S608
        f" (SELECT min({step}) AS step, max(cost_usd) AS usd, count(*) AS n_rows FROM suggestion"
        f" WHERE {where} AND cost_usd IS NOT NULL GROUP BY request_id) GROUP BY step",
        values,
    ).fetchall()
    by_step = {row["step"]: Cost(row["usd"], row["n_requests"], row["n_rows"]) for row in rows}
    whole = Cost(
        sum(cost.usd for cost in by_step.values()),
        sum(cost.n_requests for cost in by_step.values()),
        sum(cost.n_rows for cost in by_step.values()),
    )
    return whole, by_step
