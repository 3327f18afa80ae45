"""Which characters of a text are still there after it was replaced, cut and pasted, or laid out anew.

Pure. A run `(base, at, n)` says that `n` characters of the accepted text, from `base` on, stand in the
document at `at`. Only what is no white space counts, so a change of indentation or of line endings loses
nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise

from chiron.flywheel.outcomes.edits import Edit

Run = tuple[int, int, int]
#: `(i, j, n)`: `n` characters at `i` of one text stand at `j` of the other.
Block = tuple[int, int, int]

_TOKEN = re.compile(r"\w+|[^\w\s]")
#: Two passages with more pairs of tokens than this are not compared word by word.
_MOST_PAIRS = 20_000
#: Lines round a passage that help to find it again.
_CONTEXT = 4
#: A line shorter than this, without white space, says nothing about where it came from.
_TELLING = 4


class Lines:
    """A text's lines, to look things up in. Worked out once, however many suggestions ask."""

    def __init__(self, text: str) -> None:
        self.starts: list[int] = []
        self.raw = text.splitlines(keepends=True)
        at = 0
        for line in self.raw:
            self.starts.append(at)
            at += len(line)
        self.end = at
        #: The lines without white space round them.
        self.bare = [line.strip() for line in self.raw]

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for k, line in enumerate(self.bare):
            if line:
                index.setdefault(line, []).append(k)
        return index

    def start(self, k: int) -> int:
        """Where line `k` begins; the end of the text for the one behind the last."""
        return self.starts[k] if k < len(self.starts) else self.end

    def block(self, k: int, other: Lines, m: int) -> Block:
        """Line `k` of this and line `m` of `other`, which are the same but for indentation."""
        bare = self.bare[k]
        i = self.starts[k] + self.raw[k].find(bare)
        return i, other.starts[m] + other.raw[m].find(bare), len(bare)

    def same(self, wanted: Sequence[str]) -> list[tuple[int, int]]:
        """Pairs of an index into `wanted` and of a line here that is the same, in order in both."""
        places = sorted({k for line in set(wanted) for k in self._index.get(line, ())})
        here = [self.bare[k] for k in places]
        matcher = SequenceMatcher(None, list(wanted), here, autojunk=False)
        return [(i + k, places[j + k]) for i, j, n in matcher.get_matching_blocks() for k in range(n)]


class Replacement:
    """One edit, and what of the text it removed stands in the text it put in."""

    def __init__(self, edit: Edit) -> None:
        self.edit = edit

    @cached_property
    def _words(self) -> list[Block] | None:
        return _by_words(self.edit.removed, self.edit.inserted)

    @cached_property
    def _lines(self) -> tuple[Lines, Lines]:
        return Lines(self.edit.removed), Lines(self.edit.inserted)

    def after(self, runs: Sequence[Run]) -> list[Run]:
        """`runs` after the edit: what was removed is gone, unless it came back with it."""
        edit = self.edit
        first, last, growth = edit.start, edit.end, edit.growth
        found: list[Run] = []
        lost: list[Run] = []
        for base, at, n in runs:
            end = at + n
            if end <= first:
                found.append((base, at, n))
            elif at >= last:
                found.append((base, at + growth, n))
            else:
                if at < first:
                    found.append((base, at, first - at))
                if end > last:
                    found.append((base + last - at, first + len(edit.inserted), end - last))
                low, high = max(at, first), min(end, last)
                if high > low:
                    lost.append((base + low - at, low - first, high - low))
        if lost and edit.inserted:
            blocks = self._blocks(min(at for _, at, _ in lost), max(at + n for _, at, n in lost))
            found += [(base, at + first, n) for base, at, n in _through(lost, blocks)]
            found.sort()
        return found

    def _blocks(self, low: int, high: int) -> list[Block]:
        """What of the removed text, near `low`..`high`, was put in: by lines, and by words between them."""
        if self._words is not None:
            return self._words
        lines, others = self._lines
        first = max(0, bisect_right(lines.starts, low) - 1 - _CONTEXT)
        last = min(len(lines.raw), bisect_left(lines.starts, high) + _CONTEXT)
        pairs = [(first + k, m) for k, m in others.same(lines.bare[first:last])]
        if not pairs:
            return []
        blocks = [lines.block(k, others, m) for k, m in pairs]
        size = pairs[0][0] - first
        blocks += self._between(first, pairs[0][0], max(0, pairs[0][1] - size), pairs[0][1])
        for (k, m), (k_next, m_next) in pairwise(pairs):
            blocks += self._between(k + 1, k_next, m + 1, m_next)
        k, m = pairs[-1]
        return blocks + self._between(k + 1, last, m + 1, min(len(others.raw), m + last - k))

    def _between(self, k: int, k_end: int, m: int, m_end: int) -> list[Block]:
        """Blocks by words of passages that share no line: lines `k`..`k_end`, and `m`..`m_end`."""
        if k >= k_end or m >= m_end:
            return []
        lines, others = self._lines
        i, j = lines.start(k), others.start(m)
        found = _by_words(
            self.edit.removed[i : lines.start(k_end)], self.edit.inserted[j : others.start(m_end)]
        )
        return [(i + a, j + b, n) for a, b, n in found or ()]


