"""How fast the memories are, and whether any of them forgets.

`python tests/benchmarks/bench_store.py [PART]`

Parts: `cache`, `redact`, `feedback` (1,000,000 events; `--events N` for fewer), `kill` (200 rounds of
`kill -9` with three writers; `--rounds N`), `overhead` (what all of them add to one request); all of them
where none is named.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chiron.records import Event, EventKind, Evidence, Origin, Outcome, ScopeKind, Source
from chiron.redact import redact, restore, warm_up
from chiron.store.cache import ResponseCache
from chiron.store.cache_entry import Cost
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_erasure import Selection
from chiron.store.feedback_queries import Filters
from support.killing import kill_rounds, suggestion
from support.planted import plant

FIRST_MS = 1_700_000_000_000
DAY_MS = 86_400_000
CORPUS = Path(__file__).parents[1] / "data" / "secrets"


def percentiles(name: str, times_s: Sequence[float]) -> None:
    ordered = sorted(times_s)
    at = {
        share: ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3 for share in (0.5, 0.95, 0.99)
    }
    print(
        f"{name:<44} p50 {at[0.5]:8.3f} ms   p95 {at[0.95]:8.3f}   p99 {at[0.99]:8.3f}"
        f"   max {ordered[-1] * 1e3:8.3f}   n {len(ordered)}"
    )


def timed(n: int, work: Callable[[int], object]) -> list[float]:
    times = []
    for i in range(n):
        started = time.perf_counter()
        work(i)
        times.append(time.perf_counter() - started)
    return times


def bench_cache(place: Path) -> None:
    cache = ResponseCache(place / "responses", 64)
    percentiles("cache: first use (opens the database)", timed(1, lambda _: cache.get("none")))
    value = os.urandom(3000)
    cost = Cost(seconds=0.8, n_tokens=400, usd=0.001)
    percentiles("cache: put, 3 kB", timed(3000, lambda i: cache.put(f"key {i}", value, 3600, cost=cost)))
    percentiles("cache: hit", timed(3000, lambda i: cache.get(f"key {i}")))
    percentiles("cache: miss", timed(3000, lambda i: cache.get(f"none {i}")))
    print(f"cache: {cache.stats()}")
    cache.close()
    small = ResponseCache(place / "small", 4)
    percentiles("cache: put, 3 kB, evicting", timed(4000, lambda i: small.put(f"key {i}", value, 3600)))
    stats = small.stats()
    print(
        f"cache: {stats.n_bytes:,} of {stats.size_limit_bytes:,} bytes after 12 MB, {stats.n_entries} entries"
    )
    started = time.perf_counter()
    print(f"cache: cleared {small.clear()} entries in {time.perf_counter() - started:.3f} s")
    small.close()


def document(n_lines: int) -> str:
    """A playbook of `n_lines`, none twice, of which some three in a hundred hold a secret."""
    planted = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.yml"))]
    harmless = [path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("harmless/*.yml"))]
    lines: list[str] = []
    seed = 0
    while len(lines) < n_lines:
        for text in [plant(planted[seed % len(planted)], seed).text[:2500], *harmless * 6]:
            lines += [
                f"{line} # {seed}.{len(lines)}" if line and not line.endswith(("|", ">", ">-")) else line
                for line in text.split("\n")
            ]
        seed += 1
    return "\n".join(lines[:n_lines])


def bench_redact() -> None:
    percentiles("redact: first use (imports the plugins)", timed(1, lambda _: warm_up()))
    for n_lines in (100, 1000, 5000):
        bench_redact_lines(document(n_lines), n_lines)


def bench_redact_lines(text: str, n_lines: int) -> None:
    def never_seen(i: int) -> None:
        redact(text.replace("\n", f" # {i}\n"))

    percentiles(f"redact: {n_lines} lines never seen", timed(5, never_seen))
    changed = timed(200, lambda i: redact(f"{text}\n- name: {i}"))
    percentiles(f"redact: {n_lines} lines, one of them changed", changed)
    redaction = redact(text)
    answer = "  password: " + next(iter(redaction.secrets), "")
    percentiles(
        f"redact: restore into {n_lines} lines", timed(200, lambda _: restore(answer, redaction, text))
    )
    print(f"redact: {len(redaction.secrets)} secrets in {n_lines} lines")


def fill(log: FeedbackLog, n_events: int) -> None:
    """Suggestions with five events each, spread over a year, modules, models and scopes."""
    n = n_events // 5
    ends = (EventKind.ACCEPTED, EventKind.TYPED_OVER, EventKind.EXPIRED, EventKind.REJECTED)
    scopes, sources = list(ScopeKind), list(Source)
    for i in range(n):
        at_ms = FIRST_MS + i * 365 * DAY_MS // n
        one = f"{i:08x}"
        log.record(
            suggestion(
                one,
                at_ms,
                module=f"ansible.builtin.m{i % 97}",
                model=f"model-{i % 3}",
                scope=scopes[i % len(scopes)],
                source=sources[i % len(sources)],
                origin=Origin.EDITOR if i % 10 else Origin.TRY,
                uri=f"file:///srv/{i % 500}.yml",
                task_name=f"Install package {i}",
            )
        )
        log.event(Event(one, EventKind.OFFERED, Evidence.OBSERVED, at_ms))
        log.event(Event(one, EventKind.SHOWN, Evidence.OBSERVED, at_ms + 1))
        log.event(Event(one, EventKind.TYPED_THROUGH, Evidence.INFERRED, at_ms + 2))
        log.event(Event(one, ends[i % len(ends)], Evidence.INFERRED, at_ms + 3))
        log.event(Event(one, EventKind.KEPT_AT, Evidence.INFERRED, at_ms + 4, {"at": "30s", "ratio": 0.9}))
        if i % 5000 == 4999:
            log.flush(600)
    log.flush(600)


def bench_feedback(place: Path, n_events: int) -> None:
    path = place / "feedback.db"
    with FeedbackLog(path) as log:
        started = time.perf_counter()
        fill(log, n_events)
        took = time.perf_counter() - started
        print(f"feedback: {n_events:,} events of {n_events // 5:,} suggestions in {took:.1f} s,")
        print(f"feedback: {n_events / took:,.0f} events a second, {path.stat().st_size:,} bytes")
        event = Event("0", EventKind.SHOWN, Evidence.OBSERVED, 1)
        percentiles("feedback: event, as its caller waits", timed(2000, lambda _: log.event(event)))
        percentiles("feedback: record + event + flush (on disk)", timed(200, lambda i: _one(log, i)))
        percentiles("feedback: list, newest 100", timed(50, lambda _: log.suggestions(100)))
        accepted = Filters(module="ansible.builtin.m7", outcome=Outcome.ACCEPTED)
        percentiles(
            "feedback: list, accepted, one module", timed(20, lambda _: log.suggestions(100, accepted))
        )
        nowhere = Filters(search="nothing of it")
        percentiles("feedback: list, search in vain", timed(5, lambda _: log.suggestions(100, nowhere)))
        percentiles("feedback: show one", timed(50, lambda i: log.show(f"{i * 17:08x}")))
        percentiles("feedback: statistics, all of the editor's", timed(10, lambda _: log.stats()))
        lately = Filters(origin=Origin.EDITOR, since_ms=FIRST_MS + 335 * DAY_MS)
        percentiles("feedback: statistics, last 30 days", timed(10, lambda _: log.stats(lately)))
        for name, selection in (
            ("one file", Selection(uri="file:///srv/7.yml")),
            ("a tenth", Selection(until_ms=FIRST_MS + 36 * DAY_MS)),
        ):
            started = time.perf_counter()
            erased = log.delete(selection)
            took = time.perf_counter() - started
            print(f"feedback: deleted {name}, {erased.n_suggestions:,} suggestions, in {took:.2f} s")
        started = time.perf_counter()
        print(f"feedback: vacuum gave {log.vacuum():,} bytes back in {time.perf_counter() - started:.2f} s")


def _one(log: FeedbackLog, i: int) -> None:
    log.record(suggestion(f"new {i}", i))
    log.event(Event(f"new {i}", EventKind.ACCEPTED, Evidence.CONFIRMED, i))
    log.flush()


def bench_kill(place: Path, n_rounds: int) -> None:
    started = time.perf_counter()
    done = None
    for done in kill_rounds(place / "killed.db", n_rounds, seed=int(started)):
        if done.n_rounds % 20 == 0:
            print(
                f"kill: {done.n_rounds} rounds, {done.n_acknowledged} acknowledged, {len(done.lost)} lost",
                flush=True,
            )
    if done is not None:
        print(
            f"kill: {done.n_rounds} rounds of three writers in {time.perf_counter() - started:.0f} s: "
            f"{done.n_acknowledged} acknowledged, {len(done.lost)} lost, {len(done.damage)} reports of damage"
        )


def bench_overhead(place: Path) -> None:
    """One request's share of every memory: redact the document, look up, keep, restore, record, an event."""
    text = document(300)
    cache = ResponseCache(place / "overhead", 64)
    answer = os.urandom(300)
    with FeedbackLog(place / "overhead.db") as log:

        def request(i: int) -> None:
            redaction = redact(f"{text}\n    - name: Task {i}\n")
            if cache.get(f"key {i}") is None:
                cache.put(f"key {i}", answer, 3600)
            restore("  ansible.builtin.apt:\n    name: nginx\n", redaction, text)
            redact("  ansible.builtin.apt:\n    name: nginx\n", known=redaction)
            log.record(suggestion(f"request {i}", i))
            log.event(Event(f"request {i}", EventKind.OFFERED, Evidence.OBSERVED, i))

        timed(50, request)
        percentiles("overhead: all memories, 300 lines, a miss", timed(500, lambda i: request(1000 + i)))
        percentiles("overhead: all memories, 300 lines, a hit", timed(500, lambda i: request(1000 + i)))
    cache.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["cache", "redact", "feedback", "kill", "overhead"])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=200)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts: dict[str, Callable[[], None]] = {
            "cache": lambda: bench_cache(place),
            "redact": bench_redact,
            "overhead": lambda: bench_overhead(place),
            "feedback": lambda: bench_feedback(place, chosen.events),
            "kill": lambda: bench_kill(place, chosen.rounds),
        }
        for name, part in parts.items():
            if chosen.part in (None, name):
                part()


if __name__ == "__main__":
    main()
