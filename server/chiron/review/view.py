"""Rows and suggestions as the templates show them: words instead of codes, text that is only text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from chiron.flywheel.learned.scores import Scores
from chiron.records import Event, EventKind, Outcome, SuggestionRecord
from chiron.review.searching import to_query
from chiron.review.tasks import Compared, InPlace, in_place, stands_now
from chiron.review.verdicts import Standing, standing, words
from chiron.review.visible import lines, plain, visible
from chiron.store.feedback_queries import History
from chiron.store.feedback_rows import SuggestionRow
from chiron.store.feedback_search import QueueKind

#: Why a row stands in the queue, in the words of its chip.
KINDS = {
    QueueKind.INSTEAD: "wrote something else",
    QueueKind.EDITED: "mostly edited",
    QueueKind.WITHHELD: "withheld",
    QueueKind.CHANCE: "drawn by lot",
}
_GOOD = frozenset({Outcome.ACCEPTED})
_BAD = frozenset({Outcome.REJECTED, Outcome.TYPED_OVER})


@dataclass(frozen=True, slots=True)
class RowView:
    """One line of a list. `tone` is good, bad, held or quiet."""

    id: str
    name: Markup
    module: Markup
    source: str
    ended: str
    tone: str
    when: str
    kept: str
    why: str
    label: str | None
    said: str


@dataclass(frozen=True, slots=True)
class CodeLine:
    number: int | None
    text: Markup
    is_new: bool


@dataclass(frozen=True, slots=True)
class DiffLine:
    mark: str
    text: Markup


@dataclass(frozen=True, slots=True)
class CardView:
    """All that is shown of one suggestion."""

    row: RowView
    id: str
    file: Markup
    folder: str
    line: int
    at: str
    facts: tuple[tuple[str, Markup], ...]
    grounds: tuple[tuple[str, Markup], ...]
    code: tuple[CodeLine, ...]
    heading: str
    diff: tuple[DiffLine, ...]
    same: bool
    why: str
    sent: Markup
    events: tuple[tuple[str, str, Markup], ...]
    standing: Standing
    task: str
    draft: str
    in_handlers: bool
    alike: str


def to_row(one: SuggestionRow, zone: tzinfo, now_ms: int, kind: QueueKind | None = None) -> RowView:
    record, derived = one.record, one.derived
    name = record.task_name or record.text.strip().split("\n", 1)[0] or "without a name"
    if record.withheld is not None:
        ended, tone = f"withheld: {record.withheld}", "held"
    elif derived.outcome is None:
        ended, tone = "open", "quiet"
    else:
        ended = "undone" if derived.undone else derived.outcome.value.replace("_", " ")
        tone = "good" if derived.outcome in _GOOD and not derived.undone else "quiet"
        tone = "bad" if derived.outcome in _BAD or derived.undone else tone
    kept = "" if derived.kept_ratio is None or derived.undone else f"{derived.kept_ratio:.0%} kept"
    return RowView(
        id=record.id,
        name=visible(name[:160]),
        module=visible((record.module or "").removeprefix("ansible.builtin.")),
        source=record.source.value if record.source else "",
        ended=ended,
        tone=tone,
        when=ago(record.at_ms, now_ms, zone),
        kept=kept,
        why=KINDS[kind] if kind is not None else "",
        label=derived.label,
        said=words(derived.label),
    )


def to_card(
    history: History,
    zone: tzinfo,
    now_ms: int,
    excluded: Sequence[str],
    scores: Scores = Scores(),  # noqa: B008
) -> CardView:
    record = history.suggestion.record
    place = in_place(record)
    now = stands_now(history, excluded)
    said = standing(history)
    folder, file = _file(record.uri)
    return CardView(
        row=to_row(history.suggestion, zone, now_ms),
        id=record.id,
        file=visible(file),
        folder=plain(folder),
        line=record.line + 1,
        at=datetime.fromtimestamp(record.at_ms / 1000, zone).strftime("%d %b %Y, %H:%M:%S"),
        facts=(*_facts(record), *_scored(record, scores)),
        grounds=tuple(
            (ground.kind, visible(" ".join(filter(None, (ground.what, ground.detail, ground.where)))))
            for ground in record.grounds
        ),
        code=_code(place),
        heading=now.heading,
        diff=_diff(now),
        same=now.same,
        why=now.why,
        sent=visible(record.sent),
        events=tuple(_event(event, record.at_ms) for event in history.events),
        standing=said,
        task=place.task,
        draft=said.correction or place.task,
        in_handlers=place.in_handlers,
        alike=to_query(module=record.module, withheld=False) if record.module else "",
    )


def ago(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """A moment as one says it: minutes, hours and days ago, or the date."""
    seconds = (now_ms - at_ms) / 1000
    if seconds < 0 or seconds >= 14 * 86_400:
        when = datetime.fromtimestamp(at_ms / 1000, zone)
        return f"{when.day} {when:%b %Y}"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def _file(uri: str) -> tuple[str, str]:
    """Folder and name of what a URI names, to be read; never to be opened."""
    try:
        path = unquote(urlsplit(uri).path) or uri
    except ValueError:
        path = uri
    parts = [part for part in path.split("/") if part]
    # A role's file is always called main.yml: what tells it apart is above.
    return "/" + "/".join(parts[:-3]) if len(parts) > 3 else "", "/".join(parts[-3:])


def _facts(record: SuggestionRecord) -> tuple[tuple[str, Markup], ...]:
    tokens = ""
    if record.n_prompt_tokens is not None:
        tokens = f"{record.n_prompt_tokens} read, {record.n_completion_tokens or 0} written"
    facts = (
        ("module", record.module or ""),
        ("source", record.source.value if record.source else ""),
        ("model", record.model or ""),
        ("confidence", f"{record.confidence:.2f}" if record.confidence else ""),
        ("scope", record.scope.value.replace("_", " ")),
        ("origin", record.origin.value),
        ("asked", record.trigger.value),
        ("waited", "" if record.total_ms is None else f"{record.total_ms:.0f} ms"),
        ("tokens", tokens),
        ("cost", "" if record.cost_usd is None else f"${record.cost_usd:.5f}"),
        ("prompt", record.prompt_version),
        ("arm", "" if record.arm == "default" else record.arm),
        ("withheld", " — ".join(filter(None, (record.withheld or "", record.withheld_detail)))),
    )
    return tuple((name, visible(value)) for name, value in facts if value)


def _scored(record: SuggestionRecord, scores: Scores) -> tuple[tuple[str, Markup], ...]:
    """What the scores say, in words; nothing while none was trained."""
    words_of = {"hallucination": "chance of invention", "relevance": "chance to be wanted"}
    return tuple((words_of[name], visible(f"{chance:.2f}")) for name, chance in scores.of(record).items())


def _code(place: InPlace) -> tuple[CodeLine, ...]:
    return tuple(
        CodeLine(
            None if place.number is None else place.number + number,
            text,
            place.first_new <= number <= place.last_new,
        )
        for number, text in enumerate(lines(place.text.rstrip("\n")))
    )


def _diff(compared: Compared) -> tuple[DiffLine, ...]:
    return tuple(DiffLine(line.mark, visible(line.text)) for line in compared.lines)


def _event(event: Event, since_ms: int) -> tuple[str, str, Markup]:
    """How long after the suggestion, what, and with which particulars."""
    seconds = (event.at_ms - since_ms) / 1000
    after = f"+{seconds:.1f} s" if abs(seconds) < 600 else f"+{seconds / 3600:.1f} h"
    kind = event.kind.value.replace("_", " ")
    if event.kind is EventKind.LABELLED:
        label = event.data.get("label")
        kind = f"labelled: {words(str(label))}" if label is not None else "label taken back"
    data = {key: value for key, value in event.data.items() if key not in ("label", "text")}
    shown = json.dumps(data, ensure_ascii=False, default=str)[:300] if data else ""
    return after, kind, visible(f"{event.evidence.value} {shown}")


def title(text: str) -> str:
    """A page's title."""
    return plain(text)
