"""One request through every stage, with a scripted model, a real catalog and a real cache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings
from chiron.models.fake import Rule, ScriptedModel
from chiron.records import (
    Answer,
    Candidate,
    ModelRequest,
    Origin,
    Place,
    Position,
    Request,
    Source,
    Trigger,
    Withheld,
)
from chiron.store.cache import ResponseCache
from chiron.suggest import pipeline
from chiron.suggest.guardrails import Check, run_chain
from chiron.suggest.model.consult import UNHEARD_S, Consultant
from chiron.suggest.pipeline import Suggester
from chiron.suggest.place import request_at
from chiron.suggest.recall import Recall
from chiron.suggest.record import to_records
from chiron.syntax.document import Document

GOOD = "ansible.builtin.group:\n    name: gnomes\n    state: present"
WRONG = "ansible.builtin.group:\n    name: gnomes\n    colour: red"
#: A name like no other, so that nothing recalled is sure of itself.
NAME = "- name: Frobnicate the gnomes¦"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog.open(Settings(), tmp_path_factory.mktemp("nothing"), {})


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    opened = ResponseCache(tmp_path / "responses", 8)
    yield opened
    opened.close()


@dataclass
class Bench:
    """A suggester with its scripted model, and the request it is given."""

    suggester: Suggester
    model: ScriptedModel
    refusals: set[str] = field(default_factory=set)

    async def ask(self, drawn: str, *, n: int = 3, trigger: Trigger = Trigger.INVOKED) -> Answer:
        return await self.suggester.suggest(
            to_request(drawn, n, trigger), None, refused=self.refusals.__contains__
        )


def to_request(drawn: str, n: int = 3, trigger: Trigger = Trigger.INVOKED) -> Request:
    before, after = drawn.split("¦")
    path = "/somewhere/roles/web/tasks/main.yml"
    document = Document(f"file://{path}", before + after, 1)
    at = Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    request = request_at(document, at, Place(document.uri, path, 1), origin=Origin.EVAL, trigger=trigger, n=n)
    assert request is not None
    return request


def bench(
    catalog: Catalog,
    rules: Sequence[Rule],
    cache: ResponseCache | None = None,
    *,
    patience_ms: int = 60_000,
    threshold: float = 0.99,
    least: float = 0.0,
) -> Bench:
    model = ScriptedModel(rules)
    return Bench(
        Suggester(
            catalog=catalog,
            recall=Recall(catalog),
            consultant=Consultant(model, cache, life_s=60, nothing_s=60),
            threshold=threshold,
            patience_ms=patience_ms,
            least_confidence=least,
        ),
        model,
    )


def texts(answer: Answer) -> str:
    return "\n".join(one.text for one in answer.suggestions)


def reasons(answer: Answer) -> list[str]:
    return [one.reason for one in answer.withheld]


async def test_what_a_model_writes_is_suggested_with_its_grounds(catalog: Catalog) -> None:
    answer = await bench(catalog, [Rule(texts=(GOOD,))]).ask(NAME)
    (shown,) = [one for one in answer.suggestions if one.source is Source.MODEL]
    assert shown.text == "\n  ansible.builtin.group:\n    name: gnomes\n    state: present"
    assert shown.module == "ansible.builtin.group"
    assert {ground.kind for ground in shown.grounds} >= {"module", "model"}
    assert answer.consulted is not None
    assert "Frobnicate the gnomes" in answer.consulted.sent


async def test_the_second_same_question_is_answered_from_the_disk(
    catalog: Catalog, cache: ResponseCache
) -> None:
    first = bench(catalog, [Rule(texts=(GOOD,))], cache)
    await first.ask(NAME)
    assert first.suggester.consultant is not None
    await first.suggester.consultant.written()
    second = bench(catalog, [Rule(texts=(GOOD,))], cache)
    answer = await second.ask(NAME)
    assert second.model.n_calls == 0
    assert Source.CACHE in {one.source for one in answer.suggestions}
    assert answer.consulted is not None
    assert answer.consulted.from_cache
    assert answer.consulted.n_prompt_tokens is None


async def test_a_remembered_answer_passes_the_guardrails_again(
    catalog: Catalog, cache: ResponseCache
) -> None:
    made = bench(catalog, [Rule(texts=(GOOD,))], cache)
    await made.ask(NAME)
    question = made.model.calls[0]
    consultant = made.suggester.consultant
    assert consultant is not None
    await consultant.written()
    key = consultant.key(question, catalog=catalog.version)
    good = cache.get(key)
    assert good is not None
    cache.put(key, good.replace(b"state: present", b"state: absurd!"), 60)
    answer = await made.ask(NAME)
    assert "absurd" not in texts(answer)
    assert "invalid" in reasons(answer)


async def test_an_option_that_does_not_exist_is_withheld_and_repaired_once(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(texts=(WRONG,), times=1), Rule(texts=(GOOD,))])
    made.suggester.recall = Silent(catalog)
    answer = await made.ask(NAME)
    assert made.model.n_calls == 2
    assert "colour" in made.model.calls[1].prompt
    assert "state: present" in texts(answer)
    assert "invalid" in reasons(answer)


async def test_a_repair_is_tried_only_once(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(texts=(WRONG,))])
    made.suggester.recall = Silent(catalog)
    answer = await made.ask(NAME)
    assert made.model.n_calls == 2
    assert answer.suggestions == ()
    assert answer.silence == "all-withheld"


async def test_that_a_model_had_nothing_good_is_remembered(catalog: Catalog, cache: ResponseCache) -> None:
    made = bench(catalog, [Rule(texts=(WRONG,))], cache)
    await made.ask(NAME)
    n_calls = made.model.n_calls
    answer = await made.ask(NAME)
    assert made.model.n_calls == n_calls
    assert "nothing-good" in reasons(answer)


@pytest.mark.parametrize("fault", ["500", "401", "garbage", "unreachable"])
async def test_a_fault_is_told_and_never_cached(catalog: Catalog, cache: ResponseCache, fault: str) -> None:
    made = bench(catalog, [Rule(fault=fault, times=1), Rule(texts=(GOOD,))], cache)
    answer = await made.ask(NAME)
    assert answer.trouble
    assert not [one for one in answer.suggestions if one.source is Source.MODEL]
    assert "name: gnomes" in texts(await made.ask(NAME))


async def test_without_a_model_tasks_already_written_answer(catalog: Catalog, tmp_path: Path) -> None:
    tasks = tmp_path / "roles/web/tasks"
    tasks.mkdir(parents=True)
    (tasks / "other.yml").write_text(
        "- name: Install curl\n  ansible.builtin.package:\n    name: curl\n    state: present\n",
        encoding="utf-8",
    )
    project = Project(tmp_path, catalog)
    project.refresh()
    suggester = Suggester(
        catalog=catalog, recall=Recall(catalog), consultant=None, threshold=0.9, patience_ms=0
    )
    answer = await suggester.suggest(to_request("---\n- name: Install nginx¦"), project)
    assert answer.suggestions[0].source is Source.RECALL
    assert "name: nginx" in answer.suggestions[0].text


async def test_two_who_ask_the_same_at_once_share_one_request(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(texts=(GOOD,), delay_ms=200)])
    await asyncio.gather(made.ask(NAME), made.ask(NAME))
    assert made.model.n_calls == 1


async def test_a_shared_request_ends_with_its_last_waiter(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(texts=(GOOD,), delay_ms=60_000)])
    first, second = asyncio.ensure_future(made.ask(NAME)), asyncio.ensure_future(made.ask(NAME))
    while not made.model.n_calls:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    first.cancel()
    await asyncio.sleep(0.1)
    assert made.model.n_cancelled == 0
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    while not made.model.n_cancelled:
        await asyncio.sleep(0.01)


async def test_a_slow_model_is_not_waited_for_where_something_recalled_can_be_shown(
    catalog: Catalog,
) -> None:
    made = bench(catalog, [Rule(texts=(GOOD,), delay_ms=60_000)], patience_ms=50)
    answer = await made.ask("---\n- name: Install nginx¦")
    assert answer.suggestions
    assert "too-slow" in reasons(answer)


async def test_a_slow_model_is_waited_for_where_what_is_recalled_is_too_unsure_to_be_shown(
    catalog: Catalog,
) -> None:
    made = bench(catalog, [Rule(texts=(GOOD,), delay_ms=200)], patience_ms=20, least=0.5)
    answer = await made.ask(NAME, trigger=Trigger.AUTOMATIC)
    assert "name: gnomes" in texts(answer)
    assert "too-slow" not in reasons(answer)


async def test_a_model_that_fails_is_told_of_though_something_recalled_is_shown(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(fault="unreachable")])
    answer = await made.ask("---\n- name: Install nginx¦")
    assert answer.suggestions
    assert answer.trouble is not None


async def test_a_model_that_hangs_is_told_of_though_something_recalled_is_shown(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(fault="hang", times=4), Rule(texts=(GOOD,))], patience_ms=20)
    now = [0.0]
    made.suggester.consultant = consultant = Consultant(
        made.model, None, life_s=60, nothing_s=60, clock=lambda: now[0]
    )
    told = []
    for n in range(4):
        answer = await made.ask(f"---\n- name: Install nginx{n}¦")
        assert answer.suggestions
        told.append(answer.trouble)
        now[0] += UNHEARD_S / 2
    assert [trouble is not None for trouble in told] == [False, False, True, True]
    assert told[2] == told[3]  # the same words, so that a person is told once
    assert "suggest.patience_ms" in str(told[2])
    now[0] -= UNHEARD_S / 2
    at_once = await made.ask("---\n- name: Install nginx¦", trigger=Trigger.AUTOMATIC)
    assert (at_once.trouble, made.model.n_calls) == (told[3], 4)  # it is left alone for a while
    await consultant.ask(ModelRequest("another"), "another", insist=True)
    assert consultant.gave_up() is None


async def test_a_model_that_is_back_answers_who_wrote_the_last_key_while_it_was_left_alone(
    catalog: Catalog,
) -> None:
    made = bench(catalog, [Rule(fault="unreachable", times=1), Rule(texts=(GOOD,))], least=0.5)
    assert (await made.ask(NAME, trigger=Trigger.AUTOMATIC)).trouble is not None
    answer = await made.ask(NAME, trigger=Trigger.AUTOMATIC)
    assert answer.trouble is None
    assert "name: gnomes" in texts(answer)


async def test_what_was_just_refused_is_not_offered_again(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(texts=(GOOD,))])
    refused = (await made.ask(NAME)).suggestions
    made.refusals = {one.text for one in refused}
    answer = await made.ask(NAME)
    assert not {one.text for one in answer.suggestions} & made.refusals
    assert "refused-here" in reasons(answer)


async def test_every_stage_is_timed(catalog: Catalog) -> None:
    answer = await bench(catalog, [Rule(texts=(GOOD,))]).ask(NAME)
    assert {"context", "recall", "guardrails", "prompt", "cache", "model", "rank"} <= set(answer.stage_ms)


async def test_a_secret_in_the_file_is_not_sent_and_comes_back_only_there(catalog: Catalog) -> None:
    secret = "xK9#mP2$vL5nQ8wR"
    drawn = f"---\n- name: Make one\n  ansible.builtin.user:\n    name: a\n    password: {secret}\n\n{NAME}"
    made = bench(catalog, [Rule(texts=(GOOD,))])
    answer = await made.ask(drawn)
    assert answer.consulted is not None
    assert secret not in answer.consulted.sent
    assert secret not in made.model.calls[0].prompt
    assert secret not in answer.context


async def test_a_secret_known_only_from_what_stands_round_it_reaches_neither_model_nor_log(
    catalog: Catalog,
) -> None:
    drawn = (
        "---\n- name: Make one\n  ansible.builtin.user:\n    name: a\n"
        "    password: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n"
        "      36383166356634613363\n      38353766623237656330\n\n" + NAME
    )
    made = bench(catalog, [Rule(texts=(GOOD,))])
    request = to_request(drawn)
    answer = await made.suggester.suggest(request, None)
    assert answer.consulted is not None
    kept = repr(to_records(request, answer, 0))
    for hidden in ("36383166356634613363", "38353766623237656330"):
        assert hidden not in answer.consulted.sent
        assert hidden not in kept
        assert hidden not in repr(answer)


class Silent(Recall):
    """Recalls nothing, so that all there is comes from the model."""

    def candidates(self, *_: object, **__: object) -> list[object]:  # type: ignore[override]
        return []


async def test_what_was_withheld_is_logged_with_how_sure_it_was(catalog: Catalog) -> None:
    made = bench(catalog, [Rule(texts=(WRONG,))])
    request = to_request(NAME)
    answer = await made.suggester.suggest(request, None)
    rows = [row for row in to_records(request, answer, 0) if row.withheld == "invalid"]
    assert rows
    assert all(row.confidence > 0 for row in rows)
    assert {row.model for row in rows if row.source is Source.MODEL} == {made.model.name}


async def test_what_was_sent_is_logged_though_nothing_the_model_wrote_is_shown(catalog: Catalog) -> None:
    """As when it writes what was recalled: then the recalled one alone is shown."""
    made = bench(catalog, [Rule(texts=(GOOD,))])
    request = to_request(NAME)
    answer = await made.suggester.suggest(request, None)
    recalled = replace(answer.suggestions[0], source=Source.RECALL, model=None)
    (row,) = to_records(request, replace(answer, suggestions=(recalled,), withheld=()), 0)
    assert answer.consulted is not None
    assert (row.sent, row.n_prompt_tokens) == (answer.consulted.sent, answer.consulted.n_prompt_tokens)
    assert row.model is None


async def test_no_more_candidates_are_looked_at_than_may_be_shown(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def look_at(one: Candidate, check: Check) -> Candidate | Withheld:
        looked_at.append(one.text)
        return run_chain(one, check)

    monkeypatch.setattr(pipeline, "run_chain", look_at)
    one = bench(catalog, [], threshold=0.0)
    drawn = "- name: Install nginx¦"
    everything = await one.ask(drawn, n=5)
    looked_at.clear()
    first = await one.ask(drawn, n=1)
    assert [one.text for one in first.suggestions] == [everything.suggestions[0].text]
    assert looked_at == [everything.suggestions[0].text]


async def test_behind_one_that_was_refused_the_next_is_looked_at(catalog: Catalog) -> None:
    one = bench(catalog, [], threshold=0.0)
    drawn = "- name: Create user shop¦"
    everything = await one.ask(drawn, n=5)
    one.refusals.add(everything.suggestions[0].text)
    answer = await one.ask(drawn, n=1)
    assert [one.text for one in answer.suggestions] == [everything.suggestions[1].text]
    assert "refused-here" in reasons(answer)
