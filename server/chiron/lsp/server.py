"""The language server: every handler converts in, calls the session, and converts out."""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
from pathlib import Path
from typing import Any

from lsprotocol import types
from pydantic import ValidationError
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from chiron import __version__
from chiron.config import Settings
from chiron.errors import SettingsError
from chiron.lsp import convert, protocol
from chiron.lsp.session import Session
from chiron.records import Origin, Trigger

log = logging.getLogger(__name__)


class Server(LanguageServer):
    """One connection, one session."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            "chiron",
            __version__,
            protocol_cls=protocol.ChironProtocol,
            converter_factory=protocol.converter,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        )
        self.session = Session(settings, self._tell_status)
        #: The client shows states itself; others are told of trouble in a message.
        self.knows_chiron = False

    @property
    def encoding(self) -> str:
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def _tell_status(self, status: protocol.Status) -> None:
        if self.knows_chiron:
            self.protocol.notify(protocol.STATUS, status.model_dump(by_alias=True))
        elif status.state == "problem":
            message = " ".join(part for part in (status.message, status.advice) if part)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"Chiron: {message}"))

    async def watch(self) -> None:
        """Asks the client to tell of YAML files that change without it, where it can."""
        files = getattr(self.client_capabilities.workspace, "did_change_watched_files", None)
        if files is None or not files.dynamic_registration:
            return
        watchers = [types.FileSystemWatcher(glob_pattern=glob) for glob in ("**/*.yml", "**/*.yaml")]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        await self.client_register_capability_async(
            types.RegistrationParams(
                [types.Registration("watch", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)]
            )
        )

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Notes the kind of a fault. Its message may quote a document, so it goes nowhere."""
        log.error("internal error while handling a message: %s", type(error).__name__)


def run(settings: Settings, tcp: str | None = None) -> None:
    """Serves on standard input and output, or on the loopback address `tcp`, until the client leaves."""
    _set_up_log(settings.log_level)
    server = build(settings)
    if tcp is None:
        server.start_io()
        return
    host, port = _loopback(tcp)
    server.start_tcp(host, port)


def _loopback(tcp: str) -> tuple[str, int]:
    host, _, port = tcp.rpartition(":")
    name = host.strip("[]") or "127.0.0.1"
    address = "127.0.0.1" if name == "localhost" else name
    try:
        if not port.isdigit() or not ipaddress.ip_address(address).is_loopback:
            raise ValueError
    except ValueError:
        raise SettingsError(
            f"{tcp!r} is not a loopback address with a port.", advice="Use 127.0.0.1:PORT."
        ) from None
    return address, int(port)


