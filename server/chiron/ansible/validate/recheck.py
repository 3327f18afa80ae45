"""A text's problems while it is being written: on a keystroke only the task that changed is checked again.

The other tasks are blanked, so that the play and the blocks round the one that changed still count, and the
lines keep their numbers. What was found in the others before is moved along with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chiron.ansible.catalog import Catalog
from chiron.ansible.validate.validate import validate_file
from chiron.records import Facts, FileKind, Position, Problem, Range
from chiron.syntax.blocks import Block, task_blocks

_WITH_TASKS = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})
#: What ends a line in an editor; YAML and Python know more.
_LINE = re.compile(r"\r\n|\r|\n")
#: With these the rest of the file was not looked at, so nothing is known of it.
_OF_THE_WHOLE = frozenset({"yaml-syntax", "too-deep", "too-large"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a text. `only` is the first line of the one task that was looked at; None for all."""

    text: str
    kind: FileKind
    problems: tuple[Problem, ...]
    blocks: tuple[Block, ...] = ()
    only: int | None = None


def check_text(
    text: str,
    kind: FileKind,
    catalog: Catalog,
    facts: Callable[[int], Facts] | None,
    before: Checked | None = None,
) -> Checked:
    """The problems of `text`. With `before`, of a few keystrokes ago, one task is checked if that will do."""
    blocks = tuple(task_blocks(text)) if kind in _WITH_TASKS else ()
    if before is not None and before.kind is kind:
        if before.text == text and before.only is None:
            return before
        checked = _only_changed(text, kind, catalog, facts, before, blocks)
        if checked is not None:
            return checked
    return Checked(text, kind, tuple(validate_file(text, kind, catalog, facts)), blocks)


def _only_changed(
    text: str,
    kind: FileKind,
    catalog: Catalog,
    facts: Callable[[int], Facts] | None,
    before: Checked,
    blocks: Sequence[Block],
) -> Checked | None:
    """The problems where one task alone has changed; None where more did."""
    if len(blocks) != len(before.blocks) or any(one.code in _OF_THE_WHOLE for one in before.problems):
        return None
    old, new = _LINE.split(before.text), _LINE.split(text)
    first, n_after = _difference(old, new)
    index = next((n for n in reversed(range(len(blocks))) if blocks[n].first_line <= first), None)
    if index is None:
        return None
    was, now = before.blocks[index], blocks[index]
    if (was.first_line, was.column, was.in_handlers) != (now.first_line, now.column, now.in_handlers):
        return None
    if now.in_handlers and _topics(was) != _topics(now):
        return None  # other tasks notify it
    # The last line that differs must belong to the task, before and after.
    if len(new) - n_after > now.last_line + 1 or len(old) - n_after > was.last_line + 1:
        return None
    moved = len(new) - len(old)
    kept = [one for one in before.problems if one.range.start.line < was.first_line]
    kept += [_moved(one, moved) for one in before.problems if one.range.start.line > was.last_line]
    own = tuple(block.name for block in blocks if block.in_handlers and block.name)
    found = validate_file(_alone(new, blocks, index), kind, catalog, _with_handlers(facts, own))
    if any(one.code in _OF_THE_WHOLE for one in found):
        return None
    inside = [one for one in found if now.first_line <= one.range.start.line <= now.last_line]
    problems = sorted([*kept, *inside], key=lambda one: (one.range.start, one.code))
    return Checked(text, kind, tuple(problems), tuple(blocks), now.first_line)


def _topics(block: Block) -> tuple[str, list[str]]:
    """What a handler is notified by: its name, and the lines from `listen` on, which may be a list."""
    lines = block.text.split("\n")
    return block.name, [
        line for n, line in enumerate(lines) if any("listen" in one for one in lines[: n + 1])
    ]


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """The first line that differs, and the number of lines at the end that do not."""
    shortest = min(len(old), len(new))
    first = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    n_after = 0
    while n_after < shortest - first and old[-1 - n_after] == new[-1 - n_after]:
        n_after += 1
    return first, n_after


def _alone(lines: Sequence[str], blocks: Sequence[Block], index: int) -> str:
    """The text with every task but one blanked."""
    left = list(lines)
    for n, block in enumerate(blocks):
        if n != index:
            left[block.first_line : block.last_line + 1] = [""] * (block.last_line + 1 - block.first_line)
    return "\n".join(left)


def _with_handlers(
    facts: Callable[[int], Facts] | None, names: tuple[str, ...]
) -> Callable[[int], Facts] | None:
    if facts is None:
        return None
    return lambda line: _added(facts(line), names)


def _added(facts: Facts, names: tuple[str, ...]) -> Facts:
    return replace(facts, handlers=(*facts.handlers, *names))


def _moved(problem: Problem, n_lines: int) -> Problem:
    if n_lines == 0:
        return problem
    fix = problem.fix
    if fix is not None:
        fix = replace(fix, edits=tuple((_lower(place, n_lines), text) for place, text in fix.edits))
    return replace(problem, range=_lower(problem.range, n_lines), fix=fix)


def _lower(place: Range, n_lines: int) -> Range:
    start, end = place.start, place.end
    return Range(Position(start.line + n_lines, start.column), Position(end.line + n_lines, end.column))
