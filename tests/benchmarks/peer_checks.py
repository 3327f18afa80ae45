"""`chiron check` and ansible-lint on the same files: processes measured, findings brought to one shape.

Read by `compare_peers.py`. Both get every file from a copy without the directory's own git history, and
ansible-lint without the directory's own configuration, so that neither is told to leave anything out.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench_validate import files_below
from mutate import MUTATIONS, Mutation, specimens

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings

#: What ansible-lint says of tasks that will not run as written. All else it says is of style or of risks,
#: which `chiron check` has no opinion on.
COMPARABLE = (
    "internal-error", "load-failure", "parser-error", "syntax-check", "args", "schema", "jinja[invalid]",
    "yaml[key-duplicates]", "deprecated-module", "no-tabs",
)  # fmt: skip

#: These need the project round the task, and a fault is planted in a task that stands alone.
_NEED_A_PROJECT = {"unknown_handler", "unknown_template"}

#: Read when a playbook is loaded, so that a file or role that isn't there says nothing of the task.
_LOADS_FILES = ("import_", "include")


@dataclass(frozen=True, slots=True)
class Found:
    """One finding; the line counts from 1."""

    path: str
    line: int
    code: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What one process found, and what it took. CPU is of the process and all it started."""

    wall_s: float
    cpu_s: float
    found: tuple[Found, ...]
    n_tasks: int = 0

    @property
    def comparable(self) -> tuple[Found, ...]:
        return tuple(one for one in self.found if is_comparable(one.code))


@dataclass(frozen=True, slots=True)
class Tools:
    """How the two checkers are started."""

    chiron: Sequence[str]
    lint: Path
    python: Path
    environment: Mapping[str, str]

    def check(self, directory: Path) -> Checked:
        """`chiron check` on a directory; what it only could not verify is left out."""
        run, wall_s, cpu_s = timed([*self.chiron, "check", "--json", "."], directory, self.environment)
        answer = json.loads(run.stdout)
        found = tuple(
            Found(one["path"].removeprefix("./"), one["line"], one["code"])
            for one in answer["problems"]
            if one["severity"] != "info"
        )
        return Checked(wall_s, cpu_s, found, answer["tasks"])

    def ansible_lint(self, directory: Path, *options: str) -> Checked:
        """ansible-lint on a directory, with the collections that `chiron check` reads."""
        environment = {
            **self.environment,
            "PATH": f"{self.lint.parent}{os.pathsep}{self.environment['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(collections_of(self.python)),
        }
        command = [
            str(self.lint),
            "--offline",
            "-q",
            "--nocolor",
            "-f",
            "json",
            "-c",
            os.devnull,
            *options,
            ".",
        ]
        run, wall_s, cpu_s = timed(command, directory, environment)
        if not run.stdout.startswith("["):
            raise RuntimeError(f"ansible-lint did not work:\n{run.stderr[-2000:]}")
        found = []
        for one in json.loads(run.stdout):
            place = one["location"]
            line = place["positions"]["begin"]["line"] if "positions" in place else place["lines"]["begin"]
            found.append(Found(place["path"].removeprefix("./"), int(line), one["check_name"]))
        return Checked(wall_s, cpu_s, tuple(found))


@dataclass(frozen=True, slots=True)
class Planted:
    """A clean task, and the same with one fault."""

    kind: str
    clean: str
    faulty: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Which of the planted faults each checker found."""

    planted: tuple[Planted, ...]
    chiron: Checked
    lint: Checked
    by_chiron: frozenset[int]
    by_lint: frozenset[int]
    #: With every rule that ansible-lint has and that said nothing of the clean task.
    by_any_rule: frozenset[int]
    #: Clean tasks that were left out since one of the two had something against them.
    n_left_out: int


def is_comparable(code: str) -> bool:
    """Whether a code of ansible-lint is of what `chiron check` looks at too. Chiron's own codes all are."""
    return code in COMPARABLE or code.partition("[")[0] in COMPARABLE


