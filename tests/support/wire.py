"""Messages to a server process as they stand on the wire, for what no well-behaved client sends."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Wire:
    """A server process, what was sent to it and what came back."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log: list[str] = []
        self.notifications: list[dict[str, Any]] = []
        self.workspace = Path()
        self.n_checks = 0
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._n = 0
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._read_log())]

    @property
    def last_id(self) -> int:
        """The id of the request sent last."""
        return self._n

    @classmethod
    async def start(cls, environ: Mapping[str, str], *arguments: str) -> Wire:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chiron",
            "serve",
            *arguments,
            env=dict(environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def initialize(
        self, root: Path, *, process_id: int | None = None, capabilities: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        folder = {"uri": root.as_uri(), "name": root.name}
        params = {"processId": process_id, "rootUri": None, "capabilities": capabilities or {}}
        answer = await self.request("initialize", {**params, "workspaceFolders": [folder]})
        self.notify("initialized", {})
        return answer

    def write(self, body: bytes) -> None:
        """A message whose content is `body`, which may be anything."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def send(self, message: Any) -> None:
        self.write(json.dumps(message).encode("utf-8", "surrogatepass"))

    def notify(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> asyncio.Future[dict[str, Any]]:
        """Sends a request; its answer comes later."""
        self._n += 1
        answer = self._answers[str(self._n)] = asyncio.get_running_loop().create_future()
        self.send({"jsonrpc": "2.0", "id": self._n, "method": method, "params": params})
        return answer

    async def request(self, method: str, params: Any, timeout_s: float = 60.0) -> dict[str, Any]:
        return await asyncio.wait_for(self.ask(method, params), timeout_s)

    def open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "ansible", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def ask_inline(self, uri: str, line: int, character: int) -> asyncio.Future[dict[str, Any]]:
        return self.ask(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": uri},
                "position": {"line": line, "character": character},
                "context": {"triggerKind": 1},
            },
        )

    async def inline(self, uri: str, line: int, character: int) -> list[dict[str, Any]]:
        """The items offered; an error is none."""
        answer = await asyncio.wait_for(self.ask_inline(uri, line, character), 60)
        items: list[dict[str, Any]] = (answer.get("result") or {}).get("items", [])
        return items

    def told(self) -> list[str]:
        """The messages that a person was shown so far."""
        return [
            str(one["params"]["message"])
            for one in self.notifications
            if one.get("method") == "window/showMessage"
        ]

    def memory_mb(self) -> float:
        """What the process holds in memory now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    async def end(self) -> int:
        """Leaves as an editor does; the exit code."""
        if self.process.returncode is None:
            await self.request("shutdown", None)
            self.notify("exit", None)
        return await self.ended()

    async def ended(self, timeout_s: float = 60.0) -> int:
        """Waits until the process has ended; its exit code."""
        code = await asyncio.wait_for(self.process.wait(), timeout_s)
        await asyncio.gather(*self._tasks)
        return code

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                length = 0
                while line := (await self.process.stdout.readline()).strip():
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                if not length:
                    break
                self._take(json.loads(await self.process.stdout.readexactly(length)))
        except asyncio.IncompleteReadError:
            pass
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_result({"error": {"code": 0, "message": "the server ended"}})

    def _take(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self.notifications.append(message)
        elif (waiting := self._answers.pop(str(message.get("id")), None)) is not None and not waiting.done():
            waiting.set_result(message)

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.log.append(line.decode("utf-8", "replace").rstrip("\n"))


__all__ = ["Wire"]
