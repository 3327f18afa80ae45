"""Runs the benchmarks, one after the other, each in a process of its own.

    python tests/benchmarks [NAME...] [--corpus DIRECTORY...] [--python PYTHON]

Without names, all of them. Those that measure on playbooks people wrote need `--corpus`, directories of
repositories; PYTHON is an interpreter with the collections to measure with. What cannot be run for want of
these is named. The options of one benchmark alone are told by `python tests/benchmarks/bench_NAME.py --help`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
#: Those that measure on directories given to them, and those that take an interpreter.
ON_CORPUS = frozenset({"check", "guardrails", "recall", "validate"})
WITH_PYTHON = frozenset({"catalog", "check", "commands", "examples", "guardrails", "validate"})


def main() -> int:
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--corpus", nargs="+", type=Path, default=[])
    parser.add_argument("--python", type=Path)
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(known):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    failed = []
    for name in arguments.names or known:
        if name in ON_CORPUS and not arguments.corpus:
            print(f"== {name}: left out, it needs --corpus", flush=True)
            continue
        command = [sys.executable, str(HERE / f"bench_{name}.py")]
        command += map(str, arguments.corpus if name in ON_CORPUS else ())
        if arguments.python is not None and name in WITH_PYTHON:
            command += ["--python", str(arguments.python)]
        print(f"== {name}", flush=True)
        began = time.perf_counter()
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.perf_counter() - began:.0f} s\n", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
