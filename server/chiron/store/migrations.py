"""The feedback file's schema, as numbered steps from the first version on.

`PRAGMA user_version` holds the number of steps taken and `application_id` says that the file is ours. A
step that was released is never edited: what comes later is a new step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from chiron.errors import StoreDamaged, StoreNewer

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
        ) STRICT
        """,
        """
        CREATE TABLE event (
            seq INTEGER PRIMARY KEY,
            suggestion_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            evidence TEXT NOT NULL,
            at_ms INTEGER NOT NULL,
            data TEXT NOT NULL
        ) STRICT
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
)


def migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Brings the file up to date and returns how many steps that took; 0 where there was nothing to do.

    All steps happen in one transaction: a crash leaves the file as it was. Raises `StoreNewer` where a
    later Chiron wrote it and `StoreDamaged` where it is some other database.
    """
    if _version(connection, steps) == len(steps):
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another window may have migrated while this one waited for the lock.
        version = _version(connection, steps)
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


def _version(connection: sqlite3.Connection, steps: Sequence[Sequence[str]]) -> int:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        (n_objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application_id or version or n_objects:
            raise StoreDamaged(
                "The feedback file is a database of something else.",
                advice="Set `data_dir` to another directory, or move that file away.",
            )
    if version > len(steps):
        raise StoreNewer(
            f"The feedback file was written by a later Chiron: format {version}, known {len(steps)}.",
            advice="Update Chiron, or set `data_dir` to another directory to go on with this version.",
        )
    return int(version)
