"""What a module checks beyond single options, read off the literals in its code.

`AnsibleModule(…)` is given `mutually_exclusive`, `required_if` and their kin as keyword arguments, which
documentation does not repeat. Whatever is not a literal, or a name of one, is left out: a constraint that
is not known is not demanded.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chiron.ansible.catalog.literals import NotLiteral, assignments, evaluate, parse
from chiron.records import Constraints

KEYWORDS: Final = (
    "mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by",
)  # fmt: skip
#: Keywords that show a call or a dict to be the arguments of an `AnsibleModule`, whatever it is called.
_SIGNS: Final = frozenset({"argument_spec", "derived_arg_spec", "module_args", "supports_check_mode"})
#: Names of arguments that are no options.
_STRUCTURE: Final = _SIGNS | {"options", "apply_defaults", *KEYWORDS}
_WORD = re.compile(rb"\b(?:" + b"|".join(k.encode() for k in KEYWORDS) + rb")\b")

Names = Mapping[str, ast.expr]


def read_constraints(source: bytes) -> dict[str, Any]:
    """The constraints in a module's code by keyword, as values that can be written as JSON.

    Where a module is built in several places, only what all of them demand counts. `sub` lists what holds
    between the options of an option: each a pair of the option's name, with those above it as far as the
    code shows them together, and its constraints. It never raises.
    """
    if _WORD.search(source) is None:
        return {}
    tree = parse(source)
    if tree is None:
        return {}
    try:
        return _read(tree, source)
    except RecursionError:  # an expression of a thousand terms, which nobody wrote by hand
        return {}


def _read(tree: ast.Module, source: bytes) -> dict[str, Any]:
    attributes = _attributes(tree) if re.search(rb"\.(?:required|mutually)_", source) else {}
    lines = [source.count(b"\n", 0, match.start()) + 1 for match in _WORD.finditer(source)]
    found: dict[str, Any] = {}
    sub: dict[tuple[str, ...], dict[str, Any] | None] = {}
    for spec in _specs(tree.body, dict(_unambiguous(tree.body)), lines):
        values = {
            keyword: value
            for keyword in KEYWORDS
            if keyword in spec.keywords
            and (value := clean(keyword, _known(spec.keywords[keyword], spec.names, attributes))) is not None
        }
        if not spec.whole:
            # Two options of one name cannot be told apart where they demand different things.
            sub[spec.path] = values if sub.get(spec.path, values) == values else None
            continue
        for keyword, value in values.items():
            found[keyword] = value if keyword not in found else _common(found[keyword], value)
    result = {keyword: value for keyword, value in found.items() if value}
    below = [[list(path), values] for path, values in sub.items() if values and any(values.values())]
    return {**result, "sub": below} if below else result


def to_constraints(data: Mapping[str, Any]) -> Constraints:
    """The record of what `read_constraints` returned."""
    return Constraints(
        mutually_exclusive=_groups(data.get("mutually_exclusive")),
        required_together=_groups(data.get("required_together")),
        required_one_of=_groups(data.get("required_one_of")),
        required_if=tuple(
            (str(option), value, tuple(needed), bool(any_of))
            for option, value, needed, any_of in data.get("required_if") or ()
        ),
        required_by={str(k): tuple(v) for k, v in (data.get("required_by") or {}).items()},
    )


def _groups(value: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(group) for group in value or ())


@dataclass(frozen=True, slots=True)
class _Spec:
    """Keyword arguments that hold constraints, and the names known where they stand."""

    keywords: Mapping[str, ast.expr]
    names: Names
    #: For the whole module; else for the option at the end of `path`.
    whole: bool
    path: tuple[str, ...] = ()


def _specs(body: list[ast.stmt], names: Names, lines: list[int]) -> Iterator[_Spec]:
    """The arguments of everything that builds a module, and the options that have constraints inside.

    Only statements over one of `lines` are looked into; looking into all takes longer than parsing.
    """
    for statement in body:
        last = statement.end_lineno or statement.lineno
        if not any(statement.lineno <= line <= last for line in lines):
            continue
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _specs(statement.body, {**names, **dict(_unambiguous(statement.body))}, lines)
            continue
        assigned = _assigned_name(statement)
        for node, path in _expressions(statement):
            keywords = _keywords(node)
            if keywords.keys().isdisjoint(KEYWORDS):
                continue
            if _is_option(keywords):
                if path:
                    yield _Spec(keywords, names, whole=False, path=path)
            elif _is_module(node, keywords, assigned):
                yield _Spec(keywords, names, whole=True)
        for inner in _blocks(statement):
            yield from _specs(inner, names, lines)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if isinstance(inner, list):
            yield inner
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _expressions(statement: ast.stmt) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    """Every node in the expressions of `statement`, not in the statements inside it.

    With it come the names of the keys and keyword arguments it stands under, structure left out.
    """
    pending: list[tuple[ast.AST, tuple[str, ...]]] = [
        (child, ())
        for child in ast.iter_child_nodes(statement)
        if not isinstance(child, ast.stmt | ast.excepthandler | ast.match_case)
    ]
    while pending:
        node, path = pending.pop()
        yield node, path
        named = {id(value): name for name, value in _keywords(node).items() if name not in _STRUCTURE}
        for child in ast.iter_child_nodes(node):
            inner = child.value if isinstance(child, ast.keyword) else child
            pending.append((inner, (*path, named[id(inner)]) if id(inner) in named else path))


def _keywords(node: ast.AST) -> dict[str, ast.expr]:
    """The keyword arguments of a call, or the items of a dict that could be handed on as such."""
    if isinstance(node, ast.Call):
        return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    if isinstance(node, ast.Dict):
        return {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    return {}


def _is_option(keywords: Mapping[str, ast.expr]) -> bool:
    return "options" in keywords or "type" in keywords or "elements" in keywords


def _is_module(node: ast.AST, keywords: Mapping[str, ast.expr], assigned: str) -> bool:
    if not _SIGNS.isdisjoint(keywords):
        return True
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "dict":
            return "module" in called.lower() or called in ("__init__", "validate_argument_spec")
    return "kwargs" in assigned


def _assigned_name(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name | ast.Attribute):
        target = statement.targets[0]
        return target.id if isinstance(target, ast.Name) else target.attr
    return ""


def _unambiguous(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Names assigned in `body` and the blocks in it, each once or always the same."""
    found: dict[str, ast.expr | None] = {}
    for name, value in _all_assignments(body):
        if name in found:
            before = found[name]
            found[name] = value if before is not None and ast.dump(before) == ast.dump(value) else None
        else:
            found[name] = value
    for name, expression in found.items():
        if expression is not None:
            yield name, expression


