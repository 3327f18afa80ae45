"""The feedback log as plain values, for `--json` and the terminal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chiron.records import Origin, Outcome
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import FeedbackStats, Filters, Share
from chiron.store.feedback_rows import SuggestionRow

#: Rows looked through for the last exchange with a model.
_LOOKED_THROUGH = 2_000


def list_rows(
    log: FeedbackLog, *, limit: int, origin: str | None = None, outcome: str | None = None
) -> list[dict[str, Any]]:
    """The latest suggestions, newest first, without their texts."""
    filters = Filters(
        origin=Origin(origin) if origin else None, outcome=Outcome(outcome) if outcome else None
    )
    return [summary(row) for row in log.suggestions(limit, filters)]


def summary(row: SuggestionRow) -> dict[str, Any]:
    """What one line of a list holds."""
    record, derived = row.record, row.derived
    return {
        "id": record.id,
        "at": _time(record.at_ms),
        "origin": record.origin.value,
        "scope": record.scope.value,
        "task_name": record.task_name,
        "source": record.source.value if record.source else None,
        "module": record.module,
        "model": record.model,
        "outcome": derived.outcome.value if derived.outcome else None,
        "undone": derived.undone,
        "kept_ratio": derived.kept_ratio,
        "strong": derived.strong,
        "label": derived.label,
        "withheld": record.withheld,
    }


def one_row(log: FeedbackLog, suggestion_id: str) -> dict[str, Any] | None:
    """Everything kept about one suggestion, and its events in order."""
    history = log.show(suggestion_id)
    if history is None:
        return None
    record = history.suggestion.record
    whole = asdict(record) | summary(history.suggestion)
    whole["events"] = [
        {
            "kind": event.kind.value,
            "evidence": event.evidence.value,
            "at": _time(event.at_ms),
            "data": dict(event.data),
        }
        for event in history.events
    ]
    return whole


def last_sent(log: FeedbackLog) -> dict[str, Any] | None:
    """The text that was sent to a model last, redacted, byte for byte; None where none was kept."""
    for row in log.suggestions(_LOOKED_THROUGH):
        record = row.record
        if record.sent:
            return {
                "id": record.id,
                "at": _time(record.at_ms),
                "endpoint": record.endpoint,
                "model": record.model,
                "prompt_version": record.prompt_version,
                "sent": record.sent,
            }
    return None


def statistics(log: FeedbackLog) -> dict[str, Any]:
    """Counts and shares over what an editor asked for, and how much else there is."""
    shown = _stats(log.stats())
    everything = log.stats(Filters())
    shown["n_of_any_origin"] = everything.n_suggestions + everything.n_withheld
    return shown


def _stats(stats: FeedbackStats) -> dict[str, Any]:
    groups = ("by_scope", "by_module", "by_source", "by_model")
    return {
        "n_suggestions": stats.n_suggestions,
        "n_withheld": stats.n_withheld,
        "n_open": stats.n_open,
        "total": _share(stats.total),
        "by_outcome": dict(stats.by_outcome),
        **{group: {key: _share(share) for key, share in getattr(stats, group).items()} for group in groups},
        "withheld_by_reason": dict(stats.withheld_by_reason),
    }


def _share(share: Share) -> dict[str, Any]:
    return asdict(share) | {
        "acceptance": round(share.acceptance, 4),
        "strong_acceptance": round(share.strong_acceptance, 4),
    }


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
