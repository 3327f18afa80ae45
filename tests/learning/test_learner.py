"""What is learned follows the log: what comes into it, what is erased, what does harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.flywheel.learned.draw import NOTHING
from chiron.flywheel.learned.gate import AFTER, BEFORE, Gate, Linear, to_json
from chiron.learning import Learner, gate_path, read_switch, switch, switch_path
from chiron.records import Outcome
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_erasure import Selection
from support.outcomes import BODY, DAY_MS, NOON_MS, SITE, record, write

GATE = Gate(Linear(0, dict.fromkeys(BEFORE, 0.0)), Linear(0, dict.fromkeys(AFTER, 0.0)), 300, 100, NOON_MS)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.open(Settings(), tmp_path_factory.mktemp("nothing"), {})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.sqlite"


Open = Callable[..., Learner]


@pytest.fixture
def opened(catalog: Catalog, path: Path, tmp_path: Path) -> Open:
    def made(days: float = 1, **learning: object) -> Learner:
        settings = Settings(data_dir=tmp_path, learning=learning, feedback={"exclude": ("**/secret/*",)})
        learner = Learner(FeedbackLog(path), settings, catalog, lambda: NOON_MS + int(days * DAY_MS))
        learner.refresh()
        return learner

    return made


def names(learner: Learner) -> list[str]:
    return [one.name for one in learner.learned(SITE).pool.examples]


def test_what_comes_into_the_log_is_learned_at_the_next_look(opened: Open, path: Path) -> None:
    learner = opened()
    assert names(learner) == []
    write(path, [(record(1), Outcome.ACCEPTED)])
    assert names(learner) == []
    assert learner.refresh()
    assert names(learner) == ["Install nginx"]
    assert not learner.refresh()


def test_what_is_erased_is_forgotten(opened: Open, path: Path) -> None:
    write(path, [(record(1), Outcome.ACCEPTED), (record(2, name="Start nginx"), Outcome.ACCEPTED)])
    learner = opened()
    assert names(learner) == ["Start nginx", "Install nginx"]
    before = learner.learned(SITE).pool.version
    FeedbackLog(path).delete(Selection(suggestion_id="s0002"))
    learner.refresh()
    assert names(learner) == ["Install nginx"]
    assert learner.learned(SITE).pool.version != before


def test_only_what_the_validator_passes_is_recalled(opened: Open, path: Path) -> None:
    write(path, [(record(1, body="ansible.builtin.package:\n  nome: nginx"), Outcome.ACCEPTED)])
    learner = opened()
    assert names(learner) == []
    assert learner.learned(SITE).pool.left_out == {"not valid here": 1}


def test_files_that_are_excluded_teach_nothing(opened: Open, path: Path) -> None:
    write(path, [(record(1, uri=f"file://{SITE}/secret/main.yml"), Outcome.ACCEPTED)])
    assert names(opened()) == []


def test_each_part_can_be_put_out_of_force(opened: Open, path: Path) -> None:
    write(path, [(record(1), Outcome.ACCEPTED)])
    pool = opened(recall=False).learned(SITE).pool
    assert (pool.tasks, len(pool.few_shot), bool(pool.ledger.entries)) == ((), 1, True)
    pool = opened(rates=False, prompt=False).learned(SITE).pool
    assert (len(pool.tasks), pool.few_shot, dict(pool.ledger.entries)) == (1, (), {})
    assert opened(enabled=False).learned(SITE) is NOTHING
    assert not opened(recall=False, rates=False, prompt=False).learned(SITE).is_something


def test_a_gate_holds_nothing_back_before_it_is_shown_to_help(opened: Open, tmp_path: Path) -> None:
    gate_path(Settings(data_dir=tmp_path)).write_text(to_json(GATE), encoding="utf-8")
    write(tmp_path / "feedback.sqlite", [(record(1), Outcome.ACCEPTED)])
    assert opened().learned(SITE).gate is None
    helping = to_json(GATE).replace('"gain_sure": 0.0', '"gain_sure": 0.96')
    gate_path(Settings(data_dir=tmp_path)).write_text(helping, encoding="utf-8")
    assert opened().learned(SITE).gate is not None
    assert opened(gate=False).learned(SITE).gate is None


def fill(path: Path, *, learned_kept: bool, first: int = 0, n: int = 600) -> None:
    """Requests of which one in ten was answered without what was learned; those were kept."""
    rows = []
    for number in range(first, first + n):
        control = number % 10 == 0
        kept = learned_kept or control
        arm, share = ("control", 0.1) if control else ("learned", 0.9)
        one = record(
            number, name=f"Install {number}", body=f"{BODY}\nretries: {number}", arm=arm, propensity=share
        )
        rows.append((one, Outcome.ACCEPTED if kept and number % 3 else Outcome.TYPED_OVER))
    write(path, rows)


def test_learning_that_does_harm_switches_itself_off_and_says_why(
    opened: Open, path: Path, tmp_path: Path
) -> None:
    fill(path, learned_kept=False)
    learner = opened()
    found = learner.learned(SITE)
    assert not found.is_something
    assert found.off.startswith("suggestions were worth -0.10 per request with what was learned")
    assert read_switch(Settings(data_dir=tmp_path)) == found.off
    assert (learner.take_news(), learner.take_news()) == (found.off, "")
    assert not opened(days=40).learned(SITE).is_something


def test_learning_that_does_no_harm_stays_on(opened: Open, path: Path) -> None:
    fill(path, learned_kept=True)
    assert opened().learned(SITE).is_something


def test_switched_on_again_what_was_before_no_longer_counts_against_it(
    opened: Open, path: Path, tmp_path: Path
) -> None:
    fill(path, learned_kept=False)
    opened()
    settings = Settings(data_dir=tmp_path)
    switch(settings, "", NOON_MS + DAY_MS)
    assert opened(days=2).learned(SITE).is_something
    fill(path, learned_kept=False, first=2_000)
    assert opened(days=3).learned(SITE).off


def test_a_broken_switch_or_gate_is_as_none(opened: Open, path: Path, tmp_path: Path) -> None:
    write(path, [(record(1), Outcome.ACCEPTED)])
    settings = Settings(data_dir=tmp_path)
    for text in ("", "[]", "{", json.dumps({"off": None, "on_ms": "x"})):
        switch_path(settings).write_text(text, encoding="utf-8")
        gate_path(settings).write_text(text, encoding="utf-8")
        assert opened().learned(SITE).is_something


def test_without_a_log_nothing_is_learned(catalog: Catalog) -> None:
    learner = Learner(None, Settings(), catalog)
    assert not learner.refresh()
    assert not learner.learned(SITE).is_something
