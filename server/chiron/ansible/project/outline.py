"""Reads the keys of a YAML text line by line, so that half-written and hostile files are read too.

This is no YAML parser and is not meant to be one: it sees block mappings and lists, which is how people
write Ansible, and takes flow collections as plain values. It costs one pass, expands no alias, builds no
object and never raises. It never returns the text of block scalars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

_KEY = r"""(?P<key>"[^"\n]*"|'[^'\n]*'|[^\s#'"\[\]{},&*!|>%@`:-][^:#\n]*?|-?[\w.][^:#\n]*?)"""
_LINE = re.compile(rf"(?P<indent> *)(?P<dashes>(?:- +)*){_KEY}\s*:(?:[ \t]+(?P<value>\S.*?))?\s*$")
_ITEM = re.compile(r"(?P<indent> *)(?P<dashes>(?:- +)+)(?P<value>\S.*?)\s*$")
_BLOCK_SCALAR = re.compile(r"(?:[&!]\S+\s+)*[|>][-+0-9]*(?:\s+#.*)?$")
_COMMENT = re.compile(r"\s+#.*$")
#: A file with more lines than this is data, not something a person keeps in the head.
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One key (or list item without one, `key` then "") and the keys above it."""

    line: int
    #: Column of the key itself.
    column: int
    #: Column of the line's first dash, or -1.
    dash: int
    key: str
    value: str
    above: tuple[str, ...]


#: Where a text is cut: before each line that a list's dash begins. A dash ends all that stands right of it.
_CUT = re.compile(r"^(?= *- )", re.MULTILINE)
_DASHES = re.compile(r" *(?:- +)+")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Above(NamedTuple):
    """What a line is found in: the keys above it with their columns, and that of a block scalar's key."""

    keys: tuple[tuple[int, str], ...] = ()
    scalar_column: int = -1


def outline(text: str) -> Iterator[Entry]:
    """The entries of `text`, top to bottom."""
    above = Above()
    for line, stretch in stretches(text):
        entries, above = read_stretch(stretch, above)
        for entry in entries:
            yield replace(entry, line=line + entry.line)


def stretches(text: str, line: int = 0) -> Iterator[tuple[int, str]]:
    """`text` cut into parts that stay the same where it is not edited, items of lists, with their lines.

    `line` is the number of its first one.
    """
    count = str.count if "\r" not in text else _n_line_ends
    for part in _CUT.split(text):
        if line >= MAX_LINES:
            return
        if part:
            yield line, part
            line += count(part, "\n")


def read_stretch(text: str, above: Above) -> tuple[list[Entry], Above]:
    """The entries of one stretch, counted from its own first line, and what the next one is found in."""
    keys, scalar_column = _entered(text, above)
    found_in = list(keys)
    entries: list[Entry] = []
    for number, line in enumerate(_lines(text)[:MAX_LINES]):
        stripped = line.lstrip(" ")
        if not stripped or stripped[0] == "#":
            continue
        indent = len(line) - len(stripped)
        if scalar_column >= 0:
            if indent > scalar_column:
                continue
            scalar_column = -1
        found = _LINE.match(line) or _ITEM.match(line)
        if found is None:
            continue
        column = found.end("dashes")
        dash = indent if found["dashes"] else -1
        value = found["value"] or ""
        while found_in and found_in[-1][0] >= column:
            found_in.pop()
        outer = tuple(key for _, key in found_in)
        key = _unquoted(found["key"]) if "key" in found.re.groupindex else ""
        if _BLOCK_SCALAR.match(value):
            # A list item's scalar is bounded by its dash, a key's by the key.
            scalar_column = column if key else indent
            value = value[0]
        else:
            value = _plain(value)
        entries.append(Entry(number, column, dash, key, value, outer))
        if key:
            found_in.append((column, key))
    return entries, Above(tuple(found_in), scalar_column)


def _entered(text: str, above: Above) -> Above:
    """What of `above` still holds for the stretch `text`, whether or not its first line can be read."""
    dashes = _DASHES.match(text)
    if dashes is None or 0 <= above.scalar_column < len(text) - len(text.lstrip(" ")):
        return above
    return Above(tuple(key for key in above.keys if key[0] < dashes.end()))


def _n_line_ends(text: str, _end: str) -> int:
    return len(_LINE_END.findall(text))


def _lines(text: str) -> list[str]:
    return _LINE_END.split(text) if "\r" in text else text.split("\n")


def listed(value: str) -> tuple[str, ...]:
    """The items of a flow list or of a comma-separated scalar: `[a, b]`, `a, b`, `a`."""
    inner = value.strip()
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1]
    return tuple(item for part in inner.split(",") if (item := _unquoted(part.strip())))


def _plain(value: str) -> str:
    """`value` without quotes round all of it and without the comment behind it."""
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return "" if value.startswith("#") else _COMMENT.sub("", value)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in {'"', "'"}:
        return text[1:-1]
    return text.strip()
