"""One task's text as plain values, in one shape however it was written, so that two tasks can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible import freeform
from chiron.ansible.bodies import is_keyword
from chiron.ansible.load import DYNAMIC, load, value_of

Resolve = Callable[[str], str | None]

#: The string of a free-form module, as an argument.
RAW = "_raw_params"
_COMMANDS = frozenset(
    f"ansible.{collection}.{name}"
    for collection, names in (
        ("builtin", ("command", "shell", "raw", "script")),
        ("windows", ("win_command", "win_shell")),
    )
    for name in names
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A task taken apart. `module` is its FQCN where it could be resolved, else as written."""

    module: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    keywords: Mapping[str, Any] = field(default_factory=dict)


def read_body(body: str, resolve: Resolve) -> Reading | None:
    """The lines under a name line as a `Reading`, or None where they are not one task's."""
    loaded = load(dedent(body) + "\n")
    root = loaded.root
    if loaded.problems or not isinstance(root, MappingNode):
        return None
    module, arguments = "", dict[str, Any]()
    keywords: dict[str, Any] = {}
    for key, value in root.value:
        name = str(key.value)
        if name == "args":
            arguments |= _mapping(value)
        elif name in ("action", "local_action"):
            module, given = _action(value, resolve)
            arguments |= given
        elif is_keyword(name):
            keywords[name] = plain(value)
        elif module:
            return None
        else:
            module = resolve(name) or name
            arguments |= _arguments(value, module)
    return Reading(module, arguments, keywords) if module else None


def plain(node: Node) -> Any:
    """A node as plain values. Expressions and unknown tags are their text."""
    if isinstance(node, MappingNode):
        return _mapping(node)
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.value]
    value = value_of(node)
    return " ".join(str(node.value).split()) if value is DYNAMIC else value


def _mapping(node: Node) -> dict[str, Any]:
    if isinstance(node, MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    return {}


def _arguments(node: Node, module: str) -> dict[str, Any]:
    if isinstance(node, MappingNode):
        return _mapping(node)
    if isinstance(node, ScalarNode) and node.value:
        parsed = freeform.parse(str(node.value), command=module in _COMMANDS)
        given: dict[str, Any] = {pair.name: pair.value for pair in parsed.pairs}
        return given | ({RAW: " ".join(parsed.raw.split())} if parsed.raw else {})
    return {}


def _action(node: Node, resolve: Resolve) -> tuple[str, dict[str, Any]]:
    if isinstance(node, MappingNode):
        given = _mapping(node)
        name = str(given.pop("module", ""))
        return resolve(name) or name, given
    name, rest = freeform.split_action(str(node.value))
    module = resolve(name) or name
    parsed = freeform.parse(rest, command=module in _COMMANDS)
    return module, {pair.name: pair.value for pair in parsed.pairs} | (
        {RAW: parsed.raw} if parsed.raw else {}
    )
