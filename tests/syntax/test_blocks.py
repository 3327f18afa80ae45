"""The tasks written in a text."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from chiron.syntax.blocks import Block, task_blocks

PLAYBOOK = """\
---
- name: Web
  hosts: web
  vars:
    users:
      - name: alice
        shell: /bin/sh
  tasks:
    - name: Install nginx   # the web server
      ansible.builtin.apt:
        name: nginx

      when: a

    # unrelated
    - name: Outer
      when: b
      block:
      - name: "Start nginx"
        service: name=nginx state=started
      rescue:
      - debug:
          msg: |
            - name: no task
              apt: {}
      - name: Only a name
  handlers:
    - name: Restart nginx
      service: name=nginx state=restarted
- hosts: db
  roles:
    - name: postgres
      when: c
"""


def names(text: str) -> list[str]:
    return [block.name for block in task_blocks(text)]


def only(text: str) -> Block:
    (block,) = task_blocks(text)
    return block


def test_tasks_handlers_and_those_in_blocks_are_found() -> None:
    assert names(PLAYBOOK) == ["Install nginx", "Start nginx", "", "Restart nginx"]
    assert [block.in_handlers for block in task_blocks(PLAYBOOK)] == [False, False, False, True]


def test_a_block_says_where_it_stands() -> None:
    first, start, *_ = task_blocks(PLAYBOOK)
    assert (first.first_line, first.last_line, first.column) == (8, 12, 4)
    assert (start.first_line, start.last_line, start.column) == (18, 19, 6)


def test_text_and_body_stand_at_the_margin() -> None:
    first = task_blocks(PLAYBOOK)[0]
    assert first.text == (
        "- name: Install nginx   # the web server\n  ansible.builtin.apt:\n    name: nginx\n\n  when: a"
    )
    assert first.body == "ansible.builtin.apt:\n  name: nginx\n\nwhen: a"


def test_the_body_is_all_but_the_name_wherever_that_stands() -> None:
    assert only("- become: true\n  name: a\n  apt:\n    name: b\n").body == "become: true\napt:\n  name: b"
    assert only("-   apt:\n        name: b\n").body == "apt:\n    name: b"
    assert only("- apt:\n    name: b\n  name: a").body == "apt:\n  name: b"
    assert only("- name: >\n    long\n    name\n  apt:\n").body == "apt:"
    assert only("- name: a\n    continued\n  apt:\n").body == "apt:"


def test_names_are_read_as_yaml_reads_them() -> None:
    assert only("- name: 'it''s'\n  apt:\n").name == "it's"
    assert only('- name: "a: {{ b }}"\n  apt:\n').name == "a: {{ b }}"
    assert only("- apt:\n").name == ""


def test_a_handler_is_known_by_what_it_listens_to() -> None:
    assert only("- name: a\n  listen: b\n  debug:\n").in_handlers


def test_what_is_no_task_is_left_out() -> None:
    assert names("- name: only\n- name: a play\n  hosts: b\n- import_playbook: c\n") == []
    assert names("users:\n  - name: alice\n    shell: sh\n") == []
    assert names("- debug:\n  loop:\n    - name: alice\n      shell: sh\n") == [""]
    assert names("") == names("\n\n") == names("just words") == []
    assert names("a\0b") == []


def test_broken_parts_do_not_hide_the_others() -> None:
    broken = (
        '- name: "open\n  apt: {[\n- name: a\n  apt:\n%&\n- ap\n- name: b\n  yum:\n    name: [\n'
        "- name: c\n  dnf:"
    )
    assert names(broken) == ["", "a", "b", "c"]


def test_a_comment_at_the_margin_does_not_end_a_task() -> None:
    assert only("- name: a\n# no\n  apt:\n    name: b\n# next\n").body == "apt:\n  name: b"


def test_line_endings_become_newlines() -> None:
    assert only("- name: a\r\n  apt:\r\n    name: b\r\n").body == "apt:\n  name: b"
    assert only("\ufeff- name: a\r  apt:\r").text == "- name: a\n  apt:"


def test_lists_below_a_second_document_start_anew() -> None:
    assert names("a:\n  b:\n---\n- name: c\n  apt:\n") == ["c"]


def test_text_of_a_list_item_is_passed_over() -> None:
    assert names("- |\n  - name: a\n    apt:\n- name: b\n  apt:\n") == ["b"]


KEYS = st.sampled_from(["apt", "when", "copy", "vars"])
VALUES = st.sampled_from(["a", "{b: c}", "|\n    - name: d\n      apt:", "\n    e: f", '"g\n    h"'])
BODIES = st.dictionaries(KEYS, VALUES, min_size=2, max_size=4)


@given(st.lists(BODIES, max_size=5), st.sampled_from(["", "\n", "# comment\n"]), st.integers(0, 4))
def test_every_task_written_is_found_and_reads_the_same(
    bodies: list[dict[str, str]], between: str, column: int
) -> None:
    tasks = [
        "\n".join([f"- name: task {n}", *(f"  {key}: {value}" for key, value in body.items())]) + "\n"
        for n, body in enumerate(bodies)
    ]
    text = between.join(tasks)
    indented = "".join(" " * column + line for line in text.splitlines(keepends=True))
    found = task_blocks("- hosts: all\n  tasks:\n" + indented if column >= 2 else text)
    assert [yaml.safe_load(block.text + "\n") for block in found] == [yaml.safe_load(task) for task in tasks]
    for block, task in zip(found, tasks, strict=True):
        (whole,) = yaml.safe_load(task)
        assert {"name": block.name} | yaml.safe_load(block.body + "\n") == whole


@given(st.text(st.sampled_from(list("-: \n#ab|'\"{[\t\r\ufeff")), max_size=60))
def test_no_text_is_too_broken(text: str) -> None:
    for block in task_blocks(text):
        assert 0 <= block.first_line <= block.last_line


LINES = st.sampled_from(
    """\
