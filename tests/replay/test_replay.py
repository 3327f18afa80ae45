"""A short replay: two small months of somebody with habits, played the whole way through real servers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from chiron.records import EventKind, Evidence, Origin, Outcome
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import Filters
from replay.person import Habits, Met
from replay.play import Lab, Played, keep, played_months, restore
from replay.report import gains, together, told
from replay.tasks import File, files_of, months

ROLES = Path(__file__).parent.parent / "data" / "replay"
#: Somebody who slips never, so that little data tells.
CALM = Habits(inattentive=0, hasty=0, picky=0, tasks_a_day=6)


def paths(files: Sequence[File]) -> set[str]:
    return {file.path for file in files}


@pytest.fixture(scope="module")
def halves() -> tuple[list[File], list[File]]:
    return months(files_of(ROLES, 8), 24, 12, 0)


def test_a_file_is_taken_apart_and_comes_together_again(halves: tuple[list[File], list[File]]) -> None:
    for file in (*halves[0], *halves[1]):
        tasks = "".join(f"{one.before}{one.name_line}\n{one.body}\n" for one in file.tasks)
        assert tasks + file.rest == (ROLES / file.path).read_text(encoding="utf-8")


def test_the_months_have_nothing_in_common(halves: tuple[list[File], list[File]]) -> None:
    first, second = halves
    assert not paths(first) & paths(second)
    assert (sum(len(f.tasks) for f in first), sum(len(f.tasks) for f in second)) == (24, 12)


@pytest.fixture(scope="module")
def played(
    tmp_path_factory: pytest.TempPathFactory, halves: tuple[list[File], list[File]]
) -> tuple[Lab, Played]:
    lab = Lab(tmp_path_factory.mktemp("lab"), CALM)
    return lab, played_months(lab, *halves, other_workspace=True, ways=("frozen", "recall", "all"))


def test_a_month_stands_in_the_log_as_it_was_played(played: tuple[Lab, Played]) -> None:
    lab, found = played
    log = FeedbackLog(lab.home / "snapshot" / "data" / "feedback.sqlite")
    by_id = {
        row.record.id: row for row in log.suggestions(1_000, Filters(origin=Origin.EDITOR, withheld=False))
    }
    shown = [one for one in found.first if one.shown]
    assert len(shown) > 8
    for one in shown:
        row = by_id[one.suggestion_id]
        assert (row.outcome is Outcome.ACCEPTED) is one.taken
        assert row.derived.strong is one.strong
    taken = next(one for one in shown if one.taken)
    history = log.show(taken.suggestion_id)
    assert history is not None
    kept = [event.data["at"] for event in history.events if event.kind is EventKind.KEPT_AT]
    assert kept[:3] == ["30s", "2m", "5m"]
    assert any(event.evidence is Evidence.CONFIRMED for event in history.events)


def test_the_second_month_differs_by_nothing_but_what_was_learned(played: tuple[Lab, Played]) -> None:
    _, found = played
    tasks = [[one.task for one in met] for met in found.second.values()]
    assert tasks[0] == tasks[1] == tasks[2]


def test_a_new_project_goes_better_with_what_was_learned_in_the_last(played: tuple[Lab, Played]) -> None:
    """Every project of these looks like the last, which nobody's quite do: here it must show."""
    _, found = played
    for way in ("recall", "all"):
        brought = {gain.figure: gain for gain in gains(found.second["frozen"], found.second[way])}
        assert brought["strong"].difference > 0.15
        assert brought["saved"].difference > 5


def test_the_report_says_what_each_part_brought(played: tuple[Lab, Played]) -> None:
    report = told(played[1])
    assert "First month: 24 tasks" in report
    assert "There is not enough to learn from yet" in report
    assert "prompt: cannot be told, since no model was ever asked." in report
    for way in ("recall", "all"):
        assert f"{way}: strong acceptances: " in report


def test_what_prompts_brought_is_told_with_how_often_they_differed() -> None:
    """By the questions alone: that a model's answers get better by them is not for a script to show."""
    met = [Met(f"a.yml:{n}", 0, True, False, False, 0, -0.1) for n in range(20)]
    asked = {"frozen": ["one", "two"], "prompt": ["one", "two, as kept", "three"]}
    report = told(together([Played(met, 0, "none", {"frozen": met, "prompt": met}, asked)]))
    assert "prompt: strong acceptances: no difference seen" in report
    assert "prompt: a model was asked 3 times; in 2 of them the question was another one." in report


def test_what_changes_nothing_is_told_to_change_nothing() -> None:
    met = [Met(f"a.yml:{n}", 0, True, n % 2 == 0, n % 2 == 0, 5, 1.0) for n in range(20)]
    assert {gain.verdict for gain in gains(met, met)} == {"no difference seen"}
    twice = together([Played(met, 0, "none", {"frozen": met}), Played(met, 1, "none", {"frozen": met})])
    assert (len(twice.first), twice.n_verdicts, twice.gate) == (40, 1, "none")
    assert gains(twice.second["frozen"], twice.second["frozen"])[0].difference == 0


def test_a_snapshot_brings_back_every_byte(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    for name in ("data", "work"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"before")
    keep(lab)
    (tmp_path / "data" / "file").write_bytes(b"after")
    (tmp_path / "work" / "more").write_bytes(b"after")
    restore(lab)
    assert (tmp_path / "data" / "file").read_bytes() == b"before"
    assert not (tmp_path / "work" / "more").exists()
