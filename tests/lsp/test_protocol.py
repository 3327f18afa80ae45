"""What the protocol keeps of messages, which is nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from chiron.lsp.protocol import ChironProtocol, converter

CHANGE = {
    "textDocument": {"uri": "file:///a.yml", "version": 2},
    "contentChanges": [{"text": "- name: x"}],
}


@pytest.fixture
def server() -> LanguageServer:
    made = LanguageServer("x", "1", protocol_cls=ChironProtocol, converter_factory=converter)

    @made.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(_params: types.DidChangeTextDocumentParams) -> None: ...

    @made.feature("x/told")
    async def told(_params: Any) -> None:
        await asyncio.sleep(0)

    @made.feature("x/fails")
    async def fails(_params: Any) -> None:
        raise ValueError

    return made


@pytest.mark.parametrize("method", [types.TEXT_DOCUMENT_DID_CHANGE, "x/told", "x/fails"])
async def test_nothing_is_kept_of_a_notification_that_was_handled(
    server: LanguageServer, method: str
) -> None:
    logging.disable(logging.CRITICAL)
    try:
        for _ in range(20):
            params = CHANGE if method == types.TEXT_DOCUMENT_DID_CHANGE else {}
            message: Any = {"jsonrpc": "2.0", "method": method, "params": params}
            server.protocol.handle_message(message)
        for _ in range(5):
            await asyncio.sleep(0)
    finally:
        logging.disable(logging.NOTSET)
    assert not server.protocol._request_futures
