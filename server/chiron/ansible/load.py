"""YAML text to nodes that know where they stand. Broken, hostile or deep text is a problem, no exception.

Nodes are composed, not constructed: tags nobody knows load like any other, duplicate keys can still be seen,
and each node keeps its place. What a scalar will be is told by `value_of`, in YAML 1.1 as Ansible reads it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.records import Position, Problem, Range

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # pragma: no cover - PyYAML built without libyaml; ten times slower, same result
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

#: libyaml composes by recursion on the C stack: some 10,000 open brackets end the process, without an
#: exception. No file written by a person comes near this depth.
MAX_DEPTH: Final = 200

#: Longer texts are not validated; the largest task file seen in public repositories has 300 kB.
MAX_TEXT: Final = 4_000_000


#: Texts of a task or a few are kept when they are composed; a longer one is a file.
_LONGEST_KEPT: Final = 10_000


class Dynamic:
    """A value nobody knows before the play runs: Jinja, vaulted text, a tag of somebody else's."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DYNAMIC"


DYNAMIC: Final = Dynamic()

_MAP = "tag:yaml.org,2002:map"
_STR = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
#: Line ends of YAML 1.1 that are no line ends to an editor.
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
_LINE = re.compile(r"\r\n|\r|\n")
#: What Ansible's own loader knows besides plain YAML.
KNOWN_TAGS: Final = frozenset({"!vault", "!vault-encrypted", "!unsafe"})


class Entry(NamedTuple):
    """One key of a mapping. `merged` tells that it came in through `<<`."""

    name: str
    key: Node
    value: Node
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A composed text. `root` is None where it is empty or broken; then `problems` says why."""

    text: str
    root: Node | None
    problems: tuple[Problem, ...]
    #: Where each line starts; only kept for texts whose lines YAML counts differently.
    line_starts: tuple[int, ...] = ()
    #: 1 where the text begins with a byte order mark, which YAML does not count.
    shift: int = 0

    def position(self, mark: Any) -> Position:
        """Where `mark` stands in the text as an editor counts it."""
        if self.line_starts:
            index = min(mark.index + self.shift, len(self.text))
            line = bisect_right(self.line_starts, index) - 1
            return Position(line, index - self.line_starts[line])
        return Position(mark.line, mark.column + (self.shift if mark.line == 0 else 0))

    def range_of(self, node: Node) -> Range:
        """The text of `node`; of one that spans lines, what stands on its first line."""
        start, end = self.position(node.start_mark), self.position(node.end_mark)
        if end.line > start.line:
            begin = node.start_mark.index + self.shift
            found = _LINE.search(self.text, begin)
            first = self.text[begin : found.start() if found else len(self.text)].rstrip()
            end = Position(start.line, start.column + len(first))
        return Range(start, end)

    def source_of(self, node: Node) -> str:
        """What was written for `node`, quotes included."""
        return self.text[node.start_mark.index + self.shift : node.end_mark.index + self.shift]


def load(text: str) -> Loaded:
    """Composes `text`, or says in one problem why it cannot be. It never raises.

    Nodes are shared between those who load the same text, and nobody changes them.
    """
    return _load_kept(text) if len(text) <= _LONGEST_KEPT else _load(text)


# Each guardrail looks at the same candidate, and the next keystroke brings most of the candidates again.
@lru_cache(maxsize=128)
def _load_kept(text: str) -> Loaded:
    return _load(text)


def _load(text: str) -> Loaded:
    if len(text) > MAX_TEXT:
        return _broken(text, "too-large", "The text is too large to be checked.", Position(0, 0))
    shift = 1 if text.startswith("\ufeff") else 0
    starts = tuple(_line_starts(text)) if _OTHER_BREAKS.search(text) else ()
    body = text[shift:]
    try:
        if _may_be_deep(body) and _depth(body) > MAX_DEPTH:
            return _broken(text, "too-deep", f"Nested more than {MAX_DEPTH} levels deep.", Position(0, 0))
        root = yaml.compose(body, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Loaded(text, None, (), starts, shift).position(mark) if mark else Position(0, 0)
        what = error.problem or error.context or "not YAML"
        return _broken(text, "yaml-syntax", f"This is not YAML: {what}.", place)
    except (yaml.YAMLError, ValueError) as error:
        # A character YAML does not allow, or half of a surrogate pair.
        offset = getattr(error, "position", None) or getattr(error, "start", None) or 0
        before = text[: int(offset) + shift]
        lines = _LINE.split(before)
        place = Position(len(lines) - 1, len(lines[-1]))
        return _broken(text, "yaml-syntax", "A character here is not allowed in YAML.", place)
    return Loaded(text, root, (), starts, shift)


def entries(node: MappingNode) -> Iterator[Entry]:
    """The keys of `node` in order, merged ones last, each name once: the last written, which counts."""
    seen = {
        key.value: Entry(key.value, key, value)
        for key, value in node.value
        if isinstance(key, ScalarNode) and key.tag != _MERGE
    }
    if merges := [value for key, value in node.value if key.tag == _MERGE]:
        for name, entry in _merged(merges, {id(node)}):
            seen.setdefault(name, entry)
    return iter(seen.values())


def duplicates(node: MappingNode) -> Iterator[ScalarNode]:
    """Keys of `node` that stand there a second time."""
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode) or key.tag == _MERGE:
            continue
        if key.value in seen:
            yield key
        seen.add(key.value)


def is_bare_jinja(node: Node) -> bool:
    """`{{ name }}` written without quotes, which YAML takes for a mapping whose key is a mapping."""
    return (
        isinstance(node, MappingNode)
        and node.flow_style is not False
        and len(node.value) == 1
        and isinstance(node.value[0][0], MappingNode)
    )


def has_jinja(text: str) -> bool:
    """Whether `text` is evaluated when the play runs."""
    return "{{" in text or "{%" in text


def value_of(node: Node) -> Any:
    """The Python value of a scalar as Ansible sees it; DYNAMIC where only the run will tell.

    Collections come back as the node itself.
    """
    tag: str = node.tag
    if not isinstance(node, ScalarNode):
        return DYNAMIC if not tag.startswith("tag:yaml.org") or is_bare_jinja(node) else node
    text: str = node.value
    if tag == _STR:
        return DYNAMIC if has_jinja(text) else text
    if tag.startswith("!"):
        return text if tag == "!unsafe" else DYNAMIC
    return _typed(tag.removeprefix("tag:yaml.org,2002:"), text)


def is_null(node: Node) -> bool:
    """Whether `node` is empty, `~` or `null`."""
    return bool(node.tag == "tag:yaml.org,2002:null")


def items_of(node: Node) -> Sequence[Node]:
    """The elements of a sequence, nothing for anything else."""
    return node.value if isinstance(node, SequenceNode) else ()


def scalar(text: str, at: Node, *, tag: str = _STR) -> ScalarNode:
    """A scalar that was found inside another node, reported at that node's place."""
    return ScalarNode(tag, text, at.start_mark, at.end_mark)


