"""How good and how fast recall is on real repositories: named tasks, each body hidden, the rest known.

    python tests/benchmarks/bench_recall.py REPOSITORY... [--per-repo 100] [--cold] [--show] [--dump FILE]

Append mode: the file ends after the name line. Prints, with 95% bootstrap intervals, how often the first
candidate to pass the guardrails has the right module and exactly the right arguments, a score in the spirit
of Ansible Aware (arXiv 2305.02783) and the strong-acceptance proxy (module right, less than half of the text
edited), then how well confidence tells right from wrong, and latency without the guardrails.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

from chiron.ansible.bodies import dedent, is_keyword, module_of
from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings
from chiron.records import (
    Candidate,
    Expects,
    FileKind,
    Origin,
    Place,
    Position,
    Range,
    Request,
    Scope,
    ScopeKind,
    Trigger,
)
from chiron.suggest.guardrails import Check, run_chain
from chiron.suggest.recall import Recall
from chiron.syntax.blocks import Block, task_blocks
from chiron.syntax.kind import file_kind

_WITH_TASKS = {FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS}
_LEFT_OUT = ("include", "import", "assert", "debug", "set_fact", "fail", "meta", "role")


@dataclass(frozen=True, slots=True)
class Case:
    """One task whose body is hidden."""

    root: Path
    path: str
    text: str
    block: Block


@dataclass(frozen=True, slots=True)
class Result:
    """What recall said to one case, and how right it was."""

    repository: str
    path: str
    name: str
    expected: str
    text: str
    confidence: float
    module: float
    aware: float
    exact: float
    strong: float
    latency_ms: float


def cases_of(root: Path, n: int, seed: int, catalog: Catalog) -> list[Case]:
    """At most `n` cases of one repository, at most two a file; only modules that exist here or there."""
    rng = random.Random(seed)
    cases: list[Case] = []
    files = sorted([*root.rglob("*.yml"), *root.rglob("*.yaml")])
    rng.shuffle(files)
    for file in files:
        if ".git" in file.parts:
            continue
        path = file.relative_to(root).as_posix()
        text = file.read_text("utf-8", "replace")
        if file_kind(path, text) not in _WITH_TASKS:
            continue
        blocks = [block for block in task_blocks(text) if _is_case(block, root, catalog)]
        rng.shuffle(blocks)
        cases += [Case(root, path, text, block) for block in blocks[:2]]
    rng.shuffle(cases)
    return cases[:n]


def _is_case(block: Block, root: Path, catalog: Catalog) -> bool:
    module = module_of(block.body)
    if not block.name or module is None:
        return False
    known = "." in module or catalog.resolve(module) is not None
    if not known and not any(root.rglob(f"library/{module}.py")):
        return False
    first = block.text.split("\n", 1)[0]
    return first.startswith("- name:") and not module.rsplit(".", 1)[-1].startswith(_LEFT_OUT)


def request_of(case: Case) -> Request:
    """The request at the end of the case's name line, with nothing after it."""
    lines = case.text.splitlines()[: case.block.first_line + 1]
    line, column = len(lines) - 1, len(lines[-1])
    end = Position(line, column)
    scope = Scope(
        kind=ScopeKind.TASK_BODY,
        expects=Expects.TASK,
        file_kind=FileKind.HANDLERS if case.block.in_handlers else FileKind.TASKS,
        range=Range(end, end),
        lead="\n",
        indent=case.block.column + 2,
        task_column=case.block.column,
        before=lines[-1],
        after="",
        task_name=case.block.name,
        in_handlers=case.block.in_handlers,
        task_line=line,
    )
    place = Place(f"file://{case.root / case.path}", str(case.root / case.path), 1, str(case.root))
    return Request(place, "\n".join(lines), scope, Origin.EVAL, Trigger.INVOKED, 1)


def run(roots: Sequence[Path], n: int, seed: int, *, cold: bool) -> Iterator[Result]:
    """Every case through recall."""
    for root in roots:
        catalog = Catalog.open(Settings(), root)
        recall = Recall(catalog)
        empty = Project(root / ".nothing-here", catalog)
        project = empty if cold else Project(root, catalog)
        if not cold:
            project.refresh()
        for case in cases_of(root, n, seed, catalog):
            request = request_of(case)
            project.update(case.root / case.path, request.text)
            facts = project.facts(request.place.path, request.text, request.scope.task_line)
            tasks = project.tasks()
            recall.sync(tasks)
            began = time.perf_counter()
            candidates = recall.candidates(request, facts, tasks, 6)
            latency_ms = (time.perf_counter() - began) * 1e3
            verdicts = (run_chain(one, Check(request, catalog, facts)) for one in candidates)
            found = [one for one in verdicts if isinstance(one, Candidate)][:1]
            project.update(case.root / case.path, None)
            text = dedent(found[0].text.lstrip("\n")) if found else ""
            confidence = found[0].confidence if found else 0.0
            yield Result(
                root.name,
                f"{case.path}:{case.block.first_line + 1}",
                case.block.name,
                case.block.body,
                text,
                confidence,
                *scores(text, case.block.body, catalog),
                latency_ms,
            )


