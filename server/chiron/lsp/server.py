"""The language server: every handler converts in, calls the session, and converts out.

What an editor waits for first is the answer to `initialize`, so this module imports little: the session,
and all that stands behind it, is imported once that answer is on its way.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from chiron import __version__
from chiron.lsp import protocol, serving

if TYPE_CHECKING:
    from chiron.config import Settings
    from chiron.lsp.actions import Actions
    from chiron.lsp.advice import Advice
    from chiron.lsp.diagnostics import Diagnoser
    from chiron.lsp.messages import Status
    from chiron.lsp.session import Session
    from chiron.records import Origin

log = logging.getLogger(__name__)

#: Files that say what a suggestion may hold, and which modules there are.
_WATCHED = (
    "**/*.yml",
    "**/*.yaml",
    "**/plugins/**/*.py",
    "**/library/**/*.py",
    "**/MANIFEST.json",
    "**/ansible.cfg",
)


class Server(LanguageServer):
    """One connection, one session."""

    def __init__(self, read_settings: Callable[[], Settings]) -> None:
        super().__init__(
            "chiron",
            __version__,
            protocol_cls=protocol.ChironProtocol,
            converter_factory=protocol.converter,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        )
        self._read_settings = read_settings
        #: The client shows states itself; others are told of trouble in a message.
        self.knows_chiron = False

    @cached_property
    def session(self) -> Session:
        from chiron.lsp.session import Session

        return Session(self._read_settings, self._tell_status)

    @cached_property
    def diagnoser(self) -> Diagnoser:
        from chiron.lsp.diagnostics import Diagnoser

        return Diagnoser(self.session, self.text_document_publish_diagnostics, lambda: self.encoding)

    @cached_property
    def actions(self) -> Actions:
        from chiron.lsp.actions import Actions
        from chiron.lsp.edits import Able

        able = Able.of(self.client_capabilities)
        return Actions(self.session, self.diagnoser, lambda: self.encoding, able, self.advice)

    @cached_property
    def advice(self) -> Advice:
        from chiron.lsp.advice import Advice
        from chiron.lsp.edits import Able
        from chiron.lsp.progress import progress_of

        able = Able.of(self.client_capabilities)
        return Advice(self.session, self.diagnoser, lambda: self.encoding, able, progress_of(self))

    @property
    def encoding(self) -> str:
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def begin(self, options: dict[str, Any], folders: list[str]) -> None:
        """Begins the session. `folders` are the workspace's URIs."""
        from chiron.lsp import convert

        roots = [Path(path) for uri in folders if uri and (path := convert.to_path(uri))]
        self.session.start(options, roots, _origin())

    async def close(self) -> None:
        """Closes the session, where one was begun."""
        if "diagnoser" in self.__dict__:
            self.diagnoser.stop()
        if "session" in self.__dict__:
            await self.session.close()

    def _tell_status(self, status: Status, news: bool) -> None:
        if self.knows_chiron:
            self.protocol.notify(protocol.STATUS, status.model_dump(by_alias=True))
        elif news and status.state == "problem":
            message = " ".join(part for part in (status.message, status.advice) if part)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"Chiron: {message}"))

    async def watch(self) -> None:
        """Asks the client to tell of files that change without it, where it can."""
        files = getattr(self.client_capabilities.workspace, "did_change_watched_files", None)
        if files is None or not files.dynamic_registration:
            return
        watchers = [types.FileSystemWatcher(glob_pattern=glob) for glob in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        await self.client_register_capability_async(
            types.RegistrationParams(
                [types.Registration("watch", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)]
            )
        )

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Notes the kind and place of a fault. Its message may quote a document, so it goes nowhere."""
        from chiron.lsp.troubles import where

        if isinstance(error, JsonRpcException):
            log.info("a message was refused: %s", where(error))
            return
        log.error("internal error while handling a message: %s", where(error))


def run(read_settings: Callable[[], Settings], tcp: str | None = None) -> None:
    """Serves on standard input and output, or on the loopback address `tcp`, until the client leaves.

    Then it ends the process. Settings are read once `initialize` is answered; wrong ones are told to the
    person there, and read again when they are mended.
    """
    serving.set_up_log("warning")
    server = build(read_settings)
    serving.serve(server, server, tcp)


def _origin() -> Origin:
    """Who asks: an editor, unless the process that started us says it is a demonstration or a replay."""
    from chiron.records import Origin

    try:
        return Origin(os.environ.get("CHIRON_ORIGIN", "editor"))
    except ValueError:
        return Origin.EDITOR


def build(read_settings: Callable[[], Settings]) -> Server:
    """A server with every handler registered."""
    server = Server(read_settings)

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options = params.initialization_options
        options = dict(options) if isinstance(options, dict) else {}
        server.knows_chiron = bool(options.pop("clientCommands", False))
        if not server.knows_chiron:
            server.command(protocol.ACCEPTED)(accepted)
        folders = [folder.uri for folder in params.workspace_folders or []] or [params.root_uri or ""]
        # The answer goes out first.
        asyncio.get_running_loop().call_soon(server.begin, options, folders)

    def accepted(*arguments: Any) -> None:
        if arguments and isinstance(arguments[0], dict):
            server.session.offers.accepted(str(arguments[0].get("suggestionId", "")))

    @server.feature(types.INITIALIZED)
    async def initialized(_params: types.InitializedParams) -> None:
        await server.watch()

    @server.feature(types.SHUTDOWN)
    async def shutdown(_params: None) -> None:
        await server.close()

    _register_documents(server)
    _register_actions(server)
    _register_ours(server)
    return server


def _register_documents(server: Server) -> None:
    """The messages about documents, and what may be suggested in them."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        server.session.opened(document.uri, document.text, document.version, server.encoding)
        server.diagnoser.opened(document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        from chiron.lsp import convert

        uri, version = params.text_document.uri, params.text_document.version
        if (document := server.session.documents.get(uri)) is not None:
            changes = convert.apply_changes(document, params.content_changes, version, server.encoding)
            server.session.changed(uri, changes)
            server.diagnoser.changed(uri, convert.last_line(document, changes))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.session.saved(params.text_document.uri)
        server.diagnoser.saved(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        server.session.changed_on_disk([change.uri for change in params.changes])

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.session.closed(params.text_document.uri)
        server.diagnoser.closed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList | None:
        from chiron.lsp import convert

        document = server.session.documents.get(params.text_document.uri)
        if document is None:
            return None
        position = convert.to_position(document, params.position, server.encoding)
        suggestions = await server.session.suggest(
            convert.to_place(document, server.session.roots),
            position,
            convert.to_trigger(params.context.trigger_kind),
        )
        selected = params.context.selected_completion_info
        return types.InlineCompletionList(convert.to_items(suggestions, document, selected, server.encoding))


def _register_actions(server: Server) -> None:
    """The light-bulb."""
    known = types.CodeActionKind
    kinds = [known.QuickFix, known.RefactorRewrite, known.RefactorExtract, protocol.FIX_ALL]

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=kinds, resolve_provider=True),
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        return await server.actions.offered(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def code_action_resolve(action: types.CodeAction) -> types.CodeAction:
        return await server.actions.resolve(action)

    @server.command(protocol.EXPLAIN)
    async def explain(*arguments: Any) -> str | None:
        if not arguments or not isinstance(arguments[0], dict):
            return None
        token = arguments[0].get("partialResultToken")
        if not isinstance(token, int | str):
            text = await server.advice.explain(arguments[0], lambda _piece: None)
            server.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
            return text
        # Who gives a token shows the pieces as they come.
        return await server.advice.explain(
            arguments[0], lambda piece: server.progress(types.ProgressParams(token, piece))
        )


def _register_ours(server: Server) -> None:
    """The messages beyond the standard."""

    @server.feature(protocol.EVENT)
    def event(params: Any) -> None:
        from chiron.lsp import messages

        server.session.offers.seen(messages.read(messages.ClientEvent, params))

    @server.feature(protocol.DID_SHOW)
    def did_show(params: Any) -> None:
        from chiron.lsp import messages

        if (suggestion_id := protocol.item_id(params)) is not None:
            server.session.offers.seen(messages.ClientEvent(kind="shown", suggestion_id=suggestion_id))

    @server.feature(protocol.DID_ACCEPT_PART)
    def did_accept_part(params: Any) -> None:
        from chiron.lsp import messages

        if (suggestion_id := protocol.item_id(params)) is not None:
            length = params.get("acceptedLength") if isinstance(params, dict) else None
            server.session.offers.seen(
                messages.read(
                    messages.ClientEvent,
                    {"kind": "accepted_part", "suggestionId": suggestion_id, "acceptedLength": length},
                )
            )

    @server.feature(protocol.SUGGEST_AT)
    async def suggest_at(params: Any) -> dict[str, object]:
        from chiron.lsp import convert, messages
        from chiron.records import Trigger

        asked = messages.read(messages.SuggestAtParams, params)
        document = server.session.documents.get(asked.uri)
        if document is None:
            return {"suggestions": [], "withheld": []}
        at = types.Position(asked.position.line, asked.position.character)
        position = convert.to_position(document, at, server.encoding)
        place = convert.to_place(document, server.session.roots)
        answer = await server.session.answer(place, position, Trigger.INVOKED, asked.n)
        return convert.to_json(answer, document, server.encoding)

    @server.feature(protocol.WHY)
    async def why(params: Any) -> dict[str, object] | None:
        from chiron.lsp import messages

        return await server.session.why(messages.read(messages.WhyParams, params).suggestion_id)

    @server.feature(protocol.REPORT)
    def report(params: Any) -> None:
        from chiron.lsp import messages

        server.session.offers.report(messages.read(messages.ReportParams, params))

    @server.feature(protocol.PAUSE)
    def pause(params: Any) -> dict[str, object]:
        from chiron.lsp import messages

        asked = messages.read(messages.PauseParams, params)
        return server.session.pause(asked.paused, asked.scope).model_dump(by_alias=True)

    @server.feature(protocol.INFO)
    async def info(_params: Any) -> dict[str, object]:
        return await server.session.info()

    @server.feature(protocol.MODELS)
    async def models(_params: Any) -> list[dict[str, object]]:
        return await server.session.models()

    @server.feature(protocol.USE_MODEL)
    async def use_model(params: Any) -> dict[str, object]:
        from chiron.lsp import messages

        status = await server.session.use_model(messages.read(messages.UseModelParams, params).name)
        return status.model_dump(by_alias=True)
