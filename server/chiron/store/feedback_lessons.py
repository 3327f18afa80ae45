"""What the feedback file holds to learn from: how suggestions ended, and what was written in their place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chiron.records import EventKind, Origin, Outcome
from chiron.store.feedback_rows import DERIVED, RECORDED, SuggestionRow, quoted, to_outcome, to_suggestion

#: What was sent to a model teaches nothing, and may be long.
_LEFT_OUT = {"sent": "''"}
#: Neither does what stood round it, to who keeps thousands of lessons in memory.
_LEFT_OUT_LEAN = {**_LEFT_OUT, "context": "''", "stage_ms": "'{}'"}
#: What came in with other people's logs says nothing of how things go here.
_OWN = "NOT EXISTS (SELECT 1 FROM provenance WHERE suggestion_id = id)"
_KINDS = (EventKind.LABELLED, EventKind.WROTE_INSTEAD, EventKind.UNLEARNED)
#: Reasons for which the gate holds back.
_BY_GATE = "withheld IN ('unlikely-wanted', 'unlikely-kept')"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One suggestion that a person saw, and what they said or wrote instead of it.

    `correction` is a whole task out of a review, `corrected_valid` what the validator said of it then;
    `instead` is what came to stand at its place. `unlearned`: a person took it out of what is learned.
    """

    row: SuggestionRow
    correction: str = ""
    corrected_valid: bool | None = None
    instead: str = ""
    unlearned: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """One request's first answer as an experiment: what was drawn, how likely that was, what came of it.

    `held` names the reason where it was held back by what was learned, or by an arm. Where nothing was good
    enough to be `shown`, that is one experiment for all requests at its place.
    """

    at_ms: int
    arm: str
    propensity: float
    outcome: Outcome | None
    strong: bool
    held: str | None
    shown: bool = True


def _columns(left_out: Mapping[str, str]) -> str:
    """All columns, those `left_out` with an empty value in their place."""
    return ", ".join(
        f"{left_out[name]} AS {name}" if name in left_out else quoted(name) for name in (*RECORDED, *DERIVED)
    )


def mark(connection: sqlite3.Connection) -> str:
    """Something that changes whenever a suggestion or an event is added or erased."""
    row = connection.execute(
        "SELECT (SELECT max(seq) FROM event), (SELECT count(*) FROM event),"
        " (SELECT max(seq) FROM suggestion), (SELECT count(*) FROM suggestion)"
    ).fetchone()
    return "-".join(str(value or 0) for value in row)


def lessons(
    connection: sqlite3.Connection,
    since_ms: int,
    limit: int,
    origin: Origin | None = Origin.EDITOR,
    *,
    of_others: bool = False,
    lean: bool = False,
) -> list[Lesson]:
    """The newest `limit` suggestions since then that ended seen, or were labelled; oldest first.

    Those that an editor asked for, unless another `origin` is named, or None for every one; and `of_others`
    those too that came in with other people's logs. `lean`: without what surrounded them and stages' times.
    """
    columns = _columns(_LEFT_OUT_LEAN if lean else _LEFT_OUT)
    rows = connection.execute(
        f"SELECT {columns} FROM suggestion WHERE at_ms >= ? AND withheld IS NULL"  # noqa: S608 our own names
        f" AND scope <> 'action' AND (? IS NULL OR origin = ?) AND {'1' if of_others else _OWN}"
        " AND (label IS NOT NULL OR (outcome IS NOT NULL AND outcome <> 'not_seen'))"
        " ORDER BY at_ms DESC, seq DESC LIMIT ?",
        (since_ms, origin, origin, limit),
    ).fetchall()
    found = [to_suggestion(row) for row in reversed(rows)]
    told = _told(connection, [one.record.id for one in found])
    return [_lesson(one, told.get(one.record.id, {})) for one in found]


