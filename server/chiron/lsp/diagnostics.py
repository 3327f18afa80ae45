"""Problems shown in the editor: found off the event loop, when the person pauses, never for an old text."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from chiron.errors import ChironError
from chiron.lsp.convert import from_position, to_place
from chiron.lsp.unfinished import is_unfinished, task_at
from chiron.records import Problem, Range, Severity
from chiron.syntax.document import Document
from chiron.syntax.kind import file_kind

if TYPE_CHECKING:
    from chiron.ansible.validate.recheck import Checked
    from chiron.assemble import Assembly
    from chiron.config import Diagnostics
    from chiron.lsp.session import Session

log = logging.getLogger(__name__)

#: After a single task was checked, the whole file is when nothing has changed for so long.
_WHOLE_AFTER_S = 1.5
#: Chiron could not be put together yet; the document is looked at again after this.
_AGAIN_S = 3.0
#: What Red Hat's extension reports too, through ansible-lint and the syntax check it runs.
TOLD_BY_LINT = frozenset(
    {
        "duplicate-key", "duplicate-loop", "free-form", "keyword-not-here", "loop-on-import", "missing-hosts",
        "missing-module", "missing-required", "module-deprecated", "module-removed", "mutually-exclusive",
        "not-a-list", "not-a-mapping", "required-by", "required-if", "required-one-of", "required-together",
        "several-modules", "unbalanced", "unknown-keyword", "unknown-lookup", "unknown-module",
        "unknown-option", "unknown-tag", "unquoted-jinja", "wrong-choice", "wrong-type", "yaml-syntax",
    }
)  # fmt: skip
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_DEPRECATED = frozenset({"module-deprecated", "option-deprecated"})

Publish = Callable[[types.PublishDiagnosticsParams], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """One problem as it is shown, with the page that tells more."""

    problem: Problem
    link: str


@dataclass(slots=True)
class _Followed:
    """One open document: what was last found in it, and what is to come."""

    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None
    checked: Checked | None = None
    found: tuple[Shown, ...] = ()
    version: int | None = None
    #: The line that is being written; None after a save, or when the person has gone on.
    writing: int | None = None


class Diagnoser:
    """One session's problems. Its methods return at once."""

    def __init__(self, session: Session, publish: Publish, encoding: Callable[[], str]) -> None:
        self._session = session
        self._publish = publish
        self._encoding = encoding
        self._followed: dict[str, _Followed] = {}

    def opened(self, uri: str) -> None:
        """A document was opened."""
        self._followed[uri] = _Followed()
        self._soon(uri, 0.0, whole=True)

    def changed(self, uri: str, line: int | None) -> None:
        """A document was changed, last on `line`, where something is being written now."""
        if (followed := self._followed.get(uri)) is not None:
            followed.writing = line
        parts = self._session.ready
        delay_ms = parts.settings.diagnostics.debounce_ms if parts is not None else 250
        self._soon(uri, delay_ms / 1000, whole=False)

    def saved(self, uri: str) -> None:
        """A document was written to disk: it is meant as it stands, and others may refer to it."""
        if (followed := self._followed.get(uri)) is not None:
            followed.writing = None
        self._soon(uri, 0.0, whole=True)

    def visited(self, uri: str, line: int) -> None:
        """The cursor is on `line`: what was being written in another task is finished."""
        followed = self._followed.get(uri)
        if followed is None or followed.writing is None or followed.checked is None:
            return
        blocks = followed.checked.blocks
        if task_at(line, blocks) != task_at(followed.writing, blocks):
            followed.writing = None
            self._show(uri, followed)

    def closed(self, uri: str) -> None:
        """A document was closed; nothing of it is shown any more."""
        followed = self._followed.pop(uri, None)
        if followed is not None:
            _stop(followed)
            self._publish(types.PublishDiagnosticsParams(uri, []))

    def stop(self) -> None:
        """Forgets every document. It may be called twice."""
        for followed in self._followed.values():
            _stop(followed)
        self._followed.clear()

    def known(self, uri: str, version: int) -> Sequence[Shown]:
        """What is wrong with this very version of a document, also what is being written; else nothing."""
        followed = self._followed.get(uri)
        return followed.found if followed is not None and followed.version == version else ()

    def _soon(self, uri: str, delay_s: float, *, whole: bool) -> None:
        followed = self._followed.get(uri)
        if followed is None:
            return
        if followed.timer is not None:
            followed.timer.cancel()
        loop = asyncio.get_running_loop()
        followed.timer = loop.call_later(delay_s, self._begin, uri, whole)

    def _begin(self, uri: str, whole: bool) -> None:
        followed = self._followed.get(uri)
        if followed is None:
            return
        if followed.task is not None and not followed.task.done():
            # A check under way is for an older text, but cannot be stopped in its thread.
            self._soon(uri, 0.1, whole=whole)
            return
        followed.task = asyncio.ensure_future(self._check(uri, followed, whole))

    async def _check(self, uri: str, followed: _Followed, whole: bool) -> None:
        try:
            parts = await self._session.parts()
        except ChironError:
            self._soon(uri, _AGAIN_S, whole=True)
            return
        document = self._session.documents.get(uri)
        if document is None or not parts.settings.diagnostics.enabled:
            return
        text, version = document.text, document.version
        place = to_place(document, self._session.roots)
        before = None if whole else followed.checked
        try:
            found = await asyncio.to_thread(_find, parts, place.path, place.workspace, text, before)
        except Exception as error:
            # A fault of ours must not end the session; the message may quote the document.
            log.error("checking failed: %s", type(error).__name__)
            return
        followed.checked = found[0]
        document = self._session.documents.get(uri)
        if document is None or document.version != version or self._followed.get(uri) is not followed:
            return
        followed.found = tuple(one for one in found[1] if is_shown(one.problem, parts.settings.diagnostics))
        followed.version = version
        self._show(uri, followed)
        if found[0].only is not None:
            self._soon(uri, _WHOLE_AFTER_S, whole=True)

    def _show(self, uri: str, followed: _Followed) -> None:
        """Publishes what was found, less what is being written, if it was found in the text of now."""
        document, checked = self._session.documents.get(uri), followed.checked
        if document is None or checked is None or document.version != followed.version:
            return
        finished = [
            one for one in followed.found if not is_unfinished(one.problem, followed.writing, checked.blocks)
        ]
        shown = [to_diagnostic(one, document, self._encoding()) for one in finished]
        self._publish(types.PublishDiagnosticsParams(uri, shown, document.version))


