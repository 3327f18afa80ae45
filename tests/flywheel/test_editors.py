"""The shapes in which editors tell the same edit, and answers from memory while somebody types."""

from __future__ import annotations

import pytest

from chiron.flywheel.outcomes import Edit
from chiron.records import Outcome
from support.editing import BODY, OTHER, PLAY, TWO, URI, Person, taken

ACCEPTED, PARTLY, OVER = Outcome.ACCEPTED, Outcome.PARTLY_ACCEPTED, Outcome.TYPED_OVER
REJECTED, AWAY, SUPERSEDED = Outcome.REJECTED, Outcome.MOVED_AWAY, Outcome.SUPERSEDED
EXPIRED, UNSEEN = Outcome.EXPIRED, Outcome.NOT_SEEN


def test_the_same_document_with_crlf_has_the_same_rows() -> None:
    person = Person.at(PLAY.replace("\n", "\r\n"), eol="\r\n").offer(BODY).wait()
    person.put("\n").put("      ").type("ans").tab().close()
    assert person.rows() == "typed_through accepted"
    assert person.kept()[-1] == ("close", 1.0)
    assert "state: present\r\n" in person.text


def test_an_editor_that_puts_plain_newlines_into_a_crlf_document_is_understood() -> None:
    person = Person.at(PLAY.replace("\n", "\r\n")).offer(BODY).wait().put(BODY)
    assert person.rows() == "accepted"


QUOTED = '\n      ansible.builtin.file:\n        mode: "0644"\n        path: "{{ x }}"'


def test_a_quote_that_brings_its_pair_continues_the_suggestion() -> None:
    person = Person.at(PLAY).offer(QUOTED).wait().type(QUOTED[: QUOTED.index('"')])
    person.put('""').go('mode: "').type("0644")
    assert [one.insert for one in person.continuing()] == ['        mode: "0644"\n        path: "{{ x }}"']
    person.tab()
    assert person.rows() == "typed_through accepted"
    assert person.text.endswith('mode: "0644"\n        path: "{{ x }}"\n')


def test_a_quote_whose_pair_comes_in_a_change_of_its_own_continues_too() -> None:
    person = Person.at(PLAY).offer(QUOTED).wait().type(QUOTED[: QUOTED.index('"')])
    at = person.cursor
    person.change(Edit(at, "", '"'), Edit(at + 1, "", '"')).go('mode: "').type("06")
    assert person.rows() == "typed_through"
    assert person.continuing()


def test_braces_that_bring_pairs_continue_too() -> None:
    person = Person.at(PLAY).offer(QUOTED).wait().type(QUOTED[: QUOTED.index('"{{')])
    person.put('""').go('path: "').put("{}").go('path: "{').put("{}").go('path: "{{').put(" ").type("x")
    assert person.rows() == "typed_through"
    assert person.continuing()[0].insert == '        path: "{{ x }}"'


def test_a_pair_that_an_editor_types_over_is_no_end() -> None:
    person = Person.at(PLAY).offer(QUOTED).wait().type(QUOTED[: QUOTED.index('"')])
    person.put('""').go('mode: "').type("0644").go('"0644"').type("\n        path:")
    assert person.rows() == "typed_through"
    person.tab()
    assert person.rows() == "typed_through accepted"


def test_a_remainder_put_in_by_several_edits_of_one_notification_is_an_acceptance() -> None:
    person = Person.at(PLAY).offer(QUOTED).wait().type(QUOTED[: QUOTED.index('"')])
    person.put('""').go('mode: "').type("06").wait()
    at = person.cursor
    person.change(Edit(at + 1, "", '\n        path: "{{ x }}"'), Edit(at, "", "44"))
    assert person.rows() == "typed_through accepted"


def test_a_quote_that_the_suggestion_doesnt_have_is_no_pair() -> None:
    body = '\n      file:\n        mode: "0644"\n        owner: root'
    person = Person.at(PLAY).offer(body).wait().type(body[: body.index("root")])
    assert person.type('"').rows() == "typed_through typed_over"


def test_a_bracket_too_many_is_no_pair() -> None:
    person = Person.at(PLAY).offer(QUOTED).wait().type(QUOTED[: QUOTED.index(" x")]).put("}}}")
    assert person.rows() == "typed_through typed_over"


def typed_in_one_notification(person: Person, text: str) -> None:
    person.change(*(Edit(person.cursor + k, "", one) for k, one in enumerate(text)))


def test_keys_that_an_editor_batches_are_typing_not_parts() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    typed_in_one_notification(person, "\n      ansible.builtin")
    assert person.rows() == "typed_through"


def test_keys_and_an_acceptance_in_one_batch_are_told_apart() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    at, rest = person.cursor, BODY[9:]
    person.change(*(Edit(at + k, "", one) for k, one in enumerate(BODY[:9])), Edit(at + 9, "", rest))
    assert person.rows() == "typed_through accepted"
    assert person.of()[-1].data["n_typed"] == 9
    assert person.of()[-1].data["n_inserted"] == len(rest)


def test_an_acceptance_and_what_is_typed_after_it_in_one_batch_are_told_apart() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    at = person.cursor
    person.change(Edit(at, "", BODY), Edit(at + len(BODY), "", "\n"), Edit(at + len(BODY) + 1, "", "x"))
    assert person.rows() == "accepted"
    assert person.close().kept() == [("close", 1.0)]