def held_back(
    connection: sqlite3.Connection, since_ms: int, limit: int, origin: Origin | None = Origin.EDITOR
) -> list[SuggestionRow]:
    """What the newest `limit` requests since then would have been answered with, had a gate not held it back;
    oldest first."""
    rows = connection.execute(
        f"SELECT {_columns(_LEFT_OUT)}, min(seq) FROM suggestion WHERE at_ms >= ? AND {_BY_GATE}"  # noqa: S608 our own names
        f" AND (? IS NULL OR origin = ?) AND {_OWN} GROUP BY request_id ORDER BY at_ms DESC LIMIT ?",
        (since_ms, origin, origin, limit),
    ).fetchall()
    return [to_suggestion(row) for row in reversed(rows)]


def played(
    connection: sqlite3.Connection, since_ms: int, limit: int, origin: Origin | None = Origin.EDITOR
) -> list[Played]:
    """The newest `limit` requests since then as experiments, oldest first: each by its first answer.

    And the newest places for which nothing was shown, whenever it was asked; a place is what is drawn for.
    """
    ours = f"at_ms >= ? AND scope <> 'action' AND (? IS NULL OR origin = ?) AND {_OWN}"
    given = (since_ms, origin, origin, limit)
    rows = connection.execute(
        # SQLite takes the other columns from the row that has the least: a shown one, where there is one.
        "SELECT at_ms, arm, propensity, outcome, strong, withheld, min(withheld IS NOT NULL) FROM suggestion"  # noqa: S608
        f' WHERE {ours} AND ("rank" = 0 AND withheld IS NULL AND outcome IS NOT NULL OR {_BY_GATE})'
        " GROUP BY request_id ORDER BY at_ms DESC LIMIT ?",
        given,
    ).fetchall()
    silent = connection.execute(
        "SELECT max(at_ms) AS at_ms, arm, propensity FROM suggestion"  # noqa: S608 our own names
        f" WHERE {ours} GROUP BY uri, scope, CASE task_name WHEN '' THEN line ELSE task_name END, arm"
        f" HAVING min(withheld IS NOT NULL) = 1 AND max({_BY_GATE}) = 0 ORDER BY 1 DESC LIMIT ?",
        given,
    ).fetchall()
    found = [
        Played(
            row["at_ms"],
            row["arm"],
            row["propensity"],
            to_outcome(row["outcome"]),
            bool(row["strong"]),
            row["withheld"],
        )
        for row in rows
    ]
    found += [
        Played(row["at_ms"], row["arm"], row["propensity"], None, False, None, shown=False) for row in silent
    ]
    return sorted(found, key=lambda one: one.at_ms)


def _told(
    connection: sqlite3.Connection, ids: Sequence[str]
) -> dict[str, dict[EventKind, dict[str, object]]]:
    """The last event of each kind that says something, by suggestion."""
    rows = connection.execute(
        # One after the other by the index, however long the log is.
        "SELECT suggestion_id, kind, data FROM event"
        " WHERE suggestion_id IN (SELECT value FROM json_each(?)) AND kind IN (?, ?, ?) ORDER BY at_ms, seq",
        (json.dumps(ids), *_KINDS),
    )
    told: dict[str, dict[EventKind, dict[str, object]]] = {}
    for row in rows:
        try:
            data = json.loads(row["data"])
        except ValueError:
            continue
        if isinstance(data, dict):
            told.setdefault(row["suggestion_id"], {})[EventKind(row["kind"])] = data
    return told


def _lesson(row: SuggestionRow, told: dict[EventKind, dict[str, object]]) -> Lesson:
    label = told.get(EventKind.LABELLED, {})
    valid = label.get("correction_valid")
    return Lesson(
        row,
        correction=str(label.get("correction") or "") if label.get("label") is not None else "",
        corrected_valid=valid if isinstance(valid, bool) else None,
        instead=str(told.get(EventKind.WROTE_INSTEAD, {}).get("text") or ""),
        unlearned=bool(told.get(EventKind.UNLEARNED, {}).get("unlearned")),
    )