def _find(
    parts: Assembly, path: str | None, workspace: str | None, text: str, before: Checked | None
) -> tuple[Checked, list[Shown]]:
    """The problems of `text`, and where each is written about. Blocks: a project may have to be read."""
    from pathlib import Path

    from chiron.ansible.validate.links import link_of
    from chiron.ansible.validate.recheck import check_text
    from chiron.assemble import find_root

    kind = file_kind(path, text)
    root = find_root(Path(path)) if path is not None and workspace is None else workspace
    project = parts.workspaces.project(str(root)) if root is not None else None
    facts = None
    if project is not None and path is not None and project.relative(path) is not None:
        facts = partial(project.references, path)
    checked = check_text(text, kind, parts.catalog, facts, before)
    links = [link_of(problem, checked.blocks, parts.catalog) for problem in checked.problems]
    return checked, [Shown(*one) for one in zip(checked.problems, links, strict=True)]


def is_shown(problem: Problem, settings: Diagnostics) -> bool:
    """Whether the settings let `problem` be shown."""
    return problem.code not in settings.off and not (settings.quiet and problem.code in TOLD_BY_LINT)


def to_diagnostic(shown: Shown, document: Document, encoding: str) -> types.Diagnostic:
    """A problem as the editor shows it, marked where a linter reports it too."""
    problem = shown.problem
    return types.Diagnostic(
        range=to_range(problem.range, document, encoding),
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        code_description=types.CodeDescription(shown.link),
        source="chiron",
        message=problem.message,
        tags=[types.DiagnosticTag.Deprecated] if problem.code in _DEPRECATED else None,
        data={"lint": True} if problem.code in TOLD_BY_LINT else None,
    )


def to_range(place: Range, document: Document, encoding: str) -> types.Range:
    """`place` in the client's units."""
    return types.Range(
        from_position(document, place.start, encoding), from_position(document, place.end, encoding)
    )


def _stop(followed: _Followed) -> None:
    if followed.timer is not None:
        followed.timer.cancel()
    if followed.task is not None:
        followed.task.cancel()


__all__ = ["TOLD_BY_LINT", "Diagnoser", "Shown", "is_shown", "to_diagnostic", "to_range"]
