"""What a module's code says of its options: a second opinion, asked before anybody is told of a fault.

Documentation can lag behind: options that are not in it, ones it calls required that are not, choices that
were added. Where the code's `argument_spec` is written out and accepts what the documentation does not, the
code is right, for it is what will run. Nothing is imported; what is not a literal is not known.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from chiron.ansible.catalog.literals import NotLiteral, assignments, evaluate, parse
from chiron.records import Option

_KEYS: Final = frozenset(
    {
        "type", "required", "default", "choices", "aliases", "elements", "options", "no_log", "fallback",
        "removed_in_version", "removed_at_date", "removed_from_collection", "deprecated_aliases",
        "apply_defaults", "required_if", "required_one_of", "required_together", "mutually_exclusive",
        "required_by", "context", "suboptions", "description", "version_added",
    }
)  # fmt: skip
_MAX_BYTES: Final = 2_000_000
_MAX_FILES: Final = 16
_IMPORT: Final = re.compile(
    rb"^[ \t]*from[ \t]+(\.*)([\w.]*(?:module_utils|plugin_utils)[\w.]*)[ \t]+import\b", re.M
)


@dataclass(frozen=True, slots=True)
class InCode:
    """One option as the code has it."""

    option: Option
    required: bool
    #: Type and choices are literals; where not, the documentation's word stands.
    sure: bool


def options_in_code(path: str, name: str) -> tuple[InCode, ...]:
    """Options called `name`, or with that alias, in the code of the module at `path`, at whatever depth.

    Read are the module, the action plugin that runs in its place and the shared code both import; taken apart
    are only files that mention the name. Empty where nothing can be read.
    """
    found: list[InCode] = []
    waiting = [Path(path), _action_of(Path(path))]
    seen: set[Path] = set()
    while waiting and len(seen) < _MAX_FILES:
        one = waiting.pop(0)
        code = _source_at(one) if one not in seen else None
        seen.add(one)
        if code is not None:
            if re.search(rb"\b" + re.escape(name.encode("utf-8", "replace")) + rb"\b", code.source):
                found.extend(_options_at(one, code).get(name, ()))
            waiting.extend(code.imports)
    return tuple(found)


def is_powershell(path: str) -> bool:
    """Whether the module is one for Windows, whose choices do not tell upper case from lower."""
    return path.endswith(".ps1") or Path(path).with_suffix(".ps1").exists()


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of code as it is on disk."""

    source: bytes
    mtime_ns: int
    #: Files with shared code that are imported.
    imports: tuple[Path, ...]


def _source_at(path: Path) -> _Source | None:
    try:
        stamp = path.stat()
    except (OSError, ValueError):
        return None
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, mtime_ns: int, size: int) -> _Source | None:
    if size > _MAX_BYTES or path.suffix != ".py":
        return None
    try:
        source = path.read_bytes()
    except OSError:
        return None
    return _Source(source, mtime_ns, tuple(dict.fromkeys(_imports(source, path))))


def _options_at(path: Path, code: _Source) -> Mapping[str, tuple[InCode, ...]]:
    return _taken_apart(path, code.mtime_ns, len(code.source))


@lru_cache(maxsize=64)
def _taken_apart(path: Path, mtime_ns: int, size: int) -> Mapping[str, tuple[InCode, ...]]:
    code = _read(path, mtime_ns, size)
    tree = parse(code.source) if code is not None else None
    if tree is None:
        return {}
    found: defaultdict[str, list[InCode]] = defaultdict(list)
    constants = dict(assignments(tree.body))
    for name, parts in _specs(tree):
        one = _in_code(name, parts, constants)
        for known in (name, *one.option.aliases):
            found[known].append(one)
    return {name: tuple(held) for name, held in found.items()}


def _action_of(path: Path) -> Path:
    """Where the action plugin of a module lies, if it has one."""
    folder = path.parent
    if folder.name == "modules" and folder.parent.name == "ansible":
        return folder.parent / "plugins" / "action" / path.name
    return folder.parent / "action" / path.name


def _imports(source: bytes, path: Path) -> Iterator[Path]:
    """Files of shared code that a module imports, from its own collection, others beside it, or core."""
    above = [folder for folder in path.parents if folder.name in {"ansible_collections", "ansible"}]
    if not above:
        return
    for found in _IMPORT.finditer(source):
        dots, name = len(found[1]), found[2].decode()
        base = path.parents[min(dots, len(path.parents)) - 1] if dots else above[0].parent
        yield base.joinpath(*name.split(".")).with_suffix(".py")


def _specs(tree: ast.Module) -> Iterator[tuple[str, dict[str, ast.expr] | None]]:
    """Every option's specification: what has a name in a dict beside others, in either spelling.

    None stands for one that is worked out when the code runs.
    """
    for node in ast.walk(tree):
        pairs = [(name, _spec(value), value) for name, value in _pairs(node)]
        # `dict()` alone specifies an option only among others; elsewhere it is an empty result.
        n_full = sum(bool(parts) for _, parts, _ in pairs)
        for name, parts, value in pairs if n_full else ():
            if parts is not None or (n_full > 1 and isinstance(value, ast.Call | ast.Name)):
                yield name, parts


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield keyword.arg, keyword.value


def _spec(node: ast.expr) -> dict[str, ast.expr] | None:
    """The parts of one option's specification; None where `node` is something else."""
    parts: dict[str, ast.expr]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        if node.args or any(keyword.arg is None for keyword in node.keywords):
            return None
        parts = {str(keyword.arg): keyword.value for keyword in node.keywords}
    elif isinstance(node, ast.Dict):
        parts = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant):
                return None
            parts[str(key.value)] = value
    else:
        return None
    return parts if parts.keys() <= _KEYS else None


def _in_code(name: str, parts: Mapping[str, ast.expr] | None, constants: Mapping[str, ast.expr]) -> InCode:
    if parts is None:
        return InCode(Option(name, type="raw"), required=False, sure=False)

    def literal(part: str, missing: Any) -> Any:
        if part not in parts:
            return missing
        try:
            return evaluate(parts[part], constants)
        except NotLiteral:
            return None

    # An empty list of choices is filled while the code runs.
    kind, choices, elements = literal("type", "str"), literal("choices", ()) or None, literal("elements", "")
    if "choices" not in parts:
        choices = ()
    option = Option(
        name=name,
        type=kind if isinstance(kind, str) else "raw",
        choices=_sequence(choices),
        aliases=tuple(str(one) for one in _sequence(literal("aliases", ()))),
        elements=elements if isinstance(elements, str) and elements else None,
    )
    required = literal("required", False) is True and "fallback" not in parts
    return InCode(option, required, sure=None not in (kind, choices, elements))


def _sequence(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()
