"""Measures what it costs to export a made-up log in every format, and to merge it into another log.

    python tests/benchmarks/bench_exchange.py [N]

Processor time, which a busy machine lengthens less than the clock. Nothing is asserted.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from chiron.exchange.copied import Copied
from chiron.exchange.export import export
from chiron.exchange.formats import Format
from chiron.exchange.merging import merge
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import EDITOR_ONLY
from chiron.store.feedback_search import Search
from support import feedback_made


def main() -> None:
    """Makes a log of N suggestions (20,000 unless told), exports it and merges it twice."""
    n = next((int(one) for one in sys.argv[1:] if one.isdigit()), 20_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = folder / "made" / "feedback.sqlite"
        feedback_made.write(made, n, labelled=0.05)
        print(f"{n:,} suggestions, {made.stat().st_size / 1e6:.0f} MB")
        with FeedbackLog(made) as log:
            for kind in Format:
                began = time.process_time()
                done = export(log, Search(EDITOR_ONLY), kind, folder / kind.value, copied=Copied(None))
                show(f"export {kind.value}", began, f"{done.n_rows:,} rows")
        with FeedbackLog(folder / "other" / "feedback.sqlite") as log:
            for turn in ("merge", "merge again"):
                began = time.process_time()
                said = merge(log, made, name="made")
                show(turn, began, f"{said['n_suggestions']:,} suggestions, {said['n_events']:,} events new")
    print(f"memory in the end {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def show(name: str, began: float, said: str) -> None:
    """Prints one measurement."""
    print(f"{name:<20}{time.process_time() - began:8.1f} s of processor time   {said}", flush=True)


if __name__ == "__main__":
    main()
