"""Trains the gate on outcomes. scikit-learn (the `learn` extra) is imported when that happens, not before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chiron.errors import ChironError
from chiron.flywheel.learned.draw import CONTROL, LEARNED
from chiron.flywheel.learned.gate import (
    AFTER,
    BEFORE,
    Gate,
    Linear,
    least_chance,
    missing,
    recent_share,
    signs_of,
)
from chiron.flywheel.learned.reward import reward_of
from chiron.records import SuggestionRecord, Trigger
from chiron.store.feedback_lessons import Lesson
from chiron.store.feedback_rows import SuggestionRow

if TYPE_CHECKING:
    from chiron.flywheel.learned.fitting import Fitted

#: Strengths of regularisation to choose from, and into how many parts the outcomes are divided for that.
_STRENGTHS = (0.01, 0.1, 1.0)
_N_PARTS = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that something could be shown for: what was known then, and whether it was kept.

    `file` is what it belongs to, a role as a rule; outcomes of one are kept together. `weight` is how many
    requests it stands for in training. `plain`: it was shown whatever had been learned, and the `chance` of
    that was known. What a gate held back was not `shown`, and its reward says nothing.
    """

    signs: dict[str, float]
    reward: float
    file: str
    at_ms: int
    weight: float = 1.0
    plain: bool = True
    chance: float = 1.0
    shown: bool = True


def seen_in(
    lessons: Sequence[Lesson],
    gate: Gate | None = None,
    interruption: float = 0.1,
    held: Sequence[SuggestionRow] = (),
) -> list[Seen]:
    """The outcomes of `lessons` that can teach a gate, first in line and unasked for, and what one `held`
    back; oldest first.

    Before anything was held back, everything was shown. From then on a gate's choice shows in what was
    learned from, but not in the share that is drawn to see everything: what `gate` would hold back stands
    there for all like it.
    """
    first_held_ms = min((one.record.at_ms for one in held), default=None)
    chances = _Chances()
    seen: list[Seen] = []
    rewards: list[float] = []
    timeline: list[tuple[SuggestionRow, Lesson | None]] = [(one.row, one) for one in lessons]
    since_ms = min((row.record.at_ms for row, _ in timeline), default=0)
    timeline += [(one, None) for one in held if one.record.at_ms >= since_ms]
    timeline.sort(key=lambda one: one[0].record.at_ms)
    for row, lesson in timeline:
        record = row.record
        signs = signs_of(record, recent_share(rewards))
        file = _belongs_to(record.uri)
        if lesson is None:
            seen.append(Seen(signs, 0.0, file, record.at_ms, plain=False, shown=False))
            continue
        reward = reward_of(row)
        if reward is None or lesson.unlearned:
            continue
        rewards.append(reward)
        if record.rank != 0 or record.trigger is not Trigger.AUTOMATIC:
            continue
        chance = chances.of(record)
        drawn = record.arm.rpartition("/")[2]
        if first_held_ms is None or record.at_ms < first_held_ms:
            seen.append(Seen(signs, reward, file, record.at_ms))
        elif drawn == CONTROL:
            stands_for = 1.0 if gate is None or passes(gate, signs, interruption) else 1 / chance
            seen.append(Seen(signs, reward, file, record.at_ms, stands_for, True, chance))
        else:
            seen.append(Seen(signs, reward, file, record.at_ms, plain=drawn != LEARNED))
    return seen


