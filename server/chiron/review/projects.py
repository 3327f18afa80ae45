"""What is within reach of a row's own file: its project, read as the server reads it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chiron.ansible.project import Project
from chiron.assemble import find_root
from chiron.config import is_excluded
from chiron.records import Facts, SuggestionRecord
from chiron.review.files import local_path, read_recorded

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

#: A project is read again after this long: whoever reviews may be writing too.
_FRESH_S = 120.0


@dataclass(slots=True)
class _Reading:
    project: Project
    read_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Projects:
    """The projects of the rows that were looked at."""

    def __init__(self, excluded: Sequence[str] = ()) -> None:
        self._excluded = excluded
        self._lock = threading.Lock()
        self._readings: dict[Path, _Reading] = {}

    def facts(self, record: SuggestionRecord, catalog: Catalog) -> Facts | None:
        """The facts at a suggestion's place, or None where its file is not there or belongs to no project."""
        path = local_path(record.uri)
        text, _ = read_recorded(record.uri, self._excluded)
        root = find_root(path) if path is not None and text is not None else None
        if root is None or text is None:
            return None
        with self._lock:
            reading = self._readings.get(root)
            if reading is None:
                reading = self._readings[root] = _Reading(
                    Project(root, catalog, lambda one: is_excluded(one, self._excluded, str(root)))
                )
        with reading.lock:
            now = time.monotonic()
            if reading.read_at is None or now - reading.read_at > _FRESH_S:
                reading.project.refresh()
                reading.read_at = now
        return reading.project.facts(str(path), text, record.line)
