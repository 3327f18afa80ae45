"""Measures the models room: imports, what the client adds, and the embedded server. It asserts nothing.

python tests/benchmarks/bench_models.py [--no-embedded]
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from chiron.config import Embedded, Endpoint
from chiron.models import server_process
from chiron.models.choose import choose
from chiron.models.client import EndpointModel
from chiron.models.embedded import EmbeddedModel
from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from chiron.models.weights import find_weights
from chiron.records import ModelRequest

TASK = "- name: Ensure {n} is present\n  ansible.builtin.package:\n    name: p{n}\n    state: present\n\n"
MODULES = ("package:", "service:", "template:", "copy:", "file:", "git:", "user:", "apt:", "apt_key:",
           "cron:", "get_url:", "systemd_service:")  # fmt: skip


def show(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    n = len(ordered)
    p50, p95 = statistics.median(ordered) * 1e3, ordered[min(n - 1, round(0.95 * n))] * 1e3
    print(f"{what:58} p50 {p50:8.1f} ms   p95 {p95:8.1f} ms   n {n}")


async def timed(run: Callable[[], Awaitable[object]], n: int) -> list[float]:
    seconds = []
    for _ in range(n):
        begun = time.perf_counter()
        await run()
        seconds.append(time.perf_counter() - begun)
    return seconds


def imports() -> None:
    for module in ("chiron.models.client", "chiron.models.embedded", "openai"):
        seconds = []
        for _ in range(5):
            program = f"import time; b=time.perf_counter(); import {module}; print(time.perf_counter()-b)"
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            seconds.append(float(done.stdout))
        show(f"import {module}, fresh process", seconds)


async def client() -> None:
    """What a request costs beyond the endpoint, next to the plainest client there is."""
    body = json.dumps({"prompt": "p", "stream": False})

    def plain(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        connection.close()

    with ScriptedServer(
        Script(rules=(Rule(texts=("  ansible.builtin.package:\n    name: nginx\n",)),))
    ) as server:
        model = EndpointModel(Endpoint(base_url=server.base_url, model="m", style="completion"), api_key=None)
        show(
            "scripted endpoint, first request (imports openai)",
            await timed(lambda: model.complete(ModelRequest("p")), 1),
        )
        show("scripted endpoint, EndpointModel", await timed(lambda: model.complete(ModelRequest("p")), 200))
        show(
            "scripted endpoint, http.client", await timed(lambda: asyncio.to_thread(plain, server.port), 200)
        )
        await model.close()


async def embedded(directory: Path) -> None:
    begun = time.perf_counter()
    find_weights(Embedded(), directory)
    show("weights put together", [time.perf_counter() - begun])
    begun = time.perf_counter()
    find_weights(Embedded(), directory)
    show("weights found again", [time.perf_counter() - begun])
    starts = []
    for _ in range(3):
        server_process.stop(directory)
        model = EmbeddedModel(Embedded(timeout_s=300), directory)
        begun = time.perf_counter()
        await model.start()
        starts.append(time.perf_counter() - begun)
        await model.close()
    show("server started", starts)
    model = EmbeddedModel(Embedded(timeout_s=300), directory)
    show("server found", await timed(model.start, 1))
    seconds = []
    for _ in range(200):
        begun = time.perf_counter()
        server_process.is_running(model.seat)
        seconds.append(time.perf_counter() - begun)
    show("its lock looked at (before each request)", seconds)
    await model.complete(ModelRequest("a", max_tokens=1))
    await prompts(model)
    memory(model)
    await model.close()
    server_process.stop(directory)


async def prompts(model: EmbeddedModel) -> None:
    beginning = "---\n" + "".join(TASK.format(n=n) for n in range(40))

    async def ask(prompt: str, n_tokens: int) -> tuple[float, int, int]:
        begun = time.perf_counter()
        answer = await model.complete(ModelRequest(prompt, max_tokens=n_tokens))
        return time.perf_counter() - begun, answer.n_prompt_tokens or 0, answer.n_completion_tokens or 0

    cold_s, n_prompt, _ = await ask(beginning + "- name: Install git\n", 1)
    show(f"prompt of {n_prompt} tokens read for the first time", [cold_s])
    print(f"{'':58} {n_prompt / cold_s:8.0f} tokens/s")
    names = (
        "Copy the configuration of the web server",
        "Start nginx",
        "Create the user deploy",
        "Clone the site",
    )
    show(
        "the same beginning, another last line",
        [(await ask(f"{beginning}- name: {name}\n", 1))[0] for name in names],
    )
    show(
        "another beginning", [(await ask(f"# {n}\n{beginning}- name: Install git\n", 1))[0] for n in range(2)]
    )
    seconds, _, n_written = await ask(beginning + "- name: Install git\n", 100)
    show(f"{n_written} tokens written", [seconds])
    print(f"{'':58} {n_written / seconds:8.0f} tokens/s")
    prompt = beginning + "- name: Install git\n  ansible.builtin."
    show(f"chances of {len(MODULES)} modules", await timed(lambda: choose(model, prompt, MODULES), 10))


def memory(model: EmbeddedModel) -> None:
    server = server_process.find_server(model.seat)
    status = Path(f"/proc/{server.pid}/status") if server else None
    if status is not None and status.exists():
        wanted = ("VmRSS", "RssAnon", "RssFile")
        print(
            "memory of the server:",
            *(line for line in status.read_text().splitlines() if line.startswith(wanted)),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-embedded", action="store_true")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    imports()
    asyncio.run(client())
    if not options.no_embedded:
        with tempfile.TemporaryDirectory() as directory:
            server_process.own_directory(Path(directory))
            asyncio.run(embedded(Path(directory)))


if __name__ == "__main__":
    main()
