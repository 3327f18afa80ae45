"""What was learned, as plain values for `--json` and the terminal; and the few things a person does to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from chiron.assemble import open_catalog, open_feedback
from chiron.config import Settings
from chiron.errors import ChironError
from chiron.flywheel.learned.gate import AFTER, Gate, least_chance, missing, to_json
from chiron.flywheel.learned.guard import compared
from chiron.flywheel.learned.pool import Pool, alike, path_of
from chiron.flywheel.learned.replayed import estimate
from chiron.flywheel.learned.sequential import Contest, contest
from chiron.flywheel.learned.training import Seen, outcomes_of, seen_in, train
from chiron.learning import (
    MOST_LESSONS,
    Learner,
    gate_path,
    now_ms,
    read_gate,
    read_switch,
    switch,
    write_private,
)
from chiron.records import Event, EventKind, Evidence, Origin
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_lessons import Lesson, Played, held_back, lessons, played
from chiron.store.feedback_rows import SuggestionRow

_YEAR_MS = 365 * 86_400_000
#: Entries of the ledger that are worth a line: with so many outcomes.
_LEAST_SEEN, _MOST_SHOWN = 3.0, 8


def pool_of(settings: Settings, workspace: Path | None) -> dict[str, Any]:
    """The pool of one workspace, or of all of them together."""
    with open_feedback(settings) as log:
        pool = _pool(settings, log, workspace)
    return {
        "version": pool.version,
        "n_outcomes": pool.n_outcomes,
        "n_kept": pool.n_kept,
        "examples": [
            {
                "suggestion_id": one.suggestion_id,
                "kind": one.kind,
                "name": one.name,
                "module": one.module,
                "body": one.body,
                "where": f"{path_of(one.uri)}:{one.line + 1}",
                "at": _day(one.at_ms),
                "weight": one.weight,
            }
            for one in pool.examples
        ],
        "left_out": dict(pool.left_out),
        "rates": _rates(pool),
    }


def unlearn(settings: Settings, suggestion_id: str, *, put_back: bool = False) -> list[str]:
    """Takes what a suggestion taught out of what is learned, or puts it back.

    So goes every other one that taught the same: it would be learned from those. Returns their whole ids,
    that one's first; none where there is no such suggestion.
    """
    with open_feedback(settings) as log:
        history = log.show(suggestion_id)
        if history is None:
            return []
        named = history.suggestion.record.id
        others = [one for one in alike(_lessons(log), named) if one != named]
        data = {"unlearned": not put_back}
        for found in (named, *others):
            events = getattr(log.show(found), "events", ())
            at_ms = max(now_ms(), max((one.at_ms for one in events), default=0) + 1)
            log.event(Event(found, EventKind.UNLEARNED, Evidence.CONFIRMED, at_ms, data))
        log.flush()
    return [named, *others]


# --------------------------------------------------------------------------- the gate


def train_gate(settings: Settings, at_ms: int | None = None) -> dict[str, Any]:
    """Trains a gate on the log, judges it on parts of the log it was not trained on, and writes it down.

    Raises `ChironError` where there is too little, or the `learn` extra is missing.
    """
    with open_feedback(settings) as log:
        seen = seen_in(
            _lessons(log, at_ms), read_gate(settings), settings.learning.interruption, _held(log, at_ms)
        )
    gate = train(seen, now_ms() if at_ms is None else at_ms)
    made = estimate(seen, gate, settings.learning.interruption)
    gate = replace(
        gate,
        gain=round(made.difference, 5),
        gain_low=round(made.low, 5),
        gain_high=round(made.high, 5),
        gain_sure=made.sure,
    )
    write_private(gate_path(settings), to_json(gate))
    return gate_of(settings, seen)


def gate_of(settings: Settings, seen: Sequence[Seen] | None = None) -> dict[str, Any]:
    """The gate in force, or what is missing before there can be one."""
    if seen is None:
        with open_feedback(settings) as log:
            seen = seen_in(_lessons(log))
    gate = read_gate(settings)
    seen = outcomes_of(seen)
    n, n_kept = len(seen), int(sum(one.reward for one in seen))
    return {
        "in_force": gate is not None and gate.helps and settings.learning.enabled and settings.learning.gate,
        "n_outcomes": n,
        "n_kept": n_kept,
        "missing": missing(n, n_kept),
        "least_chance": round(least_chance(settings.learning.interruption), 4),
        "trained": None if gate is None else _gate(gate),
    }


def replay_gate(settings: Settings) -> dict[str, Any]:
    """What a gate would have been worth on the log, with an interval. Raises `ChironError` without one."""
    gate = read_gate(settings)
    if gate is None:
        raise ChironError("No gate was trained yet.", advice="`chiron gate show` says what is missing.")
    with open_feedback(settings) as log:
        seen = seen_in(_lessons(log), gate, settings.learning.interruption, _held(log))
    made = estimate(seen, gate, settings.learning.interruption)
    return asdict(made) | {"verdict": made.verdict}


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "at": _day(gate.trained_ms),
        "n": gate.n,
        "n_kept": gate.n_kept,
        "auc_before": gate.auc_before,
        "auc_after": gate.auc_after,
        "helps": gate.helps,
        "gain": [gate.gain, gate.gain_low, gate.gain_high],
        "log_loss": gate.loss_after,
        "log_loss_of_the_share": gate.loss_share,
        "weights": {name: gate.after.weights[name] for name in AFTER},
    }


# --------------------------------------------------------------------------- arms, and the whole


def arms_of(settings: Settings) -> dict[str, Any]:
    """How the arms of the settings fare, each against the first."""
    shares = {name: arm.share for name, arm in settings.arms.items()}
    with open_feedback(settings) as log:
        rows = log.ask(partial(played, since_ms=now_ms() - _YEAR_MS, limit=50_000, origin=Origin.EDITOR))
    whole = [_of_arm(one) for one in rows]
    names = list(shares) or sorted({one.arm for one in whole} - {"default"})
    first, *others = names or ["default"]
    cost = settings.learning.interruption
    return {
        "shares": shares,
        "interruption": cost,
        "contests": [_contest(contest(whole, first, other, cost)) for other in others],
    }


def _of_arm(one: Played) -> Played:
    """A request under its arm's name alone: what else was drawn for it was drawn alike in each arm."""
    arm, _, drawn = one.arm.partition("/")
    return replace(one, arm="default" if arm in ("learned", "control") and not drawn else arm)


