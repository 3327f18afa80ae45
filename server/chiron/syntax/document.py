"""A text as an editor holds it: lines, positions, edits, and the tree of a stretch of it.

Lines end at `\\n`, `\\r\\n` and `\\r` only, as LSP has it. Positions outside the text are clamped; nothing
here raises, whatever the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from chiron.lines import Shared, lines_of, shared, split
from chiron.records import Position
from chiron.syntax.parser import IncrementalParser

if TYPE_CHECKING:
    from tree_sitter import Tree

BOM = "\ufeff"

#: Indentation of a line that says nothing about structure: blank, or a comment.
NO_INDENT = 1 << 30

#: Above this many characters a text is no playbook, and nothing is looked for in it.
MOST_CHARACTERS = 2_000_000

#: A line's margin is twice its indentation, and one more unless a dash opens it. The two highest stand for
#: lines indented further than anyone does, and for those that are blank or a comment.
_DEEP, _BLANK = 254, 255

_DASH = re.compile(r"-(?:[ \t\r\n]|$)")


@dataclass(frozen=True, slots=True)
class Change:
    """One edit as it happened: at `start` (code points), `removed` became `inserted`."""

    start: int
    removed: str
    inserted: str


class Document:
    """One open text. Positions are in code points; `encoding` is the unit its editor counts in."""

    def __init__(self, uri: str, text: str, version: int = 0, encoding: str = "utf-16") -> None:
        self.uri = uri
        self.version = version
        self.encoding = encoding
        self._parser = IncrementalParser()
        self._load(text)

    def _load(self, text: str) -> None:
        self._text = text
        self._lines = split(text)
        #: A line and where it begins. Places are found from here, since the next one is mostly near it.
        self._mark = (0, 0)
        #: One byte a line, so that the lines between a place and what it belongs to are passed over at once.
        self._margins = bytearray(map(_margin, self._lines))

    @classmethod
    def like(cls, text: str, before: Document) -> tuple[Document, Shared]:
        """A document of `text`, to be read only, and what it shares with `before` and need not read again."""
        document = cls.__new__(cls)
        document.uri, document.version, document.encoding = before.uri, before.version, before.encoding
        document._parser = IncrementalParser()
        document._text = text
        document._lines = lines = lines_of(text)
        document._mark = (0, 0)
        same = shared(before._lines, lines)
        own = slice(same.first, len(lines) - same.last)
        document._margins = bytearray().join(
            (
                before._margins[: same.first],
                bytes(map(_margin, lines[own])),
                before._margins[len(before._margins) - same.last :],
            )
        )
        return document, same

    @property
    def text(self) -> str:
        """The whole text, line endings and BOM as they came."""
        return self._text

    @property
    def n_lines(self) -> int:
        """Lines, the empty one after a last line ending included; at least one."""
        return len(self._lines)

    @property
    def readable(self) -> bool:
        """False for texts that are no YAML anyone writes by hand: huge, or with a NUL."""
        return len(self._text) <= MOST_CHARACTERS and "\0" not in self._text

    def all_lines(self) -> list[str]:
        """Every line as it is now, with its ending."""
        return list(self._lines)

    def line(self, number: int) -> str:
        """Line `number` without its ending; "" outside the text."""
        if not 0 <= number < len(self._lines):
            return ""
        return self._lines[number].rstrip("\r\n")

    def lines(self, first: int, last: int) -> str:
        """Lines `first` to `last`, both included, with their endings."""
        return "".join(self._lines[max(first, 0) : max(last + 1, 0)])

    # ----------------------------------------------------------------- margins

    def indent(self, number: int) -> int:
        """Columns of blanks that line `number` begins with, `NO_INDENT` for a blank line or a comment.

        Further than 127 columns nothing is told apart.
        """
        margin = self._margins[number]
        return NO_INDENT if margin == _BLANK else margin >> 1

    def line_above(self, number: int) -> int:
        """The nearest line above `number` that is neither blank nor a comment, or -1."""
        return len(self._margins[: max(number, 0)].rstrip(bytes([_BLANK]))) - 1

    def line_below(self, number: int) -> int:
        """The nearest line below `number` that is neither blank nor a comment, or `n_lines`."""
        return len(self._margins) - len(self._margins[max(number + 1, 0) :].lstrip(bytes([_BLANK])))

    def outer_line(self, number: int, column: int, *, dash: bool) -> int:
        """The nearest line above `number` that begins left of `column`; -1 where there is none.

        With `dash` it may begin right there too, as long as no dash opens it.
        """
        return len(self._margins[: max(number, 0)].rstrip(_inner_margins(min(column, _DEEP), dash))) - 1

    # ----------------------------------------------------------------- places

    def clamp(self, position: Position) -> Position:
        """The nearest position that exists."""
        if position.line < 0:
            return Position(0, 0)
        if position.line >= len(self._lines):
            return Position(len(self._lines) - 1, len(self._lines[-1]))
        return Position(position.line, min(max(position.column, 0), len(self.line(position.line))))

    def offset(self, position: Position) -> int:
        """Code points before `position`."""
        position = self.clamp(position)
        return self._start_of(position.line) + position.column

    def position(self, offset: int) -> Position:
        """Where `offset` is. Within a `\\r\\n` that is the line's end."""
        offset = max(offset, 0)
        line, start = self._mark
        while start > offset:
            line -= 1
            start -= len(self._lines[line])
        for length in map(len, islice(self._lines, line, len(self._lines) - 1)):
            if start + length > offset:
                break
            line, start = line + 1, start + length
        self._mark = (line, start)
        return self.clamp(Position(line, offset - start))

    def _start_of(self, line: int) -> int:
        """Where `line` begins."""
        at, start = self._mark
        if line >= at:
            start += sum(map(len, self._lines[at:line]))
        else:
            start -= sum(map(len, self._lines[line:at]))
        self._mark = (line, start)
        return start

    # ----------------------------------------------------------------- edits

    def apply(self, start: Position | None, end: Position | None, text: str, version: int) -> Change:
        """Puts `text` in place of `start` to `end`, or of everything where either is None."""
        self.version = version
        if start is None or end is None:
            change = Change(0, self._text, text)
            self._load(text)
            return change
        start, end = self.clamp(start), self.clamp(end)
        if end < start:
            start, end = end, start
        at, until = self.offset(start), self.offset(end)
        change = Change(at, self._text[at:until], text)
        # A "\n" put right after a "\r" joins it, so that line is split anew as well.
        first = start.line - 1 if start.line and self._lines[start.line - 1].endswith("\r") else start.line
        head = self.lines(first, start.line - 1) + self._lines[start.line][: start.column]
        rest = self._lines[end.line][end.column :]
        lines = split(head + text + rest, to_end=end.line == len(self._lines) - 1)
        self._mark = (first, self._start_of(first))
        self._lines[first : end.line + 1] = lines
        self._margins[first : end.line + 1] = bytes(map(_margin, lines))
        self._text = self._text[:at] + text + self._text[until:]
        return change

    # ----------------------------------------------------------------- tree

    def tree_of(self, first: int, last: int) -> Tree | None:
        """The tree of lines `first` to `last` alone; None where they can't be parsed safely.

        Asked for the same lines after an edit, it is brought up to date rather than built anew.
        """
        return self._parser.parse(self.lines(first, last))

    def n_bytes_between(self, first: int, position: Position) -> int:
        """Bytes from the beginning of line `first` to `position`, as the tree of `first` counts them."""
        position = self.clamp(position)
        return n_bytes(self.lines(first, position.line - 1)) + n_bytes(
            self._lines[position.line][: position.column]
        )


