"""How many command lines have their module by rule, and whether the call is valid here.

    python tests/benchmarks/bench_commands.py [--python PATH] [--lines FILE] [--show]

Each line of the file (by default the project's own set) is put into a task of `shell` and rewritten with the
catalog of `--python`. Prints how many are answered, right, wrong and valid.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite import apply_edits, rewrites_of
from chiron.ansible.validate import validate_tasks
from chiron.config import Settings
from chiron.records import FileKind, Severity

_LINES = Path(__file__).parent.parent / "data" / "commands" / "lines.yml"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path)
    parser.add_argument("--lines", type=Path, default=_LINES)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    catalog = Catalog.open(Settings(python=arguments.python), None)
    cases: list[dict[str, Any]] = yaml.safe_load(arguments.lines.read_text(encoding="utf-8"))
    n_answered = n_right = n_valid = 0
    for case in cases:
        task = yaml.safe_dump([{"name": "It", "shell": case["line"]}], width=10_000, sort_keys=False)
        found = [r for r in rewrites_of(task, FileKind.TASKS, catalog) if r.code == "module-for-command"]
        if not found:
            if arguments.show:
                print(f"-      {case['line']}")
            continue
        n_answered += 1
        new = apply_edits(task, found[0].edits)
        problems = validate_tasks(new, catalog)
        (written,) = (key for key in yaml.safe_load(new)[0] if "." in key)
        right = written in {case["module"], *case.get("or", ())}
        n_right += right
        n_valid += right and not any(one.severity is Severity.ERROR for one in problems)
        if arguments.show:
            print(f"{'right' if right else 'WRONG'}  {case['line']}  =>  {written}")
    n = len(cases)
    print(f"{n} lines: {n_answered} answered, {n_right} right, {n_answered - n_right} wrong, "
          f"{n_valid} right and valid ({100 * n_valid / n:.1f}%)")  # fmt: skip


if __name__ == "__main__":
    main()
