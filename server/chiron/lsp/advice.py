"""Code actions that ask a model: offered where it can, worked out when chosen, shown before they are made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from chiron.errors import ChironError, ModelError
from chiron.lsp import protocol
from chiron.lsp.convert import to_place
from chiron.lsp.edits import Able, to_workspace_edit
from chiron.lsp.progress import Progress
from chiron.records import Answer, Capabilities, Expects, Model, Request, ScopeKind, Trigger
from chiron.suggest.actions import ACTIONS, Action, Target, offered, scope_for, target_at
from chiron.syntax.kind import file_kind

if TYPE_CHECKING:
    from chiron.assemble import Assembly
    from chiron.lsp.session import Session
    from chiron.syntax.document import Document

#: A model that has not said so far what it can do is not waited for longer than this.
_PROBE_S = 1.0
#: Codes of the protocol.
_CONTENT_MODIFIED, _REQUEST_FAILED = -32801, -32803


class Stale(JsonRpcException):
    """The document is another by now."""

    def __init__(self) -> None:
        super().__init__("The file has changed since this was offered. Ask again.", code=_CONTENT_MODIFIED)


class Failed(JsonRpcException):
    """What was asked for could not be worked out; the message is for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=_REQUEST_FAILED)


class Advice:
    """The actions of one session that need a model."""

    def __init__(self, session: Session, encoding: Callable[[], str], able: Able, progress: Progress) -> None:
        self._session = session
        self._encoding = encoding
        self._able = able
        self._progress = progress
        self._probing: tuple[Model, asyncio.Task[Capabilities | None]] | None = None

    async def offered(
        self, document: Document, parts: Assembly, line: int
    ) -> list[types.CodeAction | types.Command]:
        """What a model could do with the task on `line`; nothing where it cannot be asked."""
        place = to_place(document, self._session.roots)
        if not self._able.resolves or not self._session.may_send(place):
            return []
        able = await self._able_model(parts.model)
        if able is None:
            return []
        kind = file_kind(place.path, document.text)
        target = await asyncio.to_thread(target_at, document.text, kind, parts.catalog, line)
        if target is None:
            return []
        return [_to_action(one, document, line) for one in offered(target, able)]

    async def _able_model(self, model: Model | None) -> Capabilities | None:
        """What the model can do. A probe that takes long goes on by itself, and is known the next time."""
        if model is None:
            return None
        known, task = self._probing or (None, None)
        if known is not model or task is None or (task.done() and task.result() is None):
            task = asyncio.ensure_future(_probe(model))
            self._probing = (model, task)
        done, _ = await asyncio.wait({task}, timeout=_PROBE_S)
        return task.result() if done else None

    async def resolve(self, action: types.CodeAction, data: dict[str, Any]) -> types.CodeAction:
        """`action` with its edit, which the client shows before it is made. Raises `Stale` and `Failed`."""
        document, answer, request = await self._answer(data)
        if not answer.suggestions:
            raise Failed(_why_not(answer))
        one = answer.suggestions[0]
        start, end = document.offset(one.range.start), document.offset(one.range.end)
        from chiron.ansible.rewrite import Edit

        edit = Edit(start, end, one.text)
        noted = self._session.offer(document, request, answer)
        action.edit = to_workspace_edit(
            document, [edit], action.title, self._able, self._encoding(), confirm=True
        )
        action.command = types.Command(
            title="Chiron: accepted",
            command=protocol.ACCEPTED,
            arguments=[{"suggestionId": noted.suggestions[0].id}],
        )
        return action

    async def explain(self, data: dict[str, Any]) -> str:
        """The explanation, with the documentation it goes by. Raises `Stale` and `Failed`."""
        _, answer, request = await self._answer({**data, "model": "explain"})
        if not answer.suggestions:
            raise Failed(_why_not(answer))
        self._session.note(request, answer)
        one = answer.suggestions[0]
        sources = [f"{g.what} ({g.detail})" for g in one.grounds if g.kind == "module"]
        return "\n\n".join([one.text, *(f"Documentation: {source}" for source in sources)])

    async def _answer(self, data: dict[str, Any]) -> tuple[Document, Answer, Request]:
        """What the model answers about the task that `data` names, logged where nothing came of it."""
        from chiron.suggest.advise import advise

        document = self._session.documents.get(str(data.get("uri", "")))
        action = next((one for one in ACTIONS if one.code == data.get("model")), None)
        if document is None or action is None or document.version != data.get("version"):
            raise Stale
        try:
            parts = await self._session.parts()
        except ChironError as error:
            raise Failed(str(error)) from None
        request, target = await self._asked(document, parts, action, data)
        version = document.version
        async with self._progress(f"Chiron: {action.title}"):
            placed, project = await asyncio.to_thread(parts.placed, request)
            answer = await advise(parts.suggester, action, placed, target, project)
        logged = replace(placed, scope=replace(placed.scope, kind=ScopeKind.ACTION))
        document = self._session.documents.get(str(data["uri"]))
        if document is None or document.version != version:
            raise Stale
        if not answer.suggestions:
            self._session.offer(document, logged, answer)
        return document, answer, logged

    async def _asked(
        self, document: Document, parts: Assembly, action: Action, data: dict[str, Any]
    ) -> tuple[Request, Target]:
        place = to_place(document, self._session.roots)
        kind, line = file_kind(place.path, document.text), data.get("line")
        target = None
        if isinstance(line, int) and self._session.may_send(place):
            target = await asyncio.to_thread(target_at, document.text, kind, parts.catalog, line)
        scope = scope_for(action, target, kind) if target is not None else None
        if target is None or scope is None:
            raise Failed("This task cannot be read as it stands.")
        return Request(place, document.text, scope, self._session.origin, Trigger.INVOKED), target


def _to_action(one: Action, document: Document, line: int) -> types.CodeAction | types.Command:
    if one.expects is Expects.PROSE:
        where = {"uri": document.uri, "version": document.version, "line": line}
        return types.Command(title=f"Chiron: {one.title}", command=protocol.EXPLAIN, arguments=[where])
    data = {"uri": document.uri, "version": document.version, "model": one.code, "line": line}
    return types.CodeAction(f"Chiron: {one.title}", kind=types.CodeActionKind.RefactorRewrite, data=data)


async def _probe(model: Model) -> Capabilities | None:
    try:
        return await model.capabilities()
    except ModelError:
        return None


def _why_not(answer: Answer) -> str:
    """Why nothing is shown, for a person."""
    if answer.trouble:
        return answer.trouble
    details = "; ".join(dict.fromkeys(one.detail for one in answer.withheld if one.detail))
    return f"Nothing that passes the checks was found. {details}".strip()
