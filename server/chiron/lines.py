"""The lines of a text. A request looks at those of one text in many places, so each is split once.

Lines end at `\\n`, `\\r\\n` and `\\r` only, as LSP has it, and keep their endings; where the last one has an
ending, an empty one follows.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress, count, islice
from operator import ne
from typing import Generic, TypeVar

_T = TypeVar("_T")

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Shared:
    """How many lines two texts have in common at their beginnings, and behind those at their ends."""

    first: int
    last: int


#: The texts whose lines were asked for last, newest first.
_recent: deque[tuple[str, list[str]]] = deque(maxlen=6)
#: The lines compared last, and what they have in common: several ask, one after the other.
_compared: deque[tuple[Sequence[str], Sequence[str], Shared]] = deque(maxlen=2)


def split(text: str, *, to_end: bool = True) -> list[str]:
    """The lines of `text`; without `to_end` those of a part of one, behind which more follows."""
    if "\r" in text:
        lines = _LINE.findall(text)
    else:
        # Ten times as fast.
        *ended, last = text.split("\n")
        lines = [f"{line}\n" for line in ended]
        if last:
            lines.append(last)
    if to_end and (not lines or lines[-1][-1] in "\r\n"):
        lines.append("")
    return lines


def keep(text: str, lines: list[str]) -> None:
    """Lets everybody know the `lines` of `text`, which nobody may change any more."""
    if not any(known is text for known, _ in tuple(_recent)):
        _recent.appendleft((text, lines))


def lines_of(text: str) -> list[str]:
    """The lines of `text`. The same object when it is asked for again, so nobody may change it."""
    for known, lines in tuple(_recent):
        if known is text or known == text:
            return lines
    lines = split(text)
    _recent.appendleft((text, lines))
    return lines


def start_of(text: str, n: int) -> int:
    """Where line `n` of `text` begins; its end where it has no such line."""
    return sum(map(len, islice(lines_of(text), n)))


def first_lines(text: str, n: int) -> str:
    """The first `n` lines of `text` with their endings; all of it where it has no more."""
    return text[: start_of(text, n)]


def last_lines(text: str, n: int) -> list[str]:
    """The last `n` lines of `text`, whose every line ends with `\\n`, without the endings."""
    return text.removesuffix("\n").rsplit("\n", n)[-n:] if text and n > 0 else []


def shared(old: Sequence[str], new: Sequence[str]) -> Shared:
    """What two texts have in common, by their lines."""
    for one, other, found in tuple(_compared):
        if one is old and other is new:
            return found
    found = _in_common(old, new)
    _compared.appendleft((old, new, found))
    return found


def _in_common(old: Sequence[str], new: Sequence[str]) -> Shared:
    most = min(len(old), len(new))
    first = next(compress(count(), map(ne, old, new)), most)
    ends = map(ne, islice(reversed(old), most - first), reversed(new))
    last = next(compress(count(), ends), most - first)
    return Shared(first, last)


class LineByLine(Generic[_T]):
    """What `work` makes of each line, taken over from the texts before where the lines are theirs.

    Between two keystrokes all lines of a file but one or two stay as they are. What is kept belongs to the
    `most` texts asked about last, and so does not grow with what is typed.
    """

    def __init__(self, work: Callable[[str], _T], most: int = 4) -> None:
        self._work = work
        self._recent: deque[tuple[Sequence[str], list[_T]]] = deque(maxlen=most)

    def of(self, lines: Sequence[str]) -> list[_T]:
        """What is made of each of `lines`; nobody may change it."""
        known: list[_T] = []
        same = Shared(0, 0)
        for before, made in tuple(self._recent):
            if before is lines:
                return made
            found = shared(before, lines)
            if found.first + found.last > same.first + same.last:
                known, same = made, found
            if 2 * (found.first + found.last) > len(lines):
                break  # a version of this text, and the newest first
        own = lines[same.first : len(lines) - same.last]
        made = [*known[: same.first], *map(self._work, own), *known[len(known) - same.last :]]
        self._recent.appendleft((lines, made))
        return made
