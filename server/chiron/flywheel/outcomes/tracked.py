"""Everything that is followed in one open document: what is pending, what was accepted, what was refused.

No I/O and no clock. Every method that can learn something returns the events, in order. The file is long
because all the ways of a suggestion meet in one place, `_end`, and read best next to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chiron.flywheel.outcomes.acceptances import Acceptances
from chiron.flywheel.outcomes.edits import Change, Edit, steps
from chiron.flywheel.outcomes.ends import outcome_of
from chiron.flywheel.outcomes.kept import Accepted
from chiron.flywheel.outcomes.pending import Continuation, Offer, Pending, Step
from chiron.flywheel.outcomes.places import Place, Places
from chiron.flywheel.outcomes.refusals import Refusals
from chiron.flywheel.outcomes.region import Touch, raw_length
from chiron.records import Event, EventKind, Evidence, Outcome

#: How long a suggestion that nobody takes stays pending.
LIFE_MS = 300_000
MOST_PENDING = 24
#: Accepted parts of one suggestion that are told.
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class End:
    """How suggestions end: the event's kind and evidence, and what it says besides figures."""

    kind: EventKind
    data: Mapping[str, object] = field(default_factory=dict)
    evidence: Evidence = Evidence.INFERRED


class TrackedDocument:
    """One document with something in it to follow."""

    def __init__(self, uri: str, text: str, now_ms: int) -> None:
        self.uri = uri
        self.text = text
        self.used_ms = now_ms
        self.pending: dict[str, Pending] = {}
        self._acceptances = Acceptances(text)
        self._places = Places()
        self._refusals = Refusals()
        self._group = 0

    def knows(self, suggestion_id: str) -> bool:
        """Whether the suggestion is this document's, as far as that is remembered."""
        return any(suggestion_id in one for one in (self.pending, self._acceptances, self._places))

    # ------------------------------------------------------------------ offering

    def offered(self, offers: Sequence[Offer], text: str, now_ms: int) -> list[Event]:
        """`offers`, best first, are what may be shown at one place from now on."""
        events = self.changed((), text, now_ms)
        offers = [one for one in offers if 0 <= one.start <= one.end <= len(text)]
        if not offers:
            return events
        self._group += 1
        ranks = {one.suggestion_id: one.rank for one in offers}
        superseded = End(EventKind.SUPERSEDED, {"by": offers[0].suggestion_id})
        for old in list(self.pending.values()):
            if old.suggestion_id in ranks:
                events += self._again(old, ranks[old.suggestion_id], now_ms)
            elif any(old.overlaps(one.start, one.end) for one in offers):
                events += self._end(old, superseded, now_ms)
            else:
                old.look_away(now_ms)
        for one in offers:
            if not self.knows(one.suggestion_id):
                pending = Pending(one, group=self._group, text=text, now_ms=now_ms)
                self.pending[one.suggestion_id] = pending
                events += self._note(pending, EventKind.OFFERED, {"rank": one.rank}, now_ms)
        while len(self.pending) > MOST_PENDING:
            oldest = next(iter(self.pending.values()))
            events += self._end(oldest, End(EventKind.EXPIRED, {"reason": "crowded"}), now_ms)
        return events

    def _again(self, pending: Pending, rank: int, now_ms: int) -> list[Event]:
        """The same is offered again, perhaps in another order."""
        pending.n_offered += 1
        pending.group = self._group
        promoted = rank == 0 < pending.rank
        pending.rank = min(rank, pending.rank)
        if pending.rank == 0 or pending.cycled:
            pending.look(now_ms)
        return self._note(pending, EventKind.OFFERED, {"rank": 0}, now_ms) if promoted else []

    def match(self, start: int, end: int, insert: str) -> str | None:
        """The pending suggestion that leads to the same text as putting `insert` at `start`..`end`."""
        for pending in self.pending.values():
            if pending.leads_to_same(self.text, start, end, insert):
                return pending.suggestion_id
        return None

    def continuing(self, offset: int, now_ms: int | None) -> list[Continuation]:
        """What is left, at `offset`, of the suggestions that the document still continues, best first."""
        found = []
        for pending in sorted(self.pending.values(), key=lambda one: (-one.shown_at, one.rank)):
            left = pending.continuation(self.text, offset)
            if left is not None:
                found.append(left)
                if now_ms is not None and (pending.rank == 0 or pending.cycled):
                    pending.look(now_ms)
        return found

    # ------------------------------------------------------------------ changes

    def changed(self, changes: Sequence[Change], text: str, now_ms: int) -> list[Event]:
        """The document became `text` by `changes`. What was due before is told as it was before."""
        events = self.tick(now_ms)
        if not changes and text == self.text:
            return events
        touched: set[str] = set()
        before = self.text
        for edit, after in steps(self.text, changes, text):
            self._acceptances.change(edit)
            self._places.change(edit, after)
            self._refusals.change(edit)
            events += self._follow(edit, before, after, touched, now_ms)
            before = after
        self.text = text
        events += self._leave(touched, now_ms)
        self._take_awaited(now_ms)
        settled = self._acceptances.settle(text, now_ms)
        for event in settled:
            if event.kind is EventKind.UNDONE:
                undone = self._acceptances.kept[event.suggestion_id]
                self._refusals.add(text, undone.anchor, undone.anchor, undone.target)
        return events + settled

    def _follow(self, edit: Edit, before: str, after: str, touched: set[str], now_ms: int) -> list[Event]:
        """What one edit does to the pending suggestions. Of several that it continues, one is meant."""
        taken: list[tuple[Pending, Step, int]] = []
        for pending in self.pending.values():
            good = pending.good
            touch, step = pending.change(edit, after)
            if touch is not Touch.NOT:
                touched.add(pending.suggestion_id)
            if step is not None:
                taken.append((pending, step, good))
        taken.sort(key=lambda one: (one[1] is not Step.WHOLE, -one[0].shown_at, one[0].rank))
        events: list[Event] = []
        told: set[int] = set()
        for pending, step, good in taken:
            if pending.suggestion_id not in self.pending:
                continue
            if step is Step.WHOLE:
                events += self._accept(pending, before, after, good, now_ms)
            elif step is Step.BY_HAND:
                events += self._end(pending, End(EventKind.EXPIRED, {"reason": "typed_out"}), now_ms, after)
            elif pending.group not in told:
                told.add(pending.group)
                events += self._progress(pending, step, now_ms)
            elif step is Step.PART:
                pending.parts.pop()
        return events

    def _progress(self, pending: Pending, step: Step, now_ms: int) -> list[Event]:
        """A suggestion was typed on, or accepted in part."""
        pending.look(now_ms)
        part = step is Step.PART
        kind = EventKind.ACCEPTED_PART if part else EventKind.TYPED_THROUGH
        if sum(one.kind is kind for one in pending.events) >= (_MOST_PARTS if part else 1):
            return []
        data = {"n_characters": pending.n_part} if part else {}
        return self._note(pending, kind, data, now_ms)

    def _leave(self, touched: set[str], now_ms: int) -> list[Event]:
        """Ends what the notification as a whole has left behind, and puts the next alternative in line."""
        events: list[Event] = []
        for pending in list(self.pending.values()):
            if pending.replaced:
                events += self._end(pending, End(EventKind.EXPIRED, {"reason": "replaced"}), now_ms)
            elif pending.anchor_gone or pending.astray:
                events += self._end(pending, End(EventKind.TYPED_OVER), now_ms)
            elif pending.suggestion_id not in touched:
                pending.look_away(now_ms)
            elif pending.rank == 0 or pending.cycled:
                pending.look(now_ms)
        for group in {one.group for one in self.pending.values()}:
            line = [one for one in self.pending.values() if one.group == group]
            first = min(line, key=lambda one: one.rank)
            if first.rank > 0 and first.suggestion_id in touched and not any(one.cycled for one in line):
                first.rank = 0
                first.look(now_ms)
                events += self._note(first, EventKind.OFFERED, {"rank": 0}, now_ms)
        return events

    # ------------------------------------------------------------------ acceptance

    def _accept(self, pending: Pending, before: str, after: str, good: int, now_ms: int) -> list[Event]:
        """One change put in all that was left of `pending`."""
        events = self._end(pending, End(EventKind.ACCEPTED), now_ms, after)
        place = self._places.get(pending.suggestion_id)
        if place is not None:
            self._begin(place, after, before, good, now_ms)
        superseded = End(EventKind.SUPERSEDED, {"by": pending.suggestion_id})
        return events + self._end_others(pending, superseded, now_ms, after)

    def _begin(self, place: Place, text: str, before: str, good: int, now_ms: int) -> None:
        """Follows the suggestion that stands at `place`, if it does."""
        length = place.accepted_length(text)
        if length is not None:
            raw = text[place.start : place.start + length]
            accepted = Accepted(
                place.suggestion_id, place.target, place.module, place.start, place.start + length, now_ms
            )
            self._acceptances.begin(accepted, text, before, raw[raw_length(raw, good) :])

    def accepted(
        self, suggestion_id: str, now_ms: int, evidence: Evidence = Evidence.CONFIRMED
    ) -> list[Event]:
        """The item's command ran. The acceptance is confirmed, and counted once."""
        pending = self.pending.get(suggestion_id)
        if pending is None:
            place = self._places.get(suggestion_id)
            if place is not None and suggestion_id not in self._acceptances:
                place.refused, place.awaits, place.ended_ms = False, True, now_ms
                self._take_awaited(now_ms)
            return [Event(suggestion_id, EventKind.ACCEPTED, evidence, now_ms)]
        data = {"n_inserted": len(pending.target) - pending.good}
        events = self._end(pending, End(EventKind.ACCEPTED, data, evidence), now_ms)
        place = self._places.get(suggestion_id)
        if place is not None:
            place.awaits = True
            self._take_awaited(now_ms)
        return events + self._end_others(pending, End(EventKind.SUPERSEDED, {"by": suggestion_id}), now_ms)

    def _take_awaited(self, now_ms: int) -> None:
        """Begins to follow accepted texts whose change came after their command."""
        for place in self._places:
            if place.awaits and place.accepted_length(self.text) is not None:
                place.awaits = False
                self._begin(place, self.text, self.text, 0, now_ms)

    def partly(self, suggestion_id: str, n_characters: int, now_ms: int) -> list[Event]:
        """The editor says that the first `n_characters` of the offered text are accepted."""
        pending = self.pending.get(suggestion_id)
        if pending is None or n_characters <= 0:
            return []
        if n_characters >= len(pending.target):
            return self.accepted(suggestion_id, now_ms, Evidence.OBSERVED)
        data = {"n_characters": n_characters}
        return self._note(pending, EventKind.ACCEPTED_PART, data, now_ms, Evidence.OBSERVED)

    # ------------------------------------------------------------------ what an editor tells

    def shown(self, suggestion_id: str, now_ms: int, evidence: Evidence = Evidence.OBSERVED) -> list[Event]:
        """The editor shows this one of the alternatives, or so it believes."""
        pending = self.pending.get(suggestion_id)
        if pending is None:
            return []
        for other in self.pending.values():
            if other is not pending:
                other.look_away(now_ms)
        pending.look(now_ms)
        pending.shown_at = max(now_ms, 1)
        if pending.cycled:
            return []
        pending.cycled = True
        return self._note(pending, EventKind.SHOWN, {}, now_ms, evidence)

    def dismissed(self, suggestion_id: str | None, end: End, now_ms: int) -> list[Event]:
        """The person refused or left a suggestion with its alternatives; without an id, what is in view."""
        if suggestion_id is None:
            chosen = [one for one in self.pending.values() if one.in_view]
        else:
            chosen = [one for one in (self.pending.get(suggestion_id),) if one is not None]
        events: list[Event] = []
        for pending in chosen:
            if pending.suggestion_id in self.pending:
                events += self._end(pending, end, now_ms)
                events += self._end_others(pending, end, now_ms)
        return events

    def refused(self, start: int) -> Callable[[str], bool]:
        """Whether a text was refused at `start` while what stands round it was what it is now."""
        return self._refusals.predicate(self.text, start)

    # ------------------------------------------------------------------ time

    def tick(self, now_ms: int) -> list[Event]:
        """What is due by `now_ms`."""
        events: list[Event] = []
        for pending in list(self.pending.values()):
            if now_ms >= pending.offered_ms + LIFE_MS:
                events += self._end(pending, End(EventKind.EXPIRED), now_ms)
        events += self._acceptances.due(self.text, now_ms)
        return events + self._instead(now_ms)

    @property
    def deadline_ms(self) -> int | None:
        """When `tick` is due next."""
        due = [one.offered_ms + LIFE_MS for one in self.pending.values()]
        due += [one for one in (self._acceptances.deadline_ms, self._places.deadline_ms) if one is not None]
        return min(due, default=None)

    def _instead(self, now_ms: int, *, all_of_them: bool = False) -> list[Event]:
        """What was written instead of what was refused; says so where it is another suggestion's text."""
        events = []
        for place, event in self._places.due(self.text, now_ms, all_of_them=all_of_them):
            if event is not None:
                other = self._acceptances.standing_in(place.start, place.end)
                data = {**event.data, "accepted": other} if other is not None else event.data
                events.append(replace(event, data=data))
        return events

    def saved(self, now_ms: int) -> list[Event]:
        """The document was saved."""
        return self.tick(now_ms) + self._acceptances.saved(self.text, now_ms)

    def closed(self, now_ms: int) -> list[Event]:
        """The document was closed: everything in it ends."""
        events = self.tick(now_ms)
        for pending in list(self.pending.values()):
            events += self._end(pending, End(EventKind.EXPIRED, {"reason": "closed"}), now_ms)
        events += self._instead(now_ms, all_of_them=True)
        return events + self._acceptances.closed(self.text, now_ms)

    # ------------------------------------------------------------------ ends

    def _note(
        self,
        pending: Pending,
        kind: EventKind,
        data: Mapping[str, object],
        now_ms: int,
        evidence: Evidence = Evidence.INFERRED,
    ) -> list[Event]:
        event = Event(pending.suggestion_id, kind, evidence, now_ms, dict(data))
        pending.events.append(event)
        return [event]

    def _end(self, pending: Pending, end: End, now_ms: int, after: str | None = None) -> list[Event]:
        """Ends `pending`, once and for all, with the event that says how. The text is now `after`."""
        del self.pending[pending.suggestion_id]
        data = {**pending.figures(now_ms), **end.data}
        event = Event(pending.suggestion_id, end.kind, end.evidence, now_ms, data)
        outcome = outcome_of([*pending.events, event])
        events = [replace(event, data={**data, "outcome": outcome.value})]
        seen = outcome is not Outcome.NOT_SEEN
        over = end.kind in (EventKind.TYPED_OVER, EventKind.REJECTED)
        place = self._places.add(pending, now_ms, refused=seen and over)
        if end.kind is EventKind.REJECTED and (pending.rank == 0 or pending.cycled):
            self._refusals.add(self.text, pending.start, pending.end, pending.target)
        if end.kind is not EventKind.ACCEPTED and pending.parts:
            self._begin_parts(place, pending, self.text if after is None else after, now_ms)
            if not pending.n_part:
                events.append(Event(pending.suggestion_id, EventKind.UNDONE, Evidence.INFERRED, now_ms))
        return events

    def _begin_parts(self, place: Place, pending: Pending, text: str, now_ms: int) -> None:
        """Follows what was accepted in parts of a suggestion that has ended otherwise."""
        raw = text[place.start : place.end]
        owned = [(raw_length(raw, low), raw_length(raw, high)) for low, high in pending.parts if high > low]
        if owned:
            end = place.start + raw_length(raw, pending.good)
            accepted = Accepted(place.suggestion_id, place.target, place.module, place.start, end, now_ms)
            self._acceptances.begin_parts(accepted, text, owned)

    def _end_others(self, ended: Pending, end: End, now_ms: int, after: str | None = None) -> list[Event]:
        """Ends the alternatives of `ended` and whatever else is pending at its place."""
        events: list[Event] = []
        for other in list(self.pending.values()):
            if other.group == ended.group or other.overlaps(ended.start, ended.end):
                events += self._end(other, end, now_ms, after)
        return events
