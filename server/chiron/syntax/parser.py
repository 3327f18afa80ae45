"""tree-sitter's view of a document: which stretches of it are text rather than structure.

The tokens of the tree survive broken YAML (quotes, brackets and block scalars end where the indentation
says so), its structure does not. So the tree is asked for tokens, and indentation for structure.
"""

from __future__ import annotations

import tree_sitter_yaml
from tree_sitter import Language, Node, Parser, Tree

#: Kinds of nodes inside which nothing is a task, a key or a comment. Block scalars are missing: where
#: they end is a matter of indentation alone, and the tree lets them run on over blank lines.
_TEXT = frozenset({"double_quote_scalar", "single_quote_scalar", "flow_mapping", "flow_sequence"})

_LANGUAGE = Language(tree_sitter_yaml.language())


def parse(source: bytes, old: Tree | None = None) -> Tree:
    """The tree of `source`. It never fails; what isn't YAML becomes ERROR nodes.

    `old`, the tree of an earlier source with the edits since told to it, makes it quicker.
    """
    parser = Parser(_LANGUAGE)
    return parser.parse(source, old) if old is not None else parser.parse(source)


def is_text(tree: Tree, at: int) -> bool:
    """Whether byte `at` lies inside a quoted scalar or a flow collection, not at its edge."""
    node: Node | None = tree.root_node.descendant_for_byte_range(at, at)
    while node is not None:
        if node.type in _TEXT and node.start_byte < at < node.end_byte:
            return True
        node = node.parent
    return False
