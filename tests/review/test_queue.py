"""The queue's order, and search: what is found, and that nothing is found twice."""

from __future__ import annotations

import html
import re
from collections import Counter
from datetime import UTC
from functools import partial

import pytest

from chiron.records import Event, EventKind, Evidence, Origin, Source
from chiron.review.saved import SavedSearches
from chiron.review.searching import Unasked, in_words, to_query, to_search
from chiron.store.feedback_search import QueueKind, Waiting, waiting
from support.reviewing import Review, keep, suggestion


def queue(review: Review, **over: object) -> list[Waiting]:
    asked = {"origin": "editor", "kind": None, "threshold": 0.8, "chance": 1, "limit": 1000, **over}
    return review.log.ask(partial(waiting, **asked))  # type: ignore[arg-type]


def ids_of(page: str) -> list[str]:
    return re.findall(r'class="row"[^>]*data-id="([^"]+)"', page)


def end(one: str, kind: EventKind, **data: object) -> Event:
    return Event(one, kind, Evidence.OBSERVED, 1_900_000_000_000, data)


def test_what_tells_most_comes_first(review: Review) -> None:
    for name in ("instead", "edited", "undone", "kept", "typed", "seen", "labelled"):
        keep(review.log, suggestion(id=name, request_id=name, origin=Origin.EDITOR))
    keep(
        review.log,
        suggestion(id="held", request_id="h", withheld="invalid"),
        suggestion(id="empty", request_id="e", withheld="empty"),
        end("instead", EventKind.TYPED_OVER),
        end("instead", EventKind.WROTE_INSTEAD, text="x"),
        end("typed", EventKind.TYPED_OVER),
        end("edited", EventKind.ACCEPTED),
        end("edited", EventKind.KEPT_AT, ratio=0.2),
        end("undone", EventKind.ACCEPTED),
        end("undone", EventKind.UNDONE),
        end("kept", EventKind.ACCEPTED),
        end("kept", EventKind.KEPT_AT, ratio=0.9),
        end("seen", EventKind.EXPIRED, outcome="not_seen"),
        end("labelled", EventKind.ACCEPTED),
        end("labelled", EventKind.LABELLED, label="good"),
    )
    found = {one.row.record.id: one.kind for one in queue(review)}
    assert found["instead"] is QueueKind.INSTEAD
    assert {found["edited"], found["undone"]} == {QueueKind.EDITED}
    assert found["held"] is QueueKind.WITHHELD
    assert {found["kept"], found["typed"]} == {QueueKind.CHANCE}
    assert not {"seen", "labelled", "empty"} & found.keys()
    assert [one.kind for one in queue(review)][:2] == [QueueKind.INSTEAD, QueueKind.EDITED]


def test_the_withheld_nearest_to_the_threshold_come_first(review: Review) -> None:
    for name, confidence in (("far", 0.2), ("near", 0.79), ("none", 0.0), ("above", 0.85)):
        keep(review.log, suggestion(id=name, request_id=name, withheld="invalid", confidence=confidence))
    found = [one.row.record.id for one in queue(review, kind=QueueKind.WITHHELD)]
    assert found == ["near", "above", "far", "none"]


def test_only_what_an_editor_asked_for_waits_unless_one_asks_for_more(full_review: Review) -> None:
    origins = Counter(one.row.record.origin for one in queue(full_review))
    assert set(origins) == {Origin.EDITOR}
    everything = Counter(one.row.record.origin for one in queue(full_review, origin=None))
    assert set(everything) > {Origin.EDITOR}


def test_the_random_slice_is_the_same_for_a_day_and_another_the_next(full_review: Review) -> None:
    def drawn(chance: int) -> list[str]:
        return [one.row.record.id for one in queue(full_review, kind=QueueKind.CHANCE, chance=chance)]

    assert drawn(1) == drawn(1)
    assert drawn(1)[:20] != drawn(2)[:20]


