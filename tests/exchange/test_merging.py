"""Logs of several people in one: every row once, redacted again, and still known whose it was."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chiron.errors import StoreError, StoreNewer
from chiron.exchange.merging import merge, redacted
from chiron.records import Event, SuggestionRecord
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_dependents import dependents
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_histories import provenance
from chiron.store.feedback_queries import Filters, History
from chiron.store.feedback_rows import Derived, SuggestionRow
from chiron.store.feedback_votes import Bout, Vote, bouts, put_bout, put_votes, votes
from chiron.store.migrations import STEPS, migrate
from support import feedback_made
from support.logged import CONTEXT, fate, label
from support.reviewing import keep

Made = Callable[..., Path]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    with FeedbackLog(tmp_path / "mine" / "feedback.sqlite") as one:
        yield one


@pytest.fixture
def theirs(tmp_path: Path) -> Made:
    """Makes somebody's feedback file of rows."""

    def make(name: str, *rows: SuggestionRecord | Event) -> Path:
        with FeedbackLog(tmp_path / name / "feedback.sqlite") as one:
            keep(one, *rows)
        return tmp_path / name / "feedback.sqlite"

    return make


def histories_of(log: FeedbackLog) -> dict[str, History]:
    rows = log.suggestions(10_000, Filters())
    return {row.record.id: shown for row in rows if (shown := log.show(row.record.id)) is not None}


def check_merge(
    log: FeedbackLog, file: Path, *, new: tuple[int, int], known: tuple[int, int]
) -> dict[str, Any]:
    """What was said of a merge; `new` and `known` are (suggestions, events)."""
    said = merge(log, file, name=file.parent.name)
    assert (said["n_suggestions"], said["n_events"]) == new
    assert (said["n_known_suggestions"], said["n_known_events"]) == known
    return said


def test_two_peoples_logs_become_one_and_again_changes_nothing(log: FeedbackLog, theirs: Made) -> None:
    keep(log, *fate("mine", "kept"))
    anna = theirs("anna", *fate("a", "kept"), *fate("b", "refused"))
    berta = theirs("berta", *fate("c", "instead"), label("c", "wrong_module"))
    check_merge(log, anna, new=(2, 5), known=(0, 0))
    check_merge(log, berta, new=(1, 4), known=(0, 0))
    before = histories_of(log)
    assert {one: history.suggestion.outcome for one, history in before.items()} == {
        "mine": "accepted", "a": "accepted", "b": "rejected", "c": "rejected",
    }  # fmt: skip
    assert before["c"].suggestion.derived.label == "wrong_module"
    check_merge(log, anna, new=(0, 0), known=(2, 5))
    check_merge(log, berta, new=(0, 0), known=(1, 4))
    assert histories_of(log) == before


def test_a_thousand_rows_come_through_unchanged(log: FeedbackLog, tmp_path: Path) -> None:
    file = tmp_path / "made" / "feedback.sqlite"
    feedback_made.write(file, 1_000, labelled=0.1)
    merge(log, file, name="made")
    with FeedbackLog(file) as there:
        assert histories_of(log) == histories_of(there)


def test_whose_it_was_is_kept_through_a_second_merge(log: FeedbackLog, theirs: Made, tmp_path: Path) -> None:
    anna = theirs("anna", *fate("a", "kept"))
    middle = theirs("berta", *fate("b", "kept"))
    with FeedbackLog(middle) as between:
        merge(between, anna, name="anna")
    merge(log, middle, name="berta")
    assert log.ask(provenance) == {"a": "anna", "b": "berta"}


def test_what_comes_back_to_its_owner_stays_the_owners(log: FeedbackLog, tmp_path: Path) -> None:
    keep(log, *fate("mine", "kept"))
    log.vacuum()
    copy = tmp_path / "copy.sqlite"
    shutil.copy(log.path, copy)
    with FeedbackLog(copy) as there:
        keep(there, label("mine", "good"))
    check_merge(log, copy, new=(0, 1), known=(1, 3))
    assert log.ask(provenance) == {}
    shown = log.show("mine")
    assert shown is not None
    assert shown.suggestion.derived.label == "good"


def test_secrets_that_an_older_chiron_kept_are_taken_out(log: FeedbackLog, theirs: Made) -> None:
    context = "- name: Log in\n  vars:\n    api_token: ghp_16C7e42F292c6912E7710c838347Ae178B4a\n  debug:¦\n"
    at = context.index("¦")
    file = theirs(
        "anna",
        *fate("a", "kept", context=context.replace("¦", ""), context_at=at, sent=context.replace("¦", "")),
        label("a", "good", note="password: hunter2hunter2x"),
    )
    assert merge(log, file, name="anna")["n_redacted_again"] == 1
    history = histories_of(log)["a"]
    record = history.suggestion.record
    assert record.context[: record.context_at].endswith("  debug:")
    kept = json.dumps([record.context, record.sent, [dict(one.data) for one in history.events]])
    assert "ghp_" not in kept
    assert "hunter2" not in kept
    check_merge(log, file, new=(0, 0), known=(1, 4))


def test_what_was_redacted_before_keeps_its_placeholders() -> None:
    context = "x: __CHIRON_SECRET_7__\n" + CONTEXT
    rows = list(fate("a", "kept", context=context, context_at=len(context)))
    record, events = rows[0], tuple(row for row in rows[1:] if isinstance(row, Event))
    assert isinstance(record, SuggestionRecord)
    history = History(SuggestionRow(record, Derived()), events)
    assert redacted(history) == history


