"""The embedded server: a real llama.cpp process on loopback, found, shared, restarted and stopped."""

# One test at a time runs in a loop: it may wait for a file or a process.
# ruff: noqa: ASYNC210, ASYNC220, ASYNC240

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chiron.config import Embedded, Endpoint
from chiron.errors import EmbeddedUnavailable, ModelRefused, ModelTimeout
from chiron.models import server_process
from chiron.models.choose import choose
from chiron.models.client import EndpointModel
from chiron.models.embedded import CAPABILITIES, EmbeddedModel, embedded_available, stop
from chiron.models.fake_server import ScriptedServer
from chiron.models.probe import Probed
from chiron.models.server_process import RunningServer
from chiron.records import ModelRequest

pytestmark = pytest.mark.embedded

PROMPT = "---\n- name: Install nginx\n  ansible.builtin.package:\n    name: nginx\n\n- name: Install git\n"


@asynccontextmanager
async def embedded(directory: Path, weights: Path, **settings: Any) -> AsyncIterator[EmbeddedModel]:
    model = EmbeddedModel(Embedded(weights=weights, **{"timeout_s": 120, **settings}), directory)
    try:
        yield model
    finally:
        await model.close()


def running(model: EmbeddedModel) -> RunningServer:
    server = server_process.find_server(model.seat)
    assert server is not None
    return server


async def until(holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def metrics(server: RunningServer) -> dict[str, float]:
    url = f"http://127.0.0.1:{server.port}/metrics"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {server.key}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}


# --------------------------------------------------------------------------- a server that runs


