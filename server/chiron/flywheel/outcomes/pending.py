"""One suggestion while it is pending: how far the document has come along it, and for how long it is in view.

A pending suggestion is a region of the document, from its anchor to where the person writes, and the text
that would stand there once it is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chiron.flywheel.outcomes.edits import Edit, slid
from chiron.flywheel.outcomes.region import (
    Progress,
    Touch,
    at_line_start,
    is_closing,
    progress,
    raw_length,
    region_after,
    to_lf,
)
from chiron.records import Event

#: An editor's diff may put an edit this far from where the person writes, when the text repeats itself.
_FARTHEST_SLIDE = 2_000


class Step(StrEnum):
    """What an edit did to a pending suggestion."""

    TYPED = "typed"
    PART = "part"
    WHOLE = "whole"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Offer:
    """One suggestion offered: `insert` in place of `start`..`end`, in code points of the document."""

    suggestion_id: str
    start: int
    end: int
    insert: str
    #: Order among the alternatives of its request, from 0.
    rank: int = 0
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """What is left of a pending suggestion: `insert` in place of `start`..`end`, all on the cursor's line."""

    suggestion_id: str
    start: int
    end: int
    insert: str
    rank: int = 0


class Pending:
    """A suggestion that may still be accepted. It changes with every edit of its document."""

    __slots__ = (
        "_seen_ms",
        "_since_ms",
        "anchor_gone",
        "astray",
        "cycled",
        "end",
        "events",
        "first",
        "good",
        "group",
        "module",
        "n_inserted",
        "n_offered",
        "offered_ms",
        "parts",
        "rank",
        "replaced",
        "shown_at",
        "start",
        "suggestion_id",
        "tail",
        "target",
    )

    def __init__(self, offer: Offer, *, group: int, text: str, now_ms: int) -> None:
        self.suggestion_id = offer.suggestion_id
        self.start, self.end = offer.start, offer.end
        #: What stands in the region once it is accepted. Lines end in newlines here, not as in the document.
        self.target = to_lf(offer.insert)
        self.rank, self.module, self.group = offer.rank, offer.module, group
        self.offered_ms = now_ms
        self.n_offered = 1
        #: Characters that the acceptance put in.
        self.n_inserted = 0
        self.events: list[Event] = []
        #: Parts of the target that were accepted at once.
        self.parts: list[tuple[int, int]] = []
        #: An editor told that the person looked at this one among the alternatives, and when.
        self.cycled = False
        self.shown_at = 0
        #: The document has left the suggestion's way; that is final at the end of a notification only.
        self.astray = self.anchor_gone = self.replaced = False
        self._seen_ms = 0
        self._since_ms: int | None = now_ms if offer.rank == 0 else None
        at = self.progress(text)
        self.good = self.first = at.n if at else 0
        self.tail = at.tail if at else 0

    # ------------------------------------------------------------------ time in view

    @property
    def in_view(self) -> bool:
        """Whether a person may be looking at it."""
        return self._since_ms is not None

    def look(self, now_ms: int) -> None:
        """From now on it is in view."""
        if self._since_ms is None:
            self._since_ms = now_ms

    def look_away(self, now_ms: int) -> None:
        """The person is writing elsewhere."""
        self._seen_ms = self.visible_ms(now_ms)
        self._since_ms = None

    def visible_ms(self, now_ms: int) -> int:
        """How long it has been in view."""
        since = self._since_ms
        return self._seen_ms + (max(0, now_ms - since) if since is not None else 0)

    # ------------------------------------------------------------------ text

    def progress(self, text: str) -> Progress | None:
        """How far `text` has come along."""
        region = to_lf(text[self.start : self.end])
        return progress(region, self.target, from_line_start=at_line_start(text, self.start))

    def leads_to_same(self, text: str, start: int, end: int, insert: str) -> bool:
        """Whether accepting this and putting `insert` at `start`..`end` make the same text."""
        if not self.overlaps(start, end):
            return False
        low, high = min(start, self.start), max(end, self.end)
        mine = to_lf(text[low : self.start]) + self.target + to_lf(text[self.end : high])
        return mine == to_lf(text[low:start]) + to_lf(insert) + to_lf(text[end:high])

    def continuation(self, text: str, offset: int) -> Continuation | None:
        """What is left of it at `offset`, or None where the person is not at its end."""
        at = self.progress(text)
        if at is None or at.n >= len(self.target) or not self._is_writing_at(text, offset):
            return None
        raw = text[self.start : self.end]
        skipped = to_lf(raw).rfind("\n") + 1
        if skipped > at.n:
            return None
        start = self.start + raw_length(raw, skipped)
        return Continuation(self.suggestion_id, start, self.end, self.target[skipped:], self.rank)

    def overlaps(self, start: int, end: int) -> bool:
        """Whether the region meets `start`..`end`, if only in a point."""
        return self.start <= end and start <= self.end

    def change(self, edit: Edit, after: str) -> tuple[Touch, Step | None]:
        """Follows `edit`. The text after it is `after`."""
        if not (self.start <= edit.start and edit.end <= self.end):
            edit = self._slid(edit, after) or edit
        start, end, touch = region_after(self.start, self.end, edit, after, self.target)
        if touch is Touch.NOT:
            self.start, self.end = start, end
            return Touch.NOT, None
        self.start, self.end = start, end
        if touch is Touch.ANCHOR:
            self.anchor_gone = True
            self.replaced = "\n" in edit.removed and "\n" in edit.inserted
            return touch, None
        return touch, self._read(after)

    def _slid(self, edit: Edit, after: str) -> Edit | None:
        """`edit` at the place where the person writes, if that is the same edit.

        A deletion goes there only if the document continues this after it.
        """
        at = self.end - (len(edit.removed) if not edit.inserted else 0)
        if abs(at - edit.start) > _FARTHEST_SLIDE:
            return None
        moved = slid(edit, after, at)
        if moved is None or moved.inserted:
            return moved
        start, end, touch = region_after(self.start, self.end, moved, after, self.target)
        if touch is not Touch.INSIDE:
            return None
        found = progress(to_lf(after[start:end]), self.target, from_line_start=at_line_start(after, start))
        return moved if found is not None and found.n != self.good else None

    def _read(self, after: str) -> Step | None:
        found = self.progress(after)
        if found is None:
            self.astray = True
            return None
        self.astray = False
        before, closed = self.good, max(0, self.tail - found.tail)
        self.good, self.tail = found.n, found.tail
        for index, (low, high) in enumerate(self.parts):
            self.parts[index] = (min(low, self.good), min(high, self.good))
        chunk = self.target[before : self.good]
        if not chunk:
            return None
        several = len(chunk) - closed >= 2 and not chunk.isspace()
        if self.good == len(self.target):
            self.n_inserted = len(chunk) if several else 0
            return Step.WHOLE if several else Step.BY_HAND
        if several and not self._within_word():
            self.parts.append((before, self.good))
            return Step.PART
        return Step.TYPED

    def _within_word(self) -> bool:
        """Whether the next character goes on with a word: several keys in one change, not a part accepted."""
        return self.target[self.good - 1].isalnum() and self.target[self.good].isalnum()

    def _is_writing_at(self, text: str, offset: int) -> bool:
        """Whether `offset` is the region's end, or before the brackets and quotes that close it."""
        return self.start <= offset <= self.end and is_closing(text[offset : self.end])

    # ------------------------------------------------------------------ figures

    @property
    def n_part(self) -> int:
        """Characters accepted in parts that are still there."""
        return sum(high - low for low, high in self.parts)

    @property
    def n_typed(self) -> int:
        """Characters of it that the person wrote."""
        return max(0, self.good - self.first - self.n_part - self.n_inserted)

    def figures(self, now_ms: int) -> dict[str, object]:
        """What is told with the event that ends it. No text."""
        return {
            "visible_ms": self.visible_ms(now_ms),
            "n_characters": len(self.target) - self.first,
            "n_typed": self.n_typed,
            "n_part": self.n_part,
            "n_inserted": self.n_inserted,
            "n_offered": self.n_offered,
        }
