"""The scripted model, alone and as a process that speaks the real protocol."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from chiron.config import Endpoint
from chiron.errors import (
    ModelBusy,
    ModelError,
    ModelGarbled,
    ModelRefused,
    ModelUnreachable,
    SettingsError,
)
from chiron.models.client import EndpointModel
from chiron.models.fake import FAULTS, Rule, Script, ScriptedModel, read_script
from chiron.models.fake_server import ScriptedServer
from chiron.records import ModelRequest

SCRIPT = """
model: parrot
rules:
  - match: nginx
    text: "package:\\n  name: nginx"
    times: 1
  - regex: "(?i)copy .* file"
    texts: [one, two, three]
  - match: trouble
    fault: 500
default: nothing
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.yml"
    path.write_text(SCRIPT)
    return path


async def check_plays(model: ScriptedModel | EndpointModel) -> None:
    """SCRIPT is played, whoever plays it."""
    assert (await model.complete(ModelRequest("Install nginx", stop=("\n",)))).texts == ("package:",)
    assert (await model.complete(ModelRequest("Install nginx"))).texts == ("nothing",)
    assert (await model.complete(ModelRequest("Copy that file", n=2))).texts == ("one", "two")
    with pytest.raises(ModelBusy, match="HTTP 500"):
        await model.complete(ModelRequest("trouble"))


async def test_a_script_is_played_in_order(script: Path) -> None:
    model = ScriptedModel.from_file(script)
    await check_plays(model)
    assert model.name == "parrot"
    assert [call.prompt for call in model.calls][:2] == ["Install nginx", "Install nginx"]
    assert model.n_calls == 4


@pytest.fixture
def process(script: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "chiron.models.fake", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["base_url"]
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


async def test_the_same_script_is_played_as_a_real_endpoint(process: str) -> None:
    model = EndpointModel(
        Endpoint(base_url=process, model="m", style="completion", max_retries=0), api_key=None
    )
    await check_plays(model)
    await model.close()


def test_an_endpoint_tells_what_it_was_asked(process: str) -> None:
    for path, said in (
        ("completions", {"prompt": "nginx"}),
        ("chat/completions", {"messages": [{"content": "nginx"}]}),
    ):
        body = json.dumps(said).encode()
        with urllib.request.urlopen(f"{process}/{path}", data=body, timeout=30) as answer:
            choice = json.load(answer)["choices"][0]
        assert choice.get("text", choice.get("message", {}).get("content")) is not None
    with urllib.request.urlopen(process.removesuffix("/v1") + "/calls", timeout=30) as answer:
        assert [call.get("prompt") for call in json.load(answer)["calls"]] == ["nginx", None]
    with urllib.request.urlopen(f"{process}/models", timeout=30) as answer:
        assert json.load(answer)["data"][0]["id"] == "parrot"


def test_an_endpoint_ends_with_whoever_started_it(script: Path) -> None:
    program = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'chiron.models.fake', '--script', sys.argv[1]]\n"
        "process = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        "print(process.stdout.readline().decode(), process.pid, flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(script)], capture_output=True, text=True, check=True
    )
    base_url = json.loads(done.stdout.splitlines()[0])["base_url"]
    deadline = time.monotonic() + 60
    while is_served(base_url):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_served(base_url: str) -> bool:
    try:
        urllib.request.urlopen(f"{base_url}/models", timeout=30).close()
    except OSError:
        return False
    return True


def test_an_endpoint_may_demand_a_key() -> None:
    with ScriptedServer(Script(api_key="k")) as server, pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{server.base_url}/completions", data=b"{}", timeout=30)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"hang", "slow"}))
async def test_a_fault_is_the_same_error_scripted_and_real(fault: str) -> None:
    scripted = ScriptedModel([Rule(fault=fault)])
    kinds: list[type[ModelError]] = []
    with ScriptedServer(Script(rules=(Rule(fault=fault),))) as server:
        real = EndpointModel(
            Endpoint(base_url=server.base_url, model="m", style="completion", max_retries=0), api_key="k"
        )
        for model in (scripted, real):
            with pytest.raises(ModelError) as caught:
                await model.complete(ModelRequest("p"))
            assert caught.value.advice
            kinds += [
                kind
                for kind in (ModelBusy, ModelGarbled, ModelRefused, ModelUnreachable)
                if isinstance(caught.value, kind)
            ]
        await real.close()
    assert len(kinds) == 2
    assert kinds[0] is kinds[1]


async def test_a_cancelled_call_is_counted() -> None:
    model = ScriptedModel([Rule(fault="hang")])
    task = asyncio.create_task(model.complete(ModelRequest("p")))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (model.n_calls, model.n_cancelled) == (1, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [{match: 3, fault: nosuch}]", "rules.0"),
        ("rules: [{fault: nosuch}]", "none of"),
        ("rules: [{regex: '('}]", "no regular expression"),
        ("rules: [{unknown: 1}]", "rules.0.unknown"),
        ("a: [", "no YAML"),
        ("- 1", "is wrong at"),
    ],
)
def test_a_wrong_script_says_where(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "script.yml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=says):
        read_script(path)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yml"):
        read_script(tmp_path / "none.yml")
    done = subprocess.run(
        [sys.executable, "-m", "chiron.models.fake", "--script", str(tmp_path / "none.yml")],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
