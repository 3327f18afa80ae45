"""What the review's pages work with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from chiron.flywheel.learned.scores import Scores
from chiron.review.corrections import Checker
from chiron.review.figured import Figured
from chiron.review.guard import Keys
from chiron.review.matches import Match
from chiron.review.saved import SavedSearches
from chiron.review.verdicts import Verdicts
from chiron.store.cache import ResponseCache
from chiron.store.feedback import FeedbackLog


@dataclass(frozen=True, slots=True)
class Parts:
    """What the review's pages work with. `threshold` is the confidence from which recall is sure."""

    log: FeedbackLog
    verdicts: Verdicts
    checker: Checker
    figured: Figured
    saved: SavedSearches
    keys: Keys
    threshold: float
    excluded: tuple[str, ...]
    open_cache: Callable[[], ResponseCache]
    zone: tzinfo
    #: What the arena compares, looked for each time it is opened.
    matches: Callable[[], Sequence[Match]] = tuple
    #: Chances that a suggestion invents something, or is what is wanted; empty until they were trained.
    scores: Scores = Scores()  # noqa: RUF009 it is frozen

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    def midnight_ms(self, days_ago: int) -> int:
        """When the day began that was `days_ago` days ago."""
        now = datetime.now(UTC).astimezone(self.zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return int((midnight - timedelta(days=days_ago)).timestamp() * 1000)
