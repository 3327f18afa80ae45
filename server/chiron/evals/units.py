"""Small situations with assertions: one for each way in which suggestions were once wrong.

A file is a list of units. Each has a `name`, the text `at` the cursor (drawn as `¦`), the `path` of its file,
other `files` of the workspace, what a scripted `model` answers, and what is `expected`:

    module is, module among, option equals, keyword equals, options are, contains, never contains,
    tasks are, shown, withheld because
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from chiron.ansible.bodies import module_of
from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.errors import ChironError
from chiron.evals.reading import Reading, read_body
from chiron.records import Answer, Origin, Place, Position, Request
from chiron.suggest.pipeline import Suggester
from chiron.suggest.place import request_at
from chiron.syntax.blocks import Block, task_blocks
from chiron.syntax.document import Document

_KEYS = frozenset({"name", "at", "path", "files", "model", "expected", "embedded"})
ASSERTIONS = frozenset(
    {
        "module is", "module among", "option equals", "keyword equals", "options are", "contains",
        "never contains", "tasks are", "shown", "withheld because",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """One situation, and what must hold of the answer. `model` is what a scripted one writes if asked."""

    name: str
    at: str
    expected: Mapping[str, Any]
    path: str = "roles/web/tasks/main.yml"
    files: Mapping[str, str] = field(default_factory=dict)
    model: tuple[str, ...] = ()
    #: Must hold whatever a real model writes.
    embedded: bool = False


def read_units(path: Path) -> list[Unit]:
    """The units in a file. Raises `ChironError` that names the one which is none."""
    units = []
    for number, value in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or (), 1):
        name = value.get("name", f"number {number}") if isinstance(value, dict) else f"number {number}"
        if not isinstance(value, dict) or value.keys() - _KEYS or not {"at", "expected"} <= value.keys():
            raise ChironError(f"{path}: the unit {name!r} is none.", advice=f"Its keys: {sorted(_KEYS)}.")
        if unknown := value["expected"].keys() - ASSERTIONS:
            raise ChironError(f"{path}: {name!r} asserts {sorted(unknown)}, which nothing checks.")
        if value["at"].count("¦") != 1:
            raise ChironError(f"{path}: {name!r} needs one cursor, drawn as ¦.")
        model = value.get("model", ())
        units.append(
            Unit(**{**value, "name": name, "model": (model,) if isinstance(model, str) else tuple(model)})
        )
    return units


async def answered(unit: Unit, folder: Path, suggester: Suggester) -> tuple[Request, Answer]:
    """What `suggester` makes of `unit`, its workspace written to `folder`, which is empty."""
    before, after = unit.at.rstrip("\n").split("¦")
    text = before + after
    for path, content in {**unit.files, unit.path: text}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    full = folder / unit.path
    document = Document(full.as_uri(), text, 0)
    position = Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    place = Place(document.uri, str(full), 0, str(folder))
    request = request_at(document, position, place, origin=Origin.EVAL, n=3)
    if request is None:
        raise ChironError(f"{unit.name}: nothing is suggested at such a place.")
    project = Project(folder, suggester.catalog)
    project.refresh()
    project.update(unit.path, text)
    return request, await suggester.suggest(request, project)


def broken(unit: Unit, request: Request, answer: Answer, catalog: Catalog) -> list[str]:
    """What `unit` expects and `answer` does not hold, in words."""
    first = answer.suggestions[0].text if answer.suggestions else ""
    blocks = _written(request, first) if first else []
    reading = read_body(blocks[0].body, catalog.resolve) if blocks else None
    found = [
        f"{assertion} {wanted!r}"
        for assertion, wanted in unit.expected.items()
        if not (_holds(assertion, wanted, answer, blocks, catalog) or _tells(assertion, wanted, reading))
    ]
    if found:
        found.append(f"first: {first!r}; withheld: {[one.reason for one in answer.withheld]}")
    return found


def _written(request: Request, text: str) -> list[Block]:
    """The tasks that stand from the enclosing one on, once `text` is put in."""
    document = Document(request.place.uri, request.text, 0)
    scope = request.scope
    start, end = document.offset(scope.range.start), document.offset(scope.range.end)
    after = request.text[:start] + text + request.text[end:]
    n_lines = text.count("\n") + scope.before.count("\n") + 1
    last = scope.task_line + n_lines
    return [block for block in task_blocks(after) if scope.task_line <= block.first_line <= last]


def _holds(assertion: str, wanted: Any, answer: Answer, blocks: list[Block], catalog: Catalog) -> bool:
    """Whether the answer as a whole is as it should be."""
    shown = [one.text for one in answer.suggestions]
    match assertion:
        case "shown":
            return bool(shown) == bool(wanted)
        case "withheld because":
            return wanted in {one.reason for one in answer.withheld}
        case "contains":
            return bool(shown) and all(text in shown[0] for text in _listed(wanted))
        case "never contains":
            return not any(unwanted in text for unwanted in _listed(wanted) for text in shown)
        case "tasks are":
            named = [module_of(block.body) or "" for block in blocks]
            return [catalog.resolve(module) or module for module in named] == list(wanted)
    return False


def _tells(assertion: str, wanted: Any, reading: Reading | None) -> bool:
    """Whether the first suggestion's task is as it should be."""
    if reading is None:
        return False
    match assertion:
        case "module is":
            return reading.module == str(wanted)
        case "module among":
            return reading.module in set(wanted)
        case "options are":
            return list(reading.arguments) == list(wanted)
        case "option equals":
            return all(_same(reading.arguments.get(name), value) for name, value in wanted.items())
        case "keyword equals":
            return all(_same(reading.keywords.get(name), value) for name, value in wanted.items())
    return False


def _listed(wanted: Any) -> Iterable[str]:
    return [wanted] if isinstance(wanted, str) else wanted


def _same(given: Any, wanted: Any) -> bool:
    """Equal as Ansible takes them: 0644 and "0644", true and yes; None for what is not to be set."""
    if isinstance(wanted, list):
        return isinstance(given, list) and len(given) == len(wanted) and all(map(_same, given, wanted))
    return given is wanted is None or (given is not None and str(given).lower() == str(wanted).lower())
