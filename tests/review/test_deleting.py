"""Deleting: what is gone is gone everywhere, and what depends on it is said before."""

from __future__ import annotations

import html
import re

from chiron.assemble import open_cache
from chiron.config import read_settings
from chiron.records import Event, EventKind, Evidence
from support.reviewing import Review, keep, suggestion

DAY = 86_400_000
NOON = 1_780_315_200_000  # 1 June 2026, UTC


def fill(review: Review) -> None:
    files = (
        "file:///site/roles/a/tasks/main.yml",
        "file:///site/roles/b/tasks/main.yml",
        "file:///other.yml",
    )
    for day in range(3):
        for number, uri in enumerate(files):
            one = f"d{day}f{number}"
            keep(review.log, suggestion(id=one, request_id=one, uri=uri, at_ms=NOON + day * DAY, sent=""))
    data = {"label": "good", "correction": "- name: Corrected"}
    keep(review.log, Event("d0f0", EventKind.LABELLED, Evidence.CONFIRMED, NOON + 1, data))


def counted(page: str) -> list[int]:
    """What the dialog says would be gone: suggestions, events, verdicts, corrections."""
    said = page[page.index('class="counted"') :]
    return [int(n) for n in re.findall(r"<b>(\d+)</b>", said)][:4]


def left(review: Review) -> set[str]:
    return {row.record.id for row in review.log.suggestions(100)}


def check_delete(review: Review, query: dict[str, str], gone: set[str]) -> str:
    """Looks at the count, deletes, and finds exactly `gone` gone."""
    before = left(review)
    page = review.get("/delete?" + "&".join(f"{k}={v}" for k, v in query.items()))
    assert counted(page)[0] == len(gone)
    n = counted(page)[0]
    answer = review.post("/delete", n=n, **query)
    assert answer.status == 200
    assert before - left(review) == gone
    return html.unescape(answer.text)


def test_one_suggestion_goes_with_its_events_verdicts_and_corrections(review: Review) -> None:
    fill(review)
    assert counted(review.get("/delete?id=d0f0")) == [1, 1, 1, 1]
    check_delete(review, {"id": "d0f0", "what": "suggestion"}, {"d0f0"})
    stored = b"".join(path.read_bytes() for path in review.data.glob("feedback.sqlite*"))
    assert b"Corrected" not in stored


def test_a_file_a_folder_and_a_period_go_whole(review: Review) -> None:
    fill(review)
    check_delete(review, {"id": "d0f2", "what": "file"}, {"d0f2", "d1f2", "d2f2"})
    check_delete(
        review,
        {"id": "", "what": "period", "since": "2026-06-02", "until": "2026-06-02"},
        {"d1f0", "d1f1"},
    )
    check_delete(review, {"id": "d0f1", "what": "folder"}, {"d0f1", "d2f1"})
    assert left(review) == {"d0f0", "d2f0"}


def test_nothing_goes_when_the_count_is_no_longer_true(review: Review) -> None:
    fill(review)
    assert review.post("/delete", id="d0f0", what="file", n=2).status == 400
    assert review.post("/delete", id="d0f0", what="everything", n=9).status == 400
    assert review.post("/delete", id="", what="file", n=3).status == 400
    assert review.post("/delete", what="period", since="x", until="y", n=0).status == 400
    assert len(left(review)) == 9


def test_what_a_page_says_of_a_place_deletes_nothing(review: Review) -> None:
    fill(review)
    review.post("/delete", id="d0f2", what="file", uri="file:///site/", file="/site", n=3)
    assert left(review) == {f"d{day}f{number}" for day in range(3) for number in range(2)}


def test_remembered_answers_go_where_a_model_was_asked(review: Review, in_environ: dict[str, str]) -> None:
    cache = open_cache(read_settings())
    cache.put("k", b"answer", 1000.0)
    cache.close()
    keep(review.log, suggestion(id="asked", sent="prompt"), suggestion(id="not", request_id="n", sent=""))
    check_delete(review, {"id": "not", "what": "suggestion"}, {"not"})
    cache = open_cache(read_settings())
    assert cache.get("k") == b"answer"
    cache.close()
    said = check_delete(review, {"id": "asked", "what": "suggestion"}, {"asked"})
    assert "1 remembered answers" in said
    cache = open_cache(read_settings())
    assert cache.get("k") is None
    cache.close()
