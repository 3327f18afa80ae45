"""Reads what one YAML file of a project adds to it: tasks, names and habits, and no value."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chiron.ansible.project.notes import Noted, TaskNotes, noted, notes_on, roles_named
from chiron.ansible.project.outline import outline
from chiron.ansible.project.style import Habits, habits_of
from chiron.ansible.project.variables import (
    argument_names,
    inventory_hosts,
    inventory_names,
    top_level_names,
)
from chiron.ansible.project.walk import YAML_SUFFIXES
from chiron.records import FileKind, Task
from chiron.syntax.blocks import Block, task_blocks
from chiron.syntax.kind import file_kind

#: More tasks than this in one file are not read.
MAX_TASKS = 2_000
_VAULT = "$ANSIBLE_VAULT;"
_VARS_FOLDER = re.compile(r"/(?:group_vars|host_vars)/")
_INVENTORY_FOLDER = re.compile(r"/(?:group_vars|host_vars|inventor(?:y|ies)|hosts)/")
_WITH_TASKS = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})


@dataclass(frozen=True, slots=True)
class Play:
    """One play, by the lines it covers, and what stands in reach because of it."""

    first_line: int
    last_line: int
    variables: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ()
    vars_files: tuple[str, ...] = ()


class Read(NamedTuple):
    """A task as it is written, what was noted on it, and itself where it has a name and a module."""

    block: Block
    notes: TaskNotes
    task: Task | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file adds. All names; of values only paths of files and names of roles."""

    path: str
    kind: FileKind
    #: What tells versions apart; the owner sets it.
    digest: bytes = b""
    tasks: tuple[Task, ...] = ()
    #: As what each task was read; empty where nobody will read a later version soon.
    read: tuple[Read, ...] = field(default=(), repr=False)
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


def read_contents(
    path: str,
    text: str,
    resolve: Callable[[str], str | None] = lambda _module: None,
    before: Contents | None = None,
) -> Contents:
    """What the file at `path` (relative, forward slashes) with `text` adds. It never raises.

    `resolve` gives a module's canonical name. Tasks are taken over from what was read `before` of the same
    file where nothing of them changed.
    """
    kind = FileKind.VAULT if text.startswith(_VAULT) else _kind_of(path, text)
    if kind in _WITH_TASKS:
        return _with_tasks(path, text, kind, resolve, before)
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
        roles = _unique([role for entry in entries for role in roles_named(entry, "dependencies")])
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


def _with_tasks(
    path: str, text: str, kind: FileKind, resolve: Callable[[str], str | None], before: Contents | None
) -> Contents:
    # A block is the same object as long as neither its text nor its place has changed.
    known = {id(one.block): one for one in before.read} if before is not None else {}
    read = tuple(
        known.get(id(block)) or _read(block, path, resolve) for block in task_blocks(text)[:MAX_TASKS]
    )
    tasks = tuple(one.task for one in read if one.task is not None)
    of_tasks = [one.notes for one in read if one.task is not None]
    parts = noted(text)
    plays = _plays(parts, text.count("\n")) if kind == FileKind.PLAYBOOK else ()
    are_handlers = kind == FileKind.HANDLERS
    imports = _unique(name for part in parts for name in part.notes.imports)
    return Contents(
        path,
        kind,
        tasks=tasks,
        n_tasks=len(read),
        read=read,
        habits=habits_of(one.ways for one in of_tasks),
        variables=tuple(
            dict.fromkeys(
                found for part in parts for found in part.notes.names if not plays or found[1] != "play_var"
            )
        ),
        plays=plays,
        handlers=_unique(
            topic for one in read if one.block.in_handlers or are_handlers for topic in one.notes.topics
        ),
        tags=_unique(tag for part in parts for tag in part.notes.tags),
        roles=_unique(role for part in parts for role in part.notes.roles_included),
        vars_files=_unique(name for part in parts for name in part.notes.vars_files),
        imports=imports,
        used=_used(of_tasks),
        mentioned=frozenset().union(*(one.notes.mentioned for one in read)),
        handler_imports=imports
        if are_handlers
        else _unique(name for part in parts for name in part.notes.handler_imports),
    )


def _read(block: Block, path: str, resolve: Callable[[str], str | None]) -> Read:
    notes = notes_on(block.name, block.body)
    if not block.name or notes.module is None:
        return Read(block, notes, None)
    fqcn = resolve(notes.module)
    return Read(block, notes, Task(block.name, notes.module, fqcn, block.body, path, block.first_line))


def _used(notes: Iterable[TaskNotes]) -> tuple[tuple[str, frozenset[str]], ...]:
    used: dict[str, set[str]] = {}
    for one in notes:
        used.setdefault(one.module or "", set()).update(one.options)
    return tuple((module, frozenset(options)) for module, options in used.items())


def _plays(parts: Sequence[Noted], last_line: int) -> tuple[Play, ...]:
    starts = [n for n, part in enumerate(parts) if part.notes.begins_play]
    plays: list[Play] = []
    for n, start in enumerate(starts):
        end = starts[n + 1] if n + 1 < len(starts) else len(parts)
        own = [part.notes for part in parts[start:end]]
        variables = (found for notes in own for found in notes.names if found[1] == "play_var")
        plays.append(
            Play(
                parts[start].line,
                parts[end].line - 1 if end < len(parts) else last_line,
                variables=tuple(dict.fromkeys(variables)),
                roles=_unique(role for notes in own for role in notes.roles_listed),
                vars_files=_unique(name for notes in own for name in notes.vars_files),
            )
        )
    return tuple(plays)


def _vars_kind(path: str) -> str:
    parts = path.split("/")
    for folder, kind in (("group_vars", "group_var"), ("host_vars", "host_var")):
        if folder in parts:
            return kind
    if "defaults" in parts[:-1]:
        return "role_default"
    return "role_var" if "vars" in parts[:-1] else "play_var"


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
