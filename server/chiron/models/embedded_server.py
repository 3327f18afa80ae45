"""The process of the embedded server: llama.cpp on loopback, for all editor windows of one user.

`python -m chiron.models.embedded_server` is started by `server_process` and by nothing else. It holds its
seat's lock for its whole life, writes down where it listens, and ends when nobody asked for long enough.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock, Timeout

from chiron.models.server_process import ANOTHER_RUNS, RunningServer, Seat, write_state

#: Kept by llama.cpp for prompts whose slot went to another request: a third window's file costs nothing to
#: come back to. A prompt of 4,000 tokens takes some 75 MB with the packaged weights.
_CACHE_RAM_MIB = 256


def main() -> int:
    """Serves until it is idle for too long, is told to end, or loses its state file."""
    parser = argparse.ArgumentParser(prog="python -m chiron.models.embedded_server")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--seat", required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--context-tokens", type=int, required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--idle-stop-s", type=float, required=True)
    options = parser.parse_args()
    seat = Seat(options.directory, options.seat)
    try:
        # Others only touch the lock to see whether it is held: a second is enough to tell them from a server.
        lock = FileLock(seat.lock, timeout=1.0)
        lock.acquire()
    except Timeout:
        return ANOTHER_RUNS
    # In place of whatever a server that died left there: who is starting, so that it can be ended.
    write_state(seat, RunningServer(port=0, key="", pid=os.getpid()))
    ended = threading.Event()
    _end_on_signals(ended)
    key = secrets.token_hex(32)
    try:
        server = _serve(options, key)
    except Exception as error:
        _say(f"{type(error).__name__}: {error}".strip())
        seat.state.unlink(missing_ok=True)
        return 1
    port = int(server.listening_address.rpartition(":")[2])
    write_state(seat, RunningServer(port=port, key=key, pid=os.getpid()))
    _say(f"listening on port {port}")
    log = _keep_log()
    reason = _wait(server, seat, options.idle_stop_s, ended)
    _forget_state(seat, key)
    os.write(log, f"{_now()} ends: {reason}\n".encode())
    # Without llama.cpp's own clean-up, which waits for requests still running.
    os._exit(0)


def _serve(options: argparse.Namespace, key: str) -> Any:
    """A server that is listening. Raises whatever the library raises where it cannot."""
    import xllamacpp

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    params = xllamacpp.CommonParams()
    params.model.path = str(options.weights)
    params.model_alias = {"chiron-embedded"}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.cors_origins = "null"
    params.ui = False
    params.endpoint_slots = False
    # What `_activity` reads; it needs the key like everything else.
    params.endpoint_metrics = True
    params.n_parallel = options.slots
    params.n_ctx = options.context_tokens * options.slots
    params.cache_prompt = True
    # Gemma attends to a sliding window. With a cache of just that window llama.cpp cannot go back to where
    # a prompt departs from the last one and reads all of it again: the full cache costs 90 MB and saves
    # seconds.
    params.swa_full = True
    params.cache_ram_mib = _CACHE_RAM_MIB
    # Writing gains little from more threads than real cores and would slow the editor; reading a prompt is
    # a short burst that gains from all of them.
    params.cpuparams.n_threads = options.threads or max(1, cores // 2)
    params.cpuparams_batch.n_threads = options.threads or cores
    params.verbosity = 1
    return xllamacpp.Server(params)


def _wait(server: Any, seat: Seat, idle_stop_s: float, ended: threading.Event) -> str:
    """Returns, with the reason, when the server should end."""
    last_seen = _activity(server)
    last_active = time.monotonic()
    pause_s = min(5.0, max(0.1, idle_stop_s / 10))
    while not ended.wait(pause_s):
        if not seat.state.exists():
            return "its state file was removed"
        seen = _activity(server)
        if seen != last_seen or _is_busy(seen):
            last_seen, last_active = seen, time.monotonic()
        elif time.monotonic() - last_active > idle_stop_s:
            return f"nobody asked for {idle_stop_s:.0f} s"
    return "it was told to"


def _activity(server: Any) -> dict[str, str]:
    """Counters that change with every request."""
    wanted = ("prompt_tokens_total", "tokens_predicted_total", "requests_processing", "requests_deferred")
    counters = {}
    for line in str(server.handle_metrics()).splitlines():
        name, _, value = line.removeprefix("llamacpp:").partition(" ")
        if name in wanted or name == "prompt_tokens_cached_total":
            counters[name] = value
    return counters


def _is_busy(counters: dict[str, str]) -> bool:
    return any(counters.get(name, "0") != "0" for name in ("requests_processing", "requests_deferred"))


def _forget_state(seat: Seat, key: str) -> None:
    """Removes the state file if it is still this server's."""
    try:
        if key in seat.state.read_text(encoding="utf-8"):
            seat.state.unlink()
    except OSError:
        pass


def _keep_log() -> int:
    """Keeps the log for this module alone: from now on llama.cpp might quote requests in what it writes."""
    log = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return log


def _end_on_signals(ended: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _say(text: str) -> None:
    sys.stderr.write(f"{_now()} {text}\n")
    sys.stderr.flush()


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")


if __name__ == "__main__":
    raise SystemExit(main())
