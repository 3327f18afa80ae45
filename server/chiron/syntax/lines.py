"""Where the lines of a text begin. A request cuts one text in several places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, count
from operator import add

_LINE_END = re.compile(r"\r\n|\r|\n")


@lru_cache(maxsize=4)
def line_starts(text: str) -> Sequence[int]:
    """Offsets at which the lines of `text` begin, the empty one after a last line ending included."""
    if "\r" in text:
        return [0, *(found.end() for found in _LINE_END.finditer(text))]
    ended = text.split("\n")[:-1]
    return [0, *map(add, accumulate(map(len, ended)), count(1))]


def first_lines(text: str, n: int) -> str:
    """The first `n` lines of `text` with their endings; all of it where it has no more."""
    starts = line_starts(text)
    return text[: starts[n]] if n < len(starts) else text
