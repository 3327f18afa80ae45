"""Fits the weights of `suggest/recall/modules.py` anew, and tells how far they carry over.

    python tests/benchmarks/fit_modules.py --cases CASES WORKSPACES [--cases …] [--judge REPO…] [--l2 0.03]
        [--tables DIR]

Each `--cases` names a file that `chiron eval build` made and the folder of its checkouts; `--tables` a folder
with a table of `fit_names.py` for each repository, made without it, as `REPO.json`. Every case is asked three
times: warm, with a few files of its workspace, and cold. Printed are the share of cases whose module stands
first, by the weights in force, by new ones fitted on all, and by ones fitted without the repository they are
judged on. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]  # it brings no types

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.assemble import open_catalog
from chiron.config import Settings
from chiron.errors import ChironError
from chiron.evals import cases as case_files
from chiron.evals.reading import read_body
from chiron.evals.run import hidden
from chiron.records import Facts, Origin, Place, Request, Task
from chiron.suggest.context import gather
from chiron.suggest.place import request_at
from chiron.suggest.recall import Recall
from chiron.suggest.recall.modules import SIGNS, WEIGHTS, signs_of
from chiron.suggest.recall.usual_modules import TABLE, usually
from chiron.syntax.document import Document

MODES = ("warm", "small", "cold")
#: Held as it is: the cases leave out the modules it speaks against, so they would make it boundless.
HELD = {"control": -2.0}
#: These may speak against a module; a good sign that does is a fluke.
SIGNED = {"no_template", "log_count", "other_meaning"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One case in one mode: the strength of each sign for each module, and which module is right."""

    repository: str
    mode: str
    signs: Any
    right: int


def requests(
    cases_file: Path, workspaces: Path, mode: str
) -> Iterator[tuple[case_files.Case, Request, Facts, Sequence[Task], Recall, Catalog]]:
    """Each case as recall is asked about it in `mode`, and what it may know then."""
    catalog = open_catalog(Settings(), None)
    by_workspace: dict[str, list[case_files.Case]] = {}
    for case in case_files.read(cases_file):
        by_workspace.setdefault(case.workspace, []).append(case)
    for workspace, cases in by_workspace.items():
        root = (workspaces / workspace).absolute()
        recall = Recall(catalog)
        project = None
        if mode != "cold":
            project = Project(root, catalog)
            project.refresh()
        for case in cases:
            try:
                text, position = hidden(case, root, "append")
            except ChironError:
                continue
            path = str(root / case.path)
            document = Document(Path(path).as_uri(), text, 0)
            place = Place(document.uri, path, 0, str(root))
            request = request_at(document, position, place, origin=Origin.EVAL)
            if request is None:
                continue
            if project is not None:
                project.update(case.path, text)
            context = gather(request, project)
            tasks = _few(context.tasks, case) if mode == "small" else context.tasks
            yield case, request, context.facts, tasks, recall, catalog
            if project is not None:
                project.update(case.path, None)


def asked(cases_file: Path, workspaces: Path, mode: str, tables: Path | None) -> Iterator[Asked]:
    for case, request, facts, tasks, recall, catalog in requests(cases_file, workspaces, mode):
        expected = read_body(case.expected, catalog.resolve)
        if expected is None:
            continue
        question, counts = recall.question(request, facts, tasks)
        table = tables / f"{case.workspace}.json" if tables is not None else TABLE
        if table.exists():
            question = replace(question, usual=usually(question.name, question.path, table))
        signs = signs_of(question, counts)
        right = list(signs).index(expected.module) if expected.module in signs else -1
        yield Asked(case.workspace, mode, np.array(list(signs.values()), float), right)


def _few(tasks: Sequence[Any], case: case_files.Case) -> list[Any]:
    """The tasks of the case's file and of one to three others near it."""
    draw = random.Random(case.id)
    others = sorted({task.path for task in tasks} - {case.path})
    folder = case.path.rsplit("/", 2)[0]
    others = [path for path in others if path.startswith(folder)] or others
    draw.shuffle(others)
    kept = {case.path, *others[: draw.choice((1, 2, 3))]}
    return [task for task in tasks if task.path in kept]


def share_right(weights: Any, rows: Sequence[Asked]) -> dict[str, float]:
    shares = {}
    for mode in MODES:
        of_mode = [row for row in rows if row.mode == mode]
        hits = sum(row.right >= 0 and int(np.argmax(row.signs @ weights)) == row.right for row in of_mode)
        shares[mode] = round(hits / max(1, len(of_mode)), 3)
    return shares


def fitted(rows: Sequence[Asked], l2: float) -> Any:
    """Weights that make the right modules likeliest, not far from those in force."""
    rows = [row for row in rows if row.right >= 0]
    prior = np.array(WEIGHTS)
    n_of = Counter((row.repository, row.mode) for row in rows)
    weight = np.array([n_of[row.repository, row.mode] ** -0.5 for row in rows])
    weight /= weight.mean()
    starts = np.concatenate([[0], np.cumsum([len(row.signs) for row in rows])])[:-1]
    signs = np.vstack([row.signs for row in rows])
    right = starts + np.array([row.right for row in rows])
    owner = np.repeat(np.arange(len(rows)), [len(row.signs) for row in rows])

    def loss(w: Any) -> tuple[float, Any]:
        scores = signs @ w
        highest = np.maximum.reduceat(scores, starts)
        raised = np.exp(scores - highest[owner])
        total = np.add.reduceat(raised, starts)
        likelihood = (scores[right] - highest - np.log(total)) * weight
        chance = raised / total[owner]
        slope = (np.add.reduceat(signs * chance[:, None], starts, axis=0) - signs[right]) * weight[:, None]
        away = w - prior
        return float(-likelihood.mean() + l2 / 2 * (away @ away)), slope.mean(0) + l2 * away

    bounds = [
        (HELD[sign], HELD[sign]) if sign in HELD else (None, None) if sign in SIGNED else (0, None)
        for sign in SIGNS
    ]
    return minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds).x


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs=2, action="append", type=Path, required=True)
    parser.add_argument("--judge", nargs="*", help="Repositories to leave out in turn; all by default.")
    parser.add_argument("--l2", type=float, default=0.03)
    parser.add_argument(
        "--tables", type=Path, help="Tables of usual names, a repository each, made without it."
    )
    arguments = parser.parse_args()
    rows = [
        row
        for cases_file, workspaces in arguments.cases
        for mode in MODES
        for row in asked(cases_file, workspaces, mode, arguments.tables)
    ]
    judged = arguments.judge or sorted({row.repository for row in rows})
    held = [row for row in rows if row.repository in judged]
    print("in force      ", share_right(np.array(WEIGHTS), held))
    right: Counter[str] = Counter()
    for repository in judged:
        weights = fitted([row for row in rows if row.repository != repository], arguments.l2)
        own = [row for row in held if row.repository == repository]
        shares = share_right(weights, own)
        print(f"  without {repository}: {shares}")
        for mode in MODES:
            right[mode] += round(shares[mode] * sum(row.mode == mode for row in own))
    n_of = Counter(row.mode for row in held)
    print("not seen      ", {mode: round(right[mode] / max(1, n_of[mode]), 3) for mode in MODES})
    weights = np.round(fitted(rows, arguments.l2), 1)
    print("fitted on all ", share_right(weights, held))
    print({sign: float(weight) for sign, weight in zip(SIGNS, weights, strict=True)})


if __name__ == "__main__":
    main()
