"""What is around a place: the task it is in, the options and habits next to it, the comment above it."""

from __future__ import annotations

from dataclasses import dataclass

from chiron.records import FileKind
from chiron.syntax.document import BOM, NO_INDENT, Document
from chiron.syntax.indentation import (
    Entry,
    Level,
    Line,
    TaskList,
    entry_at,
    is_empty,
    levels_above,
    read_line,
    task_list,
)
from chiron.syntax.keywords import PLAY_MARKS

#: Comment lines above the cursor that are read as one.
_MOST_COMMENTS = 5
#: Lines above the cursor in which a habit of indentation is looked for.
_HABIT_LINES = 100
#: Columns by which nobody indents a mapping.
_WIDEST_STEP = 8


@dataclass(frozen=True, slots=True)
class Enclosing:
    """The task around a place, the keys between the two (innermost first), and the list it stands in."""

    entry: Entry
    path: tuple[Level, ...]
    tasks: TaskList
    file_kind: FileKind


def task_around(document: Document, line: int, column: int, kind: FileKind) -> Enclosing | None:
    """The task that something at `column` of `line` would belong to."""
    levels = list(levels_above(document, line, column, dash=False))
    for index, level in enumerate(levels):
        if level.key is None:
            return _enclosing(document, level.line, level.column, levels[:index], levels[index + 1 :], kind)
        if not is_empty(level.value):
            return None
    return None


def task_with_dash(document: Document, line: int, column: int, kind: FileKind) -> Enclosing | None:
    """The task whose dash stands at `column` of `line`."""
    return _enclosing(document, line, column, [], list(levels_above(document, line, column, dash=True)), kind)


def _enclosing(
    document: Document, line: int, column: int, path: list[Level], outer: list[Level], kind: FileKind
) -> Enclosing | None:
    tasks = task_list(outer, kind)
    if tasks is None:
        return None
    entry = entry_at(document, line, column)
    if not outer and not PLAY_MARKS.isdisjoint(entry.keys):
        return None
    return Enclosing(entry, tuple(path), tasks, kind)


def options_under(document: Document, module: Level, entry: Entry, besides: int) -> list[Line]:
    """The options under `module`, those on line `besides` left out."""
    options: list[Line] = []
    column = None
    for number in range(module.line + 1, entry.last_line + 1):
        indent = document.indent(number)
        if indent == NO_INDENT or number == besides:
            continue
        if indent <= module.column:
            break
        column = indent if column is None else column
        if indent == column:
            options.append(read_line(document, number))
    return options


def blank_lines(document: Document, above: int, line: int) -> int:
    """Blank lines between line `above` and `line`; comments don't count."""
    return sum(not document.line(number).strip(" \t") for number in range(max(above, line - 9) + 1, line))


def habit_above(document: Document, line: int) -> int:
    """By how many columns the mapping nearest above `line` is indented; 2 where there is none near."""
    below: Line | None = None
    for number in range(line - 1, max(line - _HABIT_LINES, -1), -1):
        if document.indent(number) == NO_INDENT:
            continue
        above = read_line(document, number)
        if below is not None and not below.dashes and above.key is not None and is_empty(above.value):
            step = below.column - above.column
            if 0 < step <= _WIDEST_STEP:
                return step
        below = above
    return 2


def step_in(document: Document, parent: Level | None, column: int) -> int | None:
    """Columns from dash to keys in the list under `parent`; None where its dashes stand at another column."""
    first = document.line_below(parent.line if parent is not None else -1)
    while (
        parent is None
        and first < document.n_lines
        and document.line(first).removeprefix(BOM).startswith(("---", "%"))
    ):
        first = document.line_below(first)
    if first >= document.n_lines:
        return 2
    item = read_line(document, first)
    if parent is not None and (
        document.indent(first) < parent.column
        or (document.indent(first) == parent.column and not item.dashes)
    ):
        return 2  # the list has no item yet
    if not item.dashes or item.dashes[0] != column:
        return None
    if parent is None and not PLAY_MARKS.isdisjoint(entry_at(document, first, column).keys):
        return None
    return item.column - column if item.column > column else 2


def comment_lines(document: Document, number: int) -> list[str]:
    """Comment line `number` and those right above it at the same column."""
    first = number
    column = document.line(number).find("#")
    while (
        first > 0
        and number - first < _MOST_COMMENTS
        and document.line(first - 1).lstrip(" \t")[:1] == "#"
        and document.line(first - 1).find("#") == column
    ):
        first -= 1
    return [document.line(n).removeprefix(BOM) for n in range(first, number + 1)]
