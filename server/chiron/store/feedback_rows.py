"""Suggestions, events and what they add up to, as rows and back. Pure: no database is touched here."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from chiron.records import (
    Event,
    EventKind,
    Evidence,
    Ground,
    Origin,
    Outcome,
    ScopeKind,
    Source,
    SuggestionRecord,
    Trigger,
)

E = TypeVar("E", bound=StrEnum)

#: Columns of a suggestion as recorded, in the record's order.
RECORDED = tuple(f.name for f in fields(SuggestionRecord))
#: Columns that are worked out from the events.
DERIVED = ("outcome", "undone", "kept_ratio", "strong", "label")

#: How an event of this kind ends a suggestion.
ENDS: Mapping[EventKind, Outcome] = {
    EventKind.ACCEPTED: Outcome.ACCEPTED,
    EventKind.REJECTED: Outcome.REJECTED,
    EventKind.TYPED_OVER: Outcome.TYPED_OVER,
    EventKind.MOVED_AWAY: Outcome.MOVED_AWAY,
    EventKind.SUPERSEDED: Outcome.SUPERSEDED,
    EventKind.EXPIRED: Outcome.EXPIRED,
}

_KNOWN_KINDS = frozenset(kind.value for kind in EventKind)
_KNOWN_SOURCES = frozenset(source.value for source in Source)
_KNOWN_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_STRENGTH = {Evidence.CONFIRMED: 2, Evidence.OBSERVED: 1, Evidence.INFERRED: 0}

#: Events that change nothing derived; most events are of these kinds.
IDLE_KINDS = frozenset(
    {
        EventKind.OFFERED,
        EventKind.SHOWN,
        EventKind.TYPED_THROUGH,
        EventKind.WROTE_INSTEAD,
        EventKind.UNLEARNED,
    }
)

#: Columns that hold the same few texts in thousands of rows: each is kept in memory once.
_ALIKE = (
    "uri", "module", "model", "endpoint", "arm", "prompt_version", "catalog_version", "pool_version",
    "withheld",
)  # fmt: skip

_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Derived:
    """What a suggestion's events add up to.

    `outcome` is None while it is open. `kept_ratio` is the last one measured, from 0 to 1. `strong` is
    strong acceptance: accepted and not undone, over half kept by then, its module unchanged.
    """

    outcome: Outcome | None = None
    undone: bool = False
    kept_ratio: float | None = None
    strong: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A suggestion as recorded, and what has become of it so far."""

    record: SuggestionRecord
    derived: Derived

    @property
    def outcome(self) -> Outcome | None:
        return self.derived.outcome


def derive(events: Iterable[Event]) -> Derived:
    """What `events`, of one suggestion and in order of time, add up to.

    An acceptance counts whatever else is there; a part accepted and then an end otherwise is
    `partly_accepted`; else the end with the best evidence counts, of equals the first. An end event may name
    its outcome in `data["outcome"]` where the kind alone does not tell (`not_seen`). `kept_at` events carry
    `ratio` and `strong` (or `module_unchanged`), `labelled` ones `label`, where null takes a label back.
    """
    ends: list[tuple[int, Outcome]] = []
    accepted = part = undone = strong = False
    kept_ratio: float | None = None
    label: str | None = None
    for event in events:
        kind = event.kind
        if kind in ENDS:
            outcome = to_enum(Outcome, event.data.get("outcome"), ENDS[kind])
            ends.append((_STRENGTH[event.evidence], outcome))
            accepted = accepted or kind is EventKind.ACCEPTED or outcome is Outcome.ACCEPTED
        elif kind is EventKind.ACCEPTED_PART:
            part = True
        elif kind in (EventKind.UNDONE, EventKind.REDONE):
            undone = kind is EventKind.UNDONE
        elif kind is EventKind.KEPT_AT:
            kept_ratio, strong = _kept(event.data, kept_ratio, strong)
        elif kind is EventKind.LABELLED:
            given = event.data.get("label")
            label = str(given) if given is not None else None
    if accepted:
        ended: Outcome | None = Outcome.ACCEPTED
    elif ends and part:
        ended = Outcome.PARTLY_ACCEPTED
    else:
        ended = max(ends, key=lambda end: end[0])[1] if ends else None
    return Derived(ended, undone, kept_ratio, accepted and not undone and strong, label)


