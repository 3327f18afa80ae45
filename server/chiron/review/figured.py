"""Figures that were worked out already, as long as nobody has written to the log since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import partial
from pathlib import Path

from chiron.flywheel.learned.agreement import agreement, judges
from chiron.review.overview import Judging
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_figures import Figures, figures
from chiron.store.feedback_search import Search
from chiron.store.feedback_votes import labels, votes

#: Periods and origins that people go back and forth between.
_MOST = 8

_Stamp = tuple[int, ...]


class Figured:
    """Works figures out once for each search and state of the log's file."""

    def __init__(self, log: FeedbackLog, path: Path, zone_ms: int) -> None:
        self._log = log
        self._path = path
        self._zone_ms = zone_ms
        self._lock = threading.Lock()
        self._known: OrderedDict[Search, tuple[_Stamp, Figures]] = OrderedDict()
        self._judging: tuple[_Stamp, list[Judging]] | None = None

    def of(self, search: Search) -> Figures:
        """The figures of what `search` finds now. Who asks while they are worked out waits for them."""
        with self._lock:
            # Taken before: what is written meanwhile makes the figures old at once, never wrong for long.
            stamp = self._stamp()
            known = self._known.get(search)
            if known is None or known[0] != stamp:
                found = self._log.ask(partial(figures, search=search, zone_ms=self._zone_ms))
                known = self._known[search] = (stamp, found)
            self._known.move_to_end(search)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
            return known[1]

    def judging(self) -> list[Judging]:
        """How far the models that judged agree with people, over all that both have judged."""
        with self._lock:
            stamp = self._stamp()
            if self._judging is None or self._judging[0] != stamp:
                given = judges(self._log.ask(votes), self._log.ask(labels))
                found = [
                    Judging(one.name, one.prompt_version, len(one.votes), agreement(one.pairs))
                    for one in given
                ]
                self._judging = (stamp, found)
            return self._judging[1]

    def _stamp(self) -> _Stamp:
        """What tells one state of the log from another: its file, and the write-ahead log where one is."""
        stamp: list[int] = []
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            try:
                found = path.stat()
            except OSError:
                stamp.append(0)
                continue
            # An empty write-ahead log comes and goes with every reader.
            stamp += [found.st_mtime_ns, found.st_size, found.st_ino] if found.st_size else [0]
        return tuple(stamp)
