"""How strongly a ledger should be held back: what it would have foretold, outcome by outcome, on real logs.

`python tests/benchmarks/fit_ledger.py FEEDBACK.sqlite...` prints for each strength the log loss of the
chances it gives to the next outcomes, knowing only the earlier ones. A replay with `--home` leaves such logs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from chiron.flywheel.learned.booking import booked_of
from chiron.flywheel.learned.ledger import Booked, book, chance, logit
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_lessons import lessons

_PRIORS = (3.0, 6.0, 12.0, 20.0, 30.0, 60.0)
#: Outcomes before the first that is foretold, and between two makings of the ledger.
_FIRST, _EVERY = 50, 12


def loss(outcomes: Sequence[Booked], prior: float | None) -> float:
    """Mean log loss; without a `prior`, of the chances as they were rated."""
    total = 0.0
    ledger = book([])
    for number in range(_FIRST, len(outcomes)):
        if prior is not None and (number - _FIRST) % _EVERY == 0:
            ledger = book(outcomes[:number], prior)
        one = outcomes[number]
        found = min(0.999, max(0.001, chance(logit(one.expected) + ledger.shift(one.keys))))
        total -= math.log(found if one.kept else 1 - found)
    return total / max(1, len(outcomes) - _FIRST)


def main() -> None:
    """Prints a line a strength."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", nargs="+", type=Path)
    found = []
    for path in parser.parse_args().logs:
        read = FeedbackLog(path).ask(partial(lessons, since_ms=0, limit=100_000))
        found.append(booked_of(read, [1.0] * len(read), lambda name: name))
    print("outcomes    ", *(f"{len(one):7}" for one in found))
    for prior in (None, *_PRIORS):
        losses = [loss(one, prior) for one in found]
        name = "as rated" if prior is None else f"prior {prior:g}"
        print(f"{name:12}", *(f"{one:7.4f}" for one in losses), f"  mean {sum(losses) / len(losses):.4f}")


if __name__ == "__main__":
    main()