def _set_up_log(level: str) -> None:
    """Logs go to standard error. pygls and the HTTP library log messages whole, documents and all, so they
    are silenced at every level."""
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in ("pygls", "asyncio", "openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        quiet = logging.getLogger(name)
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        quiet.setLevel(logging.CRITICAL + 1)


def _origin() -> Origin:
    """Who asks: an editor, unless the process that started us says it is a demonstration or a replay."""
    try:
        return Origin(os.environ.get("CHIRON_ORIGIN", "editor"))
    except ValueError:
        return Origin.EDITOR


def build(settings: Settings) -> Server:
    """A server with every handler registered."""
    server = Server(settings)
    session = server.session

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options = params.initialization_options
        options = dict(options) if isinstance(options, dict) else {}
        server.knows_chiron = bool(options.pop("clientCommands", False))
        if not server.knows_chiron:
            server.command(protocol.ACCEPTED)(accepted)
        folders = [folder.uri for folder in params.workspace_folders or []] or [params.root_uri or ""]
        roots = [Path(path) for uri in folders if uri and (path := convert.to_path(uri))]
        refused = session.start(options, roots, _origin())
        for key in refused:
            log.warning("The editor may not set %s; it was left alone.", key)

    def accepted(*arguments: Any) -> None:
        if arguments and isinstance(arguments[0], dict):
            session.accepted(str(arguments[0].get("suggestionId", "")))

    @server.feature(types.INITIALIZED)
    async def initialized(_params: types.InitializedParams) -> None:
        await server.watch()

    @server.feature(types.SHUTDOWN)
    async def shutdown(_params: None) -> None:
        await session.close()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        session.opened(document.uri, document.text, document.version, server.encoding)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        if (document := session.documents.get(uri)) is not None:
            changes = convert.apply_changes(document, params.content_changes, version, server.encoding)
            session.changed(uri, changes)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        session.saved(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        session.changed_on_disk([change.uri for change in params.changes])

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        session.closed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList | None:
        document = session.documents.get(params.text_document.uri)
        if document is None:
            return None
        position = convert.to_position(document, params.position, server.encoding)
        suggestions = await session.suggest(
            convert.to_place(document, session.roots),
            position,
            convert.to_trigger(params.context.trigger_kind),
        )
        selected = params.context.selected_completion_info
        return types.InlineCompletionList(convert.to_items(suggestions, document, selected, server.encoding))

    _register_ours(server)
    return server


def _register_ours(server: Server) -> None:
    """The messages beyond the standard."""
    session = server.session

    @server.feature(protocol.EVENT)
    def event(params: Any) -> None:
        session.seen(_read(protocol.ClientEvent, params))

    @server.feature(protocol.DID_SHOW)
    def did_show(params: Any) -> None:
        if (suggestion_id := protocol.item_id(params)) is not None:
            session.seen(protocol.ClientEvent(kind="shown", suggestion_id=suggestion_id))

    @server.feature(protocol.DID_ACCEPT_PART)
    def did_accept_part(params: Any) -> None:
        if (suggestion_id := protocol.item_id(params)) is not None:
            length = params.get("acceptedLength") if isinstance(params, dict) else None
            session.seen(
                _read(
                    protocol.ClientEvent,
                    {"kind": "accepted_part", "suggestionId": suggestion_id, "acceptedLength": length},
                )
            )

    @server.feature(protocol.SUGGEST_AT)
    async def suggest_at(params: Any) -> dict[str, object]:
        asked = _read(protocol.SuggestAtParams, params)
        document = session.documents.get(asked.uri)
        if document is None:
            return {"suggestions": [], "withheld": []}
        at = types.Position(asked.position.line, asked.position.character)
        position = convert.to_position(document, at, server.encoding)
        place = convert.to_place(document, session.roots)
        answer = await session.answer(place, position, Trigger.INVOKED, asked.n)
        return convert.to_json(answer, document, server.encoding)

    @server.feature(protocol.WHY)
    async def why(params: Any) -> dict[str, object] | None:
        return await session.why(_read(protocol.WhyParams, params).suggestion_id)

    @server.feature(protocol.REPORT)
    def report(params: Any) -> None:
        session.report(_read(protocol.ReportParams, params))

    @server.feature(protocol.PAUSE)
    def pause(params: Any) -> dict[str, object]:
        asked = _read(protocol.PauseParams, params)
        return session.pause(asked.paused, asked.scope).model_dump(by_alias=True)

    @server.feature(protocol.INFO)
    async def info(_params: Any) -> dict[str, object]:
        return await session.info()

    @server.feature(protocol.MODELS)
    async def models(_params: Any) -> list[dict[str, object]]:
        return await session.models()

    @server.feature(protocol.USE_MODEL)
    async def use_model(params: Any) -> dict[str, object]:
        status = await session.use_model(_read(protocol.UseModelParams, params).name)
        return status.model_dump(by_alias=True)


def _read(model: type[protocol.M], params: Any) -> protocol.M:
    """`params` as `model`, or the error that tells a client which field is wrong."""
    try:
        return model.model_validate(params if isinstance(params, dict) else {})
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise JsonRpcInvalidParams(f"wrong or missing: {fields}") from None
