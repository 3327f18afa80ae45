"""How long what was learned takes: a gate's score, a pool's making, what a request waits for.

`python tests/benchmarks/bench_flywheel.py` prints milliseconds of processor time, 50th and 95th percentile.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chiron.flywheel.learned.booking import keys_of
from chiron.flywheel.learned.gate import AFTER, BEFORE, Gate, Linear, signs_after, signs_before
from chiron.flywheel.learned.pool import build_pool
from chiron.records import Outcome, ScopeKind, Source
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_lessons import lessons, mark
from support.outcomes import BODY, DAY_MS, NOON_MS, SITE, record, write

_N_LESSONS = 4_000


def times(call: Callable[[], object], n: int) -> str:
    """What `n` calls take, each."""
    taken = []
    for _ in range(n):
        before = time.process_time_ns()
        call()
        taken.append((time.process_time_ns() - before) / 1e6)
    taken.sort()
    return f"{taken[n // 2]:9.4f} {taken[int(n * 0.95)]:9.4f}"


def main() -> None:
    """Prints a line each."""
    gate = Gate(Linear(0.1, dict.fromkeys(BEFORE, 0.1)), Linear(0.1, dict.fromkeys(AFTER, 0.1)), 1, 1, 1)

    def score() -> None:
        before = signs_before(ScopeKind.TASK_BODY, "Install the web server", 40, 0.4)
        gate.before.chance(before)
        gate.after.chance(signs_after(before, BODY, 0.5, Source.RECALL))

    print(f"{'':44}       p50       p95")
    print(f"{'the gate, before and after, one request':44} {times(score, 20_000)}")
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "feedback.sqlite"
        rows = [
            (
                record(
                    n, name=f"Install {n}", body=f"{BODY}\nretries: {n}", uri=f"file://{SITE}/{n % 300}.yml"
                ),
                draw.choice([Outcome.ACCEPTED, Outcome.TYPED_OVER]),
            )
            for n in range(_N_LESSONS)
        ]
        write(path, rows)
        log = FeedbackLog(path)
        ask = partial(lessons, since_ms=0, limit=_N_LESSONS)
        print(f"{f'looking whether a log of {_N_LESSONS:,} changed':44} {times(lambda: log.ask(mark), 50)}")
        print(f"{f'reading {_N_LESSONS:,} outcomes from it':44} {times(lambda: log.ask(ask), 5)}")
        found = log.ask(ask)
    build = partial(
        build_pool,
        found,
        now_ms=NOON_MS + DAY_MS,
        workspace=SITE,
        shared=False,
        half_life_days=90,
        resolve=lambda name: name,
        is_valid=lambda _text: True,
    )
    print(f"{'making a pool of them (validated before)':44} {times(build, 5)}")
    pool = build()
    keys = keys_of("Install more", "ansible.builtin.package", BODY, "Install 7", lambda name: name)
    print(f"{'rating one candidate by it':44} {times(lambda: pool.ledger.shift(keys), 5_000)}")


if __name__ == "__main__":
    main()
