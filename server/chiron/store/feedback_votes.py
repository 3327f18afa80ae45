"""What models say of suggestions, apart from what people say; and people's choices between two answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vote:
    """A judge's verdict on one suggestion. `judge` is the model's name, `prompt_version` its question's."""

    suggestion_id: str
    judge: str
    prompt_version: str
    at_ms: int
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Bout:
    """What a person said of two answers to one question: `first`, `second`, `tie` or `bad` for both.

    `question` is the same for two answers to the same; the ids name rows of the log where they are such.
    """

    at_ms: int
    question: str
    first_arm: str
    second_arm: str
    result: str
    first_id: str | None = None
    second_id: str | None = None


def put_votes(connection: sqlite3.Connection, votes: Iterable[Vote]) -> None:
    """Keeps votes, each in place of an earlier one of the same judge and prompt; none of what was erased."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(
            "INSERT INTO vote (suggestion_id, judge, prompt_version, at_ms, label, reason)"
            " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM suggestion WHERE id = ?1)"
            " ON CONFLICT (suggestion_id, judge, prompt_version)"
            " DO UPDATE SET at_ms = excluded.at_ms, label = excluded.label, reason = excluded.reason",
            [
                (one.suggestion_id, one.judge, one.prompt_version, one.at_ms, one.label, one.reason)
                for one in votes
            ],
        )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def merge_votes(connection: sqlite3.Connection, votes: Iterable[Vote], bouts: Iterable[Bout]) -> int:
    """Adds votes and comparisons of another log that this one lacks, and says how many."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        n_before = connection.total_changes
        connection.executemany(
            "INSERT OR IGNORE INTO vote (suggestion_id, judge, prompt_version, at_ms, label, reason)"
            " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM suggestion WHERE id = ?1)",
            [
                (one.suggestion_id, one.judge, one.prompt_version, one.at_ms, one.label, one.reason)
                for one in votes
            ],
        )
        for bout in bouts:
            put_bout(connection, bout)
        n = connection.total_changes - n_before
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return n


def votes(connection: sqlite3.Connection) -> list[Vote]:
    """All votes, oldest first."""
    rows = connection.execute(
        "SELECT suggestion_id, judge, prompt_version, at_ms, label, reason FROM vote ORDER BY at_ms"
    )
    return [Vote(*row) for row in rows]


def to_judge(
    connection: sqlite3.Connection, judge: str, prompt_version: str, origin: str | None, limit: int
) -> list[str]:
    """Ids that this judge has not voted on: what people labelled first, then the latest that ended."""
    return [
        row["id"]
        for row in connection.execute(
            "SELECT id FROM suggestion WHERE NOT EXISTS (SELECT 1 FROM vote WHERE suggestion_id = id"
            " AND judge = ?1 AND prompt_version = ?2) AND text <> '' AND (?3 IS NULL OR origin = ?3)"
            " AND (label IS NOT NULL OR (withheld IS NULL AND outcome IS NOT NULL AND outcome <> 'not_seen'))"
            " ORDER BY label IS NULL, at_ms DESC LIMIT ?4",
            (judge, prompt_version, origin, limit),
        )
    ]


def labels(connection: sqlite3.Connection) -> dict[str, str]:
    """The verdicts of people that stand, by suggestion."""
    return dict(connection.execute("SELECT id, label FROM suggestion WHERE label IS NOT NULL").fetchall())


def put_bout(connection: sqlite3.Connection, bout: Bout) -> int:
    """Keeps a choice, and returns the number by which it can be taken back; 0 where there is one already."""
    done = connection.execute(
        "INSERT INTO bout (at_ms, question, first_arm, second_arm, first_id, second_id, result)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM bout WHERE question = ?2)",
        (
            bout.at_ms,
            bout.question,
            bout.first_arm,
            bout.second_arm,
            bout.first_id,
            bout.second_id,
            bout.result,
        ),
    )
    return int(done.lastrowid or 0) if done.rowcount else 0


def take_back_bout(connection: sqlite3.Connection, seq: int) -> bool:
    """Takes a choice back; False where it is not there."""
    return connection.execute("DELETE FROM bout WHERE seq = ?", (seq,)).rowcount > 0


def bouts(connection: sqlite3.Connection) -> list[Bout]:
    """All choices, oldest first."""
    rows = connection.execute(
        "SELECT at_ms, question, first_arm, second_arm, result, first_id, second_id FROM bout ORDER BY seq"
    )
    return [Bout(*row) for row in rows]


def rivals(connection: sqlite3.Connection, origin: str | None, limit: int) -> list[tuple[str, str]]:
    """Ids of the first two alternatives of requests whose makers differ, latest first."""
    maker = "coalesce({0}.model, '') || ' ' || {0}.arm"
    rows = connection.execute(
        'WITH first AS (SELECT * FROM suggestion WHERE "rank" = 0 AND withheld IS NULL'  # noqa: S608 our own
        " AND (?1 IS NULL OR origin = ?1)),"
        ' second AS (SELECT * FROM suggestion WHERE "rank" = 1 AND withheld IS NULL)'
        " SELECT first.id, second.id FROM first JOIN second ON second.request_id = first.request_id"
        " WHERE trim(first.text) <> trim(second.text)"
        f" AND {maker.format('first')} <> {maker.format('second')}"
        " ORDER BY first.at_ms DESC LIMIT ?2",
        (origin, limit),
    )
    return [(row[0], row[1]) for row in rows]
