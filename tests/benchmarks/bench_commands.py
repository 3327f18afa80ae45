"""How many command lines have their module, and whether the call is valid here: by rule, and with a model.

    python tests/benchmarks/bench_commands.py [--python PATH] [--lines FILE] [--model NAME] [--show]

Each line of the file (by default the project's own set) is put into a task of `shell` and rewritten with the
catalog of `--python`. What no rule answers is asked of the model that the settings call NAME (`embedded`: the
one in the box), as the editor's own action does. Prints how many are answered, right, wrong and valid; a line
that no module does is right where none is offered, and is counted by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite import apply_edits, rewrites_of
from chiron.ansible.validate import validate_tasks
from chiron.assemble import Assembly, assemble
from chiron.config import Embedded, Settings
from chiron.records import FileKind, Origin, Place, Request, Severity, Trigger
from chiron.suggest.advice.actions import REPLACE, hindrance, offered, scope_for, target_at
from chiron.suggest.advice.advise import advise

_LINES = Path(__file__).parent.parent / "data" / "commands" / "lines.yml"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path)
    parser.add_argument("--lines", type=Path, default=_LINES)
    parser.add_argument("--model")
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    cases: list[dict[str, Any]] = yaml.safe_load(arguments.lines.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(
            python=arguments.python,
            model=arguments.model or "none",
            data_dir=Path(place) / "data",
            cache_dir=Path(place) / "cache",
            # How good the answers are is measured, not how long a busy machine takes for them.
            embedded=Embedded(timeout_s=600),
        )
        asyncio.run(measure(cases, settings, arguments.show))


async def measure(cases: list[dict[str, Any]], settings: Settings, show: bool) -> None:
    """Answers every case and prints the figures."""
    parts = assemble(settings)
    by_rule, by_model, without = Counter[str](), Counter[str](), Counter[str]()
    try:
        for case in cases:
            task = yaml.safe_dump([{"name": case.get("name", "It"), "shell": case["line"]}], width=10_000,
                                  sort_keys=False)  # fmt: skip
            new, who, why = ruled(task, parts.catalog), "rule", ""
            if new is None and parts.model is not None:
                (new, why), who = await modelled(task, parts), "model"
            verdict = judged(case, new, parts.catalog)
            counter = without if case["module"] is None else by_rule if who == "rule" else by_model
            counter[verdict] += 1
            if show and (new is None or who == "model" or verdict != "right and valid"):
                print(f"{who:5}  {verdict:16}  {case['line']}  =>  {written(new)} {why}", flush=True)
    finally:
        await parts.close()
    n = len(cases) - without.total()
    good = by_rule["right and valid"] + by_model["right and valid"]
    print(f"by rule:       {dict(by_rule)}")
    if parts.model is not None:
        print(f"by {parts.model.name}: {dict(by_model)}")
    print(f"right module and valid: {good} of {n} lines that have one ({100 * good / n:.1f}%)")
    print(f"lines that no module does: {dict(without)}")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{used.ru_utime + used.ru_stime:.1f} s of CPU in this process")


def ruled(task: str, catalog: Catalog) -> str | None:
    """The task as the rule leaves it; None where no rule is sure."""
    found = [r for r in rewrites_of(task, FileKind.TASKS, catalog) if r.code == "module-for-command"]
    return apply_edits(task, found[0].edits) if found else None


async def modelled(task: str, parts: Assembly) -> tuple[str | None, str]:
    """The task as the model's answer leaves it; None, and why, where none is offered or passes the checks."""
    target = target_at(task, FileKind.TASKS, parts.catalog, 0)
    able = await parts.model.capabilities() if parts.model is not None else None
    if target is None or able is None or REPLACE not in offered(target) or hindrance(REPLACE, target, able):
        return None, "not asked"
    scope = scope_for(REPLACE, target, FileKind.TASKS)
    if scope is None:
        return None, "not asked"
    place = Place("untitled:tasks.yml", None, 1)
    request = Request(place, task, scope, Origin.EVAL, Trigger.INVOKED)
    answer = await advise(parts.suggester, REPLACE, request, target, None)
    if not answer.suggestions:
        return None, answer.trouble or "; ".join(f"{one.detail} {one.text!r}" for one in answer.withheld)
    one, lines = answer.suggestions[0], task.splitlines(keepends=True)
    start = sum(map(len, lines[: one.range.start.line])) + one.range.start.column
    end = sum(map(len, lines[: one.range.end.line])) + one.range.end.column
    return task[:start] + one.text + task[end:], repr(one.text)


def judged(case: dict[str, Any], new: str | None, catalog: Catalog) -> str:
    """What an answer is worth."""
    if new is None:
        return "none, as it should be" if case["module"] is None else "none"
    if written(new) not in {case["module"], *case.get("or", ())}:
        return "wrong"
    problems = validate_tasks(new, catalog)
    return "invalid" if any(one.severity is Severity.ERROR for one in problems) else "right and valid"


def written(task: str | None) -> str:
    """The module that a task calls."""
    if task is None:
        return "nothing"
    return next((key for key in yaml.safe_load(task)[0] if "." in key), "something else")


if __name__ == "__main__":
    main()
