"""How much of what people wrote the guardrails would withhold, and how long they take.

    python tests/benchmarks/bench_guardrails.py DIRECTORY... [--python PATH] [--per-directory 300]

Every named task is taken out of its file but for its name, and its own body offered back as a candidate at
the end of the name line, with the facts of its project. A person found each of them good, so what is withheld
is a false alarm, a rule that is meant (a module of a collection that is not here, a download piped to a
shell), or a fault of the task. Prints reasons, and milliseconds a candidate.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench_validate import File, files_below, task_texts

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings
from chiron.records import Candidate, Origin, Place, Position, Request, Source, Trigger, Withheld
from chiron.suggest.guardrails import Check, run_chain
from chiron.syntax.document import Document
from chiron.syntax.scope import find_scope


def cut_out(file: File) -> Iterator[tuple[str, int, str]]:
    """Each named task: the file without its body, the line of the name, and the body's lines."""
    lines = file.text.split("\n")
    for start, task in task_texts(file):
        body = task.rstrip("\n").split("\n")
        if (
            not body[0].lstrip().startswith("- name:")
            or len(body) < 2
            or body[0].rstrip().endswith((">", "|"))
        ):
            continue
        while body and (not body[-1].strip() or body[-1].lstrip().startswith("#")):
            body.pop()
        rest = lines[: start + 1] + lines[start + len(body) :]
        yield "\n".join(rest), start, "\n".join(body[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directories", nargs="+", type=Path)
    parser.add_argument("--python", type=Path)
    parser.add_argument("--per-directory", type=int, default=300)
    parser.add_argument("--show", action="append", default=[])
    arguments = parser.parse_args()
    settings = Settings(python=arguments.python)
    reasons: Counter[str] = Counter()
    changed = 0
    times: list[float] = []
    for root in arguments.directories:
        catalog = Catalog.open(settings, root)
        project = Project(root, catalog)
        project.refresh()
        cases = [(file, *case) for file in files_below([root]) for case in cut_out(file)]
        random.Random(7).shuffle(cases)
        for file, text, line, body in cases[: arguments.per_directory]:
            document = Document(file.path.as_uri(), text)
            position = Position(line, len(document.line(line)))
            scope = find_scope(document, position, file.kind)
            if scope is None:
                reasons["(no scope)"] += 1
                if "(no scope)" in arguments.show:
                    print(f"{file.path}:{line + 1}: no scope")
                continue
            place = Place(document.uri, str(file.path), 1)
            request = Request(place, text, scope, Origin.EVAL, Trigger.INVOKED)
            facts = project.facts(str(file.path), text, line)
            candidate = Candidate(f"\n{body}", Source.RECALL)
            started = time.perf_counter()
            verdict = run_chain(candidate, Check(request, catalog, facts))
            times.append((time.perf_counter() - started) * 1000)
            if isinstance(verdict, Withheld):
                reasons[verdict.reason] += 1
                if verdict.reason in arguments.show or "all" in arguments.show:
                    print(f"{file.path}:{line + 1}: {verdict.reason}: {verdict.detail}")
            else:
                reasons["(shown)"] += 1
                changed += verdict.text != candidate.text
    n = sum(reasons.values())
    for reason, count in reasons.most_common():
        print(f"{100 * count / max(1, n):6.2f}% {count:5d} {reason}")
    print(f"{changed} of those shown were written in the file's style")
    if len(times) > 1:
        cuts = statistics.quantiles(times, n=100)
        print(f"one candidate: p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms, p99 {cuts[98]:.2f} ms")


if __name__ == "__main__":
    main()
