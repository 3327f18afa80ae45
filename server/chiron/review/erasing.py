"""Erases from the log and from what was made of it, and says beforehand what depends on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chiron.errors import StoreError
from chiron.store.cache import ResponseCache
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_dependents import Dependents, dependents
from chiron.store.feedback_erasure import Erasure, Selection


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, and how many remembered answers with it. `trouble` is what could not be reached."""

    log: Erasure
    n_answers: int
    trouble: str = ""


def depending(log: FeedbackLog, selection: Selection) -> Dependents:
    """What would be erased."""
    return log.ask(partial(dependents, selection=selection))


def erase_everywhere(
    log: FeedbackLog, selection: Selection, open_cache: Callable[[], ResponseCache]
) -> Erased:
    """Erases `selection` from the log, and every remembered answer where a model was asked for any of it.

    An answer is kept under the hash of the text that was sent, so those of one suggestion cannot be told from
    the others: all of them go, and models are asked anew.
    """
    asked_model = depending(log, selection).n_sent > 0
    erasure = log.delete(selection)
    if not asked_model:
        return Erased(erasure, 0)
    try:
        cache = open_cache()
        try:
            return Erased(erasure, cache.clear())
        finally:
            cache.close()
    except StoreError as error:
        return Erased(erasure, 0, f"Remembered answers could not be erased: {error}")
