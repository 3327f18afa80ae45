"""Which module a name means, and what is said where it means none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yaml import Node

from chiron.ansible.spelling import nearest
from chiron.ansible.validate.context import Context
from chiron.records import Module, Severity

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

BUILTIN: Final = "ansible.builtin."
LEGACY: Final = "ansible.legacy."


def exists(name: str, context: Context) -> bool:
    """Whether `name` leads to a module, or to where one was or would be."""
    lookup = context.catalog.look_up(name, context.collections)
    return lookup.found is not None or lookup.removed is not None or len(lookup.chain) > 1


def find_module(name: str, key: Node, context: Context) -> Module | None:
    """The module called `name`; where there is none, the reason is reported at `key`."""
    catalog, report = context.catalog, context.report
    module = catalog.module(name, context.collections)
    if module is not None:
        return module
    lookup = catalog.look_up(name, context.collections)
    last = lookup.chain[-1]
    if lookup.removed is not None:
        report.add("module-removed", key, f"`{name}` was removed: {lookup.removed}")
    elif not lookup.collection_installed or _may_be_elsewhere(name, context):
        message = f"The collection of `{name}` is not installed here; its options were not checked."
        report.add("module-unverified", key, message, severity=Severity.INFO)
    elif last.rpartition(".")[2] != name.rpartition(".")[2] or _is_routed(name, last, context):
        report.add("unknown-module", key, f"`{name}` stands for `{last}`, which is not in its collection.")
    else:
        meant = _module_meant(name, catalog)
        hint = f" Did you mean `{meant}`?" if meant else ""
        report.add("unknown-module", key, f"There is no module `{name}`.{hint}", instead=meant)
    return None


def _is_routed(name: str, last: str, context: Context) -> bool:
    """Whether `name` leads to `last` by routing, not by the search through `collections` alone."""
    searched = {"", LEGACY, BUILTIN, *(f"{one}." for one in context.collections)}
    return last != name and ("." in name or last.removesuffix(name) not in searched)


def _may_be_elsewhere(name: str, context: Context) -> bool:
    """Whether a bare name may belong to one of the `collections` in force that is not installed here."""
    return "." not in name and any(
        not context.catalog.look_up(f"{one}.{name}").collection_installed for one in context.collections
    )


def _module_meant(name: str, catalog: Catalog) -> str | None:
    """The module whose name is a slip of the pen away, or whose collection was left out."""
    prefix, _, last = name.rpartition(".")
    if prefix:
        same = [one.rpartition(".")[2] for one in catalog.names() if one.rpartition(".")[0] == prefix]
        meant = nearest(last, same)
        return f"{prefix}.{meant}" if meant else None
    full = [one for one in catalog.names() if one.endswith(f".{name}")]
    if full:
        return full[0] if len(full) == 1 else None
    # What is written without its collection is, or was meant as, a module of core or of a library.
    return nearest(name, [one.removeprefix(BUILTIN) for one in catalog.names() if _is_short(one)])


def _is_short(name: str) -> bool:
    return name.startswith(BUILTIN) or "." not in name


def in_core(fqcn: str) -> str:
    """`fqcn`, by its name in `ansible.builtin` where it is called by its legacy name."""
    return f"{BUILTIN}{fqcn.removeprefix(LEGACY)}" if fqcn.startswith(LEGACY) else fqcn
