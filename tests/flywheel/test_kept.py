"""What is left of an accepted suggestion, whatever is done to its document afterwards."""

from __future__ import annotations

import pytest

from chiron.flywheel.outcomes import is_strong, outcome_of
from chiron.records import Outcome
from support.editing import BODY, PLAY, SECOND, TASK, TWO, Person, Play, taken

ACCEPTED, PARTLY, OVER = Outcome.ACCEPTED, Outcome.PARTLY_ACCEPTED, Outcome.TYPED_OVER
REJECTED, AWAY, SUPERSEDED = Outcome.REJECTED, Outcome.MOVED_AWAY, Outcome.SUPERSEDED
EXPIRED, UNSEEN = Outcome.EXPIRED, Outcome.NOT_SEEN


def cut_and_paste(person: Person) -> Person:
    """The whole task goes below the second one."""
    return person.delete(TASK).wait().go(SECOND).put(TASK)


def cut_and_paste_deeper(person: Person) -> None:
    """The task goes into a block, where the editor indents it further."""
    person.delete(TASK).wait()
    deeper = "".join("    " + line for line in TASK.splitlines(keepends=True))
    person.go(SECOND).put("    - block:\n" + deeper)


def typed_by_hand_again(person: Person) -> None:
    person.delete("        state: present\n")
    person.go("name: nginx\n").type("        state: present\n")


def swapped_in_one_change(person: Person) -> None:
    person.replace(TASK + SECOND, SECOND + TASK)


def reformatted(person: Person) -> None:
    """A formatter quotes, sorts nothing, and indents by four."""
    text = person.text.replace("name: nginx", 'name: "nginx"').replace("      ", "        ")
    person.whole(text.replace("- hosts", "---\n- hosts"))


def to_crlf(person: Person) -> None:
    person.whole(person.text.replace("\n", "\r\n"))


def checked_out(person: Person) -> None:
    person.whole("- hosts: db\n  roles:\n    - mysql\n    - backup\n")


def checked_out_and_back(person: Person) -> None:
    before = person.text
    checked_out(person)
    person.wait().whole(before)


#: What the person does after taking the suggestion, and what is then left of it: the share of its characters
#: and whether the acceptance is a strong one.
KEPT: dict[str, tuple[Play, float, bool]] = {
    "nothing": (lambda p: None, 1.0, True),
    "writing above it": (lambda p: p.go("all").type("  # every host"), 1.0, True),
    "writing below it": (lambda p: p.type("\n        update_cache: true"), 1.0, True),
    "a line put into it": (lambda p: p.go("name: nginx\n").put("        force: true\n"), 1.0, True),
    "the last line deleted": (lambda p: p.delete("\n        state: present"), 0.7, True),
    "half of it deleted": (lambda p: p.delete("\n        name: nginx\n        state: present"), 0.45, False),
    "all of it deleted with its name": (lambda p: p.delete(TASK), 0.0, False),
    "all of it deleted letter by letter": (lambda p: p.backspace(len(BODY)), 0.0, False),
    "undone": (lambda p: p.undo(), 0.0, False),
    "undone and redone": (lambda p: p.undo().redo(), 1.0, True),
    "half of it deleted and undone": (lambda p: p.delete("\n        state: present").undo(), 1.0, True),
    "its value changed": (lambda p: p.replace("state: present", "state: absent"), 0.9, True),
    "its module changed": (lambda p: p.replace("ansible.builtin.apt:", "community.x.zypper:"), 0.53, False),
    "its module's collection changed": (lambda p: p.replace("ansible.builtin", "my.own"), 0.65, False),
    "its module spelled short": (lambda p: p.delete("ansible.builtin."), 0.6, True),
    "another module behind its name": (lambda p: p.replace(".apt:", ".apt_key:"), 1.0, False),
    "moved below another task": (cut_and_paste, 1.0, True),
    "moved into a block": (cut_and_paste_deeper, 1.0, True),
    "moved below another task by one change": (swapped_in_one_change, 1.0, True),
    "moved there and back by undo": (lambda p: (cut_and_paste(p), p.undo(2)), 1.0, True),
    "a line deleted and typed again as it was": (typed_by_hand_again, 1.0, True),
    "a formatter over the whole document": (reformatted, 1.0, True),
    "line endings converted": (to_crlf, 1.0, True),
    "another branch checked out": (checked_out, 0.0, False),
    "another branch checked out, and back": (checked_out_and_back, 1.0, True),
    "the task copied below": (lambda p: p.go(SECOND).put(TASK), 1.0, True),
    "the copy deleted again": (lambda p: p.go(SECOND).put(TASK).backspace(len(TASK)), 1.0, True),
    "the document emptied": (lambda p: p.whole(""), 0.0, False),
    "the document emptied and filled again": (lambda p: p.whole("").undo(), 1.0, True),
}


@pytest.mark.parametrize("after", KEPT)
def test_what_is_left_of_an_accepted_suggestion_after(after: str) -> None:
    play, ratio, strong = KEPT[after]
    person = taken(TWO)
    play(person)
    person.wait(30_000).close()
    (first, then), *_, (last, now) = person.kept()
    assert (first, last) == ("30s", "close")
    assert then == now == pytest.approx(ratio, abs=0.06)
    assert is_strong(person.of()) is strong


def test_it_is_measured_at_its_times_at_a_save_that_changes_something_and_at_close() -> None:
    person = taken().wait(29_000)
    assert person.kept() == [("30s", 1.0)]
    person.save().save().wait(90_000).delete("\n        state: present").save().wait(180_000).close()
    marks = [at for at, _ in person.kept()]
    assert marks == ["30s", "save", "2m", "save", "5m", "close"]
    assert [ratio for _, ratio in person.kept()] == [1.0, 1.0, 1.0, 0.6977, 0.6977, 0.6977]


def test_a_measure_that_comes_late_is_taken_before_the_change_that_brought_it() -> None:
    person = taken()
    person.now_ms += 45_000
    person.delete(TASK)
    assert person.kept() == [("30s", 1.0)]


def test_what_was_accepted_in_parts_is_measured_too() -> None:
    person = Person.at(PLAY).offer(BODY).wait().put("\n      ansible.builtin.apt:")
    person.type("\n        pkg: x").wait(1_000).delete("apt:").close()
    assert outcome_of(person.of()) is PARTLY
    assert [ratio for _, ratio in person.kept()] == pytest.approx([16 / 20])


def test_of_options_alone_the_module_is_the_one_they_stand_under() -> None:
    options = "\n        state: present\n        update_cache: true"
    drawn = "- name: Install\n  block:\n    - name: x\n      ansible.builtin.apt:\n        name: nginx¦\n"
    person = taken(drawn, options)
    assert is_strong(person.wait(30_000).of()) is True
    person.replace("ansible.builtin.apt:", "ansible.builtin.dnf:").wait(90_000)
    assert person.kept()[-1] == ("2m", 1.0)
    assert is_strong(person.of()) is False


def test_a_begun_module_name_is_kept_with_what_was_typed_of_it() -> None:
    person = Person.at("- name: Install\n  ansible.b¦\n")
    person.offer("  ansible.builtin.apt:", start=16).wait().tab().wait(30_000)
    assert outcome_of(person.of()) is ACCEPTED
    assert person.kept() == [("30s", 1.0)]
    assert is_strong(person.of()) is True


def test_strong_acceptance_is_unknown_before_it_was_measured() -> None:
    assert is_strong(taken().of()) is None
