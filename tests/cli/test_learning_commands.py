"""What was learned, from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chiron.records import Outcome
from support.outcomes import BODY, DAY_MS, record, write

Shell = Callable[..., str]


@pytest.fixture
def shell(environ: dict[str, str]) -> Shell:
    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "chiron", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def log(environ: dict[str, str]) -> Path:
    return Path(environ["CHIRON_DATA_DIR"]) / "feedback.sqlite"


def fill(log: Path, n: int, *, first: int = 0, kept_of: int = 3, **more: Any) -> None:
    """Outcomes of these days: one in so many is sure and kept, the rest is neither."""
    now = int(time.time() * 1000) - DAY_MS
    rows = []
    for number in range(first, first + n):
        sure = number % kept_of == 0
        one = record(
            number,
            name=f"Install {number}",
            body=f"{BODY}\nretries: {number}",
            confidence=0.8 if sure else 0.2,
            uri=f"file:///srv/site/roles/r{number // 4}/tasks/main.yml",
            **{"arm": "default", "propensity": 1.0} | more,
        )
        one = replace(one, at_ms=now + number)
        rows.append((one, Outcome.ACCEPTED if sure else Outcome.TYPED_OVER))
    write(log, rows)


def test_before_there_is_a_log_each_of_them_says_so_plainly(shell: Shell) -> None:
    assert "No examples yet, from 0 outcomes" in shell("pool", "show")
    assert "200 outcomes, 30 of them kept" in " ".join(shell("gate", "show").split())
    assert "There is not enough to learn from yet" in shell("gate", "train", code=1)
    assert "There are no arms to compare" in shell("arms")
    assert "not enough data" in shell("flywheel")
    shell("gate", "replay", code=3)


def test_an_example_is_shown_with_its_lineage_taken_out_and_put_back(shell: Shell, log: Path) -> None:
    fill(log, 6)
    found = json.loads(shell("pool", "show", "--json"))
    assert [one["suggestion_id"] for one in found["examples"]] == ["s0003", "s0000"]
    assert found["n_outcomes"] == 6
    assert "retries: 3" in shell("pool", "show", "s0003")
    assert shell("pool", "remove", "s0003").startswith("s0003: out of what is learned")
    assert [one["suggestion_id"] for one in json.loads(shell("pool", "show", "--json"))["examples"]] == [
        "s0000"
    ]
    shell("pool", "show", "s0003", code=1)
    shell("pool", "remove", "s0003", "--undo")
    assert len(json.loads(shell("pool", "show", "--json"))["examples"]) == 2
    shell("pool", "remove", "nobody", code=1)


def test_what_is_taken_out_is_not_learned_from_another_suggestion_that_taught_the_same(
    shell: Shell, log: Path
) -> None:
    now = int(time.time() * 1000) - DAY_MS
    places = [f"file:///srv/site/roles/r{number}/tasks/main.yml" for number in range(3)]
    rows = [replace(record(n, uri=uri), at_ms=now + n) for n, uri in enumerate(places)]
    rows.append(replace(record(9, name="Install another"), at_ms=now + 9))
    write(log, [(one, Outcome.ACCEPTED) for one in rows])
    assert "with 2 more that taught the same" in shell("pool", "remove", "s0002")
    left = json.loads(shell("pool", "show", "--json"))["examples"]
    assert [one["suggestion_id"] for one in left] == ["s0009"]
    assert "with 2 more" in shell("pool", "remove", "s0000", "--undo")
    assert len(json.loads(shell("pool", "show", "--json"))["examples"]) == 2


def test_what_cannot_be_compared_yet_is_told_with_the_name_of_the_setting(shell: Shell) -> None:
    """Brackets are markup to the terminal's library, and went missing."""
    assert "[arms.NAME]" in shell("arms")


def test_a_gate_is_trained_shown_and_replayed(shell: Shell, log: Path) -> None:
    fill(log, 240)
    trained = json.loads(shell("gate", "train", "--json"))
    assert trained["trained"]["auc_after"] > 0.9
    assert trained["in_force"]
    assert "tells kept from not" in shell("gate", "show")
    assert json.loads(shell("gate", "replay", "--json"))["verdict"] == "better"
    assert "better" in shell("gate", "replay")
    file = log.with_name("gate.json")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Install" not in file.read_text(encoding="utf-8")


def test_verdicts_become_cases_that_need_no_checkout(shell: Shell, log: Path, tmp_path: Path) -> None:
    fill(log, 4)
    shell("feedback", "label", "s0000", "good")
    cases, answers = str(tmp_path / "cases.jsonl"), str(tmp_path / "answers.jsonl")
    assert "1 cases in" in shell("eval", "build", "--from-feedback", "--out", cases)
    assert "1 answers added" in shell("eval", "run", cases, "--arm", "recall", "--out", answers)
    shell("eval", "gate", cases, answers, answers)
    assert "does not exist" in shell("eval", "gate", cases, str(tmp_path / "nothing"), answers, code=2)


def test_the_flywheel_tells_on_one_screen_what_was_learned_and_what_it_brought(
    shell: Shell, log: Path
) -> None:
    fill(log, 60)
    screen = shell("flywheel")
    assert len(screen.splitlines()) < 25
    for said in (
        "60 judged, 20 of them kept",
        "20 accepted",
        "140 outcomes, 10 of them kept missing",
        "not enough data",
    ):
        assert said in " ".join(screen.split()), screen
    found = json.loads(shell("flywheel", "--json"))
    assert found["pool"]["by_kind"]["accepted"] == 20
    assert found["off"] == ""


def test_learning_that_switched_itself_off_is_said_to_be_and_switched_on_again(
    shell: Shell, log: Path
) -> None:
    fill(log, 4)
    log.with_name("learning.json").write_text('{"off": "it did harm"}', encoding="utf-8")
    assert "switched itself off: it did harm" in shell("flywheel")
    assert "it did harm" not in shell("flywheel", "--on")


def test_arms_are_compared_by_what_was_kept(shell: Shell, log: Path, environ: dict[str, str]) -> None:
    Path(environ["CHIRON_CONFIG"]).write_text("[arms.small]\n[arms.large]\n", encoding="utf-8")
    fill(log, 90, arm="small", propensity=0.5)
    fill(log, 90, first=1_000, kept_of=1, arm="large/learned", propensity=0.45)
    (found,) = json.loads(shell("arms", "--json"))["contests"]
    assert (found["first"]["name"], found["first"]["n"], found["first"]["n_kept"]) == ("small", 90, 30)
    assert (found["second"]["name"], found["second"]["n"], found["second"]["n_kept"]) == ("large", 90, 90)
    assert found["verdict"] == "better"
    assert "large against small" in shell("arms")
