"""Puts together what is within reach of one place in a project from what its files hold.

Reach is taken generously: a role sees the variables of every play that uses it and of the other roles of
those plays. What is listed may be undefined on some host; what is not listed is most likely a mistake.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from chiron.ansible.project.contents import Contents, Play
from chiron.ansible.project.style import Habits, style_of
from chiron.ansible.project.variables import MAGIC
from chiron.records import Facts, FileKind, Variable

#: Folders of a role, below the role's own.
ROLE_FOLDERS = frozenset({"tasks", "handlers", "defaults", "vars", "meta", "templates", "files", "library"})
_SETS_VARIABLES = frozenset({"group_vars", "host_vars"})
#: Later kinds do not replace earlier ones in the listing: what is written nearest is listed first.
_MAX_NAMES = 5_000


@dataclass(frozen=True, slots=True)
class Holdings:
    """A project's contents, arranged by role."""

    contents: Mapping[str, Contents]
    #: Folder of each role, by its path ("" for a workspace that is one role), and the other way round.
    roles: Mapping[str, str]
    by_role: Mapping[str, tuple[Contents, ...]]
    #: Playbooks, variables of groups and hosts, inventories: what belongs to no role.
    common: tuple[Contents, ...]
    others: tuple[str, ...]
    habits: Habits
    used: Mapping[str, frozenset[str]]
    complete: bool


def arrange(
    contents: Mapping[str, Contents], others: Sequence[str], habits: Habits, root_name: str, complete: bool
) -> Holdings:
    """`contents` arranged by role. `root_name` names a workspace that is itself a role."""
    folders = {folder for path in (*contents, *others) if (folder := _role_folder(path)) is not None}
    if not any(path.startswith("tasks/main.") for path in contents):
        folders.discard("")
    roles = {folder: posixpath.basename(folder) or root_name for folder in sorted(folders)}
    by_role: dict[str, list[Contents]] = {}
    common: list[Contents] = []
    used: dict[str, set[str]] = {}
    for path, one in contents.items():
        folder = _role_folder(path)
        if folder in roles:
            by_role.setdefault(folder or "", []).append(one)
        else:
            common.append(one)
        for module, options in one.used:
            used.setdefault(module, set()).update(options)
    return Holdings(
        contents,
        roles,
        {folder: tuple(held) for folder, held in by_role.items()},
        tuple(common),
        tuple(others),
        habits,
        {module: frozenset(options) for module, options in used.items()},
        complete,
    )


def facts_for(holdings: Holdings, own: Contents, line: int, written: frozenset[str]) -> Facts:
    """The facts at `line` of `own`, which stands for whatever `holdings` has at its path.

    `written` are variables that the line itself speaks of: the person knows them.
    """
    folder, in_reach, plays, held = _reach_of(holdings, own, line)
    users = [one for one in holdings.common if one.plays and one.path != own.path]
    variables = _variables(holdings, own, held, users, plays, written)
    near = held if folder is not None else holdings.common
    return replace(
        _references(holdings, own, folder, in_reach, held),
        variables=variables,
        tags=tuple(dict.fromkeys(tag for one in (own, *near) for tag in one.tags))[:_MAX_NAMES],
        hosts=_hosts(holdings),
        style=style_of(own.habits, holdings.habits),
        used_modules=holdings.used,
    )


def references_for(holdings: Holdings, own: Contents, line: int) -> Facts:
    """Of the facts at `line`, those that a check needs: handlers, templates, files. Far cheaper than all."""
    folder, in_reach, _, held = _reach_of(holdings, own, line)
    return _references(holdings, own, folder, in_reach, held)


def _reach_of(
    holdings: Holdings, own: Contents, line: int
) -> tuple[str | None, list[str], list[Play], list[Contents]]:
    """The role's folder, the roles in reach, the plays that count, and what those roles hold."""
    folder = _role_folder(own.path)
    folder = folder if folder in holdings.roles else None
    play = next((play for play in own.plays if play.first_line <= line <= play.last_line), None)
    in_reach, plays = _roles_in_reach(holdings, own, folder, play)
    return folder, in_reach, plays, [one for one in _held_by(holdings, in_reach) if one.path != own.path]


def _references(
    holdings: Holdings, own: Contents, folder: str | None, in_reach: list[str], held: list[Contents]
) -> Facts:
    playbooks = [
        one
        for one in holdings.common
        if one.path != own.path and (one.kind == FileKind.HANDLERS or (folder is not None and one.plays))
    ]
    handlers = [name for one in (own, *held, *playbooks) for name in _handlers_of(one, holdings)]
    templates, files = _beside(holdings, own.path, in_reach)
    return Facts(
        role=holdings.roles.get(folder) if folder is not None else None,
        handlers=tuple(dict.fromkeys(handlers)),
        templates=templates,
        files=files,
        complete=holdings.complete and not _brings_unknown(holdings, own, folder),
    )


def _handlers_of(one: Contents, holdings: Holdings) -> Iterator[str]:
    """The handlers in a file and in those it imports as handlers."""
    yield from one.handlers
    folder = posixpath.dirname(one.path)
    for name in one.handler_imports:
        for path in (f"{folder}/{name}", f"{posixpath.dirname(folder)}/tasks/{name}"):
            imported = holdings.contents.get(posixpath.normpath(path.lstrip("/")))
            if imported is not None:
                yield from (task.name for task in imported.tasks)
                break


@lru_cache(maxsize=100_000)
def _role_folder(path: str) -> str | None:
    """The role that `path` belongs to, by its folder: `roles/web` for `roles/web/tasks/main.yml`."""
    parts = path.split("/")
    if len(parts) > 1 and parts[0] in ROLE_FOLDERS:
        return ""
    if "roles" not in parts:
        return None
    for n in range(parts.index("roles") + 2, len(parts) - 1):
        if parts[n] in ROLE_FOLDERS:
            return "/".join(parts[:n])
    return None


