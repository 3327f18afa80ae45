"""Several ways to answer in daily use, side by side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from chiron.assemble import Assembly, assemble
from chiron.config import Settings
from chiron.records import Answer, Origin, Place, Position, Request, Trigger
from chiron.suggest.place import request_at
from chiron.syntax.document import Document

ROLE = "/srv/site/roles/garden/tasks/main.yml"


def script(path: Path, text: str) -> str:
    path.write_text(json.dumps({"rules": [{"texts": [text]}]}), encoding="utf-8")
    return f"fake:{path}"


def request(name: str) -> Request:
    text = f"- name: {name}\n"
    document = Document(f"file://{ROLE}", text, 1)
    at = Position(0, len(text) - 1)
    made = request_at(
        document, at, Place(document.uri, ROLE, 1), origin=Origin.EDITOR, trigger=Trigger.INVOKED, n=3
    )
    assert made is not None
    return made


@pytest_asyncio.fixture
async def parts(tmp_path: Path, in_environ: dict[str, str]) -> AsyncIterator[Assembly]:
    small = script(tmp_path / "small.json", "ansible.builtin.group:\n    name: small")
    large = script(tmp_path / "large.json", "ansible.builtin.group:\n    name: large")
    made = await asyncio.to_thread(
        assemble,
        Settings(
            model=small,
            arms={"small": {"share": 3}, "large": {"model": large, "n_similar": 0}},
            suggest={"recall_threshold": 1.0, "patience_ms": 60_000, "debounce_ms": 0},
        ),
    )
    yield made
    await made.close()


async def ask(parts: Assembly, name: str) -> Answer:
    asked = request(name)
    return await parts.suggester_for(asked).suggest(asked, None)


def written(answer: Answer) -> str:
    return " ".join(one.text.rpartition(" ")[2] for one in answer.suggestions if one.model)


async def test_each_request_goes_one_way_with_its_model_and_the_log_is_told(parts: Assembly) -> None:
    seen = set()
    for number in range(12):
        answer = await ask(parts, f"Frobnicate gnome {number}")
        assert written(answer) == answer.arm
        seen.add((answer.arm, answer.propensity))
    assert seen == {("small", 0.75), ("large", 0.25)}


async def test_an_arm_may_differ_by_its_prompt_and_settings_alone(
    tmp_path: Path, in_environ: dict[str, str]
) -> None:
    model = script(tmp_path / "one.json", "ansible.builtin.group:\n    name: gnomes")
    parts = await asyncio.to_thread(
        assemble,
        Settings(
            model=model,
            arms={"now": {}, "before": {"prompt": "4", "n_similar": 0}},
            suggest={"recall_threshold": 1.0, "patience_ms": 60_000, "debounce_ms": 0},
        ),
    )
    seen = {}
    for number in range(12):
        answer = await ask(parts, f"Frobnicate gnome {number}")
        if answer.consulted is not None:
            seen[answer.arm] = answer.consulted.prompt_version
    await parts.close()
    assert {arm: version.rpartition("-")[0] for arm, version in seen.items()} == {
        "now": "task_body-5",
        "before": "task_body-4",
    }
    assert parts.arms["before"].n_similar == 0
    with pytest.raises(ValidationError):
        Settings(arms={"other": {"prompt": "3"}})


async def test_the_same_place_goes_the_same_way_again(parts: Assembly) -> None:
    assert len({(await ask(parts, "Frobnicate the gnomes")).arm for _ in range(3)}) == 1


async def test_another_model_chosen_in_the_editor_is_for_the_arms_that_name_none(
    parts: Assembly, tmp_path: Path
) -> None:
    parts.use_model(script(tmp_path / "other.json", "ansible.builtin.group:\n    name: other"))
    answers = [await ask(parts, f"Frobnicate gnome {n}") for n in range(12)]
    found = {(one.arm, written(one)) for one in answers}
    assert found == {("small", "other"), ("large", "large")}


@pytest.mark.parametrize(
    "arms",
    [{"control": {}}, {"learned": {}}, {"a/b": {}}, {"": {}}, {"a": {"share": 0}}, {"a": {"key": "x"}}],
)
def test_an_arm_has_a_name_of_its_own_and_a_share(arms: dict[str, Any], in_environ: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(arms=arms)


async def test_without_arms_all_goes_one_way(in_environ: dict[str, str]) -> None:
    made = await asyncio.to_thread(assemble, Settings(model="none"))
    assert made.suggester_for(request("Install nginx")) is made.suggester
    await made.close()
