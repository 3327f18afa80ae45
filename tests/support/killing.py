"""Several processes write feedback under load and are killed at random moments; nothing acknowledged is lost.

A writer says on its standard output which suggestions it was told are on disk. After each round the file is
compared with what was said, and every twenty rounds with what was said in all of them.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from chiron.records import (
    Event,
    EventKind,
    Evidence,
    Ground,
    Origin,
    ScopeKind,
    Source,
    SuggestionRecord,
    Trigger,
)
from chiron.store.feedback import FeedbackLog

WRITER = "from support.killing import write; import sys; write(sys.argv[1], sys.argv[2])"


@dataclass
class Rounds:
    """What came of some rounds of killing."""

    n_rounds: int = 0
    n_acknowledged: int = 0
    #: Ids that were acknowledged and are not there, or not with all their events.
    lost: list[str] = field(default_factory=list)
    #: What SQLite's own check said where it did not say "ok".
    damage: list[str] = field(default_factory=list)


def suggestion(suggestion_id: str, at_ms: int = 0, **more: object) -> SuggestionRecord:
    """A suggestion as an editor would ask for, with texts of the usual sizes."""
    values: dict[str, object] = {
        "id": suggestion_id,
        "request_id": suggestion_id,
        "at_ms": at_ms,
        "origin": Origin.EDITOR,
        "trigger": Trigger.AUTOMATIC,
        "scope": ScopeKind.TASK_BODY,
        "uri": "file:///srv/site.yml",
        "line": 12,
        "task_name": "Install nginx",
        "text": "  ansible.builtin.apt:\n    name: nginx\n    state: present\n",
        "source": Source.MODEL,
        "module": "ansible.builtin.apt",
        "model": "small",
        "context": "- hosts: all\n  tasks:\n" * 8,
        "sent": "# Tasks\n" * 20,
        "stage_ms": {"scope": 0.4, "context": 1.2, "model": 310.0},
        "grounds": (Ground("module", "ansible.builtin.apt", detail="2.17"),),
    }
    return SuggestionRecord(**(values | more))  # type: ignore[arg-type]  # names are the record's own


def write(path: str, name: str) -> None:
    """Writes and says what is on disk, until killed."""
    draw = random.Random(name)
    with FeedbackLog(Path(path), linger_s=0.005) as log:
        n = 0
        while True:
            ids = [f"{name}-{n + i}" for i in range(draw.randrange(1, 12))]
            n += len(ids)
            for one in ids:
                log.record(suggestion(one, at_ms=n))
                log.event(Event(one, EventKind.OFFERED, Evidence.OBSERVED, n))
                log.event(Event(one, EventKind.ACCEPTED, Evidence.CONFIRMED, n + 1))
            log.flush()
            os.write(1, (" ".join(ids) + "\n").encode())


def kill_rounds(path: Path, n_rounds: int, *, n_writers: int = 3, seed: int = 0) -> Iterator[Rounds]:
    """Plays `n_rounds` rounds on the file at `path` and yields what came of them so far after each."""
    draw = random.Random(seed)
    done = Rounds()
    everything: list[str] = []
    for number in range(n_rounds):
        acknowledged = _killed_round(path, number, n_writers, draw)
        everything += acknowledged
        done.n_rounds += 1
        done.n_acknowledged += len(acknowledged)
        done.lost += _lost(path, acknowledged)
        if number % 20 == 0 or number == n_rounds - 1:
            # Later rounds must not have cost what earlier ones were told was safe.
            done.lost += _lost(path, everything)
            done.damage += _damage(path)
        yield done


def _killed_round(path: Path, number: int, n_writers: int, draw: random.Random) -> list[str]:
    tests = str(Path(__file__).parents[1])
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), f"r{number}w{name}"],
            stdout=subprocess.PIPE,
            env=environ,
        )
        for name in range(n_writers)
    ]
    said = [b""] * n_writers
    try:
        # Each has begun when it has said something; then each dies at a moment of its own.
        for n, writer in enumerate(writers):
            assert writer.stdout is not None
            said[n] = writer.stdout.readline()
        for writer in draw.sample(writers, n_writers):
            time.sleep(draw.uniform(0.0, 0.08))
            os.kill(writer.pid, signal.SIGKILL)
    finally:
        for n, writer in enumerate(writers):
            writer.kill()
            assert writer.stdout is not None
            said[n] += writer.stdout.read()
            writer.stdout.close()
            writer.wait()
    # A line that was cut off was not said.
    return [one for text in said for line in text.decode().split("\n")[:-1] for one in line.split()]


def _lost(path: Path, acknowledged: list[str]) -> list[str]:
    """Which of `acknowledged` are not there with both their events and the outcome these add up to."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TEMP TABLE said (id TEXT)")
        connection.executemany("INSERT INTO said VALUES (?)", ((one,) for one in acknowledged))
        rows = connection.execute(
            "SELECT id FROM said WHERE NOT EXISTS"
            " (SELECT 1 FROM suggestion WHERE suggestion.id = said.id AND outcome = 'accepted')"
            " OR (SELECT count(*) FROM event WHERE suggestion_id = said.id) <> 2"
        )
        return [row[0] for row in rows]


def _damage(path: Path) -> list[str]:
    """What SQLite says of the whole file, where that is not "ok"."""
    with closing(sqlite3.connect(path)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    return [line for line in said if line != "ok"]
