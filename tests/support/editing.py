"""Somebody at an editor, and what a person watching would have written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chiron.flywheel.outcomes import Continuation, Edit, Offer, OutcomeTracker
from chiron.records import Event, EventKind

URI = "file:///site.yml"
PLAY = "- hosts: all\n  tasks:\n    - name: Install nginx¦\n"
#: The body of the task, as it is offered at the end of its name's line.
BODY = "\n      ansible.builtin.apt:\n        name: nginx\n        state: present"
OTHER = "\n      ansible.builtin.dnf:\n        name: nginx\n        state: present"
TASK = "    - name: Install nginx" + BODY + "\n"
SECOND = "    - name: Say hello\n      ansible.builtin.debug:\n        msg: hello\n"
TWO = "- hosts: all\n  tasks:\n    - name: Install nginx¦\n" + SECOND
QUIET = {EventKind.OFFERED, EventKind.KEPT_AT}


@dataclass
class Person:
    """Somebody at an editor: types, undoes, saves; time passes. Tells the tracker as an editor would."""

    text: str
    cursor: int
    uri: str = URI
    eol: str = "\n"
    now_ms: int = 1_000_000
    tracker: OutcomeTracker = field(default_factory=OutcomeTracker)
    events: list[Event] = field(default_factory=list)
    past: list[str] = field(default_factory=list)
    future: list[str] = field(default_factory=list)
    n: int = 0

    @classmethod
    def at(cls, drawn: str, **more: object) -> Person:
        cursor = drawn.index("¦")
        return cls(drawn.replace("¦", ""), cursor, **more)  # type: ignore[arg-type]  # fields by name

    # -- what an editor does

    def change(self, *edits: Edit, gesture: bool = True) -> Person:
        """One notification. The cursor ends behind what was inserted last."""
        if gesture:
            self.past.append(self.text)
            self.future.clear()
        for edit in edits:
            assert self.text[edit.start : edit.start + len(edit.removed)] == edit.removed
            end = edit.start + len(edit.removed)
            self.text = self.text[: edit.start] + edit.inserted + self.text[end:]
            self.cursor = edit.start + len(edit.inserted)
        self.events += self.tracker.changed(self.uri, edits, self.text, self.now_ms)
        return self

    def offer(
        self, *inserts: str, start: int | None = None, module: str | None = "ansible.builtin.apt"
    ) -> Person:
        """Suggestions at the cursor, best first; one that is pending keeps its id."""
        first = self.cursor if start is None else start
        offers = []
        for rank, insert in enumerate(inserts):
            known = self.tracker.match(self.uri, first, self.cursor, insert, self.text)
            if known is None:
                self.n += 1
            one = known or f"s{self.n}"
            offers.append(Offer(one, first, self.cursor, insert, rank, module))
        self.events += self.tracker.offered(self.uri, offers, self.text, self.now_ms)
        return self

    def wait(self, ms: int = 1_000) -> Person:
        self.now_ms += ms
        self.events += self.tracker.tick(self.now_ms)
        return self

    def continuing(self) -> list[Continuation]:
        return self.tracker.continuing(self.uri, self.cursor, self.text)

    # -- what a person does

    def put(self, text: str) -> Person:
        """One change at the cursor."""
        return self.change(Edit(self.cursor, "", text.replace("\n", self.eol)))

    def type(self, text: str) -> Person:
        for one in text:
            self.now_ms += 100
            self.put(one)
        return self

    def tab(self) -> Person:
        """Takes the first suggestion, with the edit an editor makes of it."""
        first = self.continuing()[0]
        removed = self.text[first.start : first.end]
        return self.change(Edit(first.start, removed, first.insert.replace("\n", self.eol)))

    def command(self, suggestion_id: str = "s1") -> Person:
        self.events += self.tracker.accepted(suggestion_id, self.now_ms)
        return self

    def backspace(self, n: int = 1) -> Person:
        for _ in range(n):
            self.change(Edit(self.cursor - 1, self.text[self.cursor - 1], ""))
        return self

    def delete(self, passage: str) -> Person:
        return self.replace(passage, "")

    def replace(self, passage: str, text: str) -> Person:
        return self.change(Edit(self.text.index(passage), passage, text))

    def go(self, behind: str) -> Person:
        self.cursor = self.text.index(behind) + len(behind)
        return self

    def whole(self, text: str) -> Person:
        """The editor sends the whole document anew."""
        return self.change(Edit(0, self.text, text))

    def undo(self, n: int = 1) -> Person:
        for _ in range(n):
            self.future.append(self.text)
            self._to(self.past.pop())
        return self

    def redo(self, n: int = 1) -> Person:
        for _ in range(n):
            self.past.append(self.text)
            self._to(self.future.pop())
        return self

    def _to(self, text: str) -> None:
        self.now_ms += 300
        self.change(Edit(0, self.text, text), gesture=False)

    def escape(self, suggestion_id: str | None = None) -> Person:
        self.events += self.tracker.rejected(suggestion_id, self.now_ms, uri=self.uri)
        return self

    def leave(self) -> Person:
        self.events += self.tracker.moved_away(None, self.now_ms, uri=self.uri)
        return self

    def cycle(self, suggestion_id: str) -> Person:
        self.events += self.tracker.shown(suggestion_id, self.now_ms)
        return self

    def partly(self, n_units: int, suggestion_id: str = "s1") -> Person:
        self.events += self.tracker.partly(suggestion_id, n_units, self.now_ms)
        return self

    def save(self) -> Person:
        self.events += self.tracker.saved(self.uri, self.text, self.now_ms)
        return self

    def close(self) -> Person:
        self.events += self.tracker.closed(self.uri, self.text, self.now_ms)
        return self

    # -- what was written down

    def of(self, suggestion_id: str = "s1") -> list[Event]:
        return [one for one in self.events if one.suggestion_id == suggestion_id]

    def rows(self, suggestion_id: str = "s1") -> str:
        return " ".join(one.kind.value for one in self.of(suggestion_id) if one.kind not in QUIET)

    def kept(self, suggestion_id: str = "s1") -> list[tuple[str, float]]:
        return [
            (one.data["at"], one.data["ratio"])
            for one in self.of(suggestion_id)
            if one.kind is EventKind.KEPT_AT
        ]


Play = Callable[[Person], object]


def taken(drawn: str = PLAY, body: str = BODY, **more: object) -> Person:
    """A person who has taken `body` a second ago."""
    person = Person.at(drawn, **more)
    return person.offer(body).wait().tab().wait()
