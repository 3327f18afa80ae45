"""Erases from the log and from what was made of it, and says beforehand what depends on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from chiron.assemble import open_cache, open_feedback
from chiron.config import Settings
from chiron.errors import StoreError
from chiron.store.cache import ResponseCache
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_dependents import Dependents, dependents
from chiron.store.feedback_erasure import Erasure, Selection
from chiron.store.frozen import forget_frozen


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, and how many remembered answers with it. `trouble` is what could not be reached."""

    log: Erasure
    n_answers: int
    trouble: str = ""
    n_cases: int = 0


def depending(log: FeedbackLog, selection: Selection) -> Dependents:
    """What would be erased."""
    return log.ask(partial(dependents, selection=selection))


def erase_everywhere(
    log: FeedbackLog, selection: Selection, open_cache: Callable[[], ResponseCache]
) -> Erased:
    """Erases `selection` from the log, the cases frozen out of it, and every remembered answer where a model
    was asked for any of it. What it taught goes by itself: that is worked out from the log.

    An answer is kept under the hash of the text that was sent, so those of one suggestion cannot be told from
    the others: all of them go, and models are asked anew.
    """
    asked_model = depending(log, selection).n_sent > 0
    erasure = log.delete(selection)
    try:
        n_cases, trouble = forget_frozen(log.path, erasure.suggestion_ids), ""
    except StoreError as error:
        n_cases, trouble = 0, f"Frozen cases could not be erased: {error}"
    if not asked_model:
        return Erased(erasure, 0, trouble, n_cases)
    try:
        cache = open_cache()
        try:
            return Erased(erasure, cache.clear(), trouble, n_cases)
        finally:
            cache.close()
    except StoreError as error:
        trouble = f"{trouble} Remembered answers could not be erased: {error}".strip()
        return Erased(erasure, 0, trouble, n_cases)


def erase_for(settings: Settings, selection: Selection, agreed: Callable[[str], bool]) -> dict[str, Any]:
    """Erases `selection` if `agreed` says yes to what depends on it; returns what is, or would be, gone."""
    with open_feedback(settings) as log:
        depends = depending(log, selection)
        values: dict[str, Any] = {
            "n_suggestions": depends.n_suggestions,
            "n_events": depends.n_events,
            "n_labelled": depends.n_labelled,
            "n_corrections": depends.n_corrections,
            "n_taught": depends.n_taught,
            "n_votes": depends.n_votes,
            "erased": False,
        }
        what = (
            f"{depends.n_suggestions:,} suggestions with {depends.n_events:,} events, "
            f"{depends.n_labelled:,} verdicts, {depends.n_corrections:,} corrections and "
            f"{depends.n_votes:,} votes; "
            f"what {depends.n_taught:,} of them taught is forgotten."
        )
        if not depends.n_suggestions or not agreed(what):
            return values
        erased = erase_everywhere(log, selection, lambda: open_cache(settings))
    said = f"Erased: {erased.log.n_suggestions:,} suggestions and {erased.n_answers:,} remembered answers."
    if erased.n_cases:
        said = f"{said} {erased.n_cases:,} frozen cases went with them."
    if not erased.log.reached_log:
        said += " Another window holds the write-ahead log; it is emptied when that window lets go."
    return values | {
        "erased": True,
        "n_answers": erased.n_answers,
        "trouble": erased.trouble or None,
        "said": f"{said} {erased.trouble}".rstrip(),
    }
