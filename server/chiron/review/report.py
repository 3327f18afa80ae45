"""The overview as one page that stands alone, and as plain values for the terminal and for programs."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

from chiron.review.overview import overview
from chiron.review.rendering import Templates, style_sheet
from chiron.review.searching import to_search
from chiron.review.verdicts import words
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_figures import Figures, Tally, figures

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Made:
    """Figures, and what they were worked out from."""

    figures: Figures
    base: Mapping[str, object]
    days: int | None
    zone: tzinfo
    made_at: datetime


def figures_for(log: FeedbackLog, *, days: int | None = None, origin: str = "editor") -> Made:
    """The figures of the last `days` days, or of everything. Raises `Unasked` for an origin there is not."""
    made_at = datetime.now().astimezone()
    zone = made_at.tzinfo or UTC
    base: dict[str, Any] = {} if origin == "any" else {"origin": origin}
    if days is not None:
        base["since"] = int(time.time() * 1000) - days * _DAY_MS
    search = to_search({name: str(value) for name, value in base.items()})
    ahead = made_at.utcoffset()
    zone_ms = int(ahead.total_seconds() * 1000) if ahead else 0
    found = log.ask(partial(figures, search=search, zone_ms=zone_ms))
    return Made(found, base, days, zone, made_at)


def to_html(made: Made) -> str:
    """One page without links, scripts or anything to be loaded. Its own policy forbids all but its styles."""
    style = style_sheet()
    digest = base64.b64encode(hashlib.sha256(str(style).encode()).digest()).decode()
    shown = overview(made.figures, made.base, made.zone, linked=False)
    return Templates().html(
        "report.html",
        style=style,
        digest=digest,
        shown=shown,
        linked=False,
        period=f"the last {made.days} days" if made.days else "everything",
        origin=made.base.get("origin", "any origin"),
        made_at=made.made_at.strftime("%d %b %Y, %H:%M"),
        n=made.figures.total.n_offered + made.figures.total.n_withheld,
    )


def to_values(made: Made) -> dict[str, Any]:
    """The same figures as plain values."""
    found = made.figures
    waits, cost = found.waits, found.cost
    n_strong = found.total.n_strong
    return {
        "origin": made.base.get("origin"),
        "days": made.days,
        "total": _tally(found.total),
        "n_labelled": found.n_labelled,
        "wait_ms": {"p50": waits.p50_ms, "p90": waits.p90_ms, "p99": waits.p99_ms} if waits else None,
        "cost_usd": round(cost.usd, 6) if cost.n_requests else None,
        "cost_usd_per_strong_acceptance": round(cost.usd / n_strong, 6)
        if n_strong and cost.n_requests
        else None,
        **{
            f"by_{name}": {key: _tally(tally) for key, tally in getattr(found, f"by_{name}").items()}
            for name in ("scope", "module", "source", "model", "arm")
        },
        "withheld_by_reason": dict(found.withheld_by_reason),
        "by_label": {words(label): n for label, n in found.by_label.items()},
        "over_time": [
            {
                "since": datetime.fromtimestamp(step.since_ms / 1000, made.zone).isoformat(),
                **_tally(step.tally),
            }
            for step in found.steps
        ],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    def rounded(share: float | None) -> float | None:
        return None if share is None else round(share, 4)

    return {
        "n_offered": tally.n_offered,
        "n_ended": tally.n_ended,
        "n_accepted": tally.n_accepted,
        "n_strong": tally.n_strong,
        "n_withheld": tally.n_withheld,
        "acceptance": rounded(tally.acceptance),
        "strong_acceptance": rounded(tally.strong_acceptance),
        "kept_ratio": rounded(tally.kept_ratio),
    }
