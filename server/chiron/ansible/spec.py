"""What a module's code says of its options: a second opinion, asked before anybody is told of a fault.

Documentation can lag behind: options that are not in it, ones it calls required that are not, choices that
were added. Where the code's `argument_spec` is written out and accepts what the documentation does not, the
code is right, for it is what will run. Nothing is imported; what is not a literal is not known.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from chiron.ansible.literals import NotLiteral, assignments, evaluate, parse
from chiron.records import Option

_KEYS: Final = frozenset(
    {
        "type", "required", "default", "choices", "aliases", "elements", "options", "no_log", "fallback",
        "removed_in_version", "removed_at_date", "removed_from_collection", "deprecated_aliases",
        "apply_defaults", "required_if", "required_one_of", "required_together", "mutually_exclusive",
        "required_by", "context",
    }
)  # fmt: skip
_MAX_BYTES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class InCode:
    """One option as the code has it."""

    option: Option
    required: bool
    #: Type and choices are literals; where not, the documentation's word stands.
    sure: bool


def options_in_code(path: str) -> Mapping[str, tuple[InCode, ...]]:
    """Options that stand in the code at `path`, by name and alias; all of that name, at whatever depth.

    Empty where the file cannot be read or is no Python.
    """
    try:
        stamp = Path(path).stat()
    except (OSError, ValueError):
        return {}
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=64)
def _read(path: str, mtime_ns: int, size: int) -> Mapping[str, tuple[InCode, ...]]:
    if size > _MAX_BYTES or not path.endswith(".py"):
        return {}
    try:
        tree = parse(Path(path).read_bytes())
    except OSError:
        return {}
    found: defaultdict[str, list[InCode]] = defaultdict(list)
    if tree is not None:
        constants = dict(assignments(tree.body))
        for name, parts in _specs(tree):
            option = _in_code(name, parts, constants)
            for known in (name, *option.option.aliases):
                found[known].append(option)
    return {name: tuple(options) for name, options in found.items()}


def _specs(tree: ast.Module) -> Iterator[tuple[str, dict[str, ast.expr]]]:
    """Every option's specification: what has a name in a dict beside others, in either spelling."""
    for node in ast.walk(tree):
        pairs = [(name, _spec(value)) for name, value in _pairs(node)]
        # `dict()` alone specifies an option only among others; elsewhere it is an empty result.
        if any(parts for _, parts in pairs):
            yield from ((name, parts) for name, parts in pairs if parts is not None)


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


def _in_code(name: str, parts: Mapping[str, ast.expr], constants: Mapping[str, ast.expr]) -> InCode:
    def literal(part: str, missing: Any) -> Any:
        if part not in parts:
            return missing
        try:
            return evaluate(parts[part], constants)
        except NotLiteral:
            return None

    kind, choices, elements = literal("type", "str"), literal("choices", ()), literal("elements", "")
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
