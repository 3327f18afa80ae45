"""How fast `chiron check` is, and what `--fix` does to whole repositories.

    python tests/benchmarks/bench_check.py DIRECTORY... [--python PATH] [--tasks 10000] [--lint PATH]
                                           [--fix] [--playbook PATH] [--playbooks 40]

The directories are copied, as often as it takes to have so many tasks, and checked by a process of their own:
once with nothing kept (cold) and once more. `--lint` runs ansible-lint over one copy for comparison, offline.
`--fix` mends a copy and tells how many rewrites were made, whether a second run makes any, whether every file
still comes to the same, and, with `--playbook` (an `ansible-playbook`), whether the syntax check still passes
where it passed; it looks at so many playbooks, picked evenly.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite.meaning import meaning_of
from chiron.config import Settings
from chiron.records import FileKind
from chiron.syntax.kind import file_kind

_WITH_TASKS = {FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directories", nargs="+", type=Path)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--lint", type=Path)
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--playbook", type=Path)
    parser.add_argument("--playbooks", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        environ = {
            **os.environ,
            "CHIRON_CONFIG": str(place / "none.toml"),
            "CHIRON_CACHE_DIR": str(place / "cache"),
            "CHIRON_DATA_DIR": str(place / "data"),
        }
        if arguments.python is not None:
            environ["CHIRON_PYTHON"] = str(arguments.python)
        first = copied(arguments.directories, place / "0")
        print(f"one copy:      {told(*checked(first, environ))}")
        n_tasks = checked(first, environ)[0]["tasks"]
        copies = first
        for n in range(1, -(-arguments.tasks // max(1, n_tasks))):
            copies += copied(arguments.directories, place / str(n))
        shutil.rmtree(place / "cache", ignore_errors=True)
        print(f"cold:          {told(*checked(copies, environ))}")
        print(f"once more:     {told(*checked(copies, environ))}")
        if arguments.lint is not None:
            print(f"ansible-lint:  {linted(arguments.lint, first)}")
        if arguments.fix:
            fix(arguments, place, environ)


def copied(directories: list[Path], place: Path) -> list[Path]:
    """Copies of the directories, without their histories."""
    made = []
    for directory in directories:
        target = place / directory.name
        shutil.copytree(directory, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        made.append(target)
    return made


def checked(paths: list[Path], environ: dict[str, str], *more: str) -> tuple[dict[str, Any], float, float]:
    """What `chiron check` prints, and the seconds it took: by the clock and of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "chiron", "check", "--json", *more, *map(str, paths)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: dict[str, Any] = json.loads(done.stdout)
    return found, wall_s, cpu_s


def told(found: dict[str, Any], wall_s: float, cpu_s: float) -> str:
    by_severity = Counter(one["severity"] for one in found["problems"])
    shown = ", ".join(f"{n} {severity}" for severity, n in by_severity.items())
    return f"{found['tasks']} tasks in {found['files']} files: {wall_s:.1f} s, {cpu_s:.1f} s of CPU; {shown}"


def linted(lint: Path, paths: list[Path]) -> str:
    """The time ansible-lint takes for the same files."""
    environ = {**os.environ, "PATH": f"{lint.parent}{os.pathsep}{os.environ['PATH']}"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    n_found = 0
    config = paths[0].parent / "lint.yml"  # a repository's own may be of another version
    config.write_text("{}\n", encoding="utf-8")
    for path in paths:
        done = subprocess.run(
            [str(lint), "--offline", "-q", "--nocolor", "-f", "pep8", "-c", str(config)],
            cwd=path, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        n_found += len(done.stdout.splitlines())
    wall_s = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{wall_s:.1f} s, {cpu_s:.1f} s of CPU; {n_found} lines"


def fix(arguments: argparse.Namespace, place: Path, environ: dict[str, str]) -> None:
    """Mends a copy, and tells what became of it."""
    old = copied(arguments.directories, place / "old")
    new = copied(arguments.directories, place / "new")
    passing = syntax_checked(arguments, old) if arguments.playbook is not None else []
    first = checked(new, environ, "--fix")[0]
    by_code = Counter(one["code"] for one in first.get("mended", ()))
    print(f"fixed:         {sum(by_code.values())} rewrites: {dict(by_code)}")
    again = checked(new, environ, "--fix")[0]
    print(f"second run:    {len(again.get('mended', ()))} rewrites")
    n_changed = n_same = 0
    settings = Settings(python=arguments.python)
    for before_root, after_root in zip(old, new, strict=True):
        catalog = Catalog.open(settings, before_root)
        for path in sorted(after_root.rglob("*.y*ml")):
            if not path.is_file() or path.is_symlink():
                continue
            relative = path.relative_to(after_root)
            before, after = (before_root / relative).read_bytes(), path.read_bytes()
            if before == after:
                continue
            n_changed += 1
            text = before.decode()
            kind = file_kind(f"{before_root.name}/{relative}", text)
            same = meaning_of(text, kind, catalog) == meaning_of(after.decode(), kind, catalog)
            n_same += same
            if not same or kind not in _WITH_TASKS:
                print(f"  differs: {relative}")
    print(f"files changed: {n_changed}, of which {n_same} come to the same")
    if passing:
        moved = [Path(str(path).replace(str(place / "old"), str(place / "new"))) for path in passing]
        still = syntax_checked(arguments, new, only=moved)
        print(f"syntax check:  passed by {len(passing)} playbooks before, by {len(still)} of them after")
        for path in set(moved) - set(still):
            print(f"  fails now: {path}")


def syntax_checked(
    arguments: argparse.Namespace, roots: list[Path], *, only: list[Path] | None = None
) -> list[Path]:
    """The playbooks that pass `ansible-playbook --syntax-check`, of `only` or of a choice."""
    playbooks = only
    if playbooks is None:
        found = [path for root in roots for path in sorted(root.rglob("*.y*ml")) if is_playbook(path, root)]
        step = max(1, len(found) // arguments.playbooks)
        playbooks = found[::step]
    passing = []
    for path in playbooks:
        root = next(one for one in roots if path.is_relative_to(one))
        done = subprocess.run(
            [str(arguments.playbook), "--syntax-check", "-i", "localhost,", str(path)],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        passing += [path] if done.returncode == 0 else []
    return passing


def is_playbook(path: Path, root: Path) -> bool:
    """Whether a file holds plays."""
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return file_kind(str(path.relative_to(root.parent)), text) is FileKind.PLAYBOOK


if __name__ == "__main__":
    main()
