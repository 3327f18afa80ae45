"""`module_name` and `module_options`: the rest of a module's name, and options it lacks."""

from __future__ import annotations

import pytest

from chiron.records import Expects, FileKind, Position, Range
from support.scopes import BODY, HANDLERS, MODULE, OPTIONS, PLAYBOOK, TASKS, check, check_fill, check_none

# --------------------------------------------------------------------------- module_name


def test_a_begun_module_is_offered_its_rest() -> None:
    check(
        "- name: Install nginx\n  ansible.builtin.ap¦\n",
        MODULE,
        expects=Expects.FRAGMENT,
        range=Range(Position(1, 0), Position(1, 20)),
        lead="",
        indent=2,
        task_column=0,
        before="- name: Install nginx\n",
        after="",
        task_name="Install nginx",
        module=None,
        present=("name",),
        typed="ansible.builtin.ap",
        task_line=0,
    )


@pytest.mark.parametrize(
    "typed", ["a", "apt", "ansible", "ansible.", "ansible.builtin.", "community.general.npm_"]
)
def test_any_beginning_of_a_name_will_do(typed: str) -> None:
    check(f"- name: Install nginx\n  {typed}¦\n", MODULE, typed=typed)
    check(
        f"- hosts: a\n  tasks:\n  - when: b\n    {typed}¦\n    loop: []\n",
        MODULE,
        PLAYBOOK,
        typed=typed,
        indent=4,
    )


def test_a_task_without_a_name_begins_with_its_module() -> None:
    check(
        "- debug:\n- ap¦\n",
        MODULE,
        range=Range(Position(1, 0), Position(1, 4)),
        indent=2,
        task_column=0,
        before="",
        task_name="",
        present=(),
        typed="ap",
        task_line=1,
    )
    check("- block:\n    -   ap¦\n", MODULE, indent=8, task_column=4)
    check("- ap¦\n  when: a\n", MODULE, present=("when",), after="\n  when: a")
    check("-\n  ap¦\n", MODULE, indent=2, before="-\n")
    check("\ufeff- ap¦\n", MODULE, indent=2, range=Range(Position(0, 1), Position(0, 5)))


def test_a_module_can_be_begun_between_keywords() -> None:
    check("- name: a\n  become: true\n  ap¦\n  when: b\n", MODULE, present=("name", "become", "when"))
    check("- name:\n  ap¦\n", MODULE, task_name="")
    check("- name: a\n  # why\n\n  ap¦\n", MODULE)


def test_the_task_is_whole_when_the_module_is_put_in() -> None:
    check_fill("- name: a\n  ap¦\n  when: b\n", "apt: name=c", {"name": "a", "apt": "name=c", "when": "b"})
    check_fill(
        "- name: a\r\n  ap¦\r\n  when: b\r\n", "apt: name=c", {"name": "a", "apt": "name=c", "when": "b"}
    )


@pytest.mark.parametrize(
    ("fixture", "file_kind"),
    [
        ("- name: a\n  ap¦\n  apt:\n    name: b\n", TASKS),
        ("- name: a\n  apt:\n    name: b\n  regi¦\n", TASKS),
        ("- name: a\n    ap¦\n", TASKS),
        ("- name: a\n ap¦\n", TASKS),
        ("- name: a\nap¦\n", TASKS),
        ("-   name: a\n  ap¦\n", TASKS),
        ("- name: a\n  ap ¦\n", TASKS),
        ("- name: a\n  ap¦t\n", TASKS),
        ("- name: a\n  when¦\n", TASKS),
        ("- name: a\n  block¦\n", TASKS),
        ("- name: a\n  with_items¦\n", TASKS),
        ("- name: a\n  ap t¦\n", TASKS),
        ("- name: a\n  apt:¦\n", TASKS),
        ("- name: a\n  apt: na¦\n", TASKS),
        ("- name: a\n  - ap¦\n", TASKS),
        ("- name: a\n  vars:\n    ap¦\n", TASKS),
        ("- name: a\n  when: >\n    ap¦\n", TASKS),
        ("- name: a\n  when: [b,\n    ap¦\n", TASKS),
        ("- name: a\n  tags:\n    - ap¦\n", TASKS),
        ("- n¦\n", TASKS),
        ("- name¦\n", TASKS),
        ("- ¦\n", TASKS),
        ("-¦\n", TASKS),
        ("ap¦\n", TASKS),
        ("- ho¦\n", PLAYBOOK),
        ("- hosts: all\n  ta¦\n", PLAYBOOK),
        ("- hosts: all\n  ga¦\n", TASKS),
        ("- hosts: all\n  roles:\n    - ng¦\n", PLAYBOOK),
        ("- hosts: all\n  vars:\n    a: b\n    c¦\n", PLAYBOOK),
        ("- shell: |\n    - ap¦\n", TASKS),
        ("a:\n  - ap¦\n", TASKS),
    ],
)
def test_no_module_where_none_can_stand(fixture: str, file_kind: FileKind) -> None:
    check_none(fixture, file_kind)


