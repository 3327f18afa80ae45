"""Verdicts: kept, taken back, never lost, whoever else gives one."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import pytest

from chiron.review.verdicts import VERDICTS, Overtaken, Verdicts, standing
from chiron.store.feedback import FeedbackLog
from support.reviewing import Review, keep, suggestion


@pytest.fixture
def one(review: Review) -> str:
    """The id of the only suggestion in the log."""
    keep(review.log, suggestion(id="one", module="ansible.builtin.package"))
    return "one"


def test_every_verdict_is_kept_with_who_gave_it(review: Review, one: str) -> None:
    for number, verdict in enumerate(VERDICTS):
        answer = review.post("/label", id=one, label=verdict.label, seen=number)
        assert json.loads(answer.text) == {
            "seen": number + 1,
            "label": verdict.label,
            "words": verdict.words,
        }
        assert review.label_of(one) == verdict.label
    assert len({verdict.key for verdict in VERDICTS}) == len(VERDICTS)


def test_a_correction_is_kept_redacted_with_what_the_validator_says(review: Review, one: str) -> None:
    correction = (
        "- name: X\n  ansible.builtin.uri:\n    url: https://example.org\n    url_password: hunter2secret\n"
    )
    assert (
        review.post("/label", id=one, label="wrong_module", correction=correction, note="so", seen=0).status
        == 200
    )
    history = review.log.show(one)
    assert history is not None
    data = history.events[-1].data
    assert "hunter2secret" not in data["correction"]
    assert "ansible.builtin.uri" in data["correction"]
    assert data["correction_valid"] is True
    assert data["note"] == "so"
    assert standing(history).correction == data["correction"]


def test_a_text_that_was_not_changed_is_no_correction(review: Review, one: str) -> None:
    page = review.get(f"/card/{one}")
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found
    review.post("/label", id=one, label="good", correction=html.unescape(found.group(1)), seen=0)
    history = review.log.show(one)
    assert history is not None
    assert "correction" not in history.events[-1].data


def test_undo_brings_back_what_stood_before(review: Review, one: str) -> None:
    review.post("/label", id=one, label="good", note="first", seen=0)
    review.post("/label", id=one, label="style", seen=1)
    assert json.loads(review.post("/undo", id=one, act=2, seen=2).text)["label"] == "good"
    assert review.label_of(one) == "good"
    assert json.loads(review.post("/undo", id=one, act=1, seen=3).text)["label"] is None
    assert review.label_of(one) is None


def test_a_window_is_told_when_another_was_there_before_it(review: Review, one: str) -> None:
    assert review.post("/label", id=one, label="good", seen=0).status == 200
    answer = review.post("/label", id=one, label="unsafe", seen=0)
    assert (answer.status, json.loads(answer.text)["words"]) == (409, "Good")
    assert review.label_of(one) == "good"
    assert review.post("/undo", id=one, act=1, seen=0).status == 409
    assert review.post("/label", id=one, label="unsafe", seen=1).status == 200


def test_of_many_windows_at_once_one_wins_and_all_others_are_told(review: Review, one: str) -> None:
    def give(number: int) -> bool:
        try:
            return review.parts.verdicts.give(one, VERDICTS[number].label, seen=0) is not None
        except Overtaken:
            return False

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(give, range(8)))
    assert won.count(True) == 1
    assert review.label_of(one) == VERDICTS[won.index(True)].label


def test_a_verdict_given_elsewhere_than_in_the_review_counts_too(review: Review, one: str) -> None:
    other = FeedbackLog(review.data / "feedback.sqlite")
    Verdicts(other).give(one, "invented")
    other.close()
    assert review.post("/label", id=one, label="good", seen=0).status == 409


def test_what_there_is_not_cannot_be_labelled(review: Review, one: str) -> None:
    assert review.post("/label", id="two", label="good", seen=0).status == 404
    assert review.post("/label", id=one, label="excellent", seen=0).status == 400
    assert review.post("/undo", id=one, act="x", seen=0).status == 400
    assert review.ask("GET", "/card/two").status == 404


def test_a_clock_that_was_set_back_puts_no_verdict_before_the_last(review: Review, one: str) -> None:
    from chiron.records import Event, EventKind, Evidence

    keep(
        review.log, Event(one, EventKind.LABELLED, Evidence.CONFIRMED, 9_000_000_000_000, {"label": "style"})
    )
    review.post("/label", id=one, label="good", seen=1)
    assert review.label_of(one) == "good"


def test_what_the_page_confirmed_survives_kill_9(environ: dict[str, str], review: Review) -> None:
    ids = [f"k{number}" for number in range(12)]
    keep(review.log, *(suggestion(id=one, request_id=one) for one in ids))
    process = subprocess.Popen(
        [sys.executable, "-m", "chiron", "review", "--no-browser"],
        env=environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = next(line.strip() for line in process.stdout if "token=" in line)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = opener.open(url).read().decode()
        csrf = re.findall(r'name="csrf" content="([^"]+)"', page)[0]
        origin = url.split("/open")[0]
        for one in ids:
            body = urlencode({"id": one, "label": "good", "seen": 0}).encode()
            request = urllib.request.Request(
                f"{origin}/label", body, {"X-CSRF-Token": csrf, "Origin": origin}
            )
            assert json.loads(opener.open(request).read())["label"] == "good"
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert [review.label_of(one) for one in ids] == ["good"] * len(ids)
