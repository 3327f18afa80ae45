"""One edit of a text, and where it could as well have happened.

Pure. Offsets count code points. The same edit reaches a server in many shapes: as typed, as the smallest
difference between two lines, as a whole new document. Here they become one shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: More changes than this in one notification are read as one: a formatter, a checkout, a rename. So are
#: fewer, where the text between them would have to be copied too often.
MOST_STEPS = 256
MOST_COPIED = 8_000_000


class Change(Protocol):
    """At `start`, `removed` was replaced by `inserted`."""

    @property
    def start(self) -> int: ...
    @property
    def removed(self) -> str: ...
    @property
    def inserted(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Edit:
    """At `start`, `removed` was replaced by `inserted`; they share neither their beginning nor their end."""

    start: int
    removed: str
    inserted: str

    @property
    def end(self) -> int:
        """Where the removed text ended, in the text before."""
        return self.start + len(self.removed)

    @property
    def growth(self) -> int:
        """By how many characters the text became longer."""
        return len(self.inserted) - len(self.removed)


def common_prefix(a: str, b: str) -> int:
    """Length of the longest beginning that `a` and `b` share. Logarithmic in comparisons, not in Python."""
    high = min(len(a), len(b))
    if a[:high] == b[:high]:
        return high
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low


def common_suffix(a: str, b: str) -> int:
    """Length of the longest end that `a` and `b` share."""
    high = min(len(a), len(b))
    if a[len(a) - high :] == b[len(b) - high :]:
        return high
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle
    return low


def trimmed(start: int, removed: str, inserted: str) -> Edit:
    """The edit without what both sides share at the beginning and at the end."""
    prefix = common_prefix(removed, inserted)
    removed, inserted = removed[prefix:], inserted[prefix:]
    suffix = common_suffix(removed, inserted)
    return Edit(start + prefix, removed[: len(removed) - suffix], inserted[: len(inserted) - suffix])


def steps(old: str, changes: Sequence[Change], new: str) -> list[tuple[Edit, str]]:
    """The edits that lead from `old` to `new`, each with the text after it.

    `changes` are believed only if they do lead there; otherwise, and where there are very many, the whole is
    one edit. Edits that change nothing are left out.
    """
    if len(changes) <= max(1, min(MOST_STEPS, MOST_COPIED // (len(old) + 1))):
        done: list[tuple[Edit, str]] = []
        text = old
        for change in changes:
            end = change.start + len(change.removed)
            if text[change.start : end] != change.removed:
                break
            after = text[: change.start] + change.inserted + text[end:]
            edit = trimmed(change.start, change.removed, change.inserted)
            if edit.removed or edit.inserted:
                done.append((edit, after))
            text = after
        else:
            if text == new:
                return done
    edit = trimmed(0, old, new)
    return [(edit, new)] if edit.removed or edit.inserted else []


def slid(edit: Edit, after: str, start: int) -> Edit | None:
    """The same edit as if it had happened at `start`, or None where the text would then differ.

    Typing `x` behind an `x` may be told as typing it in front. Only pure insertions and pure deletions slide.
    """
    text = edit.inserted or edit.removed
    if (edit.inserted and edit.removed) or start < 0 or start == edit.start:
        return None
    size = len(text)
    if start < edit.start:
        between = after[start : edit.start]
        both = between + text
        moved = both[:size]
        fits = both == moved + between
    else:
        skipped = edit.start + len(edit.inserted)
        between = after[skipped : skipped + start - edit.start]
        both = text + between
        moved = both[len(both) - size :]
        fits = len(between) == start - edit.start and both == between + moved
    if not fits:
        return None
    return Edit(start, "", moved) if edit.inserted else Edit(start, moved, "")
