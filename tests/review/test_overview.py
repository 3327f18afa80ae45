"""The overview and the report: every number can be traced to rows."""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path

from chiron.records import Event, EventKind, Evidence, Source
from chiron.review.report import figures_for, to_html, to_values
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_figures import figures
from chiron.store.feedback_search import Search
from chiron.store.feedback_votes import Vote, put_votes
from support.reviewing import Review, keep, suggestion


def links(page: str) -> list[tuple[str, int]]:
    """Every figure of a page: where its rows are, and how many it says they are."""
    found = re.findall(r'href="(/search\?[^"]*)" data-n="(\d+)"', page)
    return [(html.unescape(href), int(n)) for href, n in found]


def test_every_number_of_the_overview_is_the_number_of_rows_behind_it(full_review: Review) -> None:
    for path in ("/", "/?origin=any&period=30"):
        counted = links(full_review.get(path))
        assert path != "/" or len(counted) > 150
        # Time steps are alike: every third of them will do, and all that are no time steps.
        some = [one for at, one in enumerate(counted) if "since=" not in one[0] or at % 3 == 0]
        for href, n in some:
            assert full_review.n_found(href.removeprefix("/search?")) == n, href


def test_shares_are_of_those_a_person_could_judge(review: Review) -> None:
    ends = (EventKind.ACCEPTED, EventKind.TYPED_OVER, None, EventKind.EXPIRED)
    for number, end in enumerate(ends):
        keep(review.log, suggestion(id=f"s{number}", request_id=f"r{number}"))
        data = {"outcome": "not_seen"} if end is EventKind.EXPIRED else {}
        if end is not None:
            keep(review.log, Event(f"s{number}", end, Evidence.OBSERVED, 2_000_000_000_000, data))
    found = review.log.ask(partial(figures, search=Search()))
    assert (found.total.n_offered, found.total.n_ended, found.total.n_accepted) == (4, 2, 1)
    assert found.total.acceptance == 0.5
    assert found.total.n_open == 1


def test_a_request_is_paid_for_once_however_many_rows_it_led_to(review: Review) -> None:
    for rank in range(3):
        keep(review.log, suggestion(id=f"s{rank}", rank=rank, cost_usd=0.25, source=Source.MODEL))
    cost = review.log.ask(partial(figures, search=Search())).cost
    assert (cost.usd, cost.n_requests, cost.n_rows) == (0.25, 1, 3)


def test_hours_of_several_days_are_told_with_their_day(review: Review) -> None:
    """Else an axis says 06:00 again and again."""
    at_ms = 1_790_000_000_000
    for number in range(20):
        one = suggestion(id=f"s{number}", request_id=f"r{number}", rank=0, at_ms=at_ms + number * 43_200_000)
        keep(review.log, one)
    ticks = re.findall(r'class="tick"[^>]*>([^<]+)<', review.get("/"))
    assert len(ticks) > 3
    assert all(re.fullmatch(r"\d+ [A-Z][a-z]{2} \d\d:\d\d", one) for one in ticks), ticks


def test_percentiles_are_times_of_rows(review: Review) -> None:
    for number in range(100):
        keep_one = suggestion(id=f"s{number}", request_id=f"r{number}", rank=0, total_ms=float(number + 1))
        review.log.record(keep_one)
    review.log.flush()
    waits = review.log.ask(partial(figures, search=Search())).waits
    assert waits is not None
    assert (waits.p50_ms, waits.p90_ms, waits.p99_ms) == (50.0, 90.0, 99.0)
    assert (waits.n_from_p50, waits.n_from_p90, waits.n_from_p99) == (51, 11, 2)


def test_figures_are_never_older_than_the_log(review: Review) -> None:
    for number in range(1, 4):
        keep(review.log, suggestion(id=f"s{number}", request_id=f"r{number}"))
        assert f">{number}</span>" in review.get("/")
    # Another process may write too.
    with FeedbackLog(review.data / "feedback.sqlite") as other:
        keep(other, suggestion(id="s4", request_id="r4"))
    assert ">4</span>" in review.get("/")
    review.post("/delete", id="s4", what="suggestion", n=1)
    assert ">3</span>" in review.get("/")


def test_how_far_a_judge_agrees_with_people_is_told_in_plain_words(review: Review) -> None:
    for number in range(40):
        keep(review.log, suggestion(id=f"s{number}", request_id=f"r{number}"))
    assert "No model has judged yet" in review.get("/")

    def vote(numbers: range) -> None:
        given = [
            Vote(f"s{n}", "<b>mild</b>", "3", 1_000, "good" if n % 2 else "wrong_value") for n in numbers
        ]
        review.log.change(partial(put_votes, votes=given))

    def label(numbers: range) -> None:
        for n in numbers:
            review.post("/label", id=f"s{n}", label="good" if n % 2 else "wrong_value")

    vote(range(40))
    page = " ".join(review.get("/").split())
    assert "&lt;b&gt;mild&lt;/b&gt;" in page
    assert "not enough verdicts</b> 0 of its 40 verdicts are on what people judged too." in page
    assert "Ignored: 30 more suggestions judged by people and by it are wanted." in page
    label(range(20))
    page = " ".join(review.get("/").split())
    assert "alpha 1.00 [1.00, 1.00]</b> 20 of its 40" in page
    assert "Ignored: 10 more suggestions" in page
    label(range(20, 40))
    assert "Its votes count where people have said nothing." in review.get("/")


def test_an_empty_log_says_what_to_do(review: Review) -> None:
    assert "Nothing here yet" in review.get("/")
    assert "Nothing is waiting" in review.get("/queue")
    assert "Nothing found" in review.get("/search")


def test_a_period_or_origin_that_there_is_not_is_refused_in_words(review: Review) -> None:
    assert review.ask("GET", "/?period=9").status == 400
    assert "There are: editor" in review.ask("GET", "/?origin=nobody").text


def test_the_report_is_one_page_that_loads_nothing(full_review: Review, tmp_path: Path) -> None:
    page = to_html(figures_for(full_review.log))
    assert not re.findall(r"<(?:script|link|img|iframe|a)\b", page)
    assert "url(" not in page
    assert page.count("<figure>") >= 8
    assert "default-src 'none'" in page


def test_the_report_and_the_overview_say_the_same(full_review: Review) -> None:
    values = to_values(figures_for(full_review.log))
    page = full_review.get("/")
    assert f"{values['total']['n_accepted']:,} of {values['total']['n_ended']:,}" in page
    assert sum(one["n_accepted"] for one in values["over_time"]) == values["total"]["n_accepted"]
    for group in ("by_scope", "by_source", "by_model", "by_arm", "by_module"):
        assert sum(one["n_offered"] for one in values[group].values()) == values["total"]["n_offered"]
