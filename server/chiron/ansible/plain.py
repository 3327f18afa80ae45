"""YAML that describes something (docs, routing, metadata) as plain Python values. Never raises."""

from __future__ import annotations

from typing import Any, Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import entries, load, value_of

#: Aliases can make a small text stand for an endless one. The largest documentation has 60,000 values.
MAX_VALUES: Final = 500_000

_STR = "tag:yaml.org,2002:str"
_PLAIN = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))


class _TooMany(Exception):
    """More than `MAX_VALUES` values, or one that contains itself."""


def read_yaml(text: str) -> Any:
    """The values of `text`: dicts, lists, strings, numbers, booleans and None. None where it is no YAML.

    Dates stay text, keys become text, tags other than YAML's own are ignored.
    """
    root = load(text).root
    if root is None:
        return None
    try:
        return _value(root, [MAX_VALUES], 0)
    except _TooMany:
        return None


def _value(node: Node, left: list[int], depth: int) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth > 400:
        raise _TooMany
    if isinstance(node, ScalarNode):
        # `value_of` answers "not known before the play runs" for Jinja, which in docs is just text.
        return value_of(node) if node.tag in _PLAIN else node.value
    if isinstance(node, SequenceNode):
        return [_value(item, left, depth + 1) for item in node.value]
    if isinstance(node, MappingNode):
        return {entry.name: _value(entry.value, left, depth + 1) for entry in entries(node)}
    return None


def mapping(value: Any) -> dict[str, Any]:
    """`value` where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    """Text or a list of texts as one, paragraphs apart by a line break."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(str(part) for part in value)
    return str(value)
