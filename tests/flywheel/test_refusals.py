"""Rejected means rejected: not offered there again until something in the task has changed."""

from __future__ import annotations

import pytest

from chiron.flywheel.outcomes import Edit
from chiron.records import Outcome
from support.editing import BODY, OTHER, PLAY, SECOND, TWO, URI, Person, Play, taken

ACCEPTED, PARTLY, OVER = Outcome.ACCEPTED, Outcome.PARTLY_ACCEPTED, Outcome.TYPED_OVER
REJECTED, AWAY, SUPERSEDED = Outcome.REJECTED, Outcome.MOVED_AWAY, Outcome.SUPERSEDED
EXPIRED, UNSEEN = Outcome.EXPIRED, Outcome.NOT_SEEN


def is_refused(person: Person, text: str = BODY) -> bool:
    line = max(person.text.rfind("\n", 0, person.cursor) + 1, 0)
    start = person.cursor if person.text[line : person.cursor].lstrip().startswith("- ") else line
    return person.tracker.refused(URI, start, person.text)(text)


REFUSED: dict[str, tuple[Play, bool]] = {
    "nothing": (lambda p: None, True),
    "Enter": (lambda p: p.put("\n      "), True),
    "Enter and a few letters": (lambda p: p.put("\n      ").type("ans"), True),
    "writing elsewhere in the file": (lambda p: (p.go("all").type("x"), p.go("nginx")), True),
    "a new task above": (
        lambda p: (p.change(Edit(p.text.index("    - name"), "", SECOND)), p.go("nginx")),
        True,
    ),
    "another name of the task": (lambda p: p.type(" and php"), False),
    "another name, and the old one again": (lambda p: p.type(" and").backspace(4), True),
    "a line of the task written by hand": (lambda p: p.put("\n      become: true\n      "), False),
    "a line below in the task": (
        lambda p: (p.go("nginx\n").put("      when: x\n"), p.go("nginx")),
        False,
    ),
    "another task": (lambda p: p.put("\n    - name: Install php"), False),
}


@pytest.mark.parametrize("after", REFUSED)
def test_what_was_refused_is_offered_again_only_when_its_task_has_changed_after(after: str) -> None:
    play, expected = REFUSED[after]
    person = Person.at(TWO).offer(BODY).wait().escape()
    play(person)
    assert is_refused(person) is expected
    assert not is_refused(person, OTHER)


def test_only_the_alternatives_that_were_looked_at_are_refused() -> None:
    person = Person.at(PLAY).offer(BODY, OTHER).wait().escape()
    assert is_refused(person)
    assert not is_refused(person, OTHER)


def test_layout_does_not_make_a_refused_text_a_new_one() -> None:
    person = Person.at(PLAY).offer(BODY).wait().escape()
    assert is_refused(person, BODY.replace("      ", "    "))


def test_what_was_undone_is_refused() -> None:
    person = taken().wait(60_000).undo().go("Install nginx")
    assert is_refused(person)


def test_typing_over_and_back_is_no_refusal() -> None:
    person = Person.at(PLAY).offer(BODY).wait().type("x").backspace()
    assert not is_refused(person)


def test_a_task_of_the_same_name_elsewhere_is_another_place() -> None:
    twice = PLAY.replace("¦", "") + "    - name: Install nginx¦\n"
    person = Person.at(twice).offer(BODY).wait().escape()
    person.cursor = person.text.index("nginx") + 5
    assert not is_refused(person)
