"""Fits the table of `suggest/recall/usual_modules.py`: which modules the words of names speak for.

    python tests/benchmarks/fit_names.py --checkouts DIR... --python PYTHON [--without NAME] [--out TABLE]

Learned from are the named tasks of checkouts, the roles and playbooks that installed collections bring, the
modules' EXAMPLES (each for a seventh of a task people run), and `usual_names.txt`. A word counts if two
sources use it, a module if two do or `usual_names.txt` has it. `--without` leaves one checkout or collection
out, so that the table can be judged on it (`fit_modules.py --tables`). Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]  # it brings no types
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from chiron.ansible.bodies import module_of
from chiron.ansible.catalog import Catalog
from chiron.assemble import open_catalog
from chiron.config import Settings
from chiron.suggest.recall.usual_modules import STEP, TABLE, features_of
from chiron.syntax.blocks import task_blocks

NAMES = Path(__file__).with_name("usual_names.txt")
WRITTEN = "written for it"
EXAMPLE_WEIGHT = 0.15
#: So many tasks of one checkout, of one collection, count in full; of more the sum grows with the root.
MOST_OF = {"checkout": 300, "collection": 150}
L2 = 1.0
#: A feature rarer than this is left out, and a coefficient nearer to 0.
RAREST, LEAST = 1.5, 0.15


class Named(NamedTuple):
    source: str
    features: Sequence[str]
    module: str
    weight: float = 1.0


def written() -> Iterator[Named]:
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            module, _, names = line.partition(": ")
            fqcn = module if "." in module else f"ansible.builtin.{module}"
            for name in names.split(";"):
                yield Named(WRITTEN, features_of(name.strip(), False), fqcn)


def tasks_under(folder: Path, source: str, most: int, catalog: Catalog) -> list[Named]:
    """The named tasks of all YAML files under `folder`, each name once for a module."""
    found = set()
    for path in sorted({*folder.rglob("*.yml"), *folder.rglob("*.yaml")}):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for block in task_blocks(text):
            module = module_of(block.body)
            if block.name and module:
                is_handler = "handlers" in path.relative_to(folder).parts
                found.add((block.name, catalog.resolve(module) or module, is_handler))
    weight = min(1.0, (most / (len(found) or 1)) ** 0.5)
    return [
        Named(source, features_of(name, is_handler), module, weight)
        for name, module, is_handler in sorted(found)
    ]


def of_collections(collections: Path, catalog: Catalog) -> Iterator[Named]:
    """The tasks of the roles, playbooks and tests that collections bring."""
    for folder in sorted(path.parent for path in collections.glob("*/*/roles")):
        name = f"{folder.parent.name}.{folder.name}"
        tasks = [
            one
            for part in ("roles", "playbooks", "tests")
            for one in tasks_under(folder / part, name, MOST_OF["collection"], catalog)
        ]
        yield from tasks


def examples(catalog: Catalog) -> Iterator[Named]:
    for task in catalog.examples():
        module = task.fqcn or task.module
        yield Named(module.rpartition(".")[0], features_of(task.name, False), module, EXAMPLE_WEIGHT)


def gathered(checkouts: Sequence[Path], python: Path, without: str | None) -> list[Named]:
    """Everything to learn from; modules that are one source's own are called ""."""
    catalog = open_catalog(Settings(python=python), None)
    people = list(written())
    for folder in checkouts:
        people += tasks_under(folder, folder.name, MOST_OF["checkout"], catalog)
    site = next((python.parent.parent / "lib").glob("python3*/site-packages/ansible_collections"))
    people += of_collections(site, catalog)
    people = [one for one in people if one.source != without]
    sources = defaultdict(set)
    for one in people:
        sources[one.module].add(one.source)
    known = {module for module, of in sources.items() if len(of) > 1 or WRITTEN in of}
    people = [one._replace(module=one.module if one.module in known else "") for one in people]
    return people + [one for one in examples(catalog) if one.module in known]


def fitted(data: Sequence[Named]) -> tuple[list[str], list[str], Any]:
    """Features, modules and coefficients of a multinomial logistic regression with an L2 penalty."""
    sources = defaultdict(set)
    weight_of: Counter[str] = Counter()
    for one in data:
        for feature in one.features:
            sources[feature].add(one.source)
            weight_of[feature] += one.weight  # type: ignore[assignment]  # weights are fractions
    features = sorted(word for word, of in sources.items() if len(of) > 1 and weight_of[word] >= RAREST)
    modules = sorted({one.module for one in data})
    place = {feature: at for at, feature in enumerate(features)}
    column = {module: at for at, module in enumerate(modules)}
    rows = [[place[word] for word in one.features if word in place] for one in data]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    flat = np.concatenate([np.array(row, int) for row in rows])
    shown = csr_matrix((np.ones(len(flat)), flat, starts), shape=(len(data), len(features)))
    weight = np.array([one.weight for one in data])
    right = np.array([column[one.module] for one in data])
    each = np.arange(len(data))
    wanted = (shown.T @ csr_matrix((weight, (each, right)), shape=(len(data), len(modules)))).toarray()

    def loss(flat_weights: Any) -> tuple[float, Any]:
        w = flat_weights.reshape(len(features), len(modules))
        scores = shown @ w
        scores -= scores.max(1, keepdims=True)
        chance = np.exp(scores)
        chance /= chance.sum(1, keepdims=True)
        likelihood = (weight * np.log(chance[each, right] + 1e-12)).sum()
        slope = shown.T @ (chance * weight[:, None]) - wanted + L2 * w
        return float(-likelihood + L2 / 2 * (flat_weights @ flat_weights)), slope.ravel()

    start = np.zeros(len(features) * len(modules))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80}).x
    return features, modules, found.reshape(len(features), len(modules))


def to_table(features: Sequence[str], modules: Sequence[str], weights: Any) -> str:
    """The table as text, a line a feature."""
    lines = []
    for feature, row in zip(features, weights, strict=True):
        kept = [(at, round(float(value) / STEP)) for at, value in enumerate(row) if abs(value) >= LEAST]
        if kept:
            flat = ",".join(f"{at},{value}" for at, value in kept)
            lines.append(f"{json.dumps(feature)}:[{flat}]")
    return f'{{"modules":{json.dumps(modules)},\n"coefficients":{{\n' + ",\n".join(lines) + "}}\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkouts", nargs="+", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True, help="Of an Ansible with collections.")
    parser.add_argument("--without", help="A checkout or collection to leave out.")
    parser.add_argument("--out", type=Path, default=TABLE)
    arguments = parser.parse_args()
    data = gathered(arguments.checkouts, arguments.python, arguments.without)
    features, modules, weights = fitted(data)
    text = to_table(features, modules, weights)
    arguments.out.write_text(text, encoding="utf-8")
    print(f"{len(data)} names, {len(features)} features, {len(modules)} modules, {len(text):,} characters")


if __name__ == "__main__":
    main()
