"""What a judge is asked of a suggestion, and what its answer says. A change of wording is a new `VERSION`.

The judge sees what the person saw: the lines round the place with the suggestion in it, redacted as they are
kept. It is told neither what became of the suggestion nor what people said of it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chiron.records import Capabilities, ModelRequest, SuggestionRecord
from chiron.redact import redact
from chiron.review.tasks import in_place
from chiron.review.verdicts import LABELS, VERDICTS

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

VERSION = "judge-1"

_SYSTEM = (
    "You review what an assistant suggested to somebody who writes Ansible. The suggested lines are marked"
    " with > in front. Say which verdict fits best:\n"
    + "\n".join(f"- {one.label}: {one.meaning}" for one in VERDICTS)
    + "\nJudge only the marked lines, for the task's name and the file round it. Answer with JSON:"
    ' {"verdict": "...", "reason": "one short sentence"}.'
)
_SCHEMA = {
    "name": "verdict",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": list(LABELS)},
            "reason": {"type": "string"},
        },
        "required": ["verdict", "reason"],
        "additionalProperties": False,
    },
}
_OBJECT = re.compile(r"\{[^{}]*\}")
_MOST_LINES, _MOST_OPTIONS, _MOST_REASON = 80, 60, 300


def build(record: SuggestionRecord, catalog: Catalog | None, able: Capabilities) -> ModelRequest:
    """The question about one suggestion."""
    told = f"{_facts(record, catalog)}The file:\n{_marked(record)}"
    if able.completions and not able.chat:
        words = " | ".join(f'"{label}"' for label in LABELS)
        return ModelRequest(
            prompt=f"{_SYSTEM}\n\n{told}\n\nThe verdict is: ",
            stop=("\n",),
            max_tokens=8,
            grammar=f"root ::= {words}" if able.grammar else None,
            prompt_version=VERSION,
        )
    return ModelRequest(
        prompt=told,
        system=_SYSTEM,
        max_tokens=160,
        json_schema=_SCHEMA if able.json_schema else None,
        prompt_version=VERSION,
    )


def read(answer: str) -> tuple[str, str] | None:
    """The verdict and its reason in a judge's answer, or None where there is none."""
    for found in _OBJECT.finditer(answer):
        try:
            value = json.loads(found[0])
        except ValueError:
            continue
        if isinstance(value, dict) and value.get("verdict") in LABELS:
            return str(value["verdict"]), redact(str(value.get("reason", ""))[:_MOST_REASON]).text
    # Without JSON the answer is a verdict's name alone; a name within a sentence may be denied there.
    word = answer.strip().strip("\"'.`* ").lower().replace(" ", "_")
    return (word, "") if word in LABELS else None


def _marked(record: SuggestionRecord) -> str:
    place = in_place(record)
    rows = place.text.rstrip("\n").split("\n")
    first = max(0, place.last_new - _MOST_LINES)
    return "\n".join(
        f"{'>' if place.first_new <= number <= place.last_new else ' '} {row}"
        for number, row in enumerate(rows)
        if first <= number <= place.last_new + _MOST_LINES // 4
    )


def _facts(record: SuggestionRecord, catalog: Catalog | None) -> str:
    """What a judge cannot know: which options the module has here. Names only."""
    module = catalog.module(record.module) if catalog is not None and record.module else None
    if module is None or not module.options:
        return ""
    options = sorted(module.options)[:_MOST_OPTIONS]
    return f"Options of {module.fqcn} as installed here: {', '.join(options)}.\n\n"
