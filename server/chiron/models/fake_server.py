"""A script played as a real endpoint on loopback, faults included. For tests and demonstrations only.

It speaks `/v1/models`, `/v1/completions` and `/v1/chat/completions`, streamed or not. `GET /calls` tells
what was asked, and how many connections the other side closed before their answer was complete.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from chiron.models.fake import Player, Rule, Script, answer_texts, completion_tokens, prompt_tokens

_JSON = "application/json"
_STREAM = "text/event-stream"


class ClosedByOtherSide(Exception):
    """The client went away before its answer was complete."""


class ScriptedServer:
    """Plays a script on a port of 127.0.0.1 while it is entered as a context."""

    def __init__(self, script: Script | None = None, *, port: int = 0) -> None:
        self.script = script or Script()
        self.player = Player(self.script)
        #: Bodies of the requests, and headers beside them, in order of arrival.
        self.calls: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._n_closed = 0
        #: Connections that were opened; one may carry several requests.
        self.n_connections = 0
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.scripted = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def n_closed(self) -> int:
        """Connections that the other side closed before their answer was complete."""
        return self._n_closed

    def wait_closed(self, n: int, timeout_s: float = 10.0) -> bool:
        """Whether `n` connections were closed early, waiting for it at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._n_closed >= n, timeout_s)

    def wait_calls(self, n: int, timeout_s: float = 10.0) -> bool:
        """Whether `n` requests arrived, waiting for it at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.calls) >= n, timeout_s)

    def took(self, body: dict[str, Any], headers: Mapping[str, str]) -> None:
        with self._changed:
            self.calls.append(body)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self._changed.notify_all()

    def lost(self) -> None:
        with self._changed:
            self._n_closed += 1
            self._changed.notify_all()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A handler that hangs on purpose must not keep the server from closing.
    block_on_close = False
    scripted: ScriptedServer

    def verify_request(self, request: Any, client_address: Any) -> bool:
        self.scripted.n_connections += 1
        return True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Small writes in a row would each wait for the other side's delayed acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Requests hold prompts; they are not logged."""

    def do_GET(self) -> None:
        scripted = self.server.scripted
        if self.path == "/calls":
            self._send_json(200, {"calls": scripted.calls, "n_closed": scripted.n_closed})
        elif not self._may():
            self._send_json(401, {"error": {"message": "wrong key", "code": "invalid_api_key"}})
        elif self.path == "/v1/models":
            self._send_json(
                200, {"object": "list", "data": [{"id": scripted.script.model, "object": "model"}]}
            )
        else:
            self._send_json(404, {"error": {"message": "no such path"}})

    def do_POST(self) -> None:
        scripted = self.server.scripted
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            self._send_json(400, {"error": {"message": "no JSON"}})
            return
        scripted.took(body, dict(self.headers.items()))
        can = {
            "/v1/completions": scripted.script.completions,
            "/v1/chat/completions": scripted.script.chat,
        }
        if not self._may():
            self._send_json(401, {"error": {"message": "wrong key", "code": "invalid_api_key"}})
        elif not can.get(self.path):
            self._send_json(404, {"error": {"message": "no such path"}})
        else:
            try:
                self._play(body, chat=self.path.endswith("/chat/completions"))
            except (ClosedByOtherSide, ConnectionError):
                self.close_connection = True
                scripted.lost()

    def _may(self) -> bool:
        key = self.server.scripted.script.api_key
        return key is None or self.headers.get("Authorization") == f"Bearer {key}"

    def _play(self, body: Mapping[str, Any], *, chat: bool) -> None:
        prompt = _prompt(body)
        rule = self.server.scripted.player.next_rule(prompt)
        self._wait(rule.delay_ms / 1000)
        if rule.fault is not None and rule.fault != "slow":
            self._misbehave(rule)
            return
        pieces = _pieces(body, rule, prompt, self.server.scripted.script.model, chat=chat)
        if not body.get("stream"):
            self._send_json(200, _whole(body, rule, prompt, self.server.scripted.script.model, chat=chat))
            return
        self._begin(200, _STREAM)
        for piece in pieces:
            if rule.fault == "slow":
                self._wait(0.1)
            self._write(b"data: " + json.dumps(piece).encode() + b"\n\n")
        self._write(b"data: [DONE]\n\n")
        self._end()

    def _misbehave(self, rule: Rule) -> None:
        fault = str(rule.fault)
        if fault.isdigit():
            headers = {} if rule.retry_after_s is None else {"Retry-After": str(rule.retry_after_s)}
            self._send_json(int(fault), {"error": {"message": "scripted fault", "code": "scripted"}}, headers)
        elif fault == "html":
            self._send(200, "text/html", b"<!doctype html><title>Sign in</title>")
        elif fault == "garbage":
            self._send(200, _JSON, b'{"choices": [{"text": ')
        elif fault == "content_type":
            self._send(200, "image/png", b'{"choices": [{"text": "x", "finish_reason": "stop"}]}')
        elif fault == "redirect":
            self._send(302, "text/plain", b"", {"Location": "http://127.0.0.2:9/v1/completions"})
        elif fault == "hang":
            self._wait(3600)
        elif fault == "10mb":
            self._begin(200, _STREAM)
            for _ in range(160):
                self._write(b'data: {"choices": [{"index": 0, "text": "' + b"x" * 65536 + b'"}]}\n\n')
            self._end()
        elif fault == "half":
            self._begin(200, _STREAM)
            self._write(b'data: {"choices": [{"index": 0, "text": "half an ans')
            self._drop()
        else:
            self._drop()

    def _wait(self, seconds: float) -> None:
        """Waits, but not longer than the other side."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 1.0))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ClosedByOtherSide

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send_json(self, status: int, content: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, _JSON, json.dumps(content).encode(), headers)

    def _send(self, status: int, kind: str, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _begin(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _write(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")


def _prompt(body: Mapping[str, Any]) -> str:
    """The text that rules are matched against: the prompt, or all messages one after another."""
    if isinstance(prompt := body.get("prompt"), str):
        return prompt
    messages = body.get("messages")
    contents = [message.get("content") for message in messages] if isinstance(messages, list) else []
    return "\n".join(content for content in contents if isinstance(content, str))


def _pieces(
    body: Mapping[str, Any], rule: Rule, prompt: str, model: str, *, chat: bool
) -> Iterator[dict[str, Any]]:
    """The events of a streamed answer."""
    texts = _texts(body, rule)
    for index, text in enumerate(texts):
        # One character at a time where it is slow; else in pieces that cut words, as tokens do.
        size = 1 if rule.fault == "slow" else 7
        for start in range(0, len(text), size):
            part = text[start : start + size]
            said = {"delta": {"content": part}} if chat else {"text": part}
            yield {"model": model, "choices": [{"index": index, **said, "finish_reason": None}]}
        ended: dict[str, Any] = {"delta": {}} if chat else {"text": ""}
        yield {"model": model, "choices": [{"index": index, **ended, "finish_reason": "stop"}]}
    yield {"model": model, "choices": [], "usage": _usage(rule, prompt, texts)}


def _whole(body: Mapping[str, Any], rule: Rule, prompt: str, model: str, *, chat: bool) -> dict[str, Any]:
    """An answer that is not streamed."""
    texts = _texts(body, rule)
    choices = [
        {
            "index": index,
            **({"message": {"role": "assistant", "content": text}} if chat else {"text": text}),
            "finish_reason": "stop",
        }
        for index, text in enumerate(texts)
    ]
    return {"model": model, "choices": choices, "usage": _usage(rule, prompt, texts)}


def _texts(body: Mapping[str, Any], rule: Rule) -> tuple[str, ...]:
    stop = body.get("stop") or ()
    n = body.get("n")
    return answer_texts(
        rule, (stop,) if isinstance(stop, str) else tuple(stop), n if isinstance(n, int) else 1
    )


def _usage(rule: Rule, prompt: str, texts: tuple[str, ...]) -> dict[str, int]:
    n_prompt, n_completion = prompt_tokens(rule, prompt), completion_tokens(rule, texts)
    return {
        "prompt_tokens": n_prompt,
        "completion_tokens": n_completion,
        "total_tokens": n_prompt + n_completion,
    }
