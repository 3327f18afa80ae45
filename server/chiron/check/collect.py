"""Paths -> the files that hold something to check. Nobody vouches for what lies in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chiron.ansible.project.walk import MAX_BYTES, YAML_SUFFIXES, walk
from chiron.assemble import find_root
from chiron.errors import ChironError
from chiron.records import FileKind
from chiron.syntax.kind import file_kind

#: Kinds with nothing the validator could say anything about.
_SILENT = frozenset({FileKind.OTHER, FileKind.TEMPLATE, FileKind.INVENTORY, FileKind.VAULT})


class PathError(ChironError):
    """A path that was named cannot be checked."""


@dataclass(frozen=True, slots=True)
class File:
    """One file to check. `shown` is its path as a person would write it, from the path that was named."""

    path: Path
    shown: str
    text: str
    kind: FileKind
    #: The project it belongs to: its roles, handlers, templates and collections count.
    root: Path | None


@dataclass(frozen=True, slots=True)
class Passed:
    """A file that was passed over, and why."""

    shown: str
    why: str


def collect(paths: Sequence[Path]) -> Iterator[File | Passed]:
    """Every file below `paths` that holds plays, tasks or variables, each once, in a fixed order.

    Raises `PathError` for a path that is not there or a named file that cannot be read. In folders, what
    cannot be read is passed over and told.
    """
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            root = find_root(path / "any.yml") or path
            found = [Path(one.path) for one in walk(path).files if one.path.endswith(YAML_SUFFIXES)]
            for relative in sorted(found, key=lambda one: one.parts):
                yield from _taken(path / relative, root, seen, named=False)
        elif path.is_file():
            yield from _taken(path, find_root(path), seen, named=True)
        else:
            raise PathError(f"{path} is not there.", advice="Name files or folders that are.")


def _taken(path: Path, root: Path | None, seen: set[Path], *, named: bool) -> Iterator[File | Passed]:
    real = path.resolve()
    if real in seen:
        return
    seen.add(real)
    try:
        if path.stat().st_size > MAX_BYTES:
            yield Passed(str(path), f"it is larger than {MAX_BYTES // 1024} KiB")
            return
        # `newline=""` would be lost in text mode: bytes keep \r\n as it is.
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"{error.strerror}"
        if named:
            raise PathError(f"{path} cannot be checked: {why}.") from None
        yield Passed(str(path), why)
        return
    kind = file_kind(_within(real, root), text)
    if kind not in _SILENT:
        yield File(path, str(path), text, kind, root)
    elif named:
        yield Passed(str(path), f"it is {_WORDS.get(kind, 'no file with plays, tasks or variables')}")


_WORDS = {
    FileKind.VAULT: "encrypted",
    FileKind.TEMPLATE: "a template",
    FileKind.INVENTORY: "an inventory",
}


def _within(path: Path, root: Path | None) -> str:
    """The path below its project's folder: what stands above that says nothing of the file."""
    if root is not None and path.is_relative_to(root.resolve()):
        return path.relative_to(root.resolve().parent).as_posix()
    return str(path)
