"""Between LSP's types and Chiron's records. Nothing else here, and nowhere else this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from chiron.lsp.protocol import ACCEPTED
from chiron.records import Answer, Place, Position, Suggestion, Trigger
from chiron.syntax.document import Change, Document, column_to_units, units_to_column


def to_position(document: Document, position: types.Position, encoding: str) -> Position:
    """`position` in lines and code points. A place past the end becomes the end."""
    if position.line >= document.n_lines:
        return document.position(len(document.text))
    column = units_to_column(document.line(position.line), position.character, encoding)
    return Position(position.line, column)


def from_position(document: Document, position: Position, encoding: str) -> types.Position:
    """`position` in the client's units."""
    units = column_to_units(document.line(position.line), position.column, encoding)
    return types.Position(position.line, units)


def to_path(uri: str) -> str | None:
    """The path of a `file:` URI, or None for anything else, such as an unsaved document."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or "\0" in path:
        return None
    return path[1:] if len(path) > 2 and path[0] == "/" and path[2] == ":" else path


def to_place(document: Document, roots: list[Path]) -> Place:
    """Where `document` stands, and which workspace folder it belongs to: the innermost that holds it."""
    path, workspace = _path_and_workspace(document.uri, tuple(map(str, roots)))
    return Place(document.uri, path, document.version, workspace)


# Each key asks for the same few documents.
@lru_cache(maxsize=128)
def _path_and_workspace(uri: str, roots: tuple[str, ...]) -> tuple[str | None, str | None]:
    path = to_path(uri)
    holding = [Path(root) for root in roots if path is not None and Path(path).is_relative_to(root)]
    workspace = max(holding, key=lambda root: len(root.parts), default=None)
    return path, str(workspace) if workspace else None


def to_trigger(kind: types.InlineCompletionTriggerKind | int) -> Trigger:
    invoked = types.InlineCompletionTriggerKind.Invoked
    return Trigger.INVOKED if kind == invoked else Trigger.AUTOMATIC


def to_items(
    suggestions: Sequence[Suggestion],
    document: Document,
    selected: types.SelectedCompletionInfo | None,
    encoding: str,
) -> list[types.InlineCompletionItem]:
    """Items that insert `suggestions`. Each begins at column 0, so that a shift of indentation shows.

    While the editor's own list has an entry selected, only what extends that entry can be shown, in its
    range; the others are left out.
    """
    items = []
    for suggestion in suggestions:
        line = document.line(suggestion.range.start.line)
        text = line[: suggestion.range.start.column] + suggestion.text
        start = Position(suggestion.range.start.line, 0)
        place = types.Range(
            from_position(document, start, encoding),
            from_position(document, suggestion.range.end, encoding),
        )
        if selected is not None:
            at = to_position(document, selected.range.start, encoding)
            if at.line != start.line or not text[at.column :].startswith(selected.text):
                continue
            text, place = text[at.column :], selected.range
        items.append(
            types.InlineCompletionItem(
                insert_text=text,
                range=place,
                command=types.Command(
                    title="Chiron: accepted",
                    command=ACCEPTED,
                    arguments=[{"suggestionId": suggestion.id}],
                ),
            )
        )
    return items


def apply_changes(
    document: Document,
    changes: Sequence[types.TextDocumentContentChangeEvent],
    version: int,
    encoding: str,
) -> list[Change]:
    """Applies `changes` to `document`, in order, and says what they were in code points."""
    done = []
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            start = to_position(document, change.range.start, encoding)
            end = to_position(document, change.range.end, encoding)
            done.append(document.apply(start, end, change.text, version))
        else:
            done.append(document.apply(None, None, change.text, version))
    return done


def last_line(document: Document, changes: Sequence[Change]) -> int | None:
    """The line on which the last of `changes`, already applied, ends: where the person writes."""
    if not changes:
        return None
    return document.position(changes[-1].start + len(changes[-1].inserted)).line


def to_json(answer: Answer | None, document: Document, encoding: str) -> dict[str, object]:
    """`answer` for a client that lays out its own list, in the client's units."""
    if answer is None:
        return {"suggestions": [], "withheld": []}

    def at(position: Position) -> dict[str, int]:
        there = from_position(document, position, encoding)
        return {"line": there.line, "character": there.character}

    return {
        "suggestions": [
            {
                "id": one.id,
                "text": one.text,
                "range": {"start": at(one.range.start), "end": at(one.range.end)},
                "module": one.module,
                "source": one.source.value,
                "model": one.model,
                "grounds": [asdict(ground) for ground in one.grounds],
            }
            for one in answer.suggestions
        ],
        "withheld": [{"reason": one.reason, "detail": one.detail} for one in answer.withheld],
    }
