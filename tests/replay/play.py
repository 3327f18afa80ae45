"""A month in a workspace, and the second month again and again from the same snapshot.

Everything happens in `home`: settings, log, caches and the workspace. Each way of playing the second month
begins with the same bytes under the same paths, so that nothing differs but which parts of what was learned
are in force.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from chiron.ansible.catalog import Catalog
from chiron.config import Learning, Settings
from chiron.errors import ChironError
from chiron.exchange.command import export_log
from chiron.exchange.formats import Format
from chiron.flywheel_view import train_gate
from chiron.lsp.client import Editor
from chiron.models import embedded
from chiron.review.verdicts import Verdicts
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import Filters
from replay.person import Habits, Met, Person
from replay.tasks import File

#: 5 January 2026, 8 in the morning, UTC.
FIRST_MS = 1_767_600_000_000
SECOND_MS = FIRST_MS + 42 * 86_400_000

#: The ways to play the second month: which parts are in force.
PARTS = ("recall", "rates", "prompt", "gate")
WAYS: Mapping[str, tuple[str, ...] | None] = {
    "frozen": None,
    "recall": ("recall",),
    "rates": ("rates",),
    "prompt": ("prompt",),
    "gate": ("gate",),
    "all": PARTS,
}
TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Played:
    """Both months: what the first met with, how many verdicts it was given, what became of the gate, and what
    the second met with by the way it was played."""

    first: list[Met]
    n_verdicts: int
    gate: str
    second: Mapping[str, list[Met]]
    #: The questions a model was asked in the second month, by the way it was played.
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Rows that the first month gave, by the format they were exported in.
    exported: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lab:
    """A place to play in."""

    home: Path
    habits: Habits = field(default_factory=Habits)
    #: What the second month is played with, and how much the embedded one is trusted; the first goes without.
    model: str = "none"
    trust: float | None = None
    #: Settings over all others, as environment variables.
    over: Mapping[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.home / "work" / "site"

    @property
    def settings(self) -> Settings:
        """What commands are run with here."""
        return Settings(
            data_dir=self.home / "data",
            cache_dir=self.home / "cache",
            model="none",
            learning=Learning(interruption=self.habits.interruption),
        )

    @property
    def log(self) -> Path:
        return self.home / "data" / "feedback.sqlite"

    def environ(self, **more: str) -> dict[str, str]:
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("CHIRON_", "ANSIBLE_"))
        }
        return {
            **kept,
            "CHIRON_CONFIG": str(self.home / "config.toml"),
            "CHIRON_DATA_DIR": str(self.home / "data"),
            "CHIRON_CACHE_DIR": str(self.home / "cache"),
            "CHIRON_MODEL": "none",
            "CHIRON_LEARNING__INTERRUPTION": str(self.habits.interruption),
            "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'server'}",
            **more,
            **self.over,
        }

    @property
    def with_model(self) -> dict[str, str]:
        """The settings under which the model is asked, and waited for however busy the machine is."""
        trust = {} if self.trust is None else {"REPLAY_TRUST": str(self.trust)}
        return trust | {
            "CHIRON_MODEL": self.model,
            "CHIRON_SUGGEST__PATIENCE_MS": "600000",
            "CHIRON_SUGGEST__DEBOUNCE_MS": "0",
            "CHIRON_EMBEDDED__TIMEOUT_S": "600",
        }


async def play(
    lab: Lab,
    files: Sequence[File],
    catalog: Catalog,
    *,
    start_ms: int,
    root: Path | None = None,
    enough: Callable[[list[Met]], bool] = lambda _met: False,
    environ: Mapping[str, str] = MappingProxyType({}),
    who: type[Person] = Person,
) -> Person:
    """Somebody writes `files` through a real server, in the workspace or in another `root`."""
    root = root or lab.workspace
    (root / "roles").mkdir(parents=True, exist_ok=True)
    desk = root / "notes.yml"
    desk.write_text("", encoding="utf-8")
    editor = await Editor.start(
        desk,
        root,
        environ=lab.environ(**environ, REPLAY_NOW_MS=str(start_ms)),
        program=("-m", "replay.server"),
    )
    try:
        await editor.ask("replay/begin", {})
        person = who(editor, root, lab.habits, catalog.resolve)
        await person.work(files, enough)
    finally:
        await editor.stop()
    return person


def review(lab: Lab, person: Person) -> int:
    """The person goes through some of it in the review, and says what was good and what should have been."""
    with FeedbackLog(lab.log) as log:
        verdicts = Verdicts(log)
        for suggestion_id, label, correction in person.verdicts:
            verdicts.give(suggestion_id, label, correction=correction, correction_valid=True)
    return len(person.verdicts)


def train(lab: Lab) -> str:
    """Trains a gate on the first month's log, and says what came of that."""
    try:
        trained = train_gate(lab.settings, at_ms=SECOND_MS)["trained"]
    except ChironError as error:
        return str(error)
    return (
        f"trained on {trained['n']} outcomes, {trained['n_kept']} of them kept; tells them apart with an "
        f"area under the curve of {trained['auc_after']:.2f} (cross-validated); worth "
        + "{:+.3f} [{:+.3f}, {:+.3f}] per request when replayed on the log, so ".format(*trained["gain"])
        + ("in force" if trained["helps"] else "not in force")
    )


