"""What the review's pages work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from chiron.review.corrections import Checker
from chiron.review.guard import Keys
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
    saved: SavedSearches
    keys: Keys
    threshold: float
    excluded: tuple[str, ...]
    open_cache: Callable[[], ResponseCache]
    zone: tzinfo

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    @property
    def zone_ms(self) -> int:
        """By how much this machine's clock is ahead of UTC."""
        ahead = datetime.now(UTC).astimezone(self.zone).utcoffset()
        return int(ahead.total_seconds() * 1000) if ahead else 0
