"""Between the protocol's types and ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from chiron.lsp import convert
from chiron.records import Position, Range, Source, Suggestion
from chiron.syntax.document import Document

URI = "file:///work%20space/tasks/main.yml"


def document(text: str) -> Document:
    return Document(URI, text, 1)


def suggestion(text: str, start: Position, end: Position) -> Suggestion:
    return Suggestion("id-1", text, Range(start, end), Source.RECALL, None, None, 0.5, ())


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.yml", "/a/b.yml"),
        ("file:///a%20b/c%25.yml", "/a b/c%.yml"),
        ("file:///c%3A/x.yml", "c:/x.yml"),
        ("untitled:Untitled-1", None),
        ("file://elsewhere/share/x.yml", None),
        ("vscode-remote://host/a.yml", None),
    ],
)
def test_only_a_file_of_this_machine_has_a_path(uri: str, path: str | None) -> None:
    assert convert.to_path(uri) == path


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 6), ("utf-16", 4), ("utf-32", 3)])
def test_positions_go_there_and_back(encoding: str, units: int) -> None:
    text = document("a🚀bc")
    inside = convert.to_position(text, types.Position(0, units), encoding)
    assert inside == Position(0, 3)
    assert convert.from_position(text, inside, encoding) == types.Position(0, units)


def test_a_position_past_the_end_is_the_end() -> None:
    assert convert.to_position(document("ab\ncd"), types.Position(9, 9), "utf-16") == Position(1, 2)
    assert convert.to_position(document("ab\ncd"), types.Position(0, 99), "utf-16") == Position(0, 2)


def test_an_item_begins_at_the_margin_and_holds_the_whole_line() -> None:
    text = document("- name: Go")
    (item,) = convert.to_items(
        [suggestion("\n  debug:", Position(0, 10), Position(0, 10))], text, None, "utf-16"
    )
    assert item.insert_text == "- name: Go\n  debug:"
    assert item.range == types.Range(types.Position(0, 0), types.Position(0, 10))
    assert item.command is not None
    assert item.command.arguments == [{"suggestionId": "id-1"}]


def test_the_innermost_workspace_folder_is_the_one() -> None:
    place = convert.to_place(document(""), [Path("/work space"), Path("/work space/tasks"), Path("/other")])
    assert place.workspace == "/work space/tasks"
    assert place.path == "/work space/tasks/main.yml"


def test_changes_are_applied_in_order_and_told_in_code_points() -> None:
    text = document("a🚀b\n")
    at = types.Position(0, 3)
    changes = convert.apply_changes(
        text,
        [
            types.TextDocumentContentChangePartial(range=types.Range(at, at), text="x"),
            types.TextDocumentContentChangePartial(
                range=types.Range(types.Position(0, 1), types.Position(0, 3)), text=""
            ),
        ],
        2,
        "utf-16",
    )
    assert text.text == "axb\n"
    assert [(one.start, one.removed, one.inserted) for one in changes] == [(2, "", "x"), (1, "🚀", "")]


def test_a_change_without_a_range_replaces_everything() -> None:
    text = document("old")
    convert.apply_changes(text, [types.TextDocumentContentChangeWholeDocument(text="new\n")], 7, "utf-8")
    assert (text.text, text.version) == ("new\n", 7)
