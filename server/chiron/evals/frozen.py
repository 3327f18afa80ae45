"""Cases frozen out of the feedback log: what people said of suggestions, kept as something to be held to.

Such a case holds the redacted lines round the place itself, so it needs no checkout, and its id is the
suggestion's. What is expected there is the correction given in a review, else what was called good, else what
the person wrote in the place of something they called bad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chiron.ansible.bodies import module_of
from chiron.evals.cases import Case
from chiron.flywheel.learned.placed import Written, tasks_of, written_instead
from chiron.flywheel.learned.pool import path_of
from chiron.records import ScopeKind
from chiron.redact.scalars import PLACEHOLDER
from chiron.store.feedback_lessons import Lesson


def cases_of(lessons: Sequence[Lesson]) -> tuple[list[Case], dict[str, int]]:
    """A case for each suggestion with a verdict that says what should stand there; and what was left out."""
    cases: list[Case] = []
    left_out: Counter[str] = Counter()
    for lesson in lessons:
        if lesson.row.derived.label is None:
            continue
        made = _case(lesson)
        if isinstance(made, Case):
            cases.append(made)
        else:
            left_out[made] += 1
    return cases, dict(left_out)


def _case(lesson: Lesson) -> Case | str:
    """The case of one suggestion, or why it gives none."""
    record, label = lesson.row.record, lesson.row.derived.label
    if record.scope is not ScopeKind.TASK_BODY or not 0 <= record.context_at <= len(record.context):
        return "not the body of a task"
    written: list[Written] = []
    if lesson.correction:
        written = tasks_of(lesson.correction)
    elif label == "good":
        written = written_instead(record, record.text)
    elif lesson.instead:
        written = written_instead(record, lesson.instead)
    if len(written) != 1 or not written[0].body:
        return "nobody said what should stand there"
    body = written[0].body
    if PLACEHOLDER.search(body):
        return "what should stand there holds a secret"
    above = record.context[: record.context_at]
    line = above.count("\n") + 1
    indent = _indent(record.text)
    expected = "\n".join(f"{indent}{one}" if one else "" for one in body.split("\n"))
    path = path_of(record.uri)
    return Case(
        id=record.id,
        workspace="feedback",
        path="/".join(path.split("/")[-4:]),
        line=line,
        body=(line + 1, line + 1 + expected.count("\n")),
        name=record.task_name,
        module=module_of(body) or "",
        expected=expected,
        text=record.context,
        at=record.context_at,
    )


def _indent(text: str) -> str:
    """The white space before the first key of a suggested body."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return first[: len(first) - len(first.lstrip())]
