"""Searches that somebody gave a name, in one small file of this user's."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from chiron.errors import StoreError
from chiron.review.searching import Unasked, to_search

_MOST = 50
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Saved:
    """A name and the query of the address it stands for."""

    name: str
    query: str


class SavedSearches:
    """The searches kept in `path`. A file that cannot be read counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def all(self) -> list[Saved]:
        """What is kept, by name. It never raises."""
        try:
            given = json.loads(self._path.read_text(encoding="utf-8"))
            found = [Saved(str(one["name"]), str(one["query"])) for one in given]
        except (OSError, ValueError, TypeError, KeyError):
            return []
        return [one for one in found[:_MOST] if _is_search(one.query)]

    def keep(self, name: str, query: str) -> None:
        """Keeps a search under `name`, in place of one of that name. Raises `Unasked` or `StoreError`."""
        name = " ".join(name.split())[:_LONGEST_NAME]
        if not name:
            raise Unasked("A saved search needs a name.")
        params = dict(parse_qsl(query, max_num_fields=40))
        to_search(params)
        with self._lock:
            others = [one for one in self.all() if one.name != name]
            if len(others) >= _MOST:
                raise Unasked(f"{_MOST} searches are saved already.", advice="Remove one first.")
            self._write([*others, Saved(name, urlencode(params))])

    def remove(self, name: str) -> None:
        """Forgets the search of that name. Raises `StoreError`."""
        with self._lock:
            self._write([one for one in self.all() if one.name != name])

    def _write(self, searches: list[Saved]) -> None:
        ordered = sorted(searches, key=lambda one: one.name.casefold())
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump([asdict(one) for one in ordered], file, indent=1)
            fresh.replace(self._path)
        except OSError as error:
            raise StoreError(f"Searches could not be saved: {error.strerror}.") from error


def _is_search(query: str) -> bool:
    try:
        to_search(dict(parse_qsl(query, max_num_fields=40)))
    except (Unasked, ValueError):
        return False
    return True
