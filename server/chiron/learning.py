"""Keeps what is learned up to date with the feedback log, one workspace at a time. Reading it blocks.

What is learned is worked out from the log, never stored: the exceptions are the gate's coefficients, which
hold no text, and that learning was switched off, with the reason.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from chiron.ansible.catalog import Catalog
from chiron.ansible.validate import validate_tasks
from chiron.config import Settings, is_excluded
from chiron.errors import StoreError
from chiron.flywheel.learned.draw import NOTHING, Learned
from chiron.flywheel.learned.gate import Gate, from_json, recent_share
from chiron.flywheel.learned.guard import harm
from chiron.flywheel.learned.ledger import Ledger
from chiron.flywheel.learned.pool import Pool, build_pool, is_within, path_of
from chiron.flywheel.learned.reward import reward_of
from chiron.records import Origin, Severity
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_lessons import Lesson, Played, lessons, mark, played

log = logging.getLogger(__name__)

#: Newest suggestions that are learned from, and how old they may be in half-lives.
MOST_LESSONS, MOST_HALF_LIVES = 4_000, 4.0
_DAY_MS = 86_400_000
#: The guard looks at so many days.
_GUARDED_DAYS = 60


def gate_path(settings: Settings) -> Path:
    """Where the gate's coefficients are."""
    return settings.data_dir / "gate.json"


def switch_path(settings: Settings) -> Path:
    """Where it is written down that learning was switched off."""
    return settings.data_dir / "learning.json"


def now_ms() -> int:
    """Unix time in milliseconds."""
    return int(time.time() * 1000)


