"""The accepted suggestions of one document: followed, measured when it is time, undone and redone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from chiron.flywheel.outcomes.edits import Edit
from chiron.flywheel.outcomes.kept import MARKS, Accepted, Kept
from chiron.flywheel.outcomes.survival import Passage, Replacement
from chiron.records import Event, EventKind, Evidence

#: Accepted suggestions followed in one document; the oldest is let go.
MOST_KEPT = 64
#: States of the text that an undo is recognised by.
_HISTORY = 256
#: A passage this long that is put in at once may be a task moved here.
_MOVED_LENGTH = 8
_MOST_PASSAGES = 64


class Acceptances:
    """What was accepted in one document, and the states its text has been in."""

    def __init__(self, text: str) -> None:
        self.kept: dict[str, Kept] = {}
        self._history: deque[int] = deque([hash(text)], maxlen=_HISTORY)
        #: Passages put in by the changes of the notification at hand.
        self._passages: list[tuple[int, int]] = []

    def __contains__(self, suggestion_id: str) -> bool:
        return suggestion_id in self.kept

    def begin(self, accepted: Accepted, text: str, before: str, remainder: str) -> None:
        """Follows `accepted` from now on. `before` is the text without it, `remainder` what was put in."""
        states = frozenset((*self._history, hash(before))) - {hash(text)}
        owned = ((0, accepted.end - accepted.start),)
        self._add(Kept(accepted, text, owned=owned, before=states, remainder=remainder))

    def begin_parts(self, accepted: Accepted, text: str, owned: Sequence[tuple[int, int]]) -> None:
        """Follows the parts of a suggestion that were accepted before it ended otherwise."""
        self._add(Kept(accepted, text, owned=owned, before=frozenset(), remainder=""))

    def _add(self, kept: Kept) -> None:
        self.kept[kept.suggestion_id] = kept
        while len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]

    # ------------------------------------------------------------------ changes

    def change(self, edit: Edit) -> None:
        """Follows one edit."""
        replacement = Replacement(edit)
        for kept in self.kept.values():
            kept.change(replacement)
        self._passages = _after(self._passages, edit)

    def settle(self, text: str, now_ms: int) -> list[Event]:
        """Recognises undo, redo and moves, now that the text is what it will be."""
        state = hash(text)
        passages = [Passage(text, at, n) for at, n in self._passages]
        events = []
        another = any(not kept.settled for kept in self.kept.values())
        for kept in self.kept.values():
            undone = kept.settle(state, passages, another=another)
            if undone is not None:
                kind = EventKind.UNDONE if undone else EventKind.REDONE
                events.append(Event(kept.suggestion_id, kind, Evidence.INFERRED, now_ms))
        self._history.append(state)
        self._passages = []
        return events

    # ------------------------------------------------------------------ measures

    def due(self, text: str, now_ms: int) -> list[Event]:
        """The timed measures whose time has come."""
        events = []
        for kept in self.kept.values():
            while (due := kept.deadline_ms) is not None and now_ms >= due:
                events.append(_measured(kept, text, MARKS[kept.n_marks][1], now_ms))
                kept.n_marks += 1
        return events

    def saved(self, text: str, now_ms: int) -> list[Event]:
        """Measures at a save. One that says nothing new is left out."""
        events = []
        for kept in self.kept.values():
            if kept.last_saved != kept.ratio:
                kept.last_saved = kept.ratio
                events.append(_measured(kept, text, "save", now_ms))
        return events

    def closed(self, text: str, now_ms: int) -> list[Event]:
        """Last measures. Nothing is followed after them."""
        events = [_measured(kept, text, "close", now_ms) for kept in self.kept.values()]
        self.kept.clear()
        return events

    def standing_in(self, start: int, end: int) -> str | None:
        """An accepted suggestion of which something stands in `start`..`end`."""
        for kept in self.kept.values():
            if any(at < end and at + n > start for _, at, n in kept.runs):
                return kept.suggestion_id
        return None

    @property
    def deadline_ms(self) -> int | None:
        """When the next timed measure is due."""
        return min((due for one in self.kept.values() if (due := one.deadline_ms) is not None), default=None)


def _measured(kept: Kept, text: str, at: str, now_ms: int) -> Event:
    return Event(kept.suggestion_id, EventKind.KEPT_AT, Evidence.INFERRED, now_ms, kept.measure(text, at))


def _after(passages: Iterable[tuple[int, int]], edit: Edit) -> list[tuple[int, int]]:
    """The passages put in so far, after one more edit."""
    found = []
    for at, n in passages:
        if edit.end <= at:
            found.append((at + edit.growth, n))
        elif edit.start >= at + n:
            found.append((at, n))
        else:
            found.append((min(at, edit.start), max(0, n + edit.growth)))
    if len(edit.inserted) >= _MOVED_LENGTH:
        found.append((edit.start, len(edit.inserted)))
    return found[-_MOST_PASSAGES:]
