"""What one request may see: the file so far, the project's facts, similar tasks. Redacted here.

Only what this module returns may reach a model or the log; nothing later reads the document again, save
the guardrails, which keep what they see to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count, islice
from operator import add

from chiron.ansible.project import Project
from chiron.flywheel.learned.pool import Pool
from chiron.records import Facts, Request, Task
from chiron.redact import Redaction, redact, redact_part

#: Lines on each side of the cursor that the log keeps.
LOGGED_LINES = 12
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Context:
    """Everything the stages after this one know about a request."""

    request: Request
    facts: Facts
    tasks: Sequence[Task]
    project_version: str
    #: Placeholders and secrets of this request; its text is everything before the enclosing task.
    redaction: Redaction
    #: The redacted lines before the enclosing task.
    preceding: tuple[str, ...]
    #: The enclosing task up to the answer's place, redacted.
    head: str
    #: What the log may keep of the surroundings, and where in it an answer goes.
    logged: str
    logged_at: int
    #: What was learned from outcomes here and is in force for this request.
    pool: Pool = field(default_factory=Pool)


def gather(request: Request, project: Project | None, pool: Pool = Pool()) -> Context:  # noqa: B008 frozen
    """The context of `request`. Without a project there are no facts, and their absence proves nothing."""
    scope, text = request.scope, request.text
    starts = _line_starts(text, scope.range.end.line + LOGGED_LINES + 2)
    at = starts[scope.range.start.line] + scope.range.start.column
    head_at = at - len(scope.before)
    end = starts[scope.range.end.line] + scope.range.end.column
    preceding = redact_part(text, 0, head_at)
    head = redact_part(text, head_at, at, known=preceding)
    following = redact_part(text, end, starts[-1], known=head)
    shown = preceding.text.splitlines()
    above = "\n".join([*shown[-LOGGED_LINES:], head.text])
    facts = Facts(complete=False)
    tasks: Sequence[Task] = ()
    version = ""
    if project is not None:
        facts = project.facts(request.place.path, request.text, scope.task_line)
        tasks = project.tasks()
        version = project.version
    return Context(
        request=request,
        facts=facts,
        tasks=tasks,
        project_version=version,
        redaction=head,
        preceding=tuple(shown),
        head=head.text,
        logged=f"{above}{following.text}",
        logged_at=len(above),
        pool=pool,
    )


def _line_starts(text: str, n: int) -> list[int]:
    """Offsets at which the first `n` lines begin, and of the text's end where it has fewer."""
    if "\r" in text:
        starts = [0, *(found.end() for found in islice(_LINE_END.finditer(text), n))]
    else:
        ended = text.split("\n", n)[:-1]
        starts = [0, *map(add, accumulate(map(len, ended)), count(1))]
    return starts if len(starts) > n else [*starts, len(text)]


def similar_text(tasks: Sequence[Task], column: int, known: Redaction) -> str:
    """`tasks` written out as list entries with their dash at `column`, redacted."""
    margin = " " * column
    blocks = []
    for task in tasks:
        body = "".join(f"{margin}  {line}\n" if line else "\n" for line in task.body.rstrip().split("\n"))
        blocks.append(f"{margin}- name: {task.name}\n{body}\n")
    return redact("".join(blocks), known=known).text
