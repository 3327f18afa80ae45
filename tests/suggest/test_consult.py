"""A model that fails is left alone for a while, and asked again by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chiron.errors import ModelError, ModelUnreachable
from chiron.models.fake import Rule, ScriptedModel
from chiron.records import ModelRequest
from chiron.store.cache import ResponseCache
from chiron.suggest.model.consult import FIRST_REST_S, LONGEST_REST_S, LONGEST_SHORT_REST_S, Consultant, Rest

QUESTION = ModelRequest(prompt="- name: Frobnicate", stop=(), max_tokens=10)


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def rests(rest: Rest) -> bool:
    try:
        rest.check()
    except ModelError:
        return True
    return False


def check_rest_of(rest: Rest, clock: Clock, seconds: float) -> None:
    """The model is left alone for that long and no longer."""
    assert rests(rest)
    clock.now_s += seconds - 0.01
    assert rests(rest)
    clock.now_s += 0.02
    assert not rests(rest)


def test_each_failure_in_a_row_is_followed_by_a_longer_rest() -> None:
    clock = Clock()
    rest = Rest(clock)
    assert not rests(rest)
    expected = FIRST_REST_S
    for _ in range(8):
        rest.failed(ModelUnreachable("It is down."))
        check_rest_of(rest, clock, expected)
        expected = min(LONGEST_REST_S, expected * 2)
    rest.answered()
    rest.failed(ModelUnreachable("It is down."))
    check_rest_of(rest, clock, FIRST_REST_S)


def test_requests_that_fail_together_fail_once() -> None:
    clock = Clock()
    rest = Rest(clock)
    for _ in range(5):
        rest.failed(ModelUnreachable("It is down."))
    check_rest_of(rest, clock, FIRST_REST_S)


def test_what_is_told_during_a_rest_is_what_went_wrong() -> None:
    rest = Rest(Clock())
    rest.failed(ModelUnreachable("It is down.", advice="Start it."))
    with pytest.raises(ModelUnreachable, match=r"It is down\. Start it\."):
        rest.check()


async def test_a_dead_endpoint_is_not_asked_at_every_request_unless_a_person_insists() -> None:
    model = ScriptedModel([Rule(fault="unreachable", times=2), Rule(texts=("ok",))])
    consultant = Consultant(model, None, life_s=1, nothing_s=1)
    for _ in range(10):
        with pytest.raises(ModelUnreachable):
            await consultant.ask(QUESTION, "a")
    assert model.n_calls == 1
    with pytest.raises(ModelUnreachable):
        await consultant.ask(QUESTION, "a", insist=True)
    assert model.n_calls == 2
    assert (await consultant.ask(QUESTION, "a", insist=True)).answer.texts == ("ok",)
    assert (await consultant.ask(QUESTION, "a")).answer.texts == ("ok",)


async def test_an_endpoint_of_this_machine_that_does_not_run_is_soon_asked_again() -> None:
    clock = Clock()
    model = ScriptedModel([Rule(fault="unreachable")])
    consultant = Consultant(model, None, life_s=1, nothing_s=1, clock=clock)
    for n_asked in range(1, 8):
        with pytest.raises(ModelUnreachable):
            await consultant.ask(QUESTION, "a")
        assert model.n_calls == n_asked
        clock.now_s += LONGEST_SHORT_REST_S + 0.01


async def test_one_that_is_elsewhere_is_left_alone_for_longer_each_time() -> None:
    clock = Clock()
    model = ScriptedModel([Rule(fault="unreachable")], leaves_machine=True)
    consultant = Consultant(model, None, life_s=1, nothing_s=1, clock=clock)
    for _ in range(8):
        with pytest.raises(ModelUnreachable):
            await consultant.ask(QUESTION, "a")
        clock.now_s += LONGEST_SHORT_REST_S + 0.01
    assert model.n_calls < 5


async def test_a_request_that_is_cancelled_is_no_failure() -> None:
    model = ScriptedModel([Rule(fault="hang", times=1), Rule(texts=("ok",))])
    consultant = Consultant(model, None, life_s=1, nothing_s=1)
    waiting = asyncio.ensure_future(consultant.ask(QUESTION, "a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (await consultant.ask(QUESTION, "b")).answer.texts == ("ok",)


async def test_a_remembered_answer_saves_the_seconds_tokens_and_money_that_it_took(tmp_path: Path) -> None:
    rule = Rule(texts=("ok",), delay_ms=50, n_prompt_tokens=300, n_completion_tokens=20)
    cache = ResponseCache(tmp_path / "cache", 10)
    consultant = Consultant(ScriptedModel([rule]), cache, life_s=60, nothing_s=60, price=lambda answer: 0.25)
    heard = await consultant.ask(QUESTION, "a")
    assert consultant.account(QUESTION, heard).cost_usd == 0.25
    await consultant.written()
    again = consultant.remembered("a")
    assert again is not None
    assert again.answer.texts == ("ok",)
    assert consultant.account(QUESTION, again).cost_usd is None
    stats = cache.stats()
    assert (stats.n_hits, stats.saved_tokens, stats.saved_usd) == (1, 320, 0.25)
    assert stats.saved_seconds >= 0.05


async def test_that_a_model_had_nothing_good_is_remembered_with_its_reason(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "cache", 10)
    consultant = Consultant(ScriptedModel([Rule(texts=("bad",))]), cache, life_s=60, nothing_s=60)
    consultant.remember_nothing(await consultant.ask(QUESTION, "a"), "invalid")
    await consultant.written()
    again = consultant.remembered("a")
    assert again is not None
    assert again.nothing == "invalid"
    assert cache.stats().n_negative_hits == 1
    # What is remembered is not remembered anew: a short life stays short.
    consultant.remember_nothing(again, "invalid")
    await consultant.written()
    assert cache.stats().n_puts == 2


async def test_an_answer_is_remembered_before_it_is_on_the_disk(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "cache", 10)
    model = ScriptedModel([Rule(texts=("ok",))])
    consultant = Consultant(model, cache, life_s=60, nothing_s=60)
    heard = await consultant.ask(QUESTION, "a")
    # Nothing was awaited since, so no thread can have told of a write yet.
    again = consultant.remembered("a")
    assert again is not None
    assert (again.answer, again.from_cache) == (heard.answer, True)
    consultant.remember_nothing(heard, "invalid")
    useless = consultant.remembered("a")
    assert useless is not None
    assert useless.nothing == "invalid"
    await consultant.written()
    other = Consultant(model, ResponseCache(tmp_path / "cache", 10), life_s=60, nothing_s=60).remembered("a")
    assert other is not None
    assert other.nothing == "invalid"
