"""From a cursor to what may be suggested there.

Each kind of place has one function that answers for it. All of them work on the lines around the cursor
by indentation, which holds while the YAML is broken; the tree has the last word on whether the cursor is
inside a text. Nothing here raises, whatever the text and position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chiron.records import Expects, FileKind, Position, Range, Scope, ScopeKind
from chiron.syntax.document import BOM, NO_INDENT, Document
from chiron.syntax.indentation import (
    Entry,
    Level,
    Line,
    TaskList,
    entry_at,
    is_empty,
    levels_above,
    line_above,
    line_below,
    opens_text,
    parse_line,
    read_line,
    task_list,
)
from chiron.syntax.keywords import BLOCK_LISTS, PLAY_MARKS
from chiron.syntax.names import read_comment, read_name
from chiron.syntax.parser import is_text

_HOLD_TASKS = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})
#: A cursor's line longer than this holds data.
_LONGEST_LINE = 1000
#: Blank lines between a mapping and the cursor, above which the cursor has left it.
_WIDEST_GAP = 2
#: Comment lines above the cursor that are read as one.
_MOST_COMMENTS = 5
#: Lines above the cursor in which a habit of indentation is looked for.
_HABIT_LINES = 100
#: Columns by which nobody indents a mapping.
_WIDEST_STEP = 8
#: Keys that stand where a module does, but under which no options are written.
_NO_OPTIONS = BLOCK_LISTS | {"action", "local_action"}

_BEGUN = re.compile(r"(?: *(?P<dash>-) +| *)(?P<word>[A-Za-z_][\w.]*)")


def find_scope(document: Document, position: Position, kind: FileKind) -> Scope | None:
    """What may be suggested at `position`, or None. It never raises."""
    if kind not in _HOLD_TASKS or not 0 <= position.line < document.n_lines:
        return None
    position = document.clamp(position)
    text = document.line(position.line)
    if len(text) > _LONGEST_LINE or text[position.column :].strip(" \t") or not document.readable:
        return None
    head = text[: position.column]
    begun = head.strip(" \t" + BOM)
    if not begun:
        scope = _at_blank(document, position, kind)
    elif begun[0] == "#":
        scope = _task_list(document, position, kind, position.line)
    elif match := _BEGUN.fullmatch(head.removeprefix(BOM)):
        scope = _at_word(document, position, kind, match)
    else:
        scope = _at_name(document, position, kind)
    if scope is None or _is_inside_text(document, position, scope):
        return None
    return scope


def _is_inside_text(document: Document, position: Position, scope: Scope) -> bool:
    last = position.line + scope.after.count("\n")
    tree = document.tree_to(last)
    return tree is None or is_text(tree, document.byte_offset(position))


# --------------------------------------------------------------------------- the places


def _at_name(document: Document, position: Position, kind: FileKind) -> Scope | None:
    """`task_body` at the end of a name line."""
    line = parse_line(document.line(position.line)[: position.column].removeprefix(BOM), position.line)
    if line.key != "name":
        return None
    found = _task_at(document, position.line + 1, line.column, kind)
    return _task_body(document, Range(position, position), "\n", found)


def _at_blank(document: Document, position: Position, kind: FileKind) -> Scope | None:
    """`task_list` under a comment, else `module_options`, else `task_body`."""
    above = position.line - 1
    if above >= 0 and document.line(above).lstrip(" \t" + BOM).startswith("#"):
        scope = _task_list(document, position, kind, above)
        if scope is not None:
            return scope
    found = _task_at(document, position.line, position.column, kind)
    if found is not None and found.path:
        return _module_options(document, position, found, "", position.column)
    return _body_under(document, position, kind)


def _at_word(document: Document, position: Position, kind: FileKind, match: re.Match[str]) -> Scope | None:
    """`module_name` or `module_options`, by what the begun word belongs to."""
    word, column = match["word"], match.start("word")
    if match["dash"]:
        if "name".startswith(word):
            return None
        found = _item_at(document, position.line, match.start("dash"), kind)
        return _module_name(document, position, found, word, column)
    found = _task_at(document, position.line, column, kind)
    if found is not None and found.path:
        return _module_options(document, position, found, word, column)
    return _module_name(document, position, found, word, column)


def _body_under(document: Document, position: Position, kind: FileKind) -> Scope | None:
    """`task_body` on a blank line under a task's name or keywords."""
    number = line_above(document, position.line)
    if number < 0 or (gap := _gap(document, number, position.line)) > _WIDEST_GAP:
        return None
    above = read_line(document, number)
    found = _task_at(document, number + 1, above.column, kind) if above.key is not None else None
    if found is not None and not found.path:
        # The line above is a key of the task itself, so any indentation will do right below it.
        unfinished = above.key != "name" and (is_empty(above.value) or opens_text(above.value))
        if unfinished or (gap and position.column <= found.entry.column):
            return None
    else:
        found = _task_at(document, position.line, position.column, kind)
        if found is None or position.column != found.entry.key_column:
            return None
    return _task_body(document, _from_margin(document, position), "", found)


