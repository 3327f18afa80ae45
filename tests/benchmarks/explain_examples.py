"""Explains what the validator complains about in modules' own EXAMPLES: is the example wrong, or is it us?

    python tests/benchmarks/explain_examples.py --python PYTHON [--limit N] [--show VERDICT]...

PYTHON is an interpreter with the `ansible` package. Ansible itself is asked about every task complained of
(`ansible_oracle.py`): its parser, its plugin loader, and its checks of arguments, by the argument spec of the
module's code and by its documented options. `accepted` are those where Ansible has no objection, which are
printed: either the validator is wrong, or it knows more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from bench_examples import problems_of

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.records import Severity

ORACLE = Path(__file__).resolve().parent / "ansible_oracle.py"


def questions(catalog: Catalog, limit: int | None) -> list[dict[str, Any]]:
    """What is complained of, by module."""
    asked = []
    for name in list(catalog.names())[:limit]:
        module = catalog.module(name)
        if module is None or not module.examples.strip():
            continue
        complaints = [
            {"line": one.range.start.line, "code": one.code, "message": one.message}
            for one in problems_of(module, catalog)[1]
            if one.severity is not Severity.INFO
        ]
        if complaints:
            asked.append(
                {
                    "module": module.fqcn,
                    "collection": module.collection,
                    "examples": module.examples,
                    "complaints": complaints,
                }
            )
    return asked


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--show", action="append", default=["accepted"])
    arguments = parser.parse_args()
    asked = questions(Catalog.open(Settings(python=arguments.python)), arguments.limit)
    # Some modules write logs where they are begun.
    with tempfile.TemporaryDirectory() as elsewhere:
        run = subprocess.run(
            [arguments.python.absolute(), ORACLE],
            input="".join(json.dumps(one) + "\n" for one in asked),
            capture_output=True,
            text=True,
            check=True,
            cwd=elsewhere,
        )
    by_code: dict[str, Counter[str]] = defaultdict(Counter)
    for question, line in zip(asked, run.stdout.splitlines(), strict=True):
        for complaint, verdict in zip(question["complaints"], json.loads(line)["verdicts"], strict=True):
            by_code[complaint["code"]][verdict] += 1
            if verdict in arguments.show:
                place = f"{question['module']}:{complaint['line'] + 1}"
                print(f"{verdict}: {place}: {complaint['code']}: {complaint['message']}")
    total: Counter[str] = sum(by_code.values(), Counter())
    columns = [verdict for verdict, _ in total.most_common()]
    print(f"{'':20}" + "".join(f"{verdict:>14}" for verdict in columns))
    for code, verdicts in sorted(by_code.items(), key=lambda one: -one[1].total()):
        print(f"{code:20}" + "".join(f"{verdicts[verdict]:14d}" for verdict in columns))
    print(f"{'all':20}" + "".join(f"{total[verdict]:14d}" for verdict in columns))


if __name__ == "__main__":
    main()
