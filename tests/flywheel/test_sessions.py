"""Whole editing sessions, and the rows somebody watching would have written down for each."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chiron.flywheel.outcomes import Edit, outcome_of
from chiron.records import EventKind, Outcome
from support.editing import BODY, OTHER, PLAY, Person, Play

ACCEPTED, PARTLY, OVER = Outcome.ACCEPTED, Outcome.PARTLY_ACCEPTED, Outcome.TYPED_OVER
REJECTED, AWAY, SUPERSEDED = Outcome.REJECTED, Outcome.MOVED_AWAY, Outcome.SUPERSEDED
EXPIRED, UNSEEN = Outcome.EXPIRED, Outcome.NOT_SEEN


def check_session(drawn: str, play: Play, expected: Sequence[tuple[Outcome, str]], **more: object) -> Person:
    """Plays one session; `expected` has the outcome and the rows of each suggestion in order."""
    person = Person.at(drawn, **more)
    play(person)
    person.close()
    found = [(outcome_of(person.of(f"s{k}")), person.rows(f"s{k}")) for k in range(1, person.n + 1)]
    assert found == list(expected)
    return person


def by_words(*words: str) -> Play:
    def play(person: Person) -> None:
        person.offer(BODY).wait()
        for word in words:
            person.wait(300).put(word)

    return play


def six_times(person: Person) -> Person:
    for _ in range(6):
        person.offer(BODY).wait(200)
    return person


def after_enter(person: Person) -> Person:
    """The editor indents the new line, and the server is asked again there."""
    person.offer(BODY).wait().put("\n      ").wait(200)
    line = person.text.rindex("\n", 0, person.cursor) + 1
    return person.offer(BODY[1:], start=line)


def next_task(person: Person) -> Person:
    person.go("\n      ansible.builtin.apt:\n        name: nginx\n        state: present")
    return person.put("\n    - name: Start nginx")


SESSIONS: dict[str, tuple[Play, list[tuple[Outcome, str]]]] = {
    # ---- taken
    "taken whole": (lambda p: p.offer(BODY).wait().tab(), [(ACCEPTED, "accepted")]),
    "taken whole, and the command says so": (
        lambda p: p.offer(BODY).wait().tab().command(),
        [(ACCEPTED, "accepted accepted")],
    ),
    "the command is told twice": (
        lambda p: p.offer(BODY).wait().tab().command().command(),
        [(ACCEPTED, "accepted accepted")],
    ),
    "the command comes before the change": (
        lambda p: p.offer(BODY).wait().command().put(BODY),
        [(ACCEPTED, "accepted")],
    ),
    "taken at once, as somebody who knew what would come": (
        lambda p: p.offer(BODY).wait(150).tab(),
        [(ACCEPTED, "accepted")],
    ),
    "typed through, then Tab": (
        lambda p: p.offer(BODY).wait().type("\n      ansible").tab(),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "Enter with the editor's indentation, then Tab": (
        lambda p: p.offer(BODY).wait().put("\n      ").tab(),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "Enter with too much indentation, then Tab": (
        lambda p: p.offer(BODY).wait().put("\n          ").tab(),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "Enter with no indentation, then Tab": (
        lambda p: p.offer(BODY).wait().put("\n").tab(),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "Enter, asked again on the new line, then Tab": (
        lambda p: (after_enter(p), p.wait().tab()),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "typed, mistyped within the suggestion, deleted again, then Tab": (
        lambda p: p.offer(BODY).wait().type("\n      ans").backspace(2).type("ns").tab(),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "deleted back to where it began, then Tab": (
        lambda p: p.offer(BODY).wait().type("\n  ").backspace(3).tab(),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "the editor replaces what was typed as well": (
        lambda p: p.offer(BODY).wait().type("\n      ans").replace("\n      ans", BODY),
        [(ACCEPTED, "typed_through accepted")],
    ),
    "the editor replaces the whole document": (
        lambda p: p.offer(BODY).wait().whole(p.text.replace("nginx\n", "nginx" + BODY + "\n", 1)),
        [(ACCEPTED, "accepted")],
    ),
    "begun on a line of its own": (
        lambda p: p.put("\n      ans").wait().offer(BODY[1:], start=p.text.index("      ans")).wait().tab(),
        [(ACCEPTED, "accepted")],
    ),
    "a line is put in above while it is pending": (
        lambda p: (
            p.offer(BODY).wait().change(Edit(0, "", "# managed\n")).go("nginx").wait(),
            p.tab(),
        ),
        [(ACCEPTED, "accepted")],
    ),
    "the same is offered six times, and taken": (
        lambda p: (six_times(p), p.tab()),
        [(ACCEPTED, "accepted")],
    ),
    "the last word completes it": (
        by_words(
            "\n      ansible", ".builtin", ".apt:", "\n        name:", " nginx", "\n        state: present"
        ),
        [(ACCEPTED, "accepted_part accepted_part accepted_part accepted_part accepted_part accepted")],
    ),
    # ---- taken in part
    "by word, then left alone": (
        by_words("\n      ansible", ".builtin"),
        [(PARTLY, "accepted_part accepted_part expired")],
    ),
    "by word and by line, then something else": (
        lambda p: (by_words("\n      ansible", ".builtin.apt:")(p), p.type("\n    x"), p.wait(40_000)),
        [(PARTLY, "accepted_part accepted_part typed_through typed_over wrote_instead")],
    ),
    "by word, and the rest by hand": (
        lambda p: (by_words("\n      ansible")(p), p.type(BODY[len("\n      ansible") :])),
        [(PARTLY, "accepted_part typed_through expired")],
    ),
    "by line, then the rest with Tab": (
        lambda p: (by_words("\n      ansible.builtin.apt:")(p), p.tab()),
        [(ACCEPTED, "accepted_part accepted")],
    ),
    "by word, taken back by undo, then left alone": (
        lambda p: (by_words("\n      ansible")(p), p.undo()),
        [(PARTLY, "accepted_part expired undone")],
    ),
    "by word, and the editor says so too": (
        lambda p: (
            by_words("\n      ansible")(p),
            p.partly(len("    - name: Install nginx\n      ansible")),
        ),
        [(PARTLY, "accepted_part accepted_part expired")],
    ),
    "the editor says that the last part was taken": (
        lambda p: (
            p.offer(BODY).wait(),
            p.partly(10_000),
            p.put(BODY),
        ),
        [(ACCEPTED, "accepted")],
    ),
    # ---- not taken
    "typed all of it by hand": (
        lambda p: p.offer(BODY).wait().type(BODY),
        [(EXPIRED, "typed_through expired")],
    ),
    "typed all of it by hand, and the command ran at the last character": (
        lambda p: p.offer(BODY).wait().type(BODY).command(),
        [(ACCEPTED, "typed_through expired accepted")],
    ),
    "typed something else": (
        lambda p: p.offer(BODY).wait().type("\n      x"),
        [(OVER, "typed_through typed_over wrote_instead")],
    ),
    "typed something else, and left it for half a minute": (
        lambda p: p.offer(BODY).wait().type("\n      x: y").wait(31_000),
        [(OVER, "typed_through typed_over wrote_instead")],
    ),
    "typed something else at once": (
        lambda p: p.offer(BODY).wait(100).type(" on"),
        [(UNSEEN, "typed_over")],
    ),
    "deleted the name's last letter": (
        lambda p: p.offer(BODY).wait().backspace(),
        [(OVER, "typed_over")],
    ),
    "deleted the task": (
        lambda p: p.offer(BODY).wait().delete("    - name: Install nginx\n"),
        [(OVER, "typed_over")],
    ),
    "pasted something else": (
        lambda p: p.offer(BODY).wait().put(OTHER).wait(31_000),
        [(OVER, "typed_over wrote_instead")],
    ),
    "left alone for as long as it lives": (
        lambda p: p.offer(BODY).wait(300_000),
        [(EXPIRED, "expired")],
    ),
    "left alone, then the document closed": (lambda p: p.offer(BODY).wait(), [(EXPIRED, "expired")]),
    "the document closed at once": (lambda p: p.offer(BODY).wait(300), [(UNSEEN, "expired")]),
    "the same offered six times, and left alone": (six_times, [(EXPIRED, "expired")]),
    "went on writing elsewhere at once": (
        lambda p: (p.offer(BODY).wait(300), p.go("all").type("  # x"), p.wait(300_000)),
        [(UNSEEN, "expired")],
    ),
    "read it, then went on writing elsewhere": (
        lambda p: (p.offer(BODY).wait(900), p.go("all").type("  # x"), p.wait(300_000)),
        [(EXPIRED, "expired")],
    ),
    "Escape": (lambda p: p.offer(BODY).wait().escape(), [(REJECTED, "rejected")]),
    "Escape, named": (lambda p: p.offer(BODY).wait().escape("s1"), [(REJECTED, "rejected")]),
    "Escape, then something by hand": (
        lambda p: p.offer(BODY).wait().escape().type("\n      x: 1").wait(31_000),
        [(REJECTED, "rejected wrote_instead")],
    ),
    "Escape, then a longer name": (
        lambda p: p.offer(BODY).wait().escape().type(" and php\n      x: 1").wait(31_000),
        [(REJECTED, "rejected")],
    ),
    "Escape before anybody could have seen it": (
        lambda p: p.offer(BODY).wait(200).escape(),
        [(UNSEEN, "rejected")],
    ),
    "Escape twice": (lambda p: p.offer(BODY).wait().escape().escape(), [(REJECTED, "rejected")]),
    "moved the cursor away": (lambda p: p.offer(BODY).wait().leave(), [(AWAY, "moved_away")]),
    "moved the cursor away at once": (lambda p: p.offer(BODY).wait(100).leave(), [(UNSEEN, "moved_away")]),
    "Escape after typing on": (
        lambda p: p.offer(BODY).wait().type("\n   ").escape(),
        [(REJECTED, "typed_through rejected")],
    ),
    "checked out another branch": (
        lambda p: p.offer(BODY).wait().whole("- hosts: web\n  roles:\n    - nginx\n    - php\n"),
        [(EXPIRED, "expired")],
    ),
    # ---- several
    "another one takes its place": (
        lambda p: p.offer(BODY).wait().offer(OTHER).wait().tab(),
        [(SUPERSEDED, "superseded"), (ACCEPTED, "accepted")],
    ),
    "another one takes its place at once": (
        lambda p: p.offer(BODY).wait(200).offer(OTHER).wait().tab(),
        [(UNSEEN, "superseded"), (ACCEPTED, "accepted")],
    ),
    "typed over, then another is taken": (
        lambda p: (
            p.offer(BODY)
            .wait()
            .type("\n      ansible.builtin.d")
            .wait(50)
            .offer("nf:", module=None)
            .wait()
            .tab()
        ),
        [(OVER, "typed_through typed_over wrote_instead"), (ACCEPTED, "accepted")],
    ),
    "the first of three is taken": (
        lambda p: p.offer(BODY, OTHER, "\n      meta: noop").wait().tab(),
        [(ACCEPTED, "accepted"), (UNSEEN, "superseded"), (UNSEEN, "superseded")],
    ),
    "the second of three is cycled to and taken": (
        lambda p: p.offer(BODY, OTHER, "\n      meta: noop").wait().cycle("s2").wait().put(OTHER),
        [(SUPERSEDED, "superseded"), (ACCEPTED, "shown accepted"), (UNSEEN, "superseded")],
    ),
    "the second is taken in an editor that doesn't tell": (
        lambda p: p.offer(BODY, OTHER).wait().put(OTHER),
        [(SUPERSEDED, "superseded"), (ACCEPTED, "accepted")],
    ),
    "the first is looked at, cycled past, and Escape": (
        lambda p: p.offer(BODY, OTHER, "\n      meta: noop").wait().cycle("s2").wait().escape(),
        [(REJECTED, "rejected"), (REJECTED, "shown rejected"), (UNSEEN, "rejected")],
    ),
    "cycled past too fast to read": (
        lambda p: p.offer(BODY, OTHER).wait().cycle("s2").wait(200).cycle("s1").wait().tab(),
        [(ACCEPTED, "shown accepted"), (UNSEEN, "shown superseded")],
    ),
    "typing leaves the first and goes on with the second": (
        lambda p: p.offer(BODY, OTHER).wait().type("\n      ansible.builtin.d").wait().tab(),
        [(OVER, "typed_through typed_over wrote_instead"), (ACCEPTED, "typed_through accepted")],
    ),
    "accepted by word while the alternatives begin alike": (
        lambda p: p.offer(BODY, OTHER).wait().put("\n      ansible").wait().leave(),
        [(PARTLY, "accepted_part moved_away"), (UNSEEN, "moved_away")],
    ),
    "a short alternative is taken that a longer one begins with": (
        lambda p: p.offer(BODY, BODY[: BODY.rindex("\n")]).wait().put(BODY[: BODY.rindex("\n")]),
        [(SUPERSEDED, "superseded"), (ACCEPTED, "accepted")],
    ),
    "offered at one place, taken at another": (
        lambda p: p.offer(BODY).wait(900).go("tasks:").offer("\n    - meta: noop").wait().tab(),
        [(EXPIRED, "expired"), (ACCEPTED, "accepted")],
    ),
    "two tasks one after the other": (
        lambda p: (p.offer(BODY).wait().tab(), next_task(p), p.wait().offer(OTHER).wait().tab()),
        [(ACCEPTED, "accepted"), (ACCEPTED, "accepted")],
    ),
    # ---- undo
    "undone": (lambda p: p.offer(BODY).wait().tab().wait().undo(), [(ACCEPTED, "accepted undone")]),
    "undone and redone": (
        lambda p: p.offer(BODY).wait().tab().wait().undo().redo(),
        [(ACCEPTED, "accepted undone redone")],
    ),
    "undone, redone and undone": (
        lambda p: p.offer(BODY).wait().tab().wait().undo().redo().undo(),
        [(ACCEPTED, "accepted undone redone undone")],
    ),
    "written on, then undone step by step": (
        lambda p: (p.offer(BODY).wait().tab().wait(), next_task(p), p.type(" now"), p.undo(6)),
        [(ACCEPTED, "accepted undone")],
    ),
    "written on, undone and redone step by step": (
        lambda p: (p.offer(BODY).wait().tab().wait(), next_task(p), p.undo(2).redo(2)),
        [(ACCEPTED, "accepted undone redone")],
    ),
    "undone by an editor whose undo takes the typing with it": (
        lambda p: p.offer(BODY).wait().type("\n      ans").tab().wait().whole(p.past[0]),
        [(ACCEPTED, "typed_through accepted undone")],
    ),
    "selected and deleted": (
        lambda p: p.offer(BODY).wait().tab().wait(9_000).delete(BODY),
        [(ACCEPTED, "accepted undone")],
    ),
    "undone, offered once more, and taken": (
        lambda p: (
            p.offer(BODY).wait().tab().wait().undo().go("Install nginx").wait().offer(BODY).wait().tab()
        ),
        [(ACCEPTED, "accepted undone"), (ACCEPTED, "accepted")],
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(name: str) -> None:
    play, expected = SESSIONS[name]
    check_session(PLAY, play, expected)


def test_no_event_but_what_was_written_instead_holds_text() -> None:
    for play, _ in SESSIONS.values():
        person = Person.at(PLAY)
        play(person)
        for event in person.close().events:
            if event.kind is not EventKind.WROTE_INSTEAD:
                assert "nginx" not in repr(event)
                assert "ansible" not in repr(event)