class _Chances:
    """With which chance a request was drawn as it was, its arm left aside: an arm's share is told by what
    was drawn in it before."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], float] = {}

    def of(self, record: SuggestionRecord) -> float:
        arm, _, drawn = record.arm.rpartition("/")
        self._of[arm, drawn] = record.propensity
        other = self._of.get((arm, CONTROL if drawn == LEARNED else LEARNED), 0.0) if arm else 0.0
        whole = record.propensity + other if other else 1.0
        return min(1.0, max(0.01, record.propensity / whole))


def _belongs_to(uri: str) -> str:
    """What a file belongs to: its role, or the folder above its own. Tasks of one are not independent."""
    return "/".join(uri.split("/")[:-2])


def outcomes_of(seen: Sequence[Seen]) -> list[Seen]:
    """Those of `seen` that have an outcome."""
    return [one for one in seen if one.shown]


def passes(gate: Gate, signs: dict[str, float], interruption: float) -> bool:
    """Whether `gate` would let something with `signs` be shown."""
    least = least_chance(interruption)
    return gate.before.chance(signs) >= least and gate.after.chance(signs) >= least


def train(seen: Sequence[Seen], now_ms: int) -> Gate:
    """A gate trained on `seen`. Raises `ChironError` where that is too little, or the extra is missing."""
    seen = outcomes_of(seen)
    n, n_kept = len(seen), int(sum(one.reward for one in seen))
    if lacking := missing(n, n_kept):
        raise ChironError(f"There is not enough to learn from yet: {lacking} are missing.")
    return fitted(seen, now_ms)


def fitted(seen: Sequence[Seen], now_ms: int) -> Gate:
    """A gate fitted to `seen`, however little that is; some of it must have been kept and some not.

    Raises `ChironError` where the extra is missing.
    """
    seen = outcomes_of(seen)
    n, n_kept = len(seen), int(sum(one.reward for one in seen))
    before, auc_before, _ = _fit(seen, BEFORE)
    after, auc_after, loss = _fit(seen, AFTER)
    return Gate(
        before=before,
        after=after,
        n=n,
        n_kept=n_kept,
        trained_ms=now_ms,
        auc_before=round(auc_before, 4),
        auc_after=round(auc_after, 4),
        loss_after=round(loss, 4),
        loss_share=round(_loss([n_kept / n] * n, seen), 4),
    )


def _fit(seen: Sequence[Seen], names: Sequence[str]) -> tuple[Linear, float, float]:
    """A logistic model of `names`, with its cross-validated area under the curve and log loss.

    Files are kept whole: a suggestion of the same file in both parts would flatter it.
    """
    from chiron.flywheel.learned.fitting import Fitted, auc

    rows = [[one.signs[name] for name in names] for one in seen]
    parts = parts_of(seen)
    tried = []
    for strength in _STRENGTHS:
        chances = _out_of_part(Fitted, strength, rows, seen, parts)
        tried.append((_loss(chances, seen), strength, chances))
    loss, strength, chances = min(tried)
    rewards = [one.reward for one in seen]
    model = Fitted(strength).fit(rows, rewards, [one.weight for one in seen])
    return model.linear(names), auc(rewards, chances), loss


def _out_of_part(
    made: type[Fitted],
    strength: float,
    rows: Sequence[Sequence[float]],
    seen: Sequence[Seen],
    parts: Sequence[int],
) -> list[float]:
    """For each outcome the chance by a model that never saw its part."""
    share = sum(one.reward for one in seen) / len(seen)
    chances = [share] * len(seen)
    for part in range(_N_PARTS):
        there = [number for number, of in enumerate(parts) if of == part]
        rest = [number for number, of in enumerate(parts) if of != part]
        rewards = [seen[number].reward for number in rest]
        if not there or len(set(rewards)) < 2:
            continue
        model = made(strength).fit(
            [rows[number] for number in rest], rewards, [seen[number].weight for number in rest]
        )
        for number, found in zip(there, model.chances([rows[n] for n in there]), strict=True):
            chances[number] = found
    return chances


def parts_of(seen: Sequence[Seen]) -> list[int]:
    """The part of each outcome for cross-validation: files whole, the parts about the same size."""
    sizes: dict[str, int] = {}
    for one in seen:
        sizes[one.file] = sizes.get(one.file, 0) + 1
    filled = [0] * _N_PARTS
    part_of: dict[str, int] = {}
    for file in sorted(sizes, key=lambda name: (-sizes[name], name)):
        part_of[file] = filled.index(min(filled))
        filled[part_of[file]] += sizes[file]
    return [part_of[one.file] for one in seen]


def _loss(chances: Sequence[float], seen: Sequence[Seen]) -> float:
    held = [min(0.999, max(0.001, float(chance))) for chance in chances]
    total = sum(
        -one.weight * (one.reward * math.log(p) + (1 - one.reward) * math.log(1 - p))
        for p, one in zip(held, seen, strict=True)
    )
    return total / sum(one.weight for one in seen)
