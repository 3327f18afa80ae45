"""A text -> the plays, blocks and tasks in it, each with its module, where a rule may look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.freeform import split_action
from chiron.ansible.load import DYNAMIC, MAX_DEPTH, Entry, Loaded, entries, has_jinja, load, value_of
from chiron.ansible.rewrite.edits import Edit, Lines, Rewrite, line_end, newline_of
from chiron.ansible.rewrite.scalars import end_of, start_of
from chiron.ansible.validate import keywords
from chiron.ansible.validate.plays import TASK_LISTS
from chiron.records import FileKind, Module

_BLOCKS = ("block", "rescue", "always")


@dataclass(frozen=True, slots=True)
class Call:
    """A module as a task calls it. `by` is `action` or `local_action` where it is called through these."""

    name: str
    key: ScalarNode
    value: Node
    by: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """One play, block or task, and what holds for it."""

    what: str
    loaded: Loaded
    catalog: Catalog
    lines: Lines
    node: MappingNode
    given: tuple[Entry, ...]
    collections: tuple[str, ...] = ()
    handlers: bool = False
    call: Call | None = None
    module: Module | None = None

    @property
    def text(self) -> str:
        return self.loaded.text

    @property
    def newline(self) -> str:
        return newline_of(self.text)

    @property
    def column(self) -> int:
        """Column of the keys."""
        return self.lines.position(start_of(self.node, self.loaded)).column

    @property
    def is_block(self) -> bool:
        """Whether each key stands on a line of its own, so that lines can be put between them."""
        if self.node.flow_style or any(entry.merged for entry in self.given):
            return False
        starts = [self.lines.position(start_of(key, self.loaded)) for key, _ in self.node.value]
        return len({place.line for place in starts}) == len(starts)

    def has(self, *names: str) -> bool:
        return any(entry.name in names for entry in self.given)

    def entry(self, name: str) -> Entry | None:
        return next((entry for entry in self.given if entry.name == name), None)

    def options(self) -> list[Entry]:
        """The module's options where they are written as a mapping, those merged in left out."""
        value = self.call.value if self.call is not None else None
        if not isinstance(value, MappingNode) or value_of(value) is DYNAMIC:
            return []
        return [entry for entry in entries(value) if not entry.merged]

    def below(self, node: Node) -> int:
        """Where a line may be put after everything of `node`: the end of the line it ends on."""
        return line_end(self.text, end_of(node, self.loaded))

    def new_line(self, after: Node, text: str, column: int | None = None) -> Edit:
        """An edit that puts `text` on a line of its own after `after`."""
        at = self.below(after)
        return Edit(at, at, f"{self.newline}{' ' * (self.column if column is None else column)}{text}")

    def rewrite(
        self, code: str, title: str, at: Node, *edits: Edit, safe: bool = False, evidence: str = ""
    ) -> Rewrite:
        """A rewrite of this site that is about the node `at`."""
        last = self.lines.position(end_of(self.node, self.loaded)).line
        first = self.lines.position(start_of(self.node, self.loaded)).line
        return Rewrite(code, title, self.loaded.range_of(at), edits, safe, (first, last), evidence, self.what)


def sites(text: str, kind: FileKind, catalog: Catalog) -> Iterator[Site]:
    """Every play, block and task of a file, in order; none where it is not YAML."""
    if kind not in {FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS}:
        return
    loaded = load(text)
    if not isinstance(loaded.root, SequenceNode):
        return
    top = Site("play", loaded, catalog, Lines(text), MappingNode("", []), ())
    seen: set[int] = set()
    if kind is FileKind.PLAYBOOK:
        for item in loaded.root.value:
            if isinstance(item, MappingNode):
                yield from _play(item, top, seen)
    else:
        yield from _tasks(loaded.root, replace(top, handlers=kind is FileKind.HANDLERS), seen, 0)


def _play(node: MappingNode, top: Site, seen: set[int]) -> Iterator[Site]:
    given = tuple(entries(node))
    play = replace(top, node=node, given=given, collections=_collections(given, ()))
    yield play
    for entry in given:
        if entry.name in TASK_LISTS:
            yield from _tasks(entry.value, replace(play, handlers=entry.name == "handlers"), seen, 0)


def _tasks(node: Node, around: Site, seen: set[int], depth: int) -> Iterator[Site]:
    if not isinstance(node, SequenceNode) or depth > MAX_DEPTH:
        return
    for item in node.value:
        # What an alias repeats is looked at once, where it is written.
        if not isinstance(item, MappingNode) or id(item) in seen:
            continue
        seen.add(id(item))
        given = tuple(entries(item))
        collections = _collections(given, around.collections)
        site = replace(around, what="task", node=item, given=given, collections=collections)
        if site.has(*_BLOCKS):
            yield replace(site, what="block")
            for entry in given:
                if entry.name in _BLOCKS:
                    yield from _tasks(entry.value, site, seen, depth + 1)
            continue
        call = _call(site)
        module = site.catalog.module(call.name, collections) if call is not None else None
        yield replace(site, call=call, module=module)


def _call(site: Site) -> Call | None:
    """The module that a task calls, where there is exactly one."""
    found: list[Call] = []
    for entry in site.given:
        if not isinstance(entry.key, ScalarNode) or has_jinja(entry.name) or entry.merged:
            continue
        if entry.name in {"action", "local_action"}:
            name = _named(entry.value)
            if not name or has_jinja(name):
                return None
            found.append(Call(name, entry.key, entry.value, entry.name))
        elif entry.name not in keywords.HANDLER and not entry.name.startswith("with_"):
            found.append(Call(entry.name, entry.key, entry.value))
    return found[0] if len(found) == 1 else None


def _named(value: Node) -> str:
    if isinstance(value, ScalarNode):
        return split_action(str(value.value))[0]
    if isinstance(value, MappingNode):
        for entry in entries(value):
            if entry.name == "module" and isinstance(entry.value, ScalarNode):
                return str(entry.value.value)
    return ""


def _collections(given: Sequence[Entry], around: tuple[str, ...]) -> tuple[str, ...]:
    for entry in given:
        if entry.name == "collections":
            items = entry.value.value if isinstance(entry.value, SequenceNode) else (entry.value,)
            return tuple(item.value for item in items if isinstance(item, ScalarNode))
    return around