def test_a_later_format_is_refused_with_what_to_do(log: FeedbackLog, theirs: Made) -> None:
    file = theirs("anna", *fate("a", "kept"))
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    with pytest.raises(StoreNewer, match=r"later Chiron .*Update Chiron, then import it"):
        merge(log, file, name="anna")


def test_an_earlier_format_is_read_and_left_as_it_is(log: FeedbackLog, tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    connection = sqlite3.connect(file, isolation_level=None)
    migrate(connection, STEPS[:1])
    connection.execute(
        'INSERT INTO suggestion (id, request_id, at_ms, origin, "trigger", scope, uri, line, task_name, text,'
        " context, sent, endpoint, prompt_version, catalog_version, pool_version, stage_ms, grounds,"
        " confidence, rank, arm, propensity, withheld_detail) VALUES ('old', 'r', 1, 'editor', 'automatic',"
        " 'task_body', 'file:///x', 0, 'X', 'y', '', '', '', '', '', '', '{}', '[]', 0, 0, 'default', 1, '')"
    )
    connection.close()
    before = file.read_bytes()
    check_merge(log, file, new=(1, 0), known=(0, 0))
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 500])
def test_what_is_no_feedback_file_is_refused(log: FeedbackLog, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.sqlite"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"x\.sqlite"):
        merge(log, file, name="x")
    assert not list(log.path.parent.glob(".import-*"))


def test_a_database_of_something_else_is_refused(log: FeedbackLog, tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="database of something else"):
        merge(log, file, name="x")


def test_rows_in_the_write_ahead_log_of_a_running_server_are_read(log: FeedbackLog, tmp_path: Path) -> None:
    with FeedbackLog(tmp_path / "open.sqlite") as running:
        keep(running, *fate("a", "kept"))
        reader = sqlite3.connect(running.path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM suggestion").fetchall()
        keep(running, *fate("b", "kept"))
        check_merge(log, running.path, new=(2, 6), known=(0, 0))
        reader.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("context_at", "'x'"),
        ("text", "x'ff00'"),
        ("at_ms", "'soon'"),
        ("confidence", "'very'"),
        ("uri", "x'00'"),
        ("stage_ms", "x'ff'"),
        ("grounds", "'[1, {}]'"),
        ("task_name", "x'ff'"),
    ],
)
def test_a_row_that_is_none_of_ours_is_left_out_and_the_others_come(
    log: FeedbackLog, theirs: Made, column: str, value: str
) -> None:
    file = theirs("anna", *fate("a", "kept"), *fate("b", "kept"))
    connection = sqlite3.connect(file)
    connection.execute(f"UPDATE suggestion SET {column} = {value} WHERE id = 'a'")
    connection.commit()
    connection.close()
    said = merge(log, file, name="anna")
    assert said["n_suggestions"] + said["n_unreadable"] == 2
    assert "b" in histories_of(log)


def test_votes_and_comparisons_come_along_once(log: FeedbackLog, theirs: Made) -> None:
    file = theirs("anna", *fate("a", "kept"), *fate("b", "kept"))
    with FeedbackLog(file) as there:
        vote = Vote("a", "some-model", "judge-1", 1, "unsafe", "password: hunter2hunter2x")
        there.change(partial(put_votes, votes=[vote]))
        there.change(partial(put_bout, bout=Bout(1, "q", "recall", "some-model", "first", "a", "b")))
    assert merge(log, file, name="anna")["n_votes"] == 2
    assert merge(log, file, name="anna")["n_votes"] == 0
    (kept,) = log.ask(votes)
    assert (kept.label, "hunter2" in kept.reason) == ("unsafe", False)
    (compared,) = log.ask(bouts)
    assert compared.result == "first"
    selection = Selection(suggestion_id="a")
    assert log.ask(partial(dependents, selection=selection)).n_votes == 2
    log.delete(selection)
    assert (log.ask(votes), log.ask(bouts)) == ([], [])


def test_erasing_a_merged_row_erases_whose_it_was(log: FeedbackLog, theirs: Made) -> None:
    merge(log, theirs("anna", *fate("a", "kept"), *fate("b", "kept")), name="anna")
    log.delete(Selection(suggestion_id="a"))
    assert log.ask(provenance) == {"b": "anna"}


def test_the_command_line_exports_and_imports(environ: dict[str, str], theirs: Made, tmp_path: Path) -> None:
    def chiron(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "chiron", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    file = theirs("anna", *fate("a", "kept"), *fate("b", "instead"))
    said = json.loads(chiron("import", str(file), "--as", "anna", "--json"))
    assert (said[0]["from"], said[0]["n_suggestions"]) == ("anna", 2)
    out = tmp_path / "kto.jsonl"
    said = json.loads(chiron("export", "--format", "kto", "--out", str(out), "--json"))
    assert (said["n_rows"], said["by_log"]) == (3, {"anna": 3})
    assert "Written to" in chiron("export", "--format", "kto", "--out", str(out), "--outcome", "accepted")
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1
    assert "Nothing was left" in chiron(
        "export", "--format", "kto", "--out", str(out), "--workspace", os.fspath(tmp_path), code=3
    )
    assert "No outcome is called" in chiron(
        "export", "--format", "kto", "--out", str(out), "--outcome", "liked", code=2
    )
