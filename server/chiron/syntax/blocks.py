"""The tasks written in a text, whatever else is in it."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from operator import attrgetter

from chiron.kept import kept
from chiron.lines import Shared
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
    return list(_reading_of(text).blocks)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text that was read, and round each of its blocks the levels that its line was found in."""

    document: Document
    blocks: tuple[Block, ...] = ()
    around: tuple[tuple[Level, ...], ...] = ()


#: The texts read last, newest first. A request reads one text for several ends, and between two keystrokes
#: all of its lines but one or two stay as they are.
_recent: deque[_Reading] = deque(maxlen=4)
#: Characters by which a text is known for another one after an edit.
_LIKE = 100


def _reading_of(text: str) -> _Reading:
    document, before, shared = None, None, Shared(0, 0)
    for reading in tuple(_recent):
        if reading.document.text == text:
            return reading
        if before is None and _is_akin(text, reading.document.text):
            before = reading
            document, shared = Document.like(text, reading.document)
    if document is None:
        document = Document("", text)
    reading = _read_all(document, before, shared) if document.readable else _Reading(document)
    _recent.appendleft(reading)
    return reading


def _is_akin(text: str, other: str) -> bool:
    """Whether one text may be the other after an edit: they begin or end alike."""
    return text[:_LIKE] == other[:_LIKE] or text[-_LIKE:] == other[-_LIKE:]


def _read_all(document: Document, before: _Reading | None, shared: Shared) -> _Reading:
    """The blocks of `document`; those in lines that are `shared` with the text read `before` are taken over.

    What a line is depends on the levels it is found in, and those on the lines above. So reading begins at
    the last block above the first new line, and ends at the first one below the last new line that stands in
    the levels it stood in before.
    """
    blocks: list[Block] = []
    around: list[tuple[Level, ...]] = []
    levels: list[Level] = []  # outermost first
    number = -1
    if before is not None and (n_kept := _n_above(before, shared.first) - 1) > 0:
        blocks, around = list(before.blocks[:n_kept]), list(before.around[:n_kept])
        levels, number = list(before.around[n_kept]), before.blocks[n_kept].first_line - 1
    text_column = NO_INDENT  # of the key whose block scalar is being passed
    while (number := number + 1) < document.n_lines:
        indent = document.indent(number)
        if indent == NO_INDENT or indent > text_column:
            continue
        text_column = NO_INDENT
        line = read_line(document, number)
        if indent == 0 and not line.dashes and line.value.startswith(("---", "...")):
            levels.clear()
        _leave(levels, indent, is_item=bool(line.dashes))
        here = tuple(levels)
        if line.dashes and (rest := _rest(document, number, here, before, shared)) is not None:
            return _Reading(document, (*blocks, *rest.blocks), (*around, *rest.around))
        for column in line.dashes:
            tasks = task_list(levels[::-1], FileKind.TASKS)
            levels.append(Level(0, column, None))
            if tasks is not None and (block := _read(document, number, column, tasks)) is not None:
                blocks.append(block)
                around.append(here)
                number = block.last_line
                break
        else:
            if opens_text(line.value):
                text_column = line.column if line.key is not None else max(line.dashes, default=indent)
            elif line.key is not None:
                levels.append(Level(0, line.column, line.key, line.value))
    return _Reading(document, tuple(blocks), tuple(around))


def _rest(
    document: Document, number: int, here: tuple[Level, ...], before: _Reading | None, shared: Shared
) -> _Reading | None:
    """What was read `before` from line `number` on, if that line stood in the same levels then."""
    if before is None or number < document.n_lines - shared.last:
        return None
    shift = document.n_lines - before.document.n_lines
    n = _n_above(before, number - shift)
    if n == len(before.blocks) or before.blocks[n].first_line + shift != number or before.around[n] != here:
        return None
    return _Reading(document, tuple(_moved(block, shift) for block in before.blocks[n:]), before.around[n:])


def _n_above(reading: _Reading, line: int) -> int:
    """How many blocks begin above `line`."""
    return bisect_left(reading.blocks, line, key=attrgetter("first_line"))


def _moved(block: Block, shift: int) -> Block:
    if not shift:
        return block
    first, last = block.first_line + shift, block.last_line + shift
    return Block(first, last, block.column, block.name, block.text, block.body, block.in_handlers)


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
    return _moved(block, first_line) if block is not None else None


@kept(512)
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
