"""Reads what one YAML file of a project adds to it: tasks, names and habits, and no value."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chiron.ansible.bodies import dedent, module_of, module_part, options_of, split_body
from chiron.ansible.mentions import variables_in, variables_written
from chiron.ansible.outline import Entry, listed, outline
from chiron.ansible.style import Habits, habits_of
from chiron.ansible.variables import (
    argument_names,
    inventory_hosts,
    inventory_names,
    names_set,
    top_level_names,
    vars_files,
)
from chiron.ansible.walk import YAML_SUFFIXES
from chiron.records import FileKind, Task
from chiron.syntax.blocks import Block, task_blocks
from chiron.syntax.kind import file_kind

#: More tasks than this in one file are not read.
MAX_TASKS = 2_000
_VAULT = "$ANSIBLE_VAULT;"
_VARS_FOLDER = re.compile(r"/(?:group_vars|host_vars)/")
_INVENTORY_FOLDER = re.compile(r"/(?:group_vars|host_vars|inventor(?:y|ies)|hosts)/")
_ROLE_IN_FLOW = re.compile(r"\b(?:role|name)\s*:\s*([\w.\-/]+)")
_WITH_TASKS = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})
_ROLE_ACTIONS = frozenset({"include_role", "import_role"})
_TASK_ACTIONS = frozenset({"include_tasks", "import_tasks", "include", "import_playbook"})


@dataclass(frozen=True, slots=True)
class Play:
    """One play, by the lines it covers, and what stands in reach because of it."""

    first_line: int
    last_line: int
    variables: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ()
    vars_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file adds. All names; of values only paths of files and names of roles."""

    path: str
    kind: FileKind
    #: What tells versions apart; the owner sets it.
    digest: bytes = b""
    tasks: tuple[Task, ...] = ()
    habits: Habits = field(default_factory=Habits)
    #: (name, kind) of variables that hold beyond one play.
    variables: tuple[tuple[str, str], ...] = ()
    plays: tuple[Play, ...] = ()
    handlers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    #: Roles this file uses outside a play's `roles:`, by name.
    roles: tuple[str, ...] = ()
    vars_files: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    #: Task files whose tasks are handlers, as written.
    handler_imports: tuple[str, ...] = ()
    #: Modules used, as written, with the options set.
    used: tuple[tuple[str, frozenset[str]], ...] = ()
    #: Variables the tasks speak of and do not make themselves.
    mentioned: frozenset[str] = frozenset()
    #: Hosts and groups of an inventory.
    hosts: tuple[str, ...] = ()
    #: Tasks and handlers, those without a name too.
    n_tasks: int = 0


def read_contents(path: str, text: str) -> Contents:
    """What the file at `path` (relative, forward slashes) with `text` adds. It never raises."""
    kind = FileKind.VAULT if text.startswith(_VAULT) else _kind_of(path, text)
    if kind in _WITH_TASKS:
        return _with_tasks(path, text, kind)
    variables: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ()
    if kind == FileKind.VARS:
        variables = tuple((name, _vars_kind(path)) for name in _unique(list(top_level_names(text))))
    elif kind == FileKind.INVENTORY:
        variables = tuple(dict.fromkeys(inventory_names(text)))
        return Contents(path, kind, variables=variables, hosts=_unique(list(inventory_hosts(text))))
    elif kind in {FileKind.ARGUMENT_SPECS, FileKind.META}:
        entries = list(outline(text))
        variables = tuple((name, "argument_spec") for entry in entries for name in argument_names(entry))
        roles = _unique([role for entry in entries for role in _roles_named(entry, "dependencies")])
    return Contents(path, kind, variables=variables, roles=roles)


def digest_of(path: str, text: str) -> bytes:
    """What tells versions of a file's contents apart."""
    return hashlib.blake2b(f"{path}\0{text}".encode("utf-8", "replace"), digest_size=8).digest()


def read_variables(path: str, text: str) -> Contents:
    """What a file adds that a play takes variables from, whatever it is called."""
    names = () if text.startswith(_VAULT) else _unique(list(top_level_names(text)))
    return Contents(path, FileKind.VARS, variables=tuple((name, "play_var") for name in names))


def is_read(path: str) -> bool:
    """Whether a file is read: YAML, and what by its place can only be an inventory or variables."""
    if path.endswith(YAML_SUFFIXES):
        return True
    folder, _, name = f"/{path}".rpartition("/")
    in_place = _INVENTORY_FOLDER.search(f"{folder}/") is not None
    if "." in name.strip("."):
        return name.endswith((".ini", ".json")) and (in_place or name.startswith(("inventory", "hosts")))
    return in_place or name in {"hosts", "inventory"}


def _kind_of(path: str, text: str) -> FileKind:
    """The file's kind; inventories and variables that are no YAML are known by their place."""
    kind = file_kind(path, text)
    if kind != FileKind.OTHER or path.endswith(YAML_SUFFIXES) or not is_read(path):
        return kind
    return FileKind.VARS if _VARS_FOLDER.search(f"/{path}") else FileKind.INVENTORY


