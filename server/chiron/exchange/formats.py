"""Lessons as rows of the formats that fine-tuning takes.

`messages`, `preference` and `kto` are TRL's conversational language modelling, preference and unpaired
preference (`label` is true for a text worth writing). `openai` is OpenAI's chat format, which may hold
nothing but messages, so what else is known of each line stands in a second file. Every row names the author
of each text and, where a model wrote it, that model: some models' terms reach what is trained on them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from chiron.exchange.lessons import Lesson, Text, pairs, shared_start
from chiron.records import SuggestionRecord
from chiron.store.feedback_queries import History
from chiron.suggest.model.prompt import SYSTEM

#: OpenAI trains on no fewer examples than this.
LEAST_FOR_OPENAI = 10


class Format(StrEnum):
    """What an export can be written as."""

    MESSAGES = "messages"
    PREFERENCE = "preference"
    KTO = "kto"
    OPENAI = "openai"
    PARQUET = "parquet"


Row = dict[str, Any]


def to_rows(lesson: Lesson, kind: Format) -> Iterator[Row]:
    """The rows that one lesson makes in a format; `parquet` is made of histories instead."""
    if kind is Format.PREFERENCE:
        for good, bad in pairs(lesson):
            start = shared_start((good.text, bad.text))
            yield {
                "prompt": _question(lesson, start),
                "chosen": [_answer(good, start)],
                "rejected": [_answer(bad, start)],
                **_about(lesson.record),
                **_by("chosen_", good),
                **_by("rejected_", bad),
            }
        return
    for text, is_good in [*((one, True) for one in lesson.good), *((one, False) for one in lesson.bad)]:
        start = shared_start((text.text,))
        if kind is Format.KTO:
            yield {
                "prompt": _question(lesson, start),
                "completion": [_answer(text, start)],
                "label": is_good,
                **_about(lesson.record),
                **_by("", text),
            }
        elif is_good:
            yield {
                "messages": [*_question(lesson, start), _answer(text, start)],
                **_about(lesson.record),
                **_by("", text),
            }


def without_particulars(row: Row) -> tuple[Row, Row]:
    """A row as OpenAI takes it, and what else is known of it."""
    return {"messages": row["messages"]}, {key: value for key, value in row.items() if key != "messages"}


def texts_of(row: Mapping[str, Any]) -> Iterator[str]:
    """Every string in a row, however deep."""
    values: Iterable[Any] = row.values()
    for value in values:
        yield from _strings(value)


def answers_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts of a row that somebody is to learn to write, or not to."""
    if "messages" in row:
        return (str(row["messages"][-1]["content"]),)
    found = (row.get(key) for key in ("chosen", "rejected", "completion"))
    return tuple(str(one[-1]["content"]) for one in found if one)


def table_row(history: History, log: str) -> Row:
    """One suggestion as a row of a table. Where a file lies is left out; `file` tells files apart."""
    record, derived = history.suggestion.record, history.suggestion.derived
    labels = [one for one in history.events if one.kind.value == "labelled"]
    return {
        "id": record.id,
        "request_id": record.request_id,
        "at": datetime.fromtimestamp(record.at_ms / 1000, UTC),
        "origin": record.origin.value,
        "trigger": record.trigger.value,
        "scope": record.scope.value,
        "file": _fingerprint(record.uri),
        "line": record.line,
        "task_name": record.task_name,
        "context": record.context,
        "context_at": record.context_at,
        "text": record.text,
        "source": record.source.value if record.source else None,
        "module": record.module,
        "model": record.model,
        "prompt_version": record.prompt_version,
        "n_prompt_tokens": record.n_prompt_tokens,
        "n_completion_tokens": record.n_completion_tokens,
        "cost_usd": record.cost_usd,
        "total_ms": record.total_ms,
        "confidence": record.confidence,
        "rank": record.rank,
        "arm": record.arm,
        "propensity": record.propensity,
        "withheld": record.withheld,
        "outcome": derived.outcome.value if derived.outcome else None,
        "undone": derived.undone,
        "kept_ratio": derived.kept_ratio,
        "strong": derived.strong,
        "label": derived.label,
        "correction": (labels[-1].data.get("correction") or None) if labels else None,
        "log": log,
    }


def _question(lesson: Lesson, start: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"The file:\n{lesson.before}{start}<here>"},
    ]


def _answer(text: Text, start: str) -> dict[str, str]:
    return {"role": "assistant", "content": text.text.removeprefix(start).rstrip()}


def _about(record: SuggestionRecord) -> Row:
    return {
        "id": record.id,
        "at": datetime.fromtimestamp(record.at_ms / 1000, UTC).isoformat(timespec="seconds"),
        "scope": record.scope.value,
        "module": record.module,
        "file": _fingerprint(record.uri),
    }


def _by(prefix: str, text: Text) -> Row:
    return {f"{prefix}author": text.author, f"{prefix}model": text.model, f"{prefix}why": text.why}


def _fingerprint(uri: str) -> str:
    return hashlib.blake2b(uri.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
