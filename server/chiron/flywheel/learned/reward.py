"""What an outcome is worth: kept is 1, seen and not kept costs a little, held back is nothing."""

from __future__ import annotations

from chiron.records import Outcome
from chiron.store.feedback_lessons import Played
from chiron.store.feedback_rows import SuggestionRow

_NEITHER = frozenset({None, Outcome.NOT_SEEN, Outcome.PARTLY_ACCEPTED})


def reward_of(row: SuggestionRow) -> float | None:
    """1.0 for what was accepted and kept, 0.0 for what was seen and was not; None where neither is known.

    A click is no reward: what was accepted counts once it was looked at again, and a verdict outweighs all.
    """
    derived = row.derived
    if derived.label is not None:
        return float(derived.label == "good")
    if derived.outcome in _NEITHER:
        return None
    if derived.outcome is Outcome.ACCEPTED and not derived.undone and derived.kept_ratio is None:
        return None
    return float(derived.strong)


def worth_of(played: Played, interruption: float) -> float | None:
    """What a request was worth to a person: 1 kept, 0 where nothing was shown, minus `interruption` in vain.

    None where nobody saw it, or nobody knows.
    """
    if played.held is not None or not played.shown:
        return 0.0
    if played.outcome in _NEITHER:
        return None
    return 1.0 if played.strong else -interruption
