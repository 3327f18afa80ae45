"""How often what was suggested was kept, next to how often it was expected to be; and what that changes.

Every outcome is booked under keys from the general to the particular: everything, the module, the module with
its options, the task it was recalled from, this very text under this very name. A key's entry is a shift of
the log-odds of being kept, of what the more general ones before it left unexplained, and shrunk to nothing
where little was seen (`PRIOR` pseudo-outcomes that went as expected).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Key = tuple[str, ...]

#: So many outcomes that went as expected stand behind every key. Chosen by `tests/benchmarks/fit_ledger.py`
#: on the logs of three replays: what came next was foretold best with 20 to 30, worse than rated below 6.
PRIOR = 20.0
#: No key may shift by more, however often it was fed.
MOST = 2.0


@dataclass(frozen=True, slots=True)
class Booked:
    """One outcome: its keys from general to particular, how likely it was to be kept, whether it was."""

    keys: Sequence[Key]
    expected: float
    kept: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What one key saw: weighed outcomes, how many of them were kept, and the shift that follows."""

    n: float
    n_kept: float
    shift: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by key."""

    entries: Mapping[Key, Entry] = field(default_factory=dict)

    def shift(self, keys: Iterable[Key]) -> float:
        """By how much the log-odds of being kept move for something with `keys`; 0 where nothing is known."""
        total = sum(entry.shift for key in keys if (entry := self.entries.get(key)) is not None)
        return max(-2 * MOST, min(2 * MOST, total))


def book(outcomes: Sequence[Booked], prior: float = PRIOR) -> Ledger:
    """The ledger of `outcomes`. Each of them has its keys in the same order of levels."""
    odds = [logit(one.expected) for one in outcomes]
    entries: dict[Key, Entry] = {}
    for level in range(max((len(one.keys) for one in outcomes), default=0)):
        groups: dict[Key, list[int]] = {}
        for number, one in enumerate(outcomes):
            if level < len(one.keys):
                groups.setdefault(one.keys[level], []).append(number)
        for key, numbers in groups.items():
            n = sum(outcomes[number].weight for number in numbers)
            n_kept = sum(outcomes[number].weight for number in numbers if outcomes[number].kept)
            expected = sum(outcomes[number].weight * chance(odds[number]) for number in numbers)
            shift = _shift(n, n_kept, expected, prior)
            entries[key] = Entry(n, n_kept, shift)
            for number in numbers:
                odds[number] += shift
    return Ledger(entries)


def _shift(n: float, n_kept: float, expected: float, prior: float) -> float:
    """The log-odds by which what was kept differs from what was expected, shrunk."""
    if n <= 0:
        return 0.0
    share = min(0.98, max(0.02, expected / n))
    kept = (n_kept + prior * share) / (n + prior)
    return max(-MOST, min(MOST, logit(kept) - logit(share)))


def logit(share: float) -> float:
    """Log-odds of a share, which is held off 0 and 1."""
    share = min(0.995, max(0.005, share))
    return math.log(share / (1 - share))


def chance(odds: float) -> float:
    """The share whose log-odds these are."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))
