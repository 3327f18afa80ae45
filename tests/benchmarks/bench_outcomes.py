"""What following suggestions costs on the event loop, in milliseconds a call.

A playbook of about 100 kB with 40 accepted suggestions in it and one pending: typing far away and at the
cursor, asking for what is left, offering, an editor that sends the document whole, a formatter's hundred
small edits, a checkout, and ticks.

    python tests/benchmarks/bench_outcomes.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from chiron.flywheel.outcomes import Edit, Offer, OutcomeTracker

URI = "file:///site.yml"
BODY = (
    "\n      ansible.builtin.template:\n        src: {k}.j2\n"
    "        dest: /etc/{k}.conf\n        mode: '0644'"
)
N_TASKS, N_ACCEPTED = 800, 40


class Desk:
    """A document, and a tracker that is told of everything that is done to it."""

    def __init__(self) -> None:
        tasks = "".join(
            f"    - name: Configure service {k}\n      when: enabled_{k}\n" for k in range(N_TASKS)
        )
        filler = "# " + "x" * 60 + "\n"
        self.text = "- hosts: all\n  tasks:\n" + tasks + filler * 600
        self.tracker = OutcomeTracker()
        self.now_ms = 0
        self.n = 0

    def change(self, *edits: Edit) -> float:
        for edit in edits:
            self.text = self.text[: edit.start] + edit.inserted + self.text[edit.end :]
        self.now_ms += 60
        # A fresh string, as a document makes one, so that its hash is not remembered.
        text = self.text[:1] + self.text[1:]
        start = time.perf_counter()
        self.tracker.changed(URI, edits, text, self.now_ms)
        return (time.perf_counter() - start) * 1000

    def offer(self, at: int, body: str) -> float:
        self.n += 1
        offer = Offer(f"s{self.n}", at, at, body, 0, "ansible.builtin.template")
        start = time.perf_counter()
        self.tracker.offered(URI, [offer], self.text, self.now_ms)
        return (time.perf_counter() - start) * 1000

    def place(self, k: int) -> int:
        line = f"service {k}\n"
        return self.text.index(line) + len(line) - 1


def report(name: str, times_ms: list[float]) -> None:
    times_ms.sort()
    cut = [times_ms[min(len(times_ms) - 1, int(len(times_ms) * share))] for share in (0.5, 0.95, 0.99)]
    print(f"{name:46} n={len(times_ms):5}  p50 {cut[0]:7.3f}  p95 {cut[1]:7.3f}  p99 {cut[2]:7.3f}  ms")


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    desk = Desk()
    print(f"document of {len(desk.text):,} characters")
    offers, accepts = [], []
    for k in range(N_ACCEPTED):
        at, body = desk.place(k * 10), BODY.format(k=k)
        offers.append(desk.offer(at, body))
        accepts.append(desk.change(Edit(at, "", body)))
    report("offer", offers)
    report("take, with up to 40 taken before", accepts)
    far = [desk.change(Edit(len(desk.text) - 1, "", "y")) for _ in range(1000)]
    report("a key at the document's end", far)
    near = [desk.change(Edit(5, "", "y")) for _ in range(1000)]
    report("a key above everything", near)
    at, body = desk.place(401), BODY.format(k="z")
    desk.offer(at, body)
    through, asked = [], []
    for one in body[:-1]:
        through.append(desk.change(Edit(at, "", one)))
        at += 1
        asked.append(timed(lambda: desk.tracker.continuing(URI, at, desk.text)))  # noqa: B023  # called at once
    report("typing through a suggestion", through)
    report("what is left of it", asked)
    report("tick", [timed(lambda: desk.tracker.tick(desk.now_ms)) for _ in range(1000)])
    whole = []
    for k in range(100):
        desk.text = desk.text.replace(f"enabled_{k}\n", f"enabled_{k}x\n")
        start = time.perf_counter()
        desk.tracker.changed(URI, [], desk.text, desk.now_ms)
        whole.append((time.perf_counter() - start) * 1000)
    report("a key, sent as a whole document", whole)
    formatted = []
    for _ in range(20):
        spots = [desk.place(k) for k in range(399, 299, -1)]
        formatted.append(desk.change(*(Edit(spot, "", " ") for spot in spots)))
        formatted.append(desk.change(*(Edit(spot, " ", "") for spot in reversed(spots))))
    report("a formatter's 100 small edits", formatted)
    other = "\n".join(line.replace("      ", "        ") for line in desk.text.split("\n"))
    laid_out: list[float] = []
    for _ in range(5):
        before = desk.text
        laid_out.append(desk.change(Edit(0, before, other + "#" * len(laid_out))))
        laid_out.append(desk.change(Edit(0, desk.text, before)))
    report("the whole document laid out anew", laid_out)
    print(f"median of a key: {statistics.median(far + near + through):.3f} ms")


if __name__ == "__main__":
    main()
