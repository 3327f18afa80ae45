"""What a person does on the pages. A response comes only when it is done and on the disk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from chiron.review.corrections import Checked
from chiron.review.erasing import depending, erase_everywhere
from chiron.review.files import local_path
from chiron.review.parts import Parts
from chiron.review.rendering import Templates
from chiron.review.searching import Unasked
from chiron.review.tasks import in_place
from chiron.review.verdicts import LABELS, Standing, words
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_queries import History

Params = dict[str, str]

#: What can be deleted, in the words of the dialog.
_WHAT = {
    "suggestion": "this suggestion",
    "file": "everything of this file",
    "folder": "everything of this folder",
    "period": "everything of some days",
}


def standing_json(standing: Standing) -> dict[str, Any]:
    """A verdict that stands, for the page's script."""
    return {"seen": standing.n, "label": standing.label, "words": words(standing.label)}


class Acts:
    """What a person does on the pages."""

    def __init__(self, parts: Parts, templates: Templates) -> None:
        self._parts = parts
        self._templates = templates

    # ----------------------------------------------------------------- verdicts

    def label(self, given: Params) -> Response:
        history = self._history(given)
        label = given.get("label", "")
        if history is None:
            return _gone()
        if label not in LABELS:
            raise Unasked("There is no such verdict.")
        place = in_place(history.suggestion.record)
        correction, valid = given.get("correction", ""), None
        # A browser sends line ends of its own.
        correction = correction.replace("\r\n", "\n")
        if correction.strip() == place.task.strip():
            correction = ""
        if correction.strip():
            checked = self._parts.checker.check(
                correction,
                place.task,
                in_handlers=place.in_handlers,
                record=history.suggestion.record,
            )
            valid = None if checked.trouble else checked.valid
        standing = self._parts.verdicts.give(
            history.suggestion.record.id,
            label,
            correction=correction,
            correction_valid=valid,
            note=given.get("note", ""),
            seen=_number(given, "seen"),
        )
        return JSONResponse(standing_json(standing)) if standing else _gone()

    def undo(self, given: Params) -> Response:
        act, seen = _number(given, "act"), _number(given, "seen")
        if act is None or seen is None:
            raise Unasked("Say which act is to be taken back.")
        standing = self._parts.verdicts.take_back(given.get("id", ""), act, seen)
        return JSONResponse(standing_json(standing)) if standing else _gone()

    def check(self, given: Params) -> Response:
        history = self._history(given)
        if history is None:
            return self._templates.response("check.html", checked=Checked(empty=True), verdict="")
        place = in_place(history.suggestion.record)
        checked = self._parts.checker.check(
            given.get("correction", ""),
            place.task,
            in_handlers=place.in_handlers,
            record=history.suggestion.record,
        )
        verdict = LABELS[checked.verdict] if checked.verdict else None
        return self._templates.response("check.html", checked=checked, verdict=verdict)

    # ----------------------------------------------------------------- saved searches

    def save(self, given: Params) -> Response:
        self._parts.saved.keep(given.get("name", ""), given.get("query", ""))
        return self._templates.response(
            "saved.html", saved=self._parts.saved.all(), query=given.get("query", "")
        )

    def unsave(self, given: Params) -> Response:
        self._parts.saved.remove(given.get("name", ""))
        return self._templates.response(
            "saved.html", saved=self._parts.saved.all(), query=given.get("query", "")
        )

    # ----------------------------------------------------------------- deleting

    def before_delete(self, params: Params) -> Response:
        history = self._history(params)
        what = params.get("what", "suggestion" if history else "period")
        if what not in _WHAT or (history is None and what != "period"):
            raise Unasked("There is nothing like that to delete.")
        since, until = self._days(params, history)
        return self._templates.response(
            "delete.html",
            id=params.get("id", "") if history else "",
            what=what,
            choices=_WHAT if history else {"period": _WHAT["period"]},
            where=_where(what, history),
            since=since,
            until=until,
            depends=depending(self._parts.log, self._selection(what, history, since, until)),
        )

    def delete(self, given: Params) -> Response:
        history = self._history(given)
        what = given.get("what", "")
        if what not in _WHAT or (history is None and what != "period"):
            raise Unasked("There is nothing like that to delete.")
        selection = self._selection(what, history, given.get("since", ""), given.get("until", ""))
        if depending(self._parts.log, selection).n_suggestions != _number(given, "n"):
            raise Unasked("The log has changed meanwhile.", advice="Look at the count again.")
        erased = erase_everywhere(self._parts.log, selection, self._parts.open_cache)
        return self._templates.response("deleted.html", erased=erased)

    def _selection(self, what: str, history: History | None, since: str, until: str) -> Selection:
        if what == "period" or history is None:
            return Selection(since_ms=self._midnight(since, 0), until_ms=self._midnight(until, 1))
        record = history.suggestion.record
        if what == "suggestion":
            return Selection(suggestion_id=record.id)
        # The row's own URI: none that a page sends is ever used.
        return Selection(uri=record.uri if what == "file" else record.uri.rpartition("/")[0] + "/")

    def _days(self, params: Params, history: History | None) -> tuple[str, str]:
        at_ms = history.suggestion.record.at_ms if history else self._parts.now_ms()
        day = datetime.fromtimestamp(at_ms / 1000, self._parts.zone).strftime("%Y-%m-%d")
        return params.get("since") or day, params.get("until") or day

    def _midnight(self, day: str, days_on: int) -> int:
        try:
            when = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=self._parts.zone)
        except ValueError:
            raise Unasked(f"{day!r} is no day.", advice="Write it as 2026-06-30.") from None
        return int((when + timedelta(days=days_on)).timestamp() * 1000)

    def _history(self, params: Params) -> History | None:
        suggestion_id = params.get("id", "")
        return self._parts.log.show(suggestion_id) if suggestion_id else None


def _where(what: str, history: History | None) -> str:
    """What a file or folder is called; only to be read."""
    if history is None or what not in ("file", "folder"):
        return ""
    uri = history.suggestion.record.uri
    path = local_path(uri)
    shown = str(path) if path is not None else uri
    return shown if what == "file" else shown.rpartition("/")[0] + "/"


def _number(given: Params, name: str) -> int | None:
    value = given.get(name, "")
    return int(value) if value.isdigit() and len(value) < 10 else None


def _gone() -> Response:
    return JSONResponse({"gone": True}, status_code=404)
