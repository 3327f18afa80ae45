"""What is still being written is not held against anybody: problems that wait until the cursor goes on."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.records import Problem
from chiron.syntax.blocks import Block

#: Something is not there that may be about to come, anywhere in the task.
_TO_COME = frozenset(
    {
        "missing-hosts", "missing-module", "missing-required", "not-a-mapping", "required-by", "required-if",
        "required-one-of", "required-together", "unbalanced", "yaml-syntax",
    }
)  # fmt: skip
#: A value that may be half written, on the cursor's own line.
_HALF_WRITTEN = frozenset(
    {"missing-file", "missing-template", "undefined-handler", "unquoted-jinja", "wrong-choice", "wrong-type"}
)


def is_unfinished(problem: Problem, line: int | None, blocks: Sequence[Block]) -> bool:
    """Whether `problem` is of what is being written on `line`; never where nothing is (None)."""
    if line is None:
        return False
    place = problem.range.start.line
    if problem.code in _HALF_WRITTEN:
        return place == line
    if problem.code not in _TO_COME:
        return False
    # A parser tells of an entry that is broken off where the next one begins.
    begins_after = problem.code == "yaml-syntax" and place == _next_line(line, blocks)
    return begins_after or task_at(place, blocks) == task_at(line, blocks)


def task_at(line: int, blocks: Sequence[Block]) -> int | None:
    """The first line of the innermost task that `line` belongs to, white space after it counted in."""
    return max((block.first_line for block in blocks if block.first_line <= line), default=None)


def _next_line(line: int, blocks: Sequence[Block]) -> int | None:
    return min((block.first_line for block in blocks if block.first_line > line), default=None)


__all__ = ["is_unfinished", "task_at"]
