"""What modules names of tasks usually mean, where nobody here has written the like.

A linear classifier over the words of a name, fitted on tasks people wrote and on names written for it. Its
coefficients are the table beside this file; `tests/benchmarks/fit_names.py` makes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path, PurePosixPath

from chiron.kept import kept
from chiron.suggest.recall.phrases import plain_name
from chiron.suggest.recall.wording import words

TABLE = Path(__file__).with_name("usual_modules.json")
#: Coefficients are kept as whole numbers of this size.
STEP = 0.1
#: A name's words beyond these are details.
_N_WORDS = 12
_N_LIKELY = 6
_LEAST = 0.02


@dataclass(frozen=True, slots=True)
class _Table:
    modules: Sequence[str]
    #: For each feature pairs of a module's place in `modules` and its coefficient, flat.
    coefficients: Mapping[str, Sequence[int]]


def usually(name: str, path: str, table: Path = TABLE) -> Mapping[str, float]:
    """The modules that a task called `name` in a file at `path` likeliest uses, with their probability.

    Empty where the table says nothing. Modules are FQCNs; whether they are installed is not asked.
    """
    return _usually(name, "handlers" in PurePosixPath(path).parts, str(table))


# A request asks for one name several times, and the next keystroke for another one.
@kept(64)
def _usually(name: str, is_handler: bool, table: str) -> Mapping[str, float]:
    known = _read(table)
    scores = [0] * len(known.modules)
    told = False
    for feature in features_of(name, is_handler):
        pairs = known.coefficients.get(feature, ())
        told = told or (bool(pairs) and feature != "*")
        for at in range(0, len(pairs), 2):
            scores[pairs[at]] += pairs[at + 1]
    if not told:
        return {}
    highest = max(scores)
    raised = [math.exp((score - highest) * STEP) for score in scores]
    total = sum(raised)
    chances = {module: chance / total for module, chance in zip(known.modules, raised, strict=True) if module}
    likely = sorted(chances, key=lambda module: (-chances[module], module))[:_N_LIKELY]
    return {module: chances[module] for module in likely if chances[module] >= _LEAST}


def features_of(name: str, is_handler: bool) -> list[str]:
    """What of a name speaks for modules: its stems, the first and last one, the first with each other,
    neighbours, and whether it is a handler's."""
    stems = words(plain_name(name))[:_N_WORDS]
    features = ["*", *stems]
    if stems:
        features += [f"^{stems[0]}", f"{stems[-1]}$"]
        features += [f"{stems[0]} {stem}" for stem in stems[1:]]
        features += [f"{one}_{other}" for one, other in pairwise(stems[1:])]
    if is_handler:
        features += ["@", *(f"@{stem}" for stem in stems[:1])]
    return list(dict.fromkeys(features))


@lru_cache(maxsize=32)
def _read(table: str) -> _Table:
    held = json.loads(Path(table).read_text(encoding="utf-8"))
    return _Table(held["modules"], held["coefficients"])
