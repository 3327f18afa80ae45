"""Fits the weights of `suggest/recall/drafts.py` anew, and tells how far they carry over.

    python tests/benchmarks/fit_drafts.py --cases CASES WORKSPACES [--cases …] [--judge REPO…] [--l2 0.0001]

As `fit_modules.py`, which chooses modules; this chooses among the drafts. Printed are, for the draft that
comes first, module, strong acceptance by proxy, Ansible Aware and exact arguments, and how often drafts of
a confidence are right. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fit_modules
import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]  # it brings no types

from chiron.evals import scorers
from chiron.evals.reading import read_body
from chiron.suggest.layout import lay_out
from chiron.suggest.recall.drafts import BIAS, WEIGHTS

#: What a draft is worth: right module, strong acceptance, Ansible Aware, exact arguments.
WORTH = (0.6, 0.4, 0.3, 0.3)
SIGNS = tuple(WEIGHTS)
#: Ansible Aware likes long texts, since it takes no offence at what is to be deleted, and people don't; what
#: an idiom read out of the name goes before what an EXAMPLE made up. (lowest, highest), before scaling.
BOUNDS = {
    "example": (None, -3.0),
    "idiom": (2.5, 8.0),
    "outline": (0.0, 2.0),
    "length": (-1.5, 0.7),
    "adjacent": (None, 2.0),
}
#: What scaling divides by, about: the prior in the units of the fit.
SHARPER = 4.0


@dataclass(frozen=True, slots=True)
class Offered:
    """One case in one mode: the signs of its drafts and their scores, a row a draft."""

    repository: str
    mode: str
    signs: Any
    scores: Any


def offered(cases_file: Path, workspaces: Path, mode: str) -> Iterator[Offered]:
    for case, request, facts, tasks, recall, catalog in fit_modules.requests(cases_file, workspaces, mode):
        expected = read_body(case.expected, catalog.resolve)
        signs, scores = [], []
        for draft in recall.drafts(request, facts, tasks):
            if draft.n_unknown or expected is None:
                continue
            text = lay_out(request.scope, draft.body).removeprefix(request.scope.lead)
            given = read_body(text, catalog.resolve)
            signs.append([draft.signs.get(sign, 0.0) for sign in SIGNS])
            scores.append(
                (
                    scorers.module_match(expected, given),
                    scorers.strong_proxy(expected, given, case.expected, text),
                    scorers.ansible_aware(expected, given),
                    scorers.exact_arguments(expected, given),
                )
            )
        yield Offered(
            case.workspace,
            mode,
            np.array(signs).reshape(-1, len(SIGNS)),
            np.array(scores).reshape(-1, len(WORTH)),
        )


def of_first(weights: Any, rows: Sequence[Offered]) -> dict[str, list[float]]:
    """The mean scores of the drafts that come first, by mode."""
    means = {}
    for mode in fit_modules.MODES:
        of_mode = [row for row in rows if row.mode == mode]
        total = sum(
            (row.scores[int(np.argmax(row.signs @ weights))] for row in of_mode if len(row.signs)),
            np.zeros(len(WORTH)),
        )
        means[mode] = [round(float(score), 3) for score in total / max(1, len(of_mode))]
    return means


def fitted(rows: Sequence[Offered], l2: float) -> Any:
    """Weights that make the first draft worth most, not far from those in force."""
    rows = [row for row in rows if len(row.signs)]
    prior = np.array(list(WEIGHTS.values())) * SHARPER
    n_of = Counter((row.repository, row.mode) for row in rows)
    weight = np.array([n_of[row.repository, row.mode] ** -0.5 for row in rows])
    weight /= weight.sum()
    signs = np.vstack([row.signs for row in rows])
    worth = np.concatenate([row.scores @ np.array(WORTH) for row in rows])
    sizes = [len(row.signs) for row in rows]
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    owner = np.repeat(np.arange(len(rows)), sizes)

    def loss(w: Any) -> tuple[float, Any]:
        scores = signs @ w
        raised = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        chance = raised / np.add.reduceat(raised, starts)[owner]
        expected = np.add.reduceat(chance * worth, starts)
        slope = np.add.reduceat((chance * (worth - expected[owner]))[:, None] * signs, starts, axis=0)
        away = w - prior
        return float(-(weight @ expected) + l2 / 2 * (away @ away)), -(weight @ slope) + l2 * away

    bounds = [BOUNDS.get(sign, (None, None)) for sign in SIGNS]
    start = np.clip(
        prior,
        [-99 if low is None else low for low, _ in bounds],
        [99 if high is None else high for _, high in bounds],
    )
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x


def calibrated(weights: Any, rows: Sequence[Offered]) -> tuple[float, float]:
    """The scale and bias by which a first draft's score becomes the chance of strong acceptance."""
    firsts = [(row, int(np.argmax(row.signs @ weights))) for row in rows if len(row.signs)]
    score = np.array([row.signs[at] @ weights for row, at in firsts])
    right = np.array([row.scores[at][1] for row, at in firsts])

    def loss(p: Any) -> float:
        z = p[0] * score + p[1]
        return float(np.mean(np.logaddexp(0, z) - right * z))

    scale, bias = minimize(loss, np.array([0.5, -3.0])).x
    return float(scale), float(bias)


def show_calibration(rows: Sequence[Offered]) -> None:
    weights = np.array(list(WEIGHTS.values()))
    for mode in fit_modules.MODES:
        found = sorted(
            (float(1 / (1 + np.exp(-(row.signs[at] @ weights + BIAS)))), float(row.scores[at][1]))
            for row in rows
            if row.mode == mode and len(row.signs)
            for at in [int(np.argmax(row.signs @ weights))]
        )
        parts = [found[len(found) * i // 6 : len(found) * (i + 1) // 6] for i in range(6)]
        told = [
            f"{np.mean([c for c, _ in part]):.2f}: {np.mean([r for _, r in part]):.2f}"
            for part in parts
            if part
        ]
        print(f"  said and right, {mode}: {', '.join(told)}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs=2, action="append", type=Path, required=True)
    parser.add_argument("--judge", nargs="*", help="Repositories to leave out in turn; all by default.")
    parser.add_argument("--l2", type=float, default=0.0001)
    arguments = parser.parse_args()
    rows = [
        row
        for cases_file, workspaces in arguments.cases
        for mode in fit_modules.MODES
        for row in offered(cases_file, workspaces, mode)
    ]
    judged = arguments.judge or sorted({row.repository for row in rows})
    held = [row for row in rows if row.repository in judged]
    print("module, strong, aware, exact of the first draft")
    print("in force      ", of_first(np.array(list(WEIGHTS.values())), held))
    show_calibration(held)
    for repository in judged:
        weights = fitted([row for row in rows if row.repository != repository], arguments.l2)
        own = [row for row in held if row.repository == repository]
        print(f"  without {repository}: {of_first(weights, own)}")
    weights = fitted(rows, arguments.l2)
    print("fitted on all ", of_first(weights, held))
    scale, bias = calibrated(weights, rows)
    print({sign: round(float(w * scale), 2) for sign, w in zip(SIGNS, weights, strict=True)})
    print(f"BIAS = {bias:.2f}")


if __name__ == "__main__":
    main()
