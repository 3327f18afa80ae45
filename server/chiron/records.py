"""The frozen values that cross rooms.

Everything here is plain data: nothing does I/O, nothing imports another room. Positions count lines and
Unicode code points from zero; only `lsp` knows other units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

# --------------------------------------------------------------------------- text


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two characters: `line` and `column` from 0, in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """The text from `start` up to, not including, `end`."""

    start: Position
    end: Position


# --------------------------------------------------------------------------- places


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


# --------------------------------------------------------------------------- suggestions


class Source(StrEnum):
    """Where a candidate came from."""

    CACHE = "cache"
    RECALL = "recall"
    MODEL = "model"
    #: An exact rewrite, without a model.
    RULE = "rule"


class Origin(StrEnum):
    """Who asked. Acceptance figures count `editor` only."""

    EDITOR = "editor"
    TRY = "try"
    CLI = "cli"
    EVAL = "eval"
    REPLAY = "replay"


class Trigger(StrEnum):
    """Why the request was made: by a keystroke, or because the person asked."""

    AUTOMATIC = "automatic"
    INVOKED = "invoked"


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason to believe a suggestion.

    `kind` is `module` (its documentation, `detail` the version), `task` (a task it was recalled from,
    `where` the place), `fact` (something of this project it uses) or `model`.
    """

    kind: str
    what: str
    where: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that could replace `Scope.range`, before any check."""

    text: str
    source: Source
    model: str | None = None
    #: How likely it is to be kept, from 0 to 1; comparable within one scope only.
    confidence: float = 0.0
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A candidate that was not shown: a documented reason code and what in particular was wrong."""

    reason: str
    detail: str
    text: str = ""
    source: Source | None = None
    #: How sure the candidate was, so that a review can look at what nearly was shown.
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate that passed every guardrail. Putting `text` in place of `range` is the whole edit."""

    id: str
    text: str
    range: Range
    source: Source
    module: str | None
    model: str | None
    confidence: float
    grounds: tuple[Ground, ...]
    #: A module that is used in this workspace but not installed here.
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request came from: the document's URI and file path, its version, and what it belongs to."""

    uri: str
    path: str | None
    version: int
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the pipeline: a scope in a text, and who asks."""

    place: Place
    text: str
    scope: Scope
    origin: Origin
    trigger: Trigger
    n: int = 1


@dataclass(frozen=True, slots=True)
class Consulted:
    """The exchange with a model behind an answer, whether it took place now or was remembered."""

    model: str
    endpoint: str
    prompt_version: str
    #: The request's text, redacted, byte for byte as it was sent.
    sent: str
    from_cache: bool
    leaves_machine: bool
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request. `suggestions` may be empty; then `silence` says why in a code."""

    id: str
    suggestions: tuple[Suggestion, ...]
    withheld: tuple[Withheld, ...]
    stage_ms: Mapping[str, float]
    silence: str | None = None
    #: What went wrong on the way, in words for a person; the answer is then what could be had without it.
    trouble: str | None = None
    #: The redacted lines round the cursor, for the log.
    context: str = ""
    #: Where in `context` a suggestion's text goes, in code points; -1 where nobody knows.
    context_at: int = -1
    consulted: Consulted | None = None
    catalog_version: str = ""
    pool_version: str = ""
    #: What was drawn for this request, and how likely that was.
    arm: str = "default"
    propensity: float = 1.0
    #: Secrets of the file by placeholder, so that they are taken out of what is logged. Never written down.
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


