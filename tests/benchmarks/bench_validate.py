"""What the validator says of tasks that people wrote, and how long it takes.

    python tests/benchmarks/bench_validate.py DIRECTORY... [--python PATH] [--facts] [--show] [--code CODE]

Every playbook, tasks and handlers file of each directory goes through the validator with the catalog of
`--python` (an interpreter or environment with Ansible; by default what Chiron would find). Prints complaints
by code, the share of tasks with one, then milliseconds a task (each task validated by itself) and the time
for all the files. `--facts` reads each directory as a project, so that handlers, templates and files count.
A complaint is not yet a false alarm: `--show` prints each with its place, to be looked at.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.load import load
from chiron.ansible.project import Project
from chiron.ansible.validate import validate_file, validate_tasks
from chiron.config import Settings
from chiron.records import Facts, FileKind, Problem, Severity
from chiron.suggest.guardrails.check import tasks_in
from chiron.syntax.kind import file_kind

_WITH_TASKS = {FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS}


@dataclass(frozen=True, slots=True)
class File:
    root: Path
    path: Path
    text: str
    kind: FileKind


def files_below(directories: list[Path]) -> Iterator[File]:
    """Every file with tasks, in a fixed order."""
    for root in directories:
        for path in sorted(root.rglob("*.y*ml")):
            if path.suffix not in {".yml", ".yaml"} or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            kind = file_kind(str(path.relative_to(root)), text)
            if kind in _WITH_TASKS:
                yield File(root, path, text, kind)


def task_texts(file: File) -> Iterator[tuple[int, str]]:
    """The text of every plain task of a file, dash and all, and its line."""
    loaded = load(file.text)
    if not isinstance(loaded.root, SequenceNode):
        return
    lists: list[SequenceNode] = []
    if file.kind is FileKind.PLAYBOOK:
        for play in loaded.root.value:
            if isinstance(play, MappingNode):
                for key, value in play.value:
                    if key.value in {"tasks", "pre_tasks", "post_tasks", "handlers"} and isinstance(
                        value, SequenceNode
                    ):
                        lists.append(value)
    else:
        lists.append(loaded.root)
    lines = file.text.splitlines(keepends=True)
    for one in lists:
        for task in tasks_in(type(loaded)(file.text, one, ())):
            start = task.start_mark
            body = "".join(lines[start.line : last_line(task)])
            margin = " " * (start.column - 2)
            if start.column >= 2 and body.startswith(f"{margin}- "):
                yield start.line, body


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directories", nargs="+", type=Path)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--facts", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--code", action="append")
    arguments = parser.parse_args()
    settings = Settings(python=arguments.python)
    # Each directory is a workspace with an `ansible.cfg`, collections and libraries of its own.
    catalogs = {root: Catalog.open(settings, root) for root in arguments.directories}
    files = list(files_below(arguments.directories))
    projects = {root: Project(root, catalog) for root, catalog in catalogs.items() if arguments.facts}
    for project in projects.values():
        project.refresh()
    texts = [(file, line, text) for file in files for line, text in task_texts(file)]
    for file in files:  # documentation is read once, before anything is timed
        validate_file(file.text, file.kind, catalogs[file.root])

    by_code: Counter[str] = Counter()
    by_severity: Counter[Severity] = Counter()
    places: set[tuple[Path, int]] = set()
    started = time.perf_counter()
    found: list[tuple[File, Problem]] = []
    for file in files:
        facts_at = partial(project_facts, projects[file.root], file) if projects else None
        found += [(file, one) for one in validate_file(file.text, file.kind, catalogs[file.root], facts_at)]
    files_s = time.perf_counter() - started
    for file, problem in found:
        by_code[problem.code] += 1
        by_severity[problem.severity] += 1
        if problem.severity is not Severity.INFO:
            places.add((file.path, problem.range.start.line))
        if arguments.show and (not arguments.code or problem.code in arguments.code):
            print(f"{file.path}:{problem.range.start.line + 1}: {problem.code}: {problem.message}")

    times = [timed(text, catalogs[file.root]) for file, _, text in texts]
    n_tasks = len(texts)
    print(f"{len(files)} files, {n_tasks} tasks, {len(places)} places with a complaint "
          f"({100 * len(places) / max(1, n_tasks):.2f}% of tasks)")  # fmt: skip
    for code, n in by_code.most_common():
        print(f"  {n:5d} {code}")
    print("  " + ", ".join(f"{n} {severity}" for severity, n in by_severity.items()))
    if len(times) > 1:
        cuts = statistics.quantiles(times, n=100)
        print(f"one task: p50 {cuts[49]:.3f} ms, p95 {cuts[94]:.3f} ms, p99 {cuts[98]:.3f} ms, "
              f"max {max(times):.3f} ms")  # fmt: skip
    print(f"all files: {files_s:.2f} s, {1000 * files_s / max(1, n_tasks):.3f} ms a task")


def last_line(node: Node) -> int:
    """The line after the last with text of `node`; a block itself ends where the next thing begins."""
    if isinstance(node, ScalarNode) or not node.value:
        end = node.end_mark
        return int(end.line) + (1 if end.column or end.line == node.start_mark.line else 0)
    last = node.value[-1]
    return last_line(last[1] if isinstance(last, tuple) else last)


def project_facts(project: Project, file: File, line: int) -> Facts:
    """What is within reach of a line of `file`."""
    return project.facts(str(file.path), file.text, line)


def timed(text: str, catalog: Catalog) -> float:
    """Milliseconds to validate one task."""
    started = time.perf_counter()
    validate_tasks(text, catalog)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
