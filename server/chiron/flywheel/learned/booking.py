"""Outcomes as they are booked: under which keys, how likely they were rated to be kept, whether they were."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from chiron.ansible.bodies import module_of, module_part, options_of, split_body
from chiron.flywheel.learned.ledger import Booked, Key
from chiron.flywheel.learned.placed import written_instead
from chiron.records import Outcome, ScopeKind
from chiron.store.feedback_lessons import Lesson
from chiron.store.feedback_rows import SuggestionRow

#: Outcomes of one text in one file that count.
MOST_ALIKE = 3
#: What has faded below this is let go.
LEAST_WEIGHT = 0.05
#: Verdicts that speak against what was suggested.
_BAD = frozenset({"wrong_module", "wrong_option", "wrong_value", "invented", "unsafe", "style", "not_needed"})
_AGAINST = frozenset({Outcome.REJECTED, Outcome.TYPED_OVER})
_RATED = re.compile(r"rated (\d\.\d+) without")
#: The ground that tells of what was learned, and how likely it was rated without.
SHIFTED = "learned"


def keys_of(
    name: str, module: str, body: str, source: str, resolve: Callable[[str], str | None]
) -> list[Key]:
    """The keys under which the outcome of a drafted task is booked, from the general to the particular.

    `source` is the name of the task it was recalled from, "" for none.
    """
    fqcn = resolve(module) or module
    part = module_part(split_body(body))
    options = sorted(one.key for one in options_of(part)) if part else []
    keywords = sorted(one.key for one in split_body(body) if part is None or one.key != part.key)
    folded = " ".join(body.split())
    return [
        ("all",),
        ("module", fqcn),
        ("shape", fqcn, *options, "|", *keywords),
        ("source", fqcn, source.lower() or "-"),
        ("text", name.lower(), folded),
    ]


def was_kept(row: SuggestionRow) -> bool | None:
    """Whether a suggestion was kept and nobody found fault with it; None where that cannot be told.

    A verdict outweighs what was done. What was not seen, went away or was taken in part tells nothing.
    """
    derived = row.derived
    if derived.label is not None:
        return derived.label == "good" if derived.label in _BAD or derived.label == "good" else None
    if derived.outcome is Outcome.ACCEPTED:
        return derived.strong if derived.undone or derived.kept_ratio is not None else None
    return False if derived.outcome in _AGAINST else None


def base_confidence(row: SuggestionRow) -> float:
    """How likely it was rated to be kept, before anything learned moved that."""
    for ground in row.record.grounds:
        if ground.kind == SHIFTED and (found := _RATED.search(ground.detail)):
            return float(found[1])
    return row.record.confidence


def booked_of(
    lessons: Sequence[Lesson], weights: Sequence[float], resolve: Callable[[str], str | None]
) -> list[Booked]:
    """Every outcome that tells something, with what it is booked under."""
    booked: list[Booked] = []
    alike: Counter[tuple[str, Key]] = Counter()
    for lesson, weight in zip(lessons, weights, strict=True):
        record = lesson.row.record
        kept = was_kept(lesson.row)
        if kept is None or record.scope is not ScopeKind.TASK_BODY or weight < LEAST_WEIGHT:
            continue
        written = written_instead(record, record.text)
        if not written:
            continue
        body = written[0].body
        source = next((one.what for one in record.grounds if one.kind == "task"), "")
        keys = keys_of(record.task_name, record.module or module_of(body) or "", body, source, resolve)
        alike[record.uri, keys[-1]] += 1
        if alike[record.uri, keys[-1]] <= MOST_ALIKE:
            booked.append(Booked(keys, base_confidence(lesson.row), kept, weight))
    return booked
