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
from chiron.lsp.clock import Clock
from chiron.lsp.convert import to_path
from chiron.lsp.messages import Status
from chiron.lsp.offers import Offers
from chiron.lsp.rereading import Rereader
from chiron.lsp.troubles import Trouble, Troubles
from chiron.records import (
    Answer,
    Origin,
    Place,
    Position,
    Suggestion,
    Trigger,
)
from chiron.suggest.place import request_at
from chiron.syntax.document import Change, Document

if TYPE_CHECKING:
    from chiron.assemble import Assembly
    from chiron.config import Settings
    from chiron.lsp.upkeep import Upkeep

log = logging.getLogger(__name__)

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
        #: What everything works with, once it is assembled; until then the error that is in the way.
        self._assembly: Assembly | None = None
        self._obstacle: ChironError | None = None
        self._tried: asyncio.Event = asyncio.Event()
        self._assembling: asyncio.Task[None] | None = None
        self._paused: set[str] = set()
        self._troubles = Troubles(self._show)
        self._upkeep: Upkeep | None = None
        self.offers = Offers(self.documents, lambda: self.ready, self._now_ms)
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
        self.offers.opened_log()
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
        self.offers.stop()
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
        self.offers.changed(uri, list(changes))
        self._rereader.soon(uri)

    def _text_of(self, uri: str) -> str | None:
        document = self.documents.get(uri)
        return document.text if document is not None else None

    def saved(self, uri: str) -> None:
        """A document was written to disk."""
        document = self.documents.get(uri)
        if document is not None:
            self.offers.saved(document)

    def closed(self, uri: str) -> None:
        """A document was closed: what was pending in it has ended."""
        document = self.documents.pop(uri, None)
        if document is not None:
            self.offers.closed(document)
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
        if left := self.offers.continuing(document, position):
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
        refused = self.offers.refused(document, request)
        answer = await parts.suggester_for(request).suggest(request, project, refused=refused)
        self._note(answer)
        self.offers.trace(request, answer)
        document = self.documents.get(place.uri)
        if document is None or document.version != version:
            return None
        return self.offers.offered(document, request, answer)

    def may_send(self, place: Place) -> bool:
        """Whether a model may be asked about this file: it is not excluded, and nothing is paused there."""
        parts = self.ready
        if parts is None or self._paused & {"everywhere", place.uri}:
            return False
        return not _is_excluded(place, parts.settings)

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

        wanted = suggestion_id or self.offers.last_accepted
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
            await inquiries.use_model(await self.parts(), name, self.offers.forget)
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


def _may_suggest(settings: Settings, place: Place, trigger: Trigger) -> bool:
    if trigger is Trigger.AUTOMATIC and not settings.suggest.automatic:
        return False
    return not _is_excluded(place, settings)


def _is_excluded(place: Place, settings: Settings) -> bool:
    from chiron.config import is_excluded

    return place.path is not None and is_excluded(place.path, settings.feedback.exclude, place.workspace)