def flywheel_of(settings: Settings) -> dict[str, Any]:
    """What was learned, from how many outcomes, and what it brought."""
    cost = settings.learning.interruption
    with open_feedback(settings) as log:
        pool = _pool(settings, log, None)
        found = _lessons(log)
        rows = log.ask(partial(played, since_ms=now_ms() - _YEAR_MS, limit=50_000, origin=Origin.EDITOR))
    seen = seen_in(found)
    kinds = [one.kind for one in pool.examples]
    return {
        "enabled": settings.learning.enabled,
        "off": read_switch(settings),
        "outcomes": {
            "n": pool.n_outcomes,
            "n_kept": pool.n_kept,
            "n_labelled": sum(one.row.derived.label is not None for one in found),
        },
        "pool": {
            "version": pool.version,
            "n_examples": len(kinds),
            "by_kind": {kind: kinds.count(kind) for kind in ("accepted", "corrected", "instead")},
            "n_workspaces": "shared" if settings.learning.shared else "each workspace its own",
            "left_out": dict(pool.left_out),
            "rates": _rates(pool),
        },
        "gate": gate_of(settings, seen),
        "brought": _contest(compared(rows, cost)) | {"interruption": cost},
    }


def switch_on(settings: Settings) -> None:
    """Switches learning on again. What was before no longer counts against it. Raises `StoreError`."""
    switch(settings, "", now_ms())


def _contest(found: Contest) -> dict[str, Any]:
    difference = found.difference
    return {
        "first": asdict(found.first),
        "second": asdict(found.second),
        "difference": round(difference.mean, 4),
        # Before there is anything, the interval has no ends; JSON knows no infinity.
        "low": round(difference.low, 4) if math.isfinite(difference.low) else None,
        "high": round(difference.high, 4) if math.isfinite(difference.high) else None,
        "verdict": found.verdict,
    }


def _pool(settings: Settings, log: FeedbackLog, workspace: Path | None) -> Pool:
    learner = Learner(log, settings, open_catalog(settings, workspace))
    learner.refresh(judge=False)
    return learner.pool(str(workspace) if workspace else None, shared=workspace is None)


def _lessons(log: FeedbackLog, at_ms: int | None = None) -> list[Lesson]:
    since = (now_ms() if at_ms is None else at_ms) - _YEAR_MS
    return log.ask(partial(lessons, since_ms=since, limit=MOST_LESSONS, origin=Origin.EDITOR))


def _held(log: FeedbackLog, at_ms: int | None = None) -> list[SuggestionRow]:
    since = (now_ms() if at_ms is None else at_ms) - _YEAR_MS
    # More than of lessons: the first of them says until when everything was shown.
    return log.ask(partial(held_back, since_ms=since, limit=10 * MOST_LESSONS, origin=Origin.EDITOR))


def _rates(pool: Pool) -> list[dict[str, Any]]:
    """The modules whose suggestions are kept most differently from what was expected."""
    entries = sorted(
        ((key[1], entry) for key, entry in pool.ledger.entries.items() if key[0] == "module"),
        key=lambda one: -abs(one[1].shift),
    )
    return [
        {
            "module": module,
            "n": round(entry.n, 1),
            "n_kept": round(entry.n_kept, 1),
            "shift": round(entry.shift, 3),
        }
        for module, entry in entries
        if entry.n >= _LEAST_SEEN
    ][:_MOST_SHOWN]


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")
