"""Checks what a person writes in a suggestion's place, and tells what kind of mistake it mends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import load
from chiron.ansible.validate import validate_tasks
from chiron.errors import ChironError
from chiron.records import Facts, Severity, SuggestionRecord

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

#: Aliases can make a small text endless.
_MOST_NODES = 5_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What the validator says of a correction.

    `problems` are (line from 1, severity, words); `trouble` says why nothing could be checked. `verdict` is
    the label that its difference from the suggestion speaks for, or None.
    """

    problems: tuple[tuple[int, str, str], ...] = ()
    verdict: str | None = None
    trouble: str = ""
    empty: bool = False

    @property
    def valid(self) -> bool:
        return not self.trouble and not any(kind == Severity.ERROR for _, kind, _ in self.problems)


class Checker:
    """The validator with the modules installed here, which are read at the first need."""

    def __init__(
        self,
        open_catalog: Callable[[], Catalog],
        facts_at: Callable[[SuggestionRecord, Catalog], Facts | None] = lambda _record, _catalog: None,
    ) -> None:
        """`facts_at` tells what is within reach of a suggestion's place, or None where nobody knows."""
        self._open = open_catalog
        self._facts_at = facts_at
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._trouble = ""

    def warm(self) -> None:
        """Reads the modules, so that the first check need not wait."""
        self._ready()

    def check(
        self, correction: str, suggested: str, *, in_handlers: bool, record: SuggestionRecord | None = None
    ) -> Checked:
        """What is wrong with `correction`, the whole task that should have stood there. It never raises.

        With `record`, what its project has counts too: handlers, templates and files.
        """
        if not correction.strip():
            return Checked(empty=True)
        catalog = self._ready()
        if catalog is None:
            return Checked(trouble=self._trouble)
        facts = self._facts_at(record, catalog) if record is not None else None
        problems = tuple(
            (problem.range.start.line + 1, problem.severity.value, problem.message)
            for problem in validate_tasks(correction, catalog, facts=facts, handlers=in_handlers)
        )
        return Checked(problems, _mended(suggested, correction, catalog))

    def _ready(self) -> Catalog | None:
        with self._lock:
            if self._catalog is None and not self._trouble:
                try:
                    self._catalog = self._open()
                except ChironError as error:
                    self._trouble = str(error)
            return self._catalog


def _mended(suggested: str, correction: str, catalog: Catalog) -> str | None:
    """The verdict that a correction speaks for: what is the first thing it changes?"""
    before, after = _first_task(suggested), _first_task(correction)
    if before is None or after is None:
        return None
    if suggested.strip() == correction.strip():
        return None
    module, args = _call(before, catalog)
    other, other_args = _call(after, catalog)
    if module is None or other is None:
        return None
    if module != other:
        return "wrong_module"
    if not isinstance(args, Mapping) or not isinstance(other_args, Mapping):
        return "style" if args == other_args else "wrong_value"
    if set(args) != set(other_args):
        return "wrong_option"
    return "style" if args == other_args else "wrong_value"


def _first_task(text: str) -> dict[str, Any] | None:
    root = load(text).root
    if isinstance(root, SequenceNode) and root.value and isinstance(root.value[0], MappingNode):
        task = _plain(root.value[0])
        return task if isinstance(task, dict) else None
    return None


def _call(task: Mapping[str, Any], catalog: Catalog) -> tuple[str | None, Any]:
    for key, value in task.items():
        fqcn = catalog.resolve(key)
        if fqcn is not None:
            return fqcn, value
    return None, None


def _plain(node: Node, left: list[int] | None = None, depth: int = 0) -> Any:
    """A node as plain values; of what is larger or deeper than anybody writes, only a part."""
    left = [_MOST_NODES] if left is None else left
    left[0] -= 1
    if left[0] < 0 or depth > 20:
        return None
    if isinstance(node, MappingNode):
        return {
            key.value: _plain(value, left, depth + 1)
            for key, value in node.value
            if isinstance(key, ScalarNode)
        }
    if isinstance(node, SequenceNode):
        return [_plain(value, left, depth + 1) for value in node.value]
    return node.value
