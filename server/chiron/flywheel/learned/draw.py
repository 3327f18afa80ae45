"""What is drawn for a request: by a stable hash of its place, so that asking again draws the same.

A share of the requests is answered without anything that was learned. That keeps it known, whatever is
learned, what would be without; and as each draw is logged with its chance, anything else can be judged by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from chiron.flywheel.learned.gate import Gate
from chiron.flywheel.learned.pool import Pool
from chiron.records import Request

#: Names of the two that are drawn between wherever something learned is in force.
LEARNED, CONTROL = "learned", "control"


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned for one workspace, as far as it is in force. `off` says why where nothing is."""

    pool: Pool = field(default_factory=Pool)
    gate: Gate | None = None
    #: How things went lately, as the gate takes it.
    recent: float = 0.5
    interruption: float = 0.1
    control_share: float = 0.0
    off: str = ""

    @property
    def is_something(self) -> bool:
        """Whether a request could be answered any differently for it."""
        return not self.off and (bool(self.pool.version) or self.gate is not None)


NOTHING = Learned()


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one request is answered with. `name` is "" where nothing was drawn."""

    learned: Learned = NOTHING
    name: str = ""
    propensity: float = 1.0


def draw(request: Request, learned: Learned) -> Drawn:
    """Whether `request` is answered with what was learned, or is one of the share that is not."""
    if not learned.is_something:
        return Drawn()
    share = learned.control_share
    if place_in("control", request) < share:
        return Drawn(NOTHING, CONTROL, share)
    return Drawn(learned, LEARNED, 1.0 - share)


def choose(shares: Mapping[str, float], request: Request) -> tuple[str, float]:
    """One of the names in `shares` with its chance. The shares need not add up to 1."""
    total = sum(shares.values())
    left = place_in("arms", request) * total
    for name, share in shares.items():
        left -= share
        if left < 0:
            return name, share / total
    name = list(shares)[-1]
    return name, shares[name] / total


def named(arm: str, drawn: str) -> str:
    """What the log calls a request of `arm` with that drawn: `default`, `learned`, `small/control`."""
    if not drawn:
        return arm
    return drawn if arm == "default" else f"{arm}/{drawn}"


def place_in(what: str, request: Request) -> float:
    """A number from 0 up to 1 that depends on the request's place alone: its file, and the task's name."""
    scope = request.scope
    where = scope.task_name or str(scope.task_line)
    text = "\0".join((what, request.place.uri, scope.kind.value, where))
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
