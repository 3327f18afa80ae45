"""Merges another person's feedback file into this log: redacted again, each row once, its origin kept."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from chiron.records import Event, Ground, SuggestionRecord
from chiron.redact import Redaction, redact, redact_part
from chiron.redact.scalars import PLACEHOLDER
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_histories import histories, provenance
from chiron.store.feedback_merge import Added, add, opened_copy, sha256_of
from chiron.store.feedback_queries import History
from chiron.store.feedback_search import Search
from chiron.store.feedback_votes import Vote, bouts, merge_votes, votes

#: Placeholders beyond this number were not given out by one request.
_MOST_PLACEHOLDERS = 2_000


def merge(log: FeedbackLog, file: Path, *, name: str) -> dict[str, Any]:
    """Adds what `file` holds and this log does not, and says what came of it.

    Raises `StoreNewer` where a later Chiron wrote the file, `StoreError` where it is none. Importing the same
    file again adds nothing.
    """
    added, n_redacted, n_unreadable = Added(), 0, 0
    with opened_copy(file, log.path.parent) as theirs:
        sha256 = sha256_of(file)
        names = provenance(theirs)
        after = 0
        while True:
            page, after = histories(theirs, Search(), after, 500)
            if not page:
                break
            clean = []
            for one in page:
                made = _readable(one)
                if made is None:
                    n_unreadable += 1
                    continue
                clean.append(made)
                n_redacted += made != one
            whose = {one.suggestion.record.id: names.get(one.suggestion.record.id, name) for one in clean}
            now_ms = int(time.time() * 1000)
            act = partial(add, histories=clean, names=whose, sha256=sha256, at_ms=now_ms)
            added += log.change(act)
        given, compared = votes(theirs), bouts(theirs)
    n_votes = log.change(partial(merge_votes, votes=[_clean_vote(one) for one in given], bouts=compared))
    return {
        "file": str(file),
        "from": name,
        "sha256": sha256,
        **asdict(added),
        "n_votes": n_votes,
        "n_redacted_again": n_redacted,
        "n_unreadable": n_unreadable,
    }


def _readable(history: History) -> History | None:
    """The history redacted, or None where its row holds what no row of ours does: the file is not trusted."""
    record = history.suggestion.record
    texts = (record.id, record.request_id, record.uri, record.task_name, record.text, record.context)
    numbers = (record.at_ms, record.line, record.context_at, record.rank, record.confidence)
    if not all(isinstance(one, str) for one in texts) or not all(
        isinstance(one, int | float) for one in numbers
    ):
        return None
    try:
        return redacted(history)
    except (TypeError, ValueError, AttributeError, OverflowError):
        return None


def redacted(history: History) -> History:
    """`history` without what this Chiron takes for secrets. What is clean stays as it is, byte for byte."""
    record = history.suggestion.record
    known = _known(record, history.events)
    context, at = record.context, record.context_at
    if 0 <= at <= len(context):
        known = redact_part(context, 0, at, known=known)
        before = known.text
        known = redact_part(context, at, len(context), known=known)
        context, at = before + known.text, len(before)
    else:
        known = redact(context, known=known)
        context = known.text
    clean: dict[str, Any] = {}
    for field in ("task_name", "text", "sent", "withheld_detail"):
        known = redact(str(getattr(record, field)), known=known)
        clean[field] = known.text
    grounds = tuple(
        Ground(one.kind, *(redact(text, known=known).text for text in (one.what, one.where, one.detail)))
        for one in record.grounds
    )
    record = replace(record, context=context, context_at=at, grounds=grounds, **clean)
    events = tuple(replace(one, data=_clean(dict(one.data), known)) for one in history.events)
    return History(replace(history.suggestion, record=record), events)


def _clean_vote(vote: Vote) -> Vote:
    return replace(vote, reason=redact(vote.reason).text)


def _known(record: SuggestionRecord, events: tuple[Event, ...]) -> Redaction:
    """The placeholders that stand there already, each for itself, so that they keep their numbers."""
    texts = [record.context, record.text, record.sent, record.task_name, record.withheld_detail]
    texts += [value for one in events for value in one.data.values() if isinstance(value, str)]
    numbers = [
        int(name.strip("_").rpartition("_")[2]) for text in texts for name in PLACEHOLDER.findall(text)
    ]
    most = max((n for n in numbers if n <= _MOST_PLACEHOLDERS), default=0)
    names = [f"__CHIRON_SECRET_{n}__" for n in range(1, most + 1)]
    return Redaction("", {name: name for name in names}, dict.fromkeys(names, "placeholder"))


def _clean(value: Any, known: Redaction) -> Any:
    if isinstance(value, str):
        return redact(value, known=known).text
    if isinstance(value, dict):
        return {key: _clean(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner, known) for inner in value]
    return value
