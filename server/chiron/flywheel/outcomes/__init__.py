"""What became of every suggestion."""

from chiron.flywheel.outcomes.outcomes import Continuation, Edit, Offer, OutcomeTracker, is_strong, outcome_of

__all__ = ["Continuation", "Edit", "Offer", "OutcomeTracker", "is_strong", "outcome_of"]
