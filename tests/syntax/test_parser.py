"""The tree of a stretch of text, and what in it is text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node

from chiron.syntax.parser import IncrementalParser, is_text, to_bytes

PIECES = st.lists(
    st.sampled_from(
        ["- ", "name", ": ", "a", "\n", "  ", "\n  ", "\n- ", "#", '"', "'", "|", "{", "]", "é😀", "\r"]
    ),
    max_size=25,
).map("".join)


def check_text(fixture: str, expected: bool) -> None:
    tree = IncrementalParser().parse(fixture.replace("¦", ""))
    assert tree is not None
    assert is_text(tree, len(to_bytes(fixture[: fixture.index("¦")]))) is expected


@pytest.mark.parametrize(
    "fixture",
    [
        '- debug:\n    msg: "one\n\n  ¦\n      two"\n',
        "- debug:\n    msg: 'it''s\n      # ¦no comment'\n",
        "- debug: {a: 1,\n    b¦}\n",
        "- debug:\n    msg: [漢字, 😀,\n      b¦]\n",
    ],
)
def test_quotes_and_brackets_hold_text_over_lines(fixture: str) -> None:
    check_text(fixture, True)


@pytest.mark.parametrize(
    "fixture",
    [
        '- name: "open\n  ¦\n  debug:\n',
        "- name: 'open\n  ¦",
        "- debug: [a,\n  ¦\n  when: b\n",
        "- debug:\n    msg: [a,\n    b¦\n    ]\n",
        "- debug: {a: [b]\n  ¦\n",
    ],
)
def test_what_was_left_open_holds_all_that_follows(fixture: str) -> None:
    check_text(fixture, True)


@pytest.mark.parametrize(
    "fixture",
    [
        '- name: "a"¦\n',
        "- name: a¦\n",
        "- debug: {a: 1}¦\n",
        "- shell: |\n    a\n  ¦\n",
        "- name: {{ a }} b\n  ¦\n  when: [c, d] e\n",
        "- name: don't \"quote [this\n  ¦\n",
        "- debug: [a]\n  : ¦\n  msg: [\n",
    ],
)
def test_what_is_closed_holds_no_text_behind_it(fixture: str) -> None:
    check_text(fixture, False)


@pytest.mark.parametrize(
    "text",
    [
        "- " * 300 + "a",
        "? " * 300 + "a",
        "? - " * 300,
        ": " * 300,
        "\n".join(" " * n + "a:" for n in range(300)),
        "\n".join(" " * (2 * n) + "- a:" for n in range(150)),
        "a" * 70_000,
        "- name: a\0b",
    ],
)
def test_what_the_scanner_cannot_hold_is_not_parsed(text: str) -> None:
    assert IncrementalParser().parse(text) is None


def test_the_deepest_nesting_that_is_parsed_does_not_kill_the_process() -> None:
    deepest = (
        "\n".join(" " * n + "a:\n" + " " * n + "-" for n in range(80)) + "\n" + " " * 80 + "- " * 59 + "a\n"
    )
    program = (
        f"from chiron.syntax.parser import IncrementalParser\nassert IncrementalParser().parse({deepest!r})"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_same_text_is_not_parsed_twice() -> None:
    parser = IncrementalParser()
    assert parser.parse("- name: a") is parser.parse("- name: a")


@given(PIECES, PIECES)
def test_a_tree_brought_up_to_date_is_the_one_built_anew(before: str, after: str) -> None:
    parser = IncrementalParser()
    parser.parse(before)
    tree = parser.parse(after)
    fresh = IncrementalParser().parse(after)
    assert tree is not None
    assert fresh is not None
    assert [(node.type, node.byte_range) for node in leaves(tree.root_node)] == [
        (node.type, node.byte_range) for node in leaves(fresh.root_node)
    ]


def leaves(node: Node) -> Iterator[Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from leaves(child)