def _margin(line: str) -> int:
    line = line.removeprefix(BOM)
    content = line.lstrip(" ")
    if content[:1] == "\t":
        content = content.lstrip(" \t")
    if not content or content[0] in "#\r\n":
        return _BLANK
    return min(2 * (len(line) - len(content)) + (_DASH.match(content) is None), _DEEP)


@cache
def _inner_margins(column: int, dash: bool) -> bytes:
    """Margins of lines that something at `column` cannot belong to."""
    least = min(2 * column, _DEEP)
    return bytes(margin for margin in range(least, 256) if not (dash and margin == least + 1))


def n_bytes(text: str) -> int:
    """Bytes of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def column_to_units(line: str, column: int, encoding: str) -> int:
    """Code units of `encoding` ("utf-8", "utf-16" or "utf-32") in the first `column` characters."""
    before = line[: max(column, 0)]
    if encoding == "utf-32" or before.isascii():
        return len(before)
    if encoding == "utf-8":
        return n_bytes(before)
    return len(before.encode("utf-16-le", "surrogatepass")) // 2


def units_to_column(line: str, units: int, encoding: str) -> int:
    """Characters in the first `units` code units; one that begins but doesn't end there isn't counted."""
    units = max(units, 0)
    if encoding == "utf-32" or line.isascii():
        return min(units, len(line))
    if encoding == "utf-8":
        data = line.encode("utf-8", "surrogatepass")
        while 0 < units < len(data) and data[units] & 0xC0 == 0x80:
            units -= 1
        return len(data[:units].decode("utf-8", "surrogatepass"))
    before = line.encode("utf-16-le", "surrogatepass")[: units * 2].decode("utf-16-le", "surrogatepass")
    split_pair = before and before[-1] != line[len(before) - 1]
    return len(before) - bool(split_pair)
