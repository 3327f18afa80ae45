"""What is wrong is told once, and that it is over; the clock never goes back."""

from __future__ import annotations

import logging

import pytest

from chiron.errors import StoreError
from chiron.lsp.clock import Clock
from chiron.lsp.troubles import Trouble, Troubles, where

FULL, DOWN = Trouble("The disk is full.", "Free some space."), Trouble("The endpoint is down.")


class Told:
    """What was told, and a clock for it."""

    def __init__(self) -> None:
        self.rows: list[tuple[Trouble | None, bool]] = []
        self.now_s = 0.0
        self.troubles = Troubles(lambda trouble, news: self.rows.append((trouble, news)), lambda: self.now_s)


def test_a_trouble_is_told_once_and_once_that_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    told = Told()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            told.troubles.meet("cache", FULL)
    told.troubles.over("cache")
    told.troubles.over("cache")
    assert told.rows == [(FULL, True), (None, False)]
    assert [line.message for line in caplog.records] == ["cache: The disk is full. Free some space."]


def test_one_that_comes_and_goes_is_news_again_only_after_a_while() -> None:
    told = Told()
    told.troubles.meet("model", DOWN)
    told.troubles.over("model")
    told.now_s = 30
    told.troubles.meet("model", DOWN)
    told.troubles.over("model")
    told.now_s = 100
    told.troubles.meet("model", DOWN)
    assert [news for trouble, news in told.rows if trouble] == [True, False, True]


def test_other_figures_are_no_news() -> None:
    told = Told()
    told.troubles.meet("model", Trouble("It is quiet for another 12 s."))
    told.troubles.meet("model", Trouble("It is quiet for another 9 s."))
    assert [news for _, news in told.rows] == [True, False]


def test_while_one_lasts_it_is_shown_when_another_is_over() -> None:
    told = Told()
    told.troubles.meet("cache", FULL)
    told.troubles.meet("model", DOWN)
    assert told.troubles.shown == DOWN
    told.troubles.over("model")
    assert told.rows[-1] == (FULL, False)


def test_of_an_error_that_is_not_ours_only_kind_and_place_are_told() -> None:
    with pytest.raises(ValueError, match="secret") as raised:
        raise ValueError("a secret of the document")
    assert "secret" not in where(raised.value)
    assert "secret" not in str(Trouble.from_error(raised.value))
    assert Trouble.from_error(StoreError("It is full.", advice="Free some.")) == Trouble(
        "It is full.", "Free some."
    )


@pytest.mark.parametrize("jump_s", [-86_400.0, -3.0, 3.0, 86_400.0])
def test_time_never_goes_back_and_always_goes_on(jump_s: float) -> None:
    wall, steady = [1_000_000.0], [50.0]
    clock = Clock(lambda: wall[0], lambda: steady[0])
    assert clock.now_ms() == 1_000_000_000
    wall[0] += 1 + jump_s
    steady[0] += 1
    after = clock.now_ms()
    assert after == (1_000_001_000 if jump_s < 0 else int(wall[0] * 1000))
    wall[0] += 1
    steady[0] += 1
    assert clock.now_ms() == after + 1000