# --------------------------------------------------------------------------- scores


def scores(text: str, expected: str, catalog: Catalog) -> tuple[float, float, float, float]:
    """(module, aware, exact, strong) of `text` against `expected`, each from 0 to 1."""
    if not text:
        return 0.0, 0.0, 0.0, 0.0
    said, wanted = _loaded(text), _loaded(expected)
    module, wanted_module = module_of(text) or "", module_of(expected) or ""
    same = (catalog.resolve(module) or module) == (catalog.resolve(wanted_module) or wanted_module)
    aware = _aware(said, wanted, module, wanted_module, same)
    exact = same and said.get(module) == wanted.get(wanted_module)
    ratio = SequenceMatcher(None, text.strip(), expected.strip(), autojunk=False).ratio()
    return float(same), aware, float(exact), float(same and ratio > 0.5)


def _aware(
    said: dict[str, Any], wanted: dict[str, Any], module: str, wanted_module: str, same: bool
) -> float:
    parts: list[float] = []
    for key, value in wanted.items():
        if key == wanted_module:
            parts.append((1.0 + _value(said.get(module), value)) / 2 if same else 0.0)
        elif is_keyword(key):
            parts.append((1.0 + _value(said[key], value)) / 2 if key in said else 0.0)
    return statistics.fmean(parts) if parts else 0.0


def _value(said: Any, wanted: Any) -> float:
    if said == wanted:
        return 1.0
    if isinstance(wanted, dict) and isinstance(said, dict):
        if not wanted:
            return 0.0
        found = [(1.0 + _value(said[key], wanted[key])) / 2 if key in said else 0.0 for key in wanted]
        return statistics.fmean(found)
    return 0.0


def _loaded(body: str) -> dict[str, Any]:
    try:
        value = yaml.load(body, Loader=_Loader)
    except (yaml.YAMLError, ValueError):
        return {}
    return {str(key): _arguments(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _arguments(value: Any) -> Any:
    """`k=v` strings as the mapping they stand for."""
    if isinstance(value, str) and "=" in value:
        import shlex

        try:
            pairs = [word.partition("=") for word in shlex.split(value)]
        except ValueError:
            return value
        if all(joint for _, joint, _ in pairs):
            return {key: item for key, _, item in pairs}
    return value


class _Loader(yaml.CSafeLoader):
    pass


_Loader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix}")


# --------------------------------------------------------------------------- report


def interval(values: Sequence[float], rng: random.Random) -> str:
    """Mean with its 95% bootstrap interval."""
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(1000))
    return f"{statistics.fmean(values):.3f} [{means[25]:.3f}, {means[974]:.3f}]"


def report(results: Sequence[Result]) -> None:
    rng = random.Random(1)
    measures: dict[str, Callable[[Result], float]] = {
        "module": lambda one: one.module,
        "aware": lambda one: one.aware,
        "exact arguments": lambda one: one.exact,
        "strong proxy": lambda one: one.strong,
        "answered": lambda one: float(bool(one.text)),
    }
    print(f"{len(results)} cases of {', '.join(sorted({one.repository for one in results}))}")
    for name, measure in measures.items():
        print(f"  {name:16} {interval([measure(one) for one in results], rng)}")
    latencies = sorted(one.latency_ms for one in results)
    print(
        f"  latency          p50 {latencies[len(latencies) // 2]:.1f} ms,"
        f" p95 {latencies[int(len(latencies) * 0.95)]:.1f} ms, max {latencies[-1]:.1f} ms"
    )
    print("  confidence       n     strong  exact")
    for low in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9):
        high = {0.8: 0.9, 0.9: 1.01}.get(low, low + 0.2)
        held = [one for one in results if low <= one.confidence < high]
        if held:
            strong, exact = (
                statistics.fmean(getattr(one, key) for one in held) for key in ("strong", "exact")
            )
            print(f"    {low:.1f} to {min(high, 1.0):.1f}     {len(held):4}   {strong:.2f}    {exact:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("roots", nargs="+", type=Path)
    parser.add_argument("--per-repo", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--show", action="store_true", help="print every case with what was said")
    parser.add_argument("--dump", type=Path, help="write the results as JSON lines")
    options = parser.parse_args()
    results = list(run(options.roots, options.per_repo, options.seed, cold=options.cold))
    if options.show:
        for one in results:
            print(f"=== {one.repository}/{one.path} {one.confidence:.2f} strong={one.strong:.0f} {one.name}")
            print(one.expected, "\n---", one.text, sep="\n")
    if options.dump:
        options.dump.write_text("".join(json.dumps(asdict(one)) + "\n" for one in results))
    if not results:
        sys.exit("no cases found")
    report(results)


if __name__ == "__main__":
    main()
