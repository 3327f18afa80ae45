"""Whatever is done to a document, each suggestion ends once and every figure stays within its bounds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.flywheel.outcomes import Offer, OutcomeTracker, outcome_of
from chiron.flywheel.outcomes.edits import Edit, common_prefix, common_suffix, slid, steps, trimmed
from chiron.flywheel.outcomes.kept import Accepted, Kept
from chiron.flywheel.outcomes.survival import Passage, Replacement, Run
from chiron.records import Event, EventKind, Evidence, Outcome

ENDS = {
    EventKind.ACCEPTED,
    EventKind.REJECTED,
    EventKind.MOVED_AWAY,
    EventKind.TYPED_OVER,
    EventKind.SUPERSEDED,
    EventKind.EXPIRED,
}
PIECES = [
    "",
    "a",
    "\n",
    "\r\n",
    " ",
    "      ",
    '""',
    '"',
    "{}",
    "- name: x\n",
    "\n      ansible.builtin.apt:\n        name: nginx",
    "\n      ansible.builtin.apt:\n        name: nginx\n        state: present",
    "      ansible.builtin.apt:",
    "🚀",
    "# Ünïcode\u2028",
]
piece = st.sampled_from(PIECES) | st.text(alphabet='ab \n"-:', max_size=6)
CHANGES = [
    "offer",
    "alternatives",
    "again",
    "edit",
    "batch",
    "type",
    "through",
    "word",
    "tab",
    "whole",
    "undo",
    "redo",
]
TOLD = ["accepted", "rejected", "moved_away", "shown", "accepted_part"]
#: What happens next: an action, two numbers that say where, and a text.
action = st.tuples(
    st.sampled_from([*CHANGES, *TOLD, "save", "wait", "close"]),
    st.integers(0, 10_000),
    st.integers(0, 40),
    piece,
)


class Chaos:
    """A document to which anything may happen."""

    def __init__(self, text: str) -> None:
        self.tracker = OutcomeTracker()
        self.text = text
        self.states = [text]
        self.cursor = 0
        self.now_ms = 0
        self.n = 0
        self.ids: list[str] = []
        self.events: list[Event] = []

    def apply(self, edits: list[tuple[int, int, str]]) -> None:
        changes = []
        text = self.text
        for at, n, new in edits:
            start = at % (len(text) + 1)
            removed = text[start : start + n]
            changes.append(Edit(start, removed, new))
            text = text[:start] + new + text[start + len(removed) :]
            self.cursor = start + len(new)
        self.become(text, changes)

    def become(self, text: str, changes: list[Edit]) -> None:
        self.text = text
        self.cursor = min(self.cursor, len(text))
        self.states.append(text)
        self.events += self.tracker.changed("u", changes, text, self.now_ms)

    def offer(self, at: int, n: int, inserts: list[str]) -> None:
        end = at % (len(self.text) + 1)
        start = max(0, end - n % 7)
        self.cursor = end
        offers = []
        for rank, insert in enumerate(inserts):
            known = self.tracker.match("u", start, end, insert, self.text)
            if known is None:
                self.n += 1
                known = f"s{self.n}"
                self.ids.append(known)
            offers.append(Offer(known, start, end, insert, rank, "ansible.builtin.apt"))
        self.events += self.tracker.offered("u", offers, self.text, self.now_ms)

    def act(self, what: str, at: int, n: int, text: str) -> None:
        """Does `what` somewhere near `at`, with `n` and `text`."""
        self.now_ms += n * 37
        one = self.ids[at % len(self.ids)] if self.ids else "none"
        if what in CHANGES:
            self.change(what, at, n, text)
        elif what == "wait":
            self.now_ms += at * 50
            self.events += self.tracker.tick(self.now_ms)
        elif what == "save":
            self.events += self.tracker.saved("u", self.text, self.now_ms)
        elif what == "close":
            self.events += self.tracker.closed("u", self.text, self.now_ms)
        elif one != "none":
            said = {"kind": what, "uri": "u", "suggestion_id": one if n % 2 else None, "accepted_length": n}
            self.events += self.tracker.told(said, self.now_ms)

    def change(self, what: str, at: int, n: int, text: str) -> None:
        if what == "offer":
            self.offer(at, n, [text])
        elif what == "alternatives":
            self.offer(at, 0, [text, PIECES[11], text + "b"])
        elif what == "again":
            self.offer(at, 0, [PIECES[11]])
        elif what == "edit":
            self.apply([(at, n, text)])
        elif what == "batch":
            self.apply([(at, n % 3, text), (at + n, 0, "x"), (at, 0, text), (at + 1, 2, "")])
        elif what == "type":
            self.apply([(self.cursor + k, 0, char) for k, char in enumerate(text)])
        elif what in ("through", "word", "tab"):
            self.go_on(what, n)
        elif what == "whole":
            self.become(text * (n % 4), [])
        elif what == "undo":
            self.become(self.states[max(0, len(self.states) - 1 - n % 5)], [])
        else:
            self.become(self.states[at % len(self.states)], [Edit(0, "not what was there", "x")])

    def go_on(self, how: str, n: int) -> None:
        """Types on, or takes a part or all, of what is pending at the cursor."""
        for left in self.tracker.continuing("u", self.cursor, self.text)[:1]:
            rest = left.insert[self.cursor - left.start :]
            if how == "through":
                self.apply([(self.cursor + k, 0, char) for k, char in enumerate(rest[: n % 9])])
            elif how == "word":
                self.apply([(self.cursor, 0, rest[: 2 + n])])
            else:
                self.apply([(left.start, left.end - left.start, left.insert)])


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["", "- hosts: all\n  tasks:\n    - name: x\n", "a\r\n- name: b\r\n"]),
    st.lists(action, max_size=30),
)
def test_any_sequence_of_edits_leaves_one_outcome_a_suggestion_and_ratios_within_bounds(
    text: str, actions: list[tuple[str, int, int, str]]
) -> None:
    chaos = Chaos(text)
    for what, at, n, piece in actions:
        chaos.act(what, at, n, piece)
    chaos.events += chaos.tracker.closed("u", chaos.text, chaos.now_ms)
    offered = [one.suggestion_id for one in chaos.events if one.kind is EventKind.OFFERED]
    assert set(offered) == set(chaos.ids)
    assert chaos.tracker.next_deadline_ms is None
    for one in chaos.ids:
        events = [event for event in chaos.events if event.suggestion_id == one]
        ends = [event for event in events if event.kind in ENDS]
        inferred = [event for event in ends if event.evidence is not Evidence.CONFIRMED]
        assert len(inferred) <= 1
        assert 1 <= len(ends) <= 2
        if any(end.kind is EventKind.ACCEPTED for end in ends):
            assert outcome_of(events) is Outcome.ACCEPTED
        else:
            assert ends[0].data["outcome"] == outcome_of(events).value
        for event in events:
            if event.kind is EventKind.KEPT_AT:
                assert 0.0 <= event.data["ratio"] <= 1.0
            for figure in ("visible_ms", "n_typed", "n_part", "n_inserted"):
                assert event.data.get(figure, 0) >= 0
        assert all(a.at_ms <= b.at_ms for a, b in pairwise(events))


def stands(base: str, text: str, runs: list[Run]) -> bool:
    """Every run's characters stand in the document where the run says, white space aside."""
    return all("".join(base[b : b + n].split()) == "".join(text[at : at + n].split()) for b, at, n in runs)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60), piece), max_size=12))
