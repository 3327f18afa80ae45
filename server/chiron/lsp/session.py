"""One editor's session: the documents it has open, what is pending in them, what became of it.

The session knows LSP's types at its edges only. Everything that waits for a disk, a model or a scan happens
off the event loop; what the session itself does on a keystroke is memory work.
"""

from __future__ import annotations

import asyncio
import fnmatch
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chiron.assemble import Assembly, assemble, find_root
from chiron.config import Settings, with_editor
from chiron.errors import ChironError
from chiron.flywheel.outcomes import Offer, OutcomeTracker
from chiron.lsp import inquiries
from chiron.lsp.protocol import ClientEvent, ReportParams, Status
from chiron.lsp.rereading import Rereader
from chiron.records import (
    Answer,
    Event,
    EventKind,
    Evidence,
    Origin,
    Place,
    Position,
    Range,
    Request,
    Suggestion,
    Trigger,
)
from chiron.redact import redact
from chiron.suggest.place import request_at
from chiron.suggest.record import to_records
from chiron.syntax.document import Change, Document

log = logging.getLogger(__name__)

#: Suggestions whose particulars are kept for "why this?" and for answers from memory.
_REMEMBERED = 256


def now_ms() -> int:
    return int(time.time() * 1000)


class Session:
    """Lives from `initialize` to `exit`."""

    def __init__(self, settings: Settings, on_status: Callable[[Status], None]) -> None:
        self.settings = settings
        self.roots: list[Path] = []
        self.documents: dict[str, Document] = {}
        self.origin = Origin.EDITOR
        self._on_status = on_status
        self._tracker = OutcomeTracker()
        self._parts: asyncio.Future[Assembly] | None = None
        self._known: dict[str, Suggestion] = {}
        self._early: list[Event] = []
        self._paused: set[str] = set()
        self._last_trouble: str | None = None
        self._last_accepted: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rereader = Rereader(self._text_of, lambda: self.ready)

    # ------------------------------------------------------------------ life

    def start(self, options: object, roots: Sequence[Path], origin: Origin) -> tuple[str, ...]:
        """Takes the editor's options, and begins to assemble in the background. Returns refused keys."""
        self.settings, refused = with_editor(self.settings, options)
        self.roots = list(roots)
        self.origin = origin
        self._parts = asyncio.ensure_future(asyncio.to_thread(assemble, self.settings, self.roots))
        self._parts.add_done_callback(self._assembled)
        return refused

    def _assembled(self, future: asyncio.Future[Assembly]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            advice = error.advice if isinstance(error, ChironError) else "See the log."
            message = str(error.args[0]) if isinstance(error, ChironError) else type(error).__name__
            log.error("Chiron could not start: %s", message)
            self._on_status(Status(state="problem", message=message, advice=advice))
            return
        parts = future.result()
        self._keep(self._early)
        self._early = []
        self._on_status(self.status(parts.troubles[0] if parts.troubles else None))

    async def parts(self) -> Assembly:
        """The assembled parts. Waits for them while they are being put together."""
        if self._parts is None:
            raise RuntimeError("the session has not started")
        return await asyncio.shield(self._parts)

    @property
    def ready(self) -> Assembly | None:
        """The parts, where they are assembled already."""
        future = self._parts
        if future is None or not future.done() or future.cancelled() or future.exception():
            return None
        return future.result()

    async def close(self) -> None:
        """Ends every pending suggestion and closes what was opened. It may be called twice."""
        for uri in list(self.documents):
            self.closed(uri)
        self._rereader.stop()
        if self._timer is not None:
            self._timer.cancel()
        parts, self._parts = self.ready, None
        if parts is not None:
            await parts.close()

    def status(self, trouble: str | None = None) -> Status:
        """What the status bar should say now."""
        parts = self.ready
        model = parts.model if parts else None
        return Status(
            state="paused" if "everywhere" in self._paused else "problem" if trouble else "ready",
            model=model.name if model else None,
            endpoint=model.endpoint if model else None,
            leaves_machine=model.leaves_machine if model else False,
            message=trouble,
        )

    # ------------------------------------------------------------------ documents

    def opened(self, uri: str, text: str, version: int, encoding: str) -> None:
        """A document was opened; an open one of the same name is replaced."""
        self.documents[uri] = Document(uri, text, version, encoding)

    def changed(self, uri: str, changes: Iterable[Change]) -> None:
        """The document of `uri` was changed by `changes`, in order; they are already applied."""
        self._keep(self._tracker.changed(uri, list(changes), self.documents[uri].text, now_ms()))
        self._rereader.soon(uri)

    def _text_of(self, uri: str) -> str | None:
        document = self.documents.get(uri)
        return document.text if document is not None else None

    def saved(self, uri: str) -> None:
        """A document was written to disk."""
        document = self.documents.get(uri)
        if document is not None:
            self._keep(self._tracker.saved(uri, document.text, now_ms()))

    def closed(self, uri: str) -> None:
        """A document was closed: what was pending in it has ended."""
        document = self.documents.pop(uri, None)
        if document is not None:
            self._keep(self._tracker.closed(uri, document.text, now_ms()))
            self._rereader.soon(uri)

    def changed_on_disk(self, uris: Sequence[str]) -> None:
        """Files changed without the editor's doing: a checkout, a formatter, an install."""
        for uri in uris:
            if uri not in self.documents:
                self._rereader.soon(uri)

    # ------------------------------------------------------------------ suggestions

    async def suggest(
        self, place: Place, position: Position, trigger: Trigger, n: int | None = None
    ) -> Sequence[Suggestion]:
        """What may be shown at `position` now."""
        answer = await self.answer(place, position, trigger, n or self.settings.suggest.n_alternatives)
        return answer.suggestions if answer else ()

    async def answer(self, place: Place, position: Position, trigger: Trigger, n: int) -> Answer | None:
        """The pipeline's answer at `position`, or what is left of one that is being typed through."""
        document = self.documents.get(place.uri)
        if document is None or not self._may_suggest(place, trigger):
            return None
        if left := self._continuing(document, position):
            return Answer("", tuple(left), (), {})
        request = request_at(document, position, place, origin=self.origin, trigger=trigger, n=n)
        if request is None:
            return None
        if request.place.workspace is None and request.place.path is not None:
            root = find_root(Path(request.place.path))
            request = replace(request, place=replace(place, workspace=str(root) if root else None))
        version = document.version
        parts = await self.parts()
        project = await asyncio.to_thread(parts.project, request.place.workspace)
        refused = self._tracker.refused(place.uri, document.offset(request.scope.range.start), request.text)
        answer = await parts.suggester.suggest(request, project, refused=refused)
        self._note(answer)
        document = self.documents.get(place.uri)
        if document is None or document.version != version:
            return None
        return self._offer(document, request, answer)

    def _may_suggest(self, place: Place, trigger: Trigger) -> bool:
        if self._paused & {"everywhere", place.uri}:
            return False
        if trigger is Trigger.AUTOMATIC and not self.settings.suggest.automatic:
            return False
        return not is_excluded(place, self.settings.feedback.exclude)

    def _continuing(self, document: Document, position: Position) -> list[Suggestion]:
        """What is left of the suggestions that the person is typing through."""
        offset = document.offset(position)
        left = []
        for pending in self._tracker.continuing(document.uri, offset, document.text, now_ms()):
            known = self._known.get(pending.suggestion_id)
            if known is not None:
                place = Range(document.position(pending.start), document.position(pending.end))
                left.append(replace(known, text=pending.insert, range=place))
        return left

    def _offer(self, document: Document, request: Request, answer: Answer) -> Answer:
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
        at = now_ms()
        parts = self.ready
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

    def _note(self, answer: Answer) -> None:
        """Tells the person of trouble once, and again when it is over."""
        if answer.trouble != self._last_trouble:
            self._last_trouble = answer.trouble
            if answer.trouble:
                log.warning("model: %s", answer.trouble)
            self._on_status(self.status(answer.trouble))

    # ------------------------------------------------------------------ inquiries

    async def why(self, suggestion_id: str | None) -> dict[str, Any] | None:
        """What is known of a suggestion: the one named, or the last accepted."""
        wanted = suggestion_id or self._last_accepted
        return await inquiries.why(await self.parts(), wanted) if wanted else None

    async def info(self) -> dict[str, Any]:
        return inquiries.info(await self.parts())

    async def models(self) -> list[dict[str, Any]]:
        return inquiries.models(await self.parts())

    async def use_model(self, name: str) -> Status:
        """Swaps the model. A name that the user's settings do not hold is refused."""
        try:
            await inquiries.use_model(await self.parts(), name, self._known.clear)
        except ChironError as error:
            return self.status(str(error))
        return self.status()

    def pause(self, paused: bool, scope: str) -> Status:
        """Stops or resumes suggestions, everywhere or in one document."""
        (self._paused.add if paused else self._paused.discard)(scope)
        status = self.status()
        self._on_status(status)
        return status

    def report(self, report: ReportParams) -> None:
        """A person's verdict on a suggestion."""
        data = {"label": report.label, "note": redact(report.note).text if report.note else None}
        event = Event(report.suggestion_id, EventKind.LABELLED, Evidence.CONFIRMED, now_ms(), data)
        self._keep([event])

    # ------------------------------------------------------------------ outcomes

    def accepted(self, suggestion_id: str) -> None:
        """The item's command ran."""
        self._keep(self._tracker.accepted(suggestion_id, now_ms()))

    def seen(self, event: ClientEvent) -> None:
        """The editor saw something that no change shows."""
        self._keep(self._tracker.told(event.model_dump(), now_ms()))

    def _keep(self, events: Sequence[Event]) -> None:
        """Writes `events` to the log; before there is one they wait."""
        for event in events:
            if event.kind is EventKind.ACCEPTED:
                self._last_accepted = event.suggestion_id
            row = event
            if "text" in event.data:
                row = replace(event, data={**event.data, "text": redact(str(event.data["text"])).text})
            parts = self.ready
            if parts is None:
                self._early.append(row)
            elif parts.feedback is not None:
                parts.feedback.event(row)
        self._wind()

    def _wind(self) -> None:
        """Sets the alarm for the tracker's next deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._tracker.next_deadline_ms
        if deadline is not None:
            delay_s = max(0.0, (deadline - now_ms()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._keep(self._tracker.tick(now_ms()))


def is_excluded(place: Place, globs: Sequence[str]) -> bool:
    """Whether one of `globs` covers the file: its path in the workspace, its full path or its name."""
    if place.path is None or not globs:
        return False
    path = Path(place.path)
    names = [place.path, path.name]
    if place.workspace is not None and path.is_relative_to(place.workspace):
        names.append(path.relative_to(place.workspace).as_posix())
    return any(fnmatch.fnmatch(name, glob) for name in names for glob in globs)
