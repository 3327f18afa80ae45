"""Code actions: what is offered at a place, and the edit of the one that was chosen.

An edit is worked out when it is asked for, for the version of the document it was offered for. Where that
has changed meanwhile the request is refused, and the file stays as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from chiron.errors import ChironError
from chiron.lsp import protocol
from chiron.lsp.advice import Advice, Failed, Stale
from chiron.lsp.convert import to_place, to_position
from chiron.lsp.diagnostics import Diagnoser, Shown, to_diagnostic
from chiron.lsp.edits import Able, close_together, difference, joined, to_workspace_edit
from chiron.records import FileKind
from chiron.suggest.edited import edited
from chiron.syntax.kind import file_kind

if TYPE_CHECKING:
    from chiron.ansible.rewrite import Edit, Rewrite
    from chiron.assemble import Assembly
    from chiron.lsp.session import Session
    from chiron.syntax.document import Document

FIX_ALL = protocol.FIX_ALL
#: Rewrites that mend something that is wrong, rather than write it another way.
_MENDING = frozenset(
    {"replaced-module", "replaced-option", "add-required", "add-handler", "mode-octal", "no-log"}
)
_WITH_TASKS = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})


@dataclass(frozen=True, slots=True)
class Chosen:
    """One edit that can be made: what it is called, and what it changes."""

    code: str
    title: str
    kind: str
    edits: tuple[Edit, ...]
    evidence: str = ""
    fixes: Shown | None = None


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
        first = to_position(document, params.range.start, self._encoding()).line
        last = to_position(document, params.range.end, self._encoding()).line
        if not only:
            # An editor's light-bulb asks for all there is where the cursor has come to.
            self._diagnoser.visited(document.uri, first)
        version, text = document.version, document.text
        shown = self._diagnoser.known(document.uri, version)
        place = to_place(document, self._session.roots)
        chosen = await asyncio.to_thread(_choices, parts, place.path, text, (first, last), shown)
        if document.version != version:
            return []
        actions: list[types.CodeAction | types.Command] = [
            self._to_action(one, document) for one in chosen if _wanted(one.kind, only)
        ]
        if not only or _wanted(types.CodeActionKind.RefactorRewrite.value, only):
            actions += await self._advice.offered(document, parts, first)
        if document.version != version:
            return []
        if any(one.startswith("source") for one in only) and _wanted(FIX_ALL, only):
            actions += await self._fix_all(document, parts)
        return actions

    def _to_action(self, one: Chosen, document: Document) -> types.CodeAction:
        data = {"uri": document.uri, "version": document.version, "code": one.code, "at": one.edits[0].start}
        action = types.CodeAction(title=one.title, kind=one.kind, data=data)
        if one.fixes is not None:
            action.diagnostics = [to_diagnostic(one.fixes, document, self._encoding())]
        if not self._able.resolves:
            return self._with_edit(action, one, document)
        return action

    async def _fix_all(self, document: Document, parts: Assembly) -> list[types.CodeAction]:
        """One action with every safe rewrite of the file; nothing where there is none."""
        version = document.version
        path = to_place(document, self._session.roots).path
        edits = await asyncio.to_thread(_fixed, parts, path, document.text)
        if not edits or document.version != version:
            return []
        title = "Chiron: make every rewrite that is safe"
        action = types.CodeAction(title, kind=FIX_ALL)
        return [self._with_edit(action, Chosen("fix-all", title, FIX_ALL, tuple(edits)), document)]

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
        text, line = document.text, document.position(_number(data.get("at"))).line
        shown = self._diagnoser.known(document.uri, document.version)
        path = to_place(document, self._session.roots).path
        chosen = await asyncio.to_thread(_choices, parts, path, text, (line, line), shown)
        wanted = (data.get("code"), data.get("at"))
        one = next((each for each in chosen if (each.code, each.edits[0].start) == wanted), None)
        if document.text != text or one is None:
            raise Stale
        return self._with_edit(action, one, document)

    def _with_edit(self, action: types.CodeAction, one: Chosen, document: Document) -> types.CodeAction:
        """`action` with its edit, noted in the log as offered; its command tells that it was taken."""
        edits: Sequence[Edit] = one.edits
        whole = joined(document.text, edits)
        if close_together(document, edits):
            edits = [whole]
        action.edit = to_workspace_edit(
            document, edits, one.title, self._able, self._encoding(), confirm=False
        )
        if self._able.resolves and one.kind != FIX_ALL:
            place = to_place(document, self._session.roots)
            there = (document.position(whole.start), document.position(whole.end))
            request, answer = edited(
                place, document.text, there, whole.text, one.code, one.evidence, self._session.origin
            )
            noted = self._session.offer(document, request, answer)
            arguments = [{"suggestionId": noted.suggestions[0].id}]
            action.command = types.Command(
                title="Chiron: accepted", command=protocol.ACCEPTED, arguments=arguments
            )
        return action


def _choices(
    parts: Assembly, path: str | None, text: str, lines: tuple[int, int], shown: Sequence[Shown]
) -> list[Chosen]:
    """Every edit that can be made on `lines` by rule: first what mends a problem there. Blocks."""
    from chiron.ansible.rewrite import handlers_for, rewrites_of
    from chiron.ansible.rewrite.edits import Lines

    off = frozenset(parts.settings.diagnostics.off)
    marks = Lines(text)
    chosen = []
    for one in shown:
        at = one.problem.range
        if one.problem.fix is not None and at.start.line <= lines[1] and lines[0] <= at.end.line:
            edits = tuple(marks.edit(place, new) for place, new in one.problem.fix.edits)
            title = one.problem.fix.title
            chosen.append(
                Chosen(one.problem.code, title, types.CodeActionKind.QuickFix.value, edits, "", one)
            )
    kind = file_kind(path, text)
    if kind in _WITH_TASKS:
        found = rewrites_of(text, kind, parts.catalog, off=off, lines=lines)
        if kind is FileKind.PLAYBOOK and "add-handler" not in off:
            found += handlers_for(text, parts.catalog, _unheard(text, shown, lines))
        chosen += [_of_rewrite(one, shown) for one in found]
    return chosen


def _unheard(text: str, shown: Sequence[Shown], lines: tuple[int, int]) -> dict[int, str]:
    """The names on `lines` that are notified and that no handler has, by line."""
    written = text.split("\n")
    found = {}
    for one in shown:
        start, end = one.problem.range.start, one.problem.range.end
        if one.problem.code == "undefined-handler" and lines[0] <= start.line <= lines[1]:
            found[start.line] = written[start.line][start.column : end.column].strip("\"' ")
    return found


def _of_rewrite(one: Rewrite, shown: Sequence[Shown]) -> Chosen:
    problems = _MENDS.get(one.code, frozenset())
    fixes = next(
        (s for s in shown if s.problem.code in problems and s.problem.range.start == one.range.start), None
    )
    mends = one.code in _MENDING or fixes is not None
    kind = types.CodeActionKind.QuickFix if mends else types.CodeActionKind.RefactorRewrite
    return Chosen(one.code, one.title, kind.value, one.edits, one.evidence, fixes)


#: Which problems a rewrite takes away.
_MENDS = {
    "replaced-module": frozenset({"module-removed", "module-deprecated"}),
    "replaced-option": frozenset({"option-deprecated"}),
    "add-required": frozenset({"missing-required"}),
    "add-handler": frozenset({"undefined-handler"}),
}


def _fixed(parts: Assembly, path: str | None, text: str) -> list[Edit]:
    from chiron.ansible.rewrite import fix_text

    kind = file_kind(path, text)
    if kind not in _WITH_TASKS:
        return []
    off = frozenset(parts.settings.diagnostics.off)
    return difference(text, fix_text(text, kind, parts.catalog, off=off).text)


def _wanted(kind: str, only: Sequence[str]) -> bool:
    return not only or any(kind == one or kind.startswith(f"{one}.") for one in only)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
