"""What is wrong at the moment. Each trouble is told once, logged in one line, and told to be over once."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from chiron.errors import ChironError

log = logging.getLogger(__name__)

#: The same words are not told again within this time, however often a trouble comes and goes.
_QUIET_S = 60.0
_HOUSE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in words for a person, and what to do about it."""

    message: str
    advice: str = ""

    @classmethod
    def from_error(cls, error: BaseException) -> Trouble:
        """An error's own words; for one that is not Chiron's only its kind and place."""
        if isinstance(error, ChironError):
            return cls(str(error.args[0]), error.advice)
        return cls(
            f"Chiron met an internal error: {where(error)}.",
            "Please report it; `chiron doctor` may say more.",
        )


class Troubles:
    """The troubles of one session, by where they are. The latest is the one to show."""

    def __init__(
        self, tell: Callable[[Trouble | None, bool], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`tell` is called with what is to be shown now, and whether it is news."""
        self._tell = tell
        self._clock = clock
        self._now: dict[str, Trouble] = {}
        self._told: dict[str, tuple[Trouble, float]] = {}

    @property
    def shown(self) -> Trouble | None:
        """The latest trouble that is not over, or None."""
        return next(reversed(self._now.values()), None)

    def meet(self, place: str, trouble: Trouble, *, logged: bool = False) -> None:
        """There is `trouble` at `place`. `logged` says that whoever met it has written the line already."""
        if self._now.get(place) == trouble:
            return
        self._now.pop(place, None)
        self._now[place] = trouble
        told, at = self._told.get(place, (None, 0.0))
        news = told is None or _words(told) != _words(trouble) or self._clock() - at >= _QUIET_S
        if news:
            self._told[place] = (trouble, self._clock())
            if not logged:
                log.warning("%s: %s %s", place, trouble.message, trouble.advice)
        self._tell(trouble, news)

    def over(self, place: str) -> None:
        """Whatever was wrong at `place` is so no longer."""
        if self._now.pop(place, None) is not None:
            log.info("%s: works again", place)
            self._tell(self.shown, False)


def _words(trouble: Trouble) -> str:
    """A trouble without its figures: "in another 12 s" and "in another 9 s" are the same news."""
    return re.sub(r"\d+", "", trouble.message)


def where(error: BaseException) -> str:
    """An exception's kind and its place in Chiron, without its message, which may quote a document."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        path = Path(code.co_filename)
        if path.is_relative_to(_HOUSE):
            place = f" in {path.relative_to(_HOUSE.parent).as_posix()}:{trace.tb_lineno} ({code.co_name})"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"
