"""The figures of the review's overview, each a count or a share of rows that a `Search` can find again."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    kept: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in _TALLY))

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


_TALLY = tuple(Tally.__slots__)


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


_SHOWN = "withheld IS NULL"
_ENDED = "withheld IS NULL AND outcome IS NOT NULL AND outcome <> 'not_seen'"
_COUNTS = f"""
    sum({_SHOWN}) AS n_offered,
    sum({_ENDED}) AS n_ended,
    sum({_SHOWN} AND outcome IS 'accepted') AS n_accepted,
    sum({_SHOWN} AND strong = 1) AS n_strong,
    sum({_SHOWN} AND undone = 1 AND outcome IS 'accepted') AS n_undone,
    sum({_SHOWN} AND outcome IS NULL) AS n_open,
    sum(withheld IS NOT NULL) AS n_withheld,
    sum({_SHOWN} AND outcome IS 'accepted' AND kept_ratio IS NOT NULL) AS n_measured,
    total(CASE WHEN {_SHOWN} AND outcome IS 'accepted' THEN kept_ratio END) AS kept
"""


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
        f"SELECT {step} AS step, scope, source, model, arm, {_COUNTS} FROM suggestion"  # noqa: S608
        f" WHERE {where} GROUP BY 1, scope, source, model, arm",
        values,
    ).fetchall()
    tallies = [(row, Tally(*(row[name] for name in _TALLY))) for row in groups]
    by_step: dict[int, Tally] = {}
    sources: dict[int, dict[str, int]] = {}
    total = Tally()
    for row, tally in tallies:
        by_step[row["step"]] = by_step.get(row["step"], Tally()) + tally
        of_step = sources.setdefault(row["step"], {})
        of_step[row["source"] or ""] = of_step.get(row["source"] or "", 0) + tally.n_offered
        total += tally
    waits_all, waits = _waits(connection, where, values, step)
    cost_all, costs = _costs(connection, where, values, step)
    counts = _Counts(connection, where, values)
    return Figures(
        total=total,
        n_labelled=sum(n for label, n in (labels := counts.by("label")).items() if label),
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
        by_scope=_most_first(_added(tallies, "scope")),
        by_module=_most_first(counts.tallies("module")),
        by_model=_most_first(_added(tallies, "model")),
        by_source=_most_first(_added(tallies, "source")),
        by_arm=_most_first(_added(tallies, "arm")),
        withheld_by_reason={reason: n for reason, n in counts.by("withheld").items() if reason},
        by_label={label: n for label, n in labels.items() if label},
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts by one column over what is selected."""

    connection: sqlite3.Connection
    where: str
    values: tuple[Any, ...]

    def by(self, column: str) -> dict[str, int]:
        rows = self.connection.execute(
            f"SELECT {column} AS name, count(*) AS n FROM suggestion WHERE {self.where}"  # noqa: S608
            " GROUP BY 1 ORDER BY 2 DESC, 1",
            self.values,
        )
        return {row["name"] or "": row["n"] for row in rows}

    def tallies(self, column: str) -> dict[str, Tally]:
        rows = self.connection.execute(
            f"SELECT {column} AS name, {_COUNTS} FROM suggestion WHERE {self.where} GROUP BY 1",  # noqa: S608
            self.values,
        )
        found: dict[str, Tally] = {}
        for row in rows:
            tally = Tally(*(row[name] for name in _TALLY))
            found[row["name"] or ""] = found.get(row["name"] or "", Tally()) + tally
        return found


def _added(tallies: list[tuple[sqlite3.Row, Tally]], column: str) -> dict[str, Tally]:
    groups: dict[str, Tally] = {}
    for row, tally in tallies:
        name = row[column] or ""
        groups[name] = groups.get(name, Tally()) + tally
    return groups


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
