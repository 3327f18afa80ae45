"""The log for the command line: what a search finds, a verdict given, and what is to be erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from chiron.feedback_view import summary
from chiron.review.searching import Unasked, to_search
from chiron.review.verdicts import LABELS, Verdicts, standing
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_search import found


def listed(log: FeedbackLog, asked: Mapping[str, str | None], limit: int) -> list[dict[str, Any]]:
    """What the search finds, newest first. Raises `Unasked`."""
    zone = datetime.now().astimezone().tzinfo
    given = {name: value for name, value in asked.items() if value is not None}
    search = to_search(given, zone) if zone else to_search(given)
    return [summary(row) for row in log.ask(partial(found, search=search, limit=limit))]


def give_verdict(
    log: FeedbackLog, suggestion_id: str, label: str | None, *, correction: str = "", note: str = ""
) -> dict[str, Any] | None:
    """Keeps a verdict, or takes the last one back where `label` is None; None where there is no such row.

    Raises `Unasked` for a label there is not.
    """
    if label is not None and label not in LABELS:
        raise Unasked(f"There is no verdict {label!r}.", advice=f"There are: {', '.join(LABELS)}.")
    verdicts = Verdicts(log)
    history = log.show(suggestion_id)
    if history is None:
        return None
    one = history.suggestion.record.id
    if label is None:
        n = standing(history).n
        stands = verdicts.take_back(one, n, n) if n else standing(history)
    else:
        stands = verdicts.give(one, label, correction=correction, note=note)
    return {"id": one, "label": stands.label, "correction": stands.correction or None} if stands else None


def selection(
    *,
    suggestion_id: str | None = None,
    path: Path | None = None,
    since: str | None = None,
    until: str | None = None,
    everything: bool = False,
) -> Selection:
    """What to erase, as a person typed it: a folder means all below it, and both days are in the period."""
    uri = None
    if path is not None:
        uri = path.absolute().as_uri() + ("/" if path.is_dir() else "")
    return Selection(suggestion_id, uri, _midnight(since, 0), _midnight(until, 1), everything)


def _midnight(day: str | None, days_on: int) -> int | None:
    if day is None:
        return None
    try:
        when = datetime.strptime(day, "%Y-%m-%d").astimezone()
    except ValueError:
        raise Unasked(f"{day!r} is no day.", advice="Write it as 2026-06-30.") from None
    return int((when + timedelta(days=days_on)).timestamp() * 1000)