async def test_it_continues_text_and_stops_where_asked(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        answer = await model.complete(ModelRequest(PROMPT, stop=("\n\n",), max_tokens=60))
    assert answer.texts[0].startswith("  ansible.builtin.")
    assert "\n\n" not in answer.texts[0]
    assert answer.model == "gemma-3-270m-q4_k_m"
    assert answer.n_prompt_tokens
    assert not model.leaves_machine


async def test_an_unchanged_beginning_is_not_read_again(warm_directory: Path, weights: Path) -> None:
    beginning = "".join(
        f"- name: Ensure thing {n} is there\n  ansible.builtin.package:\n    name: t{n}\n\n"
        for n in range(12)
    )
    async with embedded(warm_directory, weights) as model:
        first = await model.complete(ModelRequest(beginning + "- name: Install git\n", max_tokens=1))
        changed = "- name: Copy the configuration of the web server\n"
        second = await model.complete(ModelRequest(beginning + changed, max_tokens=1))
    assert first.n_prompt_tokens is not None
    assert second.n_cached_tokens is not None
    # All but the last line, though the two differ by more than a few tokens.
    assert second.n_cached_tokens >= first.n_prompt_tokens - 8


async def test_a_grammar_is_kept(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        answer = await model.complete(ModelRequest(PROMPT, grammar='root ::= "  service:" | "  user:"'))
    assert answer.texts[0] in ("  service:", "  user:")


async def test_a_broken_grammar_is_refused_without_quoting_it(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        with pytest.raises(ModelRefused) as caught:
            await model.complete(ModelRequest(PROMPT, grammar="root ::= secret_word (("))
        assert "secret_word" not in str(caught.value)
        assert "secret_word" not in model.seat.log.read_text()


async def test_a_prompt_that_is_too_long_says_so(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        with pytest.raises(ModelRefused, match="too long"):
            await model.complete(ModelRequest("x " * 5000, max_tokens=1))


async def test_choices_are_weighed_by_the_models_own_chances(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        chances = await choose(
            model, PROMPT + "  ansible.builtin.", ["package:", "package_facts:", "user:", "zzz:"]
        )
    assert max(chances, key=lambda choice: chances[choice]) == "package:"
    assert sum(chances.values()) == pytest.approx(1.0)
    assert chances["zzz:"] < 0.1


async def test_what_it_is_said_to_do_is_what_a_probe_finds(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        await model.start()
        server = running(model)
        endpoint = Endpoint(base_url=server.base_url, model="any", style="completion", timeout_s=120)
        direct = EndpointModel(endpoint, api_key=server.key)
        found = await direct.capabilities()
        assert (
            replace(found, prompt_lines=CAPABILITIES.prompt_lines, trust=CAPABILITIES.trust) == CAPABILITIES
        )
        assert await model.capabilities() == CAPABILITIES
        await direct.close()


async def test_it_needs_its_key(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        await model.start()
        server = running(model)
    for path in ("/v1/models", "/metrics", "/props", "/v1/completions"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", data=b"{}", timeout=30)


async def test_its_files_are_the_users_alone_and_hold_no_prompt(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        await model.complete(ModelRequest("- name: Vault of the bank\n", max_tokens=1))
        assert warm_directory.stat().st_mode & 0o077 == 0
        for file in (model.seat.state, model.seat.log):
            assert file.stat().st_mode & 0o077 == 0
        assert "Vault" not in model.seat.log.read_text()
        assert running(model).key not in repr(running(model))
        command = Path(f"/proc/{running(model).pid}/cmdline")
        assert not command.exists() or running(model).key not in command.read_text()


async def test_a_cancelled_request_stops_costing(warm_directory: Path, weights: Path) -> None:
    async with embedded(warm_directory, weights) as model:
        await model.start()
        server = running(model)
        before = metrics(server)["llamacpp:n_decode_total"]
        task = asyncio.create_task(model.complete(ModelRequest("1 2 3 4", max_tokens=3000)))
        await until(lambda: metrics(server)["llamacpp:requests_processing"] >= 1)
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: metrics(server)["llamacpp:requests_processing"] == 0)
        assert metrics(server)["llamacpp:n_decode_total"] - before < 2900


# --------------------------------------------------------------------------- a server that comes and goes


async def test_windows_that_start_at_once_share_one_server(directory: Path, weights: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from chiron.config import Embedded\n"
        "from chiron.models.embedded import EmbeddedModel\n"
        "from chiron.models.server_process import find_server\n"
        "model = EmbeddedModel(Embedded(weights=Path(sys.argv[2])), Path(sys.argv[1]))\n"
        "asyncio.run(model.start())\n"
        "print(find_server(model.seat).pid)"
    )
    command = [sys.executable, "-c", program, str(directory), str(weights)]
    windows = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    pids = {(await asyncio.to_thread(window.communicate))[0].strip() for window in windows}
    assert len(pids) == 1
    assert pids.pop().isdigit()
    assert stop(directory) == 1


async def test_it_is_restarted_when_it_is_killed_in_mid_request(directory: Path, weights: Path) -> None:
    async with embedded(directory, weights) as model:
        await model.start()
        first = running(model)
        task = asyncio.create_task(model.complete(ModelRequest("1 2 3 4", max_tokens=100)))
        await until(lambda: metrics(first)["llamacpp:requests_processing"] >= 1)
        os.kill(first.pid, signal.SIGKILL)
        assert (await task).texts
        assert running(model).pid != first.pid


async def test_a_stranger_on_a_dead_servers_port_is_told_nothing(directory: Path, weights: Path) -> None:
    async with embedded(directory, weights) as model, embedded(directory, weights) as other_window:
        await model.complete(ModelRequest("a", max_tokens=1))
        first = running(model)
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: not server_process.is_running(model.seat))
        assert model.seat.state.exists()
        with ScriptedServer(port=first.port) as stranger:
            # This window finds a stale state; the first one has a connection of its own to that port.
            await other_window.start()
            second = running(model)
            assert (second.port != first.port, second.key != first.key) == (True, True)
            assert (await model.complete(ModelRequest("b", max_tokens=1))).n_prompt_tokens
        assert not stranger.n_connections


async def test_a_start_that_is_given_up_ends_soon(directory: Path, weights: Path) -> None:
    model = EmbeddedModel(Embedded(weights=weights), directory)
    task = asyncio.create_task(model.start())
    await until(lambda: bool(list(directory.glob("*.log"))))
    await model.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The thread that waits for the server ends it; asking whether it is there ends once it is not.
    await until(lambda: model.seat.log.read_text() == "" and not server_process.is_running(model.seat))


async def test_a_server_that_is_still_starting_can_be_stopped(directory: Path, weights: Path) -> None:
    async with embedded(directory, weights) as model:
        task = asyncio.create_task(model.start())
        await until(model.seat.state.exists)
        first = json.loads(model.seat.state.read_text())["pid"]
        assert await asyncio.to_thread(stop, directory) == 1
        await model.close()
        # Whether the start noticed first that its server was ended, or that it was given up itself.
        with pytest.raises((asyncio.CancelledError, EmbeddedUnavailable)):
            await task
    await until(lambda: is_gone(first))


async def test_it_ends_when_idle_and_starts_again_when_asked(directory: Path, weights: Path) -> None:
    async with embedded(directory, weights, idle_stop_s=1.0) as model:
        await model.complete(ModelRequest("a", max_tokens=1))
        await until(lambda: not server_process.is_running(model.seat))
        assert not model.seat.state.exists()
        assert (await model.complete(ModelRequest("a", max_tokens=1))).texts


async def test_it_is_not_idle_while_it_writes(directory: Path, weights: Path) -> None:
    async with embedded(directory, weights, idle_stop_s=1.0) as model:
        await model.start()
        server = running(model)
        endpoint = Endpoint(base_url=server.base_url, model="any", style="completion", timeout_s=120)
        # Asked without what would start another server if this one ended in the middle.
        direct = EndpointModel(endpoint, api_key=server.key, probed=Probed(CAPABILITIES))
        await direct._connected()
        answer = await direct.complete(
            ModelRequest("1 2 3", max_tokens=200, grammar="root ::= [0-9 ]{150,300}")
        )
        await direct.close()
    assert len(answer.texts[0]) >= 150


async def test_a_server_that_hangs_is_replaced(directory: Path, weights: Path) -> None:
    async with embedded(directory, weights, timeout_s=2) as model:
        await model.start()
        first = running(model)
        os.kill(first.pid, signal.SIGSTOP)
        with pytest.raises(ModelTimeout):
            await model.complete(ModelRequest("a", max_tokens=1))
        await model.start()
        assert running(model).pid != first.pid


async def test_a_cancelled_request_leaves_the_start_going_on(directory: Path, weights: Path) -> None:
    async with embedded(directory, weights) as model:
        task = asyncio.create_task(model.complete(ModelRequest("a", max_tokens=1)))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: server_process.find_server(model.seat) is not None)


async def test_damaged_weights_are_one_clear_error(directory: Path, weights: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(weights.read_bytes()[:5_000_000])
    async with embedded(directory, damaged) as model:
        with pytest.raises(EmbeddedUnavailable, match="could not start") as caught:
            await model.start()
        assert str(model.seat.log) in caught.value.advice
        # It is not tried again at once: a start costs a second of somebody's machine.
        begun = model.seat.log.stat().st_mtime_ns
        with pytest.raises(EmbeddedUnavailable):
            await model.start()
        assert model.seat.log.stat().st_mtime_ns == begun
    assert not list(directory.glob("server-*.json"))


def test_stopping_where_nothing_runs_is_no_error(directory: Path) -> None:
    assert stop(directory) == 0


@pytest.mark.parametrize(
    "state", ["", "[]", "{}", '{"port": "x", "key": 1, "pid": null}', '{"port": 1, "key": "a b"}']
)
async def test_a_damaged_state_is_ignored(directory: Path, state: str) -> None:
    directory.mkdir()
    seat = server_process.Seat(directory, "server-x")
    seat.state.write_text(state)
    assert server_process.find_server(seat) is None
    assert not server_process.stop_server(seat)


def test_a_process_id_from_a_stale_state_is_never_killed(directory: Path) -> None:
    directory.mkdir()
    seat = server_process.Seat(directory, "server-x")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        seat.state.write_text(json.dumps({"port": 9, "key": "k", "pid": bystander.pid}))
        assert stop(directory) == 0
        assert bystander.poll() is None
        bystander.communicate(b"\n")


def test_what_is_missing_is_told_without_starting_anything(tmp_path: Path) -> None:
    assert embedded_available(Embedded()) is None
    reason = embedded_available(Embedded(weights=tmp_path / "none.gguf"))
    assert reason is not None
    assert "embedded.weights" in reason.advice
    wrong = tmp_path / "wrong.gguf"
    wrong.write_text("no weights")
    reason = embedded_available(Embedded(weights=wrong))
    assert reason is not None
    assert "not a GGUF file" in str(reason)
