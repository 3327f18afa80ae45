"""What holds for a task because of where it stands: its play's and its blocks' keywords, and the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import Entry, entries, load
from chiron.ansible.validate.arguments import option_named
from chiron.ansible.validate.problems import Report
from chiron.records import Facts, Module

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for a list of tasks: the catalog, the project's facts and what plays and blocks set."""

    catalog: Catalog
    report: Report
    facts: Facts | None = None
    #: What is in reach differs from play to play: the facts for a line.
    facts_at: Callable[[int], Facts] | None = None
    handlers: bool = False
    partial: bool = False
    collections: tuple[str, ...] = ()
    #: `module_defaults` in force, outermost first: module or `group/…` and its options.
    defaults: tuple[tuple[str, frozenset[str]], ...] = ()
    #: A play, block or task around sets `environment`.
    environment: bool = False
    #: Handlers that the same file defines.
    own_handlers: frozenset[str] = field(default=frozenset())


def scoped(given: Sequence[Entry], context: Context) -> Context:
    """`context` with what a play's, block's or task's own keywords add to it."""
    collections, defaults = context.collections, context.defaults
    for entry in given:
        if entry.name == "collections":
            items = entry.value.value if isinstance(entry.value, SequenceNode) else (entry.value,)
            collections = tuple(item.value for item in items if isinstance(item, ScalarNode))
        elif entry.name == "module_defaults":
            maps = entry.value.value if isinstance(entry.value, SequenceNode) else (entry.value,)
            for one in maps:
                if isinstance(one, MappingNode):
                    defaults += tuple((e.name, _option_names(e.value)) for e in entries(one))
    environment = context.environment or any(entry.name == "environment" for entry in given)
    now = (collections, defaults, environment)
    if now == (context.collections, context.defaults, context.environment):
        return context
    return replace(context, collections=collections, defaults=defaults, environment=environment)


def surrounded(context: Context, text_above: str, column: int) -> Context:
    """`context` with what the plays and blocks add that are open where `text_above` ends.

    `column` is that of the dash of the task that follows there. Keywords below the task are not seen; a text
    that is broken adds nothing.
    """
    for given in _keywords_above(text_above, column):
        context = scoped(given, context)
    return context


# All candidates of a request stand under the same text, and those of the next keys too.
@lru_cache(maxsize=4)
def _keywords_above(text_above: str, column: int) -> tuple[tuple[Entry, ...], ...]:
    """The entries of the plays and blocks that are open where `text_above` ends, outermost first."""
    if not any(word in text_above for word in ("collections", "module_defaults", "environment")):
        return ()
    found: list[tuple[Entry, ...]] = []
    node = load(text_above).root
    while node is not None and node.start_mark.column < column:
        if isinstance(node, SequenceNode) and node.value:
            node = node.value[-1]
        elif isinstance(node, MappingNode) and node.value:
            found.append(tuple(entries(node)))
            node = node.value[-1][1]
        else:
            break
    return tuple(found)


def collections_above(catalog: Catalog, text_above: str, column: int) -> tuple[str, ...]:
    """The `collections` in force for a task that follows `text_above` with its dash in `column`."""
    context = Context(catalog, Report(load("")))
    return surrounded(context, text_above, column).collections


def supplied(module: Module, context: Context) -> frozenset[str]:
    """Names of the options that `module_defaults` in force give this module."""
    found: set[str] = set()
    for target, names in context.defaults:
        if target.startswith("group/"):
            if module.fqcn in context.catalog.action_group(target.removeprefix("group/")):
                found |= names
        elif target == module.fqcn or context.catalog.resolve(target, context.collections) == module.fqcn:
            found |= names
    options = module.options
    return frozenset(
        option.name if option else name
        for name, option in ((name, option_named(name, options)) for name in found)
    )


def _option_names(node: Node) -> frozenset[str]:
    return frozenset(entry.name for entry in entries(node)) if isinstance(node, MappingNode) else frozenset()
