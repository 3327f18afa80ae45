"""A small editor: enough of an LSP client to type into a document, take a suggestion or refuse it.

`chiron try` plays with it, and so do tests that need an editor without a window.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from chiron import __version__
from chiron.errors import ChironError
from chiron.lsp import protocol
from chiron.records import Position, Range


@dataclass(frozen=True, slots=True)
class Offered:
    """A suggestion as an editor gets it: putting `text` in place of `range` is the whole edit."""

    id: str
    text: str
    range: Range


class Editor:
    """One document open in a server of its own. Positions are code points: it negotiates utf-32."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self._client = client
        self.path = path
        self.uri = path.as_uri()
        self.lines = path.read_text(encoding="utf-8").split("\n")
        self._version = 1

    @classmethod
    async def start(
        cls,
        path: Path,
        root: Path,
        arguments: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "chiron", "serve"),
    ) -> Editor:
        """Starts `chiron serve`, as an editor would, and opens `path` in it."""
        # A server says more than a small editor listens to, and pygls warns of each such message.
        logging.getLogger("pygls").setLevel(logging.ERROR)
        client = LanguageClient("chiron-editor", __version__, converter_factory=protocol.converter)
        environment = {**os.environ, **(environ or {})}
        await client.start_io(sys.executable, *program, *arguments, env=environment)
        await client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(
                    general=types.GeneralClientCapabilities(
                        position_encodings=[types.PositionEncodingKind.Utf32]
                    )
                ),
                workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
            )
        )
        client.initialized(types.InitializedParams())
        editor = cls(client, path)
        editor._tell_opened()
        return editor

    def _tell_opened(self) -> None:
        document = types.TextDocumentItem(self.uri, "ansible", self._version, self.text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def turn_to(self, path: Path) -> None:
        """Closes the document and opens another, as it stands on disk."""
        here = types.TextDocumentIdentifier(self.uri)
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(here))
        self.path, self.uri, self._version = path, path.as_uri(), 1
        self.lines = path.read_text(encoding="utf-8").split("\n")
        self._tell_opened()

    def save(self) -> None:
        """Writes the document to disk, and tells the server."""
        self.path.write_text(self.text, encoding="utf-8")
        here = types.TextDocumentIdentifier(self.uri)
        self._client.text_document_did_save(types.DidSaveTextDocumentParams(here))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def end(self) -> Position:
        return Position(len(self.lines) - 1, len(self.lines[-1]))

    def put(self, text: str, place: Range) -> None:
        """Replaces what stands at `place`, and tells the server."""
        start, end = place.start, place.end
        before, after = self.lines[start.line][: start.column], self.lines[end.line][end.column :]
        self.lines[start.line : end.line + 1] = (before + text + after).split("\n")
        self._version += 1
        there = types.Range(types.Position(start.line, start.column), types.Position(end.line, end.column))
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=self.uri, version=self._version),
                [types.TextDocumentContentChangePartial(range=there, text=text)],
            )
        )

    async def type(self, text: str, pause_s: float = 0.0) -> None:
        """Types `text` at the end of the document, a key at a time."""
        for character in text:
            self.put(character, Range(self.end, self.end))
            await asyncio.sleep(pause_s)

    async def suggestions(self, position: Position | None = None, *, invoked: bool = False) -> list[Offered]:
        """What the server offers at a place, the end of the document by default."""
        at = position or self.end
        kind = types.InlineCompletionTriggerKind
        answer = await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(kind.Invoked if invoked else kind.Automatic),
                text_document=types.TextDocumentIdentifier(self.uri),
                position=types.Position(at.line, at.column),
            )
        )
        items = answer.items if isinstance(answer, types.InlineCompletionList) else answer or ()
        return [_offered(item) for item in items]

    async def accept(self, offered: Offered) -> None:
        """Takes a suggestion: its text goes in, then its command runs."""
        self.put(offered.text, offered.range)
        await self._client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=protocol.ACCEPTED, arguments=[{"suggestionId": offered.id}])
        )

    def refuse(self, offered: Offered) -> None:
        """Escape."""
        self._client.protocol.notify(
            protocol.EVENT,
            {"kind": "rejected", "evidence": "observed", "suggestionId": offered.id, "uri": self.uri},
        )

    async def ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Any request of Chiron's own."""
        return await self._client.protocol.send_request_async(method, dict(params))

    async def stop(self) -> None:
        """Leaves as an editor does: shutdown, exit."""
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await self._client.stop()


def _offered(item: types.InlineCompletionItem) -> Offered:
    place = item.range
    arguments: list[Any] = list(item.command.arguments or ()) if item.command else []
    if place is None or not arguments:
        raise ChironError("The server sent an item that is not one of Chiron's.")
    suggestion_id = str(arguments[0]["suggestionId"])
    start, end = place.start, place.end
    return Offered(
        suggestion_id,
        str(item.insert_text),
        Range(Position(start.line, start.character), Position(end.line, end.character)),
    )
