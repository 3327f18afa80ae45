"""The projects of the workspaces that are worked in, each read when it is first asked about."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.config import Settings, is_excluded
from chiron.records import Request

#: What marks the top of an Ansible project, strongest first.
_ROOT_MARKS = ("ansible.cfg", "galaxy.yml", ".git", "roles", "group_vars", "requirements.yml")


@dataclass(slots=True)
class _Reading:
    """A project, and whether it was read yet. Its lock is held while that happens, and no other."""

    project: Project
    is_read: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Workspaces:
    """The projects under the roots that were asked about. Safe for threads."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings = settings
        self._catalog = catalog
        self._readings: dict[str, _Reading] = {}
        self._lock = threading.Lock()

    def project(self, root: str | None) -> Project | None:
        """The project under `root`, read the first time it is asked for. Blocks while it is read."""
        if root is None:
            return None
        with self._lock:
            reading = self._readings.get(root)
            if reading is None:
                reading = self._readings[root] = _Reading(self._new_project(Path(root)))
        with reading.lock:
            if not reading.is_read:
                reading.project.refresh()
                reading.is_read = True
        return reading.project

    def placed(self, request: Request) -> tuple[Request, Project | None]:
        """`request` with the workspace that its file belongs to, and the project there. Blocks on disk."""
        place = request.place
        if place.workspace is None and place.path is not None:
            root = find_root(Path(place.path))
            request = replace(request, place=replace(place, workspace=str(root) if root else None))
        return request, self.project(request.place.workspace)

    def placed_at_once(self, request: Request) -> tuple[Request, Project | None] | None:
        """What `placed` gives, where nothing has to be waited for; None where something has."""
        place = request.place
        if place.workspace is None:
            return (request, None) if place.path is None else None
        with self._lock:
            reading = self._readings.get(place.workspace)
        return (request, reading.project) if reading is not None and reading.is_read else None

    def known(self) -> tuple[Project, ...]:
        """The projects read so far, or being read. Waits for nothing."""
        with self._lock:
            return tuple(reading.project for reading in self._readings.values())

    def renew(self, texts: Mapping[str, str], *, all_anew: bool) -> None:
        """Reads again what changed on disk. Blocks.

        `texts` holds by path what is open in an editor. With `all_anew` every task is read anew, since its
        module may mean something else now.
        """
        with self._lock:
            known = dict(self._readings)
        for root, reading in known.items():
            if not all_anew:
                reading.project.refresh()
                continue
            fresh = _Reading(self._new_project(reading.project.root), is_read=True)
            fresh.project.refresh()
            for path, text in texts.items():
                fresh.project.update(path, text)
            with self._lock:
                self._readings[root] = fresh

    def _new_project(self, root: Path) -> Project:
        globs = self._settings.feedback.exclude
        return Project(root, self._catalog, lambda path: is_excluded(path, globs, str(root)))


def find_root(path: Path) -> Path | None:
    """The top of the project that holds `path`: the nearest folder above it with a mark of one."""
    for folder in list(path.resolve().parents)[:8]:
        if folder == Path.home() or folder == Path(folder.anchor):
            break
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return folder
    return None