@pytest.mark.parametrize("file_kind", sorted(set(FileKind) - {PLAYBOOK, TASKS, HANDLERS}))
def test_no_module_in_other_files(file_kind: FileKind) -> None:
    check_none("- name: a\n  ap¦\n", file_kind)


# --------------------------------------------------------------------------- module_options


def test_options_are_offered_on_a_blank_line_of_the_module() -> None:
    check(
        "- hosts: all\n  tasks:\n    - name: Install nginx\n      ansible.builtin.apt:\n        name: nginx\n"
        "        ¦\n      become: true\n    - debug:\n",
        OPTIONS,
        PLAYBOOK,
        expects=Expects.OPTIONS,
        range=Range(Position(5, 0), Position(5, 8)),
        lead="",
        indent=8,
        task_column=4,
        before="    - name: Install nginx\n      ansible.builtin.apt:\n        name: nginx\n",
        after="\n      become: true",
        task_name="Install nginx",
        module="ansible.builtin.apt",
        present=("name",),
        typed="",
        in_handlers=False,
        task_line=2,
    )


def test_options_are_offered_on_a_begun_line() -> None:
    check(
        "- apt:\n    name: nginx\n    sta¦\n",
        OPTIONS,
        HANDLERS,
        typed="sta",
        present=("name",),
        in_handlers=True,
    )
    check("- apt:\n    sta¦\n    name: nginx\n", OPTIONS, typed="sta", present=("name",))


def test_options_above_and_below_are_present() -> None:
    check("- copy:\n    src: a\n    ¦\n    dest: b\n    mode: c\n", OPTIONS, present=("src", "dest", "mode"))
    check("- copy:\n    ¦\n    dest: b\n", OPTIONS, present=("dest",))
    check("- copy:\n    content: |\n      dest: no\n    ¦\n", OPTIONS, present=("content",))
    check("- user:\n    groups:\n      - a\n      - b\n    ¦\n", OPTIONS, present=("groups",))
    check("- apt:\n    ¦\n", OPTIONS, present=())


def test_options_stand_where_their_siblings_do() -> None:
    check("- apt:\n        name: a\n        ¦\n", OPTIONS, indent=8)
    check_none("- apt:\n        name: a\n      ¦\n")
    check_none("- apt:\n        name: a\n      st¦\n")
    check_none("- apt:\n      name: a\n        ¦\n")


def test_without_siblings_the_habits_of_the_file_count() -> None:
    check("- apt:\n      name: a\n- apt:\n    ¦\n", OPTIONS, indent=6)
    check("- apt:\n    name: a\n- apt:\n      ¦\n", OPTIONS, indent=4)
    check("- apt:\n      ¦\n", OPTIONS, indent=4)
    check("- apt:\n      na¦\n", OPTIONS, indent=6)
    check("- debug:\n  loop:\n      - a\n- apt:\n    ¦\n", OPTIONS, indent=4)


