"""Numbered migrations: a file of any earlier format is brought up to date whole, or not at all."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from chiron.store.feedback import FeedbackLog
from chiron.store.migrations import APPLICATION_ID, STEPS, migrate
from support.killing import suggestion


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)


def test_a_new_file_takes_every_step_and_then_none(tmp_path: Path) -> None:
    connection = connect(tmp_path / "new.db")
    assert migrate(connection) == len(STEPS)
    assert migrate(connection) == 0
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)


@pytest.mark.parametrize("n", range(1, len(STEPS) + 1))
def test_a_file_of_each_earlier_format_can_be_used(tmp_path: Path, n: int) -> None:
    path = tmp_path / "old.db"
    connection = connect(path)
    migrate(connection, STEPS[:n])
    connection.close()
    with FeedbackLog(path) as log:
        log.record(suggestion("one"))
        log.flush()
        assert [row.record.id for row in log.suggestions()] == ["one"]


def test_rows_are_still_there_after_a_step(tmp_path: Path) -> None:
    connection = connect(tmp_path / "old.db")
    migrate(connection, [["CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"]])
    assert migrate(connection, [["never run"], ["ALTER TABLE t ADD COLUMN y DEFAULT 2"]]) == 1
    assert connection.execute("SELECT * FROM t").fetchall() == [(1, 2)]


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    connection = connect(tmp_path / "old.db")
    migrate(connection, [["CREATE TABLE t (x)"]])
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [[""], ["DROP TABLE t", "CREATE TABLE u (x)", "no statement"]])
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_windows_that_open_an_old_file_at_once_take_each_step_once(tmp_path: Path) -> None:
    steps = [["CREATE TABLE t (x)"], ["INSERT INTO t VALUES (1)"], ["INSERT INTO t VALUES (2)"]]
    taken: list[int] = []

    def open_it() -> None:
        connection = connect(tmp_path / "old.db")
        taken.append(migrate(connection, steps))
        connection.close()

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0, 0, 0, 0, 0, 3]
    assert connect(tmp_path / "old.db").execute("SELECT x FROM t").fetchall() == [(1,), (2,)]
