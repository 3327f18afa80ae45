"""What comes over the wire is an answer or one of our errors, whatever the bytes are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiron.errors import ModelBusy, ModelError, ModelGarbled, ModelRefused
from chiron.models import faults
from chiron.models.faults import Busy, Refusal, Whereabouts
from chiron.models.wire import MAX_ANSWER_BYTES, Question, Reply, droppable, read_reply, to_body
from chiron.records import ModelRequest

WHERE = Whereabouts("m", "http://h/v1", "the environment variable KEY", False, "Start it.")
STREAM = "text/event-stream; charset=utf-8"
JSON = "application/json"


async def in_pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(content: bytes, kind: str = STREAM, size: int = 5) -> Reply:
    return await read_reply(in_pieces(content, size), kind, WHERE)


def events(*sent: Any, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(event)}\n\n" for event in sent]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def text(piece: str, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"choices": [{"index": index, "text": piece, "finish_reason": finish}]}


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_pieces_are_joined_wherever_they_are_cut(size: int) -> None:
    reply = await read(events(text("héllo "), text("wörld 🌍", "length")), size=size)
    assert (reply.texts, reply.finish) == (("héllo wörld 🌍",), "length")


async def test_comments_events_and_carriage_returns_are_passed_over() -> None:
    stream = b": ping\r\nevent: x\r\nid: 1\r\ndata: " + json.dumps(text("a", "stop")).encode() + b"\r\n\r\n"
    assert (await read(stream)).texts == ("a",)


async def test_an_answer_that_is_not_streamed_is_read_too() -> None:
    whole = {
        "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3},
    }
    reply = await read(json.dumps(whole).encode(), JSON)
    assert (reply.texts, reply.n_prompt_tokens) == (("hi",), 3)


async def test_a_stream_without_done_is_whole_when_every_text_is_finished() -> None:
    assert (await read(events(text("a", "stop"), done=False))).texts == ("a",)
    with pytest.raises(ModelGarbled, match="half an answer"):
        await read(events(text("a"), done=False))
    with pytest.raises(ModelGarbled, match="half an answer"):
        await read(events(text("a", "stop"), text("b", None, 1), done=False))


async def test_an_error_in_the_middle_of_a_stream_is_an_error() -> None:
    with pytest.raises(ModelBusy):
        await read(events(text("a"), {"error": {"message": "out of memory", "code": 500}}))
    with pytest.raises(ModelRefused, match="too long"):
        await read(events({"error": {"code": 400, "type": "exceed_context_size_error"}}))


async def test_an_answer_that_never_ends_is_cut_off() -> None:
    with pytest.raises(ModelGarbled, match="more than 2 MB"):
        await read(b"data: " + b"x" * (MAX_ANSWER_BYTES + 1), size=65536)


async def test_chances_are_read_in_both_shapes() -> None:
    new = {"content": [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -1.0}]}]}
    old = {"tokens": ["a"], "token_logprobs": [-0.5], "top_logprobs": [{"b": -1.0}]}
    for shape in (new, old):
        choice = {"text": "a", "finish_reason": "stop", "logprobs": shape}
        (chance,) = (await read(events({"choices": [choice]}))).chances
        assert (chance.token, chance.logprob, dict(chance.alternatives)) == ("a", -0.5, {"b": -1.0})


async def test_a_text_ends_before_the_first_stop_word_even_where_the_endpoint_did_not_stop() -> None:
    reply = await read(events(text("a: 1\n\nb: 2\n- c", "stop")))
    assert reply.before(("\n- ", "\n\n", "")).texts == ("a: 1",)
    assert reply.before(("zz",)) is reply


async def test_a_lone_surrogate_in_an_answer_does_not_reach_the_editor() -> None:
    reply = await read(b'data: {"choices": [{"text": "a\\ud800b", "finish_reason": "stop"}]}\n')
    assert reply.texts == ("a?b",)


@pytest.mark.parametrize(
    "content",
    [b"[]", b"1", b"null", b'{"choices": 1}', b'{"choices": [1]}', b"[" * 100_000, b"\xff\xfe", b"{}"],
)
@pytest.mark.parametrize("kind", [STREAM, JSON])
async def test_json_of_another_kind_is_garbled(content: bytes, kind: str) -> None:
    with pytest.raises(ModelGarbled):
        await read(b"data: " + content + b"\n" if kind is STREAM else content, kind, 4096)


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["choices", "text", "delta", "message", "content", "index", "finish_reason", "usage",
                         "logprobs", "tokens", "token_logprobs", "top_logprobs", "error", "code", "logprob",
                         "prompt_tokens", "prompt_tokens_details", "prob"]),
        inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(
    st.lists(JSONS, max_size=4) | st.lists(JSONS.map(lambda j: {"choices": [j]}), max_size=4), st.booleans()
)
async def test_any_json_is_an_answer_or_one_of_our_errors(sent: list[Any], done: bool) -> None:
    try:
        reply = await read(events(*sent, done=done), size=1000)
    except ModelError as error:
        assert error.advice  # noqa: PT017 - either way is right
    else:
        assert all(isinstance(said, str) for said in reply.texts)


@given(st.binary(max_size=200))
async def test_any_bytes_are_an_answer_or_one_of_our_errors(content: bytes) -> None:
    for kind in (STREAM, JSON):
        try:
            await read(content, kind, 50)
        except ModelError as error:
            assert error.advice  # noqa: PT017 - either way is right


# --------------------------------------------------------------------------- what an endpoint told


@given(
    st.integers(300, 599).filter(lambda status: status != 304),
    st.binary(max_size=60) | JSONS.map(lambda j: json.dumps(j).encode()),
)
def test_any_refusal_is_one_of_our_errors_with_advice(status: int, body: bytes) -> None:
    error = faults.from_status(status, body, {}, WHERE)
    assert isinstance(error, Busy | Refusal)
    assert error.advice


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_what_a_body_says_is_not_repeated(status: int) -> None:
    body = json.dumps({"error": {"message": "wrong key sk-123 for prompt Install nginx", "code": "bad_key"}})
    told = str(faults.from_status(status, body.encode(), {}, WHERE))
    assert "sk-123" not in told
    assert "nginx" not in told


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"error": {"message": "x", "param": "temperature"}}, "temperature"),
        (
            {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model."}},
            "max_tokens",
        ),
        ({"detail": "x"}, None),
        ({"error": "Unrecognized request argument supplied: `grammar`"}, "grammar"),
        ({"error": {"message": "x", "param": "response_format.json_schema"}}, "response_format"),
        ({"error": {"message": "x", "param": "Install nginx"}}, None),
    ],
)
def test_the_parameter_that_is_refused_is_found(body: object, parameter: str | None) -> None:
    error = faults.from_status(400, json.dumps(body).encode(), {}, WHERE)
    assert isinstance(error, Refusal)
    assert error.parameter == parameter


@pytest.mark.parametrize(
    ("value", "seconds"), [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("", None), ("soon", None), ("nan", None),
                           ("inf", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)]
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    assert faults.retry_after_s({"retry-after": value}) == seconds


def test_a_missing_key_and_a_wrong_key_are_told_apart() -> None:
    assert "a key is needed" in str(faults.from_status(401, b"", {}, WHERE))
    assert "Set the key with the environment variable KEY" in str(faults.from_status(401, b"", {}, WHERE))


# --------------------------------------------------------------------------- what is sent


def test_a_limit_that_a_chat_endpoint_refuses_is_given_under_its_other_name() -> None:
    question = Question(ModelRequest("p", max_tokens=7), chat=True)
    assert "max_tokens" in droppable(question)
    body = to_body(question, "m", without=frozenset({"max_tokens", "temperature"}))
    assert body["max_completion_tokens"] == 7
    assert not {"max_tokens", "temperature"} & set(body)


def test_a_limit_is_never_left_out_of_a_completion() -> None:
    assert "max_tokens" not in droppable(Question(ModelRequest("p")))
