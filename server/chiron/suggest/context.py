"""What one request may see: the file so far, the project's facts, similar tasks. Redacted here.

Only what this module returns may reach a model or the log; nothing later reads the document again, save
the guardrails, which keep what they see to themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chiron.ansible.project import Project
from chiron.flywheel.learned.pool import Pool
from chiron.lines import last_lines, lines_of, start_of
from chiron.records import Facts, Request, Task
from chiron.redact import Redaction, redact, redact_part

#: Lines on each side of the cursor that the log keeps.
LOGGED_LINES = 12


@dataclass(frozen=True, slots=True)
class Context:
    """Everything the stages after this one know about a request."""

    request: Request
    facts: Facts
    tasks: Sequence[Task]
    project_version: str
    #: Placeholders and secrets of this request; its text is everything before the enclosing task.
    redaction: Redaction
    #: The lines before the enclosing task, redacted, each with "\\n" at its end.
    preceding: str
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
    lines, first, last = lines_of(text), scope.range.start, scope.range.end
    at = start_of(text, first.line) + first.column
    head_at = at - len(scope.before)
    end = at - first.column + sum(map(len, lines[first.line : last.line])) + last.column
    below = sum(map(len, lines[last.line : last.line + LOGGED_LINES + 2])) - last.column
    before = redact_part(text, 0, head_at)
    head = redact_part(text, head_at, at, known=before)
    following = redact_part(text, end, end + below, known=head)
    preceding = before.text.replace("\r\n", "\n").replace("\r", "\n")
    above = "\n".join([*last_lines(preceding, LOGGED_LINES), head.text])
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
        preceding=preceding,
        head=head.text,
        logged=f"{above}{following.text}",
        logged_at=len(above),
        pool=pool,
    )


def similar_text(tasks: Sequence[Task], column: int, known: Redaction) -> str:
    """`tasks` written out as list entries with their dash at `column`, redacted."""
    margin = " " * column
    blocks = []
    for task in tasks:
        body = "".join(f"{margin}  {line}\n" if line else "\n" for line in task.body.rstrip().split("\n"))
        blocks.append(f"{margin}- name: {task.name}\n{body}\n")
    return redact("".join(blocks), known=known).text
