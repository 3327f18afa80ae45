"""The feedback log keeps what it acknowledged, adds up what happened, and forgets when it is told to."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chiron.errors import StoreDamaged, StoreError, StoreLocked, StoreNewer
from chiron.records import Event, EventKind, Evidence, Ground, Origin, Outcome, ScopeKind, Source
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_queries import Filters
from support.killing import kill_rounds, suggestion

OFFERED, SHOWN, ACCEPTED, PART = (
    EventKind.OFFERED,
    EventKind.SHOWN,
    EventKind.ACCEPTED,
    EventKind.ACCEPTED_PART,
)
REJECTED, EXPIRED, TYPED_OVER = EventKind.REJECTED, EventKind.EXPIRED, EventKind.TYPED_OVER
UNDONE, REDONE, KEPT_AT, LABELLED = (
    EventKind.UNDONE,
    EventKind.REDONE,
    EventKind.KEPT_AT,
    EventKind.LABELLED,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "feedback.db"


@pytest.fixture
def log(path: Path) -> Iterator[FeedbackLog]:
    with FeedbackLog(path) as log:
        yield log


def happened(
    log: FeedbackLog, suggestion_id: str, *kinds: EventKind | tuple[EventKind, Mapping[str, Any]]
) -> None:
    for n, one in enumerate(kinds):
        kind, data = (one, {}) if isinstance(one, EventKind) else one
        log.event(Event(suggestion_id, kind, Evidence.INFERRED, 1000 + n, data))


def check_outcome(
    log: FeedbackLog, *kinds: EventKind | tuple[EventKind, Mapping[str, Any]]
) -> tuple[Outcome | None, bool, float | None, bool]:
    """Outcome, undone, kept ratio and strong acceptance after these events, as they stand in the file."""
    log.record(suggestion("one"))
    happened(log, "one", *kinds)
    log.flush()
    (row,) = log.suggestions()
    derived = row.derived
    return derived.outcome, derived.undone, derived.kept_ratio, derived.strong


# ------------------------------------------------------------------ keeping


def test_a_suggestion_comes_back_as_it_was_recorded(log: FeedbackLog) -> None:
    record = suggestion(
        "one",
        at_ms=1_700_000_000_000,
        n_prompt_tokens=12,
        cost_usd=0.25,
        withheld="invalid",
        withheld_detail="no such option",
        grounds=(Ground("task", "Install nginx", "roles/web/tasks/main.yml:3"),),
    )
    log.record(record)
    log.flush()
    (row,) = log.suggestions()
    assert row.record == record
    assert row.outcome is None


def test_events_come_back_in_order_with_their_evidence(log: FeedbackLog) -> None:
    log.record(suggestion("one"))
    events = [
        Event("one", OFFERED, Evidence.OBSERVED, 1, {"rank": 0}),
        Event("one", ACCEPTED, Evidence.CONFIRMED, 2, {"visible_ms": 900}),
        Event("one", KEPT_AT, Evidence.INFERRED, 3, {"at": "30s", "ratio": 0.75}),
    ]
    for event in reversed(events):
        log.event(event)
    log.flush()
    history = log.show("one")
    assert history is not None
    assert list(history.events) == events


def test_the_start_of_an_id_will_do_where_it_is_unambiguous(log: FeedbackLog) -> None:
    for name in ("abc1", "abc2", "abd", "ab"):
        log.record(suggestion(name))
    log.flush()
    found = {start: log.show(start) for start in ("abd", "abc", "ab", "zz", "a")}
    assert {start: one and one.suggestion.record.id for start, one in found.items()} == {
        "abd": "abd",
        "abc": None,
        "ab": "ab",
        "zz": None,
        "a": None,
    }


def test_the_first_record_of_an_id_stays(log: FeedbackLog) -> None:
    log.record(suggestion("one", text="first"))
    log.record(suggestion("one", text="second"))
    log.flush()
    (row,) = log.suggestions()
    assert row.record.text == "first"


def test_what_is_waiting_is_written_when_it_is_closed(path: Path) -> None:
    with FeedbackLog(path, linger_s=10) as log:
        log.record(suggestion("one"))
    with FeedbackLog(path) as log:
        assert [row.record.id for row in log.suggestions()] == ["one"]


def test_what_is_waiting_is_written_when_a_process_ends_without_closing(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from support.killing import suggestion\n"
        "from chiron.store.feedback import FeedbackLog\n"
        "log = FeedbackLog(Path(sys.argv[1]), linger_s=5); log.record(suggestion('one'))\n"
    )
    tests = str(Path(__file__).parents[1])
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env={"PYTHONPATH": tests})
    with FeedbackLog(path) as log:
        assert [row.record.id for row in log.suggestions()] == ["one"]


def test_texts_that_no_database_takes_are_kept_as_near_as_can_be(log: FeedbackLog) -> None:
    log.record(suggestion("one", text="a\ud800b\x00c", confidence=float("nan"), at_ms=2**80))
    log.event(Event("one", ACCEPTED, Evidence.INFERRED, 1, {"x": {1, 2}, "y": "\udfff"}))
    log.flush()
    (row,) = log.suggestions()
    assert row.record.text == "a?b\x00c"
    assert row.outcome is Outcome.ACCEPTED
    assert log.n_dropped == 0


def test_a_row_that_cannot_be_kept_does_not_hold_up_the_others(log: FeedbackLog) -> None:
    log.record(suggestion("bad", text=None))
    log.record(suggestion("worse", text=object()))
    log.record(suggestion("good"))
    log.flush()
    assert [row.record.id for row in log.suggestions()] == ["good"]
    assert log.n_dropped == 2
    assert log.trouble is None


def test_recording_neither_blocks_nor_raises_while_the_disk_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file is in the way")
    log = FeedbackLog(tmp_path / "data" / "feedback.db", most_waiting=10)
    for n in range(100):
        log.record(suggestion(str(n)))
    with pytest.raises(StoreError) as caught:
        log.flush()
    assert caught.value.advice
    assert log.n_dropped >= 80
    # Better times: what was kept waiting is written after all.
    (tmp_path / "data").unlink()
    log.flush()
    assert len(log.suggestions()) >= 10
    log.close()


def test_a_closed_log_drops_what_comes_and_may_be_closed_again(path: Path) -> None:
    log = FeedbackLog(path)
    log.record(suggestion("one"))
    log.close()
    log.close()
    log.record(suggestion("two"))
    assert log.n_dropped == 1


def test_nothing_is_made_before_the_first_row(path: Path) -> None:
    FeedbackLog(path).close()
    assert not path.exists()


# ------------------------------------------------------------------ outcomes


def test_a_suggestion_that_has_not_ended_has_no_outcome(log: FeedbackLog) -> None:
    assert check_outcome(log, OFFERED, SHOWN)[0] is None


def test_the_end_gives_the_outcome(log: FeedbackLog) -> None:
    assert check_outcome(log, OFFERED, REJECTED)[0] is Outcome.REJECTED


def test_an_acceptance_counts_whatever_else_is_there(log: FeedbackLog) -> None:
    assert check_outcome(log, OFFERED, EXPIRED, ACCEPTED, TYPED_OVER)[0] is Outcome.ACCEPTED


def test_a_part_accepted_and_then_an_end_otherwise_is_partly_accepted(log: FeedbackLog) -> None:
    assert check_outcome(log, OFFERED, PART)[0] is None
    happened(log, "one", (TYPED_OVER, {"outcome": "not_seen"}))
    log.flush()
    assert log.suggestions()[0].outcome is Outcome.PARTLY_ACCEPTED


def test_an_end_may_say_that_nobody_saw_it(log: FeedbackLog) -> None:
    assert check_outcome(log, OFFERED, (EXPIRED, {"outcome": "not_seen"}))[0] is Outcome.NOT_SEEN


def test_of_two_ends_the_one_with_the_better_evidence_counts(log: FeedbackLog) -> None:
    log.record(suggestion("one"))
    log.event(Event("one", EXPIRED, Evidence.INFERRED, 1))
    log.event(Event("one", REJECTED, Evidence.OBSERVED, 2))
    log.event(Event("one", TYPED_OVER, Evidence.INFERRED, 3))
    log.flush()
    assert log.suggestions()[0].outcome is Outcome.REJECTED


def test_undo_marks_an_acceptance_as_undone_and_redo_takes_that_back(log: FeedbackLog) -> None:
    assert check_outcome(log, ACCEPTED, (KEPT_AT, {"ratio": 1.0}), UNDONE) == (
        Outcome.ACCEPTED,
        True,
        1.0,
        False,
    )
    happened(log, "one", ACCEPTED, (KEPT_AT, {"ratio": 1.0}), UNDONE, REDONE)
    log.flush()
    assert log.suggestions()[0].derived.undone is False


@pytest.mark.parametrize(
    ("kept", "strong"),
    [
        ([{"ratio": 0.9}], True),
        ([{"ratio": 0.9}, {"ratio": 0.2}], False),
        ([{"ratio": 0.2}, {"ratio": 0.9}], True),
        ([{"ratio": 0.5}], False),
        ([{"ratio": 0.9, "module_unchanged": False}], False),
        ([{"ratio": 0.9, "strong": False}], False),
        ([{"ratio": "much"}], False),
        ([], False),
    ],
)
def test_strong_acceptance_goes_by_what_was_kept_last(
    log: FeedbackLog, kept: list[dict[str, Any]], strong: bool
) -> None:
    assert check_outcome(log, ACCEPTED, *((KEPT_AT, data) for data in kept))[3] is strong


def test_what_was_kept_of_a_rejected_suggestion_is_no_strong_acceptance(log: FeedbackLog) -> None:
    assert check_outcome(log, REJECTED, (KEPT_AT, {"ratio": 1.0}))[3] is False


def test_a_label_stays_until_it_is_taken_back(log: FeedbackLog) -> None:
    log.record(suggestion("one"))
    happened(log, "one", (LABELLED, {"label": "good"}), (LABELLED, {"label": "bad"}))
    log.flush()
    assert log.suggestions(filters=Filters(label="bad"))[0].derived.label == "bad"
    log.event(Event("one", LABELLED, Evidence.CONFIRMED, 5000, {"label": None}))
    log.flush()
    assert log.suggestions()[0].derived.label is None


# ------------------------------------------------------------------ asking


@pytest.fixture
def full(log: FeedbackLog) -> FeedbackLog:
    """Six suggestions: two accepted (one strongly), one rejected, one not seen, one open, one withheld."""
    log.record(suggestion("strong", 1, module="a.b.copy", model="one", task_name="Copy 100% of it"))
    log.record(suggestion("weak", 2, module="a.b.copy", model="two", source=Source.RECALL))
    log.record(suggestion("rejected", 3, module="a.b.apt", uri="file:///srv/roles/x/main.yml"))
    log.record(suggestion("unseen", 4, module="a.b.apt", scope=ScopeKind.MODULE_OPTIONS))
    log.record(suggestion("open", 5, module="a.b.apt", origin=Origin.CLI))
    log.record(suggestion("withheld", 6, module=None, withheld="invalid"))
    happened(log, "strong", OFFERED, ACCEPTED, (KEPT_AT, {"ratio": 0.8}))
    happened(log, "weak", OFFERED, ACCEPTED, (KEPT_AT, {"ratio": 0.1}), UNDONE)
    happened(log, "rejected", OFFERED, REJECTED, (LABELLED, {"label": "bad"}))
    happened(log, "unseen", OFFERED, (EXPIRED, {"outcome": "not_seen"}))
    log.flush()
    return log


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), ["withheld", "open", "unseen", "rejected", "weak", "strong"]),
        (Filters(origin=Origin.CLI), ["open"]),
        (Filters(scope=ScopeKind.MODULE_OPTIONS), ["unseen"]),
        (Filters(outcome=Outcome.ACCEPTED), ["weak", "strong"]),
        (Filters(module="a.b.copy", model="one"), ["strong"]),
        (Filters(source=Source.RECALL), ["weak"]),
        (Filters(since_ms=2, until_ms=4), ["rejected", "weak"]),
        (Filters(search="100% of"), ["strong"]),
        (Filters(search="100_ of"), []),
        (Filters(search="NGINX", module="a.b.copy"), ["weak", "strong"]),
        (Filters(label="bad"), ["rejected"]),
        (Filters(withheld=True), ["withheld"]),
        (Filters(withheld=False, origin=Origin.EDITOR, module="a.b.apt"), ["unseen", "rejected"]),
        (Filters(uri="file:///srv/roles/"), ["rejected"]),
        (Filters(uri="file:///srv/roles/x/main.yml"), ["rejected"]),
        (Filters(uri="file:///srv/roles/x"), []),
        (Filters(module="'; DROP TABLE event; --"), []),
    ],
)
def test_a_list_holds_what_passes_the_filters_newest_first(
    full: FeedbackLog, filters: Filters, expected: list[str]
) -> None:
    assert [row.record.id for row in full.suggestions(filters=filters)] == expected
    assert [row.record.id for row in full.suggestions(1, filters)] == expected[:1]


def test_statistics_count_what_an_editor_asked_for_and_leave_out_what_nobody_saw(full: FeedbackLog) -> None:
    stats = full.stats()
    assert (stats.n_suggestions, stats.n_withheld, stats.n_open) == (4, 1, 0)
    assert stats.by_outcome == {"accepted": 2, "not_seen": 1, "rejected": 1}
    assert stats.withheld_by_reason == {"invalid": 1}
    assert (stats.total.n_offered, stats.total.n_ended, stats.total.n_undone) == (4, 3, 1)
    assert stats.total.acceptance == pytest.approx(2 / 3)
    assert stats.total.strong_acceptance == pytest.approx(1 / 3)
    assert stats.by_module["a.b.copy"].acceptance == 1.0
    assert stats.by_module["a.b.apt"].n_ended == 1
    assert set(stats.by_scope) == {"task_body", "module_options"}
    assert stats.by_source["recall"].n_accepted == 1
    assert full.stats(Filters()).n_suggestions == 5


def test_statistics_of_an_empty_log_are_zeros(log: FeedbackLog) -> None:
    assert log.stats().total.acceptance == 0.0


# ------------------------------------------------------------------ erasing


def everything_in(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.iterdir() if one.is_file())


def test_what_is_deleted_is_in_no_file_any_more(log: FeedbackLog, path: Path) -> None:
    for n in range(200):
        log.record(suggestion(f"keep-{n}", text=f"kept-text {n}"))
        log.record(suggestion(f"gone-{n}", text="find-me-later " * 40, uri="file:///gone.yml"))
        log.event(Event(f"gone-{n}", EventKind.WROTE_INSTEAD, Evidence.INFERRED, 1, {"text": "find-me-too"}))
    log.flush()
    assert b"find-me-later" in everything_in(path)
    erased = log.delete(Selection(uri="file:///gone.yml"))
    assert (erased.n_suggestions, erased.n_events, erased.reached_log) == (200, 200, True)
    assert set(erased.suggestion_ids) == {f"gone-{n}" for n in range(200)}
    for needle in (b"find-me-later", b"find-me-too", b"gone.yml", b"gone-1"):
        assert needle not in everything_in(path)
    assert len(log.suggestions(1000)) == 200


def test_deleting_reaches_the_log_though_other_windows_have_the_file_open(path: Path) -> None:
    with FeedbackLog(path) as one, FeedbackLog(path) as other:
        for n, log in enumerate((one, other)):
            log.record(suggestion(f"gone {n}", text="find-me-later"))
            log.flush()
        assert one.delete(Selection(everything=True)).reached_log
        assert b"find-me-later" not in everything_in(path)


def test_deleting_says_when_somebody_who_reads_keeps_it_from_the_log(path: Path) -> None:
    with FeedbackLog(path, busy_timeout_s=0.05) as log:
        log.record(suggestion("one"))
        log.flush()
        with closing(sqlite3.connect(path, isolation_level=None)) as reading:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM suggestion").fetchall()
            assert not log.delete(Selection(everything=True)).reached_log
            reading.execute("COMMIT")
        assert log.delete(Selection(everything=True)).reached_log


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(suggestion_id="weak"), 5),
        (Selection(uri="file:///srv/roles/"), 5),
        (Selection(since_ms=2, until_ms=5), 3),
        (Selection(everything=True), 0),
        (Selection(), 6),
        (Selection(suggestion_id="none such"), 6),
        (Selection(everything=True, uri="file:///srv/roles/"), 5),
    ],
)
def test_deleting_takes_what_is_selected_and_no_more(
    full: FeedbackLog, selection: Selection, left: int
) -> None:
    erased = full.delete(selection)
    assert erased.n_suggestions == 6 - left
    assert len(full.suggestions()) == left
    with closing(sqlite3.connect(full._path)) as connection:
        ((n_orphans,),) = connection.execute(
            "SELECT count(*) FROM event WHERE suggestion_id NOT IN (SELECT id FROM suggestion)"
        ).fetchall()
    assert n_orphans == 0


def test_deleting_says_which_labels_went_with_it(full: FeedbackLog) -> None:
    assert full.delete(Selection(suggestion_id="rejected")).n_labels == 1


def test_an_event_that_comes_late_does_not_bring_a_deleted_suggestion_back(full: FeedbackLog) -> None:
    full.delete(Selection(suggestion_id="strong"))
    happened(full, "strong", (EventKind.WROTE_INSTEAD, {"text": "x"}))
    full.flush()
    assert full.show("strong") is None
    with closing(sqlite3.connect(full._path)) as connection:
        ((n,),) = connection.execute("SELECT count(*) FROM event WHERE suggestion_id = 'strong'").fetchall()
    assert n == 0


def test_retention_erases_what_is_older(log: FeedbackLog) -> None:
    day_ms = 86_400_000
    for day in range(10):
        log.record(suggestion(str(day), day * day_ms))
    log.flush()
    assert log.retain(3, now_ms=9 * day_ms).n_suggestions == 6
    assert [row.record.id for row in log.suggestions()] == ["9", "8", "7", "6"]


def test_vacuum_makes_the_file_smaller(log: FeedbackLog, path: Path) -> None:
    for n in range(500):
        log.record(suggestion(str(n), text="x" * 2000))
    log.flush()
    log.delete(Selection(everything=True))
    before = path.stat().st_size
    assert log.vacuum() == before - path.stat().st_size > 500_000


# ------------------------------------------------------------------ the file, and others at it


def test_the_file_and_its_log_are_for_the_user_alone(log: FeedbackLog, path: Path) -> None:
    log.record(suggestion("one"))
    log.flush()
    for one in path.parent.iterdir():
        assert one.stat().st_mode & 0o077 == 0, one
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_file_that_others_may_read_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch(0o644)
    path.chmod(0o644)
    with FeedbackLog(path) as log:
        log.record(suggestion("one"))
        log.flush()
    assert path.stat().st_mode & 0o077 == 0


def test_several_windows_write_at_once_and_nothing_is_lost(path: Path) -> None:
    logs = [FeedbackLog(path, linger_s=0.001) for _ in range(4)]

    def work(name: int, log: FeedbackLog) -> None:
        for n in range(60):
            log.record(suggestion(f"{name}-{n}"))
            log.event(Event(f"{name}-{n}", ACCEPTED, Evidence.INFERRED, n))
            if n % 7 == 0:
                log.flush()
        log.flush()

    threads = [threading.Thread(target=work, args=(name, log)) for name, log in enumerate(logs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = logs[0].suggestions(10_000)
    assert len(rows) == 240
    assert all(row.outcome is Outcome.ACCEPTED for row in rows)
    for log in logs:
        log.close()


def test_nothing_acknowledged_is_lost_when_three_writers_are_killed(path: Path) -> None:
    *_, done = kill_rounds(path, 3, seed=1)
    assert done.n_acknowledged > 0
    assert done.lost == []
    assert done.damage == []


def test_a_locked_file_is_told_and_its_rows_are_written_when_it_is_free(path: Path) -> None:
    with FeedbackLog(path, busy_timeout_s=0.05) as log:
        log.record(suggestion("one"))
        log.flush()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            log.record(suggestion("two"))
            with pytest.raises(StoreLocked) as caught:
                log.flush()
            assert caught.value.advice
            other.execute("ROLLBACK")
        log.flush()
        assert len(log.suggestions()) == 2
        assert log.trouble is None


@pytest.mark.parametrize("damage", ["header", "middle", "truncated", "text"])
def test_a_damaged_file_is_kept_aside_and_the_log_goes_on_in_a_new_one(path: Path, damage: str) -> None:
    with FeedbackLog(path) as log:
        for n in range(300):
            log.record(suggestion(str(n), text="x" * 500))
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:100] = b"\xff" * 100
    elif damage == "middle":
        content[4096 : len(content) - 4096] = b"\xff" * (len(content) - 8192)
    elif damage == "truncated":
        del content[5000:]
    else:
        content[:] = b"this is no database"
    path.write_bytes(content)
    with FeedbackLog(path) as log:
        log.record(suggestion("new", text="y"))
        log.flush()
        assert [row.record.id for row in log.suggestions()] == ["new"]
        aside = log.kept_aside
    assert aside is not None
    assert aside.read_bytes()[:5000] == bytes(content[:5000])
    assert aside.stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_told_to_whoever_reads_it(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreDamaged) as caught:
        FeedbackLog(path).suggestions()
    assert caught.value.advice
    assert path.read_bytes() == b"this is no database" * 100


def test_two_windows_that_find_the_same_damage_keep_only_the_damaged_file_aside(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 100)
    logs = [FeedbackLog(path) for _ in range(3)]
    for n, log in enumerate(logs):
        log.record(suggestion(str(n)))
    for log in logs:
        log.flush()
    assert len(logs[0].suggestions()) == 3
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    for log in logs:
        log.close()


def test_a_file_of_a_later_chiron_is_left_alone(path: Path) -> None:
    with FeedbackLog(path) as log:
        log.record(suggestion("one"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with FeedbackLog(path) as log:
        with pytest.raises(StoreNewer) as caught:
            log.suggestions()
        assert caught.value.advice
        log.record(suggestion("two"))
        with pytest.raises(StoreNewer):
            log.flush()
    assert path.read_bytes() == before


def test_a_database_of_something_else_is_not_written_to(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="something else"):
        FeedbackLog(path).stats()
    with FeedbackLog(path) as log:
        log.record(suggestion("one"))
        with pytest.raises(StoreError, match="something else"):
            log.flush()
    assert path.read_bytes() == before


def test_a_file_that_is_deleted_under_the_log_is_made_again(log: FeedbackLog, path: Path) -> None:
    log.record(suggestion("one"))
    log.flush()
    for one in path.parent.glob("feedback.db*"):
        one.unlink()
    log.record(suggestion("two"))
    log.flush()
    assert [row.record.id for row in log.suggestions()] == ["two"]
