"""What one stretch of a file, or one task, adds to what is known of the file. Each is read once.

Between two keystrokes all of a file but a line or two stays as it is. So what a file adds is put together
from notes on its parts, and these are kept by what the parts say.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from chiron.ansible.bodies import dedent, module_of, module_part, options_of, split_body
from chiron.ansible.project.mentions import variables_in, variables_written
from chiron.ansible.project.outline import Above, Entry, listed, read_stretch, stretches
from chiron.ansible.project.style import ways_in
from chiron.ansible.project.variables import names_set, vars_files
from chiron.kept import LONGEST

_ROLE_IN_FLOW = re.compile(r"\b(?:role|name)\s*:\s*([\w.\-/]+)")
_ROLE_ACTIONS = frozenset({"include_role", "import_role"})
#: Characters by which a text is known for another one after an edit.
_LIKE = 100
_TASK_ACTIONS = frozenset({"include_tasks", "import_tasks", "include", "import_playbook"})


@dataclass(frozen=True, slots=True)
class Notes:
    """On one stretch. All names, in the order of its lines."""

    #: Its first line begins an item of the list at the root: a play, in a playbook.
    begins_play: bool = False
    #: (name, kind) of variables.
    names: tuple[tuple[str, str], ...] = ()
    vars_files: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    #: Roles of a play's `roles:`, and those that tasks use.
    roles_listed: tuple[str, ...] = ()
    roles_included: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    #: Those under a play's `handlers:`.
    handler_imports: tuple[str, ...] = ()


_NOTHING = Notes()


@dataclass(frozen=True, slots=True)
class TaskNotes:
    """On one task, by its name and body."""

    module: str | None
    #: Options it sets.
    options: frozenset[str]
    #: Variables it speaks of and does not make itself.
    mentioned: frozenset[str]
    #: Names of which it is a handler, if it is one.
    topics: tuple[str, ...]
    #: How it is written; see `style`.
    ways: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A stretch's place and the notes on it."""

    line: int
    notes: Notes


class _Part(NamedTuple):
    """One stretch: where it begins, the notes on it, and what the next one is found in."""

    start: int
    line: int
    notes: Notes
    below: Above


#: The texts read last with their parts, newest first.
_recent: deque[tuple[str, list[_Part]]] = deque(maxlen=4)


def noted(text: str) -> list[Noted]:
    """The notes on every stretch of `text` that begins a play or has something to note, top to bottom."""
    known = [(before, parts) for before, parts in tuple(_recent) if before[:_LIKE] == text[:_LIKE]]
    parts = next((parts for before, parts in known if before == text), None)
    if parts is None:
        parts = _parts_of(text, max((_shared(text, *one) for one in known), key=len, default=[]))
        _recent.appendleft((text, parts))
    return [Noted(part.line, part.notes) for part in parts if part.notes is not _NOTHING]


def _parts_of(text: str, known: list[_Part]) -> list[_Part]:
    """The parts of `text`, which begins with those that are `known`; the last of these is read anew."""
    *parts, last = known or [_Part(0, 0, _NOTHING, Above())]
    above = parts[-1].below if parts else Above()
    start = last.start
    for line, stretch in stretches(text[start:], last.line):
        notes, above = (_read if len(stretch) <= LONGEST else _read.__wrapped__)(stretch, above)
        parts.append(_Part(start, line, notes, above))
        start += len(stretch)
    return parts


def _shared(text: str, before: str, parts: list[_Part]) -> list[_Part]:
    """The first `parts` of `before` that `text` has too, and the next, which may go on otherwise."""
    low, high = 0, len(parts)
    while low < high:
        middle = (low + high + 1) // 2
        start = parts[middle - 1].start
        low, high = (middle, high) if text.startswith(before[:start]) else (low, middle - 1)
    # Where the last of these begins, nothing may begin any more.
    return parts[: max(low - 1, 0)]


def notes_on(name: str, body: str) -> TaskNotes:
    """The notes on the task with this name and body."""
    note = _notes_on if len(name) + len(body) <= LONGEST else _notes_on.__wrapped__
    return note(name, body)


@lru_cache(maxsize=256)
def _notes_on(name: str, body: str) -> TaskNotes:
    parts = split_body(body)
    part = module_part(parts)
    topics = [name] if name else []
    for one in parts:
        if one.key == "listen":
            below = (line.strip().removeprefix("-") for line in dedent("\n".join(one.below)).splitlines())
            topics.extend(topic for line in (one.value, *below) for topic in listed(line))
    return TaskNotes(
        module=module_of(body),
        options=frozenset(option.key for option in options_of(part)) if part is not None else frozenset(),
        mentioned=variables_in(body) | variables_written(name),
        topics=tuple(topics),
        ways=ways_in(body),
    )


def roles_named(entry: Entry, under: str) -> tuple[str, ...]:
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


@lru_cache(maxsize=1024)
def _read(text: str, above: Above) -> tuple[Notes, Above]:
    entries, below = read_stretch(text, above)
    notes = Notes(
        begins_play=bool(entries) and entries[0].dash >= 0 and not entries[0].above,
        names=tuple(found for entry in entries for found in names_set(entry)),
        vars_files=tuple(name for entry in entries for name in vars_files(entry)),
        tags=_tags(entries),
        roles_listed=tuple(role for entry in entries for role in roles_named(entry, "roles")),
        roles_included=tuple(role for entry in entries for role in _roles_included(entry)),
        imports=tuple(name for entry in entries for name in _imported(entry)),
        handler_imports=tuple(
            name for entry in entries if "handlers" in entry.above for name in _imported(entry)
        ),
    )
    return (_NOTHING if notes == _NOTHING else notes), below


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


def _tags(entries: Sequence[Entry]) -> tuple[str, ...]:
    tags: list[str] = []
    for entry in entries:
        if entry.key == "tags" or (not entry.key and entry.above and entry.above[-1] == "tags"):
            tags.extend(listed(entry.value))
    return tuple(tag for tag in tags if "{{" not in tag)
