"""YAML to nodes: places as an editor counts them, and no text that can do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml import MappingNode, SequenceNode

from chiron.ansible.load import Dynamic, duplicates, entries, is_bare_jinja, load, value_of
from chiron.records import Position, Range


def mapping(text: str) -> MappingNode:
    """The mapping that `text` is."""
    root = load(text).root
    assert isinstance(root, MappingNode)
    return root


def check_place(drawn: str, key: str) -> None:
    """The key that the drawn `¦…¦` surrounds is found there."""
    before, inside, after = drawn.split("¦")
    text = before + inside + after
    loaded = load(text)
    assert isinstance(loaded.root, MappingNode)
    node = next(entry.key for entry in entries(loaded.root) if entry.name == key)
    line, column = before.count("\n"), len(before.rpartition("\n")[2])
    assert loaded.range_of(node) == Range(Position(line, column), Position(line, column + len(inside)))


def check_broken(text: str, code: str, line: int) -> None:
    """`text` is not loaded, for this reason, found on this line."""
    loaded = load(text)
    assert loaded.root is None
    assert [(problem.code, problem.range.start.line) for problem in loaded.problems] == [(code, line)]


def check_value(written: str, value: object) -> None:
    """What is written after a colon comes out as this value, and of the same type."""
    found = value_of(next(entries(mapping(f"a: {written}\n"))).value)
    assert (type(found), found) == (type(value), value)


def test_places_are_counted_in_code_points() -> None:
    check_place("a: 😀é\n¦b¦: x", "b")
    check_place("{a: 😀, ¦b¦: x}", "b")


def test_carriage_returns_end_lines() -> None:
    check_place("a: b\r\n¦c¦: d\r\n", "c")


def test_a_byte_order_mark_counts_as_an_editor_counts_it() -> None:
    check_place("\ufeff¦a¦: b\nc: d", "a")
    check_place("\ufeffa: b\n¦c¦: d", "c")


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_what_ends_a_line_in_yaml_alone_does_not_shift_places(separator: str) -> None:
    check_place(f"a: x{separator}  y\n¦b¦: z", "b")


def test_a_range_of_many_lines_ends_with_its_first() -> None:
    loaded = load("a:\n  b: c  \n  d: e\n")
    assert isinstance(loaded.root, MappingNode)
    value = loaded.root.value[0][1]
    assert loaded.range_of(value) == Range(Position(1, 2), Position(1, 6))


def test_broken_yaml_is_one_problem_at_its_place() -> None:
    check_broken("a: b\nc: d: e\n", "yaml-syntax", 1)
    check_broken("- a\n\t- b\n", "yaml-syntax", 1)
    check_broken("a: [b\nc: d\n", "yaml-syntax", 1)


def test_two_documents_are_one_too_many() -> None:
    assert load("- a\n---\n- b\n").problems[0].code == "yaml-syntax"


@pytest.mark.parametrize("text", ["a: \x01", "a: \ud800", "a\n\nb: \x00"])
def test_characters_that_yaml_refuses_are_a_problem(text: str) -> None:
    check_broken(text, "yaml-syntax", text.count("\n"))


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? "])
def test_endless_nesting_is_refused_and_does_not_end_the_process(piece: str) -> None:
    assert load(piece * 100_000).problems


def test_deep_indentation_is_refused() -> None:
    check_broken("".join(" " * depth + "a:\n" for depth in range(500)), "too-deep", 0)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert load("".join(f"- {{a: [{n}]}}\n" for n in range(2000))).root is not None


def test_a_huge_text_is_refused() -> None:
    check_broken("a: " + "x" * 5_000_000, "too-large", 0)


def test_scalars_are_yaml_1_1_as_ansible_reads_it() -> None:
    check_value("yes", True)
    check_value("Off", False)
    check_value("0644", 0o644)
    check_value("0x1F", 31)
    check_value("1_000", 1000)
    check_value("12:30:45", 45045)
    check_value("1.5e+3", 1500.0)
    check_value(".inf", float("inf"))
    check_value("~", None)
    check_value("", None)
    check_value("'0644'", "0644")
    check_value("2024-02-29", "2024-02-29")


def test_a_number_that_python_cannot_read_stays_text() -> None:
    check_value("0b", "0b")
    check_value("089", "089")


def test_values_of_the_run_are_not_known() -> None:
    for written in ('"{{ x }}"', "'{% if x %}a{% endif %}'", "!vault abc", "!their own", "{{ x }}"):
        assert isinstance(value_of(next(entries(mapping(f"a: {written}\n"))).value), Dynamic)
    assert value_of(next(entries(mapping("a: !unsafe '{{ x }}'\n"))).value) == "{{ x }}"


def test_a_bare_expression_is_told_from_a_mapping() -> None:
    for text, bare in (("a: {{ b }}", True), ("a: {b: c}", False), ("a: {}", False), ("a: {[b]: c}", False)):
        assert is_bare_jinja(next(entries(mapping(text))).value) is bare


def test_merged_keys_come_last_and_give_way() -> None:
    root = load("- &base {a: 1, b: 2}\n- <<: *base\n  b: 3\n").root
    assert isinstance(root, SequenceNode)
    found = [(entry.name, entry.value.value, entry.merged) for entry in entries(root.value[1])]
    assert found == [("b", "3", False), ("a", "1", True)]


def test_a_mapping_that_merges_itself_ends() -> None:
    assert [entry.name for entry in entries(mapping("&a\n<<: *a\nb: 1\n"))] == ["b"]


def test_a_key_written_twice_is_found_and_the_last_one_counts() -> None:
    root = mapping("a: 1\nb: 2\na: 3\n")
    assert [key.start_mark.line for key in duplicates(root)] == [2]
    assert {entry.name: entry.value.value for entry in entries(root)} == {"a": "3", "b": "2"}


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_no_text_raises(text: str) -> None:
    loaded = load(text)
    assert loaded.root is None or not loaded.problems
    if loaded.root is not None:
        assert loaded.range_of(loaded.root).start.line <= text.count("\n") + text.count("\r")
        value_of(loaded.root)