def _kept(data: Mapping[str, Any], ratio: float | None, strong: bool) -> tuple[float | None, bool]:
    """The kept ratio and whether it is a strong acceptance, after one more measurement."""
    given = data.get("ratio")
    if not isinstance(given, int | float) or not math.isfinite(given):
        return ratio, strong
    ratio = min(1.0, max(0.0, float(given)))
    told = data.get("strong")
    return ratio, told if isinstance(told, bool) else ratio > 0.5 and data.get(
        "module_unchanged"
    ) is not False


def from_record(record: SuggestionRecord) -> tuple[Any, ...]:
    """`record`'s values in the order of `RECORDED`, fit for SQLite whatever text they hold."""
    values: dict[str, Any] = {name: getattr(record, name) for name in RECORDED}
    values["stage_ms"] = _to_json(dict(record.stage_ms))
    values["grounds"] = _to_json([asdict(ground) for ground in record.grounds])
    return tuple(_plain(values[name]) for name in RECORDED)


def from_event(event: Event) -> tuple[Any, ...]:
    """`event` as (suggestion_id, kind, evidence, at_ms, data)."""
    values = (event.suggestion_id, event.kind, event.evidence, event.at_ms, _to_json(dict(event.data)))
    return tuple(_plain(value) for value in values)


def to_suggestion(row: Mapping[str, Any]) -> SuggestionRow:
    """A row with the columns `RECORDED` and `DERIVED` as records."""
    values = {name: row[name] for name in RECORDED}
    for name in _ALIKE:
        if type(values[name]) is str:
            values[name] = sys.intern(values[name])
    values["origin"] = to_enum(Origin, values["origin"], Origin.REPLAY)
    values["trigger"] = to_enum(Trigger, values["trigger"], Trigger.AUTOMATIC)
    values["scope"] = to_enum(ScopeKind, values["scope"], ScopeKind.TASK_BODY)
    values["source"] = Source(values["source"]) if values["source"] in _KNOWN_SOURCES else None
    values["stage_ms"] = _from_json(values["stage_ms"], {})
    values["grounds"] = tuple(
        Ground(**{k: str(v) for k, v in ground.items() if k in ("kind", "what", "where", "detail")})
        for ground in _from_json(values["grounds"], [])
        if isinstance(ground, dict) and {"kind", "what"} <= ground.keys()
    )
    outcome = to_outcome(row["outcome"])
    derived = Derived(outcome, bool(row["undone"]), row["kept_ratio"], bool(row["strong"]), row["label"])
    return SuggestionRow(SuggestionRecord(**values), derived)


def to_events(rows: Iterable[Mapping[str, Any]]) -> Iterator[Event]:
    """Rows of the event table as records. Kinds that this Chiron does not know are left out."""
    for row in rows:
        if row["kind"] in _KNOWN_KINDS:
            yield Event(
                row["suggestion_id"],
                EventKind(row["kind"]),
                to_enum(Evidence, row["evidence"], Evidence.INFERRED),
                row["at_ms"],
                _from_json(row["data"], {}),
            )


def quoted(column: str) -> str:
    """A column's name as SQL takes it; `trigger` is a word of SQL's own."""
    return f'"{column}"'


def to_enum(kind: type[E], value: object, otherwise: E) -> E:
    """`value` as a member of `kind`, or `otherwise` where it is none."""
    try:
        return kind(str(value))
    except ValueError:
        return otherwise


def to_outcome(value: object) -> Outcome | None:
    """`value` as an outcome; None where it is none, or one of a later Chiron."""
    return Outcome(str(value)) if value in _KNOWN_OUTCOMES else None


def _plain(value: Any) -> Any:
    """A value that SQLite takes: no lone surrogates, no endless numbers, no enum classes."""
    if isinstance(value, str):
        return str(value).encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return 0.0
    if isinstance(value, int):
        return max(-_LARGEST_INTEGER, min(_LARGEST_INTEGER, int(value)))
    return value


def _to_json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=True, separators=(",", ":"))


def _from_json(text: str, empty: Any) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return empty
    return value if isinstance(value, type(empty)) else empty
