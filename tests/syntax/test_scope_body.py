"""`task_body`: the rest of a task whose name stands."""

from __future__ import annotations

import pytest

from chiron.records import Expects, FileKind, Position, Range
from support.scopes import BODY, HANDLERS, PLAYBOOK, TASKS, check, check_fill, check_none

APT = "apt:\n  name: nginx"
TASK = {"name": "Install nginx", "apt": {"name": "nginx"}}


def test_a_body_is_offered_at_the_end_of_a_name_line() -> None:
    check(
        "- name: Install nginx¦\n",
        BODY,
        expects=Expects.TASK,
        file_kind=TASKS,
        range=Range(Position(0, 21), Position(0, 21)),
        lead="\n",
        indent=2,
        task_column=0,
        before="- name: Install nginx",
        after="",
        task_name="Install nginx",
        module=None,
        present=("name",),
        typed="",
        in_handlers=False,
        task_line=0,
    )


def test_a_body_is_offered_on_the_blank_line_below_the_name() -> None:
    check(
        "- name: First\n  debug:\n\n- name: Install nginx\n  ¦\n",
        BODY,
        range=Range(Position(4, 0), Position(4, 2)),
        lead="",
        indent=2,
        before="- name: Install nginx\n",
        after="",
        task_line=3,
    )


@pytest.mark.parametrize("blanks", ["", " ", "  ", "    ", "          ", "\t"])
def test_any_indentation_will_do_right_below_the_name(blanks: str) -> None:
    check("- name: Install nginx\n" + blanks + "¦", BODY, indent=2)
    check("- hosts: a\n  tasks:\n    - name: Install nginx\n" + blanks + "¦", BODY, PLAYBOOK, indent=6)


def test_a_blank_line_further_down_must_be_indented() -> None:
    check("- name: Install nginx\n\n  ¦", BODY)
    check_none("- name: Install nginx\n\n¦")
    check_none("- name: Install nginx\n\n\n\n  ¦")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Install nginx", "Install nginx"),
        ("Install nginx   ", "Install nginx"),
        ('"Install nginx"', "Install nginx"),
        ("'Install nginx'  ", "Install nginx"),
        ("'It''s installed'", "It's installed"),
        ('"Say \\"hi\\""', 'Say "hi"'),
        ("Install nginx # the web server", "Install nginx"),
        ("Install {{ package }}", "Install {{ package }}"),
        ('"{{ package }} | Install"', "{{ package }} | Install"),
        ("Web | Install: nginx", "Web | Install: nginx"),
        ('"Web: install"', "Web: install"),
        ("Install C# and a#b", "Install C# and a#b"),
        ("安装 nginx 🚀", "安装 nginx 🚀"),
        ('Don\'t "quote"', 'Don\'t "quote"'),
        ("-1 is a number", "-1 is a number"),
    ],
)
def test_a_name_may_be_written_in_many_ways(written: str, name: str) -> None:
    check(f"- name: {written}¦\n", BODY, task_name=name)
    check(f"- name: {written}\n  ¦\n", BODY, task_name=name)


@pytest.mark.parametrize(
    "line",
    [
        "- name:¦",
        "- name: ¦",
        '- name: "Install¦',
        "- name: 'Install¦",
        '- name: ""¦',
        "- name: >¦",
        "- name: |-¦",
        "- name: [a]¦",
        "- name: {{ pack¦",
        "- name: Install {{ pack¦",
        "- name: Install {% if¦",
        "- name: *alias¦",
        "- name: Install¦ nginx",
        "- nam¦",
        "- named: Install¦",
        "- Install nginx¦",
        "name: Install¦",
        "-name: Install¦",
        "- { name: Install¦",
        "- # name: Install¦",
    ],
)
def test_no_body_before_there_is_a_name(line: str) -> None:
    check_none(line)


def test_a_name_with_blanks_behind_the_cursor_is_finished() -> None:
    check("- name: Install nginx¦  \n", BODY, after="  ")
    check_fill("- name: Install nginx ¦ \n", APT, TASK)


def test_the_body_goes_before_the_tasks_that_follow() -> None:
    check("- name: Install nginx¦\n- name: Next\n  debug:\n", BODY, after="")
    check("- name: Install nginx\n  ¦\n\n- name: Next\n  debug:\n", BODY, after="")
    check("- name: Install nginx\n¦\n- name: Next\n  debug:\n", BODY, after="")


