"""A review that runs for one test, what may be asked of it, and a real browser to look at it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn

from chiron.config import read_settings
from chiron.records import Event, SuggestionRecord
from chiron.review.app import build_app
from chiron.review.parts import Parts
from chiron.review.serve import open_parts
from chiron.store.feedback import FeedbackLog
from support.feedback_made import made

#: What can drive the pages, by the names it is installed under.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Answer:
    """What the review answered."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Review:
    """A review that runs in this process."""

    parts: Parts
    data: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.parts.keys.port}"

    @property
    def log(self) -> FeedbackLog:
        return self.parts.log

    def headers(self) -> dict[str, str]:
        """What the review's own pages send."""
        keys = self.parts.keys
        return {
            "Cookie": f"{keys.cookie_name}={keys.cookie}",
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            "X-CSRF-Token": keys.csrf,
        }

    def ask(
        self, method: str, path: str, headers: Mapping[str, str | None] | None = None, body: str | None = None
    ) -> Answer:
        """One request as one of its pages would send it, with `headers` over it; None leaves one out."""
        over = self.headers() | dict(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.parts.keys.port, timeout=30)
        try:
            sent = {name: value for name, value in over.items() if value is not None}
            connection.request(method, path, body=body, headers=sent)
            got = connection.getresponse()
            text = got.read().decode("utf-8")
            return Answer(got.status, text, {name.lower(): value for name, value in got.getheaders()})
        finally:
            connection.close()

    def get(self, path: str) -> str:
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer.status, answer.text[:500])
        return answer.text

    def post(self, path: str, **given: object) -> Answer:
        return self.ask("POST", path, body=urlencode(given))

    def label_of(self, suggestion_id: str) -> str | None:
        """The verdict as another process would read it."""
        history = FeedbackLog(self.data / "feedback.sqlite").show(suggestion_id)
        assert history is not None
        return history.suggestion.derived.label

    def n_found(self, query: str) -> int:
        """How many rows a search says it has found."""
        found = re.search(r'<b id="total">([\d,]+)</b>', self.get(f"/search?{query}"))
        assert found
        return int(found.group(1).replace(",", ""))


@contextmanager
def running(environ: Mapping[str, str], **over: Any) -> Iterator[Review]:
    """A review of the log that `environ` names, on a port of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    settings = read_settings(
        data_dir=Path(environ["CHIRON_DATA_DIR"]), cache_dir=Path(environ["CHIRON_CACHE_DIR"])
    )
    parts = replace(open_parts(settings, listener.getsockname()[1]), zone=UTC, **over)
    config = uvicorn.Config(build_app(parts), ws="none", lifespan="off", log_config=None, http="h11")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Review(parts, settings.data_dir)
    finally:
        server.should_exit = True
        thread.join(10)
        parts.log.close()
        listener.close()


class Window:
    """One window of the review: it asks as the page's script does."""

    def __init__(self, url: str, cookie: str = "") -> None:
        self.host = url.split("/")[2]
        self.cookie = cookie
        if not cookie:
            connection = http.client.HTTPConnection(self.host, timeout=60)
            connection.request("GET", url.split(self.host)[1])
            self.cookie = connection.getresponse().headers["set-cookie"].split(";")[0]
        self.csrf = re.findall(r'name="csrf" content="([^"]+)"', self.ask("/search")[1])[0]

    def ask(self, path: str, **given: object) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
        if given:
            headers["X-CSRF-Token"] = self.csrf
        connection.request("POST" if given else "GET", path, urlencode(given) if given else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextmanager
def review_process(
    environ: Mapping[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A review in a process of its own, and the address that opens it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "chiron", "review", "--no-browser", *arguments],
        env={**environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, next(line.strip() for line in process.stdout if "token=" in line)
    finally:
        process.kill()
        process.wait()


def keep(log: FeedbackLog, *rows: SuggestionRecord | Event) -> None:
    """Puts rows into the log, and returns when they are there."""
    for row in rows:
        if isinstance(row, SuggestionRecord):
            log.record(row)
        else:
            log.event(row)
    log.flush()


def suggestion(**over: Any) -> SuggestionRecord:
    """One made-up suggestion, changed as asked."""
    first = next(row for row in made(1, seed=7) if isinstance(row, SuggestionRecord))
    return replace(first, **{"withheld": None, "withheld_detail": "", **over})


def browser_path() -> str:
    """The browser of this machine. Without one the test is skipped, or fails where everything must run."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    try:
        import playwright  # noqa: F401 only whether it is there
    except ImportError:
        found = None
    if found is None:
        message = "No Chromium, or no `playwright` to drive it: `apt-get install chromium`."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found
