"""What a module's code takes over from `module_utils`: options that are secret or may come from elsewhere.

Credentials are mostly specified once for a collection, in a file that its modules import. Documentation does
not say that such an option is `no_log`, or that the environment may provide it (`fallback`); the code does.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chiron.ansible.catalog.build import BUILTIN, Collection, Index
from chiron.ansible.catalog.files import read_bytes, stamp

_IMPORT = re.compile(
    rb"^[ \t]*from[ \t]+([\w.]*\bmodule_utils\b[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n\\]+)"
    rb"|^[ \t]*import[ \t]+([\w.]*\bmodule_utils\b[\w.]*)",
    re.M,
)
_SIBLING = re.compile(rb"^from[ \t]+(\.\w[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n\\]+)()", re.M)
_NO_LOG = re.compile(rb"\bno_log['\"]?\s*[=:]\s*True")
_FALLBACK = re.compile(rb"\bfallback['\"]?\s*[=:]")
#: The name in `name=dict(` or `'name': {`, looked for before the bracket.
_NAMED_BRACKET = re.compile(rb"(\w+)['\"]?\s*[=:]\s*(?:dict)?\Z")
_HANDED_ON = re.compile(rb"Module\w*\(\s*\*\*(\w+)")
#: How far before `no_log` the option it belongs to may begin.
_REACH: Final = 3000
#: Files followed from one module, and how many imports deep.
_MAX_FILES: Final = 40
_MAX_DEPTH: Final = 3
#: Ansible's own machinery, which specifies no option of a module.
_NO_SPECS: Final = frozenset({"basic", "six", "_text", "common", "compat", "facts", "parsing", "_internal"})


@dataclass(frozen=True, slots=True)
class Marks:
    """Names of options, at any depth, with what the code says of them."""

    secret: frozenset[str] = frozenset()
    fallback: frozenset[str] = frozenset()


#: Paths, each with the name of the collection it belongs to.
_Files = tuple[tuple[str, str], ...]


class Shared:
    """Marks in `module_utils` files, read once and again when a file changes. Not thread safe."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._files: OrderedDict[str, tuple[tuple[int, int], Marks, _Files]] = OrderedDict()

    def marks(self, source: bytes, collection: Collection | None, index: Index) -> tuple[Marks, list[str]]:
        """The marks in a module's `source` and in what it imports, and the files those are in."""
        secret, fallback = set(secret_options(source)), set(fallback_options(source))
        pending = [(path, owner.name, 1) for path, owner in _imported(source, "", collection, index)]
        seen: dict[str, None] = {}
        while pending and len(seen) < _MAX_FILES:
            path, owner, depth = pending.pop(0)
            if path in seen or owner not in index.collections:
                continue
            seen[path] = None
            marks, inner = self._read(path, index.collections[owner], index)
            secret |= marks.secret
            fallback |= marks.fallback
            if depth < _MAX_DEPTH:
                pending.extend((*found, depth + 1) for found in inner)
        return Marks(frozenset(secret), frozenset(fallback)), list(seen)

    def taken_over(self, source: bytes, collection: Collection | None, index: Index) -> list[str]:
        """The files with a dict that `source` hands on as a module's arguments: `AnsibleModule(**spec)`."""
        names = set(_HANDED_ON.findall(source))
        if not names:
            return []
        return [
            path
            for match in _IMPORT.finditer(source)
            if match[2] and names & set(re.findall(rb"\w+", match[2]))
            for path, _ in _imported(match[0], "", collection, index)
        ]

    def _read(self, path: str, owner: Collection, index: Index) -> tuple[Marks, _Files]:
        state = stamp(path)
        kept = self._files.get(path)
        if state is not None and kept is not None and kept[0] == state:
            self._files.move_to_end(path)
            return kept[1], kept[2]
        source = read_bytes(path, within=owner.within) or b""
        marks = Marks(secret_options(source), fallback_options(source))
        inner = tuple((found, other.name) for found, other in _imported(source, path, owner, index))
        if state is not None:
            self._files[path] = (state, marks, inner)
            if len(self._files) > self._limit:
                self._files.popitem(last=False)
        return marks, inner


def secret_options(source: bytes) -> frozenset[str]:
    """Names of options that the code marks `no_log`."""
    return _options_with(_NO_LOG, source) if b"no_log" in source else frozenset()


def fallback_options(source: bytes) -> frozenset[str]:
    """Names of options whose value may come from elsewhere (`fallback`), as from the environment."""
    return _options_with(_FALLBACK, source) if b"fallback" in source else frozenset()


def _options_with(pattern: re.Pattern[bytes], source: bytes) -> frozenset[str]:
    """The names of the options in whose own brackets `pattern` is found."""
    names: set[str] = set()
    for match in pattern.finditer(source):
        before = source[max(0, match.start() - _REACH) : match.start()]
        depth = 0
        for at in range(len(before) - 1, -1, -1):
            if before[at] in b")}]":
                depth += 1
            elif before[at] in b"({[":
                depth -= 1
                if depth < 0:
                    named = _NAMED_BRACKET.search(before, max(0, at - 120), at)
                    if named is not None:
                        names.add(named[1].decode())
                    break
    return frozenset(names)


def _imported(
    source: bytes, path: str, owner: Collection | None, index: Index
) -> Iterator[tuple[str, Collection]]:
    """The `module_utils` files that `source` (at `path`) imports from, each with its collection."""
    for pattern in (_IMPORT, _SIBLING) if path else (_IMPORT,):
        for match in pattern.finditer(source):
            name = (match[1] or match[3]).decode()
            collection, base, rest = _place(name, path, owner, index)
            if collection is None:
                continue
            steps = [step for step in rest.split(".") if step]
            found = _file(Path(base, *steps)) if steps else None
            if found is not None:
                yield found, collection
            if found is not None and not found.endswith("/__init__.py"):
                continue
            # `from ….module_utils import one, other` names files, not what is in one.
            for imported in re.findall(rb"(\w+)(?:[ \t]+as[ \t]+\w+)?", match[2] or b""):
                inner = _file(Path(base, *steps, imported.decode()))
                if inner is not None:
                    yield inner, collection


def _place(
    name: str, path: str, owner: Collection | None, index: Index
) -> tuple[Collection | None, str, str]:
    """The collection, directory and rest of the dotted name that `from name import` means."""
    before, word, rest = name.partition("module_utils")
    if not word:
        # `from .sibling import` within module_utils.
        return owner, str(Path(path).parent), name.lstrip(".")
    if before.startswith("ansible_collections."):
        parts = before.split(".")
        collection = index.collections.get(".".join(parts[1:3]))
    elif before == "ansible.":
        if rest.lstrip(".").split(".")[0] in _NO_SPECS:
            return None, "", ""
        builtin = index.collections.get(BUILTIN)
        return builtin, f"{builtin.path}/module_utils" if builtin else "", rest
    elif before.strip(".") in ("", "plugins"):
        collection = owner
    else:
        return None, "", ""
    return collection, f"{collection.path}/plugins/module_utils" if collection else "", rest


def _file(path: Path) -> str | None:
    """The Python file that `path` means as a module or as a package."""
    for candidate in (f"{path}.py", f"{path}/__init__.py"):
        if stamp(candidate) is not None:
            return candidate
    return None
