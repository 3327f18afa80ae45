"""The arena: two answers side by side without names, one key for the better, and what the choices come to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from chiron.errors import ChironError
from chiron.review.matches import Answered, Match, arms_of
from chiron.review.ratings import rate
from chiron.review.rendering import Templates
from chiron.review.searching import Unasked
from chiron.review.view import CodeLine
from chiron.review.visible import lines
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_votes import Bout, bouts, put_bout, take_back_bout

Params = dict[str, str]
#: What may be said of two answers.
CHOICES = ("left", "right", "tie", "bad")


@dataclass(frozen=True, slots=True)
class Side:
    """One answer as the page shows it."""

    name: str
    key: str
    code: tuple[CodeLine, ...]


class Arena:
    """The page of comparisons. `find` gives the questions there are; it is asked when the page is opened."""

    def __init__(self, log: FeedbackLog, templates: Templates, find: Callable[[], Sequence[Match]]) -> None:
        self._log = log
        self._templates = templates
        self._find = find
        self._lock = threading.Lock()
        self._matches: dict[str, Match] = {}

    def page(self, _params: Params) -> Response:
        """The page with the first question that nobody has answered yet."""
        with self._lock:
            self._matches = {one.question: one for one in self._find()}
        left = self._left()
        return self._templates.response(
            "arena.html",
            page="arena",
            n_left=len(left),
            n_all=len(self._matches),
            **self._shown(left[0] if left else None),
        )

    def match(self, params: Params) -> Response:
        """One question: the one that is named, or the next after those that were skipped."""
        named = self._matches.get(params.get("question", ""))
        skipped = set(params.get("skipped", "").split(","))
        left = [one for one in self._left() if one.question not in skipped]
        return self._templates.response(
            "match.html", n_left=len(left), **self._shown(named or (left[0] if left else None))
        )

    def choose(self, given: Params) -> Response:
        """Keeps a choice; it is on the disk when the answer comes."""
        match, side = self._matches.get(given.get("question", "")), given.get("side", "")
        if match is None:
            raise Unasked("This question is too old.", advice="Open the arena anew.")
        if side not in CHOICES:
            raise Unasked("There is no such choice.")
        bout = Bout(
            int(time.time() * 1000),
            match.question,
            match.first.arm,
            match.second.arm,
            match.result_of(side),
            match.first.suggestion_id,
            match.second.suggestion_id,
        )
        seq = self._log.change(lambda connection: put_bout(connection, bout))
        if not seq:
            raise Unasked("Another window has answered this already.", advice="Skip it.")
        return JSONResponse({"seq": seq, "left": len(self._left())})

    def undo(self, given: Params) -> Response:
        """Takes a choice of this page back."""
        seq = given.get("seq", "")
        if not seq.isdigit() or len(seq) > 15:
            raise Unasked("Say which choice is to be taken back.")
        gone = self._log.change(lambda connection: take_back_bout(connection, int(seq)))
        return JSONResponse({"taken_back": gone, "left": len(self._left())})

    def ratings(self, _params: Params) -> Response:
        """What all choices so far come to. Who looks knows the makers afterwards, though not which side."""
        try:
            found, trouble = rate(self._log.ask(bouts)), ""
        except ChironError as error:
            found, trouble = None, str(error)
        return self._templates.response("ratings.html", found=found, trouble=trouble)

    def _left(self) -> list[Match]:
        done = {one.question for one in self._log.ask(bouts)}
        return [one for question, one in self._matches.items() if question not in done]

    def _shown(self, match: Match | None) -> dict[str, Any]:
        if match is None:
            return {"match": None, "sides": (), "n_arms": len(arms_of(list(self._matches.values())))}
        left, right = match.sides
        sides = (Side("A", "ArrowLeft", _code(left)), Side("B", "ArrowRight", _code(right)))
        return {"match": match, "sides": sides, "n_arms": 2}


def _code(answered: Answered) -> tuple[CodeLine, ...]:
    return tuple(
        CodeLine(number + 1, text, answered.first_new <= number <= answered.last_new)
        for number, text in enumerate(lines(answered.text.rstrip("\n")))
    )