def test_keywords_without_a_module_are_no_body() -> None:
    check("- name: Install nginx\n  become: true\n  ¦", BODY, present=("name", "become"))
    check("- name: Install nginx¦\n  become: true\n  when: a\n", BODY, present=("name", "become", "when"))
    check("- name: Install nginx\n  ¦\n  with_items: [a]\n", BODY, after="\n  with_items: [a]")
    check("- name: Install nginx\n  when:\n    - a\n    - b\n  ¦", BODY, present=("name", "when"))
    check("- become: true\n  name: Install nginx¦\n", BODY, task_name="Install nginx")
    check("- name: Install nginx\n  become: true\n¦", BODY)
    check("-\n  name: Install nginx¦\n", BODY, indent=2)


def test_the_task_is_whole_when_the_body_is_put_in() -> None:
    check_fill("- name: Install nginx¦\n", APT, TASK)
    check_fill("- name: Install nginx\n    ¦\n", APT, TASK)
    check_fill("- name: Install nginx¦\n  when: a\n", APT, TASK | {"when": "a"})
    check_fill(
        "- name: Install nginx\n  tags: [a,\n    b]\n  ¦\n  when: a\n",
        APT,
        TASK | {"tags": ["a", "b"], "when": "a"},
    )
    check_fill("---\n- x:\n\n-   name: Install nginx\n¦\n# end\n", APT, TASK)
    check_fill("- block:\n    - name: Install nginx\n      ¦\n  rescue:\n    - a:\n", APT, TASK)


@pytest.mark.parametrize(
    "fixture",
    [
        "- name: Install nginx¦\n  apt:\n    name: nginx\n",
        "- name: Install nginx¦\n  apt: name=nginx\n",
        "- name: Install nginx¦\n\n  # why\n  apt:\n",
        "- name: Install nginx¦\n  when: a\n  community.general.snap:\n    name: nginx\n",
        "- name: Install nginx¦\n  block:\n    - debug:\n",
        "- name: Install nginx¦\n  local_action: apt name=nginx\n",
        "- name: Install nginx\n  ¦\n  apt:\n    name: nginx\n",
        "- apt:\n    name: nginx\n  name: Install nginx¦\n",
        "- name: Install nginx\n  apt:\n    name: nginx\n  ¦\n",
        "- name: Install nginx\n  apt: name=nginx\n¦\n",
    ],
)
def test_no_body_for_a_task_that_has_one(fixture: str) -> None:
    check_none(fixture)


@pytest.mark.parametrize("key", ["tasks", "pre_tasks", "post_tasks", "handlers"])
@pytest.mark.parametrize("column", [2, 4, 6])
def test_every_list_of_a_play_holds_tasks(key: str, column: int) -> None:
    blanks = " " * column
    play = f"- name: Web\n  hosts: all\n  {key}:\n{blanks}- debug:\n{blanks}- name: Install nginx"
    check(
        play + "¦\n",
        BODY,
        PLAYBOOK,
        indent=column + 2,
        task_column=column,
        in_handlers=key == "handlers",
        task_line=4,
    )
    check(play + "\n¦\n" + blanks + "- debug:\n", BODY, PLAYBOOK, indent=column + 2)


@pytest.mark.parametrize("key", ["block", "rescue", "always"])
def test_every_list_of_a_block_holds_tasks(key: str) -> None:
    check(f"- name: Outer\n  {key}:\n    - name: Install nginx¦\n", BODY, indent=6, task_line=2)
    check(f"- {key}:\n  - name: Install nginx\n    ¦\n", BODY, indent=4, task_column=2)
    nested = f"- hosts: a\n  handlers:\n    - block:\n        - {key}:\n            - name: Install nginx¦\n"
    check(nested, BODY, PLAYBOOK, indent=14, in_handlers=True)


def test_an_entry_of_a_handlers_file_is_a_handler() -> None:
    check("- name: Restart nginx¦", BODY, HANDLERS, in_handlers=True)
    check("- name: Restart nginx\n  listen: web\n  ¦", BODY, HANDLERS, present=("name", "listen"))


def test_the_keys_stand_where_the_name_does() -> None:
    check("-   name: Install nginx¦\n", BODY, indent=4, task_column=0)
    check("-   name: Install nginx\n  ¦\n", BODY, indent=4)
    check("  - name: Install nginx¦\n", BODY, indent=4, task_column=2)


