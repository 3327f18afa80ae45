"""Weighing continuations by a model's chances, on a model that tells one character at a time."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import pytest

from chiron.models.choose import choose
from chiron.models.wire import Reply, TokenChance
from chiron.records import ModelRequest


class ByCharacter:
    """Allows what the grammar allows, a character a token, and likes some characters better than others."""

    def __init__(self, likes: str) -> None:
        self.likes = likes
        self.prompts: list[str] = []

    async def reply(
        self, request: ModelRequest, *, n_logprobs: int = 0, extra: Mapping[str, Any] | None = None
    ) -> Reply:
        self.prompts.append(request.prompt)
        choices = [json.loads(found) for found in re.findall(r'"(?:[^"\\]|\\.)*"', request.grammar or "")]
        weights = {choice[0]: 9.0 if choice[0] in self.likes else 1.0 for choice in choices}
        total = sum(weights.values())
        chances = {character: math.log(weight / total) for character, weight in weights.items()}
        best = max(chances, key=lambda character: chances[character])
        return Reply((best,), "length", chances=(TokenChance(best, chances[best], chances),))


async def test_what_all_choices_begin_with_is_not_asked_for() -> None:
    model = ByCharacter(likes="u")
    choices = ["ansible.builtin.apt:", "ansible.builtin.user:", "ansible.builtin.copy:"]
    chances = await choose(model, "- name: x\n  ", choices)
    assert model.prompts == ["- name: x\n  ansible.builtin."]
    assert max(choices, key=lambda choice: chances[choice]) == "ansible.builtin.user:"
    assert sum(chances.values()) == pytest.approx(1.0)


async def test_choices_that_part_late_are_told_apart() -> None:
    model = ByCharacter(likes="apt_")
    chances = await choose(model, "", ["apt:", "apt_key:", "user:"])
    assert chances["apt:"] < chances["apt_key:"]
    assert "apt" in model.prompts


async def test_a_word_is_not_cut_short_before_the_model_has_its_say() -> None:
    model = ByCharacter(likes="")
    await choose(model, "", ["a.stat:", "a.service:"])
    assert model.prompts[0] == "a."


async def test_one_choice_needs_no_question() -> None:
    model = ByCharacter(likes="")
    assert await choose(model, "", ["apt:"]) == {"apt:": 1.0}
    assert model.prompts == []
