"""Files -> findings. Reads every file once and asks the validator; with `fix` it mends what is safe."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chiron.ansible.catalog import Catalog
from chiron.ansible.catalog.sources import Sources, find_sources
from chiron.ansible.project import Project
from chiron.ansible.rewrite import Rewrite, fix_text
from chiron.ansible.validate import validate_file
from chiron.assemble import open_catalog
from chiron.check.collect import File, Passed, PathError, collect
from chiron.config import Settings
from chiron.records import Facts, FileKind, Problem, Severity
from chiron.syntax.blocks import task_blocks

_WITH_TASKS = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem in one file."""

    shown: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Mended:
    """One rewrite that was made in one file."""

    shown: str
    rewrite: Rewrite


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found. `n_tasks` counts tasks and handlers, not the blocks round them."""

    n_files: int
    n_tasks: int
    findings: tuple[Finding, ...]
    passed: tuple[Passed, ...] = ()
    mended: tuple[Mended, ...] = ()

    @property
    def has_errors(self) -> bool:
        return any(one.problem.severity is Severity.ERROR for one in self.findings)


class _Projects:
    """The catalog and the facts of each project that files belong to, read when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._catalogs: dict[Path | None, Catalog] = {}
        self._by_sources: list[tuple[Sources, Catalog]] = []
        self._projects: dict[Path, Project] = {}

    def catalog(self, root: Path | None) -> Catalog:
        known = self._catalogs.get(root)
        if known is None:
            # Projects without modules of their own share one catalog: a scan costs more than most checks.
            sources = find_sources(self._settings, root)
            known = next((one for of, one in self._by_sources if of == sources), None)
            if known is None:
                known = open_catalog(self._settings, root)
                self._by_sources.append((sources, known))
            self._catalogs[root] = known
        return known

    def facts(self, file: File) -> Callable[[int], Facts] | None:
        """What is in reach of a line of `file`; None where it belongs to no project."""
        project = self._project(file.root)
        if project is None or file.kind not in _WITH_TASKS:
            return None
        return partial(project.references, str(file.path.resolve()))

    def n_tasks(self, file: File, text: str) -> int:
        """How many tasks and handlers `file` has."""
        project = self._project(file.root)
        known = project.n_tasks(str(file.path.resolve())) if project is not None else None
        return len(task_blocks(text)) if known is None else known

    def _project(self, root: Path | None) -> Project | None:
        if root is None:
            return None
        project = self._projects.get(root)
        if project is None:
            project = self._projects[root] = Project(root, self.catalog(root))
            project.refresh()
        return project


def check(paths: Sequence[Path], settings: Settings, *, fix: bool = False) -> Result:
    """Checks every file below `paths`. With `fix`, safe rewrites are made first and what is left is told.

    A file is replaced as a whole or left as it was. Raises `PathError` and `CatalogError`.
    """
    projects = _Projects(settings)
    off = frozenset(settings.diagnostics.off)
    n_files = n_tasks = 0
    findings: list[Finding] = []
    passed: list[Passed] = []
    mended: list[Mended] = []
    for file in collect(paths):
        if isinstance(file, Passed):
            passed.append(file)
            continue
        n_files += 1
        catalog = projects.catalog(file.root)
        text = file.text
        if fix and file.kind in _WITH_TASKS:
            fixed = fix_text(text, file.kind, catalog, off=off)
            if fixed.text != text:
                write(file.path, fixed.text)
                text = fixed.text
                mended += [Mended(file.shown, one) for one in fixed.made]
        if file.kind in _WITH_TASKS:
            n_tasks += projects.n_tasks(file, text)
        problems = validate_file(text, file.kind, catalog, projects.facts(file))
        findings += [Finding(file.shown, one) for one in problems if one.code not in off]
    return Result(n_files, n_tasks, tuple(findings), tuple(passed), tuple(mended))


def write(path: Path, text: str) -> None:
    """Puts `text` in place of a file, whole or not at all; its mode stays. A link's target is written."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise PathError(f"{path} cannot be written: {error.strerror}.") from None
