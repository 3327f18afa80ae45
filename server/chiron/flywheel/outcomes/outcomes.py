"""What became of every suggestion, told from the document's own changes and from what an editor adds.

A suggestion is pending from its offer to its end, ends once, and is followed after its acceptance:

| is | what happens | event (evidence) | becomes |
|---|---|---|---|
| - | it is offered | `offered` | pending |
| pending | it, or the same text at the same place, is offered again | - | pending, same id |
| pending | the editor shows it among its alternatives | `shown` (observed or inferred) | pending |
| pending | a change continues it: a character, white space, brackets | `typed_through`, once | pending |
| pending | characters of it are deleted again | - | pending |
| pending | one change continues it by several characters, to a word's end | `accepted_part` | pending |
| pending | the editor says how much was accepted | `accepted_part` (observed) | pending |
| pending | one change puts in the whole remainder | `accepted` | accepted |
| pending | its command runs | `accepted` (confirmed) | accepted |
| pending | the last character is typed by hand | `expired`, reason `typed_out` | ended |
| pending | after a change its place no longer continues it | `typed_over` | ended |
| pending | the document round it is replaced (a checkout) | `expired`, reason `replaced` | ended |
| pending | another suggestion is offered, or an alternative accepted, at its place | `superseded` | ended |
| pending | Escape | `rejected` (observed) | ended, with its alternatives |
| pending | the editor says that the person went elsewhere | `moved_away` (observed) | ended, ditto |
| pending | its life is over, its document closes, too many are pending | `expired` | ended |
| an alternative | the one before it is typed over, not it | `offered`, rank 0 | pending, in view |
| ended | its command runs after all | `accepted` (confirmed) | accepted |
| accepted | its command runs | `accepted` (confirmed), counted once | accepted |
| accepted | the text is one from before again, or exactly it is taken out | `undone` | undone |
| undone | the text is one from after again, or its lines are put in again | `redone` | accepted |
| accepted, undone | 30 s, 2 min, 5 min, a save that changes the figure, close | `kept_at` | same |
| ended by `rejected` or `typed_over` | 30 s later, or at close | `wrote_instead` | forgotten |

How the end gives the outcome (`outcome_of`): an acceptance wins; else a part accepted makes it
`partly_accepted`; else an alternative that never came first in line nor was shown, and what was in view for
less than 500 ms, is `not_seen`; else the end's name is the outcome. Time in view stops while the person
writes elsewhere. An end event carries `outcome` and figures (`visible_ms`, `n_typed`, `n_part`, …).

No event holds text of the document but `wrote_instead`, in `data["text"]`: redact it before it is stored.

Nothing here does I/O or reads a clock; times are passed in, in milliseconds. It is not thread-safe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chiron.flywheel.outcomes.edits import Change, Edit
from chiron.flywheel.outcomes.ends import NOT_SEEN_MS, is_strong, outcome_of
from chiron.flywheel.outcomes.pending import Continuation, Offer, Pending
from chiron.flywheel.outcomes.tracked import End, TrackedDocument
from chiron.records import Event, EventKind, Evidence

#: Documents followed at once; the one unused for longest is let go as if it were closed.
MOST_DOCUMENTS = 128
#: Confirmed acceptances remembered, so that none is told twice.
_MOST_CONFIRMED = 1024


class OutcomeTracker:
    """Follows every suggestion of one editor's session. Its methods return the events they learned."""

    def __init__(self) -> None:
        self._documents: dict[str, TrackedDocument] = {}
        self._confirmed: dict[str, None] = {}

    # ------------------------------------------------------------------ suggestions

    def offered(self, uri: str, offers: Sequence[Offer], text: str, now_ms: int) -> list[Event]:
        """`offers`, best first, may be shown in the document from now on. Ask `match` for ids first."""
        if not offers:
            return []
        events: list[Event] = []
        document = self._documents.pop(uri, None)
        if document is None:
            document = TrackedDocument(uri, text, now_ms)
            if len(self._documents) >= MOST_DOCUMENTS:
                events += self._let_go(min(self._documents.values(), key=lambda one: one.used_ms), now_ms)
        self._documents[uri] = document
        document.used_ms = now_ms
        return events + document.offered(offers, text, now_ms)

    def match(self, uri: str, start: int, end: int, insert: str, text: str) -> str | None:
        """The id under which this very suggestion is pending already, typed through or not."""
        document = self._documents.get(uri)
        if document is None or document.text != text:
            return None
        return document.match(start, end, insert)

    def continuing(self, uri: str, offset: int, text: str, now_ms: int | None = None) -> list[Continuation]:
        """What is left at `offset` of suggestions that are being typed through, best first: an answer
        without model or disk. Empty where the document has left them.

        Each is to be put in place of its `start`..`end`; `end` lies behind the cursor where the editor has
        closed a bracket or quote there. With `now_ms`, the best is in view again from then on.
        """
        document = self._documents.get(uri)
        if document is None or document.text != text:
            return []
        return document.continuing(offset, now_ms)

    def refused(self, uri: str, start: int, text: str) -> Callable[[str], bool]:
        """A predicate: was this text refused (or accepted and undone) at `start`, with the same lines round
        it in its task as now? A text is the same whatever its indentation."""
        document = self._documents.get(uri)
        if document is None or document.text != text:
            return lambda _text: False
        return document.refused(start)

    # ------------------------------------------------------------------ documents

    def changed(self, uri: str, changes: Sequence[Change], text: str, now_ms: int) -> list[Event]:
        """The document became `text` by `changes`, one notification's, in order.

        Where `changes` do not lead from the text known so far to `text`, the difference counts instead.
        """
        document = self._documents.get(uri)
        if document is None:
            return []
        document.used_ms = now_ms
        return document.changed(changes, text, now_ms)

    def saved(self, uri: str, text: str, now_ms: int) -> list[Event]:
        """The document was saved."""
        document = self._documents.get(uri)
        if document is None:
            return []
        return document.changed((), text, now_ms) + document.saved(now_ms)

    def closed(self, uri: str, text: str | None, now_ms: int) -> list[Event]:
        """The document was closed: everything in it ends, and is forgotten."""
        document = self._documents.get(uri)
        if document is None:
            return []
        events = document.changed((), text, now_ms) if text is not None else []
        return events + self._let_go(document, now_ms)

    def _let_go(self, document: TrackedDocument, now_ms: int) -> list[Event]:
        del self._documents[document.uri]
        return document.closed(now_ms)

    # ------------------------------------------------------------------ what an editor tells

    def accepted(self, suggestion_id: str, now_ms: int) -> list[Event]:
        """The item's command ran. It is told once, and confirms what was inferred."""
        if not suggestion_id or suggestion_id in self._confirmed:
            return []
        self._confirmed[suggestion_id] = None
        if len(self._confirmed) > _MOST_CONFIRMED:
            del self._confirmed[next(iter(self._confirmed))]
        document = self._holding(suggestion_id)
        if document is None:
            return [Event(suggestion_id, EventKind.ACCEPTED, Evidence.CONFIRMED, now_ms)]
        return document.accepted(suggestion_id, now_ms)

    def shown(self, suggestion_id: str, now_ms: int, evidence: Evidence = Evidence.OBSERVED) -> list[Event]:
        """The editor shows this suggestion, of several perhaps; `inferred` where it can only suppose so."""
        document = self._holding(suggestion_id)
        return document.shown(suggestion_id, now_ms, evidence) if document is not None else []

    def partly(self, suggestion_id: str, accepted_length: int, now_ms: int) -> list[Event]:
        """The editor says that so much was accepted so far: UTF-16 units of the item's text, which begins
        with what already stands on its line."""
        document = self._holding(suggestion_id)
        pending = document.pending.get(suggestion_id) if document is not None else None
        if document is None or pending is None:
            return []
        return document.partly(suggestion_id, _in_target(document, pending, accepted_length), now_ms)

    def rejected(self, suggestion_id: str | None, now_ms: int, *, uri: str | None = None) -> list[Event]:
        """The person pressed Escape on this suggestion, or on whatever is in view in `uri`."""
        end = End(EventKind.REJECTED, evidence=Evidence.OBSERVED)
        return self._dismissed(suggestion_id, uri, end, now_ms)

    def moved_away(self, suggestion_id: str | None, now_ms: int, *, uri: str | None = None) -> list[Event]:
        """The cursor or the person left this suggestion, or whatever is in view in `uri`."""
        end = End(EventKind.MOVED_AWAY, evidence=Evidence.OBSERVED)
        return self._dismissed(suggestion_id, uri, end, now_ms)

    def told(self, said: Mapping[str, Any], now_ms: int) -> list[Event]:
        """What an editor says in its own message: `kind`, and `suggestion_id` or `uri`; `accepted_length`,
        `evidence` and `reason` where they belong. What makes no sense teaches nothing."""
        kind = said.get("kind")
        one, uri = said.get("suggestion_id"), said.get("uri")
        if kind == "accepted":
            return self.accepted(str(one), now_ms) if one else []
        inferred = said.get("evidence") == "inferred"
        evidence = Evidence.INFERRED if inferred else Evidence.OBSERVED
        if kind == "shown":
            return self.shown(str(one), now_ms, evidence) if one else []
        if kind == "accepted_part":
            length = said.get("accepted_length")
            return self.partly(str(one), length, now_ms) if one and isinstance(length, int) else []
        if kind in (EventKind.REJECTED, EventKind.MOVED_AWAY):
            reason = said.get("reason")
            data = {"reason": reason} if isinstance(reason, str) else {}
            return self._dismissed(one, uri, End(EventKind(kind), data, evidence), now_ms)
        return []

    def _dismissed(self, suggestion_id: str | None, uri: str | None, end: End, now_ms: int) -> list[Event]:
        document = self._documents.get(uri or "") if suggestion_id is None else self._holding(suggestion_id)
        return document.dismissed(suggestion_id, end, now_ms) if document is not None else []

    def _holding(self, suggestion_id: str) -> TrackedDocument | None:
        return next((one for one in self._documents.values() if one.knows(suggestion_id)), None)

    # ------------------------------------------------------------------ time

    def tick(self, now_ms: int) -> list[Event]:
        """What is due by `now_ms`: ends of lives, measures of what was kept, what was written instead."""
        return [event for document in self._documents.values() for event in document.tick(now_ms)]

    @property
    def next_deadline_ms(self) -> int | None:
        """When `tick` is due next, or None while nothing waits."""
        due = [mark for one in self._documents.values() if (mark := one.deadline_ms) is not None]
        return min(due, default=None)


def _in_target(document: TrackedDocument, pending: Pending, n_units: int) -> int:
    """`n_units` of the offered item, UTF-16 and from its line's beginning, as characters of the target."""
    text = document.text
    line_start = max(text.rfind("\n", 0, pending.start), text.rfind("\r", 0, pending.start)) + 1
    whole = text[line_start : pending.start] + pending.target
    units = whole.encode("utf-16-le", "surrogatepass")[: 2 * max(0, n_units)]
    return len(units.decode("utf-16-le", "ignore")) - (pending.start - line_start)


__all__ = [
    "NOT_SEEN_MS",
    "Change",
    "Continuation",
    "Edit",
    "Offer",
    "OutcomeTracker",
    "is_strong",
    "outcome_of",
]
