"""Scopes of any text: nothing raises, nothing hangs, and what is found fits the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.records import FileKind, Position, Scope
from chiron.syntax.blocks import task_blocks
from chiron.syntax.document import MOST_CHARACTERS, Document
from chiron.syntax.kind import file_kind
from chiron.syntax.scope import find_scope
from support.scopes import BODY, LIST, PLAYBOOK, TASKS, check_pieces

#: What playbooks are made of, and what breaks them.
PIECES = [
    *(
        "- ",
        "name: ",
        "Install",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        "  ",
        "tasks:",
        "hosts: all",
        "block:",
        "apt:",
    ),
    *(
        "name: a",
        "state",
        "when: b",
        "vars:",
        "# install nginx",
        "|",
        ">-",
        '"',
        "'",
        "{",
        "}",
        "[",
        "]",
        "{{ a }}",
    ),
    *(
        ":",
        "---",
        "\t",
        "\r\n",
        "\r",
        "&a",
        "*a",
        "!x",
        "?",
        "%",
        "@",
        "\ufeff",
        "😀",
        "漢",
        "\ud83d",
        "\u2028",
        "\x07",
    ),
]
PLAYBOOK_TEXT = """\
- hosts: all
  vars:
    users:
      - name: alice
  tasks:
    - name: Install nginx
      ansible.builtin.apt:
        name: nginx

    # start it
    - block:
        - name: "Start nginx"
          shell: |
            # not a comment
            - name: x
        - copy: {src: a,
            dest: b}
      rescue:
        -   name: Undo
"""


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A playbook in which a few places were cut or typed into."""
    text = PLAYBOOK_TEXT
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + draw(st.integers(0, 25)) :]
    return text


TEXTS = damaged() | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
POSITIONS = st.builds(Position, st.integers(-2, 25), st.integers(-2, 30))
KINDS = st.sampled_from(list(FileKind))


def check_any(document: Document, position: Position, kind: FileKind) -> Scope | None:
    scope = find_scope(document, position, kind)
    if scope is not None:
        assert kind in (FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS)
        check_pieces(document, scope)
        assert scope.range.end == document.clamp(position)
        assert scope.task_line <= position.line
        assert (scope.task_name != "") or scope.kind not in (BODY, LIST)
    return scope


@given(TEXTS, POSITIONS, KINDS)
@settings(max_examples=400)
def test_no_text_and_no_position_is_too_broken(text: str, position: Position, kind: FileKind) -> None:
    check_any(Document("", text), position, kind)


@given(st.text(max_size=60), POSITIONS)
def test_nor_is_text_of_any_characters(text: str, position: Position) -> None:
    check_any(Document("", text), position, TASKS)
    file_kind("site.yml", text)


@given(TEXTS, st.lists(st.tuples(POSITIONS, POSITIONS, TEXTS), max_size=5), POSITIONS)
@settings(max_examples=200)
def test_a_scope_does_not_depend_on_how_the_text_came_about(
    text: str, edits: list[tuple[Position, Position, str]], position: Position
) -> None:
    document = Document("", text)
    for version, (start, end, inserted) in enumerate(edits):
        document.apply(start, end, inserted, version)
        for line in range(document.n_lines):
            find_scope(document, Position(line, 99), TASKS)
    assert check_any(document, position, TASKS) == check_any(Document("", document.text), position, TASKS)


BEHIND = "\n- name: Install nginx\n"


@pytest.mark.parametrize(
    "text",
    [
        "- debug: " + "x" * 1_000_000,
        '- debug: "' + "x " * 400_000,
        "- debug: " + "[" * 100_000,
        "- debug: " + "{a: " * 100_000,
        "- " * 200_000,
        "- a: " * 200_000,
        "? " * 200_000,
        "\n".join(" " * n + "- a:" for n in range(0, 1900, 2)),
        "&a " * 200_000,
        "- debug: " + "{{ a }} " * 100_000,
        "\ud800" * 100_000,
        "\n" * 200_000,
        "\r" * 200_000,
        "# x\n" * 200_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_task_behind_hostile_text_is_found_and_no_process_dies(text: str) -> None:
    document = Document("", text + BEHIND)
    scope = check_any(document, Position(document.n_lines - 2, 21), TASKS)
    assert scope is not None
    assert scope.kind == BODY


@pytest.mark.parametrize(
    "text",
    [
        "- name: " + "x" * 1_000_000,
        "- name: a\n  debug:\n" + "".join(" " * n + "a:\n" for n in range(4, 400)) + " " * 400,
        "- name: a\n  when: [" + "[" * 100_000 + "\n  ",
        "- name: a\n  when: " + "- " * 100_000 + "\n  ",
        "- name: a\0",
        "- name: a\n" + "# b\n" * (MOST_CHARACTERS // 4) + "- name: b",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_nothing_is_offered_within_hostile_text(text: str) -> None:
    document = Document("", text)
    assert check_any(document, document.position(len(text)), TASKS) is None


def test_a_task_at_the_end_of_fifty_thousand_lines_is_found() -> None:
    text = "- hosts: all\n  tasks:\n" + "    - name: a\n      debug:\n        msg: b\n" * 16_667
    document = Document("", text + "    - name: Install nginx\n")
    scope = check_any(document, Position(document.n_lines - 2, 25), PLAYBOOK)
    assert scope is not None
    assert (scope.kind, scope.before) == (BODY, "    - name: Install nginx")


@pytest.mark.parametrize(
    "line",
    [
        "- " * 500,
        "- a" + " " * 990 + "b",
        "- block:",
        "- a:" + ":b" * 400,
        "- 'a" + "''" * 400,
        "- " + "&a " * 300 + "|",
    ],
    ids=lambda line: repr(line[:8]),
)
def test_the_tasks_of_hostile_text_are_looked_for_in_time(line: str) -> None:
    assert task_blocks((line + "\n") * 1000 + "- name: a\n  debug:\n")[-1].name == "a"