def _roles_in_reach(
    holdings: Holdings, own: Contents, folder: str | None, play: Play | None
) -> tuple[list[str], list[Play]]:
    """Folders of the roles whose variables and handlers can be seen, nearest first, and the plays."""
    by_name: dict[str, list[str]] = {}
    for known, name in holdings.roles.items():
        by_name.setdefault(name, []).append(known)
    wanted: list[str] = [] if folder is None else [holdings.roles[folder]]
    plays: list[Play] = []
    if play is not None:
        plays.append(play)
        wanted.extend(play.roles)
    wanted.extend(own.roles)
    if folder is not None or not own.plays:
        # A task file: the plays of the workspace that use its role, or all where it belongs to none.
        for one in holdings.common:
            for other in one.plays:
                named = {_short(role) for role in (*other.roles, *one.roles)}
                if folder is None or holdings.roles[folder] in named:
                    plays.append(other)
                    wanted.extend((*other.roles, *one.roles))
    reached: list[str] = [] if folder is None else [folder]
    todo = [_short(name) for name in wanted]
    seen: set[str] = set()
    while todo:
        name = todo.pop(0)
        if name in seen:
            continue
        seen.add(name)
        for known in by_name.get(name, ()):
            if known not in reached:
                reached.append(known)
            todo.extend(_short(role) for one in holdings.by_role.get(known, ()) for role in one.roles)
    return reached, plays


def _brings_unknown(holdings: Holdings, own: Contents, folder: str | None) -> bool:
    """Whether a play of this file uses a role that is not in the workspace: what it brings is not known."""
    if folder is not None:
        return False
    here = set(holdings.roles.values())
    return any(
        _short(role) not in here for role in (*own.roles, *(r for play in own.plays for r in play.roles))
    )


def _short(role: str) -> str:
    return role.rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[-1]


def _held_by(holdings: Holdings, folders: Iterable[str]) -> Iterator[Contents]:
    for folder in folders:
        yield from holdings.by_role.get(folder, ())


def _variables(
    holdings: Holdings,
    own: Contents,
    held: Sequence[Contents],
    users: Sequence[Contents],
    plays: Sequence[Play],
    written: frozenset[str],
) -> Mapping[str, Variable]:
    found: dict[str, Variable] = {}

    def add(names: Iterable[tuple[str, str]], where: str) -> None:
        for name, kind in names:
            if len(found) < _MAX_NAMES:
                found.setdefault(name, Variable(name, kind, where))

    add(own.variables, own.path)
    for play in plays:
        add(play.variables, own.path if play in own.plays else "")
    for one in held:
        add(one.variables, one.path)
    for one in holdings.common:
        if one.path == own.path:
            continue
        if _SETS_VARIABLES & set(one.path.split("/")) or one.kind == FileKind.INVENTORY:
            add(one.variables, one.path)
    named = {*own.vars_files, *(name for play in plays for name in play.vars_files)}
    named |= {name for one in (*held, *users) for name in one.vars_files}
    for one in holdings.common:
        if one.kind == FileKind.VARS and any(_may_name(name, one.path) for name in named):
            add(one.variables, one.path)
    for one in users:
        add((pair for pair in one.variables if pair[1] in {"set_fact", "register"}), one.path)
    # Names nobody defines here but other tasks rely on: they are given from outside.
    add(((name, "used") for name in sorted(written)), own.path)
    for one in (own, *held, *(one for one in holdings.common if one.tasks)):
        add(((name, "used") for name in sorted(one.mentioned)), one.path)
    add(((name, "magic") for name in MAGIC), "")
    return found


def _hosts(holdings: Holdings) -> tuple[str, ...]:
    """Hosts and groups of the inventories, and those that have variables; empty without an inventory."""
    named = [host for one in holdings.common for host in one.hosts]
    if not named:
        return ()
    for path in holdings.contents:
        parts = path.split("/")
        for folder in _SETS_VARIABLES & set(parts[:-1]):
            named.append(parts[parts.index(folder) + 1].split(".", 1)[0])
    return tuple(dict.fromkeys(named))[:_MAX_NAMES]


def _may_name(written: str, path: str) -> bool:
    """Whether `written`, which may hold Jinja, can name the file at `path`."""
    tail = written.rsplit("}}", 1)[-1].split("'", maxsplit=1)[0].lstrip("./")
    if "{{" in written:
        return path.endswith(tail) if tail.rsplit(".", 1)[-1] in {"yml", "yaml"} else True
    return path == tail or path.endswith("/" + tail)


def _beside(holdings: Holdings, path: str, roles: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Templates and files that a task at `path` can name, as it would name them."""
    folder = posixpath.dirname(path)
    places = [*roles]
    while True:
        places.append(folder)
        if not folder:
            break
        folder = posixpath.dirname(folder)
    templates: dict[str, None] = {}
    files: dict[str, None] = {}
    for other in holdings.others:
        for place in places:
            base = f"{place}/" if place else ""
            if not other.startswith(base):
                continue
            rest = other[len(base) :]
            if rest.startswith("templates/"):
                templates.setdefault(rest.removeprefix("templates/"))
            elif rest.startswith("files/"):
                files.setdefault(rest.removeprefix("files/"))
            elif rest.endswith(".j2") and place == posixpath.dirname(path):
                templates.setdefault(rest)
    return tuple(templates)[:_MAX_NAMES], tuple(files)[:_MAX_NAMES]