@pytest.mark.parametrize(
    ("fixture", "file_kind"),
    [
        ("- name: Web¦\n", PLAYBOOK),
        ("- name: Web\n  ¦\n", PLAYBOOK),
        ("- hosts: all\n  name: Web¦\n", PLAYBOOK),
        ("- name: Web¦\n  hosts: all\n", TASKS),
        ("- hosts: all\n  roles:\n    - name: nginx¦\n", PLAYBOOK),
        ("- hosts: all\n  vars:\n    tasks:\n      - name: nginx¦\n", PLAYBOOK),
        ("- hosts: all\n  vars_prompt:\n    - name: user¦\n", PLAYBOOK),
        ("- hosts: all\n  vars:\n    users:\n      - name: alice¦\n", PLAYBOOK),
        ("- hosts: all\n  vars:\n    - name: alice\n  ¦\n", PLAYBOOK),
        ("tasks:\n  - name: Install nginx¦\n", TASKS),
        ("- block:\n    tasks:\n      - name: Install nginx¦\n", TASKS),
        ("- user:\n    name: alice¦\n", TASKS),
        ("- debug:\n  loop:\n    - name: alice¦\n", TASKS),
        ("- debug:\n  loop:\n  - name: alice\n    ¦\n", TASKS),
        ("- debug:\n  vars:\n    name: alice¦\n", TASKS),
        ("- - name: alice¦\n", TASKS),
        ("- shell: |\n    - name: Install nginx¦\n", TASKS),
        ("- shell: |\n    - name: Install nginx\n    ¦\n", TASKS),
        ("- copy:\n    content: >-\n\n      - name: Install nginx\n¦\n      - x\n", TASKS),
        ("- debug:\n    msg: !unsafe |2\n        - name: Install nginx¦\n", TASKS),
        ('- debug:\n    msg: "one\n      - name: Install nginx¦"\n', TASKS),
        ("- name: Install nginx\n  when:\n    ¦\n", TASKS),
        ("- name: Install nginx\n  when: >\n    ¦\n", TASKS),
        ("- name: Install nginx\n  vars:\n    ¦\n", TASKS),
        ("- name: Install nginx\n  vars:\n    a: b\n    ¦\n", TASKS),
        ("- name: Install nginx\n  when: a¦\n", TASKS),
        ("---¦\n", TASKS),
        ("¦", TASKS),
        ("¦\n- name: Install nginx\n", TASKS),
    ],
)
def test_no_body_where_no_task_stands(fixture: str, file_kind: FileKind) -> None:
    check_none(fixture, file_kind)


@pytest.mark.parametrize("file_kind", sorted(set(FileKind) - {PLAYBOOK, TASKS, HANDLERS}))
def test_other_files_hold_no_tasks(file_kind: FileKind) -> None:
    check_none("- name: Install nginx¦\n", file_kind)
    check_none("- hosts: all\n  tasks:\n    - name: Install nginx\n      ¦\n", file_kind)


BROKEN = [
    '- name: "unclosed\n  debug:\n',
    "- debug: {a: [\n",
    "- debug:\n    msg: {{ broken }}\n",
    "- apt\n",
    "- name: a: b: c\n  debug:\n",
    "garbage\n",
    "- debug:\n\tmsg: tab\n",
    "- name: half\n  ansible.builtin.\n",
    "- name: >\n    folded\n  debug:\n",
    "- shell: |\n    if true; then\n  echo\n",
    "- 'key: 1\n",
    "%\n",
    "@`\n",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_yaml_elsewhere_does_no_harm(broken: str) -> None:
    check(broken + "- name: Install nginx¦\n", BODY, before="- name: Install nginx", after="")
    check("- name: Install nginx\n  ¦\n" + broken, BODY, before="- name: Install nginx\n")
    indented = "".join("    " + line for line in broken.splitlines(keepends=True))
    check("- hosts: all\n  tasks:\n" + indented + "    - name: Install nginx\n¦\n" + indented, BODY, PLAYBOOK)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_one(end: str) -> None:
    text = "- hosts: all\n  tasks:\n    - name: Install nginx¦\n      when: a\n    - debug:\n".replace(
        "\n", end
    )
    check(text, BODY, PLAYBOOK, lead="\n", indent=6, after=end + "      when: a", task_line=2)
    check(
        f"- name: Install nginx{end}  ¦{end}- debug:{end}",
        BODY,
        before=f"- name: Install nginx{end}",
        after="",
    )


def test_columns_are_counted_in_characters() -> None:
    check("- debug: 😀\n- name: 🚀 漢字¦\n", BODY, range=Range(Position(1, 12), Position(1, 12)))


def test_a_byte_order_mark_is_no_indentation() -> None:
    check("\ufeff- name: Install nginx¦\n", BODY, indent=2, task_column=0, before="- name: Install nginx")
    check("\ufeff- name: Install nginx\n  ¦\n", BODY, indent=2, before="- name: Install nginx\n")


def test_a_document_of_its_own_starts_anew() -> None:
    check("a:\n  b: |\n---\n- name: Install nginx¦\n", BODY)


def test_tasks_in_a_play_are_found_in_a_tasks_file_too() -> None:
    check("- hosts: all\n  tasks:\n    - name: Install nginx¦\n", BODY, TASKS, indent=6)
