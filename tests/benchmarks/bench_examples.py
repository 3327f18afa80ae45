"""Every module's own EXAMPLES through the validator, and what it says of them.

    python tests/benchmarks/bench_examples.py [--python PATH] [--collection NAME]... [--show CODE]...

Examples are written by a module's authors, mostly never run: a complaint is a fault of the example, of the
documentation it stands beside, or of the validator. Prints complaints by code and by collection; `--show`
prints each of a code with its place, to be looked at.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from yaml import MappingNode, SequenceNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.load import load
from chiron.ansible.validate.context import Context
from chiron.ansible.validate.plays import check_plays
from chiron.ansible.validate.problems import Report
from chiron.ansible.validate.tasks import check_tasks
from chiron.config import Settings
from chiron.records import Module, Problem, Severity


def problems_of(module: Module, catalog: Catalog) -> tuple[int, list[Problem]]:
    """Number of entries in the module's examples, and what is wrong with them.

    Plays and tasks may stand side by side there, and short names are those of the module's collection.
    """
    loaded = load(module.examples)
    if not isinstance(loaded.root, SequenceNode):
        return 0, list(loaded.problems)
    report = Report(loaded)
    context = Context(catalog, report, collections=(module.collection,))
    for item in loaded.root.value:
        keys = {key.value for key, _ in item.value} if isinstance(item, MappingNode) else set()
        alone = SequenceNode(loaded.root.tag, [item], item.start_mark, item.end_mark)
        if keys & {"hosts", "import_playbook", "ansible.builtin.import_playbook"}:
            check_plays(alone, context)
        else:
            check_tasks(alone, context)
    return len(loaded.root.value), report.problems


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path)
    parser.add_argument("--collection", action="append", default=[])
    parser.add_argument("--show", action="append", default=[])
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    catalog = Catalog.open(Settings(python=arguments.python))
    names = [
        name
        for name in catalog.names()
        if not arguments.collection or name.rpartition(".")[0] in arguments.collection
    ][: arguments.limit]
    by_code: Counter[str] = Counter()
    by_collection: Counter[str] = Counter()
    n_entries = n_modules = n_clean = 0
    started = time.perf_counter()
    for name in names:
        module = catalog.module(name)
        if module is None or not module.examples.strip():
            continue
        n_modules += 1
        n, problems = problems_of(module, catalog)
        n_entries += n
        told = [one for one in problems if one.severity is not Severity.INFO]
        n_clean += not told
        for problem in told:
            by_code[problem.code] += 1
            by_collection[module.collection] += 1
            if problem.code in arguments.show or "all" in arguments.show:
                place = f"{module.fqcn}:{problem.range.start.line + 1}"
                print(f"{place}: {problem.code}: {problem.message}")
    seconds = time.perf_counter() - started
    print(f"{n_modules} modules with examples, {n_entries} entries, {n_clean} modules without a complaint "
          f"({100 * n_clean / max(1, n_modules):.1f}%), {seconds:.0f} s")  # fmt: skip
    for code, n in by_code.most_common():
        print(f"  {n:5d} {code}")
    for collection, n in by_collection.most_common(25):
        print(f"  {n:5d} {collection}")


if __name__ == "__main__":
    main()
