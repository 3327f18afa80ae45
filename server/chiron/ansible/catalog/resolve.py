"""A module's name as written -> the installed module it means, as Ansible would find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chiron.ansible.catalog.build import BUILTIN, Collection, Index
from chiron.ansible.catalog.docs import Found

LEGACY: Final = "ansible.legacy"
#: Ansible itself has chains of two; a loop must end.
_MAX_REDIRECTS: Final = 20

#: Called with a bare string (`FREEFORM_ACTIONS` and `RAW_PARAM_MODULES` of `ansible.parsing.mod_args`).
_FREE_FORM: Final = frozenset(
    {
        "command", "shell", "raw", "script", "include", "include_vars", "include_tasks", "include_role",
        "import_tasks", "import_role", "import_playbook", "meta",
    }
)  # fmt: skip
_FREE_FORM_ELSEWHERE: Final = frozenset({"ansible.windows.win_command", "ansible.windows.win_shell"})
#: Any option is good: variables to set, or options handed on to another module.
_OPEN_ENDED: Final = frozenset({"set_fact", "add_host", "gather_facts"})
_OPEN_ENDED_ELSEWHERE: Final = frozenset({"ansible.windows.win_dsc"})


@dataclass(frozen=True, slots=True)
class Lookup:
    """What became of one name."""

    #: The installed module that is meant; None where there is none here.
    found: Found | None
    #: Every name on the way, the one asked for first, the last one reached last.
    chain: tuple[str, ...]
    #: Why the module was removed, where it was.
    removed: str | None = None
    #: Why a name on the way, or the module, should not be used any more.
    deprecated: str | None = None
    #: Whether the collection that would have the module is installed. If not, nothing is known of it.
    collection_installed: bool = True

    @property
    def fqcn(self) -> str | None:
        """Canonical name of the installed module."""
        return self.found.fqcn if self.found is not None else None


def look_up(index: Index, name: str, collections: tuple[str, ...] = ()) -> Lookup:
    """Follows `name` through `collections`, libraries, ansible-core and all redirects. It never raises."""
    for candidate in _candidates(name, collections):
        lookup = _follow(index, candidate, name)
        if (
            lookup.found is not None
            or lookup.removed is not None
            or len(lookup.chain) > 1 + (candidate != name)
        ):
            return lookup
    return lookup


def members(index: Index, group: str) -> tuple[str, ...]:
    """The canonical names of the modules in `group` and in the groups it extends."""
    found: dict[str, None] = {}
    pending, seen = [group if group.count(".") >= 2 else f"{BUILTIN}.{group}"], set[str]()
    while pending:
        name = pending.pop(0)
        if name in seen:
            continue
        seen.add(name)
        namespace, _, rest = name.partition(".")
        second, _, short = rest.partition(".")
        collection = index.collections.get(f"{namespace}.{second}")
        if collection is None:
            continue
        for member in collection.routing.groups.get(short, ()):
            full = member if member.count(".") >= 2 else f"{collection.name}.{member}"
            found.setdefault(look_up(index, full).fqcn or full)
        for parent in collection.routing.extends.get(short, ()):
            pending.append(parent if parent.count(".") >= 2 else f"{collection.name}.{parent}")
    return tuple(found)


def is_free_form(fqcn: str) -> bool:
    """Whether the module takes a bare string by Ansible's own rule, whatever it documents."""
    namespace, _, short = fqcn.rpartition(".")
    return fqcn in _FREE_FORM_ELSEWHERE or (namespace in (BUILTIN, LEGACY) and short in _FREE_FORM)


def is_open_ended(fqcn: str) -> bool:
    """Whether the module takes options that nobody could document."""
    namespace, _, short = fqcn.rpartition(".")
    return fqcn in _OPEN_ENDED_ELSEWHERE or (namespace == BUILTIN and short in _OPEN_ENDED)


def _candidates(name: str, collections: tuple[str, ...]) -> list[str]:
    if "." in name or not collections:
        return [name]
    # Ansible adds this to every list of collections that names neither.
    last = () if {BUILTIN, LEGACY} & set(collections) else (LEGACY,)
    return [f"{collection}.{name}" for collection in (*collections, *last)]


def _follow(index: Index, name: str, asked: str) -> Lookup:
    chain = [asked] if asked == name else [asked, name]
    deprecated: str | None = None
    for _ in range(_MAX_REDIRECTS):
        if "." not in name or name.startswith(f"{LEGACY}."):
            short = name.removeprefix(f"{LEGACY}.")
            found = _legacy(index, short)
            if found is not None:
                return Lookup(found, tuple(chain), deprecated=deprecated)
            name = f"{BUILTIN}.{short}"
        namespace, _, rest = name.partition(".")
        second, _, short = rest.partition(".")
        collection = index.collections.get(f"{namespace}.{second}")
        if not short:
            return Lookup(None, tuple(chain), deprecated=deprecated, collection_installed=True)
        if collection is None:
            return Lookup(None, tuple(chain), deprecated=deprecated, collection_installed=False)
        routing = collection.routing
        route = routing.route("modules", short)
        if route is None and short not in collection.modules:
            route = routing.route("action", short)
        if route is not None:
            deprecated = deprecated or route.deprecated
            if route.removed is not None:
                return Lookup(None, tuple(chain), removed=route.removed, deprecated=deprecated)
            if route.redirect is not None and route.redirect not in chain:
                chain.append(route.redirect)
                name = route.redirect
                continue
        found = _in_collection(collection, short, route.action if route is not None else None, index)
        if found is not None and found.fqcn != chain[-1]:
            chain.append(found.fqcn)
        return Lookup(found, tuple(chain), deprecated=deprecated)
    return Lookup(None, tuple(chain), deprecated=deprecated)


def _legacy(index: Index, short: str) -> Found | None:
    library = index.libraries.get(short)
    if library is not None:
        return Found(library.name, "", "", library.path, library.within)
    builtin = index.collections.get(BUILTIN)
    if builtin is None:
        return None
    for name in (short, f"_{short}"):
        if name in builtin.modules:
            return _in_collection(builtin, name, None, index)
    return None


def _in_collection(collection: Collection, short: str, action: str | None, index: Index) -> Found | None:
    file = collection.modules.get(short)
    if file is None and short not in collection.actions:
        return None
    directory = collection.modules_dir if file is not None else collection.actions_dir
    return Found(
        fqcn=f"{collection.name}.{short}",
        collection=collection.name,
        version=collection.version,
        path=f"{directory}/{file if file is not None else collection.actions[short]}",
        within=collection.within,
        action=_action_path(collection, short, action, index),
    )


def _action_path(collection: Collection, short: str, action: str | None, index: Index) -> str | None:
    """The file of the action that runs in place of the module: the one routed to, or the one of its name."""
    if action is not None:
        owner_name, _, short = action.rpartition(".")
        owner = index.collections.get(owner_name)
        if owner is None:
            return None
        collection = owner
    file = collection.actions.get(short)
    return f"{collection.actions_dir}/{file}" if file is not None else None
