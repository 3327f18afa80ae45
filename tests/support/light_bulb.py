"""An editor with a light-bulb: it keeps what the server publishes, asks for actions and makes their edits."""

from __future__ import annotations

import asyncio
import copy
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from chiron.lsp import protocol
from chiron.lsp.convert import to_path

_CAPABLE = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        apply_edit=True,
        workspace_edit=types.WorkspaceEditClientCapabilities(
            document_changes=True,
            resource_operations=[types.ResourceOperationKind.Create],
            change_annotation_support=types.ChangeAnnotationsSupportOptions(),
        ),
    ),
    text_document=types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(
            data_support=True,
            resolve_support=types.ClientCodeActionResolveOptions(properties=["edit", "command"]),
        )
    ),
    window=types.WindowClientCapabilities(work_done_progress=True),
)


@dataclass
class Editor:
    """One client with one server. Texts are followed as an editor would; positions are in code points."""

    client: LanguageClient
    root: Path
    environ: dict[str, str]
    texts: dict[str, tuple[str, int]] = field(default_factory=dict)
    published: dict[str, list[types.PublishDiagnosticsParams]] = field(default_factory=dict)
    progress: list[Any] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    stopped: bool = False

    @classmethod
    async def start(
        cls,
        root: Path,
        environ: dict[str, str],
        *,
        options: dict[str, Any] | None = None,
        plain: bool = False,
        disables: bool = False,
    ) -> Editor:
        """Connects to a new server; a `plain` client can neither resolve nor annotate.

        One that `disables` shows what cannot be had, with the reason.
        """
        client = LanguageClient("test", "1", converter_factory=protocol.converter)
        editor = cls(client, root, environ)

        def published(params: types.PublishDiagnosticsParams) -> None:
            editor.published.setdefault(params.uri, []).append(params)

        def said(params: types.ShowMessageParams) -> None:
            editor.said.append(params.message)

        def create(_params: types.WorkDoneProgressCreateParams) -> None:
            pass

        def progress(params: types.ProgressParams) -> None:
            editor.progress.append(params)

        for method, handler in (
            (types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, published),
            (types.WINDOW_SHOW_MESSAGE, said),
            (types.WINDOW_WORK_DONE_PROGRESS_CREATE, create),
            (types.PROGRESS, progress),
        ):
            client.feature(method)(handler)

        await client.start_io(sys.executable, "-m", "chiron", "serve", env=environ)
        capabilities = types.ClientCapabilities() if plain else copy.deepcopy(_CAPABLE)
        if disables and capabilities.text_document and capabilities.text_document.code_action:
            capabilities.text_document.code_action.disabled_support = True
        capabilities.general = types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind.Utf32]
        )
        await client.initialize_async(
            types.InitializeParams(
                capabilities=capabilities,
                workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
                initialization_options=options,
            )
        )
        client.initialized(types.InitializedParams())
        return editor

    def open(self, path: str, text: str) -> str:
        uri = (self.root / path).as_uri()
        self.texts[uri] = (text, 1)
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "ansible", 1, text))
        )
        return uri

    def replace(self, uri: str, text: str) -> None:
        """The whole text becomes another, as one change of what differs."""
        old, _ = self.texts[uri]
        before = 0
        while before < min(len(old), len(text)) and old[before] == text[before]:
            before += 1
        after = 0
        while after < min(len(old), len(text)) - before and old[-1 - after] == text[-1 - after]:
            after += 1
        place = types.Range(_at(old, before), _at(old, len(old) - after))
        self._change(uri, text, place, text[before : len(text) - after])

    def _change(self, uri: str, text: str, place: types.Range, new: str) -> None:
        version = self.texts[uri][1] + 1
        self.texts[uri] = (text, version)
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=uri, version=version),
                [types.TextDocumentContentChangePartial(range=place, text=new)],
            )
        )

    def save(self, uri: str) -> None:
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    async def problems(self, uri: str, version: int | None = 1) -> list[types.Diagnostic]:
        """What is published for this version of a document, once it is."""
        for _ in range(600):
            for one in reversed(self.published.get(uri, [])):
                if one.version == version:
                    return list(one.diagnostics)
            await asyncio.sleep(0.05)
        raise AssertionError(f"nothing was published for version {version}")

    async def actions(self, uri: str, line: int, *, only: list[str] | None = None) -> list[types.CodeAction]:
        found = await self._offered(uri, line, only)
        return [one for one in found if isinstance(one, types.CodeAction)]

    async def titles(self, uri: str, line: int) -> list[str]:
        return [one.title for one in await self._offered(uri, line, None)]

    async def command(self, uri: str, line: int, title: str, column: int = 4) -> types.Command:
        """What is offered under this title and is no edit, once the model was probed."""
        titles: list[str] = []
        for _ in range(100):
            found = await self._offered(uri, line, None, column)
            titles = [one.title for one in found]
            for one in found:
                if isinstance(one, types.Command) and one.title.startswith(title):
                    return one
            await asyncio.sleep(0.1)
        raise AssertionError(titles)

    async def _offered(
        self, uri: str, line: int, only: list[str] | None, column: int = 4
    ) -> list[types.CodeAction | types.Command]:
        at = types.Position(line, column)
        kinds: Any = only
        answer = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri), types.Range(at, at), types.CodeActionContext([], kinds)
            )
        )
        return list(answer or [])

    async def action(self, uri: str, line: int, title: str) -> types.CodeAction:
        """The action whose title begins so; the server may still be getting ready."""
        for _ in range(300):
            found = await self.actions(uri, line)
            for one in found:
                if one.title.startswith(title):
                    return one
            if found and not title.startswith("Chiron: "):  # a model is probed first
                break
            await asyncio.sleep(0.1)
        raise AssertionError([one.title for one in found])

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        return await self.client.code_action_resolve_async(action)

    def apply(self, uri: str, action: types.CodeAction) -> str:
        """Makes the action's edits, in the document and elsewhere, tells the server, and returns the text."""
        assert action.edit is not None
        edits: list[Any] = list((action.edit.changes or {}).get(uri, []))
        for change in action.edit.document_changes or ():
            if isinstance(change, types.CreateFile):
                made = self.path_of(change.uri)
                assert not made.exists()
                made.parent.mkdir(parents=True, exist_ok=True)
                made.touch()
                continue
            assert isinstance(change, types.TextDocumentEdit)
            if change.text_document.uri != uri:
                self._edit_elsewhere(change)
                continue
            assert change.text_document.version == self.texts[uri][1]
            edits += change.edits
        for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
            text = self.texts[uri][0]
            start, end = _offset(text, edit.range.start), _offset(text, edit.range.end)
            self._change(uri, text[:start] + edit.new_text + text[end:], edit.range, edit.new_text)
        return self.texts[uri][0]

    def _edit_elsewhere(self, change: types.TextDocumentEdit) -> None:
        """Makes edits of another file: of an open document, or on disk."""
        uri = change.text_document.uri
        is_open = uri in self.texts
        assert change.text_document.version == (self.texts[uri][1] if is_open else None)
        text = self.texts[uri][0] if is_open else self.path_of(uri).read_bytes().decode()
        (edit,) = change.edits
        assert isinstance(edit, types.AnnotatedTextEdit)
        start, end = _offset(text, edit.range.start), _offset(text, edit.range.end)
        new = text[:start] + edit.new_text + text[end:]
        if is_open:
            self._change(uri, new, edit.range, edit.new_text)
        else:
            self.path_of(uri).write_bytes(new.encode())

    def worked(self) -> list[tuple[str | int, str, str]]:
        """What was told of work in progress: token, kind and message."""
        told = [(one.token, one.value) for one in self.progress if isinstance(one.value, dict)]
        return [(token, str(value["kind"]), str(value.get("message", ""))) for token, value in told]

    def pieces(self, token: str) -> list[str]:
        """The pieces of a result that were told under `token`."""
        return [one.value for one in self.progress if one.token == token]

    def path_of(self, uri: str) -> Path:
        """Where the file of a URI is."""
        found = to_path(uri)
        assert found is not None
        return Path(found)

    async def run_command(self, action: types.CodeAction) -> Any:
        """Runs the action's command, as an editor does when the edit is made."""
        assert action.command is not None
        return await self.run(action.command)

    async def run(self, command: types.Command, **more: Any) -> Any:
        """Runs a command, with `more` beside what its argument holds."""
        arguments = list(command.arguments or ())
        if more and isinstance(arguments[0], dict):
            arguments[0] = arguments[0] | more
        return await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=command.command, arguments=arguments)
        )

    async def leave(self) -> None:
        """Shutdown and exit, after which every row is in the log."""
        if not self.stopped:
            self.stopped = True
            await asyncio.wait_for(self.client.shutdown_async(None), 20)
            self.client.exit(None)
            await self.client.stop()

    def log(self) -> list[dict[str, Any]]:
        """Every row of the feedback log, with its events."""
        rows = json.loads(self._chiron("feedback", "list", "--json", "--limit", "50"))
        return [json.loads(self._chiron("feedback", "show", row["id"], "--json")) for row in rows]

    def _chiron(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "chiron", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def _offset(text: str, at: types.Position) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: at.line]) + at.character


def _at(text: str, offset: int) -> types.Position:
    before = text[:offset]
    return types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)


StartEditor = Callable[..., Awaitable[Editor]]
