"""A suggestion as the task it makes: in place, beside what stands there now, and as text to correct."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from chiron.records import EventKind, ScopeKind, SuggestionRecord
from chiron.redact import redact
from chiron.redact.scalars import PLACEHOLDER
from chiron.review.files import read_recorded
from chiron.store.feedback_queries import History
from chiron.syntax.blocks import Block, task_blocks

#: What every placeholder looks like where two texts are compared: their numbers say nothing.
_SECRET = "(secret)"  # noqa: S105 this is what stands for one


@dataclass(frozen=True, slots=True)
class InPlace:
    """The lines round a suggestion with it in place.

    Lines `first_new` to `last_new` hold what it put in. `number` is the file's number of the first line, or
    None where it cannot be told. `task` is the whole task (or tasks) it makes, dedented.
    """

    text: str
    first_new: int
    last_new: int
    number: int | None
    task: str
    in_handlers: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: " ", "-" (only suggested) or "+" (only there now)."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What stands where the suggestion was made, line by line; or in `why` the reason that nobody knows."""

    heading: str
    lines: tuple[Line, ...] = ()
    why: str = ""

    @property
    def same(self) -> bool:
        return bool(self.lines) and all(line.mark == " " for line in self.lines)


def in_place(record: SuggestionRecord, text: str | None = None) -> InPlace:
    """The suggestion (or another `text`) where it belongs."""
    put = record.text if text is None else text
    at, context = record.context_at, record.context
    if not 0 <= at <= len(context):
        context = f"- name: {record.task_name}" if record.task_name else ""
        at = len(context)
        put = put if put.startswith("\n") or not context else f"\n{put}"
    whole = context[:at] + put + context[at:]
    first = whole.count("\n", 0, at) + (1 if put.startswith("\n") else 0)
    last = max(first, whole.count("\n", 0, at + len(put.rstrip("\n"))))
    rows = whole.split("\n")
    head = _head(rows, record, first)
    task, in_handlers = _task(rows, first if head is None else head, first, last)
    return InPlace(whole, first, last, None if head is None else record.line - head + 1, task, in_handlers)


def stands_now(history: History, excluded: Sequence[str] = ()) -> Compared:
    """The suggestion against the task of its name in the file now, or against what was written instead."""
    record = history.suggestion.record
    text, why = read_recorded(record.uri, excluded)
    if text is not None:
        now = _same_task(text, record)
        if now is not None:
            return Compared("What stands there now", _compare(in_place(record).task, now))
        why = "The file has no task of this name any more."
    instead = next(
        (str(one.data.get("text", "")) for one in history.events if one.kind is EventKind.WROTE_INSTEAD), ""
    )
    if instead.strip():
        lines = _compare(in_place(record).task, in_place(record, instead).task)
        return Compared("What was written instead", lines, why)
    return Compared("What stands there now", (), why)


def _head(rows: Sequence[str], record: SuggestionRecord, first: int) -> int | None:
    """The line at or above `first` on which the enclosing task begins."""
    if record.scope is ScopeKind.TASK_LIST:
        return None
    for number in range(min(first, len(rows) - 1), -1, -1):
        bare = rows[number].lstrip()
        if bare.startswith("- ") and (not record.task_name or record.task_name in bare):
            return number
    return None


def _task(rows: Sequence[str], head: int, first: int, last: int) -> tuple[str, bool]:
    """The task or tasks that lines `first` to `last` belong to, and whether it is a handler."""
    # From its own dash on: lines above may begin in the middle of anything.
    blocks = [
        block
        for block in task_blocks("\n".join(rows[head:]))
        if block.first_line + head <= last and block.last_line + head >= first
    ]
    if blocks:
        return "\n".join(block.text.rstrip("\n") for block in blocks) + "\n", blocks[0].in_handlers
    return textwrap.dedent("\n".join(rows[head : last + 1])).strip("\n") + "\n", False


def _same_task(text: str, record: SuggestionRecord) -> str | None:
    """The tasks of the suggestion's names in `text`, redacted, the nearest of each name."""
    clean = redact(text).text
    blocks = task_blocks(clean)
    wanted = [_alike(record.task_name)]
    if record.scope is ScopeKind.TASK_LIST:
        wanted = [_alike(block.name) for block in task_blocks(in_place(record).task)]
    found: list[Block] = []
    for name in wanted:
        same = [block for block in blocks if name and _alike(block.name) == name]
        if same:
            found.append(min(same, key=lambda block: abs(block.first_line - record.line)))
    return "\n".join(block.text.rstrip("\n") for block in found) + "\n" if found else None


def _compare(suggested: str, now: str) -> tuple[Line, ...]:
    before, after = _alike(suggested).splitlines(), _alike(now).splitlines()
    lines: list[Line] = []
    matcher = SequenceMatcher(None, before[:400], after[:400], autojunk=False)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        if kind == "equal":
            lines += [Line(" ", line) for line in before[i:i_end]]
        else:
            lines += [Line("-", line) for line in before[i:i_end]]
            lines += [Line("+", line) for line in after[j:j_end]]
    return tuple(lines)


def _alike(text: str) -> str:
    return PLACEHOLDER.sub(_SECRET, text)
