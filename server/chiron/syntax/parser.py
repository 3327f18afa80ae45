"""tree-sitter's view of a stretch of a document: which parts of it are text rather than structure.

The tokens of the tree survive broken YAML (quotes, brackets and block scalars end where the indentation
says so), its structure does not. So the tree is asked for tokens, and indentation for structure.

It is asked about one task at a time, never about the whole document: the YAML scanner (0.7.2) keeps rows in
16 bits, so it goes wrong behind line 32,767; it reuses nothing behind an edit, so a key typed at the top of
5,000 lines costs 10 ms; and it writes past its buffer, which kills the process, at some 250 nested levels.
"""

from __future__ import annotations

import re

import tree_sitter_yaml
from tree_sitter import Language, Node, Parser, Tree

#: Kinds of nodes inside which nothing is a task, a key or a comment. Block scalars are missing: where
#: they end is a matter of indentation alone, and the tree lets them run on over blank lines.
_TEXT = frozenset({"double_quote_scalar", "single_quote_scalar", "flow_mapping", "flow_sequence"})

#: Limits under which the scanner is safe: bytes, columns of indentation (each can nest two levels) and
#: dashes and their like in one line (each can nest one).
_MOST_BYTES = 64_000
_MOST_COLUMNS = 80
_MOST_INDICATORS = 60

_LANGUAGE = Language(tree_sitter_yaml.language())
_INDICATOR = re.compile(rb"[-?:](?=[ \t\r\n]|$)")
_LONE_CR = re.compile(r"\r(?!\n)")


class IncrementalParser:
    """Parses one text after another, reusing of the last tree what the two texts share."""

    def __init__(self) -> None:
        self._source: bytes | None = None
        self._tree: Tree | None = None

    def parse(self, text: str) -> Tree | None:
        """The tree of `text`, broken or not; None where it is too large or too deep to be parsed safely."""
        source = to_bytes(text)
        if source == self._source:
            return self._tree
        old, before = self._tree, self._source
        self._source, self._tree = source, None
        if not _is_safe(source):
            return None
        parser = Parser(_LANGUAGE)
        if old is None or before is None:
            self._tree = parser.parse(source)
        else:
            tell(old, before, source)
            self._tree = parser.parse(source, old)
            if self._tree.root_node.has_error:
                # How broken text is repaired depends on what stood there before, unless it is parsed anew.
                self._tree = parser.parse(source)
        return self._tree


def tell(tree: Tree, before: bytes, after: bytes) -> None:
    """Tells `tree`, the tree of `before`, the one edit that makes `after` of it."""
    start = _shared(before, after)
    shortest = min(len(before), len(after)) - start
    tail = _shared(before[::-1][:shortest], after[::-1][:shortest])
    old_end, new_end = len(before) - tail, len(after) - tail
    tree.edit(start, old_end, new_end, _point(before, start), _point(before, old_end), _point(after, new_end))


def is_text(tree: Tree, at: int) -> bool:
    """Whether byte `at` lies inside a quoted scalar or flow collection, closed or left open."""
    node: Node | None = tree.root_node.descendant_for_byte_range(at, at)
    while node is not None:
        if node.type in _TEXT and node.start_byte < at < node.end_byte:
            return True
        node = node.parent
    return _is_left_open(tree.root_node, at)


def _is_left_open(root: Node, at: int) -> bool:
    """Whether a quote or bracket before byte `at` found no partner.

    The grammar ends it where the indentation does, Ansible's parser reads on.
    """
    broken = [root] if root.has_error else []
    while broken:
        node = broken.pop()
        children = [child for child in node.children if child.start_byte < at]
        if node.is_error:
            marks = [child.type for child in children]
            if any(marks.count(opened) > marks.count(closed) for opened, closed in ("[]", "{}")):
                return True
            if any(marks.count(quote) % 2 for quote in "\"'"):
                return True
        broken += (child for child in children if child.has_error)
    return False


def to_bytes(text: str) -> bytes:
    """UTF-8 for the parser, with every line ending seen as one: a lone `\\r` becomes `\\n`."""
    if "\r" in text:
        text = _LONE_CR.sub("\n", text)
    return text.encode("utf-8", "surrogatepass")


def _shared(one: bytes, other: bytes) -> int:
    """The length of the longest beginning that both share."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _point(source: bytes, at: int) -> tuple[int, int]:
    """Row and column, in bytes, of byte `at`."""
    return source.count(b"\n", 0, at), at - (source.rfind(b"\n", 0, at) + 1)


def _is_safe(source: bytes) -> bool:
    if len(source) > _MOST_BYTES or b"\0" in source:
        return False
    for line in source.splitlines():
        if len(line) - len(line.lstrip(b" \t")) > _MOST_COLUMNS:
            return False
        if len(_INDICATOR.findall(line)) > _MOST_INDICATORS:
            return False
    return True