def _through(runs: Iterable[Run], blocks: Sequence[Block]) -> list[Run]:
    found = []
    for base, at, n in runs:
        for i, j, size in blocks:
            low, high = max(at, i), min(at + n, i + size)
            if high > low:
                found.append((base + low - at, j + low - i, high - low))
    return found


def _by_words(removed: str, inserted: str) -> list[Block] | None:
    """Blocks of words that `removed` and `inserted` share in order, or None where they are too long."""
    if len(removed) + len(inserted) > 8_000:
        return None
    a = [(match.start(), match.group()) for match in _TOKEN.finditer(removed)]
    b = [(match.start(), match.group()) for match in _TOKEN.finditer(inserted)]
    if len(a) * len(b) > _MOST_PAIRS:
        return None
    matcher = SequenceMatcher(None, [word for _, word in a], [word for _, word in b], autojunk=False)
    blocks: list[Block] = []
    for i, j, n in matcher.get_matching_blocks():
        for k in range(n):
            (at, word), there = a[i + k], b[j + k][0]
            if blocks and k:
                p, q, size = blocks[-1]
                if removed[p + size : at] == inserted[q + size : there]:
                    blocks[-1] = (p, q, at + len(word) - p)
                    continue
            blocks.append((at, there, len(word)))
    return [(i, j, n) for i, j, n in blocks if any(c.isalnum() for c in removed[i : i + n])]


class Passage:
    """A passage that was put in at `at`: a task moved here, perhaps."""

    def __init__(self, text: str, at: int, n: int) -> None:
        self.at = at
        self._text = text[at : at + n]

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)

    def again(self, base: str, runs: Sequence[Run], owned: Sequence[tuple[int, int]]) -> list[Run]:
        """Runs for those lines of `base` of which nothing is left and which stand here.

        At least half of what is lost must be here, so that a common line written by hand is no move.
        """
        lines = Lines(base)
        lost = [
            k
            for k, (start, bare) in enumerate(zip(lines.starts, lines.bare, strict=True))
            if _weight(bare) >= _TELLING
            and not any(b < lines.start(k + 1) and b + n > start for b, _, n in runs)
            and any(low < lines.start(k + 1) and start < high for low, high in owned)
        ]
        found = []
        for k, m in self._lines.same([lines.bare[k] for k in lost]):
            i, j, n = lines.block(lost[k], self._lines, m)
            found.append((i, self.at + j, n))
        weight = sum(_weight(base[i : i + n]) for i, _, n in found)
        return found if weight >= max(8, sum(_weight(lines.bare[k]) for k in lost) / 2) else []


def _weight(text: str) -> int:
    return len("".join(text.split()))
