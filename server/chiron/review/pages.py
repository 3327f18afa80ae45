"""The pages and their parts: what is asked of the log, as HTML."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from chiron.records import Origin, Outcome, ScopeKind, Source
from chiron.review.overview import overview
from chiron.review.parts import Parts
from chiron.review.rendering import Templates
from chiron.review.searching import Unasked, in_words, to_search
from chiron.review.verdicts import VERDICTS
from chiron.review.view import KINDS, title, to_card, to_row
from chiron.store import feedback_search
from chiron.store.feedback_search import QueueKind, Search, Waiting

#: Rows that come with a page, and those that come each time its end is near: who scrolls wants many.
_PAGE, _MORE = 100, 400
#: As long as a queue gets, and how many of them are remembered for their windows.
_LONGEST_QUEUE = 1000
_QUEUES = 32
_PERIODS = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("all", "all"))
_DAY_MS = 86_400_000
#: Conditions of the search form that are folded away until one is used.
_DETAILS = frozenset({"scope", "source", "origin", "withheld", "module", "model"})

Params = dict[str, str]


class Pages:
    """What can be looked at. Nothing here changes anything."""

    def __init__(self, parts: Parts, templates: Templates) -> None:
        self._parts = parts
        self._templates = templates
        #: The order each window is working through, by ticket: labels given must not shift it.
        self._queues: dict[str, list[Waiting]] = {}
        self._lock = threading.Lock()

    # ----------------------------------------------------------------- overview

    def overview(self, params: Params) -> Response:
        period = params.get("period", "all")
        origin = params.get("origin", Origin.EDITOR.value)
        if period not in dict(_PERIODS):
            raise Unasked("There is no such period.")
        given: dict[str, Any] = {"origin": None if origin == "any" else origin}
        if period != "all":
            given["since"] = self._parts.midnight_ms(int(period))
        search = to_search({name: str(value) for name, value in given.items() if value is not None})
        figures = self._parts.figured.of(search)
        return self._templates.response(
            "overview.html",
            page="overview",
            shown=overview(figures, given, self._parts.zone),
            n=figures.total.n_offered + figures.total.n_withheld,
            judging=self._parts.figured.judging(),
            periods=_PERIODS,
            period=period,
            origin=origin,
        )

    # ----------------------------------------------------------------- queue

    def queue(self, params: Params) -> Response:
        kind, origin = _kind(params.get("kind", "")), params.get("origin", Origin.EDITOR.value)
        search = to_search({} if origin == "any" else {"origin": origin})
        waiting = self._parts.log.ask(
            partial(
                feedback_search.waiting,
                origin=search.filters.origin,
                kind=kind,
                threshold=self._parts.threshold,
                chance=self._parts.now_ms() // _DAY_MS,
                limit=_LONGEST_QUEUE,
            )
        )
        ticket = secrets.token_urlsafe(8)
        with self._lock:
            self._queues[ticket] = waiting
            while len(self._queues) > _QUEUES:
                del self._queues[next(iter(self._queues))]
        return self._templates.response(
            "queue.html",
            page="queue",
            kinds=[("", "all"), *((one.value, KINDS[one]) for one in QueueKind)],
            kind=kind.value if kind else "",
            origin=origin,
            total=len(waiting),
            longest=_LONGEST_QUEUE,
            **self._queue_part(ticket, waiting, 0),
        )

    def queue_rows(self, params: Params) -> Response:
        ticket, start = params.get("ticket", ""), _whole(params.get("from", "0"))
        waiting = self._queues.get(ticket)
        if waiting is None:
            raise Unasked("This queue is too old.", advice="Open the queue anew.")
        return self._templates.response("rows.html", **self._queue_part(ticket, waiting, start))

    def _queue_part(self, ticket: str, waiting: list[Waiting], start: int) -> dict[str, Any]:
        now_ms, zone = self._parts.now_ms(), self._parts.zone
        end = start + (_MORE if start else _PAGE)
        rows = [to_row(one.row, zone, now_ms, one.kind) for one in waiting[start:end]]
        more = {"ticket": ticket, "from": end}
        return {"rows": rows, "more": f"/queue/rows?{urlencode(more)}" if end < len(waiting) else ""}

    # ----------------------------------------------------------------- search

    def search(self, params: Params) -> Response:
        asked = {name: value for name, value in params.items() if value.strip()}
        search = to_search(asked, self._parts.zone)
        chips = [
            (words, "/search?" + urlencode({key: value for key, value in asked.items() if key != name}))
            for name, words in in_words(asked, self._parts.zone)
        ]
        return self._templates.response(
            "search.html",
            page="search",
            asked=asked,
            query=urlencode(asked),
            # What the form has no field for must not be lost when it is sent again.
            hidden=[(name, value) for name, value in asked.items() if not _has_field(name, value)],
            detailed=bool(_DETAILS & asked.keys()),
            chips=chips,
            saved=self._parts.saved.all(),
            choices={
                "outcome": [one.value for one in Outcome],
                "scope": [one.value for one in ScopeKind],
                "source": [one.value for one in Source],
                "origin": [one.value for one in Origin],
            },
            labels=[(one.label, one.words) for one in VERDICTS],
            total=self._parts.log.ask(partial(feedback_search.count, search=search)),
            **self._search_part(asked, search, 0, self._parts.now_ms()),
        )

    def search_rows(self, params: Params) -> Response:
        start, as_of = _whole(params.pop("from", "0")), _whole(params.pop("as_of", "0"))
        search = to_search(params, self._parts.zone)
        return self._templates.response("rows.html", **self._search_part(params, search, start, as_of))

    def _search_part(self, asked: Params, search: Search, start: int, as_of: int) -> dict[str, Any]:
        # What is made while somebody scrolls must not shift what they have yet to see.
        until = search.filters.until_ms
        bound = min(as_of + 1, until) if until is not None else as_of + 1
        search = replace(search, filters=replace(search.filters, until_ms=bound))
        n = _MORE if start else _PAGE
        found = self._parts.log.ask(partial(feedback_search.found, search=search, limit=n + 1, offset=start))
        now_ms, zone = self._parts.now_ms(), self._parts.zone
        rows = [to_row(one, zone, now_ms) for one in found[:n]]
        more = urlencode({**asked, "from": start + n, "as_of": as_of})
        return {"rows": rows, "more": f"/search/rows?{more}" if len(found) > n else ""}

    # ----------------------------------------------------------------- one suggestion

    def suggestion(self, params: Params) -> Response:
        history = self._parts.log.show(params["id"])
        if history is None:
            return self._templates.refused(404, "That suggestion is not in the log, or not any more.")
        row = to_row(history.suggestion, self._parts.zone, self._parts.now_ms())
        name = title(history.suggestion.record.task_name)
        return self._templates.response(
            "suggestion.html", page="one", rows=[row], more="", total=1, heading=name
        )

    def card(self, params: Params) -> Response:
        history = self._parts.log.show(params["id"])
        if history is None:
            return self._templates.response("gone.html", status=404)
        card = to_card(
            history, self._parts.zone, self._parts.now_ms(), self._parts.excluded, self._parts.scores
        )
        return self._templates.response("card.html", card=card)


def _has_field(name: str, value: str) -> bool:
    if name in ("since", "until"):
        return not value.isdigit()
    return name in _DETAILS or name in ("q", "outcome", "label")


def _kind(value: str) -> QueueKind | None:
    try:
        return QueueKind(value) if value else None
    except ValueError:
        raise Unasked("There is no such part of the queue.") from None


def _whole(value: str) -> int:
    if not value.isdigit() or len(value) > 15:
        raise Unasked("That is no number of rows.")
    return int(value)
