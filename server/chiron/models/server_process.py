"""The embedded server's process: finding it, starting it, stopping it.

A server is known by its lock, which it holds for as long as it lives (the system lets go of it even when the
process is killed), and by the state file beside it: port, key and process id, readable by the user alone. A
state whose lock is free is stale, whoever may listen on its port by now, and is never spoken to.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from chiron.config import Embedded
from chiron.errors import EmbeddedUnavailable
from chiron.models.weights import Progress

#: A cold disk and a larger model take their time.
START_TIMEOUT_S = 90.0
#: The process says with this that another one holds the lock.
ANOTHER_RUNS = 3

_MAX_LOG_BYTES = 1024 * 1024
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Where a server listens, its key, and its process. The port is 0 while it is starting."""

    port: int
    key: str
    pid: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __repr__(self) -> str:
        return f"RunningServer(port={self.port}, pid={self.pid})"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where one configuration's server keeps its files. Other weights or sizes have another seat."""

    directory: Path
    name: str

    @property
    def lock(self) -> Path:
        return self.directory / f"{self.name}.lock"

    @property
    def state(self) -> Path:
        return self.directory / f"{self.name}.json"

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"


def seat_for(settings: Embedded, directory: Path, weights: str) -> Seat:
    """The seat of the server that `settings` ask for. `weights` is their fingerprint."""
    what = repr((weights, settings.context_tokens, settings.n_slots, settings.threads))
    return Seat(directory, f"server-{hashlib.sha256(what.encode()).hexdigest()[:12]}")