def test_a_queue_is_worked_through_page_by_page_though_labels_are_given(full_review: Review) -> None:
    page = full_review.get("/queue")
    seen = ids_of(page)
    n_pages = 0
    while more := re.search(r'class="more" hx-get="([^"]+)"', page):
        n_pages += 1
        full_review.post("/label", id=seen[-1], label="good", seen=0)
        page = full_review.get(html.unescape(more.group(1)))
        seen += ids_of(page)
    assert len(seen) == len(set(seen)) == len(queue(full_review)) + n_pages


def test_a_search_is_read_to_its_end_though_rows_are_added(full_review: Review) -> None:
    total = full_review.n_found("")
    page = full_review.get("/search")
    seen = ids_of(page)
    while more := re.search(r'class="more" hx-get="([^"]+)"', page):
        keep(full_review.log, suggestion(id=f"new{len(seen)}", request_id="n", at_ms=4_000_000_000_000))
        page = full_review.get(html.unescape(more.group(1)))
        seen += ids_of(page)
    assert len(seen) == len(set(seen)) == total


def test_conditions_are_all_of_them_met(full_review: Review) -> None:
    n = full_review.n_found
    assert n("") == 1200
    assert 0 < n("outcome=accepted&source=recall") < n("outcome=accepted") < n("")
    assert n("withheld=yes") + n("withheld=no") == 1200
    assert n("label=-") + n("labelled=yes") == 1200
    assert n("module=-") == n("withheld=yes")
    assert n("q=redis") > 0
    assert n("q=%25") == n("q=%5C") == 0
    assert n("since=2026-06-01&until=2026-06-01") == n("since=1780272000000&until=1780358400000") > 0
    assert n("slower=0") == 1200


def test_an_address_and_a_search_say_the_same() -> None:
    query = to_query(origin="editor", source="", strong=True, withheld=False, since=5_000_000, model=None)
    assert query == "origin=editor&source=-&strong=yes&withheld=no&since=5000000"
    search = to_search({"origin": "editor", "source": "-", "strong": "yes", "since": "5000000"})
    assert (search.filters.origin, search.lacking, search.strong) == (Origin.EDITOR, ("source",), True)
    assert to_search({"source": "recall"}).filters.source is Source.RECALL


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": "fine"}, {"strong": "maybe"}, {"since": "yesterday"}, {"slower": "x"}, {"q": "x" * 501}],
)
def test_what_cannot_be_asked_is_refused_in_words(wrong: dict[str, str]) -> None:
    with pytest.raises(Unasked):
        to_search(wrong)


def test_every_condition_can_be_said_in_words() -> None:
    params = {
        "strong": "yes",
        "since": "1780272000000",
        "slower": "12.5",
        "q": "x",
        "module": "-",
        "label": "good",
    }
    words = [said for _, said in in_words(params, UTC)]
    assert words == [
        "strong acceptance",
        "from 01 Jun 2026 00:00",
        "took 12 ms or longer",
        "“x”",
        "no module",
        "label: Good",
    ]


def test_searches_are_saved_under_their_names_and_forgotten(review: Review) -> None:
    assert review.post("/saved", name=" mine ", query="outcome=accepted&q=a%26b").status == 200
    assert 'href="/search?outcome=accepted&amp;q=a%26b"' in review.get("/search")
    path = review.data / "searches.json"
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in SavedSearches(path).all()] == ["mine"]
    review.post("/saved", name="mine", query="q=c")
    assert [one.query for one in SavedSearches(path).all()] == ["q=c"]
    review.post("/saved/remove", name="mine")
    assert SavedSearches(path).all() == []


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[{"name": 1}]', '[{"name": "x", "query": "outcome=y"}]', "\xff"]
)
def test_a_broken_file_of_searches_is_no_obstacle(review: Review, text: str) -> None:
    path = review.data / "searches.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="latin-1")
    assert review.ask("GET", "/search").status == 200
    assert review.post("/saved", name="new", query="q=a").status == 200
