"""Measures the review on a made-up log: how soon its pages are there, what they take, how lists scroll.

    python tests/benchmarks/bench_review.py [N] [--keep FOLDER]

The pages are asked for as a browser would, from a server process of their own; with a Chromium and
`playwright` it is also measured what a person sees. Nothing is asserted.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent.parent))

from support import feedback_made

#: Half a minute of scrolling by hand goes about this far.
_SCROLL = """async (n) => {
    const list = document.querySelector("#list");
    while (document.querySelectorAll(".row").length < n && document.querySelector("#list .more")) {
        list.scrollTop = list.scrollHeight;
        await new Promise((done) => requestAnimationFrame(done));
    }
    list.scrollTop = 0;
    await new Promise((done) => setTimeout(done, 300));
    const gaps = [];
    let last = performance.now();
    while (list.scrollTop + list.clientHeight < list.scrollHeight - 1 && gaps.length < 600) {
        list.scrollTop += 90;
        await new Promise((done) => requestAnimationFrame(done));
        const now = performance.now();
        gaps.push(now - last);
        last = now;
    }
    gaps.sort((a, b) => a - b);
    const at = (share) => gaps[Math.floor((gaps.length - 1) * share)];
    return {rows: document.querySelectorAll(".row").length, frames: gaps.length,
            p50: at(0.5), p95: at(0.95), p99: at(0.99), worst: at(1)};
}"""


def main() -> None:
    """Makes a log of N suggestions (100,000 unless told) and prints what was measured."""
    arguments = [one for one in sys.argv[1:] if one.isdigit()]
    n = int(arguments[0]) if arguments else 100_000
    kept = sys.argv[sys.argv.index("--keep") + 1] if "--keep" in sys.argv else None
    folder = Path(kept or tempfile.mkdtemp())
    try:
        path = folder / "data" / "feedback.sqlite"
        if not path.exists():
            began = time.perf_counter()
            feedback_made.write(path, n, until_ms=int(time.time() * 1000))
            size = path.stat().st_size / 1e6
            print(f"made {n:,} suggestions in {time.perf_counter() - began:.1f} s, {size:.0f} MB")
        measure(folder)
    finally:
        if kept is None:
            shutil.rmtree(folder)


def measure(folder: Path) -> None:
    """Starts the review of the log in `folder` and asks for its pages."""
    environ = os.environ | {
        "CHIRON_CONFIG": str(folder / "config.toml"),
        "CHIRON_DATA_DIR": str(folder / "data"),
        "CHIRON_CACHE_DIR": str(folder / "cache"),
        "CHIRON_MODEL": "none",
        "PYTHONUNBUFFERED": "1",
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "chiron", "review", "--no-browser"],
        env=environ, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = next(line.strip() for line in process.stdout if "token=" in line)
        print(f"{'ready':<28}{(time.perf_counter() - began) * 1000:8.0f} ms")
        print("then: the clock in the middle of nine, and the review's own processor time of one")
        ask = Asking(url)
        show = partial(measured, process.pid)
        show("first overview", lambda: ask("/"), 1)
        row = re.findall(r'data-id="([0-9a-f]+)"', ask("/queue"))[0]
        for name, path in (
            ("overview again", "/"),
            ("overview, everything, again", "/?origin=any"),
            ("overview, 30 days, again", "/?period=30"),
            ("queue", "/queue"),
            ("arena", "/arena"),
            ("search", "/search"),
            ("search for a text", "/search?q=redis"),
            ("row 90,000 of a search", f"/search/rows?from=90000&as_of={int(time.time() * 1000)}"),
            ("card", f"/card/{row}"),
            ("what would be deleted", f"/delete?id={row}&what=folder"),
        ):
            show(name, lambda path=path: len(ask(path)))  # type: ignore[misc]
        seen = 0

        def label() -> None:
            nonlocal seen
            seen = json.loads(ask("/label", id=row, label="good", seen=seen))["seen"]

        show("verdict, to the disk", label)

        def label_and_look() -> None:
            label()
            ask("/")

        show("overview after a verdict", label_and_look)
        task = "- name: X\n  ansible.builtin.file:\n    path: /x\n    state: directory\n"
        began = time.perf_counter()
        ask("/check", id=row, correction=task)
        print(f"{'first check':<28}{(time.perf_counter() - began) * 1000:8.0f} ms")
        show("check", lambda: ask("/check", id=row, correction=task))
        print(f"{'memory':<28}{memory_mb(process.pid):8.0f} MB")
        look(ask, show)
        print(f"{'memory in the end':<28}{memory_mb(process.pid):8.0f} MB")
    finally:
        process.kill()
        process.wait()


class Asking:
    """Asks as one of the review's pages would."""

    def __init__(self, url: str) -> None:
        self.host = url.split("/")[2]
        connection = http.client.HTTPConnection(self.host)
        connection.request("GET", url.split(self.host)[1])
        self.cookie = connection.getresponse().headers["set-cookie"].split(";")[0]
        self.csrf = ""
        self.csrf = re.findall(r'name="csrf" content="([^"]+)"', self("/search"))[0]

    def __call__(self, path: str, **given: object) -> str:
        connection = http.client.HTTPConnection(self.host)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}", "X-CSRF-Token": self.csrf}
        body = urlencode(given) if given else None
        connection.request("POST" if given else "GET", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, (path, answer.status, text[:300])
        return text


def measured(pid: int, name: str, work: Callable[[], object], times: int = 9) -> None:
    """Prints how long `work` takes by the clock, and what it costs the process `pid` in processor time."""
    took, busy = [], cpu_ms(pid)
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    each = (cpu_ms(pid) - busy) / times
    first, middle = took[0], sorted(took)[times // 2]
    print(f"{name:<28}{middle:8.0f} ms{each:8.0f} ms cpu   first {first:.0f}, worst {max(took):.0f}")


def cpu_ms(pid: int) -> float:
    """Processor time that the process has used, in ms. A busy machine lengthens it less than the clock."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """The most memory that the process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def look(ask: Asking, show: Callable[[str, Callable[[], object], int], None]) -> None:
    """What a person sees, where there is a browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        print("no browser, so nothing is looked at")
        return
    name, value = ask.cookie.split("=", 1)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": name, "value": value, "url": f"http://{ask.host}"}])
        page = context.new_page()
        for words, where, wanted in (
            ("overview, drawn", "/", "figure"),
            ("queue, first card drawn", "/queue", "article"),
        ):

            def draw(where: str = where, wanted: str = wanted) -> None:
                page.goto(f"http://{ask.host}{where}")
                page.wait_for_selector(wanted)

            show(words, draw, 5)
        for n in (1_000, 10_000):
            page.goto(f"http://{ask.host}/search")
            page.wait_for_selector("article")
            found = page.evaluate(_SCROLL, n)
            gaps = ", ".join(f"{key} {found[key]:.0f}" for key in ("p50", "p95", "p99", "worst"))
            print(
                f"scrolling {found['rows']:>6,} rows       frames every: {gaps} ms ({found['frames']} frames)"
            )
        browser.close()


if __name__ == "__main__":
    main()
