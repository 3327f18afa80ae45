"""Where names lead: redirects, tombstones, deprecations and action groups of one collection.

The format is that of `meta/runtime.yml`; ansible-core has its own in `config/ansible_builtin_runtime.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chiron.ansible.plain import mapping, read_yaml, text_of

#: The plugin types that decide what a task or its documentation is.
TYPES = ("modules", "action", "doc_fragments")


@dataclass(frozen=True, slots=True)
class Route:
    """What `plugin_routing` says about one name."""

    redirect: str | None = None
    #: Why it was removed, in one sentence.
    removed: str | None = None
    #: Why it should not be used any more, in one sentence.
    deprecated: str | None = None
    #: The action that runs in place of the module's own.
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """All routes of one collection, by plugin type, and its action groups with their members as written."""

    routes: Mapping[str, Mapping[str, Route]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Groups a group takes over, by name.
    extends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def route(self, kind: str, name: str) -> Route | None:
        """The route of `name` among the plugins of type `kind`."""
        return self.routes.get(kind, {}).get(name)


def read_routing(text: str | None) -> dict[str, Any]:
    """What is needed of a runtime file, as values that can be written as JSON. Empty where it is broken."""
    raw = mapping(read_yaml(text)) if text else {}
    plugins = mapping(raw.get("plugin_routing"))
    return {
        "routes": {kind: _kept(mapping(plugins.get(kind))) for kind in TYPES if kind in plugins},
        "groups": {
            str(name): members
            for name, members in mapping(raw.get("action_groups")).items()
            if isinstance(members, list)
        },
    }


def to_routing(data: Mapping[str, Any], collection: str) -> Routing:
    """The routing of `collection` from what `read_routing` returned."""
    routes = {
        kind: {name: _route(entry, f"{collection}.{name}") for name, entry in mapping(named).items()}
        for kind, named in mapping(data.get("routes")).items()
    }
    groups: dict[str, tuple[str, ...]] = {}
    extends: dict[str, tuple[str, ...]] = {}
    for group, members in mapping(data.get("groups")).items():
        groups[group] = tuple(member for member in members if isinstance(member, str))
        extends[group] = tuple(
            str(parent)
            for member in members
            if isinstance(member, dict)
            for parent in mapping(member.get("metadata")).get("extend_group") or ()
        )
    return Routing(routes, groups, extends)


def _kept(named: Mapping[str, Any]) -> dict[str, Any]:
    # Most of the 5,000 entries are a redirect alone: the target's name stands for those.
    kept: dict[str, Any] = {}
    for name, entry in named.items():
        if isinstance(entry, dict):
            redirect = entry.get("redirect")
            kept[name] = redirect if len(entry) == 1 and isinstance(redirect, str) else entry
    return kept


def _route(entry: Any, name: str) -> Route:
    if isinstance(entry, str):
        return Route(redirect=entry)
    data = mapping(entry)
    redirect, action = data.get("redirect"), data.get("action_plugin")
    tombstone, deprecation = data.get("tombstone"), data.get("deprecation")
    return Route(
        redirect=redirect if isinstance(redirect, str) else None,
        removed=_sentence(name, "was removed", "in", mapping(tombstone)) if tombstone else None,
        deprecated=_sentence(name, "is deprecated", "to be removed in", mapping(deprecation))
        if deprecation
        else None,
        action=action if isinstance(action, str) else None,
    )


def _sentence(name: str, what: str, when: str, data: Mapping[str, Any]) -> str:
    version, date = data.get("removal_version"), data.get("removal_date")
    collection = ".".join(name.split(".")[:2])
    place = (
        f" {when} {collection} {version}" if version else f" {when} a release after {date}" if date else ""
    )
    if what == "is deprecated" and place:
        place = f",{place}"
    why = " ".join(text_of(data.get("warning_text")).split())
    return f"{name} {what}{place}{': ' + why if why else ''}"
