"""Cases: tasks from real repositories, body hidden, name kept. One JSON line each.

A case is `{"id", "workspace", "path", "line", "body": [first, last], "name", "module", "expected"}`.
`workspace` names a folder; lines count from 1; `line` is the `- name:` line, `body` the inclusive lines
hidden, `expected` their text. A case out of the feedback log holds the lines round its place in `text`, and
where in them the body goes in `at`; it needs no folder.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chiron.ansible.bodies import module_of, split_body
from chiron.ansible.project.walk import MAX_BYTES, YAML_SUFFIXES, read_text, walk
from chiron.errors import ChironError
from chiron.syntax.blocks import Block, task_blocks

#: Modules whose body says nothing that a name could tell.
LEFT_OUT = frozenset(
    {
        "assert", "debug", "fail", "import_playbook", "import_role", "import_tasks", "include",
        "include_role", "include_tasks", "include_vars", "meta", "pause", "set_fact", "set_stats",
    }
)  # fmt: skip
#: More of one file would make a repository's longest file its judge.
MOST_A_FILE = 2
_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One hidden body."""

    id: str
    workspace: str
    path: str
    line: int
    body: tuple[int, int]
    name: str
    module: str
    expected: str
    #: Of a case out of the feedback log: the lines round the place, and where in them the body goes.
    text: str = ""
    at: int = -1


def build(folders: Sequence[Path], *, per_repo: int | None = None, seed: int = 0) -> list[Case]:
    """Cases from checkouts; the same ones for the same files, `per_repo` and `seed`."""
    cases: list[Case] = []
    for folder in folders:
        if not folder.is_dir():
            raise ChironError(f"{folder} is no folder.", advice="Name checkouts of playbooks and roles.")
        found = [case for path in _files(folder) for case in _of_file(folder, path, seed)]
        random.Random(f"{seed}:{folder.name}").shuffle(found)  # noqa: S311 no secret is drawn
        cases += sorted(found[:per_repo], key=lambda case: (case.path, case.line))
    return cases


def _files(folder: Path) -> list[str]:
    return sorted(
        file.path
        for file in walk(folder).files
        if file.path.endswith(YAML_SUFFIXES) and file.size <= MAX_BYTES
    )


def _of_file(folder: Path, path: str, seed: int) -> Iterator[Case]:
    text = read_text(folder, path)
    if text is None:
        return
    lines = text.split("\n")
    blocks = [block for block in task_blocks(text) if _is_fit(block, lines)]
    random.Random(f"{seed}:{path}").shuffle(blocks)  # noqa: S311 no secret is drawn
    for block in blocks[:MOST_A_FILE]:
        first, last = block.first_line + 1, _last_line(block, lines)
        key = f"{folder.name}/{path}:{block.first_line + 1}"
        yield Case(
            id=hashlib.blake2b(key.encode(), digest_size=6).hexdigest(),
            workspace=folder.name,
            path=path,
            line=block.first_line + 1,
            body=(first + 1, last + 1),
            name=block.name,
            module=module_of(block.body) or "",
            expected="\n".join(lines[first : last + 1]),
        )


def _is_fit(block: Block, lines: Sequence[str]) -> bool:
    """Whether a block is one task with a name on its first line, whose body tells what was meant."""
    if len(block.name) < _SHORTEST_NAME or block.last_line <= block.first_line:
        return False
    if not lines[block.first_line].lstrip(" -").startswith("name:"):
        return False
    keys = {part.key for part in split_body(block.body)}
    module = module_of(block.body)
    if module is None or keys & {"block", "rescue", "always"}:
        return False
    return module.rsplit(".", 1)[-1] not in LEFT_OUT


def _last_line(block: Block, lines: Sequence[str]) -> int:
    last = block.last_line
    while last > block.first_line + 1 and (not lines[last].strip() or lines[last].lstrip().startswith("#")):
        last -= 1
    return last


def some(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """`limit` of `cases`, drawn by their ids, in their order; all of them where it is None."""
    drawn = {case.id for case in sorted(cases, key=lambda case: case.id)[:limit]}
    return [case for case in cases if case.id in drawn]


def write(cases: Iterable[Case], path: Path) -> None:
    """One line a case."""
    path.write_text(
        "".join(json.dumps(asdict(case), ensure_ascii=False) + "\n" for case in cases), encoding="utf-8"
    )


def read(path: Path) -> list[Case]:
    """The cases in a file. Raises `ChironError` that names the line which is none."""
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            first, last = value["body"]
            cases.append(Case(**{**value, "body": (int(first), int(last))}))
        except (ValueError, KeyError, TypeError) as error:
            raise ChironError(f"{path}, line {number}, is no case: {error}.") from None
    return cases
