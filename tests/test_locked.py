"""What is installed for tests, builds and exports has one version, written down."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def named(requirement: str) -> str:
    found = _NAME.match(requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked() -> set[str]:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {named(line) for line in lines if "==" in line and not line.startswith("#")}


def test_every_requirement_of_every_extra_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    assert {named(one) for one in wanted} - locked() == set()


def test_what_reads_exports_is_locked() -> None:
    script = (ROOT / ".ci" / "formats").read_text(encoding="utf-8")
    wanted = re.findall(r"pip install (.*)", script)
    names = [word for line in wanted for word in line.split() if not word.startswith("-")]
    assert {"trl", "datasets", "transformers"} <= set(names) <= locked()
    assert "PIP_CONSTRAINT" in script