def test_the_task_is_whole_when_options_are_put_in() -> None:
    task = {"name": "a", "apt": {"name": "b", "state": "present"}, "when": "c"}
    check_fill("- name: a\n  apt:\n    name: b\n    ¦\n  when: c\n", "state: present", task)
    check_fill("- name: a\n  apt:\n    sta¦\n    name: b\n  when: c\n\n# x\n", "state: present", task)
    check_fill('- name: a\n  apt:\n    name: "b"\n\n    ¦\n  when: c\n', "state: present", task)


def test_a_comment_or_a_blank_line_does_not_end_the_options() -> None:
    check("- apt:\n    # which\n    name: a\n\n    # how\n    ¦\n", OPTIONS, present=("name",))
    check_none("- apt:\n    name: a\n\n\n\n    ¦\n")


@pytest.mark.parametrize(
    "fixture",
    [
        "- apt:\n    name:\n      ¦\n",
        "- apt:\n    name:\n      - ¦\n",
        "- apt:\n    name:\n      - a\n      ¦\n",
        "- iptables:\n    match_set_flags:\n      a: b\n      c¦\n",
        "- iptables:\n    limits:\n      - a: b\n        c¦\n",
        "- apt:\n    name: ¦\n",
        "- apt:\n    name: a¦\n",
        "- apt:\n    name¦: a\n",
        "- apt: name=a\n    ¦\n",
        "- apt: name=a\n    st¦\n",
        "- apt:\n    name: a\n  ¦\n",
        "- apt:\n    name: a\n¦\n",
        "- shell: |\n    echo\n    ¦\n",
        "- shell: |\n    ec¦\n",
        "- apt:\n    name: |\n      a\n      b¦\n",
        "- debug:\n    msg: [a,\n    b¦\n    ]\n",
        '- debug:\n    msg: "a\n    b¦\n      c"\n',
        "- block:\n    ¦\n",
        "- block:\n    na¦\n",
        "- local_action:\n    ¦\n",
        "- action:\n    mod¦\n",
        "- command: ls\n  args:\n    ¦\n",
        "- command: ls\n  vars:\n    a¦\n",
        "- debug:\n  environment:\n    a: b\n    ¦\n",
        "- debug:\n  loop_control:\n    la¦\n",
        "- debug:\n  with_dict:\n    a¦\n",
        "- when: a\n  vars:\n    ap¦\n",
        "- apt: &a {name: b}\n    st¦\n",
        "- apt:\n  - name: a\n    ¦\n",
    ],
)
def test_no_options_elsewhere(fixture: str) -> None:
    check_none(fixture)


def test_an_anchor_or_a_comment_behind_the_module_is_no_value() -> None:
    check("- apt: &install\n    name: a\n    ¦\n", OPTIONS, module="apt")
    check("- apt:  # why\n    name: a\n    ¦\n", OPTIONS, module="apt")
    check('- "apt":\n    name: a\n    ¦\n', OPTIONS, module="apt")


def test_a_second_module_has_no_options() -> None:
    check("- apt:\n    name: a\n    ¦\n  yum:\n    name: b\n", OPTIONS, module="apt")
    check_none("- apt:\n    name: a\n  yum:\n    name: b\n    ¦\n")


@pytest.mark.parametrize(
    "fixture", ["- play:\n    ¦\n", "- hosts: all\n  vars:\n    ¦\n", "- vars:\n    a: b\n    ¦\n"]
)
def test_no_options_in_the_head_of_a_play(fixture: str) -> None:
    check_none(fixture, PLAYBOOK)


def test_a_long_text_of_an_option_is_passed_over() -> None:
    text = "".join(f"        line {n}: {{{{ a }}}}\n\n" for n in range(500))
    check("- copy:\n    content: |\n" + text + "    ¦\n    dest: a\n", OPTIONS, present=("content", "dest"))


def test_what_was_left_open_above_the_task_does_no_harm() -> None:
    check('- debug:\n    msg: "open\n- apt:\n    name: a\n    ¦\n', OPTIONS, present=("name",))
    check("- debug: {a: [b\n- apt:\n    name: a\n    st¦\n", OPTIONS, typed="st")
    check('- debug:\n    msg: "open\n- name: a\n  ¦\n', BODY)