def _typed(kind: str, text: str) -> Any:
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"yes", "true", "on"}
    try:
        if kind == "int":
            return _integer(text)
        if kind == "float":
            return _float(text)
    except ValueError:
        return text
    return text


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if ":" in digits:
        value = 0
        for part in digits.split(":"):
            value = value * 60 + int(part)
        return sign * value
    if digits.lower().startswith("0x"):
        return sign * int(digits, 16)
    if digits.lower().startswith("0b"):
        return sign * int(digits, 2)
    return sign * int(digits, 8 if digits.startswith("0") and digits != "0" else 10)


def _float(text: str) -> float:
    digits = text.replace("_", "").lower()
    if digits.lstrip("+-").startswith("."):
        digits = digits.replace(".inf", "inf").replace(".nan", "nan")
    if ":" in digits:
        return float(digits.replace(":", ""))
    return float(digits)


def _merged(merges: Sequence[Node], seen: set[int]) -> Iterator[tuple[str, Entry]]:
    for node in merges:
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            yield from _merged(node.value, seen)
        elif isinstance(node, MappingNode):
            inner: list[Node] = []
            for key, value in node.value:
                if key.tag == _MERGE:
                    inner.append(value)
                elif isinstance(key, ScalarNode):
                    yield key.value, Entry(key.value, key, value, merged=True)
            yield from _merged(inner, seen)


def _may_be_deep(text: str) -> bool:
    # A block collection needs a column of its own; a flow collection needs a bracket, and may hold mappings
    # of one pair without one. This bounds the depth from above, and 400 levels fit on a stack of 256 kB.
    longest = max(map(len, text.splitlines()), default=0)
    return longest + 2 * (text.count("[") + text.count("{")) > 2 * MAX_DEPTH


def _depth(text: str) -> int:
    deepest = depth = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest


def _line_starts(text: str) -> Iterator[int]:
    yield 0
    for found in _LINE.finditer(text):
        yield found.end()


def _broken(text: str, code: str, message: str, at: Position) -> Loaded:
    problem = Problem(code, message, Range(at, Position(at.line, at.column + 1)))
    return Loaded(text, None, (problem,))
