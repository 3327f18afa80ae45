"""Which characters of a text are still there after it was replaced, cut and pasted, or laid out anew.

Pure. A run `(base, at, n)` says that `n` characters of the accepted text, from `base` on, stand in the
document at `at`. Only what is no white space counts, so a change of indentation or of line endings loses
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from chiron.flywheel.edits import Edit

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


def after_edit(runs: Sequence[Run], edit: Edit) -> list[Run]:
    """`runs` after `edit`: what was removed is gone, unless it came back within the same edit."""
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
        kept = within_replacement(edit.removed, edit.inserted, lost)
        found += [(base, at + first, n) for base, at, n in kept]
        found.sort()
    return found


def within_replacement(removed: str, inserted: str, runs: Sequence[Run]) -> list[Run]:
    """Where `runs` of `removed` stand in `inserted`."""
    low = min(at for _, at, _ in runs)
    high = max(at + n for _, at, n in runs)
    return _through(runs, _blocks(removed, inserted, low, high))


def _through(runs: Iterable[Run], blocks: Sequence[Block]) -> list[Run]:
    found = []
    for base, at, n in runs:
        for i, j, size in blocks:
            low, high = max(at, i), min(at + n, i + size)
            if high > low:
                found.append((base + low - at, j + low - i, high - low))
    return found


def _blocks(removed: str, inserted: str, low: int, high: int) -> list[Block]:
    """What of `removed`, near `low`..`high`, stands in `inserted`: by lines, and by words between them."""
    words = _by_words(removed, inserted)
    if words is not None:
        return words
    lines, others = _lines(removed), _lines(inserted)
    near = [k for k, (start, text) in enumerate(lines) if start < high and start + len(text) > low]
    if not near:
        return []
    first, last = max(0, near[0] - _CONTEXT), min(len(lines), near[-1] + 1 + _CONTEXT)
    lines = lines[first:last]
    blocks: list[Block] = []
    behind = (0, 0)
    for k, m in [*_same_lines(lines, others), (len(lines), len(others))]:
        if behind[0] < k and behind[1] < m:
            blocks += _between(removed, inserted, lines[behind[0] : k], others[behind[1] : m])
        if k < len(lines) and m < len(others):
            blocks.append(_line_block(lines[k], others[m]))
        behind = (k + 1, m + 1)
    return blocks


def _between(
    removed: str, inserted: str, lines: Sequence[tuple[int, str]], others: Sequence[tuple[int, str]]
) -> list[Block]:
    """Blocks by words of two passages that share no line."""
    i, j = lines[0][0], others[0][0]
    i_end = lines[-1][0] + len(lines[-1][1])
    j_end = others[-1][0] + len(others[-1][1])
    found = _by_words(removed[i:i_end], inserted[j:j_end]) or []
    return [(i + a, j + b, n) for a, b, n in found]


def _lines(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for line in text.splitlines(keepends=True):
        found.append((at, line))
        at += len(line)
    return found


def _line_block(line: tuple[int, str], other: tuple[int, str]) -> Block:
    bare = line[1].strip()
    return (line[0] + line[1].find(bare), other[0] + other[1].find(bare), len(bare))


def _same_lines(lines: Sequence[tuple[int, str]], others: Sequence[tuple[int, str]]) -> list[tuple[int, int]]:
    """Pairs of indexes of lines that are the same but for indentation, in order in both."""
    wanted = {text.strip() for _, text in lines} - {""}
    index = [m for m, (_, text) in enumerate(others) if text.strip() in wanted]
    a = [text.strip() for _, text in lines]
    b = [others[m][1].strip() for m in index]
    pairs = []
    for i, j, n in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        pairs += [(i + k, index[j + k]) for k in range(n)]
    return pairs


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


def lost_lines(base: str, runs: Sequence[Run], owned: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    """Lines of `base` of which nothing is left in the document, where they say enough to be found again."""
    lost = []
    for start, text in _lines(base):
        end = start + len(text)
        bare = "".join(text.split())
        if len(bare) < _TELLING or any(b < end and b + n > start for b, _, n in runs):
            continue
        if any(low <= start + len(text) - len(text.lstrip()) and end - 2 <= high for low, high in owned):
            lost.append((start, text))
    return lost


def found_again(lost: Sequence[tuple[int, str]], text: str, at: int, n: int) -> list[Run]:
    """Runs for the lines of `lost` that stand in what was inserted at `at`: a task moved elsewhere.

    At least half of what is lost must be there, so that a common line written by hand is no move.
    """
    inserted = _lines(text[at : at + n])
    runs = []
    for k, m in _same_lines(lost, inserted):
        i, j, size = _line_block(lost[k], inserted[m])
        runs.append((i, at + j, size))
    total = sum(len("".join(line.split())) for _, line in lost)
    weight = sum(len("".join(text[j : j + size].split())) for _, j, size in runs)
    return runs if weight >= max(8, total / 2) else []
