"""What a line belongs to, told from indentation alone.

Only lines at a lower column than the one asked about are looked at, so a broken line elsewhere does no
harm, and nothing here walks more than the lines above a place and those of one task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from chiron.records import FileKind
from chiron.syntax.document import BOM, NO_INDENT, Document
from chiron.syntax.keywords import BLOCK_LISTS, PLAY_LISTS, is_module

#: Characters of a line that are looked at. Longer lines hold data, and their beginning says enough.
_MOST_COLUMNS = 1000
#: Dashes of one line that are told apart; nobody nests lists deeper in one.
_MOST_DASHES = 8
#: Lines a task may have; beyond them its keys are not looked for.
_MOST_LINES = 3000

_DASH = re.compile(r"-(?:[ \t]+|$)")
_KEY = re.compile(
    r"""(?:"(?P<double>[^"\\]*)"[ \t]*|'(?P<single>[^']*)'[ \t]*
    |(?P<plain>[^\s#"'\[\]{},&*!|>%@`:-][^#:]*(?::(?=\S)[^#:]*)*))
    :(?:[ \t]+(?P<value>.*))?$""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"(?:^|[ \t])#")
_BLOCK_HEADER = re.compile(r"(?:[&!]\S*[ \t]+)*[|>][-+0-9]*$")
_PROPERTY = re.compile(r"[&!]\S*$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line taken apart: its dashes, and the key and value (or other text) behind them."""

    number: int
    #: Columns of the dashes, from the left.
    dashes: tuple[int, ...]
    #: Column of what follows the dashes; -1 where nothing does.
    column: int
    key: str | None
    #: What follows the key, or the whole content of a line without one; comments and end blanks cut off.
    value: str


@dataclass(frozen=True, slots=True)
class Level:
    """One of the mappings' keys or lists' dashes (`key` None) around a place."""

    line: int
    column: int
    key: str | None
    value: str = ""


@dataclass(frozen=True)
class Entry:
    """One item of a list, from its dash's line to its last line, and its keys in order."""

    first_line: int
    last_line: int
    column: int
    #: Column of its keys; None where it has none yet.
    key_column: int | None
    lines: tuple[Line, ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys as written, in order."""
        return tuple(line.key for line in self.lines if line.key is not None)

    @cached_property
    def module(self) -> str | None:
        """The first key that is no keyword; `block` counts as one."""
        return next((key for key in self.keys if is_module(key)), None)

    def value_of(self, key: str) -> str:
        """The raw value written behind `key`; "" where it has none."""
        return next((line.value for line in self.lines if line.key == key), "")


def read_line(document: Document, number: int) -> Line:
    """Line `number`, taken apart."""
    text = document.line(number)[:_MOST_COLUMNS]
    shift = 1 if number == 0 and text.startswith(BOM) else 0
    return parse_line(text[shift:], number)


def parse_line(text: str, number: int = 0) -> Line:
    """The line `text`, taken apart. A line that is blank or a comment has column -1."""
    at = len(text) - len(text.lstrip(" \t"))
    dashes: list[int] = []
    while len(dashes) < _MOST_DASHES and (dash := _DASH.match(text, at)):
        dashes.append(at)
        at = dash.end()
    content = text[at:].rstrip(" \t")
    if not content or content[0] == "#":
        return Line(number, tuple(dashes), -1, None, "")
    if not (match := _KEY.match(content)):
        return Line(number, tuple(dashes), at, None, without_comment(content))
    key = next(part for part in match.group("double", "single", "plain") if part is not None)
    return Line(number, tuple(dashes), at, key.rstrip(), without_comment(match["value"] or ""))


def without_comment(value: str) -> str:
    """`value` without the comment behind it, and without blanks at its ends."""
    value = value.strip(" \t")
    if value[:1] in ("'", '"'):
        end = closing_quote(value)
        return value if end < 0 else value[: end + 1] + _cut(value[end + 1 :])
    return _cut(value)


def _cut(value: str) -> str:
    comment = _COMMENT.search(value)
    return value[: comment.start()].rstrip(" \t") if comment else value


def closing_quote(value: str) -> int:
    """Index of the quote that closes the one `value` begins with, -1 where it stays open."""
    pattern = r"'(?:[^']|'')*'" if value[0] == "'" else r'"(?:[^"\\]|\\.)*"'
    match = re.match(pattern, value, re.DOTALL)
    return match.end() - 1 if match else -1


def opens_text(value: str) -> bool:
    """Whether `value` is the head of a block scalar: `|`, `>-`, `!unsafe |2`."""
    return bool(_BLOCK_HEADER.match(value))


def is_empty(value: str) -> bool:
    """Whether what belongs to a key with this value can stand on the lines below it."""
    return not value or bool(_PROPERTY.match(value))


def levels_above(document: Document, number: int, column: int, *, dash: bool) -> Iterator[Level]:
    """The keys and dashes that something at `column` of line `number` would belong to, innermost first.

    With `dash` that something is a list's dash, whose key may stand at the same column.
    """
    want, line = column, number
    while want > 0 or dash:
        line = document.outer_line(line, want, dash=dash)
        if line < 0:
            return
        outer = read_line(document, line)
        if not outer.dashes and outer.column == 0 and outer.value.startswith(("---", "...")):
            return
        if outer.key is None and not outer.dashes:
            continue  # text that continues a value, or garbage: it holds nothing
        if outer.column >= 0 and (outer.column < want or (dash and outer.column == want)):
            yield Level(line, outer.column, outer.key or "", outer.value)
        for at in reversed(outer.dashes):
            if at < want:
                yield Level(line, at, None)
        want, dash = document.indent(line), bool(outer.dashes)


def last_line_of(document: Document, first_line: int, column: int) -> int:
    """The last line of the list item whose dash stands at `column` of `first_line`, as `entry_at` has it."""
    last = first_line
    for number in range(first_line + 1, min(document.n_lines, first_line + _MOST_LINES)):
        indent = document.indent(number)
        if indent == NO_INDENT:
            continue
        if indent <= column:
            break
        last = number
    return last


def entry_at(document: Document, first_line: int, column: int) -> Entry:
    """The list item whose dash stands at `column` of `first_line`."""
    head = read_line(document, first_line)
    lines = [head] if head.column >= 0 and head.dashes and head.dashes[-1] == column else []
    key_column = head.column if lines else None
    last = first_line
    for number in range(first_line + 1, min(document.n_lines, first_line + _MOST_LINES)):
        indent = document.indent(number)
        if indent <= column:
            break
        if indent == NO_INDENT:
            continue
        last = number
        if key_column is None and head.column < 0:
            key_column = indent
        if indent == key_column:
            lines.append(read_line(document, number))
    return Entry(first_line, last, column, key_column, tuple(lines))


@dataclass(frozen=True, slots=True)
class TaskList:
    """A list of tasks: at the root of the file or under a key of a play or block."""

    in_handlers: bool
    #: The key it stands under; None at the root.
    parent: Level | None


def task_list(levels: list[Level], kind: FileKind) -> TaskList | None:
    """What list of tasks a dash under `levels` (innermost first) belongs to; None where it is none."""
    if any(level.key is not None and not is_empty(level.value) for level in levels):
        return None  # under a value that is text already
    at = 0
    while at < len(levels):
        key, play = levels[at].key, levels[at + 1] if at + 1 < len(levels) else None
        if key is None or play is None or play.key is not None:
            return None
        if key in PLAY_LISTS and at + 2 == len(levels):
            return TaskList(key == "handlers", levels[0])
        if key not in BLOCK_LISTS:
            return None
        at += 2
    if kind not in (FileKind.TASKS, FileKind.HANDLERS):
        return None
    return TaskList(kind is FileKind.HANDLERS, levels[0] if levels else None)
