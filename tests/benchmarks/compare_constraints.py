"""Compares the constraints read from modules' code with those the running code hands to Ansible.

    python tests/benchmarks/compare_constraints.py --python PYTHON [--n 600] [--seed 1] [--show]

PYTHON is an interpreter with the `ansible` package, which begins each module (`ansible_oracle.py`) to see
what is mutually exclusive, required together and so on. Those that are missed cost a fault that is not found;
those that are too many would be false alarms.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.records import Constraints

ORACLE = Path(__file__).resolve().parent / "ansible_oracle.py"
KINDS = ("mutually_exclusive", "required_together", "required_one_of")


def told(spec: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What the code hands over, one rule at a time, in a form that can be compared."""
    for kind in KINDS:
        rules = spec[kind]
        # One rule may stand without the list around it.
        for names in [rules] if rules and all(isinstance(one, str) for one in rules) else rules:
            yield kind, frozenset(names)
    for option, value, names, *any_of in spec["required_if"]:
        yield from _required_if(option, value, names, bool(any_of and any_of[0]))
    for option, names in dict(spec["required_by"]).items():
        yield "required_by", option, frozenset([names] if isinstance(names, str) else names)


def read(constraints: Constraints) -> Iterator[tuple[Any, ...]]:
    """What the catalog knows, in the same form."""
    for kind in KINDS:
        for names in getattr(constraints, kind):
            yield kind, frozenset(names)
    for option, value, names, any_of in constraints.required_if:
        yield from _required_if(option, value, names, any_of)
    for option, names in constraints.required_by.items():
        yield "required_by", option, frozenset(names)


def _required_if(option: str, value: Any, names: Iterable[str], any_of: bool) -> Iterator[tuple[Any, ...]]:
    wanted = [names] if isinstance(names, str) else list(names)
    if wanted:
        yield "required_if", option, str(value), frozenset(wanted), any_of and len(wanted) > 1


def ask(python: Path, modules: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """What the oracle says of each module."""
    with tempfile.TemporaryDirectory() as elsewhere:
        run = subprocess.run(
            [python.absolute(), ORACLE],
            input="".join(json.dumps({"module": fqcn, "path": path}) + "\n" for fqcn, path in modules),
            capture_output=True,
            text=True,
            check=True,
            cwd=elsewhere,
        )
    return [json.loads(line) for line in run.stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--n", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    catalog = Catalog.open(Settings(python=arguments.python))
    names = random.Random(arguments.seed).sample(sorted(catalog.names()), arguments.n)
    found = [module for name in names if (module := catalog.module(name)) is not None]
    python_modules = [one for one in found if one.path.endswith(".py")]
    counts: Counter[tuple[str, str]] = Counter()
    n_begun = 0
    answers = ask(arguments.python, [(one.fqcn, one.path) for one in python_modules])
    for module, answer in zip(python_modules, answers, strict=True):
        if answer["constraints"] is None:
            continue
        n_begun += 1
        handed_over, known = set(told(answer["constraints"])), set(read(module.constraints))
        for verdict, rules in (
            ("found", handed_over & known),
            ("missed", handed_over - known),
            ("too many", known - handed_over),
        ):
            for rule in rules:
                counts[rule[0], verdict] += 1
                if arguments.show and verdict != "found":
                    print(f"{verdict}: {module.fqcn}: {rule}")
    print(f"{len(found)} modules, {n_begun} could be begun")
    for kind in (*KINDS, "required_if", "required_by"):
        row = ", ".join(f"{counts[kind, verdict]} {verdict}" for verdict in ("found", "missed", "too many"))
        print(f"  {kind:20} {row}")


if __name__ == "__main__":
    main()
