"""Notices when what was learned makes things worse, and says so in words that end it.

The share of requests that is answered without anything learned is what it is compared with. The comparison
may be made at every look, since its interval holds at all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence

from chiron.flywheel.learned.draw import CONTROL, LEARNED
from chiron.flywheel.learned.sequential import Contest, contest
from chiron.store.feedback_lessons import Played


def compared(played: Sequence[Played], interruption: float) -> Contest:
    """What requests answered with what was learned were worth more than those without."""
    return contest(played, CONTROL, LEARNED, interruption)


def harm(played: Sequence[Played], interruption: float) -> str:
    """Why what was learned should be switched off; "" where nothing speaks for that."""
    found = compared(played, interruption)
    if found.verdict != "worse":
        return ""
    with_it, without = found.second, found.first
    return (
        f"suggestions were worth {with_it.worth:.2f} per request with what was learned ({with_it.n}), "
        f"{without.worth:.2f} without ({without.n}); the difference is surely below "
        f"{found.difference.high:+.2f}"
    )
