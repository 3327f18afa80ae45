"""Whether to show anything at all: before a model is asked, and again when there is something to show.

Two logistic models in plain Python. What they know stands in `BEFORE` and `AFTER`; their coefficients are a
JSON file made by `training.py`. A suggestion is worth showing where the chance that it is kept outweighs what
an interruption costs: from `interruption / (1 + interruption)` on. A person who asks is always answered.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chiron.flywheel.learned.ledger import chance, logit
from chiron.records import ScopeKind, Source, SuggestionRecord

FORMAT = 1
#: Fewest outcomes to train on, and fewest of them kept, and not.
FEWEST, FEWEST_OF_EACH = 200, 30
#: The share of resamples that must say that a gate helps.
_SURE = 0.95
#: An outcome this many outcomes ago counts half as much towards how things went lately.
_RECENT_HALF = 8.0

_SCOPES = (ScopeKind.MODULE_OPTIONS, ScopeKind.MODULE_NAME, ScopeKind.TASK_LIST)
#: What is known before a model is asked.
BEFORE = ("recent", "name_words", "line", *(f"scope_{scope.value}" for scope in _SCOPES))
#: And once there is something to show.
AFTER = (*BEFORE, "confidence", "length", "n_lines", "from_model")


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic model: the log-odds are `bias` and the weighed signs."""

    bias: float
    weights: Mapping[str, float]

    def chance(self, signs: Mapping[str, float]) -> float:
        """The chance that something with `signs` is kept."""
        return chance(self.bias + sum(weight * signs[name] for name, weight in self.weights.items()))


@dataclass(frozen=True, slots=True)
class Gate:
    """Both models, what they were trained on, and how well they told kept from not kept (cross-validated)."""

    before: Linear
    after: Linear
    n: int
    n_kept: int
    trained_ms: int
    auc_before: float = 0.5
    auc_after: float = 0.5
    #: Cross-validated log loss of `after`, and of knowing nothing but the share that is kept.
    loss_after: float = 0.0
    loss_share: float = 0.0
    #: What it would have been worth per request more than showing everything, with the 95% interval.
    gain: float = 0.0
    gain_low: float = 0.0
    gain_high: float = 0.0
    gain_sure: float = 0.0

    @property
    def helps(self) -> bool:
        """Whether it is worth more than showing everything, as 95 of 100 resamples of the log say. Only then
        may it hold anything back; whether it was right is then seen by the share that goes without."""
        return self.gain_sure >= _SURE


def signs_before(scope: ScopeKind, name: str, line: int, recent: float) -> dict[str, float]:
    """What `BEFORE` names. `recent` is how things went lately, from `recent_share`."""
    signs = {
        "recent": logit(recent),
        "name_words": min(12.0, float(len(name.split()))),
        "line": math.log1p(max(0, line)),
    }
    return signs | {f"scope_{one.value}": float(scope is one) for one in _SCOPES}


def signs_after(
    before: Mapping[str, float], text: str, confidence: float, source: Source | None
) -> dict[str, float]:
    """What `AFTER` names, for something that could be shown."""
    return {
        **before,
        "confidence": logit(confidence),
        "length": math.log1p(len(text)),
        "n_lines": min(30.0, float(text.strip("\n").count("\n") + 1)),
        "from_model": float(source in (Source.MODEL, Source.CACHE)),
    }


def signs_of(record: SuggestionRecord, recent: float) -> dict[str, float]:
    """What `AFTER` names, of a logged suggestion."""
    before = signs_before(record.scope, record.task_name, record.line, recent)
    return signs_after(before, record.text, record.confidence, record.source)


def recent_share(rewards: Sequence[float]) -> float:
    """How things went lately: the share kept, the last outcomes counting most; 0.5 before there are any."""
    kept = total = 0.0
    weight = 1.0
    for reward in reversed(rewards[-60:]):
        kept, total = kept + weight * reward, total + weight
        weight *= 0.5 ** (1 / _RECENT_HALF)
    return (kept + 1.0) / (total + 2.0)


def least_chance(interruption: float) -> float:
    """From which chance on something is worth showing."""
    return interruption / (1 + interruption)


def missing(n: int, n_kept: int) -> str:
    """What is still missing before a gate can be trained, in words; "" where nothing is."""
    wanted = []
    if n < FEWEST:
        wanted.append(f"{FEWEST - n} outcomes")
    if n_kept < FEWEST_OF_EACH:
        wanted.append(f"{FEWEST_OF_EACH - n_kept} of them kept")
    if n - n_kept < FEWEST_OF_EACH:
        wanted.append(f"{FEWEST_OF_EACH - (n - n_kept)} of them not kept")
    return ", ".join(wanted)


def to_json(gate: Gate) -> str:
    """The file's text."""
    return json.dumps({"format": FORMAT, **asdict(gate)}, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Gate | None:
    """The gate in a file's text; None where it is none, or one that this Chiron does not know."""
    try:
        value: dict[str, Any] = json.loads(text)
        if value.pop("format") != FORMAT:
            return None
        before, after = _linear(value.pop("before"), BEFORE), _linear(value.pop("after"), AFTER)
        figures = {name: float(figure) for name, figure in value.items()}
        for name in ("n", "n_kept", "trained_ms"):
            figures[name] = int(figures[name])
        return Gate(before, after, **figures)  # type: ignore[arg-type]  # the whole numbers are whole
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _linear(value: Mapping[str, Any], names: Sequence[str]) -> Linear:
    weights = {name: float(value["weights"][name]) for name in names}
    if not all(math.isfinite(one) for one in (float(value["bias"]), *weights.values())):
        raise ValueError("not finite")
    return Linear(float(value["bias"]), weights)
