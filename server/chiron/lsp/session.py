"""One editor's session: the documents it has open, what is pending in them, what became of it.

The session knows LSP's types at its edges only. Everything that waits for a disk, a model or a scan happens
off the event loop; what the session itself does on a keystroke is memory work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chiron.errors import ChironError
from chiron.flywheel.outcomes import Offer, OutcomeTracker
from chiron.lsp.clock import Clock
from chiron.lsp.convert import to_path
from chiron.lsp.messages import ClientEvent, ReportParams, Status
from chiron.lsp.rereading import Rereader
from chiron.lsp.troubles import Trouble, Troubles
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
from chiron.redact import redact, redact_part
from chiron.suggest.place import request_at
from chiron.suggest.record import to_records
from chiron.syntax.document import Change, Document

if TYPE_CHECKING:
    from chiron.assemble import Assembly
    from chiron.config import Settings
    from chiron.lsp.upkeep import Upkeep

log = logging.getLogger(__name__)

#: Suggestions whose particulars are kept for "why this?" and for answers from memory.
_REMEMBERED = 256
#: What cannot be assembled (a wrong settings file, no Ansible) is tried again, soon and then less often.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 10.0
#: Files of a workspace that say which modules there are.
_OF_COLLECTIONS = (
    "/plugins/",
    "/library/",
    "/meta/runtime.yml",
    "/MANIFEST.json",
    "/galaxy.yml",
    "/ansible.cfg",
)


class Session:
    """Lives from `initialize` to `exit`."""

    def __init__(
        self,
        read_settings: Callable[[], Settings],
        on_status: Callable[[Status, bool], None],
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        """`on_status` takes what the status bar shows now, and whether a person is to be told of it.

        `now_ms` is what time it is, by this machine's clock unless told otherwise.
        """
        self.roots: list[Path] = []
        self.documents: dict[str, Document] = {}
        self.origin = Origin.EDITOR
        self._read_settings = read_settings
        self._on_status = on_status
        self._now_ms = now_ms or Clock().now_ms
        self._tracker = OutcomeTracker()
        #: What everything works with, once it is assembled; until then the error that is in the way.
        self._assembly: Assembly | None = None
        self._obstacle: ChironError | None = None
        self._tried: asyncio.Event = asyncio.Event()
        self._assembling: asyncio.Task[None] | None = None
        self._known: dict[str, Suggestion] = {}
        self._early: list[Event] = []
        self._paused: set[str] = set()
        self._troubles = Troubles(self._show)
        self._upkeep: Upkeep | None = None
        self._last_accepted: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rereader = Rereader(self._text_of, lambda: self.ready)

    # ------------------------------------------------------------------ life

    def start(self, options: object, roots: Sequence[Path], origin: Origin) -> None:
        """Takes the editor's options, and begins to assemble in the background."""
        self.roots = list(roots)
        self.origin = origin
        self._assembling = asyncio.ensure_future(self._assemble(options))

    async def _assemble(self, options: object) -> None:
        """Assembles, as often as it takes. What is in the way is told, and is looked at again by itself."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                parts, refused = await asyncio.to_thread(self._assembled, options)
                break
            except Exception as error:
                trouble = Trouble.from_error(error)
                self._obstacle = ChironError(trouble.message, advice=trouble.advice)
                self._tried.set()
                self._troubles.meet("start", trouble)
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 1.5)
        self._begin(parts, refused)

    def _assembled(self, options: object) -> tuple[Assembly, tuple[str, ...]]:
        """The parts, and the dotted names of settings that the editor may not set. Blocks."""
        from chiron.assemble import assemble
        from chiron.config import with_editor

        settings, refused = with_editor(self._read_settings(), options)
        logging.getLogger().setLevel(settings.log_level.upper())
        return assemble(settings, self.roots), refused

    def _begin(self, parts: Assembly, refused: Sequence[str]) -> None:
        from chiron.lsp.upkeep import Upkeep

        self._assembly, self._obstacle = parts, None
        parts.learner.clock = self._now_ms
        self._tried.set()
        self._keep(self._early)
        self._early = []
        self._troubles.over("start")
        log.info("Ready: %d modules are known.", len(parts.catalog.names()))
        for key in refused:
            log.warning("The editor may not set %s; it was left alone.", key)
        for trouble in parts.troubles:
            self._troubles.meet("files", Trouble(trouble), logged=True)
        if self._troubles.shown is None:
            self._on_status(self.status(), False)
        self._upkeep = Upkeep(parts, self._troubles, self._open_texts, self._now_ms)
        self._upkeep.start(self.roots)

    async def parts(self) -> Assembly:
        """The assembled parts. Waits while they are put together for the first time.

        Raises `ChironError` while something is in the way of that.
        """
        if self._assembly is None:
            await self._tried.wait()
        if self._assembly is None:
            raise self._obstacle or ChironError("Chiron is closing.")
        return self._assembly

    @property
    def ready(self) -> Assembly | None:
        """The parts, where they are assembled already."""
        return self._assembly

    async def close(self) -> None:
        """Ends every pending suggestion and closes what was opened. It may be called twice."""
        for uri in list(self.documents):
            self.closed(uri)
        self._rereader.stop()
        if self._timer is not None:
            self._timer.cancel()
        if self._upkeep is not None:
            self._upkeep.stop()
        if self._assembling is not None:
            self._assembling.cancel()
        parts, self._assembly = self._assembly, None
        if parts is not None:
            await parts.close()

    def status(self) -> Status:
        """What the status bar should say now."""
        parts, trouble = self.ready, self._troubles.shown
        model = parts.model if parts else None
        return Status(
            state="paused" if "everywhere" in self._paused else "problem" if trouble else "ready",
            model=model.name if model else None,
            endpoint=model.endpoint if model else None,
            leaves_machine=model.leaves_machine if model else False,
            message=trouble.message if trouble else None,
            advice=trouble.advice or None if trouble else None,
        )

    def _show(self, _trouble: Trouble | None, news: bool) -> None:
        self._on_status(self.status(), news)

    # ------------------------------------------------------------------ documents

    def opened(self, uri: str, text: str, version: int, encoding: str) -> None:
        """A document was opened; an open one of the same name is replaced."""
        self.documents[uri] = Document(uri, text, version, encoding)

    def changed(self, uri: str, changes: Iterable[Change]) -> None:
        """The document of `uri` was changed by `changes`, in order; they are already applied."""
        if self._upkeep is not None:
            self._upkeep.noticed()
        self._keep(self._tracker.changed(uri, list(changes), self.documents[uri].text, self._now_ms()))
        self._rereader.soon(uri)

    def _text_of(self, uri: str) -> str | None:
        document = self.documents.get(uri)
        return document.text if document is not None else None

    def saved(self, uri: str) -> None:
        """A document was written to disk."""
        document = self.documents.get(uri)
        if document is not None:
            self._keep(self._tracker.saved(uri, document.text, self._now_ms()))

    def closed(self, uri: str) -> None:
        """A document was closed: what was pending in it has ended."""
        document = self.documents.pop(uri, None)
        if document is not None:
            self._keep(self._tracker.closed(uri, document.text, self._now_ms()))
            self._rereader.soon(uri)

    def changed_on_disk(self, uris: Sequence[str]) -> None:
        """Files changed without the editor's doing: a checkout, a formatter, an install."""
        for uri in uris:
            if uri not in self.documents:
                self._rereader.soon(uri)
        if self._upkeep is not None and any(part in uri for uri in uris for part in _OF_COLLECTIONS):
            self._upkeep.collections_changed()

    def _open_texts(self) -> dict[str, str]:
        """The texts of open files by path."""
        paths = {to_path(uri): document.text for uri, document in self.documents.items()}
        return {path: text for path, text in paths.items() if path is not None}

    # ------------------------------------------------------------------ suggestions

    async def suggest(
        self, place: Place, position: Position, trigger: Trigger, n: int | None = None
    ) -> Sequence[Suggestion]:
        """What may be shown at `position` now."""
        answer = await self.answer(place, position, trigger, n)
        return answer.suggestions if answer else ()

    async def answer(
        self, place: Place, position: Position, trigger: Trigger, n: int | None
    ) -> Answer | None:
        """The pipeline's answer at `position`, or what is left of one that is being typed through.

        None where nothing may be suggested, and while something is in the way of every suggestion.
        """
        document = self.documents.get(place.uri)
        if document is None or self._paused & {"everywhere", place.uri}:
            return None
        if left := self._continuing(document, position):
            return Answer("", tuple(left), (), {})
        asked = request_at(document, position, place, origin=self.origin, trigger=trigger)
        if asked is None:
            return None
        version = document.version
        try:
            parts = await self.parts()
        except ChironError:
            return None
        if not _may_suggest(parts.settings, place, trigger):
            return None
        asked = replace(asked, n=n or parts.settings.suggest.n_alternatives)
        placed = parts.workspaces.placed_at_once(asked)
        if placed is None:
            placed = await asyncio.to_thread(parts.workspaces.placed, asked)
        request, project = placed
        refused = self._tracker.refused(place.uri, document.offset(request.scope.range.start), request.text)
        answer = await parts.suggester_for(request).suggest(request, project, refused=refused)
        self._note(answer)
        self._trace(request, answer)
        document = self.documents.get(place.uri)
        if document is None or document.version != version:
            return None
        return self._offer(document, request, answer)

    def _continuing(self, document: Document, position: Position) -> list[Suggestion]:
        """What is left of the suggestions that the person is typing through."""
        offset = document.offset(position)
        left = []
        for pending in self._tracker.continuing(document.uri, offset, document.text, self._now_ms()):
            known = self._known.get(pending.suggestion_id)
            if known is not None:
                place = Range(document.position(pending.start), document.position(pending.end))
                left.append(replace(known, text=pending.insert, range=place))
        return left

    def offer(self, document: Document, request: Request, answer: Answer) -> Answer:
        """Notes an edit that a person has asked for, and gives it the id under which it is followed."""
        self._trace(request, answer)
        return self._offer(document, request, answer)

    def _trace(self, request: Request, answer: Answer) -> None:
        """Tells the user's own collector of it, where there is one."""
        if self.ready is not None and self.ready.tracer is not None:
            self.ready.tracer.answered(request, answer)

    def note(self, request: Request, answer: Answer) -> None:
        """Keeps in the log what was answered, where it is nothing to put into the text."""
        self._trace(request, answer)
        parts = self.ready
        if parts is not None and parts.feedback is not None:
            for row in to_records(request, answer, self._now_ms()):
                parts.feedback.record(row)

    def may_send(self, place: Place) -> bool:
        """Whether a model may be asked about this file: it is not excluded, and nothing is paused there."""
        parts = self.ready
        if parts is None or self._paused & {"everywhere", place.uri}:
            return False
        return not _is_excluded(place, parts.settings)

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
        at = self._now_ms()
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
        """Tells a model's trouble once, and when it is over. A remembered answer says nothing of it."""
        if answer.trouble:
            self._troubles.meet("model", Trouble(answer.trouble))
        elif answer.consulted is not None and not answer.consulted.from_cache:
            self._troubles.over("model")

    # ------------------------------------------------------------------ inquiries

    async def why(self, suggestion_id: str | None) -> dict[str, Any] | None:
        """What is known of a suggestion: the one named, or the last accepted."""
        from chiron.lsp import inquiries

        wanted = suggestion_id or self._last_accepted
        return await inquiries.why(await self.parts(), wanted) if wanted else None

    async def info(self) -> dict[str, Any]:
        from chiron.lsp import inquiries

        return inquiries.info(await self.parts())

    async def models(self) -> list[dict[str, Any]]:
        from chiron.lsp import inquiries

        return inquiries.models(await self.parts())

    async def use_model(self, name: str) -> Status:
        """Swaps the model. A name that the user's settings do not hold is refused."""
        from chiron.lsp import inquiries

        try:
            await inquiries.use_model(await self.parts(), name, self._known.clear)
        except ChironError as error:
            refused = {"state": "problem", "message": str(error.args[0]), "advice": error.advice}
            return self.status().model_copy(update=refused)
        self._troubles.over("model")
        return self.status()

    def pause(self, paused: bool, scope: str) -> Status:
        """Stops or resumes suggestions, everywhere or in one document."""
        (self._paused.add if paused else self._paused.discard)(scope)
        status = self.status()
        self._on_status(status, False)
        return status

    def report(self, report: ReportParams) -> None:
        """A person's verdict on a suggestion."""
        data = {"label": report.label, "note": redact(report.note).text if report.note else None}
        event = Event(report.suggestion_id, EventKind.LABELLED, Evidence.CONFIRMED, self._now_ms(), data)
        self._keep([event])

    # ------------------------------------------------------------------ outcomes

    def accepted(self, suggestion_id: str) -> None:
        """The item's command ran."""
        self._keep(self._tracker.accepted(suggestion_id, self._now_ms()))

    def seen(self, event: ClientEvent) -> None:
        """The editor saw something that no change shows."""
        self._keep(self._tracker.told(event.model_dump(), self._now_ms()))

    def _redacted(self, text: str) -> str:
        """`text` without secrets, seen where it stands in an open document, if it stands in one."""
        for document in self.documents.values():
            if (at := document.text.find(text)) >= 0:
                return redact_part(document.text, at, at + len(text)).text
        return redact(text).text

    def _keep(self, events: Sequence[Event]) -> None:
        """Writes `events` to the log; before there is one they wait."""
        for event in events:
            if event.kind is EventKind.ACCEPTED:
                self._last_accepted = event.suggestion_id
            row = event
            if "text" in event.data:
                row = replace(event, data={**event.data, "text": self._redacted(str(event.data["text"]))})
            parts = self.ready
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
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._keep(self._tracker.tick(self._now_ms()))


def _may_suggest(settings: Settings, place: Place, trigger: Trigger) -> bool:
    if trigger is Trigger.AUTOMATIC and not settings.suggest.automatic:
        return False
    return not _is_excluded(place, settings)


def _is_excluded(place: Place, settings: Settings) -> bool:
    from chiron.config import is_excluded

    return place.path is not None and is_excluded(place.path, settings.feedback.exclude, place.workspace)
