"""The names of what Chiron says beyond the standard, and how the protocol differs from pygls' own.

Notifications and requests under `chiron/` are for editors that know them; everything works without. What is
in them stands in `messages`. Nothing heavy is imported here: `initialize` waits for it.
"""

from __future__ import annotations

import contextvars
from collections.abc import Generator
from functools import partial
from typing import Any

from cattrs import Converter
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method

EVENT = "chiron/event"
STATUS = "chiron/status"
WHY = "chiron/why"
REPORT = "chiron/report"
PAUSE = "chiron/pause"
SUGGEST_AT = "chiron/suggestAt"
INFO = "chiron/info"
MODELS = "chiron/models"
USE_MODEL = "chiron/useModel"
#: Sent by editors that tell what was seen and taken word by word; no standard has them yet.
DID_SHOW = "textDocument/didShowCompletion"
DID_ACCEPT_PART = "textDocument/didPartiallyAcceptCompletion"
#: The command an accepted item runs.
ACCEPTED = "chiron.accepted"
#: The command that explains a task.
EXPLAIN = "chiron.explain"
#: The action that makes every safe rewrite of a file.
FIX_ALL = "source.fixAll.chiron"


def item_id(params: Any) -> str | None:
    """The suggestion's id in a message that carries one of our items, or None."""
    try:
        found = params["item"]["command"]["arguments"][0]["suggestionId"]
    except (KeyError, IndexError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _keep_plain(cls: type[Any]) -> Any:
    def structure(message: dict[str, Any], _type: Any) -> Any:
        return cls(**message)

    return structure


def _cancel_with(waiting: Any, awaited: Any) -> None:
    """Cancels `awaited` when `waiting` is cancelled."""
    waiting.add_done_callback(lambda done: done.cancelled() and awaited.cancel())


def converter() -> Converter:
    """The converter for messages. Parameters of ours stay plain dictionaries until a model reads them."""
    made = get_converter()
    for cls in (JsonRPCRequestMessage, JsonRPCNotification):
        made.register_structure_hook(cls, _keep_plain(cls))
    return made


class ChironProtocol(LanguageServerProtocol):
    """The standard protocol, without a second copy of every document and without texts in its errors.

    pygls keeps each document's text itself and splits it anew at every keystroke. The session keeps the
    documents here, with their syntax trees, so these three go to it and nowhere else.

    What a handler raises unexpectedly is reported and answered with nothing: pygls would send the message
    and traceback of the exception, and either may quote a document.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._method: contextvars.ContextVar[str] = contextvars.ContextVar("method", default="")
        super().__init__(*arguments, **named)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """`data` as it is. It is called for every object within a message, and any of them may have the keys
        of one; what stands at the top is read in `handle_message`."""
        return data

    def handle_message(self, message: Any) -> None:
        """Reads and handles one message. A request that cannot be read is answered: nobody waits for it."""
        if not isinstance(message, dict) or "jsonrpc" not in message:
            return
        method, msg_id = message.get("method"), message.get("id")
        try:
            read = super().structure_message(message)
        except JsonRpcException:
            read = None
        # What is a notification by its method but came with an id would be handled, and never answered.
        if read is not None and ("id" not in message or hasattr(read, "id")):
            super().handle_message(read)
        elif method is not None and isinstance(msg_id, int | str):
            refusal = JsonRpcInvalidParams(f"{str(method)[:80]!r} cannot be asked in this way")
            self._send_response(msg_id, error=refusal.to_response_error())

    def _handle_request(self, msg_id: int | str, method_name: str, params: Any) -> None:
        self._method.set(method_name)
        super()._handle_request(msg_id, method_name, params)

    def _execute_handler(self, msg_id: int | str, *arguments: Any, **named: Any) -> None:
        """Runs a handler, and lets go of what it came to.

        pygls forgets a request when it is answered, and a notification never: each key would leave something.
        """
        super()._execute_handler(msg_id, *arguments, **named)
        if (future := self._request_futures.get(msg_id)) is not None:
            future.add_done_callback(partial(self._let_go, msg_id))

    def _let_go(self, msg_id: int | str, future: Any) -> None:
        if self._request_futures.get(msg_id) is future:
            del self._request_futures[msg_id]

    def _run_generator(self, future: Any, *, gen: Any, result_future: Any) -> None:
        """Runs the next part of a handler that waits for another, as a command's does.

        pygls answers such a request never where the other was cancelled, and leaves the other running where
        the request was: here each ends with the other.
        """
        if future is not None and future.cancelled():
            result_future.cancel()
            return
        before = set(self._request_futures)
        super()._run_generator(future, gen=gen, result_future=result_future)
        for msg_id in self._request_futures.keys() - before:
            _cancel_with(result_future, self._request_futures[msg_id])

    def _send_handler_result(self, future: Any, *, msg_id: int | str) -> None:
        error = None if future.cancelled() else future.exception()
        if error is None or isinstance(error, JsonRpcException):
            super()._send_handler_result(future, msg_id=msg_id)
            return
        self._request_futures.pop(msg_id, None)
        self._server._report_server_error(error, FeatureRequestError)
        if self._method.get().startswith("textDocument/"):
            self._send_response(msg_id, result=None)
        else:
            self._send_response(msg_id, error=JsonRpcInternalError("internal error").to_response_error())

    def _check_handler_result(self, future: Any) -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self._server._report_server_error(error, FeatureRequestError)

    def _hand_on(self, method: str, params: Any) -> Generator[Any, Any, None]:
        if (handler := self.fm.features.get(method)) is not None:
            yield handler, (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Any, Any, None]:
        yield from self._hand_on(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        yield from self._hand_on(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Any, Any, None]:
        yield from self._hand_on(types.TEXT_DOCUMENT_DID_CLOSE, params)
