"""Python source as data: what stands there as a literal, worked out without running anything."""

from __future__ import annotations

import ast
import inspect
import threading
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: Depth of names referring to names, and of nested literals.
_DEPTH: Final = 40


#: Up to Python 3.12 two threads that make trees at once can fail with a `SystemError`: they count their depth
#: in one place (CPython's issue 106905).
_one_at_a_time = threading.Lock()


class NotLiteral(Exception):
    """What the expression is cannot be told without running it."""


def parse(source: str | bytes) -> ast.Module | None:
    """The syntax tree of `source`; None where it is no Python this interpreter knows. Never raises."""
    try:
        with _one_at_a_time, warnings.catch_warnings():
            # Others' invalid escapes are not ours to report.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def literal(source: str) -> Any:
    """The value of `source`, a Python literal. Raises as `ast.literal_eval` does where it is none."""
    with _one_at_a_time:
        tree = ast.parse(source.lstrip(" \t"), mode="eval")
    return ast.literal_eval(tree)


def assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """The plain `name = value` statements directly in `body`, in order."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield from [(statement.target.id, statement.value)] if statement.value is not None else []


def evaluate(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> Any:
    """The value of `node`, where it is a literal or put together from literals. Raises `NotLiteral`.

    `names` are the expressions that names stand for. Sums of texts, lists and tuples are added up;
    `dict(…)`, `list(…)`, `tuple(…)`, `str.format`, `join`, `replace`, `strip` and `dedent` are applied.
    """
    if depth > _DEPTH:
        raise NotLiteral
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise NotLiteral
        return evaluate(names[node.id], names, depth + 8)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return _sequence(node.elts, names, depth)
    if isinstance(node, ast.Dict):
        return _dict(node, names, depth)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = evaluate(node.operand, names, depth + 1)
        if isinstance(value, int | float):
            return -value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = evaluate(node.left, names, depth + 1), evaluate(node.right, names, depth + 1)
        if type(left) is type(right) and isinstance(left, str | list):
            return left + right
    if isinstance(node, ast.JoinedStr):
        return "".join(str(evaluate(_unwrapped(part), names, depth + 1)) for part in node.values)
    if isinstance(node, ast.Call):
        return _call(node, names, depth)
    raise NotLiteral


def _unwrapped(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.FormattedValue) else node


def _sequence(elements: list[ast.expr], names: Mapping[str, ast.expr], depth: int) -> list[Any]:
    values: list[Any] = []
    for element in elements:
        if isinstance(element, ast.Starred):
            inner = evaluate(element.value, names, depth + 1)
            if not isinstance(inner, list):
                raise NotLiteral
            values.extend(inner)
        else:
            values.append(evaluate(element, names, depth + 1))
    return values


def _dict(node: ast.Dict, names: Mapping[str, ast.expr], depth: int) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        inner = evaluate(value, names, depth + 1)
        if key is None:
            if not isinstance(inner, dict):
                raise NotLiteral
            values.update(inner)
            continue
        name = evaluate(key, names, depth + 1)
        if not isinstance(name, str | int | float | bool | None):
            raise NotLiteral
        values[name] = inner
    return values


def _call(node: ast.Call, names: Mapping[str, ast.expr], depth: int) -> Any:
    function = node.func
    called = (
        function.id
        if isinstance(function, ast.Name)
        else function.attr
        if isinstance(function, ast.Attribute)
        else ""
    )
    if called == "dict" and not node.args:
        return {
            keyword.arg: evaluate(keyword.value, names, depth + 1) for keyword in node.keywords if keyword.arg
        }
    arguments = [evaluate(argument, names, depth + 1) for argument in node.args]
    if (
        called in ("list", "tuple", "frozenset", "set", "sorted")
        and len(arguments) == 1
        and isinstance(arguments[0], list)
    ):
        return arguments[0]
    if called == "dedent" and len(arguments) == 1 and isinstance(arguments[0], str):
        return inspect.cleandoc("\n" + arguments[0])
    if isinstance(function, ast.Attribute):
        return _method(evaluate(function.value, names, depth + 1), called, arguments, node, names, depth)
    raise NotLiteral


def _method(
    value: Any, called: str, arguments: list[Any], node: ast.Call, names: Mapping[str, ast.expr], depth: int
) -> Any:
    if not isinstance(value, str):
        raise NotLiteral
    if called in ("strip", "lstrip", "rstrip") and not arguments:
        return value.strip()
    if called == "join" and len(arguments) == 1 and isinstance(arguments[0], list):
        return value.join(map(str, arguments[0]))
    if called == "replace" and len(arguments) == 2 and all(isinstance(a, str) for a in arguments):
        return value.replace(*arguments)
    if called == "format":
        given = {k.arg: evaluate(k.value, names, depth + 1) for k in node.keywords if k.arg}
        if all(isinstance(a, str | int | float | bool) for a in (*arguments, *given.values())):
            try:
                return value.format(*arguments, **given)
            except (LookupError, ValueError, AttributeError) as error:
                raise NotLiteral from error
    raise NotLiteral
