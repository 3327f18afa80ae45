"""What people say of suggestions: which verdicts there are, and how one is kept and taken back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chiron.records import Event, EventKind, Evidence
from chiron.redact import redact
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import History

#: Longest correction and note that are kept, in characters.
MOST_CORRECTED = 20_000
MOST_NOTED = 4_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing to say of a suggestion: the label the log keeps, its key, its words and what it means."""

    label: str
    key: str
    words: str
    meaning: str


VERDICTS: tuple[Verdict, ...] = (
    Verdict("good", "g", "Good", "I would keep it as it is."),
    Verdict("wrong_module", "m", "Wrong module", "Another module does this."),
    Verdict("wrong_option", "o", "Wrong option", "Right module, but an option is missing or too many."),
    Verdict("wrong_value", "v", "Wrong value", "Right options, with a wrong value."),
    Verdict("invented", "i", "Invented", "It names something that does not exist here."),
    Verdict("unsafe", "u", "Unsafe", "It does harm, opens something up or shows a secret."),
    Verdict("style", "s", "Style", "It works, but nobody here writes it like that."),
    Verdict("not_needed", "n", "Not needed", "Nothing should have been suggested here."),
)
LABELS: Mapping[str, Verdict] = {one.label: one for one in VERDICTS}


@dataclass(frozen=True, slots=True)
class Standing:
    """The verdict that stands: after how many acts (`n`) of labelling, and with what was said besides."""

    n: int = 0
    label: str | None = None
    correction: str = ""
    note: str = ""


class Overtaken(Exception):
    """Somebody else gave a verdict on the same suggestion since it was looked at."""

    def __init__(self, standing: Standing) -> None:
        super().__init__("labelled elsewhere")
        self.standing = standing


def words(label: str | None) -> str:
    """A label as a person says it, those of other programs included."""
    if label is None:
        return ""
    known = LABELS.get(label)
    return known.words if known else label.replace("_", " ")


def standing(history: History) -> Standing:
    """The verdict that stands."""
    acts = [one for one in history.events if one.kind is EventKind.LABELLED]
    return _standing(len(acts), acts[-1].data) if acts else Standing()


class Verdicts:
    """Gives verdicts. What a method has returned from is on the disk."""

    def __init__(self, log: FeedbackLog) -> None:
        self._log = log
        self._lock = threading.Lock()

    def give(
        self,
        suggestion_id: str,
        label: str,
        *,
        correction: str = "",
        correction_valid: bool | None = None,
        note: str = "",
        seen: int | None = None,
    ) -> Standing | None:
        """Keeps a verdict, its texts redacted, and returns what then stands; None where the row is gone.

        `correction_valid` is what the validator said of the correction, None where it could not say.
        Raises `Overtaken` where `seen`, the number of acts that the giver knew of, is no longer true.
        """
        data: dict[str, Any] = {"label": label, "by": "review"}
        if correction.strip():
            data["correction"] = redact(correction[:MOST_CORRECTED]).text
            data["correction_valid"] = correction_valid
        if note.strip():
            data["note"] = redact(note[:MOST_NOTED]).text
        return self._act(suggestion_id, seen, lambda _: data)

    def take_back(self, suggestion_id: str, act: int, seen: int) -> Standing | None:
        """Brings back what stood before the act of that number, counted from 1. Taking back is an act too.

        Raises `Overtaken` where there were other than `seen` acts: what came later is not taken back with it.
        """

        def before(history: History) -> dict[str, Any]:
            acts = [one for one in history.events if one.kind is EventKind.LABELLED]
            stood = dict(acts[act - 2].data) if 2 <= act <= len(acts) else {"label": None}
            return stood | {"by": "review", "undoes": act}

        return self._act(suggestion_id, seen, before)

    def _act(
        self, suggestion_id: str, seen: int | None, make: Callable[[History], dict[str, Any]]
    ) -> Standing | None:
        # One act at a time, or two windows could both find that nobody else was there.
        with self._lock:
            history = self._log.show(suggestion_id)
            if history is None:
                return None
            now = standing(history)
            if seen is not None and seen != now.n:
                raise Overtaken(now)
            data = make(history)
            # A clock that was set back must not put this act before the last one.
            latest = max((one.at_ms for one in history.events), default=0)
            at_ms = max(int(time.time() * 1000), latest + 1)
            event = Event(history.suggestion.record.id, EventKind.LABELLED, Evidence.CONFIRMED, at_ms, data)
            self._log.event(event)
            self._log.flush()
            return _standing(now.n + 1, data)


def _standing(n: int, data: Mapping[str, Any]) -> Standing:
    label = data.get("label")
    return Standing(
        n,
        None if label is None else str(label),
        str(data.get("correction") or ""),
        str(data.get("note") or ""),
    )
