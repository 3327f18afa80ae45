"""Writes exports of a made-up log in every format: `python tests/exchange/make_exports.py FOLDER [N]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from chiron.exchange.copied import Copied
from chiron.exchange.export import export
from chiron.exchange.formats import Format
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import EDITOR_ONLY
from chiron.store.feedback_search import Search
from support import feedback_made


def make(folder: Path, n: int = 1_000) -> None:
    """Exports of `n` made-up suggestions, each format in a file of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "feedback.sqlite"
    if not path.exists():
        feedback_made.write(path, n, labelled=0.1)
    with FeedbackLog(path) as log:
        for kind in Format:
            suffix = "parquet" if kind is Format.PARQUET else "jsonl"
            began = time.process_time()
            done = export(
                log, Search(EDITOR_ONLY), kind, folder / f"{kind.value}.{suffix}", copied=Copied(None)
            )
            print(
                f"{kind.value:<12}{done.n_rows:>8,} rows of {done.n_suggestions:,} suggestions"
                f"  {time.process_time() - began:6.1f} s of processor time"
            )


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000)
