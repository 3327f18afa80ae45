"""A server of pygls alone that answers inline completions with nothing, to be compared with."""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("bare", "1", text_document_sync_kind=types.TextDocumentSyncKind.Incremental)


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
def inline_completion(_params: types.InlineCompletionParams) -> types.InlineCompletionList:
    return types.InlineCompletionList([])


if __name__ == "__main__":
    server.start_io()
