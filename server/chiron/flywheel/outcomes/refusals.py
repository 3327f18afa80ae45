"""What a person refused, and where: the same is not offered there again until something there has changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from chiron.flywheel.outcomes.edits import Edit

#: Lines of a task that are looked at, above and below.
_REACH = 60
MOST_REFUSALS = 32
_ENTRY = re.compile(r"[ \t]*-(?:[ \t]|$)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`folded` was refused at `at`, between the lines `above` and `below` of one task."""

    at: int
    folded: str
    above: tuple[str, ...]
    below: tuple[str, ...]

    def moved(self, edit: Edit) -> Refusal:
        """The same refusal after `edit`."""
        if edit.end <= self.at and not (edit.start == edit.end == self.at):
            return replace(self, at=self.at + edit.growth)
        return replace(self, at=min(self.at, edit.start)) if edit.start < self.at else self


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The lines of a task above and below a place, bare, and where the task begins and ends."""

    above: tuple[str, ...]
    below: tuple[str, ...]
    start: int
    end: int


def fold(text: str) -> str:
    """`text` without what layout decides."""
    return " ".join(text.split())


def surroundings(text: str, start: int, end: int) -> Surroundings:
    """What stands round `start`..`end` in the same list entry. The lines of the place itself don't count."""
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    above = [fold(text[line_start:start])]
    first = line_start
    if not _ENTRY.match(text[line_start:start]):
        for line in reversed(
            text[max(0, line_start - 16_000) : line_start].splitlines(keepends=True)[-_REACH:]
        ):
            above.append(fold(line))
            first -= len(line)
            if _ENTRY.match(line):
                break
    below: list[str] = []
    newline = text.find("\n", end)
    last = len(text) if newline < 0 else newline + 1
    for line in text[last : last + 16_000].splitlines(keepends=True)[:_REACH]:
        if _ENTRY.match(line):
            break
        below.append(fold(line))
        last += len(line)
    return Surroundings(
        tuple(line for line in reversed(above) if line), tuple(line for line in below if line), first, last
    )


class Refusals:
    """The refusals of one document, latest last."""

    def __init__(self) -> None:
        self._refusals: list[Refusal] = []

    def add(self, text: str, start: int, end: int, target: str) -> None:
        """`target` was refused in place of `start`..`end`."""
        around = surroundings(text, start, end)
        self._refusals.append(Refusal(start, fold(target), around.above, around.below))
        del self._refusals[:-MOST_REFUSALS]

    def change(self, edit: Edit) -> None:
        """Follows one edit."""
        if self._refusals:
            self._refusals = [one.moved(edit) for one in self._refusals]

    def predicate(self, text: str, start: int) -> Callable[[str], bool]:
        """Whether a text was refused at `start`, with the same lines round it in its task as now."""
        if not self._refusals:
            return lambda _text: False
        around = surroundings(text, start, start)
        here = {
            one.folded
            for one in self._refusals
            if around.start <= one.at <= around.end and (one.above, one.below) == (around.above, around.below)
        }
        return lambda candidate: fold(candidate) in here
