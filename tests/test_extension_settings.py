"""The extension's settings are the server's, in camelCase, with its defaults and ranges."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from chiron.config import EDITOR_MAY_SET, Endpoint, Settings
from chiron.review.verdicts import VERDICTS

EXTENSION = Path(__file__).parents[1] / "vscode-extension"
MANIFEST = json.loads((EXTENSION / "package.json").read_text("utf-8"))
PROPERTIES: dict[str, dict[str, Any]] = {
    name.removeprefix("chiron."): schema
    for name, schema in MANIFEST["contributes"]["configuration"]["properties"].items()
}
#: Settings of the extension alone.
OWN = {"serverPath", "indentOnEnter"}


def server_field(name: str) -> FieldInfo:
    """The server's field for a dotted camelCase name."""
    model: type[BaseModel] = Settings
    *rooms, last = name.split(".")
    for room in rooms:
        annotation = fields(model)[room].annotation
        assert isinstance(annotation, type), name
        assert issubclass(annotation, BaseModel), name
        model = annotation
    return fields(model)[last]


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {to_camel(name): field for name, field in model.model_fields.items()}


@pytest.mark.parametrize("name", sorted(PROPERTIES.keys() - OWN))
def test_a_setting_of_the_extension_is_one_of_the_servers(name: str) -> None:
    assert server_field(name).description


@pytest.mark.parametrize("room", EDITOR_MAY_SET)
def test_what_an_editor_may_set_can_be_set_in_this_one(room: str) -> None:
    for setting in EDITOR_MAY_SET[room]:
        assert f"{room}.{to_camel(setting)}" in PROPERTIES


@pytest.mark.parametrize("name", sorted(name for name in PROPERTIES if name.startswith("suggest.")))
def test_defaults_and_ranges_are_the_same(name: str) -> None:
    field, schema = server_field(name), PROPERTIES[name]
    assert schema["default"] == field.default
    assert schema["scope"] == "resource"
    for bound in field.metadata:
        if hasattr(bound, "ge"):
            assert schema["minimum"] == bound.ge
        if hasattr(bound, "le"):
            assert schema["maximum"] == bound.le


def test_an_endpoint_takes_what_the_servers_takes() -> None:
    schema = PROPERTIES["endpoints"]["additionalProperties"]["properties"]
    assert set(schema) <= {to_camel(name) for name in Endpoint.model_fields}


def test_what_the_editor_may_not_set_is_taken_from_the_user_alone() -> None:
    for name in PROPERTIES.keys() - {"indentOnEnter"}:
        room, _, setting = name.partition(".")
        may = {to_camel(each) for each in EDITOR_MAY_SET.get(room, ())}
        expected = "resource" if setting in may else "machine"
        assert PROPERTIES[name]["scope"] == expected, name


def test_a_report_from_the_editor_says_what_the_review_page_says() -> None:
    written = (EXTENSION / "src" / "labels.ts").read_text("utf-8")
    entry = r"label: '(\w+)', key: '(\w)', words: '([^']+)', meaning: '([^']+)'"
    bad = [(one.label, one.key, one.words, one.meaning) for one in VERDICTS if one.label != "good"]
    assert re.findall(entry, written) == bad


def test_escape_comes_before_that_of_red_hats_extension() -> None:
    # Of two extensions' bindings that fit, VS Code takes the one that stands later in its extension's list;
    # theirs is the second.
    keys = [one["key"] for one in MANIFEST["contributes"]["keybindings"]]
    assert keys.index("escape") >= 2
    assert "tab" not in keys