# --------------------------------------------------------------------------- the kinds of scope


def _task_body(document: Document, span: Range, lead: str, found: _Found | None) -> Scope | None:
    if found is None or found.path or found.entry.module is not None or found.entry.key_column is None:
        return None
    name = read_name(found.entry.value_of("name"))
    if name is None:
        return None
    return _scope(
        document,
        ScopeKind.TASK_BODY,
        Expects.TASK,
        span,
        found,
        lead=lead,
        indent=found.entry.key_column,
        present=found.entry.keys,
    )


def _module_name(
    document: Document, position: Position, found: _Found | None, word: str, column: int
) -> Scope | None:
    if found is None or found.path or found.entry.module is not None or found.entry.key_column != column:
        return None
    return _scope(
        document,
        ScopeKind.MODULE_NAME,
        Expects.FRAGMENT,
        _from_margin(document, position),
        found,
        indent=column,
        present=found.entry.keys,
        typed=word,
    )


def _module_options(
    document: Document, position: Position, found: _Found, word: str, column: int
) -> Scope | None:
    """Options of the task's module; None in the mappings and lists below them."""
    module, entry = found.path[0], found.entry
    if len(found.path) > 1 or module.key != entry.module or module.key in _NO_OPTIONS:
        return None
    options = _options(document, module, entry, position.line)
    if options and (options[0].dashes or options[0].column != column):
        return None
    above = line_above(document, position.line)
    if _gap(document, above, position.line) > _WIDEST_GAP:
        return None
    indent = column if options or word else module.column + _habit(document, module.line)
    return _scope(
        document,
        ScopeKind.MODULE_OPTIONS,
        Expects.OPTIONS,
        _from_margin(document, position),
        found,
        indent=indent,
        present=tuple(line.key for line in options if line.key is not None),
        typed=word,
    )


def _task_list(document: Document, position: Position, kind: FileKind, number: int) -> Scope | None:
    """`task_list` at the end of comment line `number`, or on the blank line right under it."""
    text = document.line(number).removeprefix(BOM)
    column = text.index("#")
    if position.line == number:
        below = document.line(number + 1)
        if below.lstrip(" \t")[:1] == "#" or (below[:column].strip(" ") == "" and below[column:][:1] == "-"):
            return None  # the comment goes on, or speaks of the task that follows
    elif position.column > column:
        return None
    levels = list(levels_above(document, number, column, dash=True))
    tasks = task_list(levels, kind)
    step = None if tasks is None else _step(document, tasks.parent, column)
    comment = read_comment(_comments(document, number))
    if tasks is None or step is None or comment is None:
        return None
    at_end = position.line == number
    return Scope(
        kind=ScopeKind.TASK_LIST,
        expects=Expects.TASKS,
        file_kind=kind,
        range=Range(position, position) if at_end else _from_margin(document, position),
        lead="\n" if at_end else "",
        indent=column + step,
        task_column=column,
        before="",
        after="",
        task_name=comment,
        in_handlers=tasks.in_handlers,
        task_line=number,
    )


