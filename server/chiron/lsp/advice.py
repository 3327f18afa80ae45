"""Code actions that ask a model: offered where it can, worked out when chosen, shown before they are made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from chiron.ansible.rewrite import Edit
from chiron.errors import ChironError, ModelError
from chiron.lsp import protocol
from chiron.lsp.convert import to_place
from chiron.lsp.edits import Able, to_workspace_edit
from chiron.lsp.progress import Progress
from chiron.records import (
    Answer,
    Capabilities,
    Model,
    Position,
    Problem,
    Request,
    ScopeKind,
    Suggestion,
    Trigger,
)
from chiron.suggest.advice.actions import (
    ACTIONS,
    FIX,
    REPLACE,
    Action,
    Target,
    hindrance,
    no_module,
    offered,
    scope_for,
    target_at,
    told_wrong,
    within,
)
from chiron.suggest.advice.advise import advise
from chiron.suggest.advice.asking import only_continues
from chiron.suggest.advice.explain import Subject, cited, explain, scope_of, subjects_at
from chiron.syntax.kind import file_kind

if TYPE_CHECKING:
    from chiron.assemble import Assembly
    from chiron.lsp.diagnostics import Diagnoser
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

    def __init__(
        self,
        session: Session,
        diagnoser: Diagnoser,
        encoding: Callable[[], str],
        able: Able,
        progress: Progress,
    ) -> None:
        self._session = session
        self._diagnoser = diagnoser
        self._encoding = encoding
        self._able = able
        self._progress = progress
        self._probing: tuple[Model, asyncio.Task[Capabilities | None]] | None = None

    async def offered(
        self, document: Document, parts: Assembly, at: Position
    ) -> list[types.CodeAction | types.Command]:
        """What a model could do with what stands at `at`; nothing where it cannot be asked."""
        place = to_place(document, self._session.roots)
        if not self._able.resolves or not self._session.may_send(place):
            return []
        able = await self._able_model(parts.model)
        if able is None or parts.model is None:
            return []
        text, offset = document.text, document.offset(at)
        problems = self._problems(document)
        found = await asyncio.to_thread(_look, parts, place.path, text, at.line, offset, problems)
        if document.text != text:
            return []
        actions: list[types.CodeAction | types.Command] = []
        for one, target in found[0]:
            actions += self._to_action(one, hindrance(one, target, able), document, at.line)
        return actions + self._explaining(found[1], document, offset, able, parts.model.name)

    def _problems(self, document: Document) -> list[Problem]:
        return [one.problem for one in self._diagnoser.known(document.uri, document.version)]

    def _to_action(self, one: Action, reason: str, document: Document, line: int) -> list[types.CodeAction]:
        """What is offered, or why it cannot be had, where the client can show that.

        One that no model is needed to refuse stays where the client cannot: then choosing it says why.
        """
        disabled = types.CodeActionDisabled(reason) if reason and self._able.disables else None
        if reason and disabled is None and one.chat:
            return []
        data = {"uri": document.uri, "version": document.version, "model": one.code, "line": line}
        fixing = one.code == FIX.code
        kind = types.CodeActionKind.QuickFix if fixing else types.CodeActionKind.RefactorRewrite
        tags = [types.CodeActionTag.LlmGenerated] if self._able.tags else None
        title = f"Chiron: {one.title}"
        return [types.CodeAction(title, kind=kind, data=data, disabled=disabled, tags=tags)]

    def _explaining(
        self, subjects: Sequence[Subject], document: Document, offset: int, able: Capabilities, model: str
    ) -> list[types.CodeAction | types.Command]:
        """One command for each subject; where the model cannot chat, that it cannot."""
        found: list[types.CodeAction | types.Command] = []
        for one in subjects:
            title = f"Chiron: {one.title}"
            if able.chat:
                where = {"uri": document.uri, "version": document.version, "at": offset, "what": one.name}
                found.append(types.Command(title=title, command=protocol.EXPLAIN, arguments=[where]))
            elif self._able.disables:
                why = types.CodeActionDisabled(only_continues(model))
                kind = types.CodeActionKind.RefactorRewrite
                found.append(types.CodeAction(title, kind=kind, disabled=why))
        return found

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
        document, parts = await self._open(data)
        version, place = document.version, to_place(document, self._session.roots)
        chosen = next((one for one in ACTIONS if one.code == data.get("model")), None)
        kind, line = file_kind(place.path, document.text), data.get("line")
        target = None
        if isinstance(line, int) and self._session.may_send(place):
            target = await asyncio.to_thread(target_at, document.text, kind, parts.catalog, line)
        scope = scope_for(chosen, target, kind) if target is not None and chosen is not None else None
        if target is None or chosen is None or scope is None:
            raise Failed("This task cannot be read as it stands.")
        if chosen is REPLACE and (reason := no_module(target)):
            raise Failed(reason)
        wanted = chosen
        if chosen.code == FIX.code:
            wanted = told_wrong([one.message for one in self._problems(document) if within(one, target)])
        request = Request(place, document.text, scope, self._session.origin, Trigger.INVOKED)
        async with self._progress(f"Chiron: {chosen.title}"):
            request, project = await asyncio.to_thread(parts.workspaces.placed, request)
            answer = await advise(parts.suggester, wanted, request, target, project)
        logged = replace(request, scope=replace(request.scope, kind=ScopeKind.ACTION))
        document = self._still(document.uri, version)
        noted = self._session.offers.asked_for(document, logged, answer)
        if not answer.suggestions:
            raise Failed(_why_not(answer))
        one = answer.suggestions[0]
        start, end = document.offset(one.range.start), document.offset(one.range.end)
        action.edit = to_workspace_edit(
            document, [Edit(start, end, one.text)], action.title, self._able, self._encoding(),
            confirm=True, description=_evidence(one, parts),
        )  # fmt: skip
        action.command = types.Command(
            title="Chiron: accepted",
            command=protocol.ACCEPTED,
            arguments=[{"suggestionId": noted.suggestions[0].id}],
        )
        return action

    async def explain(self, data: dict[str, Any], tell: Callable[[str], None]) -> str:
        """The explanation, with the documentation it goes by. Raises `Stale` and `Failed`.

        `tell` is given each piece of it as it is written; they add up to what is returned, unless it turned
        out at the end that something may not be shown.
        """
        document, parts = await self._open(data)
        version, place, at = document.version, to_place(document, self._session.roots), data.get("at")
        subject = None
        if isinstance(at, int) and self._session.may_send(place):
            problems = self._problems(document)
            line = document.position(at).line
            found = await asyncio.to_thread(_look, parts, place.path, document.text, line, at, problems)
            subject = next((one for one in found[1] if one.name == data.get("what")), None)
        if subject is None:
            raise Failed("There is nothing here that could be explained.")
        scope = scope_of(subject, document.text, file_kind(place.path, document.text))
        request = Request(place, document.text, scope, self._session.origin, Trigger.INVOKED)
        told: list[str] = []
        async with self._progress(f"Chiron: {subject.title}") as report:

            def say(piece: str) -> None:
                told.append(piece)
                report("".join(told))
                tell(piece)

            request, project = await asyncio.to_thread(parts.workspaces.placed, request)
            answer = await explain(parts.suggester, subject, request, project, say)
        self._still(document.uri, version)
        self._session.offers.note(request, answer)
        if not answer.suggestions:
            raise Failed(_why_not(answer))
        one = answer.suggestions[0]
        text = "\n\n".join(part for part in (one.text, cited(one.grounds)) if part)
        if text.startswith("".join(told)):
            tell(text[len("".join(told)) :])
        return text

    async def _open(self, data: dict[str, Any]) -> tuple[Document, Assembly]:
        """The document that was meant, in the version that was meant, and the parts."""
        version = data.get("version")
        document = self._still(str(data.get("uri", "")), version if isinstance(version, int) else -1)
        try:
            return document, await self._session.parts()
        except ChironError as error:
            raise Failed(str(error)) from None

    def _still(self, uri: str, version: int) -> Document:
        """The document, where it is of this version still."""
        document = self._session.documents.get(uri)
        if document is None or document.version != version:
            raise Stale
        return document


def _look(
    parts: Assembly, path: str | None, text: str, line: int, offset: int, problems: Sequence[Problem]
) -> tuple[list[tuple[Action, Target]], list[Subject]]:
    """What a model could do at a place, whatever model it is, and what it could explain there. Blocks."""
    kind = file_kind(path, text)
    target = target_at(text, kind, parts.catalog, line)
    is_wrong = target is not None and any(within(one, target) and one.fix is None for one in problems)
    offers = [(one, target) for one in offered(target, is_wrong=is_wrong)] if target is not None else []
    return offers, subjects_at(text, kind, parts.catalog, offset, problems)


def _evidence(one: Suggestion, parts: Assembly) -> str:
    """What an edit goes by, shown beside it before it is made."""
    module = parts.catalog.module(one.module) if one.module else None
    said = []
    if module is not None:
        about = f"{module.fqcn}: {module.short_description.rstrip('.')}"
        said.append(f"{about} ({module.collection} {module.version}).")
    if one.model:
        said.append(f"Written by {one.model}.")
    return " ".join(said)


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
