"""A handler for a `notify` that has none: in the play, or in the role's own file of handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from yaml import SequenceNode

from chiron.ansible import freeform
from chiron.ansible.catalog import Catalog
from chiron.ansible.load import has_jinja, is_null, load
from chiron.ansible.rewrite.edits import Edit, Elsewhere, Rewrite, apply_edits, newline_of
from chiron.ansible.rewrite.scalars import end_of, gap, same, start_of, written
from chiron.ansible.rewrite.sites import Site, sites
from chiron.records import FileKind

#: Where a role's handlers are, the one that is made where none is there first.
HANDLER_FILES: Final = ("handlers/main.yml", "handlers/main.yaml")
_STATES: Final = {
    "restart": "restarted", "restarted": "restarted", "reload": "reloaded", "reloaded": "reloaded",
    "start": "started", "started": "started", "stop": "stopped", "stopped": "stopped",
}  # fmt: skip
_FILLING: Final = frozenset({"the", "service", "daemon"})
#: Ways to say that systemd is to read its units anew.
_REREAD: Final = frozenset({"reload systemd", "systemd reload", "daemon reload", "systemd daemon reload"})


@dataclass(frozen=True, slots=True)
class Served:
    """What a handler does, as its name says: a module and its options."""

    module: str
    options: Mapping[str, str]


def served(wanted: str) -> Served | None:
    """What a handler called `wanted` is to do: `Restart nginx`. None where its name does not say."""
    if has_jinja(wanted):
        return None
    words = wanted.replace("_", " ").split()
    if " ".join(words).lower().replace("-", " ") in _REREAD:
        return Served("ansible.builtin.systemd_service", {"daemon_reload": "true"})
    verbs = [word for word in words if word.lower() in _STATES]
    units = [word for word in words if word not in verbs and word.lower() not in _FILLING]
    if len(verbs) != 1 or len(units) != 1 or words.index(verbs[0]) not in {0, len(words) - 1}:
        return None
    (unit,) = units
    name = written(unit)
    if unit.lower() == "systemd" or name is None or freeform.words(unit)[0][1:]:
        return None
    return Served("ansible.builtin.service", {"name": name, "state": _STATES[verbs[0].lower()]})


def handlers_for(
    text: str,
    kind: FileKind,
    catalog: Catalog,
    wanted: Sequence[tuple[int, str]],
    role: Mapping[str, str | None] | None = None,
) -> list[Rewrite]:
    """Handlers for those that tasks notify and that are not there, by the notifying line.

    They go into the play, or, for tasks of a role, into its file of handlers: `role` holds the texts of
    those of `HANDLER_FILES` that may be written, None for one that is not there.
    """
    found: list[Rewrite] = []
    play: Site | None = None
    for site in sites(text, kind, catalog):
        play = site if site.what == "play" else play
        entry = site.entry("notify")
        if entry is None or site.what == "play":
            continue
        first = site.loaded.position(entry.key.start_mark).line
        last = site.lines.position(end_of(entry.value, site.loaded)).line
        for line, name in wanted:
            if first <= line <= last:
                made = _in_play(play, name, site) if play is not None else _in_role(role, name, site)
                found += [made] if made is not None else []
    return found


def _in_play(play: Site, wanted: str, at: Site) -> Rewrite | None:
    """A handler at the end of the play's handlers, for the task `at` that notifies it."""
    does, notify = served(wanted), at.entry("notify")
    if does is None or notify is None or play.node.flow_style:
        return None
    entry = play.entry("handlers")
    column, newline = play.column, play.newline
    if entry is not None and isinstance(entry.value, SequenceNode) and entry.value.value:
        if entry.value.flow_style:
            return None
        column = play.lines.position(start_of(entry.value, play.loaded)).column
        text = newline + handler_text(wanted, does, column, newline)
        where = play.below(entry.value)
    elif entry is None:
        text = f"{newline}{newline}{' ' * column}handlers:{newline}"
        text += handler_text(wanted, does, column + 2, newline)
        where = play.below(play.node)
    else:
        return None
    title = f"Add a handler `{wanted}`"
    return at.rewrite("add-handler", title, notify.key, Edit(where, where, text))


def _in_role(role: Mapping[str, str | None] | None, wanted: str, at: Site) -> Rewrite | None:
    """A handler in the role's file of handlers, which is made where it is not there."""
    does, notify = served(wanted), at.entry("notify")
    if does is None or notify is None or not role:
        return None
    path = next((path for path, text in role.items() if text is not None), next(iter(role)))
    text = role[path]
    edit = _last_in(text, wanted, does, at.newline)
    if edit is None:
        return None
    title = f"Add a handler `{wanted}` to {path}"
    made = at.rewrite("add-handler", title, notify.key)
    return replace(made, elsewhere=Elsewhere(path, text, (edit,)))


def _last_in(text: str | None, wanted: str, does: Served, newline: str) -> Edit | None:
    """The edit that puts a handler behind all others of a file; None where that file is no plain list."""
    if text is None:
        return Edit(0, 0, f"---{newline}{handler_text(wanted, does, 0, newline)}{newline}")
    newline = newline_of(text) if text else newline
    loaded = load(text)
    root, column = loaded.root, 0
    if isinstance(root, SequenceNode) and root.value and not root.flow_style:
        column = loaded.position(root.start_mark).column
    elif loaded.problems or not (root is None or is_null(root)):
        return None
    before = list(root.value) if isinstance(root, SequenceNode) else []
    new = handler_text(wanted, does, column, newline)
    edit = Edit(len(text), len(text), f"{gap(text, newline, blank=bool(before))}{new}{newline}")
    after = load(apply_edits(text, [edit])).root
    if not isinstance(after, SequenceNode) or len(after.value) != len(before) + 1:
        return None
    return edit if all(same(*pair) for pair in zip(before, after.value, strict=False)) else None


def handler_text(wanted: str, does: Served, column: int, newline: str) -> str:
    """A handler's lines, without the break after the last."""
    margin = " " * column
    lines = [f"{margin}- name: {written(wanted)}", f"{margin}  {does.module}:"]
    lines += [f"{margin}    {name}: {value}" for name, value in does.options.items()]
    return newline.join(lines)
