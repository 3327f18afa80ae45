"""The task that a logged suggestion makes, taken out of the lines that were kept round it."""

from __future__ import annotations

from dataclasses import dataclass

from chiron.ansible.bodies import dedent
from chiron.records import ScopeKind, SuggestionRecord
from chiron.syntax.blocks import Block, task_blocks


@dataclass(frozen=True, slots=True)
class Written:
    """A task by its name and its lines under the name line, dedented."""

    name: str
    body: str


def tasks_of(text: str) -> list[Written]:
    """The tasks in a YAML list of them."""
    return [_to_written(block) for block in task_blocks(text)]


def written_instead(record: SuggestionRecord, text: str) -> list[Written]:
    """The task (or tasks) that stand there with `text` in the suggestion's place, as far as can be told.

    A secret in it is a placeholder, as in the log.
    """
    if record.scope is ScopeKind.TASK_BODY and text.startswith("\n"):
        body = dedent(text.strip("\n").rstrip())
        return [Written(record.task_name, body)] if body else []
    at, context = record.context_at, record.context
    if not 0 <= at <= len(context):
        return []
    whole = context[:at] + text + context[at:]
    rows = whole.split("\n")
    first = whole.count("\n", 0, at) + (1 if text.startswith("\n") else 0)
    last = whole.count("\n", 0, at + len(text.rstrip("\n")))
    head = first if record.scope is ScopeKind.TASK_LIST else _head(rows, record.task_name, first)
    if head is None:
        return []
    blocks = task_blocks("\n".join(rows[head:]))
    return [_to_written(one) for one in blocks if one.first_line + head <= last]


def _head(rows: list[str], name: str, first: int) -> int | None:
    """The line at or above `first` on which the task of that name begins."""
    for number in range(min(first, len(rows) - 1), -1, -1):
        bare = rows[number].lstrip()
        if bare.startswith("- ") and name and name in bare:
            return number
    return None


def _to_written(block: Block) -> Written:
    return Written(block.name, block.body.rstrip())
