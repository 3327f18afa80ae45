"""Puts what was found into the place it is for: indentation, lead, begun text.

Every text returned begins with the scope's lead and is ready to replace the scope's range as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chiron.ansible.bodies import split_body
from chiron.records import Scope

_NOT_PLAIN = re.compile(r"^[\s\-?:,\[\]{}#&*!|>'\"%@`]|:(?:\s|$)|\s#|\s$")


def lay_out(scope: Scope, body: str) -> str:
    """`body`, a task's keys at column 0, as the rest of the enclosing task.

    Keys the task has already are left out. The last line carries no line end.
    """
    present = set(scope.present)
    if present:
        body = "\n".join(part.text for part in split_body(body) if part.key not in present)
    return scope.lead + indented(body, scope.indent)


def lay_out_options(scope: Scope, options: str) -> str:
    """`options`, at column 0, as further options of the enclosing module; those present are left out."""
    return lay_out(scope, options)


def lay_out_fragment(scope: Scope, name: str) -> str:
    """The module `name` in place of what is begun of it, with its colon.

    Where the range begins at the margin, what stands before the name on its line is written again.
    """
    begun = scope.before.rsplit("\n", 1)[-1]
    if not begun:
        dashed = scope.range.start.line == scope.task_line
        margin = " " * scope.task_column + "-" + " " * (scope.indent - scope.task_column - 1)
        return f"{scope.lead}{margin if dashed else ' ' * scope.indent}{name}:"
    rest = name[len(scope.typed) :] if scope.typed and begun.endswith(scope.typed) else name
    return f"{scope.lead}{rest}:"


def lay_out_tasks(scope: Scope, tasks: Sequence[tuple[str, str]]) -> str:
    """`tasks` (name, body) as entries of the list at the cursor, a blank line between each two."""
    dash = " " * scope.task_column + "- "
    entries = [
        f"{dash}name: {_as_scalar(name)}\n{indented(body, scope.task_column + 2)}" for name, body in tasks
    ]
    return scope.lead + "\n\n".join(entries)


def _as_scalar(name: str) -> str:
    """`name` as YAML reads it back: in quotes where plain it would be something else."""
    if _NOT_PLAIN.search(name):
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return name


def indented(text: str, n_columns: int) -> str:
    """`text` moved right by `n_columns`; blank lines stay empty and the end carries no line end."""
    margin = " " * n_columns
    return "\n".join(margin + line if line.strip() else "" for line in text.rstrip().split("\n"))
