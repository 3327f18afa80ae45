"""What a suggestion's history teaches: a question, what should have been answered, and what should not.

A label beats the outcome. What was kept counts for a suggestion; what was refused, undone or mostly rewritten
against it; what merely went by (expired, moved away, not seen, still open) teaches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chiron.ansible.load import load
from chiron.flywheel.outcomes.places import INSTEAD_LENGTH
from chiron.records import EventKind, Outcome, ScopeKind, Source, SuggestionRecord
from chiron.review.tasks import in_place
from chiron.review.verdicts import standing
from chiron.store.feedback_queries import History

#: Below this share of its text, an accepted suggestion was in truth replaced.
_MOSTLY_KEPT = 0.5
_TURNED_DOWN = frozenset({Outcome.REJECTED, Outcome.TYPED_OVER})


@dataclass(frozen=True, slots=True)
class Text:
    """A text that stood, or could have stood, at the question's place.

    `author` is `person`, `model` or `recall`; `model` names the model where one wrote it. `why` is how it is
    known: `kept`, `label`, `correction`, `written`, `refused`, `undone`, `rewritten` or `passed_over`.
    """

    text: str
    author: str
    model: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """One question with texts that answer it well and badly. `before` is the file up to the place."""

    record: SuggestionRecord
    before: str
    good: tuple[Text, ...] = ()
    bad: tuple[Text, ...] = ()


def verdict_on(history: History) -> tuple[bool, str] | None:
    """Whether the suggestion was good, and how that is known; None where nobody can tell."""
    derived = history.suggestion.derived
    if derived.label is not None:
        return derived.label == "good", "label"
    if derived.strong:
        return True, "kept"
    if derived.undone and derived.outcome is Outcome.ACCEPTED:
        return False, "undone"
    if derived.outcome in _TURNED_DOWN:
        return False, "refused"
    if derived.outcome is Outcome.ACCEPTED and (derived.kept_ratio or 1.0) < _MOSTLY_KEPT:
        return False, "rewritten"
    return None


def lesson_of(history: History) -> Lesson | None:
    """What one suggestion teaches, or None where that is nothing."""
    record = history.suggestion.record
    if not record.text.strip() or not 0 <= record.context_at <= len(record.context):
        return None
    good: list[Text] = []
    bad: list[Text] = []
    known = verdict_on(history)
    if known is not None:
        (good if known[0] else bad).append(_own(record, known[1]))
    written = _written(history)
    if known is None or not known[0]:
        good += [one for one in written if _same(one.text) != _same(record.text)]
    if not good and not bad:
        return None
    return Lesson(record, record.context[: record.context_at], tuple(good), tuple(bad))


def between(request: Sequence[History]) -> Iterator[Lesson]:
    """What the alternatives of one request teach against each other.

    One that was in view and passed over for one that was kept is worse than that one, here; by itself it may
    have been good.
    """
    for kept in request:
        record = kept.suggestion.record
        if not kept.suggestion.derived.strong or record.withheld is not None:
            continue
        if not 0 <= record.context_at <= len(record.context):
            continue
        bad = tuple(
            _own(other.suggestion.record, "passed_over")
            for other in request
            if other is not kept and not other.suggestion.derived.strong and _was_passed_over(other)
        )
        if bad:
            yield Lesson(record, record.context[: record.context_at], (_own(record, "kept"),), bad)


def pairs(one: Lesson) -> Iterable[tuple[Text, Text]]:
    """Every good text of a lesson with every bad one that differs from it."""
    return ((g, b) for g in one.good for b in one.bad if _same(g.text) != _same(b.text))


def shared_start(texts: Iterable[str]) -> str:
    """The white space that all of the texts begin with: it belongs to the question, not to the answers."""
    starts = [text[: len(text) - len(text.lstrip())] for text in texts]
    shared = min(starts, key=len, default="")
    while not all(start.startswith(shared) for start in starts):
        shared = shared[:-1]
    return shared


def insertion(record: SuggestionRecord, correction: str) -> str | None:
    """A corrected whole task as the text that would have stood in the suggestion's place.

    None where the correction changes what stood there already, so that no insertion makes it.
    """
    if record.scope is ScopeKind.TASK_LIST:
        return None
    before, after = record.context[: record.context_at], record.context[record.context_at :]
    rows = before.split("\n")
    head = next(
        (
            n
            for n in range(len(rows) - 1, -1, -1)
            if rows[n].lstrip().startswith("- ") and (not record.task_name or record.task_name in rows[n])
        ),
        None,
    )
    if head is None:
        return None
    margin = rows[head][: len(rows[head]) - len(rows[head].lstrip())]
    start = "\n".join(row.removeprefix(margin) for row in rows[head:])
    rest = _rest_of_task(after, len(margin))
    end = "\n".join(row.removeprefix(margin) for row in rest).rstrip()
    whole = correction.replace("\r\n", "\n").rstrip()
    if not whole.startswith(start) or not whole.endswith(end) or len(whole) < len(start) + len(end):
        return None
    middle = whole[len(start) : len(whole) - len(end)].rstrip()
    if not middle.strip():
        return None
    return "\n".join(
        margin + row if row.strip() and (n or not start.split("\n")[-1]) else row
        for n, row in enumerate(middle.split("\n"))
    )


def is_whole(record: SuggestionRecord, text: str) -> bool:
    """Whether the place reads as YAML with `text` in it: what was still being typed does not."""
    loaded = load(in_place(record, text).task)
    return loaded.root is not None and not loaded.problems


def _own(record: SuggestionRecord, why: str) -> Text:
    author = "model" if record.model else "recall"
    if record.source is Source.RULE:
        author = "rule"
    return Text(record.text, author, record.model, why)


def _written(history: History) -> list[Text]:
    """What people wrote in its place: a correction, else what stood there half a minute later."""
    record = history.suggestion.record
    stands = standing(history)
    if stands.correction:
        acts = [one for one in history.events if one.kind is EventKind.LABELLED]
        if acts[-1].data.get("correction_valid") is not False:
            made = insertion(record, stands.correction)
            return [Text(made, "person", None, "correction")] if made else []
        return []
    texts = [str(one.data.get("text", "")) for one in history.events if one.kind is EventKind.WROTE_INSTEAD]
    return [
        Text(text, "person", None, "written")
        for text in texts[-1:]
        # One that was cut off at its longest is nobody's answer.
        if text.strip() and len(text) < INSTEAD_LENGTH and is_whole(record, text)
    ]


def _was_passed_over(history: History) -> bool:
    """Whether a person can have seen it beside the one that was taken."""
    derived, record = history.suggestion.derived, history.suggestion.record
    seen = any(one.kind is EventKind.SHOWN for one in history.events) or record.rank == 0
    return record.withheld is None and seen and derived.outcome not in (None, Outcome.NOT_SEEN)


def _rest_of_task(after: str, column: int) -> list[str]:
    """The lines behind the place that belong to the task whose dash is at `column`."""
    kept: list[str] = []
    for row in after.split("\n")[1:] if after.startswith("\n") else after.split("\n"):
        if row.strip() and len(row) - len(row.lstrip()) <= column:
            break
        kept.append(row)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _same(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))