def _all_assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in body:
        yield from assignments([statement])
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for inner in _blocks(statement):
                yield from _all_assignments(inner)


def _attributes(tree: ast.Module) -> dict[str, ast.expr]:
    """`self.required_if = …` and class attributes of that name, where the file has just one."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in KEYWORDS:
                    found.setdefault(target.attr, []).append(node.value)
        elif isinstance(node, ast.ClassDef):
            for name, value in assignments(node.body):
                if name in KEYWORDS:
                    found.setdefault(name, []).append(value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _known(node: ast.expr, names: Names, attributes: Names, depth: int = 0) -> Any:
    """The value of `node`; of a list or dict, the elements that can be told."""
    if depth > 20:
        return None
    if isinstance(node, ast.Name) and node.id in names:
        return _known(names[node.id], names, attributes, depth + 1)
    if isinstance(node, ast.Attribute) and node.attr in attributes:
        return _known(attributes[node.attr], names, attributes, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [_known(side, names, attributes, depth + 1) for side in (node.left, node.right)]
        return [element for side in sides if isinstance(side, list) for element in side]
    if isinstance(node, ast.List | ast.Tuple) and depth <= 8:
        elements: list[Any] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                inner = _known(element.value, names, attributes, depth + 1)
                elements.extend(inner if isinstance(inner, list) else ())
                continue
            try:
                elements.append(evaluate(element, names))
            except NotLiteral:
                continue
        return elements
    try:
        return evaluate(node, names)
    except NotLiteral:
        return None


def clean(keyword: str, value: Any) -> list[Any] | dict[str, Any]:
    """`value` in the form in which it is kept; what `AnsibleModule` would make nothing of is left out."""
    if keyword == "required_by":
        pairs = value.items() if isinstance(value, dict) else ()
        return {
            str(k): [v] if isinstance(v, str) else _names(v)
            for k, v in pairs
            if isinstance(v, str) or _names(v)
        }
    elements = value if isinstance(value, list) else []
    if keyword == "required_if":
        return [
            [e[0], e[1], [e[2]] if isinstance(e[2], str) else e[2], len(e) > 3 and bool(e[3])]
            for e in elements
            if isinstance(e, list) and len(e) in (3, 4) and isinstance(e[0], str)
            and (isinstance(e[2], str) or _names(e[2]))
        ]  # fmt: skip
    least = 1 if keyword == "required_one_of" else 2
    groups = [[e] if isinstance(e, str) else _names(e) for e in elements]
    return [group for group in groups if len(group) >= least]


def _names(value: Any) -> list[str]:
    return value if isinstance(value, list) and all(isinstance(name, str) for name in value) else []


def _common(one: list[Any] | dict[str, Any], other: list[Any] | dict[str, Any]) -> list[Any] | dict[str, Any]:
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: value for name, value in one.items() if other.get(name) == value}
    return [element for element in one if element in other]
