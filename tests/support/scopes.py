"""The helper of the scope tests: a text with the cursor drawn as `¦`."""

from __future__ import annotations

import yaml

from chiron.records import FileKind, Scope, ScopeKind
from chiron.syntax.document import BOM, Document
from chiron.syntax.scope import find_scope

PLAYBOOK, TASKS, HANDLERS = FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS
BODY, OPTIONS = ScopeKind.TASK_BODY, ScopeKind.MODULE_OPTIONS
MODULE, LIST = ScopeKind.MODULE_NAME, ScopeKind.TASK_LIST


def scope_at(fixture: str, file_kind: FileKind = TASKS) -> Scope | None:
    """The scope at the fixture's cursor, checked for what holds of every scope."""
    assert fixture.count("¦") == 1
    text = fixture.replace("¦", "")
    document = Document("file:///a.yml", text)
    position = document.position(fixture.index("¦"))
    scope = find_scope(document, position, file_kind)
    if scope is not None:
        check_pieces(document, scope)
        assert scope.range.end == position
    return scope


def check_pieces(document: Document, scope: Scope) -> None:
    """The pieces of `scope` are pieces of the document, next to each other."""
    start, end = scope.range.start, scope.range.end
    assert start.line == end.line
    assert start <= end
    assert document.clamp(start) == start
    assert document.clamp(end) == end
    assert scope.indent > scope.task_column >= 0
    assert document.text[: document.offset(start)].removeprefix(BOM).endswith(scope.before)
    assert document.text[document.offset(end) :].startswith(scope.after)
    assert scope.lead == ("\n" if start == end and scope.kind in (BODY, LIST) and start.column else "")


def check(fixture: str, kind: ScopeKind, file_kind: FileKind = TASKS, **expected: object) -> Scope:
    """The cursor's scope is of `kind` and has the `expected` fields."""
    scope = scope_at(fixture, file_kind)
    assert scope is not None, "no scope"
    assert scope.kind == kind
    assert {name: getattr(scope, name) for name in expected} == expected
    return scope


def check_none(fixture: str, file_kind: FileKind = TASKS) -> None:
    """Nothing may be suggested at the cursor."""
    scope = scope_at(fixture, file_kind)
    assert scope is None, scope


def check_fill(fixture: str, inserted: str, task: object, file_kind: FileKind = TASKS) -> None:
    """With `inserted` (at column 0) put in, the enclosing task is `task`."""
    scope = scope_at(fixture, file_kind)
    assert scope is not None, "no scope"
    margin = " " * scope.indent
    filled = scope.before + scope.lead + margin + inserted.replace("\n", "\n" + margin) + scope.after
    assert yaml.safe_load(filled) == [task]
