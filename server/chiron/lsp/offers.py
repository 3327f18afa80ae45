"""What one editor was offered, what became of it, and its way into the log.

The outcome of a suggestion shows in what happens to the text afterwards: so every change goes through here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chiron.flywheel.outcomes import Offer, OutcomeTracker
from chiron.lsp.messages import ClientEvent, ReportParams
from chiron.records import Answer, Event, EventKind, Evidence, Position, Range, Request, Suggestion
from chiron.redact import redact, redact_part
from chiron.suggest.record import to_records
from chiron.syntax.document import Change, Document

if TYPE_CHECKING:
    from chiron.assemble import Assembly

#: Suggestions whose particulars are kept for "why this?" and for answers from memory.
_REMEMBERED = 256


class Offers:
    """One session's suggestions, from the offer on."""

    def __init__(
        self,
        documents: Mapping[str, Document],
        parts: Callable[[], Assembly | None],
        now_ms: Callable[[], int],
    ) -> None:
        """`documents` are the open ones, as they are now; `parts` has the log, once there is one."""
        #: The suggestion that was accepted last.
        self.last_accepted: str | None = None
        self._documents = documents
        self._parts = parts
        self._now_ms = now_ms
        self._tracker = OutcomeTracker()
        self._known: dict[str, Suggestion] = {}
        self._early: list[Event] = []
        self._timer: asyncio.TimerHandle | None = None

    def opened_log(self) -> None:
        """There is a log now: what happened before is written to it."""
        early, self._early = self._early, []
        self._keep(early)

    def forget(self) -> None:
        """Answers nothing from memory any more: another model would say something else."""
        self._known.clear()

    def stop(self) -> None:
        """Waits for no deadline any more."""
        if self._timer is not None:
            self._timer.cancel()

    # ------------------------------------------------------------------ documents

    def changed(self, uri: str, changes: Sequence[Change]) -> None:
        """The document of `uri` was changed by `changes`, in order; they are already applied."""
        self._keep(self._tracker.changed(uri, changes, self._documents[uri].text, self._now_ms()))

    def saved(self, document: Document) -> None:
        """A document was written to disk."""
        self._keep(self._tracker.saved(document.uri, document.text, self._now_ms()))

    def closed(self, document: Document) -> None:
        """A document was closed: what was pending in it has ended."""
        self._keep(self._tracker.closed(document.uri, document.text, self._now_ms()))

    # ------------------------------------------------------------------ suggestions

    def continuing(self, document: Document, position: Position) -> list[Suggestion]:
        """What is left of the suggestions that the person is typing through."""
        offset = document.offset(position)
        left = []
        for pending in self._tracker.continuing(document.uri, offset, document.text, self._now_ms()):
            known = self._known.get(pending.suggestion_id)
            if known is not None:
                place = Range(document.position(pending.start), document.position(pending.end))
                left.append(replace(known, text=pending.insert, range=place))
        return left

    def refused(self, document: Document, request: Request) -> Callable[[str], bool]:
        """A predicate: was this text refused at the place of `request` lately?"""
        start = document.offset(request.scope.range.start)
        return self._tracker.refused(document.uri, start, request.text)

    def offered(self, document: Document, request: Request, answer: Answer) -> Answer:
        """Notes that the suggestions of `answer` are offered. One that is pending already keeps its id."""
        start = document.offset(request.scope.range.start)
        end = document.offset(request.scope.range.end)
        suggestions, offers = [], []
        for rank, made in enumerate(answer.suggestions):
            pending = self._tracker.match(document.uri, start, end, made.text, document.text)
            one = replace(made, id=pending) if pending else made
            suggestions.append(one)
            offers.append(Offer(one.id, start, end, one.text, rank=rank, module=one.module))
        answer = replace(answer, suggestions=tuple(suggestions))
        fresh = {one.id for one in suggestions} - self._known.keys()
        at = self._now_ms()
        parts = self._parts()
        if parts is not None and parts.feedback is not None:
            for row in to_records(request, answer, at):
                if row.id in fresh or row.withheld:
                    parts.feedback.record(row)
        for one in suggestions:
            self._known[one.id] = one
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._keep(self._tracker.offered(document.uri, offers, document.text, at))
        return answer

    def asked_for(self, document: Document, request: Request, answer: Answer) -> Answer:
        """Notes an edit that a person has asked for, and gives it the id under which it is followed."""
        self.trace(request, answer)
        return self.offered(document, request, answer)

    def note(self, request: Request, answer: Answer) -> None:
        """Keeps in the log what was answered, where it is nothing to put into the text."""
        self.trace(request, answer)
        parts = self._parts()
        if parts is not None and parts.feedback is not None:
            for row in to_records(request, answer, self._now_ms()):
                parts.feedback.record(row)

    def trace(self, request: Request, answer: Answer) -> None:
        """Tells the user's own collector of it, where there is one."""
        parts = self._parts()
        if parts is not None and parts.tracer is not None:
            parts.tracer.answered(request, answer)

    # ------------------------------------------------------------------ outcomes

    def report(self, report: ReportParams) -> None:
        """A person's verdict on a suggestion."""
        data = {"label": report.label, "note": redact(report.note).text if report.note else None}
        event = Event(report.suggestion_id, EventKind.LABELLED, Evidence.CONFIRMED, self._now_ms(), data)
        self._keep([event])

    def accepted(self, suggestion_id: str) -> None:
        """The item's command ran."""
        self._keep(self._tracker.accepted(suggestion_id, self._now_ms()))

    def seen(self, event: ClientEvent) -> None:
        """The editor saw something that no change shows."""
        self._keep(self._tracker.told(event.model_dump(), self._now_ms()))

    def _redacted(self, text: str) -> str:
        """`text` without secrets, seen where it stands in an open document, if it stands in one."""
        for document in self._documents.values():
            if (at := document.text.find(text)) >= 0:
                return redact_part(document.text, at, at + len(text)).text
        return redact(text).text

    def _keep(self, events: Sequence[Event]) -> None:
        """Writes `events` to the log; before there is one they wait."""
        for event in events:
            if event.kind is EventKind.ACCEPTED:
                self.last_accepted = event.suggestion_id
            row = event
            if "text" in event.data:
                row = replace(event, data={**event.data, "text": self._redacted(str(event.data["text"]))})
            parts = self._parts()
            if parts is None:
                self._early.append(row)
                continue
            if parts.feedback is not None:
                parts.feedback.event(row)
            if parts.tracer is not None:
                parts.tracer.happened(row)
        self._wind()

    def _wind(self) -> None:
        """Sets the alarm for the tracker's next deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._tracker.next_deadline_ms
        if deadline is not None:
            delay_s = max(0.0, (deadline - self._now_ms()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.tick)

    def tick(self) -> None:
        """Notes what is due by now."""
        self._timer = None
        self._keep(self._tracker.tick(self._now_ms()))
