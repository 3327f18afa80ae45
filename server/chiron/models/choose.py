"""How likely each of a few continuations is, by the model's own chances, without writing any of them out.

The model is held by a grammar to the continuations; one token is asked for, with the chances of all that the
grammar allows. Only where continuations share a first token is it asked again, one step further on, so that a
dozen of them usually cost two or three calls of one token each behind a prompt that the server has cached.
"""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chiron.models.wire import Reply
from chiron.records import ModelRequest

_MAX_CALLS = 5
#: Branches less likely than this are shared out evenly instead of being looked into.
_WORTH_A_CALL = 0.05
#: What llama.cpp needs to tell the chances that hold once the grammar is applied, unchanged by anything else.
_HELD: Mapping[str, Any] = {"post_sampling_probs": True, "top_k": 0, "top_p": 1.0, "min_p": 0.0}


class Asks(Protocol):
    """A model that tells the chances of tokens."""

    async def reply(
        self, request: ModelRequest, *, n_logprobs: int = 0, extra: Mapping[str, Any] | None = None
    ) -> Reply: ...


async def choose(model: Asks, prompt: str, choices: Sequence[str]) -> dict[str, float]:
    """The chance of each of `choices` to continue `prompt`, were it one of them. The chances add up to 1.

    No choice may begin with another one: end each with the character that follows it (`apt:`, `apt_key:`).
    Needs an endpoint with `grammar` and `logprobs`. Raises `ModelError`.
    """
    chances = dict.fromkeys(choices, 0.0)
    if len(chances) < 2:
        return dict.fromkeys(choices, 1.0)
    # The likeliest group first; a group is what can still follow what was written so far.
    groups: list[tuple[float, str, tuple[str, ...]]] = [(-1.0, "", tuple(chances))]
    n_calls = 0
    while groups:
        negative, written, group = heapq.heappop(groups)
        share = -negative
        # What all of them go on with is certain: `ansible.builtin.` need not be asked for token by token.
        written = _shared(written, group)
        if len(group) == 1 or share < _WORTH_A_CALL or n_calls == _MAX_CALLS:
            for choice in group:
                chances[choice] += share / len(group)
            continue
        n_calls += 1
        tokens = await _next_tokens(model, prompt + written, [choice[len(written) :] for choice in group])
        parts = [
            (chance, written + token, tuple(c for c in group if c.startswith(written + token)))
            for token, chance in tokens.items()
            if token
        ]
        parts = [part for part in parts if part[2]]
        total = sum(chance for chance, _, _ in parts)
        if not total:
            parts, total = [(1.0, written, (choice,)) for choice in group], float(len(group))
        for chance, reached, members in parts:
            heapq.heappush(groups, (-share * chance / total, reached, members))
    return chances


def _shared(written: str, group: Sequence[str]) -> str:
    """`written` and the whole words, up to a dot, with which all of `group` go on."""
    first, last = min(group), max(group)
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    shared = first[: first.rfind(".", 0, n) + 1]
    return max(written, shared, key=len)


async def _next_tokens(model: Asks, prompt: str, rests: Sequence[str]) -> dict[str, float]:
    """Chances of the tokens that can come next if the text goes on with one of `rests`."""
    request = ModelRequest(prompt, max_tokens=1, temperature=1.0, grammar=to_grammar(rests))
    reply = await model.reply(request, n_logprobs=max(20, 3 * len(rests)), extra=_HELD)
    if not reply.chances:
        return {}
    first = reply.chances[0]
    told = first.alternatives or {first.token: first.logprob}
    return {token: math.exp(logprob) for token, logprob in told.items()}


def to_grammar(choices: Sequence[str]) -> str:
    """The GBNF grammar of exactly these texts."""
    return "root ::= " + " | ".join(json.dumps(choice, ensure_ascii=False) for choice in choices)
