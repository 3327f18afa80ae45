"""One client connected to one server, and what a test may have it do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient


@dataclass
class Session:
    """One client connected to one server."""

    client: LanguageClient
    home: Path
    root: Path
    encoding: str = "utf-16"
    #: What the server has written on standard error so far, line by line.
    log: list[str] = field(default_factory=list)
    pid: int = 0
    version: int = 1

    @property
    def told(self) -> list[str]:
        """The messages that a person was shown so far."""
        return [message.message for message in self.client.messages]

    def open(self, relative: str, text: str) -> str:
        """Opens a file of the workspace with `text`, which need not be on disk, and returns its URI."""
        uri = (self.root / relative).as_uri()
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "ansible", 1, text))
        )
        return uri

    def change(self, uri: str, version: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, uri), list(changes)
            )
        )

    def insert(self, uri: str, version: int, line: int, character: int, text: str) -> None:
        at = types.Position(line, character)
        self.change(
            uri, version, types.TextDocumentContentChangePartial(range=types.Range(at, at), text=text)
        )

    async def inline(
        self, uri: str, line: int, character: int, *, invoked: bool = True
    ) -> list[types.InlineCompletionItem]:
        kind = types.InlineCompletionTriggerKind
        answer = await self.client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(kind.Invoked if invoked else kind.Automatic),
                text_document=types.TextDocumentIdentifier(uri),
                position=types.Position(line, character),
            )
        )
        items = answer.items if isinstance(answer, types.InlineCompletionList) else answer
        return list(items or ())

    async def cancelled(self, uri: str, line: int, character: int, after_s: float) -> int:
        """Asks, cancels after `after_s`, and returns the error code that the server answers with."""
        params = types.InlineCompletionParams(
            context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked),
            text_document=types.TextDocumentIdentifier(uri),
            position=types.Position(line, character),
        )
        asked = self.client.protocol.send_request_async(types.TEXT_DOCUMENT_INLINE_COMPLETION, params, "c-1")
        waiting = asyncio.ensure_future(asked)
        await asyncio.sleep(after_s)
        self.client.cancel_request(types.CancelParams("c-1"))
        try:
            await waiting
        except JsonRpcException as error:
            return error.code
        return 0

    async def accept(self, item: types.InlineCompletionItem) -> None:
        assert item.command is not None
        await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=item.command.command, arguments=item.command.arguments)
        )

    def notify(self, method: str, params: dict[str, Any]) -> None:
        self.client.protocol.notify(method, params)

    async def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Any request of Chiron's own, answered in plain values."""
        return plain(await self.client.protocol.send_request_async(method, params))

    async def leave(self) -> None:
        """Shutdown and exit, after which every row is in the log."""
        await self.client.shutdown_session()
        await self.client.stop()


Start = Callable[..., Awaitable[Session]]


def plain(value: Any) -> Any:
    """The client makes objects of mappings; this makes mappings of them again."""
    if hasattr(value, "_asdict"):
        return {key: plain(inner) for key, inner in value._asdict().items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value
