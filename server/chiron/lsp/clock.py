"""What time it is: Unix time that never goes back, whatever is done to the machine's clock."""

from __future__ import annotations

import time
from collections.abc import Callable

#: The clock of the wall is followed forwards from this much on: after a sleep, or when it is set.
_STEP_S = 2.0


class Clock:
    """Milliseconds of Unix time. A clock that is put back is passed over: time goes on from where it was."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._offset_s = wall() - steady()

    def now_ms(self) -> int:
        now_s = self._steady() + self._offset_s
        wall_s = self._wall()
        if wall_s > now_s + _STEP_S:
            self._offset_s += wall_s - now_s
            now_s = wall_s
        return int(now_s * 1000)
