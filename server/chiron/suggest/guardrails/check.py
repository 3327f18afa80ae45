"""What a guardrail is given, and the task a candidate would make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.load import Entry, Loaded, entries, load
from chiron.records import Candidate, Facts, Request, Scope, Withheld
from chiron.redact import Redaction

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Check:
    """What a candidate is checked against: the request, what is installed, what the project holds."""

    request: Request
    catalog: Catalog
    facts: Facts
    #: What was taken out of the text a model saw; None where nothing was.
    redaction: Redaction | None = None
    #: What was worked out for one candidate or one guardrail and serves others too, by what it is.
    known: dict[str, object] = field(default_factory=dict, repr=False, compare=False)


#: One guardrail: the candidate as it may go on (changed, perhaps), or why it may not.
Guardrail: TypeAlias = Callable[[Candidate, Check], Candidate | Withheld]


def once(check: Check, what: str, work: Callable[[], _T]) -> _T:
    """`work()`, the same for whoever asks for `what` in this request; only the first one waits for it."""
    if what not in check.known:
        check.known[what] = work()
    return cast("_T", check.known[what])


def whole(text: str, scope: Scope) -> str:
    """The task (or tasks) that the file holds once `text` is put in."""
    return scope.before + text + scope.after


def tasks_in(loaded: Loaded) -> list[MappingNode]:
    """The plain tasks of a composed list, those in blocks too, in order."""
    return list(_tasks(loaded.root, 0))


def written_tasks(text: str, scope: Scope) -> tuple[Loaded, list[MappingNode]]:
    """The text with the candidate in place, composed, and its tasks."""
    loaded = load(whole(text, scope))
    return loaded, tasks_in(loaded)


def task_name(task: MappingNode) -> str:
    """The task's name, "" where it has none."""
    for entry in entries(task):
        if entry.name == "name" and isinstance(entry.value, ScalarNode):
            return str(entry.value.value)
    return ""


def is_inserted(node: Node, text: str, scope: Scope, loaded: Loaded) -> bool:
    """Whether `node` begins within the candidate's own text."""
    at = node.start_mark.index + loaded.shift - len(scope.before)
    return 0 <= at < len(text)


def leaves(node: Node, name: str = "", depth: int = 0) -> Iterator[tuple[str, ScalarNode]]:
    """Every scalar value below `node` with the key it stands under."""
    if depth > 40:
        return
    if isinstance(node, ScalarNode):
        yield name, node
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from leaves(item, name, depth + 1)
    elif isinstance(node, MappingNode):
        for entry in entries(node):
            yield from leaves(entry.value, entry.name, depth + 1)


def _tasks(node: Node | None, depth: int) -> Iterator[MappingNode]:
    if not isinstance(node, SequenceNode) or depth > 40:
        return
    for item in node.value:
        if not isinstance(item, MappingNode):
            continue
        blocks = [entry for entry in entries(item) if entry.name in {"block", "rescue", "always"}]
        for entry in blocks:
            yield from _tasks(entry.value, depth + 1)
        if not blocks:
            yield item


def holds_aliases(root: Node) -> bool:
    """Whether a list or mapping stands in two places: then a small text may stand for an endless one."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ScalarNode):
            continue
        if id(node) in seen:
            return True
        seen.add(id(node))
        for part in node.value:
            waiting.extend(part if isinstance(part, tuple) else (part,))
    return False


def withheld(candidate: Candidate, reason: str, detail: str) -> Withheld:
    """`candidate`, kept back for a documented reason."""
    return Withheld(reason, detail, candidate.text, candidate.source, candidate.confidence)


def entry_named(given: Sequence[Entry], name: str) -> Entry | None:
    """The entry called `name`."""
    return next((entry for entry in given if entry.name == name), None)
