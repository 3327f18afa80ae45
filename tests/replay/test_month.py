"""A synthetic month goes the whole way: written, logged, reviewed, learned from, exported; on real files."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.flywheel_view import flywheel_of, gate_of, pool_of, replay_gate
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import Filters
from replay.person import Habits, Person
from replay.play import FIRST_MS, Lab, export, play, review, train
from replay.tasks import File, files_of

ROLES = Path(__file__).parent.parent / "data" / "replay"
#: Who often does not want what is good, so that there is something to tell apart.
PICKY = Habits(inattentive=0, hasty=0.1, picky=0.4, escapes=1, reviews=0.3, tasks_a_day=30)


def month() -> list[File]:
    """The tasks of six roles, again and again as in other projects."""
    once = files_of(ROLES, 8)
    return [
        replace(
            file,
            path=file.path.replace("roles/", f"roles/{project}_", 1),
            tasks=tuple(replace(task, id=f"{project}/{task.id}") for task in file.tasks),
        )
        for project in ("north", "south", "east", "west", "upper", "lower", "inner")
        for file in once
    ]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Person]:
    lab = Lab(tmp_path_factory.mktemp("lab"), PICKY)
    catalog = Catalog.open(lab.settings, None, {})
    person = asyncio.run(play(lab, month(), catalog, start_ms=FIRST_MS))
    review(lab, person)
    return lab, person


def test_verdicts_given_in_the_review_stand_in_the_log(worked: tuple[Lab, Person]) -> None:
    lab, person = worked
    with FeedbackLog(lab.log) as log:
        rows = log.suggestions(10_000, Filters(withheld=False))
    given = {row.record.id: row.derived.label for row in rows if row.derived.label}
    assert given == {suggestion_id: label for suggestion_id, label, _ in person.verdicts}
    assert len(Counter(given.values())) >= 2, given


def test_the_pool_holds_what_was_kept_and_what_was_corrected(worked: tuple[Lab, Person]) -> None:
    lab, person = worked
    pool = pool_of(lab.settings, None)
    kinds = Counter(one["kind"] for one in pool["examples"])
    assert kinds["accepted"] > 5
    ids = {one.suggestion_id for one in person.met} | {one for one, _, _ in person.verdicts}
    assert {one["suggestion_id"] for one in pool["examples"]} <= ids
    found = flywheel_of(lab.settings)
    assert found["outcomes"]["n_labelled"] == len(person.verdicts)


def test_a_gate_is_trained_on_it_and_says_what_it_would_be_worth(worked: tuple[Lab, Person]) -> None:
    lab, _ = worked
    said = train(lab)
    assert said.startswith("trained on "), said
    assert gate_of(lab.settings)["trained"]["n"] >= 200
    replayed = replay_gate(lab.settings)
    assert replayed["n"] == replayed["n_requests"] >= 200
    assert replayed["low"] <= replayed["difference"] <= replayed["high"]


def test_it_is_exported_in_every_format_and_the_manifests_are_true(worked: tuple[Lab, Person]) -> None:
    lab, _ = worked
    rows = export(lab)
    assert set(rows) == {"messages", "preference", "kto", "openai", "parquet"}
    assert all(rows.values()), rows
    labels = [
        json.loads(line)["label"]
        for line in (lab.home / "export" / "kto.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert set(labels) == {True, False}
