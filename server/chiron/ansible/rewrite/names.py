"""Names of modules and options: short ones, those that moved, aliases, those the documentation replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yaml import MappingNode, ScalarNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.load import DYNAMIC, entries, value_of
from chiron.ansible.rewrite.edits import Edit, Rewrite
from chiron.ansible.rewrite.scalars import inside
from chiron.ansible.rewrite.sites import Site
from chiron.ansible.validate.arguments import option_named
from chiron.records import Module

_FQCN = re.compile(r"\b[a-z_]\w*\.[a-z_]\w*\.[a-z_]\w*(?:\.[a-z_]\w*)*")
#: How documentation names what to use instead of an option.
_INSTEAD = re.compile(r"(?:use|replaced (?:by|with)|alternatives?:?|in favou?r of)\s+(?:the\s+)?"
                      r"(?:O\(|I\(|C\(|`{1,2}|['\"])?(?P<name>[a-z_]\w*)", re.IGNORECASE)  # fmt: skip


def full_name(site: Site) -> Iterator[Rewrite]:
    """A short or moved name -> the name under which the module is installed."""
    call, module = site.call, site.module
    if call is None or module is None or call.by:
        return
    name = canonical(site)
    if name is None or name == call.name:
        return
    place = inside(call.key, site.loaded)
    if place is not None:
        evidence = f"`{call.name}` is `{name}` in {module.collection} {module.version}."
        title = f"Write `{call.name}` as `{name}`"
        yield site.rewrite("fqcn", title, call.key, Edit(*place, name), safe=True, evidence=evidence)


def defaults_of(site: Site) -> Iterator[Rewrite]:
    """The short names under `module_defaults` -> those under which the modules are installed."""
    entry = site.entry("module_defaults")
    value = entry.value if entry is not None and not entry.merged else None
    if not isinstance(value, MappingNode) or value_of(value) is DYNAMIC:
        return
    given = [one for one in entries(value) if not one.merged]
    names = {one.name for one in given}
    for one in given:
        module = site.catalog.module(one.name, site.collections)
        name = canonical_name(one.name, module, site.catalog) if module is not None else None
        place = inside(one.key, site.loaded)
        if name is None or module is None or name in names or place is None:
            continue
        evidence = f"`{one.name}` is `{name}` in {module.collection} {module.version}."
        title = f"Write `{one.name}` as `{name}`"
        yield site.rewrite("fqcn", title, one.key, Edit(*place, name), safe=True, evidence=evidence)


def canonical(site: Site) -> str | None:
    """The FQCN a call should be written with; None where it has none, as a module of a `library`."""
    if site.call is None or site.module is None:
        return None
    return canonical_name(site.call.name, site.module, site.catalog)


def canonical_name(written: str, module: Module, catalog: Catalog) -> str | None:
    """The FQCN that `module`, called as it is `written`, should be called by; None where it has none."""
    if not module.collection or module.fqcn.count(".") < 2:
        return None
    if module.fqcn.startswith("ansible.legacy."):
        return None
    # `yum` stands for `dnf` in recent releases only: where the name as written still leads there from within
    # the same collection, it is kept.
    same = f"{module.collection}.{written.rpartition('.')[2]}"
    if catalog.resolve(same) == module.fqcn:
        return same
    return module.fqcn


def replaced_module(site: Site) -> Iterator[Rewrite]:
    """A removed or deprecated module -> the one its collection names instead, if that takes the options."""
    call = site.call
    if call is None or call.by:
        return
    lookup = site.catalog.look_up(call.name, site.collections)
    reason = lookup.removed or (site.module.deprecated if site.module is not None else None)
    place = inside(call.key, site.loaded)
    if not reason or place is None:
        return
    for name in _FQCN.findall(reason):
        module = site.catalog.module(name)
        if module is None or module.deprecated or name == call.name or module.fqcn == lookup.fqcn:
            continue
        options = site.options()
        if module.checkable and any(option_named(one.name, module.options) is None for one in options):
            continue
        title = f"Use `{name}` instead of `{call.name}`"
        yield site.rewrite("replaced-module", title, call.key, Edit(*place, name), evidence=reason)
        return


def replaced_option(site: Site) -> Iterator[Rewrite]:
    """A deprecated option -> the one its documentation names instead."""
    if site.module is None:
        return
    options = site.options()
    given = {entry.name for entry in options}
    for entry in options:
        option = option_named(entry.name, site.module.options)
        place = inside(entry.key, site.loaded)
        if option is None or not option.deprecated or place is None:
            continue
        for found in _INSTEAD.finditer(option.deprecated):
            other = site.module.options.get(found["name"])
            if other is not None and other.name != option.name and not other.deprecated:
                if other.name not in given and other.type == option.type:
                    title = f"Use `{other.name}` instead of `{entry.name}`"
                    edit = Edit(*place, other.name)
                    yield site.rewrite("replaced-option", title, entry.key, edit, evidence=option.deprecated)
                break


def alias(site: Site) -> Iterator[Rewrite]:
    """An option's alias -> its name."""
    if site.module is None:
        return
    options = site.options()
    given = {entry.name for entry in options}
    for entry in options:
        if entry.name in site.module.options or not isinstance(entry.key, ScalarNode):
            continue
        option = option_named(entry.name, site.module.options)
        place = inside(entry.key, site.loaded)
        if option is not None and place is not None and option.name not in given:
            title = f"Write `{entry.name}` as `{option.name}`, whose alias it is"
            yield site.rewrite("alias", title, entry.key, Edit(*place, option.name))
