"""What Chiron says beyond the standard, and how messages are read.

Notifications and requests under `chiron/` are for editors that know them; everything works without. Their
shapes stand here and nowhere else on the server's side.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal, TypeVar

from cattrs import Converter
from lsprotocol import types
from lsprotocol.converters import get_converter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
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


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


M = TypeVar("M", bound=_Message)


class ClientEvent(_Message):
    """Something the editor saw happen to a suggestion."""

    kind: Literal["accepted", "rejected", "moved_away", "shown", "accepted_part"]
    evidence: Literal["confirmed", "observed", "inferred"] = "observed"
    suggestion_id: str | None = Field(None, max_length=64)
    uri: str | None = Field(None, max_length=4096)
    #: Cumulative, in UTF-16 units.
    accepted_length: int | None = Field(None, ge=0, le=1_000_000)
    reason: str | None = Field(None, max_length=64)


class Status(_Message):
    """What the status bar shows."""

    state: Literal["ready", "thinking", "paused", "problem"]
    model: str | None = None
    endpoint: str | None = None
    leaves_machine: bool = False
    message: str | None = None
    advice: str | None = None


class WhyParams(_Message):
    suggestion_id: str | None = Field(None, max_length=64)


class ReportParams(_Message):
    suggestion_id: str = Field(max_length=64)
    label: str = Field(max_length=64)
    note: str | None = Field(None, max_length=4000)


class PauseParams(_Message):
    paused: bool
    #: `everywhere`, or the URI of one document.
    scope: str = Field("everywhere", max_length=4096)


class _ClientPosition(_Message):
    line: int = Field(ge=0)
    character: int = Field(ge=0)


class SuggestAtParams(_Message):
    uri: str = Field(max_length=4096)
    position: _ClientPosition
    n: int = Field(3, ge=1, le=3)


class UseModelParams(_Message):
    name: str = Field(max_length=200)


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


def converter() -> Converter:
    """The converter for messages. Parameters of ours stay plain dictionaries until a model reads them."""
    made = get_converter()
    for cls in (JsonRPCRequestMessage, JsonRPCNotification):
        made.register_structure_hook(cls, _keep_plain(cls))
    return made


class ChironProtocol(LanguageServerProtocol):
    """The standard protocol, without a second copy of every document.

    pygls keeps each document's text itself and splits it anew at every keystroke. The session keeps the
    documents here, with their syntax trees, so these three go to it and nowhere else.
    """

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
