"""Cases out of what was said of suggestions."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.evals import cases as case_files
from chiron.evals.command import build_frozen, compare_files
from chiron.evals.frozen import cases_of
from chiron.evals.run import Arm, Setup, hidden, read_results, run
from chiron.records import Event, EventKind, Evidence, Outcome
from chiron.review.erasing import erase_for
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_erasure import Selection
from chiron.store.frozen import forget_frozen, note_frozen
from support.outcomes import NOON_MS, lesson, record, write

CORRECTION = "- name: Install nginx\n  ansible.builtin.apt:\n    name: nginx\n"


@pytest.fixture
def settings(in_environ: dict[str, str], home: Path) -> Settings:
    made = Settings()
    log = made.data_dir / "feedback.sqlite"
    write(log, [(record(1), Outcome.ACCEPTED), (record(2), Outcome.REJECTED), (record(3), Outcome.REJECTED)])
    with FeedbackLog(log) as opened:
        for number, data in (
            (1, {"label": "good"}),
            (2, {"label": "wrong_module", "correction": CORRECTION}),
        ):
            event = Event(f"s{number:04}", EventKind.LABELLED, Evidence.CONFIRMED, NOON_MS * 2, data)
            opened.event(event)
        opened.flush()
    return made


def test_what_was_called_good_and_what_was_corrected_is_expected() -> None:
    good, corrected, instead = cases_of(
        [
            lesson(1, label="good"),
            lesson(2, label="wrong_module", correction=CORRECTION),
            lesson(3, Outcome.REJECTED, label="style", instead="\n  ansible.builtin.dnf:\n    name: nginx"),
        ]
    )[0]
    assert good.expected == "  ansible.builtin.package:\n    name: nginx\n    state: present"
    assert corrected.expected == "  ansible.builtin.apt:\n    name: nginx"
    assert instead.module == "ansible.builtin.dnf"
    assert [one.id for one in (good, corrected, instead)] == ["s0001", "s0002", "s0003"]


def test_what_says_nothing_of_what_should_stand_there_is_left_out() -> None:
    secret = "ansible.builtin.user:\n  password: __CHIRON_SECRET_1__"
    made, left_out = cases_of(
        [
            lesson(1),
            lesson(2, label="unsafe"),
            lesson(3, label="good", context_at=-1),
            lesson(4, label="good", body=secret),
        ]
    )
    assert made == []
    assert left_out == {
        "nobody said what should stand there": 1,
        "not the body of a task": 1,
        "what should stand there holds a secret": 1,
    }


def test_a_case_is_put_without_a_checkout(settings: Settings, tmp_path: Path) -> None:
    n, _ = build_frozen(settings, tmp_path / "cases.jsonl")
    assert n == 2
    made = case_files.read(tmp_path / "cases.jsonl")
    text, at = hidden(made[0], tmp_path, "append")
    assert (text, at.column) == ("- name: Install nginx", len(text))
    catalog = Catalog.open(settings, None, {})
    arm = Arm("recall", "recall", None, 0.9, 1000)
    out = tmp_path / "results.jsonl"
    asyncio.run(run(made, arm, catalog, Setup(tmp_path / "nowhere"), out))
    assert [result.id for result in read_results(out)] == ["s0001", "s0002"]
    assert all(result.text for result in read_results(out))


def results(path: Path, *texts: str) -> Path:
    lines = [
        json.dumps(
            {
                "id": f"s{n:04}",
                "text": text,
                "source": "recall",
                "latency_ms": 1,
                "withheld": [],
                "tokens": {},
            }
        )
        for n, text in enumerate(texts, 1)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_regression_is_named(settings: Settings, tmp_path: Path) -> None:
    build_frozen(settings, tmp_path / "cases.jsonl")
    package = "  ansible.builtin.package:\n    name: nginx\n    state: present"
    apt = "  ansible.builtin.apt:\n    name: nginx"
    before = results(tmp_path / "before.jsonl", package, apt)
    after = results(tmp_path / "after.jsonl", package, package)
    compared = compare_files(settings, tmp_path / "cases.jsonl", before, after)
    assert compared["regressions"] == ["Install nginx (roles/web/tasks/main.yml, suggestion s0002)"]
    assert compare_files(settings, tmp_path / "cases.jsonl", after, before)["regressions"] == []


def test_a_case_is_erased_with_its_suggestion(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "cases.jsonl"
    build_frozen(settings, out)
    done = erase_for(settings, Selection(suggestion_id="s0001"), lambda _what: True)
    assert "1 frozen cases went with them" in done["said"]
    assert [case.id for case in case_files.read(out)] == ["s0002"]


def test_files_that_are_gone_or_something_else_are_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "feedback.sqlite"
    binary, text = tmp_path / "binary", tmp_path / "text"
    binary.write_bytes(b"\xff\xfe")
    text.write_text('not json\n[1]\n{"id": "s1"}\n', encoding="utf-8")
    for file in (tmp_path / "gone", binary, text, text):
        note_frozen(log, file)
    assert forget_frozen(log, ["s1"]) == 1
    assert text.read_text(encoding="utf-8") == "not json\n[1]\n"
    assert binary.read_bytes() == b"\xff\xfe"
    assert forget_frozen(tmp_path / "other" / "feedback.sqlite", ["s1"]) == 0
