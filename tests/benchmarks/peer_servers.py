"""Language servers as an editor meets them: how soon they answer, and what they hold in memory then.

Read by `compare_peers.py`. Speaks JSON-RPC over standard input and output itself, so that no client's own
work is measured. Linux only: the process tree is read from /proc.
"""

from __future__ import annotations

import json
import os
import queue
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")

#: An editor asks again at the next key; so does this.
_ASK_AGAIN_S = 0.1
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """How one server is started and asked. `request` is what comes after a name or prefix was typed."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    settings: Mapping[str, Any] | None
    method: str
    #: What stands at the end of the document, one for each time it is asked.
    typed: Sequence[str]
    document: str
    n_useful: Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Ready:
    """Times from the start of the process, except for those `again`, which are from request to answer."""

    initialized_s: float
    first_s: float
    again_s: tuple[float, ...]
    n_items: int
    rss_mb: float
    cpu_s: float
    n_processes: int

    @property
    def second_s(self) -> float:
        return self.again_s[0]

    @property
    def later_s(self) -> float:
        return statistics.median(self.again_s[1:])


class Connection:
    """One server process. Requests of the server are answered, notifications passed over."""

    def __init__(self, server: Server, directory: Path) -> None:
        self._settings = server.settings
        self.process = subprocess.Popen(
            server.command,
            cwd=directory,
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._writing = threading.Lock()
        self._n = 0
        threading.Thread(target=self._read, daemon=True).start()

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Mapping[str, Any] | None) -> Any:
        """The result of one request. Raises RuntimeError for an error and where no answer comes."""
        self._n += 1
        self._send({"id": self._n, "method": method, "params": params})
        while True:
            try:
                answer = self._answers.get(timeout=_PATIENCE_S)
            except queue.Empty:
                raise RuntimeError(f"no answer to {method}") from None
            if answer["id"] == self._n:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error'].get('message')}")
                return answer.get("result")

    def stop(self) -> None:
        """Leaves as an editor does; ends the process where that does not help."""
        try:
            self.ask("shutdown", None)
            self._send({"method": "exit"})
            self.process.wait(timeout=10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        with self._writing:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            n_bytes = 0
            while (line := stream.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                n_bytes = int(value) if name.lower() == b"content-length" else n_bytes
            if not n_bytes:
                return
            message = json.loads(stream.read(n_bytes))
            if "method" not in message:
                self._answers.put(message)
            elif "id" in message:
                wanted = message["method"] == "workspace/configuration"
                result = [self._settings for _ in message["params"]["items"]] if wanted else None
                self._send({"id": message["id"], "result": result})


def measure(server: Server) -> Ready:
    """Starts a server on a folder with one playbook and asks it until it knows, then a few times more."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        (root / "site.yml").write_text(server.document)
        started = time.perf_counter()
        connection = Connection(server, root)
        try:
            return _asked(server, connection, root, started)
        finally:
            connection.stop()


def _asked(server: Server, connection: Connection, root: Path, started: float) -> Ready:
    connection.ask(
        "initialize",
        {
            "processId": os.getpid(),
            "rootUri": root.as_uri(),
            "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            "capabilities": {"workspace": {"configuration": True, "workspaceFolders": True}},
        },
    )
    initialized_s = time.perf_counter() - started
    connection.notify("initialized", {})
    uri = (root / "site.yml").as_uri()
    text = server.document + server.typed[0]
    connection.notify(
        "textDocument/didOpen",
        {"textDocument": {"uri": uri, "languageId": "ansible", "version": 1, "text": text}},
    )
    while not (n_items := _items(server, connection, uri, text)):
        if time.perf_counter() - started > _PATIENCE_S:
            raise RuntimeError(f"{server.name} never had an answer")
        time.sleep(_ASK_AGAIN_S)
    first_s = time.perf_counter() - started
    again_s: list[float] = []
    held: tuple[float, float, int] | None = None
    for version, typed in enumerate(server.typed[1:], start=2):
        text = server.document + typed
        change = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}
        asked = time.perf_counter()
        connection.notify("textDocument/didChange", change)
        if not _items(server, connection, uri, text):
            raise RuntimeError(f"{server.name} had no answer to {typed!r}")
        again_s.append(time.perf_counter() - asked)
        held = held or held_by(connection.process.pid)
    assert held is not None
    return Ready(initialized_s, first_s, tuple(again_s), n_items, *held)


def _items(server: Server, connection: Connection, uri: str, text: str) -> int:
    """How many useful items there are at the end of the document."""
    last = text.count("\n")
    return server.n_useful(
        connection.ask(
            server.method,
            {
                "textDocument": {"uri": uri},
                "position": {"line": last, "character": len(text) - text.rfind("\n") - 1},
                "context": {"triggerKind": 1},
            },
        )
    )


def held_by(pid: int) -> tuple[float, float, int]:
    """Resident memory in MB, CPU seconds so far and the number of the processes from `pid` down."""
    parents: dict[int, int] = {}
    figures: dict[int, tuple[float, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        number = int(path.parent.name)
        parents[number] = int(fields[1])
        # utime, stime, and those of children that ended.
        ticks = sum(map(int, fields[11:15]))
        figures[number] = (int(fields[21]) * _PAGE_BYTES / 1e6, ticks / _TICKS)
    tree = {pid}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    some = [figures[one] for one in tree if one in figures]
    return sum(rss for rss, _ in some), sum(cpu for _, cpu in some), len(some)
