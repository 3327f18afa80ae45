"""Where a cursor is, and what may be written there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chiron.records.text import Range


class FileKind(StrEnum):
    """What a YAML file is to Ansible. Only the first three can hold tasks."""

    PLAYBOOK = "playbook"
    TASKS = "tasks"
    HANDLERS = "handlers"
    VARS = "vars"
    META = "meta"
    ARGUMENT_SPECS = "argument_specs"
    INVENTORY = "inventory"
    REQUIREMENTS = "requirements"
    GALAXY = "galaxy"
    TEMPLATE = "template"
    VAULT = "vault"
    OTHER = "other"


class ScopeKind(StrEnum):
    """What may be suggested at the cursor."""

    TASK_BODY = "task_body"
    MODULE_OPTIONS = "module_options"
    MODULE_NAME = "module_name"
    TASK_LIST = "task_list"
    #: An edit a person asked for, of what stands there already.
    ACTION = "action"


class Expects(StrEnum):
    """What a request may be answered with. It selects the guardrails."""

    FRAGMENT = "fragment"
    OPTIONS = "options"
    TASK = "task"
    TASKS = "tasks"
    EDITS = "edits"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Scope:
    """The kind of place the cursor is in, and the syntax around it.

    `before + inserted text + after` is the YAML of the enclosing task (or, for `task_list`, of the new
    tasks alone), with the indentation it has in the file.
    """

    kind: ScopeKind
    expects: Expects
    file_kind: FileKind
    #: What an answer replaces. Empty at the end of a line; from column 0 on a blank or begun line.
    range: Range
    #: What an answer must begin with: "\n" at the end of a name line, "" elsewhere.
    lead: str
    #: Column of the keys to be written: the task's keys, or the module's options.
    indent: int
    #: Column of the dash of the enclosing (or coming) task.
    task_column: int
    #: The enclosing task's text from its dash's line up to `range.start`.
    before: str
    #: The enclosing task's text from `range.end` to its last line.
    after: str
    #: The task's name, or the comment's text for `task_list`. Jinja stays as written.
    task_name: str = ""
    #: The module as written, where one stands in the enclosing task.
    module: str | None = None
    #: Keys that already stand in the mapping to be filled, in order.
    present: tuple[str, ...] = ()
    #: Begun text between the mapping's indentation and the cursor: `ansible.builtin.ap`, `sta`.
    typed: str = ""
    #: The enclosing task stands in a `handlers:` list or file.
    in_handlers: bool = False
    #: Line of the enclosing task's dash (for `task_list`, of the comment).
    task_line: int = 0
