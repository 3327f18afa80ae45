"""What is true about Ansible here: modules, tasks, problems, a project's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chiron.records.text import Range


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a module, as documented. `type` is Ansible's word, `str` where none is given."""

    name: str
    type: str = "str"
    required: bool = False
    choices: tuple[Any, ...] = ()
    aliases: tuple[str, ...] = ()
    default: Any = None
    elements: str | None = None
    suboptions: Mapping[str, Option] | None = None
    description: str = ""
    version_added: str | None = None
    deprecated: str | None = None
    no_log: bool = False
    #: May come from elsewhere, as from the environment, and so be left out even where it is required.
    fallback: bool = False
    #: What holds between its sub-options.
    constraints: Constraints | None = None


@dataclass(frozen=True, slots=True)
class Constraints:
    """What `AnsibleModule` checks beyond single options; it stands only in the module's code."""

    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_together: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    #: (option, value, the options then required, whether any one of them is enough)
    required_if: tuple[tuple[str, Any, tuple[str, ...], bool], ...] = ()
    required_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Module:
    """One module (or action), as installed here."""

    fqcn: str
    collection: str
    version: str
    path: str
    short_description: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    constraints: Constraints = Constraints()
    #: Takes a bare string: `command: ls`.
    free_form: bool = False
    deprecated: str | None = None
    #: Parsed tasks' YAML text as written in the module's EXAMPLES.
    examples: str = ""
    #: Options may be checked: False where docs could not be read or options are open-ended.
    checkable: bool = True
    version_added: str | None = None
    #: What it supports (`check_mode`, `diff_mode`, …) and how far: `full`, `partial`, `none`, `N/A`.
    attributes: Mapping[str, str] = field(default_factory=dict)


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Fix:
    """An exact edit that removes a problem: `edits` replace ranges of the validated text."""

    title: str
    edits: tuple[tuple[Range, str], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a task, play or file. `code` is stable and documented."""

    code: str
    message: str
    range: Range
    severity: Severity = Severity.ERROR
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task already written somewhere: in the workspace, in a collection's EXAMPLES, or accepted here."""

    name: str
    #: Module as written, and its FQCN where it could be resolved.
    module: str
    fqcn: str | None
    #: The task's lines under the name line, dedented so that its keys start at column 0.
    body: str
    path: str
    line: int
    #: `workspace`, `examples` or `accepted`.
    origin: str = "workspace"
    #: Of an accepted one: the suggestion it came from, how that is known (`accepted by you on 3 May 2026`),
    #: and what it still counts for, from 0 to 1.
    suggestion_id: str = ""
    note: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable in reach of the cursor. Its value is never read.

    `kind` is one of `role_default`, `role_var`, `group_var`, `host_var`, `play_var`, `set_fact`,
    `register`, `argument_spec`, `loop`, `magic` or `used` (nobody defines it here, but other tasks in reach
    rely on it); `where` is the file, relative to the workspace.
    """

    name: str
    kind: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """The habits of a file and, where it has none, of its project. None where there is no habit."""

    #: `ansible.builtin.copy` rather than `copy`.
    fqcn: bool | None = None
    #: `copy: src=a dest=b` rather than a mapping.
    key_value: bool | None = None
    #: How booleans are written: `true`, `True` or `yes`.
    true_word: str | None = None
    #: Quote character round strings that need none: `"`, `'` or "".
    quote: str | None = None
    #: How file modes are written: `"0644"`, `'0644'`, `0644` or `u=rw,g=r,o=r`, as an example.
    mode: str | None = None
    #: Columns by which lists of tasks and options are indented.
    indent: int = 2
    #: The package module used here, as written.
    package_module: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is within reach of one place in a project. Names only, never values."""

    role: str | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)
    #: Names and `listen` topics of handlers in reach.
    handlers: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    #: Hosts and groups of the inventories beside the project; empty where none was read.
    hosts: tuple[str, ...] = ()
    style: Style = Style()
    #: Modules used in this workspace, as written, with the options seen there.
    used_modules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: False where the project could not be read, so that absence proves nothing.
    complete: bool = True
