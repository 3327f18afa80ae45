"""A value in a role's task -> one of the role's defaults, where whoever uses the role can set it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Final

from yaml import MappingNode, Node, ScalarNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.load import Entry, entries, is_null, load
from chiron.ansible.rewrite.edits import Edit, Elsewhere, Rewrite, apply_edits, newline_of
from chiron.ansible.rewrite.scalars import end_of, gap, is_bare, same, start_of, written
from chiron.ansible.rewrite.sites import Site, sites
from chiron.ansible.validate.arguments import option_named
from chiron.records import FileKind, Option

#: Where a role's defaults are, the one that is made where none is there first.
DEFAULT_FILES: Final = ("defaults/main.yml", "defaults/main.yaml")
#: Options that say nothing by themselves; the module's name goes before them.
_GENERAL: Final = frozenset(
    {
        "name", "path", "dest", "src", "state", "mode", "owner", "group", "url", "key", "value", "enabled",
        "content", "line", "regexp", "repo", "version", "cmd", "type", "force", "recurse", "msg",
    }
)  # fmt: skip
#: These are read before the play runs, when a role's defaults are not there yet.
_READ_EARLY: Final = frozenset(
    {"ansible.builtin.import_tasks", "ansible.builtin.import_role", "ansible.builtin.import_playbook"}
)
#: Values that name something to be looked up, which a template would be looked into for.
_NAMES: Final = frozenset({("ansible.builtin.debug", "var"), ("ansible.builtin.assert", "that")})
#: A variable holding such a text may come out of a template as something other than a string.
_NOT_TEXT_AGAIN = re.compile(
    r"\s*(?:[\[{('\"].*|true|false|none|null|yes|no|on|off|[-+.]?(?!0\d)[\d_]+(?:\.\d*)?(?:e[-+]?\d+)?)\s*",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)")


def to_defaults(
    text: str,
    catalog: Catalog,
    line: int,
    role: str,
    taken: Set[str],
    files: Mapping[str, str | None],
) -> Iterator[Rewrite]:
    """For the option on `line` of a task of `role`, its value as a default of the role.

    `taken` are the variables in reach, and `files` the texts of those of `DEFAULT_FILES` that may be written,
    None for one that is not there. A value that is secret, is put together from variables, or might not come
    out of a template as it went in is left where it is.
    """
    if not files or not role:
        return
    for site in sites(text, FileKind.TASKS, catalog):
        if site.what != "task" or site.module is None or site.module.fqcn in _READ_EARLY:
            continue
        for entry in site.options():
            at = site.lines.position(start_of(entry.value, site.loaded))
            if at.line == line and (site.module.fqcn, entry.name) not in _NAMES:
                yield from _extracted(site, entry, role, taken, files)


def _extracted(
    site: Site, entry: Entry, role: str, taken: Set[str], files: Mapping[str, str | None]
) -> Iterator[Rewrite]:
    module = site.module
    option = option_named(entry.name, module.options) if module is not None else None
    value = _default(entry.value, option, site)
    if module is None or value is None:
        return
    path = next((path for path, text in files.items() if text is not None), next(iter(files)))
    text = files[path]
    found = _name_for(role, module.fqcn.rpartition(".")[2], entry.name, value, taken, text)
    if found is None:
        return
    name, is_there = found
    edit = Edit(start_of(entry.value, site.loaded), end_of(entry.value, site.loaded), f'"{{{{ {name} }}}}"')
    if is_there:
        title = f"Use the role's default `{name}`, which holds the same"
        yield site.rewrite("to-default", title, entry.value, edit)
        return
    added = _added(text, name, value, site.newline)
    if added is not None:
        title = f"Make this value the role's default `{name}`"
        made = site.rewrite("to-default", title, entry.value, edit)
        yield replace(made, elsewhere=Elsewhere(path, text, (added,)))


def _default(node: Node, option: Option | None, site: Site) -> str | None:
    """The value as it is written in the defaults; None for one that has to stay where it is."""
    if not isinstance(node, ScalarNode) or option is None or option.no_log or is_null(node):
        return None
    if node.style in {"|", ">"} or "\n" in site.loaded.source_of(node) or "{" in node.value:
        return None
    kind = node.tag.rpartition(":")[2]
    if kind == "str":
        # A string in its own right must not look like anything else when a template gives it back.
        return (
            None if _NOT_TEXT_AGAIN.fullmatch(node.value) or not node.value.strip() else written(node.value)
        )
    if not is_bare(node, site.loaded):
        return None
    if kind == "bool" and option.type == "bool":
        return str(node.value)
    return (
        str(node.value) if kind == "int" and option.type == "int" and _NUMBER.fullmatch(node.value) else None
    )


def _name_for(
    role: str, module: str, option: str, value: str, taken: Set[str], text: str | None
) -> tuple[str, bool] | None:
    """A name for the default, and whether it is there already with this very value."""
    there = _held(text)
    if there is None:
        return None
    start = re.sub(r"\W", "_", role.rpartition(".")[2]).removeprefix("ansible_role_").removeprefix("ansible_")
    parts = [start, module, option] if option in _GENERAL and module != start else [start, option]
    base = "_".join(part for part in parts if part).lower()
    wanted = load(value).root
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", base) or wanted is None:
        return None
    for n in range(1, 10):
        name = base if n == 1 else f"{base}_{n}"
        if name in there:
            if same(there[name], wanted):
                return name, True
        elif name not in taken:
            return name, False
    return None


def _held(text: str | None) -> dict[str, Node] | None:
    """The defaults that a text holds; None where it is nothing that one could be added to."""
    if text is None:
        return {}
    loaded = load(text)
    root = loaded.root
    if isinstance(root, MappingNode) and not root.flow_style and loaded.position(root.start_mark).column == 0:
        return {entry.name: entry.value for entry in entries(root)}
    return {} if not loaded.problems and (root is None or is_null(root)) else None


def _added(text: str | None, name: str, value: str, newline: str) -> Edit | None:
    """The edit that puts one default behind the others, which stay as they are."""
    line = f"{name}: {value}"
    if text is None:
        return Edit(0, 0, f"---{newline}{line}{newline}")
    newline = newline_of(text) if text else newline
    edit = Edit(len(text), len(text), f"{gap(text, newline, blank=False)}{line}{newline}")
    before, after = _held(text) or {}, _held(apply_edits(text, [edit]))
    if after is None or set(after) != {*before, name}:
        return None
    return edit if all(same(node, after[key]) for key, node in before.items()) else None