class Learner:
    """What was learned, by workspace. Safe for threads."""

    def __init__(
        self,
        feedback: FeedbackLog | None,
        settings: Settings,
        catalog: Catalog,
        clock: Callable[[], int] = now_ms,
        origin: Origin | None = Origin.EDITOR,
    ) -> None:
        self.clock = clock
        self._feedback = feedback
        self._settings = settings
        self._catalog = catalog
        self._origin = origin
        self._lock = threading.Lock()
        self._lessons: Sequence[Lesson] = ()
        self._mark = ""
        self._day = 0
        self._read_ms = -(10**15)
        self._by_workspace: dict[str | None, Learned] = {}
        self._valid: dict[tuple[str, str], bool] = {}
        self._gate: Gate | None = None
        self._off = ""
        self._news = ""

    def take_news(self) -> str:
        """Why learning was switched off just now; "" where it was not, or that was taken already."""
        news, self._news = self._news, ""
        return news

    def refresh(self, *, judge: bool = True, rest_ms: int = 0) -> bool:
        """Reads the log again if it changed, or a day went by, and says whether it did. Raises nothing.

        It also has the guard look whether learning does harm, unless it is not to `judge`. `rest_ms` after
        the last time it does nothing yet.
        """
        settings = self._settings.learning
        now = self.clock()
        if self._feedback is None or not settings.enabled or 0 <= now - self._read_ms < rest_ms:
            return False
        self._read_ms = now
        try:
            self._feedback.flush()
            if not self._feedback.path.exists():
                return False
            stands = self._feedback.ask(mark)
            with self._lock:
                if stands == self._mark and now // _DAY_MS == self._day:
                    return False
            since = now - int(MOST_HALF_LIVES * settings.half_life_days * _DAY_MS)
            found = self._feedback.ask(
                partial(lessons, since_ms=since, limit=MOST_LESSONS, origin=self._origin, lean=True)
            )
            globs = self._settings.feedback.exclude
            found = [one for one in found if not is_excluded(path_of(one.row.record.uri), globs)]
        except StoreError as error:
            # Whoever owns the log tells what is wrong with it.
            log.info("Nothing can be learned: %s", error)
            return False
        gate = read_gate(self._settings) if settings.gate else None
        # What is not shown to help holds nothing back.
        gate = gate if gate is not None and gate.helps else None
        off = read_switch(self._settings) or (self._guard(now) if judge else "")
        with self._lock:
            self._lessons, self._mark, self._day = found, stands, now // _DAY_MS
            self._gate, self._off = gate, off
            known = list(self._by_workspace)
        # Made here and now: a request should not have to wait for it.
        made = {workspace: self._made(workspace) for workspace in known}
        with self._lock:
            self._by_workspace = made
        return True

    def learned(self, workspace: str | None) -> Learned:
        """What is in force in the workspace at that path. Builds its pool the first time: blocks."""
        if not self._settings.learning.enabled:
            return NOTHING
        with self._lock:
            known = self._by_workspace.get(workspace)
            if known is None:
                known = self._by_workspace[workspace] = self._made(workspace)
            return known

    def pool(self, workspace: str | None, *, shared: bool | None = None) -> Pool:
        """The pool of one workspace, in force or not."""
        settings = self._settings.learning
        pool = build_pool(
            self._lessons,
            now_ms=self.clock(),
            workspace=workspace,
            shared=settings.shared if shared is None else shared,
            half_life_days=settings.half_life_days,
            resolve=self._catalog.resolve,
            is_valid=self._is_valid,
        )
        return replace(
            pool,
            version=pool.version if settings.recall or settings.rates or settings.prompt else "",
            tasks=pool.tasks if settings.recall else (),
            few_shot=pool.few_shot if settings.prompt else (),
            ledger=pool.ledger if settings.rates else Ledger(),
        )

    def _guard(self, now: int) -> str:
        """Switches learning off where it makes things worse, and says why; "" where it does not."""
        try:
            rows = self.played(now - _GUARDED_DAYS * _DAY_MS)
            why = harm(rows, self._settings.learning.interruption)
            if why:
                self._news = why
                switch(self._settings, why, now)
        except StoreError as error:
            log.info("Whether learning does harm cannot be told or kept: %s", error)
            return self._news
        return why

    def played(self, since_ms: int) -> list[Played]:
        """Requests since then as experiments, oldest first; since learning was last switched on."""
        if self._feedback is None:
            return []
        since_ms = max(since_ms, switched_on_ms(self._settings))
        return self._feedback.ask(partial(played, since_ms=since_ms, limit=MOST_LESSONS, origin=self._origin))

    def _made(self, workspace: str | None) -> Learned:
        settings = self._settings.learning
        here = [
            reward
            for one in self._lessons
            if (settings.shared or is_within(one.row.record.uri, workspace))
            and (reward := reward_of(one.row)) is not None
        ]
        return Learned(
            pool=self.pool(workspace),
            gate=self._gate,
            recent=recent_share(here),
            interruption=settings.interruption,
            control_share=settings.control_share,
            off=self._off,
        )

    def _is_valid(self, text: str) -> bool:
        """Whether the validator passes a task as it would be written. Each text is looked at once."""
        key = (self._catalog.version, text)
        known = self._valid.get(key)
        if known is None:
            if len(self._valid) > 4 * MOST_LESSONS:
                self._valid.clear()
            problems = validate_tasks(text, self._catalog)
            known = self._valid[key] = not any(one.severity is Severity.ERROR for one in problems)
        return known


# --------------------------------------------------------------------------- files


def read_gate(settings: Settings) -> Gate | None:
    """The gate that was trained here; None where there is none that can be used."""
    try:
        return from_json(gate_path(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def read_switch(settings: Settings) -> str:
    """Why learning was switched off; "" where it was not."""
    return str(_switch(settings).get("off") or "")


def switched_on_ms(settings: Settings) -> int:
    """When learning was last switched on again by hand; 0 where it never was."""
    at_ms = _switch(settings).get("on_ms")
    return at_ms if isinstance(at_ms, int) else 0


def switch(settings: Settings, off: str, at_ms: int) -> None:
    """Switches learning off for a reason, or on again with "". What was before then no longer counts
    against it. Raises `StoreError`."""
    value = {"off": off, "off_ms": at_ms} if off else {"off": "", "on_ms": at_ms}
    write_private(switch_path(settings), json.dumps(value) + "\n")


def _switch(settings: Settings) -> dict[str, Any]:
    try:
        value: Any = json.loads(switch_path(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_private(path: Path, text: str) -> None:
    """Puts `text` at `path` in one step, for this user's eyes alone. Raises `StoreError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from None
