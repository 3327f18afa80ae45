"""Two chances for every suggestion: that it invents something, and that it is what the place asks for.

Logistic models in plain Python over what the log holds. Their coefficients are a JSON file that is trained on
people's verdicts; there are none until there are enough of those.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chiron.flywheel.learned.gate import Linear
from chiron.flywheel.learned.ledger import logit
from chiron.records import Source, SuggestionRecord

FORMAT = 1
#: Fewest verdicts to train on, and fewest of each side.
FEWEST, FEWEST_OF_EACH = 100, 15
#: Verdicts that say that something was made up, and those that say that the right thing was meant.
INVENTS = frozenset({"invented", "wrong_option"})
RELEVANT = frozenset({"good", "wrong_value", "wrong_option", "style"})
#: Verdicts that say nothing about relevance.
_NEITHER = frozenset({"unsafe"})

_WORD = re.compile(r"[a-z][a-z0-9]{2,}")
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)")

SIGNS = (
    "confidence", "from_model", "from_recall", "n_lines", "n_options", "name_in_text", "text_in_context",
    "module_in_context", "unknown_variables", "long_literals", "is_withheld",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """One model: what it learned from (`n`, of which `n_yes`), and how well it tells the two apart (AUC)."""

    linear: Linear
    n: int
    n_yes: int
    auc: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Both models; one is None while there are too few verdicts of either side for it."""

    hallucination: Score | None = None
    relevance: Score | None = None
    trained_ms: int = 0

    def of(self, record: SuggestionRecord) -> dict[str, float]:
        """The chances for one suggestion, by name; empty while nothing was trained."""
        signs = signs_of(record)
        models = (("hallucination", self.hallucination), ("relevance", self.relevance))
        return {name: round(one.linear.chance(signs), 4) for name, one in models if one is not None}


def says(label: str, name: str) -> bool | None:
    """What a verdict says for the score of that name; None where it says nothing."""
    if name == "hallucination":
        return label in INVENTS
    return None if label in _NEITHER else label in RELEVANT


def signs_of(record: SuggestionRecord) -> dict[str, float]:
    """What `SIGNS` names, of one suggestion."""
    text, before = record.text, record.context[: max(0, record.context_at)]
    words, name = set(_WORD.findall(text.lower())), set(_WORD.findall(record.task_name.lower()))
    around = set(_WORD.findall(record.context.lower()))
    rows = [row for row in text.split("\n") if row.strip()]
    variables = set(_VARIABLE.findall(text))
    module = (record.module or "").rpartition(".")[2]
    return {
        "confidence": logit(record.confidence),
        "from_model": float(record.source in (Source.MODEL, Source.CACHE)),
        "from_recall": float(record.source is Source.RECALL),
        "n_lines": min(30.0, float(len(rows))),
        "n_options": min(20.0, float(sum(":" in row for row in rows))),
        "name_in_text": len(name & words) / len(name) if name else 0.0,
        "text_in_context": len(words & around) / len(words) if words else 0.0,
        "module_in_context": float(bool(module) and module in before),
        "unknown_variables": min(5.0, float(sum(one not in record.context for one in variables))),
        "long_literals": min(5.0, float(sum(len(row.strip()) > 60 for row in rows))),
        "is_withheld": float(record.withheld is not None),
    }


def missing(n: int, n_yes: int) -> str:
    """What is missing before a score can be trained, in words; "" where nothing is."""
    wanted = [
        f"{least - have} {what}"
        for least, have, what in (
            (FEWEST, n, "verdicts"),
            (FEWEST_OF_EACH, n_yes, "that say yes"),
            (FEWEST_OF_EACH, n - n_yes, "that say no"),
        )
        if have < least
    ]
    return ", ".join(wanted)


def to_json(scores: Scores) -> str:
    """The file's text."""
    return json.dumps({"format": FORMAT, **asdict(scores)}, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Scores:
    """The scores in a file's text; without models where it is none, or one that this Chiron does not know."""
    try:
        value: Mapping[str, Any] = json.loads(text)
        if value["format"] != FORMAT:
            return Scores()
        return Scores(_score(value["hallucination"]), _score(value["relevance"]), int(value["trained_ms"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Scores()


def _score(value: Mapping[str, Any] | None) -> Score | None:
    if value is None:
        return None
    weights = {name: float(value["linear"]["weights"][name]) for name in SIGNS}
    bias = float(value["linear"]["bias"])
    if not all(math.isfinite(one) for one in (bias, *weights.values())):
        raise ValueError("not finite")
    return Score(Linear(bias, weights), int(value["n"]), int(value["n_yes"]), float(value["auc"]))


def sides(labels: Sequence[str], name: str) -> tuple[int, int]:
    """How many of the verdicts speak on a score, and how many say yes."""
    said = [one for label in labels if (one := says(label, name)) is not None]
    return len(said), sum(said)
