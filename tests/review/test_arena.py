"""Two answers side by side without names: blind, one key, and ratings that say when they cannot tell."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chiron.comparing import matches
from chiron.errors import ChironError
from chiron.evals import cases
from chiron.evals.cases import Case
from chiron.evals.run import Result
from chiron.records import Event, Source, SuggestionRecord
from chiron.review.matches import Match, from_log
from chiron.review.ratings import LEAST, Ratings, rate
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_votes import Bout, bouts
from support.logged import BODY, INSTEAD, fate
from support.reviewing import Review, Window, keep, review_process

if TYPE_CHECKING:
    from playwright.sync_api import Page

OpenPage = Callable[..., "Page"]
RECALLED: dict[str, Any] = {"source": Source.RECALL, "model": None, "text": BODY}
MODELLED: dict[str, Any] = {"source": Source.MODEL, "model": "secret-model", "text": INSTEAD}


def rivalry(name: str, **over: Any) -> list[SuggestionRecord | Event]:
    """One request with two alternatives of different makers."""
    return [
        *fate(f"{name}1", "kept", request_id=name, rank=0, **{**RECALLED, **over}),
        *fate(f"{name}2", "not_seen", request_id=name, rank=1, **{**MODELLED, **over}),
    ]


@pytest.fixture
def rivals(review: Review) -> Review:
    """A review of eight such requests."""
    for number in range(8):
        keep(
            review.log,
            *rivalry(f"r{number}", task_name=f"Install nginx {number}", at_ms=1_780_000_000_000 + number),
        )
    return review


def choices(review: Review) -> list[Bout]:
    return review.log.ask(bouts)


def go(page: Page, review: Review) -> Page:
    page.goto(review.origin + "/arena")
    page.wait_for_selector("article.match")
    return page


def wait_left(page: Page, n: int) -> None:
    for _ in range(200):
        if page.locator("#left").inner_text() == str(n):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{page.locator('#left').inner_text()} are left, not {n}")


def test_one_key_says_which_is_better_and_the_next_pair_comes(rivals: Review, open_page: OpenPage) -> None:
    page = go(open_page(rivals), rivals)
    wait_left(page, 8)
    for n, (key, wanted) in enumerate(
        (
            ("ArrowLeft", {"first", "second"}),
            ("ArrowRight", {"first", "second"}),
            ("t", {"tie"}),
            ("x", {"bad"}),
        ),
        1,
    ):
        page.keyboard.press(key)
        wait_left(page, 8 - n)
        assert choices(rivals)[-1].result in wanted
    page.click('button[data-choose="right"] >> text=B is better')
    wait_left(page, 3)
    assert {(one.first_arm, one.second_arm) for one in choices(rivals)} == {("recall", "secret-model")}


def test_a_side_is_the_makers_whose_text_it_shows(rivals: Review, open_page: OpenPage) -> None:
    """Whoever always takes the one with apt in it takes the model, whichever side that is on."""
    page = go(open_page(rivals), rivals)
    sides = set()
    for n in range(8):
        left = page.locator(".side-of").first.inner_text()
        side = "ArrowLeft" if "builtin.apt" in left else "ArrowRight"
        sides.add(side)
        page.keyboard.press(side)
        wait_left(page, 7 - n)
    assert [one.result for one in choices(rivals)] == ["second"] * 8
    assert sides == {"ArrowLeft", "ArrowRight"}, "the sides change"
    page.wait_for_selector("text=Nothing is left to compare")


def test_nothing_on_the_page_tells_who_made_which(rivals: Review) -> None:
    html = rivals.get("/arena")
    assert "Install nginx" in html
    for word in ("secret-model", "recall", "r01", "r02", "confidence"):
        assert word not in html.replace("a model and recall", "")


def test_choices_are_taken_back_and_pairs_skipped(rivals: Review, open_page: OpenPage) -> None:
    page = go(open_page(rivals), rivals)
    asked = page.locator("article").get_attribute("data-question")
    page.keyboard.press("t")
    wait_left(page, 7)
    page.keyboard.press("z")
    wait_left(page, 8)
    assert choices(rivals) == []
    assert page.locator("article").get_attribute("data-question") == asked
    page.keyboard.press(" ")
    wait_left(page, 7)
    assert page.locator("article").get_attribute("data-question") != asked
    assert choices(rivals) == []
    page.keyboard.press("4")
    page.wait_for_selector("article.match")
    wait_left(page, 8)


def test_a_pair_is_answered_once_though_two_windows_show_it(rivals: Review) -> None:
    html = rivals.get("/arena")
    asked = re.findall(r'data-question="(\w+)"', html)[0]
    assert json.loads(rivals.post("/arena/choose", question=asked, side="left").text)["left"] == 7
    again = rivals.post("/arena/choose", question=asked, side="right")
    assert again.status == 400
    assert "Another window" in again.text
    assert len(choices(rivals)) == 1


@pytest.mark.parametrize(
    "given", [{"question": "nope", "side": "left"}, {"side": "left"}, {"question": "", "side": "up"}]
)
def test_a_choice_that_cannot_be_is_refused(rivals: Review, given: dict[str, str]) -> None:
    rivals.get("/arena")
    assert rivals.post("/arena/choose", **given).status == 400
    assert rivals.post("/arena/undo", seq="x").status == 400
    assert choices(rivals) == []


def test_a_hostile_answer_is_only_text(review: Review, open_page: OpenPage) -> None:
    hostile = '\n  <script>document.title = "x"</script>\u202e\x1b[31m'
    keep(review.log, *rivalry("r", task_name="<img src=x onerror=alert(1)>"))
    keep(review.log, *fate("h1", "kept", request_id="h", rank=0, **{**RECALLED, "text": hostile}))
    keep(review.log, *fate("h2", "kept", request_id="h", rank=1, **MODELLED))
    page = go(open_page(review), review)
    for n in (1, 0):
        assert page.title() == "Arena · Chiron review"
        page.keyboard.press("t")
        wait_left(page, n)


def test_only_makers_that_differ_are_compared(review: Review) -> None:
    keep(
        review.log,
        *rivalry("same", **MODELLED),
        *fate("b1", "kept", request_id="b", rank=0, **RECALLED),
        *fate("b2", "kept", request_id="b", rank=1, **{**RECALLED, "text": INSTEAD, "arm": "new"}),
        *fate("c1", "kept", request_id="c", rank=0, origin="cli", **RECALLED),
        *fate("c2", "kept", request_id="c", rank=1, origin="cli", **MODELLED),
    )
    (match,) = from_log(review.log, "editor")
    assert {match.first.arm, match.second.arm} == {"recall", "new: recall"}


def test_erasing_a_suggestion_erases_the_choices_about_it(rivals: Review) -> None:
    asked = re.findall(r'data-question="(\w+)"', rivals.get("/arena"))[0]
    rivals.post("/arena/choose", question=asked, side="left")
    (bout,) = choices(rivals)
    assert bout.second_id is not None
    rivals.log.delete(Selection(suggestion_id=bout.second_id))
    assert choices(rivals) == []


def test_ratings_are_shown_to_who_asks_and_follow_the_choices(rivals: Review, open_page: OpenPage) -> None:
    page = go(open_page(rivals), rivals)
    page.keyboard.press("r")
    page.wait_for_selector(f"text={LEAST} more are wanted")
    page.keyboard.press("t")
    page.wait_for_selector(f"text={LEAST - 1} more are wanted")


def test_the_page_says_plainly_that_there_are_not_enough_votes(rivals: Review) -> None:
    assert f"{LEAST} more are wanted" in rivals.get("/arena/ratings")


def fought(n: int, chance: float, *, ties: float = 0.0, seed: int = 3) -> list[Bout]:
    """`n` choices of which the first maker wins that share."""
    lot = random.Random(seed)
    results = [
        "tie" if lot.random() < ties else "first" if lot.random() < chance else "second" for _ in range(n)
    ]
    return [Bout(1, f"q{number}", "a", "b", result) for number, result in enumerate(results)]


def check_rated(made: Sequence[Bout], words: str) -> Ratings:
    found = rate(made)
    assert words in (found.lacking or found.said), found
    return found


def test_a_clear_winner_is_named_and_its_points_are_the_odds() -> None:
    found = check_rated(fought(400, 0.8), "a is better than b")
    a, b = found.ratings
    won = sum(one.result == "first" for one in fought(400, 0.8)) / 400
    assert a.points - b.points == pytest.approx(400 * math.log10(won / (1 - won)), abs=6)
    assert a.low < a.points < a.high
    assert (a.n_won, b.n_lost) == (round(won * 400),) * 2


def test_what_is_too_close_to_tell_is_said_with_how_many_more_it_takes() -> None:
    check_rated(fought(60, 0.58), "about")
    check_rated(fought(60, 0.5, ties=1.0), "Not enough votes to tell")


def test_both_bad_counts_for_nobody_and_is_told() -> None:
    found = rate([*fought(100, 0.8), *(Bout(1, f"x{n}", "a", "b", "bad") for n in range(50))])
    assert found.ratings[0].points == rate(fought(100, 0.8)).ratings[0].points
    assert (found.n, found.n_bad, found.ratings[0].n_bad) == (150, 50, 50)


def test_somebody_who_never_lost_has_a_rating_within_bounds() -> None:
    found = rate(fought(25, 1.0))
    assert found.ratings[0].points - found.ratings[1].points < 800


def test_few_or_no_votes_rate_nobody() -> None:
    assert rate([]).lacking
    assert check_rated(fought(LEAST - 1, 1.0), "1 more").ratings == ()


# ---------------------------------------------------------------- two files of answers


def eval_files(folder: Path, answers: dict[str, tuple[str | None, str | None]]) -> tuple[Path, Path, Path]:
    """Cases with the answers of two arms."""
    made = [
        Case(name, "site", "tasks/main.yml", 2, (3, 4), f"Task {name}", "ansible.builtin.package", "  x:")
        for name in answers
    ]
    cases.write(made, folder / "cases.jsonl")
    for side, arm in enumerate(("chiron", "raw")):
        results = [Result(name, both[side], "model", 1.0, [], {}) for name, both in answers.items()]
        (folder / f"{arm}.jsonl").write_text(
            "".join(json.dumps(asdict(one)) + "\n" for one in results), encoding="utf-8"
        )
    return folder / "cases.jsonl", folder / "chiron.jsonl", folder / "raw.jsonl"


def test_two_runs_on_the_same_cases_are_compared_where_they_differ(tmp_path: Path) -> None:
    answers: dict[str, tuple[str | None, str | None]] = {
        "one": ("  apt:\n    name: a", "  yum:\n    name: a"),
        "same": ("  apt:\n    name: a", "  apt:\n\n      name: a"),
        "none": (None, "  yum:\n    name: a"),
    }
    files = eval_files(tmp_path, answers)
    (tmp_path / "site" / "tasks").mkdir(parents=True)
    text = "---\n- name: Task one\n  apt:\n    name: a\n"
    (tmp_path / "site" / "tasks" / "main.yml").write_text(text, encoding="utf-8")
    (match,) = matches(*files, tmp_path)
    assert isinstance(match, Match)
    assert (match.first.arm, match.second.arm) == ("chiron", "raw")
    assert match.first.text == "---\n- name: Task one\n  apt:\n    name: a"
    assert (match.first.first_new, match.first.last_new) == (2, 3)


def test_the_command_line_opens_an_arena_of_two_runs(environ: dict[str, str], tmp_path: Path) -> None:
    files = eval_files(tmp_path, {"one": ("  apt:\n    name: a", "  yum:\n    name: a")})
    with review_process(environ, "--arena", *map(str, files)) as (_, url):
        window = Window(url)
        status, page = window.ask("/arena")
        assert status == 200
        assert "Task one" in page
        asked = re.findall(r'data-question="(\w+)"', page)[0]
        status, said = window.ask("/arena/choose", question=asked, side="bad")
        assert (status, json.loads(said)["left"]) == (200, 0)


def test_two_runs_without_a_difference_are_refused(tmp_path: Path) -> None:
    files = eval_files(tmp_path, {"same": ("  apt:", "  apt:")})
    with pytest.raises(ChironError, match="answer no case"):
        matches(*files, None)
