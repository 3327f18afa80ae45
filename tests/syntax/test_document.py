"""Text, positions, units and edits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiron.records import Position
from chiron.syntax.document import (
    BOM,
    MOST_CHARACTERS,
    NO_INDENT,
    Document,
    column_to_units,
    units_to_column,
)

TEXTS = st.text(st.sampled_from(list("ab -:#\t\r\n\r\n\r\né漢😀\u2028\ud800")), max_size=40)
POSITIONS = st.builds(Position, st.integers(-1, 12), st.integers(-1, 12))


def check_edit(fixture: str, text: str, expected: str) -> None:
    """Replaces what stands between two `¦` (or inserts at the one) with `text`."""
    first, second = fixture.index("¦"), fixture.rindex("¦")
    document = Document("", fixture.replace("¦", ""))
    start = document.position(first)
    end = document.position(second - 1 if second > first else second)
    removed = fixture[first + 1 : second]
    change = document.apply(start, end, text, 7)
    assert document.text == expected
    assert (change.start, change.removed, change.inserted) == (first, removed, text)
    assert document.version == 7
    check_same(document, Document("", expected))


def check_same(one: Document, other: Document) -> None:
    assert one.text == other.text
    assert one.n_lines == other.n_lines
    assert [one.line(n) for n in range(one.n_lines)] == [other.line(n) for n in range(other.n_lines)]
    assert [one.indent(n) for n in range(one.n_lines)] == [other.indent(n) for n in range(other.n_lines)]
    assert one.lines(0, one.n_lines) == other.text


def test_an_insertion_changes_one_line() -> None:
    check_edit("- name: a\n  a¦t:\n", "p", "- name: a\n  apt:\n")


def test_a_deletion_over_lines_joins_them() -> None:
    check_edit("- na¦me: a\n  apt:\n- na¦me: b", "", "- name: b")


def test_a_replacement_may_bring_lines() -> None:
    check_edit("a\n¦b¦\nc", "x\ny\r\nz\r", "a\nx\ny\r\nz\r\nc")


def test_text_is_appended_behind_the_last_line_ending() -> None:
    check_edit("a\n¦", "b", "a\nb")


def test_a_line_ending_typed_between_return_and_nothing_joins_it() -> None:
    check_edit("a\r¦b", "\n", "a\r\nb")


def test_the_last_line_can_be_emptied() -> None:
    check_edit("¦a¦", "", "")


def test_a_first_line_behind_a_byte_order_mark_has_no_indentation() -> None:
    document = Document("", BOM + "- name: a\n")
    assert document.indent(0) == 0
    document.apply(Position(0, 1), Position(0, 1), "  ", 1)
    assert document.indent(0) == 2


def test_a_full_replacement_reports_the_whole_text() -> None:
    document = Document("", "old\n")
    change = document.apply(None, None, "new", 2)
    assert (change.start, change.removed, change.inserted) == (0, "old\n", "new")
    check_same(document, Document("", "new"))


def test_an_edit_turned_round_means_the_same() -> None:
    document = Document("", "abc")
    document.apply(Position(0, 3), Position(0, 1), "", 1)
    assert document.text == "a"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("\r\r\n\n", ["", "", "", ""]),
        ("a\u2028b\x0bc\x85d", ["a\u2028b\x0bc\x85d"]),
    ],
)
def test_lines_end_where_the_protocol_says(text: str, lines: list[str]) -> None:
    document = Document("", text)
    assert [document.line(n) for n in range(document.n_lines)] == lines


def test_a_line_outside_the_text_is_empty() -> None:
    document = Document("", "a")
    assert document.line(-1) == document.line(1) == ""
    assert document.lines(-3, 9) == "a"


def test_positions_outside_the_text_are_clamped() -> None:
    document = Document("", "ab\r\ncd")
    assert document.offset(Position(0, 99)) == 2
    assert document.offset(Position(9, 0)) == 6
    assert document.offset(Position(-1, 5)) == 0
    assert document.offset(Position(1, -4)) == 4
    assert document.position(3) == Position(0, 2)
    assert document.position(99) == Position(1, 2)
    assert document.position(-1) == Position(0, 0)


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("  a", 2),
        ("", NO_INDENT),
        ("   ", NO_INDENT),
        ("  # a", NO_INDENT),
        ("\ta", 1),
        (" \t\r\n", NO_INDENT),
    ],
)
def test_blank_lines_and_comments_have_no_indentation(line: str, columns: int) -> None:
    assert Document("", line).indent(0) == columns


def test_lines_that_say_nothing_are_passed_over() -> None:
    document = Document("", "a:\n\n  # b\n   \n  - c\n\n")
    assert document.line_above(4) == 0
    assert document.line_above(0) == -1
    assert document.line_below(0) == 4
    assert document.line_below(4) == document.n_lines


def test_a_line_belongs_to_the_nearest_one_further_left() -> None:
    document = Document("", "a:\n- b:\n    c:\n\n  d:\n- e:\n---\n-\n")
    assert document.outer_line(4, 4, dash=False) == 2 - 1
    assert document.outer_line(5, 4, dash=False) == 4
    assert document.outer_line(5, 0, dash=True) == 0
    assert document.outer_line(7, 0, dash=True) == 6
    assert document.outer_line(5, 0, dash=False) == -1
    assert document.outer_line(5, 999, dash=True) == 4


def test_a_huge_or_binary_text_is_not_readable() -> None:
    assert Document("", "a" * MOST_CHARACTERS).readable
    assert not Document("", "a" * (MOST_CHARACTERS + 1)).readable
    assert not Document("", "- name: a\0").readable


@given(TEXTS, st.lists(st.tuples(POSITIONS, POSITIONS, TEXTS), max_size=8))
def test_any_edits_leave_the_document_as_if_it_were_new(
    text: str, edits: list[tuple[Position, Position, str]]
) -> None:
    document = Document("", text)
    for start, end, inserted in edits:
        before = document.text
        change = document.apply(start, end, inserted, 1)
        assert before[change.start : change.start + len(change.removed)] == change.removed
        after = before[: change.start] + change.inserted + before[change.start + len(change.removed) :]
        check_same(document, Document("", after))


@given(
    TEXTS,
    st.lists(st.one_of(POSITIONS, st.integers(-2, 60), st.tuples(POSITIONS, POSITIONS, TEXTS)), max_size=12),
)
def test_places_are_the_same_in_whatever_order_they_are_asked_for(text: str, steps: list[object]) -> None:
    document = Document("", text)
    for step in steps:
        fresh = Document("", document.text)
        if isinstance(step, Position):
            assert document.offset(step) == fresh.offset(step)
        elif isinstance(step, int):
            assert document.position(step) == fresh.position(step)
        elif isinstance(step, tuple):
            start, end, inserted = step
            document.apply(start, end, inserted, 0)


@given(TEXTS, st.integers(-2, 50))
def test_offsets_and_positions_are_each_others_inverse(text: str, offset: int) -> None:
    document = Document("", text)
    position = document.position(offset)
    inside_line_end = 0 < offset < len(text) and text[offset - 1 : offset + 1] == "\r\n"
    expected = offset - 1 if inside_line_end else min(max(offset, 0), len(text))
    assert document.offset(position) == expected


# --------------------------------------------------------------------------- units


def check_units(fixture: str, utf_8: int, utf_16: int) -> None:
    """The cursor's column in each unit, there and back."""
    column = fixture.index("¦")
    line = fixture.replace("¦", "")
    for encoding, units in (("utf-8", utf_8), ("utf-16", utf_16), ("utf-32", column)):
        assert column_to_units(line, column, encoding) == units, encoding
        assert units_to_column(line, units, encoding) == column, encoding


