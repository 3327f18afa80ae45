"""What a person has to write: the tasks of a repository, file by file, each from the top to the end."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chiron.ansible.bodies import module_of
from chiron.ansible.project.walk import MAX_BYTES, YAML_SUFFIXES, read_text, walk
from chiron.evals.cases import LEFT_OUT
from chiron.syntax.blocks import Block, task_blocks


@dataclass(frozen=True, slots=True)
class Wanted:
    """One task that the person means to write.

    `before` is what stands between the last task and this one's name, `name_line` ends in the name, and
    `body` is what is meant to stand below it, with its indentation and without a line's end after it.
    """

    id: str
    path: str
    before: str
    name_line: str
    body: str
    name: str


@dataclass(frozen=True, slots=True)
class File:
    """A file's tasks in order, and what comes after the last of them."""

    path: str
    tasks: tuple[Wanted, ...]
    rest: str


def files_of(repository: Path, most_a_file: int) -> list[File]:
    """Every file of a repository that has such tasks."""
    found = []
    for file in sorted(walk(repository).files, key=lambda one: one.path):
        if not file.path.endswith(YAML_SUFFIXES) or file.size > MAX_BYTES:
            continue
        text = read_text(repository, file.path)
        if text is not None and "\r" not in text and (made := _file(file.path, text, most_a_file)).tasks:
            found.append(made)
    return found


def months(files: Sequence[File], n_first: int, n_second: int, seed: int) -> tuple[list[File], list[File]]:
    """Two months' files, none in both: about so many tasks each, whole folders drawn by lot.

    The second month's tasks are of folders that the first never saw, as far as there are folders enough.
    """
    folders: dict[str, list[File]] = {}
    for file in files:
        folders.setdefault(folder_of(file.path), []).append(file)
    names = sorted(folders)
    random.Random(seed).shuffle(names)
    first: list[File] = []
    second: list[File] = []
    for name in names:
        month, most = (second, n_second) if _n(second) / n_second <= _n(first) / n_first else (first, n_first)
        if _n(month) < most:
            month += folders[name]
    return _cut(first, n_first), _cut(second, n_second)


def folder_of(path: str) -> str:
    """What belongs together: the role, or the folder at the top."""
    parts = path.split("/")
    if "roles" in parts[:-2]:
        return "/".join(parts[: parts.index("roles") + 2])
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def _n(files: Sequence[File]) -> int:
    return sum(len(file.tasks) for file in files)


def _cut(files: Sequence[File], most: int) -> list[File]:
    kept, n = [], 0
    for file in files:
        if n >= most:
            break
        kept.append(file)
        n += len(file.tasks)
    return kept


def _file(path: str, text: str, most: int) -> File:
    lines = text.split("\n")
    tasks: list[Wanted] = []
    at = 0
    for block in _fit(text, lines):
        if len(tasks) == most:
            break
        if block.first_line < at:
            continue
        last = block.last_line
        while last > block.first_line + 1 and (
            not lines[last].strip() or lines[last].lstrip().startswith("#")
        ):
            last -= 1
        before = "".join(line + "\n" for line in lines[at : block.first_line])
        body = "\n".join(lines[block.first_line + 1 : last + 1])
        tasks.append(
            Wanted(f"{path}:{block.first_line + 1}", path, before, lines[block.first_line], body, block.name)
        )
        at = last + 1
    return File(path, tuple(tasks), "\n".join(lines[at:]))


def _fit(text: str, lines: Sequence[str]) -> Iterator[Block]:
    for block in task_blocks(text):
        module = module_of(block.body)
        if (
            len(block.name) >= 3
            and block.last_line > block.first_line
            and lines[block.first_line].lstrip(" -").startswith("name:")
            and module is not None
            and module.rsplit(".", 1)[-1] not in LEFT_OUT
        ):
            yield block