def _scope(  # noqa: PLR0913  # the fields in which the three kinds differ
    document: Document,
    scope_kind: ScopeKind,
    expects: Expects,
    span: Range,
    found: _Found,
    *,
    indent: int,
    present: tuple[str, ...],
    lead: str = "",
    typed: str = "",
) -> Scope:
    entry, start, end = found.entry, span.start, span.end
    before = document.lines(entry.first_line, start.line - 1) + document.line(start.line)[: start.column]
    after = document.lines(end.line, max(entry.last_line, end.line))[end.column :]
    return Scope(
        kind=scope_kind,
        expects=expects,
        file_kind=found.file_kind,
        range=span,
        lead=lead,
        indent=indent,
        task_column=entry.column,
        before=before.removeprefix(BOM),
        after=_without_end(after),
        task_name=read_name(entry.value_of("name")) or "",
        module=entry.module,
        present=present,
        typed=typed,
        in_handlers=found.tasks.in_handlers,
        task_line=entry.first_line,
    )


# --------------------------------------------------------------------------- what is around


@dataclass(frozen=True, slots=True)
class _Found:
    """The task around a place, the keys between the two (innermost first), and the list it stands in."""

    entry: Entry
    path: tuple[Level, ...]
    tasks: TaskList
    file_kind: FileKind


def _task_at(document: Document, line: int, column: int, kind: FileKind) -> _Found | None:
    """The task that something at `column` of `line` would belong to."""
    levels = list(levels_above(document, line, column, dash=False))
    for index, level in enumerate(levels):
        if level.key is None:
            return _found(document, level.line, level.column, levels[:index], levels[index + 1 :], kind)
        if not is_empty(level.value):
            return None
    return None


def _item_at(document: Document, line: int, column: int, kind: FileKind) -> _Found | None:
    """The task whose dash stands at `column` of `line`."""
    return _found(document, line, column, [], list(levels_above(document, line, column, dash=True)), kind)


def _found(
    document: Document, line: int, column: int, path: list[Level], outer: list[Level], kind: FileKind
) -> _Found | None:
    tasks = task_list(outer, kind)
    if tasks is None:
        return None
    entry = entry_at(document, line, column)
    if not outer and not PLAY_MARKS.isdisjoint(entry.keys):
        return None
    return _Found(entry, tuple(path), tasks, kind)


def _options(document: Document, module: Level, entry: Entry, besides: int) -> list[Line]:
    """The options under `module`, those on line `besides` left out."""
    options: list[Line] = []
    column = None
    for number in range(module.line + 1, entry.last_line + 1):
        indent = document.indents[number]
        if indent == NO_INDENT or number == besides:
            continue
        if indent <= module.column:
            break
        column = indent if column is None else column
        if indent == column:
            options.append(read_line(document, number))
    return options


def _gap(document: Document, above: int, line: int) -> int:
    """Blank lines between line `above` and `line`; comments don't count."""
    return sum(not document.line(number).strip(" \t") for number in range(max(above, line - 9) + 1, line))


def _habit(document: Document, line: int) -> int:
    """By how many columns the mapping nearest above `line` is indented; 2 where there is none near."""
    below: Line | None = None
    for number in range(line - 1, max(line - _HABIT_LINES, -1), -1):
        if document.indents[number] == NO_INDENT:
            continue
        above = read_line(document, number)
        if below is not None and not below.dashes and above.key is not None and is_empty(above.value):
            step = below.column - above.column
            if 0 < step <= _WIDEST_STEP:
                return step
        below = above
    return 2


def _step(document: Document, parent: Level | None, column: int) -> int | None:
    """Columns from dash to keys in the list under `parent`; None where its dashes stand at another column."""
    first = line_below(document, parent.line if parent is not None else -1)
    while parent is None and first < document.n_lines and document.line(first).startswith(("---", "%")):
        first = line_below(document, first)
    if first >= document.n_lines:
        return 2
    item = read_line(document, first)
    if parent is not None and (
        document.indents[first] < parent.column
        or (document.indents[first] == parent.column and not item.dashes)
    ):
        return 2  # the list has no item yet
    if not item.dashes or item.dashes[0] != column:
        return None
    if parent is None and not PLAY_MARKS.isdisjoint(entry_at(document, first, column).keys):
        return None
    return item.column - column if item.column > column else 2


def _comments(document: Document, number: int) -> list[str]:
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


def _from_margin(document: Document, position: Position) -> Range:
    """From the line's first column (behind a BOM) to `position`."""
    bom = position.line == 0 and document.line(0).startswith(BOM)
    return Range(Position(position.line, int(bom)), position)


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
