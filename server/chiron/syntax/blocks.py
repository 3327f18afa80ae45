"""The tasks written in a text, whatever else is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from chiron.records import FileKind
from chiron.syntax.document import BOM, NO_INDENT, Document
from chiron.syntax.indentation import (
    Entry,
    Level,
    TaskList,
    entry_at,
    last_line_of,
    opens_text,
    read_line,
    task_list,
)
from chiron.syntax.keywords import BLOCK_LISTS, PLAY_MARKS
from chiron.syntax.names import read_name


@dataclass(frozen=True, slots=True)
class Block:
    """One task as it is written. Its texts end lines with `\\n`, the last line with nothing."""

    first_line: int
    last_line: int
    #: Column of the dash.
    column: int
    #: "" for a task without a name.
    name: str
    #: The whole task, its dash at column 0.
    text: str
    #: What stands beside the name (and what goes with its line), the task's keys at column 0.
    body: str
    #: Under a play's `handlers`, or with a `listen` of its own.
    in_handlers: bool


def task_blocks(text: str) -> list[Block]:
    """Every task in `text`, top to bottom, those within blocks included; it never raises.

    A task is an item of a list at the root or under `tasks`, `block` and their like that has a name and one
    more key, or a module. Blocks themselves and plays are none.
    """
    return list(_task_blocks(text))


# A request reads the same text for several ends.
@lru_cache(maxsize=4)
def _task_blocks(text: str) -> tuple[Block, ...]:
    document = Document("", text)
    blocks: list[Block] = []
    if not document.readable:
        return ()
    levels: list[Level] = []  # outermost first
    text_column = NO_INDENT  # of the key whose block scalar is being passed
    number = -1
    while (number := number + 1) < document.n_lines:
        indent = document.indent(number)
        if indent == NO_INDENT or indent > text_column:
            continue
        text_column = NO_INDENT
        line = read_line(document, number)
        if indent == 0 and not line.dashes and line.value.startswith(("---", "...")):
            levels.clear()
        _leave(levels, indent, is_item=bool(line.dashes))
        for column in line.dashes:
            tasks = task_list(levels[::-1], FileKind.TASKS)
            levels.append(Level(number, column, None))
            if tasks is not None and (block := _read(document, number, column, tasks)) is not None:
                blocks.append(block)
                number = block.last_line
                break
        else:
            if opens_text(line.value):
                text_column = line.column if line.key is not None else max(line.dashes, default=indent)
            elif line.key is not None:
                levels.append(Level(number, line.column, line.key, line.value))
    return tuple(blocks)


def _leave(levels: list[Level], indent: int, *, is_item: bool) -> None:
    """Drops the levels that a line at `indent` doesn't belong to; an item may stand below its key."""
    while levels and levels[-1].column >= indent:
        if levels[-1].column == indent and is_item and levels[-1].key is not None:
            return
        levels.pop()


def _read(document: Document, first_line: int, column: int, tasks: TaskList) -> Block | None:
    """The task whose dash stands at `column` of `first_line`; None where that is none.

    Between two keystrokes all tasks but one stay as they are, so each is read by its own text alone.
    """
    text = document.lines(first_line, last_line_of(document, first_line, column)).rstrip("\r\n")
    block = _read_alone(text, column, tasks.in_handlers, tasks.parent is None)
    if block is None or first_line == 0:
        return block
    return replace(block, first_line=first_line, last_line=first_line + block.last_line)


@lru_cache(maxsize=2048)
def _read_alone(text: str, column: int, in_handlers: bool, at_root: bool) -> Block | None:
    document, first_line = Document("", text), 0
    entry = entry_at(document, first_line, column)
    keys = set(entry.keys)
    if keys & BLOCK_LISTS or (at_root and keys & PLAY_MARKS):
        return None
    if entry.module is None and not ("name" in keys and len(keys) > 1):
        return None
    lines = [
        _dedent(document.line(number).removeprefix(BOM if number == 0 else ""), column)
        for number in range(first_line, entry.last_line + 1)
    ]
    return Block(
        first_line=first_line,
        last_line=entry.last_line,
        column=column,
        name=read_name(entry.value_of("name")) or "",
        text="\n".join(lines),
        body=_body(document, entry, lines),
        in_handlers=in_handlers or "listen" in keys,
    )


def _body(document: Document, entry: Entry, lines: list[str]) -> str:
    """The entry's `lines` without its name's, moved to column 0."""
    width = (entry.key_column or 0) - entry.column
    starts = [line.number for line in entry.lines] + [entry.last_line + 1]
    named = next((i for i, line in enumerate(entry.lines) if line.key == "name"), None)
    body = []
    for number, text in enumerate(lines, entry.first_line):
        if named is not None and starts[named] <= number < starts[named + 1]:
            continue
        blanks = " " * width + text[width:] if number == entry.first_line else text
        body.append(_dedent(blanks, width))
    return "\n".join(body).strip("\n")


def _dedent(text: str, width: int) -> str:
    """`text` moved left by `width` columns, or as far as its blanks go."""
    blanks = len(text) - len(text.lstrip(" "))
    return text[min(width, blanks) :].rstrip(" \t")
