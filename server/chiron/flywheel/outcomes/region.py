"""A place in a document and the text that may come to stand there: how far it has come.

Pure. Everything is told from what stands in the region after an edit, not from the edit's shape, so that an
editor may report the edit as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chiron.flywheel.outcomes.edits import Edit, common_prefix

_CLOSERS = {")": "(", "]": "[", "}": "{", '"': '"', "'": "'", "%": "%", ">": "<"}
_MOST_CLOSERS = 8


def to_lf(text: str) -> str:
    """`text` with every line ending as a newline."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def raw_length(raw: str, n: int) -> int:
    """How many characters of `raw` make up its first `n` once line endings are newlines."""
    if "\r" not in raw:
        return min(n, len(raw))
    at = 0
    while n > 0 and at < len(raw):
        at += 2 if raw[at] == "\r" and raw[at + 1 : at + 2] == "\n" else 1
        n -= 1
    return at


def at_line_start(text: str, offset: int) -> bool:
    """Whether a line begins at `offset`."""
    return offset <= 0 or text[offset - 1] in "\r\n"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a region has come: its first `n` characters are the suggestion's; `tail` closes brackets."""

    n: int
    tail: int = 0


def progress(region: str, target: str, *, from_line_start: bool) -> Progress | None:
    """How `region` continues into `target`, or None where it doesn't any more.

    Closing brackets and quotes that an editor put behind the cursor are no disagreement, nor is the white
    space of a line on which nothing else stands yet.
    """
    n = common_prefix(region, target)
    rest = region[n:]
    if not rest or n == len(target):
        return Progress(n, len(rest))
    last_line = region.rfind("\n") + 1
    if n >= last_line and (last_line or from_line_start) and not region[last_line:].strip(" \t"):
        return Progress(n)
    marks = rest.replace(" ", "")
    if marks and len(marks) <= _MOST_CLOSERS and rest[-1] != " " and _closes(marks, region[last_line:n]):
        return Progress(n, len(rest))
    return None


def is_closing(text: str) -> bool:
    """Whether `text` is nothing but a few brackets and quotes that close something, or nothing at all."""
    return len(text) <= _MOST_CLOSERS and all(mark in _CLOSERS for mark in text)


def _closes(marks: str, line: str) -> bool:
    """Whether `marks` close just what is open at the end of `line`, or a part of it."""
    for mark in set(marks):
        opener = _CLOSERS.get(mark)
        if opener is None:
            return False
        n_open = line.count(mark) % 2 if opener == mark else line.count(opener) - line.count(mark)
        if marks.count(mark) > n_open:
            return False
    return True


class Touch(StrEnum):
    """What an edit does to a region."""

    NOT = "not"
    INSIDE = "inside"
    ANCHOR = "anchor"


def region_after(start: int, end: int, edit: Edit, after: str, target: str) -> tuple[int, int, Touch]:
    """Where the region `start`..`end` is after `edit`, and whether the edit touched it.

    What is written at its end belongs to it. `target` tells a line put above it from one put into it.
    """
    first, last, size = edit.start, edit.end, len(edit.inserted)
    if first > end or (first == end and edit.removed and not size):
        return start, end, Touch.NOT
    if last < start:
        return start + edit.growth, end + edit.growth, Touch.NOT
    if first < start:
        if last == start and at_line_start(after, first + size):
            return start + edit.growth, end + edit.growth, Touch.NOT
        return min(start, first + size), max(end + edit.growth, first + size), Touch.ANCHOR
    is_line_above = first == last == start and edit.inserted[-1] in "\r\n" and at_line_start(after, start)
    if is_line_above and not target.startswith(to_lf(edit.inserted)):
        return start + size, end + size, Touch.NOT
    return start, end + edit.growth if last <= end else first + size, Touch.INSIDE
