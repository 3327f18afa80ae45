"""From a cursor to what may be suggested there.

Each kind of place has one function that answers for it. All of them work on the lines around the cursor
by indentation, which holds while the YAML is broken; the tree has the last word on whether the cursor is
inside a text. Nothing here raises, whatever the text and position.
"""

from __future__ import annotations

import re

from chiron.records import Expects, FileKind, Position, Range, Scope, ScopeKind
from chiron.syntax.document import BOM, Document
from chiron.syntax.indentation import (
    is_empty,
    levels_above,
    opens_text,
    parse_line,
    read_line,
    task_list,
)
from chiron.syntax.keywords import BLOCK_LISTS, is_module
from chiron.syntax.names import read_comment, read_name
from chiron.syntax.parser import is_text
from chiron.syntax.surroundings import (
    Enclosing,
    blank_lines,
    comment_lines,
    habit_above,
    options_under,
    step_in,
    task_around,
    task_with_dash,
)

_HOLD_TASKS = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})
#: A cursor's line longer than this holds data.
_LONGEST_LINE = 1000
#: Blank lines between a mapping and the cursor, above which the cursor has left it.
_WIDEST_GAP = 2
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
        return _at_blank(document, position, kind)
    if begun[0] == "#":
        return _task_list(document, position, kind, position.line)
    if match := _BEGUN.fullmatch(head.removeprefix(BOM)):
        return _at_word(document, position, kind, match)
    return _at_name(document, position, kind)


# --------------------------------------------------------------------------- the places


def _at_name(document: Document, position: Position, kind: FileKind) -> Scope | None:
    """`task_body` at the end of a name line."""
    line = parse_line(document.line(position.line)[: position.column].removeprefix(BOM), position.line)
    if line.key != "name":
        return None
    found = task_around(document, position.line + 1, line.column, kind)
    return _task_body(document, Range(position, position), "\n", found)


def _at_blank(document: Document, position: Position, kind: FileKind) -> Scope | None:
    """`task_list` under a comment, else `module_options`, else `task_body`."""
    above = position.line - 1
    if above >= 0 and document.line(above).lstrip(" \t" + BOM).startswith("#"):
        scope = _task_list(document, position, kind, above)
        if scope is not None:
            return scope
    found = task_around(document, position.line, position.column, kind)
    if found is not None and found.path:
        return _module_options(document, position, found, "", position.column)
    return _body_under(document, position, kind)


def _at_word(document: Document, position: Position, kind: FileKind, match: re.Match[str]) -> Scope | None:
    """`module_name` or `module_options`, by what the begun word belongs to."""
    word, column = match["word"], match.start("word")
    if match["dash"]:
        if "name".startswith(word):
            return None
        found = task_with_dash(document, position.line, match.start("dash"), kind)
        return _module_name(document, position, found, word, column)
    found = task_around(document, position.line, column, kind)
    if found is not None and found.path:
        return _module_options(document, position, found, word, column)
    return _module_name(document, position, found, word, column)


def _body_under(document: Document, position: Position, kind: FileKind) -> Scope | None:
    """`task_body` on a blank line under a task's name or keywords."""
    number = document.line_above(position.line)
    if number < 0 or (gap := blank_lines(document, number, position.line)) > _WIDEST_GAP:
        return None
    above = read_line(document, number)
    found = task_around(document, number + 1, above.column, kind) if above.key is not None else None
    if found is not None and not found.path:
        # The line above is a key of the task itself, so any indentation will do right below it.
        unfinished = above.key != "name" and (is_empty(above.value) or opens_text(above.value))
        if unfinished or (gap and position.column <= found.entry.column):
            return None
    else:
        found = task_around(document, position.line, position.column, kind)
        if found is None or position.column != found.entry.key_column:
            return None
    return _task_body(document, _from_margin(document, position), "", found)


# --------------------------------------------------------------------------- the kinds of scope


def _task_body(document: Document, span: Range, lead: str, found: Enclosing | None) -> Scope | None:
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
    document: Document, position: Position, found: Enclosing | None, word: str, column: int
) -> Scope | None:
    if found is None or found.path or found.entry.module is not None or found.entry.key_column != column:
        return None
    if word in BLOCK_LISTS or not is_module(word):
        return None  # a keyword that lacks only its colon
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
    document: Document, position: Position, found: Enclosing, word: str, column: int
) -> Scope | None:
    """Options of the task's module; None in the mappings and lists below them."""
    module, entry = found.path[0], found.entry
    if len(found.path) > 1 or module.key != entry.module or module.key in _NO_OPTIONS:
        return None
    options = options_under(document, module, entry, position.line)
    if options and (options[0].dashes or options[0].column != column):
        return None
    above = document.line_above(position.line)
    if blank_lines(document, above, position.line) > _WIDEST_GAP:
        return None
    indent = column if options or word else module.column + habit_above(document, module.line)
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
    step = None if tasks is None else step_in(document, tasks.parent, column)
    comment = read_comment(comment_lines(document, number))
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
    found: Enclosing,
    *,
    indent: int,
    present: tuple[str, ...],
    lead: str = "",
    typed: str = "",
) -> Scope | None:
    """The scope in the task `found`; None where the cursor stands inside a text of it."""
    entry, start, end = found.entry, span.start, span.end
    tree = document.tree_of(entry.first_line, max(entry.last_line, end.line))
    if tree is None or is_text(tree, document.n_bytes_between(entry.first_line, end)):
        return None
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


def _from_margin(document: Document, position: Position) -> Range:
    """From the line's first column (behind a BOM) to `position`."""
    bom = position.line == 0 and document.line(0).startswith(BOM)
    return Range(Position(position.line, int(bom)), position)


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
