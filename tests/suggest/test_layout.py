"""How an answer is put into its place: indentation, lead, begun text."""

from __future__ import annotations

import pytest

from chiron.records import FileKind, Position, Scope
from chiron.suggest.layout import lay_out, lay_out_fragment, lay_out_options, lay_out_tasks
from chiron.syntax.document import Document
from chiron.syntax.scope import find_scope


def scope_at(marked: str, kind: FileKind = FileKind.TASKS) -> tuple[Scope, str]:
    """The scope at the cursor, and the text without it."""
    before = marked[: marked.index("¦")]
    text = marked.replace("¦", "")
    position = Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    scope = find_scope(Document("file:///t.yml", text, 1), position, kind)
    assert scope is not None
    return scope, text


def check_put(scope: Scope, text: str, answer: str, expected: str) -> None:
    """Putting `answer` in place of the scope's range gives `expected`."""
    document = Document("file:///t.yml", text, 1)
    start, end = document.offset(scope.range.start), document.offset(scope.range.end)
    assert text[:start] + answer + text[end:] == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("- name: x¦", "- name: x\n  apt:\n    name: y\n\n    state: z"),
        ("- name: x\n  ¦\n", "- name: x\n  apt:\n    name: y\n\n    state: z\n"),
        ("- name: x\n¦\n", "- name: x\n  apt:\n    name: y\n\n    state: z\n"),
        ("  -   name: x¦", "  -   name: x\n      apt:\n        name: y\n\n        state: z"),
    ],
)
def test_a_body_goes_where_the_tasks_keys_stand(marked: str, expected: str) -> None:
    scope, text = scope_at(marked)
    check_put(scope, text, lay_out(scope, "apt:\n  name: y\n\n  state: z\n"), expected)


def test_keys_the_task_has_are_left_out() -> None:
    scope, text = scope_at("- name: x\n  become: true\n  ¦\n")
    answer = lay_out(scope, "become: false\napt:\n  name: y\nwhen: z")
    check_put(scope, text, answer, "- name: x\n  become: true\n  apt:\n    name: y\n  when: z\n")


def test_options_go_where_the_others_stand() -> None:
    scope, text = scope_at("- name: x\n  apt:\n      name: y\n      ¦\n")
    answer = lay_out_options(scope, "name: other\nstate: present\nlist:\n  - a")
    check_put(
        scope,
        text,
        answer,
        "- name: x\n  apt:\n      name: y\n      state: present\n      list:\n        - a\n",
    )


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("- name: x\n  ap¦", "- name: x\n  apt:"),
        ("- ap¦", "- apt:"),
        ("  -   ap¦", "  -   apt:"),
        ("\ufeff- ap¦", "\ufeff- apt:"),
    ],
)
def test_a_name_takes_the_place_of_what_is_begun_of_it(marked: str, expected: str) -> None:
    scope, text = scope_at(marked)
    check_put(scope, text, lay_out_fragment(scope, "apt"), expected)


def test_tasks_become_entries_of_the_list() -> None:
    scope, text = scope_at("# do both¦")
    answer = lay_out_tasks(scope, [("A", "ping:"), ("B", "apt:\n  name: y")])
    check_put(scope, text, answer, "# do both\n- name: A\n  ping:\n\n- name: B\n  apt:\n    name: y")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Set a: b", '"Set a: b"'),
        ("{{ x }} first", '"{{ x }} first"'),
        ("Say # loudly", '"Say # loudly"'),
        ('Say "hi"', 'Say "hi"'),
        ("Plain name, with commas", "Plain name, with commas"),
    ],
)
def test_a_name_is_quoted_where_yaml_asks_for_it(name: str, written: str) -> None:
    scope, _ = scope_at("# do it¦")
    assert lay_out_tasks(scope, [(name, "ping:")]) == f"\n- name: {written}\n  ping:"
