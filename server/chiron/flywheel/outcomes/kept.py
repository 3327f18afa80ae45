"""What is left of one accepted suggestion, for as long as its document is open.

Its characters are followed through every edit. A text that stood here before has the characters it had
then, so undo, redo and a checkout there and back are exact; a move is found again where it was pasted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from chiron.flywheel.outcomes.survival import Passage, Replacement, Run

_KEY = re.compile(r"""^[ \t]*(?:-[ \t]+)*["']?([A-Za-z_][\w.]*)["']?[ \t]*(?::|$)""", re.MULTILINE)
_NAME = re.compile(r"[\w.]*")
_NAME_BEFORE = re.compile(r"[\w.]*\Z")
#: States of the text in which the characters' places are remembered.
_STATES = 128
#: Timed measures, with their labels.
MARKS: tuple[tuple[int, str], ...] = ((30_000, "30s"), (120_000, "2m"), (300_000, "5m"))


def same_module(one: str, other: str) -> bool:
    """Whether two names mean one module: `copy` and `ansible.builtin.copy` do."""
    if one == other:
        return True
    short = one.rpartition(".")[2] == other.rpartition(".")[2]
    return short and ("." not in one or "." not in other)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted when, and where it stands in the document at that moment."""

    suggestion_id: str
    target: str
    module: str | None
    start: int
    end: int
    at_ms: int


class Kept:
    """An accepted text and where its characters are now."""

    __slots__ = (
        "_around",
        "_before",
        "_given_up",
        "_key",
        "_remainder",
        "_runs_then",
        "_states",
        "_weights",
        "accepted_ms",
        "anchor",
        "base",
        "last_saved",
        "n_characters",
        "n_marks",
        "owned",
        "runs",
        "suggestion_id",
        "target",
        "undone",
    )

    def __init__(
        self,
        accepted: Accepted,
        text: str,
        *,
        owned: Sequence[tuple[int, int]],
        before: frozenset[int],
        remainder: str,
    ) -> None:
        start, end = accepted.start, accepted.end
        self.suggestion_id = accepted.suggestion_id
        #: What was offered, and where; an undo takes it back there.
        self.target, self.anchor = accepted.target, start
        self.accepted_ms = accepted.at_ms
        #: The accepted text as it stands in the document, and which parts of it were accepted.
        self.base = text[start:end]
        self.owned = tuple(owned)
        self.runs: list[Run] = [(low, start + low, high - low) for low, high in owned if high > low]
        blank = not self.base.strip()
        self._weights = [0, *accumulate(int(blank or not one.isspace()) for one in self.base)]
        self.n_characters = self._weight(self.runs)
        self._remainder = remainder
        self._before = before
        self._states: dict[int, list[Run]] = {}
        self._runs_then: list[Run] = []
        self.undone = self._given_up = False
        self.n_marks = 0
        self.last_saved: float | None = None
        self._key, self._around = self._find_module(accepted.module, text, start)

    def _find_module(
        self, module: str | None, text: str, start: int
    ) -> tuple[tuple[int, int] | None, str | None]:
        """The module's name: where in the accepted text, or else as it stands in the line above it."""
        if module is None:
            return None, None
        for match in _KEY.finditer(self.base):
            if same_module(match.group(1), module):
                return match.span(1), match.group(1)
        above = _key_above(text, start)
        return None, above if above is not None and same_module(above, module) else None

    def _weight(self, runs: Sequence[Run]) -> int:
        return sum(self._weights[base + n] - self._weights[base] for base, _, n in runs)

    # ------------------------------------------------------------------ following

    def change(self, replacement: Replacement) -> None:
        """Follows one edit."""
        edit = replacement.edit
        if edit.start < self.anchor:
            self.anchor = self.anchor + edit.growth if edit.end <= self.anchor else edit.start
        if self.runs:
            if not edit.inserted and edit.removed == self._remainder and self._is_remainder(edit.start):
                self._before |= {_UNDONE_HERE}
            self.runs = replacement.after(self.runs)

    def _is_remainder(self, start: int) -> bool:
        """Whether what was accepted last stands at `start`, whole."""
        first = len(self.base) - len(self._remainder)
        return any(
            base <= first and base + n == len(self.base) and at + first - base == start
            for base, at, n in self.runs
        )

    def settle(self, state: int, passages: Sequence[Passage], *, another: bool) -> bool | None:
        """Takes stock after a notification. True: undone by it. False: undone before, and now back.

        `state` is the text's hash, `passages` are those put in. With `another`, a suggestion was
        accepted just now: the same text, offered and taken again, is that one's.
        """
        was = self.undone
        if was and (another or self._given_up):
            self._given_up = True
        elif state in self._states:
            self.runs, self.undone = list(self._states[state]), False
        elif state in self._before or _UNDONE_HERE in self._before:
            self.undone, self.runs = True, []
        elif passages and self._weight(self.runs) < self.n_characters:
            self._look_for_moved(passages)
        self._before -= {_UNDONE_HERE}
        if not self.undone:
            # Most edits leave the runs as they were; the same list then stands for many states.
            self._runs_then = self._runs_then if self._runs_then == self.runs else list(self.runs)
            self._states[state] = self._runs_then
            if len(self._states) > _STATES:
                del self._states[next(iter(self._states))]
        return None if was == self.undone else self.undone

    def _look_for_moved(self, passages: Sequence[Passage]) -> None:
        for passage in passages:
            taken = [(at, at + n) for _, at, n in self.runs]
            fresh = [
                run
                for run in passage.again(self.base, self.runs, self.owned)
                if not any(low < run[1] + run[2] and run[1] < high for low, high in taken)
            ]
            if fresh:
                self.runs = sorted([*self.runs, *fresh])
                self.undone = False

    @property
    def settled(self) -> bool:
        """Whether stock was taken at least once since the acceptance."""
        return bool(self._states) or self.undone

    # ------------------------------------------------------------------ measures

    @property
    def ratio(self) -> float:
        """Share of the accepted characters that are still there, from 0 to 1, white space left out."""
        if self.undone or not self.n_characters:
            return 0.0 if self.undone else float(bool(self.runs))
        return self._weight(self.runs) / self.n_characters

    def module_unchanged(self, text: str) -> bool:
        """Whether the task still has the module it was accepted with. True where none was."""
        if self._around is None:
            return True
        if self._key is not None:
            low, high = self._key
            alive = [
                (at + max(base, low) - base, min(base + n, high) - max(base, low))
                for base, at, n in self.runs
                if base < high and base + n > low
            ]
            if not alive:
                return False
            at = alive[-1][0]
            before = _NAME_BEFORE.search(text, max(0, at - 200), at)
            behind = _NAME.match(text, at)
            name = (before.group() if before else "") + (behind.group() if behind else "")
            return same_module(name, self._around)
        if not self.runs:
            return False
        above = _key_above(text, min(at for _, at, _ in self.runs))
        return above is not None and same_module(above, self._around)

    def measure(self, text: str, at: str) -> dict[str, object]:
        """What a `kept_at` event says. `strong`: over half is kept, and the module is the same."""
        ratio, unchanged = self.ratio, self.module_unchanged(text)
        return {
            "at": at,
            "ratio": round(ratio, 4),
            "module_unchanged": unchanged,
            "strong": ratio > 0.5 and unchanged,
            "n_characters": self.n_characters,
        }

    @property
    def deadline_ms(self) -> int | None:
        """When it is to be measured next."""
        return self.accepted_ms + MARKS[self.n_marks][0] if self.n_marks < len(MARKS) else None


#: Stands for "exactly the accepted text was removed" among the states that mean undone.
_UNDONE_HERE = -(2**62) - 1


def _key_above(text: str, at: int) -> str | None:
    """The key of the nearest line above `at` that is indented less than the text there."""
    line_start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    line = text[line_start : line_start + 400].split("\n", 1)[0]
    if not line.strip():
        rest = text[at : at + 400].lstrip("\r\n")
        line = rest.split("\n", 1)[0]
    indent = len(line) - len(line.lstrip(" \t"))
    above = text[max(0, line_start - 8_000) : line_start].splitlines()
    for one in reversed(above[-80:]):
        bare = one.lstrip(" \t")
        if bare and not bare.startswith("#") and len(one) - len(bare) < indent:
            match = _KEY.match(one)
            return match.group(1) if match else None
    return None
