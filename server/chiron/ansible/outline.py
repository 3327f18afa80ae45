"""Reads the keys of a YAML text line by line, so that half-written and hostile files are read too.

This is no YAML parser and is not meant to be one: it sees block mappings and lists, which is how people
write Ansible, and takes flow collections as plain values. It costs one pass, expands no alias, builds no
object and never raises. It never returns the text of block scalars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

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


def outline(text: str) -> Iterator[Entry]:
    """The entries of `text`, top to bottom."""
    stack: list[tuple[int, str]] = []
    scalar_column = -1
    for number, line in enumerate(text.splitlines()[:MAX_LINES]):
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
        while stack and stack[-1][0] >= column:
            stack.pop()
        above = tuple(key for _, key in stack)
        key = _unquoted(found["key"]) if "key" in found.re.groupindex else ""
        if _BLOCK_SCALAR.match(value):
            # A list item's scalar is bounded by its dash, a key's by the key.
            scalar_column = column if key else indent
            value = value[0]
        else:
            value = _plain(value)
        yield Entry(number, column, dash, key, value, above)
        if key:
            stack.append((column, key))


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
