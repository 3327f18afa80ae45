"""How YAML writes a string, and where a node's own text ends."""

from __future__ import annotations

import re

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import Loaded, load
from chiron.ansible.validate.values import FALSE_WORDS, TRUE_WORDS
from chiron.records import Option

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
#: What double quotes can hold as it is, but for `"` and a backslash.
_PLAIN_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")


def written(value: str) -> str | None:
    """`value` as a YAML scalar of one line that loads as exactly this string; None where there is none."""
    if not _PLAIN_TEXT.fullmatch(value):
        return None
    if is_plain(value):
        return value
    if '"' not in value and "\\" not in value:
        return f'"{value}"'
    if "'" not in value:
        return f"'{value}'"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written_for(value: str, option: Option | None) -> str | None:
    """A `k=v` string's value as the option takes it: booleans and numbers bare, all else as a string."""
    if option is not None and option.type == "bool" and value.lower() in TRUE_WORDS | FALSE_WORDS:
        return "true" if value.lower() in TRUE_WORDS else "false"
    if option is not None and option.type == "int" and _INTEGER.fullmatch(value):
        return value
    return written(value)


def is_plain(value: str) -> bool:
    """Whether `value` without quotes is this very string to YAML."""
    if not value or value != value.strip() or value.startswith(("%", "@", "`")):
        return False
    node = load(f"k: {value}\n").root
    if not isinstance(node, MappingNode) or len(node.value) != 1:
        return False
    (_, found) = node.value[0]
    return isinstance(found, ScalarNode) and found.tag == "tag:yaml.org,2002:str" and found.value == value


def start_of(node: Node, loaded: Loaded) -> int:
    """Where `node` begins in the text."""
    return int(node.start_mark.index) + loaded.shift


def end_of(node: Node, loaded: Loaded) -> int:
    """Where the text of `node` ends. To YAML, blank lines and comments after a block are part of it."""
    start, end = start_of(node, loaded), int(node.end_mark.index) + loaded.shift
    if isinstance(node, ScalarNode):
        return start + len(loaded.text[start:end].rstrip())
    if not isinstance(node, SequenceNode | MappingNode) or node.flow_style:
        return end
    # What an alias stands for has its place further up, and may be what the alias stands in.
    if isinstance(node, SequenceNode) and node.value:
        last = node.value[-1]
        return end_of(last, loaded) if start_of(last, loaded) >= start and last is not node else start
    if isinstance(node, MappingNode) and node.value:
        key, value = node.value[-1]
        if start_of(key, loaded) < start:
            return start
        after = end_of(key, loaded) + 1
        return max(after, end_of(value, loaded)) if start_of(value, loaded) >= after else after
    return end


def is_bare(node: Node, loaded: Loaded) -> bool:
    """Whether `node` is a scalar of one line, written without quotes, tag or anchor."""
    return isinstance(node, ScalarNode) and not node.style and loaded.source_of(node) == node.value


def inside(node: Node, loaded: Loaded) -> tuple[int, int] | None:
    """The bounds of a one-line scalar's value within its quotes; None where it is escaped, tagged or long."""
    if not isinstance(node, ScalarNode):
        return None
    start, source = start_of(node, loaded), loaded.source_of(node)
    if source == node.value:
        return start, start + len(source)
    if len(source) > 1 and source[0] == source[-1] and source[0] in "\"'" and source[1:-1] == node.value:
        return start + 1, start + len(source) - 1
    return None


def gap(text: str, newline: str, *, blank: bool) -> str:
    """What must stand between the end of `text` and a line to follow it, with a `blank` line or without."""
    if not text:
        return ""
    begun = "" if text.endswith(("\n", "\r")) else newline
    parted = not blank or text.endswith(("\n\n", "\n\r\n"))
    return begun if parted else begun + newline


def same(one: Node, other: Node, _seen: set[tuple[int, int]] | None = None) -> bool:
    """Whether two nodes hold the same, wherever they stand. Each pair of nodes is looked at once."""
    seen = _seen if _seen is not None else set()
    if isinstance(one, ScalarNode) or one.tag != other.tag or len(one.value) != len(other.value):
        return one.tag == other.tag and bool(one.value == other.value)
    if (id(one), id(other)) in seen:
        return True
    seen.add((id(one), id(other)))
    pairs = zip(one.value, other.value, strict=True)
    if isinstance(one, MappingNode):
        return all(same(a[0], b[0], seen) and same(a[1], b[1], seen) for a, b in pairs)
    return all(same(a, b, seen) for a, b in pairs)
