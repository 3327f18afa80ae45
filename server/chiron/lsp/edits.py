"""Edits of an open document, as the protocol has them: for one version of it, and said what they are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types

from chiron.ansible.rewrite import Edit, apply_edits
from chiron.lsp.convert import from_position
from chiron.syntax.document import Document

#: Edits of one task this close together are sent as one, so that it can be told what became of them.
_MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Able:
    """What the client can do with an edit."""

    annotations: bool = False
    versions: bool = False
    resolves: bool = False
    #: It can make files.
    creates: bool = False
    #: It shows what cannot be done, with the reason.
    disables: bool = False
    #: It marks what a model writes.
    tags: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities | None) -> Able:
        workspace = capabilities.workspace if capabilities is not None else None
        edit = workspace.workspace_edit if workspace is not None else None
        document = capabilities.text_document if capabilities is not None else None
        action = document.code_action if document is not None else None
        resolve = action.resolve_support if action is not None else None
        tags = action.tag_support if action is not None else None
        operations = (edit.resource_operations if edit is not None else None) or ()
        return cls(
            creates=types.ResourceOperationKind.Create in operations,
            disables=bool(action and action.disabled_support),
            tags=tags is not None and types.CodeActionTag.LlmGenerated in tags.value_set,
            annotations=edit is not None and edit.change_annotation_support is not None,
            versions=edit is not None and bool(edit.document_changes),
            resolves=resolve is not None
            and "edit" in resolve.properties
            and bool(action and action.data_support),
        )


def joined(text: str, edits: Sequence[Edit]) -> Edit:
    """One edit that does what all of `edits` do, from where the first begins to where the last ends."""
    first, last = min(edit.start for edit in edits), max(edit.end for edit in edits)
    moved = [Edit(edit.start - first, edit.end - first, edit.text) for edit in edits]
    return Edit(first, last, apply_edits(text[first:last], moved))


def difference(old: str, new: str) -> list[Edit]:
    """Edits that turn `old` into `new`, each of whole lines."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    edits = []
    for tag, i, j, m, n in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            edits.append(Edit(starts[i], starts[j], "".join(after[m:n])))
    return edits


def close_together(document: Document, edits: Sequence[Edit]) -> bool:
    """Whether `edits` span few enough lines to be one."""
    first = document.position(min(edit.start for edit in edits)).line
    return document.position(max(edit.end for edit in edits)).line - first <= _MOST_LINES


@dataclass(frozen=True, slots=True)
class Other:
    """Edits of another file than the one an action was asked for in."""

    document: Document
    edits: tuple[Edit, ...]
    #: It is open, so that its version is known.
    is_open: bool = False
    #: It is not there yet.
    is_new: bool = False


_Any = types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit
_Change = types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile


def to_workspace_edit(
    document: Document,
    edits: Sequence[Edit],
    label: str,
    able: Able,
    encoding: str,
    *,
    confirm: bool,
    description: str = "",
    other: Other | None = None,
) -> types.WorkspaceEdit:
    """`edits` of this very version of `document`, and what goes with them in an `other` file.

    With `confirm` the client asks before it makes them, and shows `description` beside them.
    """
    both = [*([other] if other is not None else []), Other(document, tuple(edits), is_open=True)]
    both = [one for one in both if one.edits]
    if not able.versions:
        made = {one.document.uri: _plain(one, encoding) for one in both}
        return types.WorkspaceEdit(changes=made)
    changes: list[_Change] = []
    for one in both:
        annotation = "chiron" if able.annotations else None
        if one.is_new:
            changes.append(types.CreateFile(one.document.uri, annotation_id=annotation))
        version = one.document.version if one.is_open else None
        where = types.OptionalVersionedTextDocumentIdentifier(uri=one.document.uri, version=version)
        made_here: list[_Any] = [
            types.AnnotatedTextEdit(range=plain.range, new_text=plain.new_text, annotation_id=annotation)
            if annotation is not None
            else plain
            for plain in _plain(one, encoding)
        ]
        changes.append(types.TextDocumentEdit(where, made_here))
    if not able.annotations:
        return types.WorkspaceEdit(document_changes=changes)
    note = types.ChangeAnnotation(
        label=label, needs_confirmation=confirm, description=description or "Chiron"
    )
    return types.WorkspaceEdit(document_changes=changes, change_annotations={"chiron": note})


def _plain(one: Other, encoding: str) -> list[types.TextEdit]:
    return [types.TextEdit(_range(one.document, edit, encoding), edit.text) for edit in one.edits]


def _range(document: Document, edit: Edit, encoding: str) -> types.Range:
    start, end = document.position(edit.start), document.position(edit.end)
    return types.Range(from_position(document, start, encoding), from_position(document, end, encoding))