def collections_of(python: Path) -> Path:
    """Where the `ansible` package of an interpreter keeps its collections."""
    found = sorted(python.parent.parent.glob("lib/python3*/site-packages"))
    if not found or not (found[-1] / "ansible_collections").is_dir():
        raise SystemExit(f"{python} has no ansible package")
    return found[-1]


def timed(
    command: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], float, float]:
    """A finished process, and the wall and CPU seconds it took with all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    run = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=480
    )
    wall_s = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return run, wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def candidates(directories: Sequence[Path], python: Path, n: int, seed: int) -> Iterator[Planted]:
    """About `n` tasks of these directories with a fault each, the kinds in equal parts where they can be."""
    settings = Settings(python=python)
    catalogs = {root: Catalog.open(settings, root) for root in directories}
    projects = {root: Project(root, catalog) for root, catalog in catalogs.items()}
    for project in projects.values():
        project.refresh()
    kinds: dict[str, Mutation] = {kind: one for kind, one in MUTATIONS.items() if kind not in _NEED_A_PROJECT}
    planted: Counter[str] = Counter()
    each = max(1, round(n / len(kinds)))
    for one in specimens(list(files_below(list(directories))), catalogs, projects, random.Random(seed)):
        if one.call.name.rpartition(".")[2].startswith(_LOADS_FILES) or one.keyword("notify"):
            continue
        for kind, mutation in sorted(kinds.items(), key=lambda pair: planted[pair[0]]):
            faulty = mutation(one) if planted[kind] < each else None
            if faulty is not None and faulty != one.text:
                planted[kind] += 1
                yield Planted(kind, one.text, faulty)
                break
        if sum(planted.values()) >= n:
            return


def plant(tools: Tools, chosen: Sequence[Planted], folder: Path) -> Trial:
    """Lets both checkers look for the faults, each in a playbook of its own.

    Tasks that either has something against as they were written are left out first: what is found after
    that is the fault.
    """
    left = list(chosen)
    while True:
        clean = folder / f"clean{len(left)}"
        starts = write_clean(clean / "playbooks" / "clean.yml", left)
        chiron, lint = tools.check(clean), tools.ansible_lint(clean)
        against = {task_at(starts, one.line) for one in (*chiron.found, *lint.comparable)}
        if not against:
            break
        # A syntax error hides what stands after it from ansible-lint, so it is asked again.
        left = [one for number, one in enumerate(left) if number not in against]
    said_of_clean = [set[str]() for _ in left]
    for finding in lint.found:
        said_of_clean[task_at(starts, finding.line)].add(finding.code)

    faulty = folder / "faulty"
    for number, one in enumerate(left):
        path = faulty / "playbooks" / f"fault{number}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(in_play(number, one.faulty), encoding="utf-8")
    chiron, lint = tools.check(faulty), tools.ansible_lint(faulty)
    return Trial(
        tuple(left),
        chiron,
        lint,
        frozenset(map(number_of, chiron.found)),
        frozenset(map(number_of, lint.comparable)),
        frozenset(
            number_of(one) for one in lint.found if one.code not in said_of_clean[number_of(one)]
        ),
        len(chosen) - len(left),
    )  # fmt: skip


def in_play(number: int, task: str) -> str:
    """A playbook with one task."""
    body = "".join(f"    {line}" if line.strip() else line for line in task.splitlines(keepends=True))
    return f"- name: Fault {number}\n  hosts: all\n  tasks:\n{body.rstrip()}\n"


def write_clean(path: Path, planted: Sequence[Planted]) -> list[int]:
    """Writes all clean tasks into one playbook, a play each; the line at which each play starts."""
    starts: list[int] = []
    text = "---\n"
    for number, one in enumerate(planted):
        starts.append(text.count("\n") + 1)
        text += in_play(number, one.clean)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return starts


def task_at(starts: Sequence[int], line: int) -> int:
    """The number of the play that a line belongs to."""
    return max((number for number, start in enumerate(starts) if start <= line), default=0)


def number_of(finding: Found) -> int:
    """The number in the name of a playbook with a fault."""
    return int(Path(finding.path).stem.removeprefix("fault"))