def test_ascii_counts_the_same_everywhere() -> None:
    check_units("- name¦: a", 6, 6)


def test_an_emoji_is_two_units_of_utf_16_and_four_of_utf_8() -> None:
    check_units("- name: 🚀 de¦ploy", 15, 13)


def test_chinese_is_one_unit_of_utf_16_and_three_of_utf_8() -> None:
    check_units("- name: 安装¦", 14, 10)


def test_a_lone_surrogate_counts_as_one_unit_of_utf_16() -> None:
    check_units("a\ud83db¦", 5, 3)


def test_a_place_within_a_character_is_the_place_before_it() -> None:
    assert units_to_column("a😀b", 2, "utf-16") == 1
    assert units_to_column("a😀b", 3, "utf-8") == 1
    assert units_to_column("é", 1, "utf-8") == 0


@given(st.text(max_size=20), st.integers(-3, 60), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_units_outside_the_line_are_clamped(line: str, units: int, encoding: str) -> None:
    column = units_to_column(line, units, encoding)
    assert 0 <= column <= len(line)
    assert column_to_units(line, column, encoding) <= max(units, 0)


@given(TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_every_column_survives_the_way_through_units(line: str, encoding: str) -> None:
    for column in range(len(line) + 1):
        assert units_to_column(line, column_to_units(line, column, encoding), encoding) == column
