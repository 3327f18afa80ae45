"""Code actions: what is offered at a place, and the edit of the one that was chosen.

An edit is worked out when it is asked for, for the version of the document it was offered for. Where that
has changed meanwhile the request is refused, and the file stays as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from chiron.errors import ChironError
from chiron.lsp import protocol
from chiron.lsp.advice import Advice, Failed, Stale
from chiron.lsp.choices import Asked, Chosen, choices, fixed
from chiron.lsp.convert import to_path, to_place, to_position
from chiron.lsp.diagnostics import Diagnoser, to_diagnostic
from chiron.lsp.edits import Able, Other, close_together, difference, joined, to_workspace_edit
from chiron.records import Position
from chiron.suggest.advice.edited import edited
from chiron.syntax.document import Document

if TYPE_CHECKING:
    from chiron.ansible.rewrite import Edit
    from chiron.assemble import Assembly
    from chiron.lsp.session import Session

FIX_ALL = protocol.FIX_ALL
#: Edits of one action that are followed each by itself.
_MOST_FOLLOWED = 40


class Actions:
    """The code actions of one session."""

    def __init__(
        self,
        session: Session,
        diagnoser: Diagnoser,
        encoding: Callable[[], str],
        able: Able,
        advice: Advice,
    ) -> None:
        self._session = session
        self._diagnoser = diagnoser
        self._encoding = encoding
        self._able = able
        self._advice = advice

    async def offered(self, params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        """What may be done with what stands in the range; nothing while Chiron is being put together."""
        document, parts = self._session.documents.get(params.text_document.uri), self._session.ready
        if document is None or parts is None:
            return []
        only = [str(getattr(one, "value", one)) for one in params.context.only or ()]
        at = to_position(document, params.range.start, self._encoding())
        first = at.line
        last = to_position(document, params.range.end, self._encoding()).line
        if not only:
            # An editor's light-bulb asks for all there is where the cursor has come to.
            self._diagnoser.visited(document.uri, first)
        version = document.version
        chosen = await asyncio.to_thread(choices, parts, self._asked(document, (first, last)))
        if document.version != version:
            return []
        actions: list[types.CodeAction | types.Command] = [
            self._to_action(one, document, (first, last))
            for one in chosen
            if _wanted(one.kind, only) and self._can(one)
        ]
        asked = (types.CodeActionKind.RefactorRewrite.value, types.CodeActionKind.QuickFix.value)
        if not only or any(_wanted(one, only) for one in asked):
            advised = await self._advice.offered(document, parts, at)
            actions += [one for one in advised if not only or _wanted(str(getattr(one, "kind", "")), only)]
        if document.version != version:
            return []
        if any(one.startswith("source") for one in only) and _wanted(FIX_ALL, only):
            actions += await self._fix_all(document, parts)
        return actions

    def _asked(self, document: Document, lines: tuple[int, int]) -> Asked:
        """What is asked about some lines of a document, as it stands now."""
        place = to_place(document, self._session.roots)
        shown = self._diagnoser.known(document.uri, document.version)
        opened = {to_path(uri) or uri: one.text for uri, one in self._session.documents.items()}
        return Asked(place.path, place.workspace, document.text, lines, shown, opened)

    def _can(self, one: Chosen) -> bool:
        """Whether the client can make the edit: not every one makes files."""
        return one.elsewhere is None or one.elsewhere.text is not None or self._able.creates

    def _to_action(self, one: Chosen, document: Document, lines: tuple[int, int]) -> types.CodeAction:
        data = {"uri": document.uri, "version": document.version, "code": one.code, "at": one.at}
        data["lines"] = list(lines)
        action = types.CodeAction(title=one.title, kind=one.kind, data=data)
        if one.fixes is not None:
            action.diagnostics = [to_diagnostic(one.fixes, document, self._encoding())]
        if not self._able.resolves:
            return self._with_edit(action, one, document)
        return action

    async def _fix_all(self, document: Document, parts: Assembly) -> list[types.CodeAction]:
        """One action with every safe rewrite of the file; nothing where there is none."""
        one = await self._all_safe(document, parts)
        if one is None:
            return []
        action = types.CodeAction(one.title, kind=FIX_ALL)
        if not self._able.resolves:
            return [self._with_edit(action, one, document)]
        action.data = {"uri": document.uri, "version": document.version, "code": one.code}
        return [action]

    async def _all_safe(self, document: Document, parts: Assembly) -> Chosen | None:
        """Every safe rewrite of a document; None where there is none, or it has changed meanwhile."""
        version, text = document.version, document.text
        path = to_place(document, self._session.roots).path
        edits = difference(text, await asyncio.to_thread(fixed, parts, path, text))
        title = "Chiron: make every rewrite that is safe"
        if not edits or document.version != version:
            return None
        return Chosen("fix-all", title, FIX_ALL, tuple(edits), 0)

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """`action` with its edit. Raises `Stale` where the document has changed since it was offered."""
        data: Any = action.data
        if not isinstance(data, dict):
            return action
        if "model" in data:
            return await self._advice.resolve(action, data)
        document = self._session.documents.get(str(data.get("uri", "")))
        if document is None or document.version != data.get("version"):
            raise Stale
        try:
            parts = await self._session.parts()
        except ChironError as error:
            raise Failed(str(error)) from None
        text, lines = document.text, _lines(data.get("lines"))
        if data.get("code") == "fix-all":
            one = await self._all_safe(document, parts)
        else:
            found = await asyncio.to_thread(choices, parts, self._asked(document, lines))
            wanted = (data.get("code"), data.get("at"))
            one = next((each for each in found if (each.code, each.at) == wanted), None)
        if document.text != text or one is None:
            raise Stale
        return self._with_edit(action, one, document)

    def _with_edit(self, action: types.CodeAction, one: Chosen, document: Document) -> types.CodeAction:
        """`action` with its edit, noted in the log as offered; its command tells that it was taken."""
        edits, other = list(one.edits), self._other(one)
        if edits and close_together(document, edits):
            edits = [joined(document.text, edits)]
        action.edit = to_workspace_edit(
            document, edits, one.title, self._able, self._encoding(),
            confirm=one.confirm, description=one.evidence, other=other,
        )  # fmt: skip
        if self._able.resolves:
            arguments = [{"suggestionId": self._noted(one, edits, document, other)}]
            action.command = types.Command(
                title="Chiron: accepted", command=protocol.ACCEPTED, arguments=arguments
            )
        return action

    def _other(self, one: Chosen) -> Other | None:
        """The other file that is edited, as the editor or the disk has it."""
        if one.elsewhere is None or one.other is None:
            return None
        uri = one.other.as_uri()
        known = next((d for u, d in self._session.documents.items() if to_path(u) == str(one.other)), None)
        if known is not None:
            return Other(known, one.elsewhere.edits, is_open=True)
        text = one.elsewhere.text
        return Other(Document(uri, text or "", 0), one.elsewhere.edits, is_new=text is None)

    def _noted(self, one: Chosen, edits: Sequence[Edit], document: Document, other: Other | None) -> str:
        """The id under which the edit stands in the log, and under which it is followed where it is made.

        Edits far apart are followed each by itself; the id is the first one's. Where all of it is in a file
        that is not open, nobody can follow it: then it is logged alone.
        """
        where = document if edits or other is None else other.document
        place = to_place(where, self._session.roots)
        ids = []
        for edit in list(edits or (other.edits if other is not None else ()))[:_MOST_FOLLOWED]:
            there: tuple[Position, Position] = (where.position(edit.start), where.position(edit.end))
            request, answer = edited(
                place, where.text, there, edit.text, one.code, one.evidence, self._session.origin
            )
            if where is document or (other is not None and other.is_open):
                answer = self._session.offers.asked_for(where, request, answer)
            else:
                self._session.offers.note(request, answer)
            ids.append(answer.suggestions[0].id)
        return ids[0]


def _wanted(kind: str, only: Sequence[str]) -> bool:
    return not only or any(kind == one or kind.startswith(f"{one}.") for one in only)


def _lines(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, int) for one in value):
        return value[0], value[1]
    return 0, 0