def _with_tasks(path: str, text: str, kind: FileKind) -> Contents:
    entries = list(outline(text))
    blocks = task_blocks(text)[:MAX_TASKS]
    tasks = tuple(task for block in blocks if (task := to_task(block, path)) is not None)
    plays = _plays(entries, text.count("\n")) if kind == FileKind.PLAYBOOK else ()
    lasting: list[tuple[str, str]] = []
    files: list[str] = []
    for entry in entries:
        names = names_set(entry)
        lasting.extend(found for found in names if not plays or found[1] != "play_var")
        files.extend(vars_files(entry))
    return Contents(
        path,
        kind,
        tasks=tasks,
        n_tasks=len(blocks),
        habits=habits_of(tasks),
        variables=tuple(dict.fromkeys(lasting)),
        plays=plays,
        handlers=_handlers(blocks, kind),
        tags=_tags(entries),
        roles=_unique([role for entry in entries for role in _roles_included(entry)]),
        vars_files=_unique(files),
        imports=_unique([name for entry in entries for name in _imported(entry)]),
        used=_used(tasks),
        mentioned=frozenset(
            name for block in blocks for name in (*variables_in(block.body), *variables_written(block.name))
        ),
        handler_imports=_unique(
            [
                name
                for entry in entries
                if kind == FileKind.HANDLERS or "handlers" in entry.above
                for name in _imported(entry)
            ]
        ),
    )


def to_task(block: Block, path: str) -> Task | None:
    """`block` as a task to recall from, or None where it has no name, no module or no body."""
    module = module_of(block.body)
    if not block.name or module is None:
        return None
    return Task(block.name, module, None, block.body, path, block.first_line)


def _used(tasks: Sequence[Task]) -> tuple[tuple[str, frozenset[str]], ...]:
    used: dict[str, set[str]] = {}
    for task in tasks:
        part = module_part(split_body(task.body))
        options = used.setdefault(task.module, set())
        if part is not None:
            options.update(option.key for option in options_of(part))
    return tuple((module, frozenset(options)) for module, options in used.items())


def _plays(entries: Sequence[Entry], last_line: int) -> tuple[Play, ...]:
    starts = [i for i, entry in enumerate(entries) if entry.dash >= 0 and not entry.above]
    plays: list[Play] = []
    for n, start in enumerate(starts):
        end = starts[n + 1] if n + 1 < len(starts) else len(entries)
        own = entries[start:end]
        until = entries[end].line - 1 if end < len(entries) else last_line
        plays.append(
            Play(
                own[0].line,
                until,
                variables=tuple(
                    dict.fromkeys(
                        found for entry in own for found in names_set(entry) if found[1] == "play_var"
                    )
                ),
                roles=_unique([role for entry in own for role in _roles_named(entry, "roles")]),
                vars_files=_unique([name for entry in own for name in vars_files(entry)]),
            )
        )
    return tuple(plays)


def _roles_named(entry: Entry, under: str) -> tuple[str, ...]:
    """Roles a line of the list `under` names: `- web`, `- role: web`, `- {role: web, …}`, `[web, db]`."""
    if entry.key == under and not entry.above:
        return listed(entry.value)
    if entry.above != (under,):
        return ()
    if entry.key in {"role", "name"}:
        return (entry.value,) if entry.value else ()
    if entry.key or not entry.value:
        return ()
    if entry.value.startswith("{"):
        found = _ROLE_IN_FLOW.search(entry.value)
        return (found[1],) if found else ()
    return (entry.value,)


def _roles_included(entry: Entry) -> tuple[str, ...]:
    if entry.key == "name" and entry.above and entry.above[-1].rsplit(".", 1)[-1] in _ROLE_ACTIONS:
        return (entry.value,) if entry.value else ()
    if entry.key.rsplit(".", 1)[-1] in _ROLE_ACTIONS:
        found = re.search(r"\bname\s*[=:]\s*([\w.\-/]+)", entry.value)
        return (found[1],) if found else ()
    return ()


def _imported(entry: Entry) -> tuple[str, ...]:
    if entry.key.rsplit(".", 1)[-1] in _TASK_ACTIONS and entry.value:
        return (entry.value.split()[0],)
    above = entry.above[-1].rsplit(".", 1)[-1] if entry.above else ""
    return (entry.value,) if above in _TASK_ACTIONS and entry.key == "file" and entry.value else ()


def _handlers(blocks: Sequence[Block], kind: FileKind) -> tuple[str, ...]:
    names: list[str] = []
    for block in blocks:
        if not (block.in_handlers or kind == FileKind.HANDLERS):
            continue
        if block.name:
            names.append(block.name)
        for part in split_body(block.body):
            if part.key == "listen":
                below = (
                    line.strip().removeprefix("-") for line in dedent("\n".join(part.below)).splitlines()
                )
                names.extend(topic for line in (part.value, *below) for topic in listed(line))
    return _unique(names)


def _tags(entries: Sequence[Entry]) -> tuple[str, ...]:
    tags: list[str] = []
    for entry in entries:
        if entry.key == "tags" or (not entry.key and entry.above and entry.above[-1] == "tags"):
            tags.extend(listed(entry.value))
    return _unique([tag for tag in tags if "{{" not in tag])


def _vars_kind(path: str) -> str:
    parts = path.split("/")
    for folder, kind in (("group_vars", "group_var"), ("host_vars", "host_var")):
        if folder in parts:
            return kind
    if "defaults" in parts[:-1]:
        return "role_default"
    return "role_var" if "vars" in parts[:-1] else "play_var"


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