def test_a_mistake_mended_within_one_batch_is_no_end() -> None:
    person = Person.at(PLAY).offer(BODY).wait().put("\n")
    at = person.cursor
    person.change(Edit(at, "", "x"), Edit(at, "x", ""), Edit(at, "", "   "))
    assert person.rows() == "typed_through"


def test_two_keys_in_one_change_within_a_word_are_typing() -> None:
    person = Person.at(PLAY).offer(BODY).wait().type("\n      ").put("an").put("si")
    assert person.rows() == "typed_through"


def test_a_difference_that_may_stand_in_two_places_is_read_where_the_person_writes() -> None:
    drawn = "- name: x¦\n  when: y\n"
    body = "\n  ansible.builtin.meta: noop"
    person = Person.at(drawn).offer(body, module=None).wait()
    at = person.cursor + 3
    # The smallest difference of the two texts begins after the line break and the indentation they share.
    person.change(Edit(at, "", "ansible.builtin.meta: noop\n  "))
    assert person.text == "- name: x\n  ansible.builtin.meta: noop\n  when: y\n"
    assert person.rows() == "accepted"


def test_changes_that_do_not_lead_to_the_text_are_read_from_the_text() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    text = person.text.replace("nginx\n", "nginx" + BODY + "\n")
    person.events += person.tracker.changed(URI, [Edit(3, "nonsense", "more")], text, person.now_ms)
    assert person.rows() == "accepted"


def test_hundreds_of_small_edits_of_a_formatter_are_read_as_one() -> None:
    person = taken(TWO.replace("- hosts", "x:  1\n" * 200 + "- hosts"))
    spots = [k for k in range(len(person.text)) if person.text.startswith(":  1", k)]
    person.change(*(Edit(at + 1, " ", "") for at in reversed(spots)))
    assert person.close().kept() == [("close", 1.0)]


def test_text_outside_the_basic_plane_counts_in_code_points() -> None:
    person = taken(PLAY.replace("nginx", "🚀 nginx"), BODY.replace("nginx", "🚀"))
    person.delete("\n        state: present")
    assert person.rows() == "accepted"
    assert person.close().kept()[0][1] == pytest.approx(0.68, abs=0.02)


def test_an_editors_count_of_accepted_utf16_units_begins_with_the_line() -> None:
    body = "\n      ansible.builtin.debug:\n        msg: 🚀🚀 go"
    person = Person.at("- name: 🚀¦\n").offer(body).wait()
    units = len(("- name: 🚀" + body[: body.index(" go")]).encode("utf-16-le")) // 2
    person.events += person.tracker.told(
        {"kind": "accepted_part", "suggestion_id": "s1", "accepted_length": units}, person.now_ms
    )
    assert person.of()[-1].data["n_characters"] == body.index(" go")


# --------------------------------------------------------------------------- answers from memory


def test_a_suggestion_keeps_its_id_while_it_is_typed_through_and_asked_for_again() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    for one in BODY[:30]:
        person.put(one)
        line = person.text.rindex("\n", 0, person.cursor) + 1
        left = person.continuing()
        assert [one.suggestion_id for one in left] == ["s1"]
        assert (left[0].start, left[0].end) == (line, person.cursor)
        person.offer(left[0].insert, start=line).wait(40)
    assert person.n == 1
    assert person.tab().rows() == "typed_through accepted"


def test_deleting_again_answers_from_memory() -> None:
    person = Person.at(PLAY).offer(BODY).wait().type("\n      ansible").backspace(4)
    assert [one.insert for one in person.continuing()] == [BODY[1:]]


def test_all_alternatives_that_still_continue_are_left_best_first() -> None:
    person = Person.at(PLAY).offer(BODY, OTHER).wait().type("\n      ans")
    assert [one.suggestion_id for one in person.continuing()] == ["s1", "s2"]
    person.type("ible.builtin.d")
    assert [one.suggestion_id for one in person.continuing()] == ["s2"]


def test_what_is_left_replaces_the_quote_that_the_editor_closed() -> None:
    person = Person.at(PLAY).offer(QUOTED).wait().type(QUOTED[: QUOTED.index('"')])
    person.put('""').go('mode: "')
    left = person.continuing()[0]
    assert person.text[left.start : left.end] == '        mode: ""'
    assert left.end == person.cursor + 1


def test_asking_again_after_writing_elsewhere_brings_it_into_view() -> None:
    person = Person.at(PLAY).offer(BODY).wait(200)
    at = person.cursor
    person.go("all").type("x").wait(5_000)
    person.cursor = at + 1
    person.tracker.continuing(URI, person.cursor, person.text, person.now_ms)
    person.wait(900).escape()
    assert person.of()[-1].data["outcome"] == "rejected"


def test_there_is_nothing_left_elsewhere_or_after_the_end() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    assert person.tracker.continuing(URI, 3, person.text) == []
    assert person.tracker.continuing("file:///other.yml", person.cursor, person.text) == []
    assert person.tracker.continuing(URI, person.cursor, person.text + "x") == []
    assert person.tab().continuing() == []


def test_a_different_text_or_place_is_a_different_suggestion() -> None:
    person = Person.at(PLAY).offer(BODY).wait()
    at = person.cursor
    assert person.tracker.match(URI, at, at, BODY, person.text) == "s1"
    assert person.tracker.match(URI, at, at, OTHER, person.text) is None
    assert person.tracker.match(URI, 0, 0, BODY, person.text) is None
