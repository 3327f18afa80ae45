"""An edit of a text, and a rewrite: edits that belong together, with what they are for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chiron.records import Fix, Position, Range

_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Puts `text` in place of what stands from `start` to `end`, offsets in code points."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Edits of another file of the same role, by its path within the role.

    `text` is what that file holds, None where it is not there: then the edits make it.
    """

    path: str
    text: str | None
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Edits of one task, play or block. A `safe` one leaves what it does as it was."""

    code: str
    title: str
    #: What it is about, for a person: the first line of it.
    range: Range
    edits: tuple[Edit, ...]
    safe: bool = False
    #: First and last line of the task it belongs to.
    lines: tuple[int, int] = (0, 0)
    #: What the documentation says that bears it out.
    evidence: str = ""
    #: `task`, `block` or `play`: whose it is.
    of: str = "task"
    #: What changes with it in another file.
    elsewhere: Elsewhere | None = None


class Lines:
    """Where the lines of a text begin, as an editor counts them."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *(found.end() for found in _LINE.finditer(text))]

    def position(self, offset: int) -> Position:
        """The place of `offset`."""
        line = bisect_right(self.starts, offset) - 1
        return Position(line, offset - self.starts[line])

    def offset(self, position: Position) -> int:
        """The offset of `position`."""
        return self.starts[min(position.line, len(self.starts) - 1)] + position.column

    def edit(self, place: Range, text: str) -> Edit:
        """The edit that puts `text` at `place`."""
        return Edit(self.offset(place.start), self.offset(place.end), text)

    def range(self, start: int, end: int) -> Range:
        """The range between two offsets."""
        return Range(self.position(start), self.position(end))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """`text` with all `edits` made. They must not overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits):
        if edit.start < at:
            raise ValueError("edits overlap")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def to_fix(text: str, rewrite: Rewrite) -> Fix:
    """The rewrite as a fix, its edits as ranges of `text`."""
    lines = Lines(text)
    edits = tuple((lines.range(edit.start, edit.end), edit.text) for edit in rewrite.edits)
    return Fix(rewrite.title, edits)


def overlap(edits: Sequence[Edit], taken: Sequence[Edit]) -> bool:
    """Whether one of `edits` touches what one of `taken` touches; two insertions in one place do."""
    return any(
        (edit.start < other.end and other.start < edit.end) or edit.start == other.start
        for edit in edits
        for other in taken
    )


def newline_of(text: str) -> str:
    """How the text ends its lines: as its first line is ended."""
    found = _LINE.search(text)
    return found.group() if found else "\n"


def line_end(text: str, at: int) -> int:
    """The end of the line that `at` stands in, before its line break."""
    found = _LINE.search(text, at)
    return found.start() if found else len(text)


def line_start(text: str, at: int) -> int:
    """The beginning of the line that `at` stands in."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