def own_directory(directory: Path) -> None:
    """Makes `directory` the user's alone. Raises `EmbeddedUnavailable` where it is somebody else's."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform != "win32":
            stat = directory.stat()
            if stat.st_uid != os.getuid():
                raise EmbeddedUnavailable(
                    f"{directory} belongs to another user.", advice="Set cache_dir to a folder of your own."
                )
            if stat.st_mode & 0o077:
                directory.chmod(0o700)
    except OSError as error:
        raise EmbeddedUnavailable(
            f"The folder {directory} cannot be made: {error.strerror}.",
            advice="Make it writable or set cache_dir.",
        ) from None


def is_running(seat: Seat) -> bool:
    """Whether a process holds the seat."""
    if not seat.lock.exists():
        return False
    try:
        with FileLock(seat.lock, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def still_runs(seat: Seat, server: RunningServer) -> bool:
    """Whether `server` is the one that holds the seat now. Cheap enough to ask before every request."""
    return _read_state(seat) == server and is_running(seat)


def find_server(seat: Seat) -> RunningServer | None:
    """The server that holds the seat and answers to its key, or None."""
    server = _read_state(seat)
    if server is None or server.port == 0 or not is_running(seat) or not _is_alive(server.pid):
        return None
    return server if answers(server) else None


def start_server(
    seat: Seat, settings: Embedded, weights: Path, progress: Progress | None = None
) -> RunningServer:
    """The server of this seat, started unless it runs. Blocks until it answers. Raises `EmbeddedUnavailable`.

    Several callers, in several processes, may call at once: one server comes of it.
    """
    begun = time.monotonic()
    process: subprocess.Popen[bytes] | None = None
    try:
        while (waited_s := time.monotonic() - begun) < START_TIMEOUT_S:
            if (server := find_server(seat)) is not None:
                return server
            if process is None or process.poll() is not None:
                if process is not None and process.returncode not in (0, ANOTHER_RUNS):
                    raise EmbeddedUnavailable(
                        f"The embedded server could not start: {_last_line(seat.log)}",
                        advice=f"See {seat.log}; or choose another model.",
                    )
                if not is_running(seat):
                    process = _spawn(seat, settings, weights)
            if progress is not None:
                progress("starting the embedded server", min(0.95, waited_s / 2.0))
            time.sleep(_POLL_S)
    except BaseException:
        # A start that is given up leaves nothing behind; another window that waits for it starts its own.
        if process is not None and process.poll() is None:
            process.kill()
        raise
    # Whoever holds the seat does not answer; its successor shall not wait for it.
    stop_server(seat)
    raise EmbeddedUnavailable(
        f"The embedded server did not come up within {START_TIMEOUT_S:.0f} s.", advice=f"See {seat.log}."
    )


def stop_server(seat: Seat, *, patience_s: float = 5.0) -> bool:
    """Ends the process that holds the seat, in the end by force. Whether there was one."""
    holder = _holder(seat)
    deadline = time.monotonic() + patience_s
    while holder is None and is_running(seat) and time.monotonic() < deadline:
        # It has the lock and is about to say who it is.
        time.sleep(_POLL_S)
        holder = _holder(seat)
    if holder is None:
        return False
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        try:
            os.kill(holder, sign)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience_s
        while is_running(seat) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if not is_running(seat):
            break
    seat.state.unlink(missing_ok=True)
    return True


def _holder(seat: Seat) -> int | None:
    """The process that holds the seat, listening already or not."""
    state = _read_state(seat)
    return state.pid if state is not None and is_running(seat) and _is_alive(state.pid) else None


def seats(directory: Path) -> Iterator[Seat]:
    """Every seat in `directory`, taken or not."""
    for lock in sorted(directory.glob("server-*.lock")):
        yield Seat(directory, lock.stem)


def stop(directory: Path) -> int:
    """Ends every embedded server of `directory`. How many there were."""
    return sum(stop_server(seat) for seat in seats(directory))


def answers(server: RunningServer, timeout_s: float = 5.0) -> bool:
    """Whether the server answers an authenticated request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout_s)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {server.key}"})
        response = connection.getresponse()
        return response.status == http.HTTPStatus.OK and b'"data"' in response.read(65536)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def write_state(seat: Seat, server: RunningServer) -> None:
    """Tells others where the server is. The file is the user's alone and appears whole."""
    new = seat.state.with_suffix(f".{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)
    new.replace(seat.state)


def _read_state(seat: Seat) -> RunningServer | None:
    try:
        kept = json.loads(seat.state.read_text(encoding="utf-8"))
        port, key, pid = kept["port"], kept["key"], kept["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (isinstance(port, int) and 0 <= port < 65536 and isinstance(pid, int) and pid > 1):
        return None
    return RunningServer(port, key, pid) if isinstance(key, str) and (key.isalnum() or not port) else None


def _spawn(seat: Seat, settings: Embedded, weights: Path) -> subprocess.Popen[bytes]:
    """Starts the process, on its own: it outlives this one and is found by the next."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "chiron.models.embedded_server",
        f"--directory={seat.directory}",
        f"--seat={seat.name}",
        f"--weights={weights}",
        f"--context-tokens={settings.context_tokens}",
        f"--slots={settings.n_slots}",
        f"--threads={settings.threads or 0}",
        f"--idle-stop-s={settings.idle_stop_s}",
    ]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        log = os.open(seat.log, flags, 0o600)
        if os.fstat(log).st_size > _MAX_LOG_BYTES:
            os.truncate(seat.log, 0)
        try:
            # In a folder of the user's own: what lies in a workspace must not be taken for a module.
            process = subprocess.Popen(  # noqa: S603 - every word of the command is Chiron's own
                command,
                cwd=seat.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
                | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        finally:
            os.close(log)
    except OSError as error:
        raise EmbeddedUnavailable(
            f"The embedded server could not be started: {error.strerror}.",
            advice=f"See {seat.directory}.",
        ) from None
    # Its end is waited for, so that no dead process stays in the list.
    threading.Thread(target=process.wait, name="chiron-embedded-wait", daemon=True).start()
    return process


def _is_alive(pid: int) -> bool:
    """Whether the process is there. Where asking would end it (Windows), the lock alone is believed."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Somebody else's process has the number now.
        return False
    return True


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "it left no log."
    return lines[-1][:300] if lines else "it said nothing."
