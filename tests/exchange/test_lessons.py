"""What a history teaches, as texts: a correction is an insertion, and an insertion is put back whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiron.exchange.lessons import insertion, shared_start
from chiron.records import ScopeKind, SuggestionRecord
from chiron.review.tasks import in_place
from support.feedback_made import made
from support.reviewing import suggestion

#: Where a suggestion can go: `¦` in the lines round it.
PLACES = (
    "---\n- name: Do it¦\n",
    "---\n- name: Do it¦\n\n- name: Next\n  ansible.builtin.debug:\n    msg: x\n",
    "- hosts: all\n  tasks:\n    - name: Do it¦\n      become: true\n      tags: [a]\n    - name: Next\n",
    "- name: Do it\n  ansible.builtin.copy:\n¦\n  become: true\n",
    "- name: Outer\n  block:\n    - name: Do it¦\n  rescue:\n    - name: Else\n",
)


def record_at(drawn: str, text: str) -> SuggestionRecord:
    at = drawn.index("¦")
    return suggestion(
        context=drawn.replace("¦", ""), context_at=at, text=text, task_name="Do it", scope=ScopeKind.TASK_BODY
    )


def body_for(drawn: str, rows: list[str]) -> str:
    """`rows` laid out as a task's body or a module's options at the place."""
    line = drawn[: drawn.index("¦")].rsplit("\n", 2)
    column = len(line[-1]) - len(line[-1].lstrip())
    if drawn[drawn.index("¦") - 1] == "\n":
        return "\n".join(f"    {row}" for row in rows)
    return "".join(f"\n{' ' * (column + 2)}{row}" for row in rows)


@pytest.mark.parametrize("drawn", PLACES)
@given(
    rows=st.lists(st.from_regex(r"[a-z]{1,8}: [a-z0-9é ]{0,10}[a-z]", fullmatch=True), min_size=1, max_size=5)
)
def test_the_whole_task_with_a_text_in_it_is_that_text_inserted(drawn: str, rows: list[str]) -> None:
    text = body_for(drawn, rows)
    record = record_at(drawn, text)
    task = in_place(record).task
    assert insertion(record, task) == text.rstrip()


def test_every_made_up_suggestion_comes_back_out_of_its_task() -> None:
    rows = [row for row in made(400) if isinstance(row, SuggestionRecord)]
    assert rows
    for row in rows:
        assert insertion(row, in_place(row).task) == row.text.rstrip()


@pytest.mark.parametrize(
    "correction",
    [
        "",
        "- name: Do it",
        "- name: Something else\n  x: y\n  become: true\n  tags: [a]",
        "- name: Do it\n  x: y\n",
        "- name: Do it\n  become: true\n  tags: [b]\n",
        "just words",
    ],
)
def test_what_changes_the_lines_round_it_is_no_insertion(correction: str) -> None:
    assert insertion(record_at(PLACES[2], "\n      x: y"), correction) is None


@pytest.mark.parametrize(
    ("texts", "start"),
    [
        (("\n  a", "\n  b"), "\n  "),
        (("\n    a", "\n  b"), "\n  "),
        (("a", "\n  b"), ""),
        (("\t a",), "\t "),
        ((), ""),
    ],
)
def test_shared_white_space_belongs_to_the_question(texts: tuple[str, ...], start: str) -> None:
    assert shared_start(texts) == start
