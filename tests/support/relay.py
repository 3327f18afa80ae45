"""A collector that others make, rotel, between Chiron and the process that writes down what comes out of it.

What it does not understand it refuses, and what it lets through it has decoded and written anew.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def relaying(folder: Path, to: str) -> Iterator[str]:
    """The address of a collector that hands on to the one at `to`.

    Where none can be had, the test is skipped; never in CI, which installs one.
    """
    program = _program()
    folder.mkdir(parents=True, exist_ok=True)
    http, grpc = _free_ports(2)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ROTEL_", "OTEL_"))}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(program, "start", "--pid-file", folder / "pid", "--log-file", folder / "log.own"),
                *("--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}"),
                *("--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-endpoint", to),
            ],
            env=environ,
            stdout=log,
            stderr=log,
        )
    try:
        while not _listens(http):
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8", errors="replace")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{http}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _program() -> Path:
    """The collector that the package `rotel` brings along."""
    found = importlib.util.find_spec("rotel")
    program = Path(found.origin).parent / "rotel-agent" if found and found.origin else None
    if program is not None and program.exists():
        done = subprocess.run([program, "version"], capture_output=True, check=False)
        if done.returncode == 0:
            return program
        why = f"rotel does not run here: {done.stderr.decode(errors='replace').strip()}"
    else:
        why = "rotel is not installed"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def _free_ports(n: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
