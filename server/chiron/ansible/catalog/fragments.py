"""Documentation fragments: where they are, what they say, and how they go into a module's documentation.

A fragment is a class attribute in a Python file. Nearly all are literals; the few put together in code are
worked out as far as literals go (a version number that is only known at run time becomes `?`).
"""

from __future__ import annotations

import ast
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chiron.ansible.catalog.build import BUILTIN, Index
from chiron.ansible.catalog.files import read_bytes, stamp
from chiron.ansible.catalog.literals import NotLiteral, assignments, evaluate, parse
from chiron.ansible.plain import mapping, read_yaml

_MAX_REDIRECTS = 5


class Fragments:
    """Fragments by file and variable, read once and again when the file changes. Not thread safe."""

    def __init__(self, limit: int = 96) -> None:
        self._limit = limit
        self._files: OrderedDict[str, tuple[tuple[int, int], Mapping[str, str]]] = OrderedDict()
        self._parsed: OrderedDict[tuple[str, str], tuple[tuple[int, int], dict[str, Any]]] = OrderedDict()

    def read(self, path: str, within: Path | None, variable: str) -> dict[str, Any] | None:
        """What `variable` of the fragment file says, not to be changed; None where there is no such."""
        state = stamp(path)
        if state is None:
            return None
        kept = self._parsed.get((path, variable))
        if kept is not None and kept[0] == state:
            self._parsed.move_to_end((path, variable))
            return kept[1]
        texts = self._texts(path, within, state)
        if variable not in texts:
            # A class without DOCUMENTATION is allowed and says nothing.
            return {} if variable == "DOCUMENTATION" and texts else None
        parsed = mapping(read_yaml(texts[variable]))
        self._parsed[path, variable] = (state, parsed)
        if len(self._parsed) > self._limit:
            self._parsed.popitem(last=False)
        return parsed

    def _texts(self, path: str, within: Path | None, state: tuple[int, int]) -> Mapping[str, str]:
        kept = self._files.get(path)
        if kept is not None and kept[0] == state:
            self._files.move_to_end(path)
            return kept[1]
        texts = fragment_texts(read_bytes(path, within=within) or b"")
        self._files[path] = (state, texts)
        if len(self._files) > self._limit:
            self._files.popitem(last=False)
        return texts


def fragment_texts(source: bytes) -> dict[str, str]:
    """The text of every variable of the `ModuleDocFragment` class in `source`."""
    tree = parse(source)
    if tree is None:
        return {}
    names = dict(assignments(tree.body))
    texts: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef) or node.name != "ModuleDocFragment":
            continue
        names |= dict(assignments(node.body))
        found = dict(assignments(node.body))
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                found |= _set_by(method, names)
        for name, expression in found.items():
            text = _text(expression, names)
            if text is not None:
                texts[name] = text
    return texts


def _set_by(method: ast.FunctionDef, names: dict[str, ast.expr]) -> dict[str, ast.expr]:
    """The attributes that an `__init__` sets on `self`; its local names go into `names`."""
    found: dict[str, ast.expr] = {}
    for statement in method.body:
        if not isinstance(statement, ast.Assign):
            continue
        value = statement.value
        if (
            isinstance(value, ast.Attribute)
            and isinstance(value.value, ast.Name)
            and value.value.id == "self"
        ):
            value = found.get(value.attr, names.get(value.attr, value))
        for target in statement.targets:
            if isinstance(target, ast.Name):
                names[target.id] = value
            elif isinstance(target, ast.Attribute):
                found[target.attr] = value
    return found


def _text(expression: ast.expr, names: Mapping[str, ast.expr]) -> str | None:
    try:
        value = evaluate(expression, names)
    except NotLiteral:
        shown = names.get(expression.id) if isinstance(expression, ast.Name) else expression
        if not isinstance(shown, ast.JoinedStr):
            return None
        # Versions of libraries are the only thing ever filled in; options do not depend on them.
        value = "".join(str(part.value) if isinstance(part, ast.Constant) else "?" for part in shown.values)
    return value if isinstance(value, str) else None


def find_fragment(index: Index, name: str) -> tuple[str, Path | None] | None:
    """The file of the fragment called `name`, and its bounds; redirects are followed."""
    for _ in range(_MAX_REDIRECTS):
        collection_name, rest = _split(name)
        collection = index.collections.get(collection_name)
        if collection is None or re.fullmatch(r"\w+(\.\w+)*", rest) is None:
            return None
        path = f"{collection.fragments_dir}/{rest.replace('.', '/')}.py"
        route = collection.routing.route("doc_fragments", rest)
        if route is not None and route.redirect and route.redirect != name:
            if collection_name == BUILTIN and stamp(path) is not None:
                return path, collection.within
            name = route.redirect
            continue
        found = path if stamp(path) is not None else None
        if found is None and collection_name != BUILTIN:
            found = _beside(collection.fragments_dir, rest)
        return (found, collection.within) if found is not None else None
    return None


def _beside(directory: str, rest: str) -> str | None:
    """`a.b` where `a` is a file and no directory: `b` beside it, since that is where Python looks."""
    package, _, name = rest.replace(".", "/").rpartition("/")
    if not package or stamp(f"{directory}/{package}.py") is None:
        return None
    path = f"{directory}/{package}".rpartition("/")[0] + f"/{name}.py"
    return path if stamp(path) is not None else None


def _split(name: str) -> tuple[str, str]:
    """(collection, rest): a short name is ansible-core's own."""
    parts = name.split(".", 2)
    if len(parts) < 3:
        return BUILTIN, name
    return f"{parts[0]}.{parts[1]}", parts[2]


def locate(index: Index, slug: str) -> tuple[str, Path | None, str] | None:
    """File, bounds and variable that `slug` in `extends_documentation_fragment` means."""
    slug = slug.strip()
    found = find_fragment(index, slug)
    if found is not None:
        return *found, "DOCUMENTATION"
    name, dot, variable = slug.rpartition(".")
    found = find_fragment(index, name) if dot else None
    return (*found, variable.upper()) if found is not None else None


def merged(documentation: Mapping[str, Any], fragment: Mapping[str, Any]) -> dict[str, Any]:
    """`documentation` with `fragment` added; where both speak of an option, key by key, the former wins."""
    result = dict(documentation)
    for part in ("options", "attributes"):
        if part not in fragment:
            continue
        ours, theirs = mapping(result.get(part)), mapping(fragment[part])
        combined = dict(ours)
        for name, entry in theirs.items():
            if name in combined and isinstance(combined[name], dict) and isinstance(entry, dict):
                combined[name] = {**entry, **combined[name]}
            else:
                combined.setdefault(name, entry)
        result[part] = combined
    for key in ("deprecated", "version_added", "short_description", "description"):
        if key in fragment:
            result.setdefault(key, fragment[key])
    return result
