"""The feedback file's schema, as numbered steps from the first version on.

`PRAGMA user_version` holds the number of steps taken and `application_id` says that the file is ours. A
step that was released is never edited: what comes later is a new step. A new kind of event or outcome needs
none; an older Chiron leaves out what it does not know.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from chiron.errors import StoreError, StoreNewer

#: "CHRN", so that `file` and we can tell the file from other databases.
APPLICATION_ID = 0x4348524E

#: Each step is a list of statements, run in one transaction.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE suggestion (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            request_id TEXT NOT NULL,
            at_ms INTEGER NOT NULL,
            origin TEXT NOT NULL,
            "trigger" TEXT NOT NULL,
            scope TEXT NOT NULL,
            uri TEXT NOT NULL,
            line INTEGER NOT NULL,
            task_name TEXT NOT NULL,
            text TEXT NOT NULL,
            source TEXT,
            module TEXT,
            model TEXT,
            context TEXT NOT NULL,
            sent TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            prompt_version TEXT NOT NULL,
            catalog_version TEXT NOT NULL,
            pool_version TEXT NOT NULL,
            n_prompt_tokens INTEGER,
            n_completion_tokens INTEGER,
            cost_usd REAL,
            stage_ms TEXT NOT NULL,
            grounds TEXT NOT NULL,
            confidence REAL NOT NULL,
            rank INTEGER NOT NULL,
            arm TEXT NOT NULL,
            propensity REAL NOT NULL,
            withheld TEXT,
            withheld_detail TEXT NOT NULL,
            -- What the events add up to, rewritten in the transaction that adds one.
            outcome TEXT,
            undone INTEGER NOT NULL DEFAULT 0,
            kept_ratio REAL,
            strong INTEGER NOT NULL DEFAULT 0,
            label TEXT
        )
        """,
        """
        CREATE TABLE event (
            seq INTEGER PRIMARY KEY,
            suggestion_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            evidence TEXT NOT NULL,
            at_ms INTEGER NOT NULL,
            data TEXT NOT NULL
        )
        """,
        "CREATE INDEX event_suggestion ON event (suggestion_id, at_ms)",
        "CREATE INDEX suggestion_at ON suggestion (at_ms)",
        "CREATE INDEX suggestion_uri ON suggestion (uri)",
        # Holds all that the statistics read, so that they never touch the rows with their texts.
        """
        CREATE INDEX suggestion_statistics ON suggestion
            (origin, at_ms, outcome, strong, undone, withheld, scope, source, module, model)
        """,
    ),
    (
        "ALTER TABLE suggestion ADD COLUMN context_at INTEGER NOT NULL DEFAULT -1",
        # What the person waited for: the stages' times in one figure that an index can hold.
        "ALTER TABLE suggestion ADD COLUMN total_ms REAL",
        "UPDATE suggestion SET total_ms = (SELECT sum(value) FROM json_each(stage_ms))"
        " WHERE json_valid(stage_ms)",
        "DROP INDEX suggestion_statistics",
        # Holds all that statistics, plots and the queue's order read.
        """
        CREATE INDEX suggestion_figures ON suggestion
            (origin, at_ms, outcome, strong, undone, withheld, scope, source, module, model,
             arm, label, kept_ratio, total_ms, rank, confidence, id)
        """,
        "CREATE INDEX suggestion_cost ON suggestion (origin, at_ms, request_id, cost_usd)"
        " WHERE cost_usd IS NOT NULL",
        "CREATE INDEX event_instead ON event (suggestion_id) WHERE kind = 'wrote_instead'",
    ),
    (
        # What models say of suggestions, apart from what people say; the latest of each judge and prompt.
        """
        CREATE TABLE vote (
            suggestion_id TEXT NOT NULL,
            judge TEXT NOT NULL,
            prompt_version TEXT NOT NULL,
            at_ms INTEGER NOT NULL,
            label TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (suggestion_id, judge, prompt_version)
        )
        """,
        # What people say of two answers to one question whose makers they were not told.
        """
        CREATE TABLE bout (
            seq INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            question TEXT NOT NULL,
            first_arm TEXT NOT NULL,
            second_arm TEXT NOT NULL,
            first_id TEXT,
            second_id TEXT,
            result TEXT NOT NULL
        )
        """,
        "CREATE INDEX bout_question ON bout (question)",
        # Logs of others that were merged into this one, and which suggestions came with them.
        """
        CREATE TABLE merged (
            seq INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE provenance (
            suggestion_id TEXT PRIMARY KEY,
            merged INTEGER NOT NULL
        ) WITHOUT ROWID
        """,
    ),
)


def migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Brings the file up to date and returns how many steps that took; 0 where there was nothing to do.

    All steps happen in one transaction: a crash leaves the file as it was. Raises `StoreNewer` where a
    later Chiron wrote it, and `StoreError` where it is some other database; neither is written to.
    """
    if _marks(connection) == (APPLICATION_ID, len(steps)):
        return 0
    # Whatever else is there is only looked at under the lock: another window may be migrating right now.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _checked_version(connection, len(steps))
        for step in steps[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return len(steps) - version


def _checked_version(connection: sqlite3.Connection, n_steps: int) -> int:
    application_id, version = _marks(connection)
    if application_id != APPLICATION_ID:
        (n_objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application_id or version or n_objects:
            raise StoreError(
                "The feedback file is a database of something else.",
                advice="Set `data_dir` to another directory, or move that file away.",
            )
    if version > n_steps:
        raise StoreNewer(
            f"The feedback file was written by a later Chiron: format {version}, known {n_steps}.",
            advice="Update Chiron, or set `data_dir` to another directory to go on with this version.",
        )
    return version


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(application_id), int(version)
