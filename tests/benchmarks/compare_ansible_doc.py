"""Compares the catalog with `ansible-doc --json` on random modules, to the last sub-option.

    python tests/benchmarks/compare_ansible_doc.py [--python PYTHON] [--n 300] [--seed 1]

PYTHON is the interpreter of an environment with the `ansible` package; this one by default.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chiron.ansible.catalog import Catalog
from chiron.config import Settings

#: Only what is installed with Ansible is compared, not what the person running this has besides.
NOWHERE_ELSE = {"ANSIBLE_COLLECTIONS_PATH": os.devnull, "ANSIBLE_LIBRARY": os.devnull}


def ansible_doc(python: Path, names: Sequence[str]) -> dict[str, Any]:
    """What `ansible-doc` of that environment says about `names`, in one run."""
    with tempfile.TemporaryDirectory() as home:
        run = subprocess.run(
            [python, python.parent / "ansible-doc", "--type", "module", "--json", *names],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "HOME": home, "LC_ALL": "C.UTF-8", **NOWHERE_ELSE},
            timeout=600,
        )
    # Notes about single modules go to stdout before the JSON.
    found: dict[str, Any] = json.loads(run.stdout[run.stdout.index("{") :])
    return found


def differences(shown: Mapping[str, Any], documented: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """What differs between the options as the catalog shows them and as `ansible-doc` prints them."""
    for name in documented.keys() - shown.keys():
        yield f"{where}{name}: missing"
    for name in shown.keys() - documented.keys():
        yield f"{where}{name}: not documented"
    for name in sorted(shown.keys() & documented.keys()):
        ours, theirs = dict(shown[name]), documented[name] or {}
        if isinstance(theirs.get("choices"), dict):
            ours["choices"] = sorted(ours["choices"], key=str)
        choices, aliases = theirs.get("choices") or [], theirs.get("aliases") or []
        expected: dict[str, Any] = {
            "type": theirs.get("type") or "str",
            "required": theirs.get("required") in (True, "true", "yes", "True"),
            # `ansible-doc` sorts mappings when it prints them.
            "choices": sorted(choices, key=str) if isinstance(choices, dict) else choices,
            "aliases": aliases if isinstance(aliases, list) else [aliases],
            "default": theirs.get("default"),
        }
        for key, value in expected.items():
            # JSON has no keys but text, so a mapping of choices comes back as texts.
            named = key in ("choices", "aliases") and isinstance(value, list)
            same = list(map(str, ours[key])) == list(map(str, value)) if named else ours[key] == value
            if not same:
                yield f"{where}{name}: {key} is {value!r}, not {ours[key]!r}"
        inner = theirs.get("suboptions")
        if isinstance(inner, dict) and inner:
            yield from differences(ours["suboptions"] or {}, inner, f"{where}{name}.")
        elif ours["suboptions"]:
            yield f"{where}{name}: has no sub-options"


def n_options(documented: Mapping[str, Any]) -> int:
    """How many options and sub-options there are."""
    return sum(1 + n_options((entry or {}).get("suboptions") or {}) for entry in documented.values())


def compare(python: Path, n: int, seed: int) -> tuple[int, int, list[str]]:
    """(modules, options, differences) of `n` random modules of the environment of `python`."""
    catalog = Catalog.open(Settings(python=python), None, NOWHERE_ELSE)
    names = sorted(random.Random(seed).sample(list(catalog.names()), min(n, len(catalog.names()))))
    documented = ansible_doc(python, names)
    found: list[str] = []
    total = 0
    for name in names:
        doc = documented.get(name, {}).get("doc")
        if doc is None:
            found.append(f"{name}: ansible-doc has nothing on it")
            continue
        options = doc.get("options") or {}
        total += n_options(options)
        shown = catalog.show(name)
        found.extend(f"{name}: {what}" for what in differences(shown["options"] if shown else {}, options))
    return len(names), total, found


def main() -> int:
    """Prints the differences and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    n, total, found = compare(arguments.python, arguments.n, arguments.seed)
    for line in found:
        print(line)
    print(f"{n} modules, {total} options and sub-options, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