# --------------------------------------------------------------------------- models


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an endpoint was found able to do when it was probed."""

    completions: bool = False
    chat: bool = False
    json_schema: bool = False
    grammar: bool = False
    logprobs: bool = False
    #: Lines of the file worth sending: a model that reads slowly answers late if it is given much.
    prompt_lines: int = 60
    #: How likely what it writes is to be kept, before anything has been learned about it.
    trust: float = 0.6


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model, exactly as it will be sent (already redacted).

    `system` is used by chat endpoints only. What an endpoint cannot do (`grammar`, `json_schema`) it
    ignores; answers are validated in any case.
    """

    prompt: str
    system: str = ""
    stop: tuple[str, ...] = ()
    max_tokens: int = 160
    temperature: float = 0.0
    n: int = 1
    grammar: str | None = None
    json_schema: Mapping[str, Any] | None = None
    #: Name and version of the prompt that built this, as `task-2`.
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model wrote, and what it cost. Tokens are None where the endpoint does not tell."""

    texts: tuple[str, ...]
    model: str
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    n_cached_tokens: int | None = None
    finish: str = "stop"


class Model(Protocol):
    """A model behind an endpoint. Hosted, embedded and scripted ones look alike from here."""

    @property
    def name(self) -> str:
        """The model's name as a person would say it."""

    @property
    def endpoint(self) -> str:
        """Base URL, without credentials."""

    @property
    def weights(self) -> str:
        """What tells two sets of weights of the same name apart, or "" where nobody can tell."""

    @property
    def leaves_machine(self) -> bool:
        """Whether a request's text goes to another machine."""

    async def capabilities(self) -> Capabilities:
        """What the endpoint can do, probed at the first call and remembered. Raises `ModelError`."""

    async def complete(
        self, request: ModelRequest, on_text: Callable[[str], None] | None = None
    ) -> ModelAnswer:
        """Answers `request`, or raises `ModelError`. Cancelling the caller closes the connection.

        `on_text` is given what is written so far, each time more of the first answer arrives.
        """

    async def close(self) -> None:
        """Closes connections. It may be called twice."""


# --------------------------------------------------------------------------- Ansible


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


# --------------------------------------------------------------------------- outcomes


class Evidence(StrEnum):
    """How an event is known, weakest last."""

    CONFIRMED = "confirmed"
    OBSERVED = "observed"
    INFERRED = "inferred"


class EventKind(StrEnum):
    """Something that happened to a suggestion."""

    OFFERED = "offered"
    SHOWN = "shown"
    TYPED_THROUGH = "typed_through"
    ACCEPTED = "accepted"
    ACCEPTED_PART = "accepted_part"
    REJECTED = "rejected"
    MOVED_AWAY = "moved_away"
    TYPED_OVER = "typed_over"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    UNDONE = "undone"
    REDONE = "redone"
    KEPT_AT = "kept_at"
    WROTE_INSTEAD = "wrote_instead"
    LABELLED = "labelled"
    #: A person took what it taught out of what is learned, or (`unlearned` false) put it back.
    UNLEARNED = "unlearned"


class Outcome(StrEnum):
    """How a suggestion ended; exactly one each, worked out from its events."""

    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REJECTED = "rejected"
    TYPED_OVER = "typed_over"
    MOVED_AWAY = "moved_away"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    NOT_SEEN = "not_seen"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one suggestion. `at_ms` is Unix time; `data` is small and JSON-able."""

    suggestion_id: str
    kind: EventKind
    evidence: Evidence
    at_ms: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuggestionRecord:
    """Everything kept about one offered (or withheld) suggestion. All text in it is redacted."""

    id: str
    request_id: str
    at_ms: int
    origin: Origin
    trigger: Trigger
    scope: ScopeKind
    uri: str
    line: int
    task_name: str
    text: str
    source: Source | None
    module: str | None
    model: str | None
    #: Redacted text the answer was based on, around the cursor.
    context: str = ""
    #: Where in `context` the suggestion's text goes, in code points; -1 where nobody knows.
    context_at: int = -1
    #: Exactly what left the process for a model, redacted; "" where none was asked.
    sent: str = ""
    endpoint: str = ""
    prompt_version: str = ""
    catalog_version: str = ""
    pool_version: str = ""
    n_prompt_tokens: int | None = None
    n_completion_tokens: int | None = None
    cost_usd: float | None = None
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    #: All stages together: what the person waited for. None where nobody measured.
    total_ms: float | None = None
    grounds: Sequence[Ground] = ()
    confidence: float = 0.0
    #: Order among the alternatives of its request, from 0.
    rank: int = 0
    arm: str = "default"
    propensity: float = 1.0
    #: Reason code where it was withheld instead of shown, with the detail.
    withheld: str | None = None
    withheld_detail: str = ""
