"""Places where a suggestion ended a moment ago: what the person writes there instead is told once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chiron.flywheel.outcomes.edits import Edit
from chiron.flywheel.outcomes.pending import Pending
from chiron.flywheel.outcomes.region import raw_length, region_after, to_lf
from chiron.records import Event, EventKind, Evidence

#: How long after a refusal is looked at what was written instead.
INSTEAD_MS = 30_000
#: Longest text told of it.
INSTEAD_LENGTH = 4_000
MOST_PLACES = 32


@dataclass(slots=True)
class Place:
    """Where a suggestion ended. What is written at its end belongs to it."""

    suggestion_id: str
    start: int
    end: int
    target: str
    module: str | None
    ended_ms: int
    #: The person refused it, or wrote over it.
    refused: bool = False
    #: Its command ran, and the change that goes with it has not come yet.
    awaits: bool = False

    def accepted_length(self, text: str) -> int | None:
        """How many characters here are the whole suggestion, or None where it doesn't stand here."""
        raw = text[self.start : self.end]
        return raw_length(raw, len(self.target)) if to_lf(raw).startswith(self.target) else None


class Places:
    """The places of one document, oldest first."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def __iter__(self) -> Iterator[Place]:
        return iter(list(self._places.values()))

    def __contains__(self, suggestion_id: str) -> bool:
        return suggestion_id in self._places

    def get(self, suggestion_id: str) -> Place | None:
        return self._places.get(suggestion_id)

    def add(self, pending: Pending, now_ms: int, *, refused: bool) -> Place:
        """The place where `pending` ends now."""
        place = Place(
            pending.suggestion_id, pending.start, pending.end, pending.target, pending.module, now_ms, refused
        )
        self._places[place.suggestion_id] = place
        while len(self._places) > MOST_PLACES:
            del self._places[next(iter(self._places))]
        return place

    def change(self, edit: Edit, after: str) -> None:
        """Follows one edit."""
        for place in self._places.values():
            place.start, place.end, _ = region_after(place.start, place.end, edit, after, place.target)

    def due(self, text: str, now_ms: int, *, all_of_them: bool = False) -> list[tuple[Place, Event | None]]:
        """Places whose time has come, which are then forgotten, each with what was written there instead.

        The text in `data["text"]` is the document's: it is not redacted yet.
        """
        found: list[tuple[Place, Event | None]] = []
        for place in self:
            if all_of_them or now_ms >= place.ended_ms + INSTEAD_MS:
                del self._places[place.suggestion_id]
                found.append((place, _instead(place, text, now_ms)))
        return found

    @property
    def deadline_ms(self) -> int | None:
        """When the next place is due."""
        return min((one.ended_ms + INSTEAD_MS for one in self._places.values()), default=None)


def _instead(place: Place, text: str, now_ms: int) -> Event | None:
    written = text[place.start : place.end]
    # Behind the name of a task, what goes on with the name answers another question.
    is_name = place.target.startswith("\n") and not written.startswith(("\n", "\r"))
    if not place.refused or not written.strip() or is_name:
        return None
    data = {"text": written[:INSTEAD_LENGTH], "after_ms": now_ms - place.ended_ms}
    return Event(place.suggestion_id, EventKind.WROTE_INSTEAD, Evidence.INFERRED, now_ms, data)
