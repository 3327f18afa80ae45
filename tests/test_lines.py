"""The lines of a text: split once, looked at where they changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chiron.lines import LineByLine, first_lines, keep, last_lines, lines_of, shared, start_of

TEXTS = st.text(st.sampled_from(list("ab\r\n\r\n\u2028")), max_size=30)
LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n"]), max_size=8)


@given(TEXTS)
def test_lines_make_up_the_text_and_each_begins_where_it_is_said_to(text: str) -> None:
    lines = lines_of(text)
    assert "".join(lines) == text
    for n, line in enumerate(lines):
        assert text[start_of(text, n) :].startswith(line)
        assert first_lines(text, n) == "".join(lines[:n])
    assert start_of(text, len(lines) + 5) == len(text)


@given(LINES, st.integers(0, 10))
def test_the_last_lines_come_without_their_endings(lines: list[str], n: int) -> None:
    wanted = [line.removesuffix("\n") for line in lines[len(lines) - n if n < len(lines) else 0 :]]
    assert last_lines("".join(lines), n) == wanted


def test_lines_that_somebody_brings_are_not_split_again() -> None:
    text = "".join(["one\n", "two\n"])
    brought = ["one\n", "two\n", ""]
    keep(text, brought)
    assert lines_of(text) is brought
    assert lines_of("".join(["one\ntw", "o\n"])) is brought


@given(LINES, LINES)
def test_what_two_texts_share_is_counted_once(old: list[str], new: list[str]) -> None:
    same = shared(old, new)
    assert same.first + same.last <= min(len(old), len(new))
    assert old[: same.first] == new[: same.first]
    assert old[len(old) - same.last :] == new[len(new) - same.last :]


@given(st.lists(LINES, max_size=8))
def test_line_by_line_is_as_if_each_text_were_the_first(texts: list[list[str]]) -> None:
    upper = LineByLine(str.upper, most=2)
    for lines in texts:
        assert upper.of(tuple(lines)) == [line.upper() for line in lines]


def test_only_lines_that_changed_are_worked_on() -> None:
    asked: list[str] = []

    def work(line: str) -> int:
        asked.append(line)
        return len(line)

    lengths = LineByLine(work)
    lengths.of(("a\n", "bb\n", "c\n"))
    asked.clear()
    assert lengths.of(("a\n", "bbb\n", "c\n")) == [2, 4, 2]
    assert asked == ["bbb\n"]