def test_followed_characters_stand_where_they_are_said_to(edits: list[tuple[int, int, str]]) -> None:
    base = PIECES[11]
    text = "- name: x" + base + "\n- name: y\n"
    accepted = Accepted("s1", base, "ansible.builtin.apt", 9, 9 + len(base), 0)
    owned = ((0, len(base)),)
    kept = Kept(accepted, text, owned=owned, before=frozenset(), remainder=base)
    for at, n, new in edits:
        start = at % (len(text) + 1)
        edit = trimmed(start, text[start : start + n], new)
        text = text[: edit.start] + edit.inserted + text[edit.end :]
        kept.change(Replacement(edit))
        kept.settle(hash(text), [Passage(text, edit.start, len(edit.inserted))], another=False)
        assert stands(base, text, kept.runs)
        spans = sorted((b, b + size) for b, _, size in kept.runs)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        assert 0.0 <= kept.ratio <= 1.0
        kept.measure(text, "save")


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12))
def test_the_shared_beginning_and_end_are_the_longest(a: str, b: str) -> None:
    prefix, suffix = common_prefix(a, b), common_suffix(a, b)
    assert a[:prefix] == b[:prefix]
    assert a[: prefix + 1] != b[: prefix + 1] or prefix == min(len(a), len(b))
    assert a[len(a) - suffix :] == b[len(b) - suffix :]
    assert suffix == min(len(a), len(b)) or a[len(a) - suffix - 1] != b[len(b) - suffix - 1]


@given(
    st.text("ab", max_size=12),
    st.integers(0, 12),
    st.integers(0, 3),
    st.text("ab", max_size=4),
    st.integers(0, 12),
)
def test_an_edit_that_slides_makes_the_same_text(text: str, at: int, n: int, new: str, to: int) -> None:
    start = at % (len(text) + 1)
    edit = trimmed(start, text[start : start + n], new)
    after = text[: edit.start] + edit.inserted + text[edit.end :]
    moved = slid(edit, after, to)
    if moved is not None:
        assert text[moved.start : moved.end] == moved.removed
        assert text[: moved.start] + moved.inserted + text[moved.end :] == after


