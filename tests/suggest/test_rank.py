"""Which candidates are shown, and in what order."""

from __future__ import annotations

from chiron.records import Candidate, Source
from chiron.suggest.rank import rank


def candidate(text: str, confidence: float, source: Source = Source.RECALL) -> Candidate:
    return Candidate(text, source, confidence=confidence)


def check_order(candidates: list[Candidate], n: int, *expected: str, refused: str = "") -> list[str]:
    chosen, withheld = rank(candidates, n, lambda text: text == refused)
    assert [one.text for one in chosen] == list(expected)
    return [one.reason for one in withheld]


def test_the_surest_comes_first() -> None:
    check_order([candidate("a", 0.2), candidate("b", 0.9)], 3, "b", "a")


def test_an_alternative_that_is_hardly_likely_is_left_out() -> None:
    check_order([candidate("a", 0.8), candidate("b", 0.05)], 3, "a")


def test_what_is_not_sure_enough_is_left_out_and_said() -> None:
    chosen, withheld = rank([candidate("a", 0.05)], 3, lambda _text: False, least=0.1)
    assert chosen == []
    assert [one.reason for one in withheld] == ["unsure"]


def test_no_more_are_shown_than_were_asked_for() -> None:
    check_order([candidate(letter, 0.5) for letter in "abcd"], 2, "a", "b")


def test_texts_that_differ_in_white_space_alone_are_one() -> None:
    check_order([candidate("a:\n  b: c", 0.9), candidate("a:\n    b: c", 0.5)], 3, "a:\n  b: c")


def test_what_was_refused_here_makes_room_for_the_next() -> None:
    reasons = check_order([candidate("a", 0.9), candidate("b", 0.5)], 1, "b", refused="a")
    assert reasons == ["refused-here"]


def test_empty_texts_are_nothing() -> None:
    check_order([candidate("  \n", 0.9)], 3)