---
- name: Web
  hosts: web
  tasks:
  handlers:
    - name: a
    - name: "b
      apt:
        name: c
      shell: |
        - name: d
          apt:
      block:
      - debug:
      rescue:
        - name: e
          copy: f
      loop:
        - g
- name: h
  yum:
    name: i

# j
- - name: k
    apt:
\ufeff- l
\tm
""".split("\n")  # noqa: SIM905 - lines read better as lines
)
ENDINGS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])


@st.composite
def edits(draw: st.DrawFn) -> list[str]:
    """A text and what becomes of it, an edit at a time."""
    line = st.tuples(LINES, ENDINGS).map("".join)
    lines = draw(st.lists(line, min_size=1, max_size=40))
    texts = ["".join(lines)]
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, len(lines)))
        last = draw(st.integers(first, min(len(lines), first + 3)))
        lines[first:last] = draw(st.lists(line, max_size=3))
        texts.append("".join(lines))
    return texts


@given(edits())
def test_after_any_edits_a_text_is_read_as_if_it_were_the_first(texts: list[str]) -> None:
    for text in texts:
        found = task_blocks(text)
        for n in range(8):
            task_blocks(f"{n}")  # none of them is akin to it, and no more are kept
        assert found == task_blocks(text)
        task_blocks(texts[0])


@given(edits())
def test_a_text_is_read_the_same_right_after_the_one_before(texts: list[str]) -> None:
    found = [task_blocks(text) for text in texts]
    for text, blocks in zip(texts, found, strict=True):
        for n in range(8):
            task_blocks(f"{n}")
        assert blocks == task_blocks(text)


def test_a_key_typed_in_a_long_file_leaves_the_other_tasks_what_they_are() -> None:
    text = "".join(f"- name: {n}\n  apt:\n    name: p{n}\n" for n in range(50))
    before = task_blocks(text)
    after = task_blocks(text.replace("name: p20", "name: p20x\n    state: present"))
    assert [one is other for one, other in zip(before, after, strict=True)] == [n < 20 for n in range(50)]
    assert [block.first_line for block in after[19:23]] == [57, 60, 64, 67]
