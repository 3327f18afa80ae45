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

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities | None) -> Able:
        workspace = capabilities.workspace if capabilities is not None else None
        edit = workspace.workspace_edit if workspace is not None else None
        document = capabilities.text_document if capabilities is not None else None
        action = document.code_action if document is not None else None
        resolve = action.resolve_support if action is not None else None
        return cls(
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


def to_workspace_edit(
    document: Document, edits: Sequence[Edit], label: str, able: Able, encoding: str, *, confirm: bool
) -> types.WorkspaceEdit:
    """`edits` of this very version of `document`. With `confirm` the client asks before it makes them."""
    made = [(_range(document, edit, encoding), edit.text) for edit in edits]
    if not able.versions:
        return types.WorkspaceEdit(changes={document.uri: [types.TextEdit(*one) for one in made]})
    where = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    if not able.annotations:
        plain: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
            types.TextEdit(*one) for one in made
        ]
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(where, plain)])
    noted: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
        types.AnnotatedTextEdit(range=place, new_text=text, annotation_id="chiron") for place, text in made
    ]
    note = types.ChangeAnnotation(label=label, needs_confirmation=confirm, description="Chiron")
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(where, noted)], change_annotations={"chiron": note}
    )


def _range(document: Document, edit: Edit, encoding: str) -> types.Range:
    start, end = document.position(edit.start), document.position(edit.end)
    return types.Range(from_position(document, start, encoding), from_position(document, end, encoding))
