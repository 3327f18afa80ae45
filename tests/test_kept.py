"""What is kept of pure functions, and what is not."""

from __future__ import annotations

from chiron.kept import LONGEST, kept


def test_a_result_is_kept_and_that_of_a_long_text_is_not() -> None:
    asked: list[str] = []

    @kept(8)
    def length(text: str, n: int = 0) -> int:
        asked.append(text[:5])
        return len(text) + n

    long = "x" * (LONGEST + 1)
    assert [length("short"), length("short")] == [5, 5]
    assert [length(long), length(long, 1)] == [LONGEST + 1, LONGEST + 2]
    assert asked == ["short", "xxxxx", "xxxxx"]


def test_no_more_is_kept_than_was_said() -> None:
    asked: list[str] = []

    @kept(2)
    def same(text: str) -> str:
        asked.append(text[:1])
        return text

    long = "x" * (LONGEST + 1)
    for text in ("a", "b", "b", "c", "a", long, long):
        assert same(text) == text
    assert asked == list("abcaxx")