@given(
    st.text("ab\n", max_size=30),
    st.text("ab\n", max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.text("ab"), st.text("ab")), max_size=3),
)
def test_steps_lead_from_the_old_text_to_the_new_whatever_the_changes_say(
    old: str, new: str, said: list[tuple[int, str, str]]
) -> None:
    text = old
    for edit, after in steps(old, [Edit(*one) for one in said], new):
        assert text[edit.start : edit.end] == edit.removed
        text = text[: edit.start] + edit.inserted + text[edit.end :]
        assert text == after
    assert text == new


@given(st.text("ab :\n", max_size=60), st.text("ab :\n", max_size=60))
def test_a_replacement_keeps_only_what_both_texts_hold(removed: str, inserted: str) -> None:
    edit = trimmed(0, "X" + removed + "X", "X" + inserted + "X")
    runs = Replacement(edit).after([(0, 0, len(removed) + 2)])
    assert stands("X" + removed + "X", "X" + inserted + "X", runs)


line = st.sampled_from(["", "    a:", "      a: a", "      b: a", "    - a", "a", "      ", "  a: b"])
lines = st.lists(line, max_size=5).map("\n".join)


def told(kind: str, old: str, new: str, start: int, end: int, insert: str) -> list[Edit]:
    """How one kind of editor tells that `insert` replaced `start`..`end`, which made `new` of `old`."""
    if kind == "as it was":
        return [Edit(start, old[start:end], insert)]
    if kind == "whole":
        return [Edit(0, old, new)]
    if kind == "by lines":
        first = old.rfind("\n", 0, start) + 1
        rest = len(old) - end
        return [Edit(first, old[first:], new[first : len(new) - rest] + old[end:])]
    edit = trimmed(0, old, new)
    if kind == "end first":
        suffix = common_suffix(old, new)
        prefix = common_prefix(old[: len(old) - suffix], new[: len(new) - suffix])
        edit = Edit(prefix, old[prefix : len(old) - suffix], new[prefix : len(new) - suffix])
    return [edit] if edit.removed or edit.inserted else []


KINDS = st.sampled_from(["as it was", "whole", "by lines", "least", "end first"])


@settings(max_examples=300, deadline=None)
@given(lines, lines, lines, st.integers(0, 30), KINDS, st.sampled_from(["\n", "\r\n"]))
def test_however_an_editor_tells_it_taking_the_rest_is_an_acceptance_and_undo_takes_it_back(
    above: str, body: str, below: str, n_typed: int, kind: str, eol: str
) -> None:
    target = "\n      z: z" + body + "\n      q"
    text = (above + "\n- name: x").replace("\n", eol)
    at = len(text)
    text += ("\n" + below).replace("\n", eol)
    tracker = OutcomeTracker()
    events = tracker.offered("u", [Offer("s1", at, at, target)], text, 0)
    typed = 0
    states = [text]
    for key in target[: min(n_typed, len(target) - 4)]:
        raw = key.replace("\n", eol)
        place = at + typed
        new = text[:place] + raw + text[place:]
        events += tracker.changed("u", told(kind, text, new, place, place, raw), new, 700)
        typed += len(raw)
        text = new
        states.append(text)
    left = tracker.continuing("u", at + typed, text)
    assert [one.suggestion_id for one in left] == ["s1"]
    insert = left[0].insert.replace("\n", eol)
    new = text[: left[0].start] + insert + text[left[0].end :]
    assert new.startswith(text[:at] + target.replace("\n", eol))
    events += tracker.changed("u", told(kind, text, new, left[0].start, left[0].end, insert), new, 800)
    assert [one.kind for one in events if one.kind in ENDS] == [EventKind.ACCEPTED]
    events += tracker.saved("u", new, 900)
    assert events[-1].data["ratio"] == 1.0
    assert tracker.changed("u", [], text, 1000)[0].kind is EventKind.UNDONE
    assert tracker.changed("u", [], new, 1100)[0].kind is EventKind.REDONE
    assert tracker.closed("u", None, 1200)[-1].data["ratio"] == 1.0


@settings(max_examples=300, deadline=None)
@given(lines, lines, st.integers(0, 20), st.sampled_from(["x", "\tx", "\n\n\n", "\n    -", "y: z\n"]), KINDS)
def test_however_an_editor_tells_it_writing_something_else_ends_it(
    above: str, below: str, n_typed: int, other: str, kind: str
) -> None:
    target = "\n      z: z\n      q: q"
    text = above + "\n- name: x\n" + below
    at = len(above) + len("\n- name: x")
    tracker = OutcomeTracker()
    events = tracker.offered("u", [Offer("s1", at, at, target)], text, 0)
    for piece in [*target[:n_typed], other]:
        new = text[:at] + piece + text[at:]
        events += tracker.changed("u", told(kind, text, new, at, at, piece), new, 700)
        at += len(piece)
        text = new
    ends = [one.kind for one in events if one.kind in ENDS]
    assert ends in ([EventKind.TYPED_OVER], [EventKind.EXPIRED])
    assert ends == [EventKind.TYPED_OVER] or n_typed >= len(target)