def export(lab: Lab) -> dict[str, int]:
    """Exports the first month in every format. The rows of each, as its manifest has them.

    A format for which nothing is left has none. Raises `AssertionError` where a manifest is not true.
    """
    made: dict[str, int] = {}
    for kind in Format:
        out = lab.home / "export" / f"{kind.value}.{'parquet' if kind is Format.PARQUET else 'jsonl'}"
        out.parent.mkdir(exist_ok=True)
        try:
            export_log(lab.settings, kind.value, out, {"origin": "editor"})
        except ChironError:
            made[kind.value] = 0
            continue
        manifest = json.loads(out.with_name(f"{out.name}.manifest.json").read_text(encoding="utf-8"))
        for name, digest in manifest["sha256"].items():
            assert hashlib.sha256((out.parent / name).read_bytes()).hexdigest() == digest
        if kind is not Format.PARQUET:
            assert len(out.read_text(encoding="utf-8").splitlines()) == manifest["n_rows"]
        assert manifest["redaction"]["n_found_in_the_written_file"] == 0
        made[kind.value] = manifest["n_rows"]
    return made


def keep(lab: Lab) -> Path:
    """A snapshot of the log, the settings and the workspace."""
    kept = lab.home / "snapshot"
    shutil.rmtree(kept, ignore_errors=True)
    for name in ("data", "work"):
        shutil.copytree(lab.home / name, kept / name)
    return kept


def restore(lab: Lab) -> None:
    """Makes everything as it was when the snapshot was taken.

    Caches stay: of modules' docs, and of a model's answers, which to the same question are the same.
    """
    for name in ("data", "work"):
        shutil.rmtree(lab.home / name, ignore_errors=True)
        shutil.copytree(lab.home / "snapshot" / name, lab.home / name)


def in_force(way: str) -> dict[str, str]:
    """The settings under which a way is played. Nothing is drawn by lot there: all requests go that way."""
    parts = WAYS[way]
    given = {f"CHIRON_LEARNING__{part.upper()}": str(part in (parts or ())).lower() for part in PARTS}
    return given | {
        "CHIRON_LEARNING__ENABLED": str(parts is not None).lower(),
        "CHIRON_LEARNING__CONTROL_SHARE": "0",
    }


def played_months(
    lab: Lab,
    first: Sequence[File],
    second: Sequence[File],
    *,
    n_outcomes: int | None = None,
    other_workspace: bool = False,
    ways: Sequence[str] = tuple(WAYS),
) -> Played:
    """What was met with in the first month, and in the second by each of `ways`.

    The first month ends after `n_outcomes` suggestions seen, where that is given; then the person reviews,
    a gate is trained where there is enough for one, and the month is exported. With `other_workspace`, the
    second month is work on a new project.
    """
    catalog = Catalog.open(Settings(), None, {})

    def enough(met: list[Met]) -> bool:
        return n_outcomes is not None and sum(one.shown for one in met) >= n_outcomes

    person = asyncio.run(play(lab, first, catalog, start_ms=FIRST_MS, enough=enough))
    review(lab, person)
    gate = train(lab)
    exported = export(lab)
    keep(lab)
    root = lab.home / "work" / "other" if other_workspace else None
    results: dict[str, list[Met]] = {}
    asked: dict[str, Sequence[str]] = {}
    shared = {"CHIRON_LEARNING__SHARED": "true"} if other_workspace else {}
    try:
        for way in ways:
            restore(lab)
            environ = lab.with_model | in_force(way) | shared
            second_person = asyncio.run(
                play(lab, second, catalog, start_ms=SECOND_MS, root=root, environ=environ)
            )
            results[way] = second_person.met
            asked[way] = asked_of_a_model(lab)
    finally:
        embedded.stop(lab.home / "cache" / "embedded")
    return Played(person.met, len(person.verdicts), gate, results, asked, exported)


def asked_of_a_model(lab: Lab) -> list[str]:
    """What a model was asked in the second month, whether its answer was shown or not."""
    with FeedbackLog(lab.log) as log:
        rows = log.suggestions(100_000, Filters(since_ms=SECOND_MS))
    sent = {row.record.request_id: row.record.sent for row in rows if row.record.sent}
    return list(sent.values())
