"""Rewrites by rule: what they change, byte for byte, and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite import (
    CODES,
    EVERYWHERE,
    SAFE,
    apply_edits,
    everywhere,
    fix_text,
    rewrites_of,
    to_fix,
)
from chiron.ansible.rewrite.meaning import meaning_of
from chiron.ansible.rewrite.values import is_truth
from chiron.config import Settings
from chiron.records import FileKind

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"

BEFORE = "---\n# A comment that stays: k=v, yes\n\n- name: 'Quoted'   # and its comment\n  meta: noop\n\n"
AFTER = "\n\n# the end\n- name:   Wide\n  meta:    end_play\n"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The test collections over the ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(collections_paths=(COLLECTIONS,)), None, {})


def check_fixed(catalog: Catalog, text: str, expected: str, kind: FileKind = FileKind.TASKS) -> None:
    """`text` becomes exactly `expected`, alone, between other lines and with other line ends, and once."""
    assert fix_text(text, kind, catalog, off={"fqcn"}).text == expected
    assert fix_text(expected, kind, catalog, off={"fqcn"}).text == expected
    if kind is FileKind.TASKS:
        whole = BEFORE + text + AFTER
        fixed = fix_text(whole, kind, catalog, off={"fqcn"}).text
        assert fixed == BEFORE + expected + AFTER
        crlf = fix_text(whole.replace("\n", "\r\n"), kind, catalog, off={"fqcn"}).text
        assert crlf == fixed.replace("\n", "\r\n")
        assert meaning_of(fixed, kind, catalog) == meaning_of(whole, kind, catalog)


def check_left(catalog: Catalog, text: str, kind: FileKind = FileKind.TASKS) -> None:
    """No safe rewrite touches `text`."""
    check_fixed(catalog, text, text, kind)


def check_offered(catalog: Catalog, text: str, code: str, expected: str) -> None:
    """A rewrite that is not made unasked turns `text` into exactly `expected`."""
    found = [one for one in rewrites_of(text, FileKind.TASKS, catalog) if one.code == code]
    assert found, f"no {code} was offered"
    assert not found[0].safe
    assert apply_edits(text, found[0].edits) == expected
    assert fix_text(text, FileKind.TASKS, catalog, off=SAFE).text == text


def test_every_safe_code_is_documented() -> None:
    assert set(CODES) > SAFE


# ------------------------------------------------------------------ names


def test_a_short_name_becomes_the_installed_one(catalog: Catalog) -> None:
    text = '- "copy": {src: a, dest: b}   # kept\n- debug:\n- volume:\n    letter: a\n'
    expected = text.replace('"copy"', '"ansible.builtin.copy"').replace("debug:", "ansible.builtin.debug:")
    assert fix_text(text, FileKind.TASKS, catalog).text == expected


def test_a_short_name_follows_the_collections_of_its_play(catalog: Catalog) -> None:
    text = "- hosts: all\n  collections: [acme.cloud]\n  tasks:\n    - volume: {letter: a}\n"
    fixed = fix_text(text, FileKind.PLAYBOOK, catalog).text
    assert fixed == text.replace("- volume", "- acme.cloud.volume")


def test_an_alias_of_a_module_in_the_same_collection_keeps_its_name(catalog: Catalog) -> None:
    text = "- yum: {name: a}\n"
    assert fix_text(text, FileKind.TASKS, catalog).text == "- ansible.builtin.yum: {name: a}\n"


def test_a_module_that_nobody_has_keeps_its_name(catalog: Catalog) -> None:
    text = "- no_such_module: {a: 1}\n- xyz.abc.d: {a: 1}\n"
    assert fix_text(text, FileKind.TASKS, catalog).text == text


def test_the_names_under_module_defaults_become_the_installed_ones(catalog: Catalog) -> None:
    text = (
        "- hosts: all\n  module_defaults:\n    copy: {mode: '0644'}  # kept\n    group/acme: {a: 1}\n"
        "    ansible.builtin.file: {mode: '0644'}\n    file: {owner: a}\n  tasks:\n    - name: A\n"
        "      module_defaults: {volume: {letter: a}}\n      collections: [acme.cloud]\n"
        "      ansible.builtin.meta: noop\n"
    )
    expected = text.replace("    copy:", "    ansible.builtin.copy:").replace("{volume", "{acme.cloud.volume")
    assert fix_text(text, FileKind.PLAYBOOK, catalog).text == expected
    assert fix_text(expected, FileKind.PLAYBOOK, catalog).text == expected


def test_rewrites_of_one_code_are_offered_for_the_whole_file(catalog: Catalog) -> None:
    text = "- copy: {src: a, dest: b}\n# c\n- file: {path: a, recurse: yes}\n  become: yes\n"
    found = rewrites_of(text, FileKind.TASKS, catalog)
    one, two = everywhere(found, {"fqcn", "boolean", "alias"})
    assert (one.code, one.title) == ("all-fqcn", "Write every module's name in full: 2 in this file")
    assert one.safe
    named = text.replace("copy", "ansible.builtin.copy").replace("file", "ansible.builtin.file")
    assert apply_edits(text, one.edits) == named
    assert apply_edits(text, two.edits) == text.replace("yes", "true")
    assert set(EVERYWHERE) < set(CODES)


# ------------------------------------------------------------------ strings of options


def test_a_string_of_options_becomes_a_mapping(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        '- name: Copy\n  copy: src=a dest="/etc/b c" mode=0644 backup=yes  # why\n  when: x is defined\n',
        '- name: Copy\n  copy:\n    src: a\n    dest: /etc/b c\n    mode: "0644"\n    backup: true  # why\n'
        "  when: x is defined\n",
    )


def test_values_stay_strings_where_strings_are_taken(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        "- user: \"name=007 comment='a: b #c' uid=12 shell={{ sh }}\"\n",
        '- user:\n    name: "007"\n    comment: "a: b #c"\n    uid: 12\n    shell: "{{ sh }}"\n',
    )


def test_a_folded_string_of_options_becomes_a_mapping(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        "- copy: >\n    src=a\n    dest=b\n  become: true\n",
        "- copy:\n    src: a\n    dest: b\n  become: true\n",
    )


def test_a_command_keeps_its_line_and_its_options_get_names(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        "- command: ls -l 'a b' creates=/x chdir=/tmp\n",
        "- command:\n    cmd: ls -l 'a b'\n    creates: /x\n    chdir: /tmp\n",
    )


@pytest.mark.parametrize(
    "text",
    [
        "- command: ls -l\n",
        "- shell: a=1 b   c\n",
        "- shell: |\n    foo\n    bar creates=/x\n",
        "- command: ls   -l creates=/x\n",
        r'- copy: src=a content="a\nb" dest=c' + "\n",
        "- copy: src=a src=b dest=c\n",
        "- copy: src=a dest=b\n  args: {mode: x}\n",
        "- set_fact: a=yes b=1\n",
        "- {copy: src=a dest=b}\n",
        "- include_tasks: other.yml\n",
        "- copy: &anchor src=a dest=b\n",
        '- copy: "{{ all }}"\n',
        "- copy: > # a comment\n    src=a\n    dest=b\n",
        "- raw: ls creates=/x\n",
    ],
)
def test_what_would_not_come_out_the_same_is_left(catalog: Catalog, text: str) -> None:
    check_left(catalog, text)


def test_local_action_becomes_the_modules_key_and_a_delegation(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        "- name: A\n  local_action: copy src=a dest=b\n  become: false\n",
        "- name: A\n  ansible.builtin.copy:\n    src: a\n    dest: b\n  delegate_to: localhost\n"
        "  become: false\n",
    )
    check_fixed(
        catalog,
        "- local_action:\n    module: stat\n    path: /x  # this\n  register: x\n",
        "- ansible.builtin.stat:\n    path: /x  # this\n  delegate_to: localhost\n  register: x\n",
    )
    check_fixed(
        catalog,
        "- local_action: command ls 'a  b'\n",
        "- ansible.builtin.command: ls 'a  b'\n  delegate_to: localhost\n",
    )
    check_fixed(catalog, "- action: setup\n", "- ansible.builtin.setup:\n")
    check_left(catalog, "- local_action: copy src=a dest=b\n  delegate_to: there\n")
    check_left(catalog, "- local_action: '{{ it }} src=a'\n")


# ------------------------------------------------------------------ values


def test_booleans_are_written_one_way_where_a_boolean_is_taken(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        "- copy:\n    src: a\n    dest: b\n    backup: yes # c\n    content: yes\n  become: True\n"
        "  vars: {a: yes}\n",
        "- copy:\n    src: a\n    dest: b\n    backup: true # c\n    content: yes\n  become: true\n"
        "  vars: {a: yes}\n",
    )
    check_left(catalog, "- copy: {src: a, dest: b, backup: 'yes'}\n")


def test_booleans_of_plays_and_blocks_are_written_one_way(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        "- hosts: all\n  gather_facts: no\n  vars:\n    a: no\n  tasks:\n    - block:\n        - meta: noop\n"
        "      ignore_errors: Yes\n",
        "- hosts: all\n  gather_facts: false\n  vars:\n    a: no\n  tasks:\n    - block:\n"
        "        - meta: noop\n"
        "      ignore_errors: true\n",
        FileKind.PLAYBOOK,
    )


def test_a_mode_is_quoted_as_it_is_written(catalog: Catalog) -> None:
    check_fixed(
        catalog, "- file: {path: a, mode: 0644}\n- file: {path: a, mode: 02755}\n",
        '- file: {path: a, mode: "0644"}\n- file: {path: a, mode: "02755"}\n',
    )  # fmt: skip
    check_left(catalog, "- file: {path: a, mode: u=rw}\n- file: {path: a, mode: 0o644}\n")


def test_a_mode_without_its_zero_is_offered_as_the_change_it_is(catalog: Catalog) -> None:
    text = "- file:\n    path: a\n    mode: 644\n"
    check_offered(catalog, text, "mode-octal", '- file:\n    path: a\n    mode: "0644"\n')
    (one,) = [one for one in rewrites_of(text, FileKind.TASKS, catalog) if one.code == "mode-octal"]
    assert "1204" in one.title


def test_a_condition_loses_braces_it_does_not_need(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        "- meta: noop\n  when:\n    - \"{{ a == 'b' }}\"\n    - '{{ not c }}'  # d\n"
        '  changed_when: "{{ x | bool }}"\n',
        "- meta: noop\n  when:\n    - a == 'b'\n    - not c  # d\n  changed_when: x | bool\n",
    )
    check_left(catalog, '- meta: noop\n  when: "{{ a }}"\n')
    check_offered(catalog, '- meta: noop\n  when: "{{ a }}"\n', "condition", "- meta: noop\n  when: a\n")
    check_left(catalog, '- meta: noop\n  when: "{{ a }} == {{ b }}"\n')


@pytest.mark.parametrize(
    "expression", ["a == b", "not a", "a is defined", "'x' in y", "a | bool", "a > 1 and b is failed"]
)
def test_comparisons_and_tests_can_only_be_true_or_false(expression: str) -> None:
    assert is_truth(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "a",
        "a.b",
        "f(a == b)",
        "a == b if c else d",
        "a or b",
        "a | default(false)",
        "'a == b'",
        "a and b == c",
    ],
)
def test_other_expressions_may_be_strings_to_be_evaluated_again(expression: str) -> None:
    assert not is_truth(expression)


# ------------------------------------------------------------------ loops


def test_with_items_over_what_is_written_out_becomes_loop(catalog: Catalog) -> None:
    check_fixed(
        catalog,
        '- debug:\n  with_items:  # c\n    - a\n    - "{{ b }}-c"\n    - {d: e}\n- debug:\n'
        "  with_list: [[1, 2], 3]\n",
        '- debug:\n  loop:  # c\n    - a\n    - "{{ b }}-c"\n    - {d: e}\n- debug:\n  loop: [[1, 2], 3]\n',
    )


@pytest.mark.parametrize(
    "items", ['"{{ x }}"', '["{{ x }}"]', "[[1, 2], 3]", "a", "[a, null]", '["{{ a }}{{ b }}"]']
)
def test_with_items_over_what_may_hold_lists_is_left(catalog: Catalog, items: str) -> None:
    check_left(catalog, f"- debug:\n  with_items: {items}\n")


def test_other_loops_are_offered_with_their_filter(catalog: Catalog) -> None:
    check_offered(
        catalog,
        '- debug:\n  with_dict: "{{ users }}"\n',
        "loop-filter",
        '- debug:\n  loop: "{{ users | dict2items }}"\n',
    )
    check_offered(
        catalog,
        "- debug:\n  with_items: '{{ a.b }}'  # c\n",
        "loop-filter",
        "- debug:\n  loop: '{{ a.b | flatten(levels=1) }}'  # c\n",
    )


# ------------------------------------------------------------------ offered, never made unasked


def test_required_options_get_their_lines(catalog: Catalog) -> None:
    check_offered(
        catalog,
        "- copy:\n    src: a\n  # c\n- meta: noop\n",
        "add-required",
        "- copy:\n    src: a\n    dest:\n  # c\n- meta: noop\n",
    )
    check_offered(catalog, "- get_url:  # c\n", "add-required", "- get_url:  # c\n    url:\n    dest:\n")


def test_a_secret_is_kept_out_of_the_log(catalog: Catalog) -> None:
    check_offered(
        catalog,
        "- user:\n    name: a\n    password: '{{ b }}' # c\n\n- meta: noop\n",
        "no-log",
        "- user:\n    name: a\n    password: '{{ b }}' # c\n  no_log: true\n\n- meta: noop\n",
    )


def test_an_alias_becomes_the_options_name(catalog: Catalog) -> None:
    check_offered(catalog, "- file: {dest: /x}\n", "alias", "- file: {path: /x}\n")


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("apt: {name: nginx, state: present}", "Install nginx"),
        ("apt: {name: [a, b, c, d]}", "Install a, b, c and 1 more"),
        ("package: name=nginx state=absent", "Remove nginx"),
        ("service: {name: nginx, state: restarted, enabled: true}", "Restart and enable nginx"),
        ("systemd: {daemon_reload: true}", "Reload systemd"),
        ("file: {path: /srv, state: directory}", "Create directory /srv"),
        ("command: 'systemctl   daemon-reload'", "Run systemctl daemon-reload"),
        ("set_fact: {a: 1, b: 2}", "Set a, b"),
        ("copy: {src: a, dest: '{{ b }}'}", "Copy {{ b }}"),
        ("include_tasks: setup.yml", "Include setup.yml"),
    ],
)
def test_a_task_without_a_name_gets_one_from_what_it_does(catalog: Catalog, task: str, name: str) -> None:
    quoted = f'"{name}"' if "{{" in name and name.startswith("{{") else name
    check_offered(catalog, f"- {task}\n", "name", f"- name: {quoted}\n  {task}\n")


def test_a_name_that_could_only_repeat_the_module_is_not_offered(catalog: Catalog) -> None:
    for text in ("- acme.cloud.volume: {letter: a}\n", "- name: There\n  debug:\n", "- {debug: {msg: a}}\n"):
        assert not [one for one in rewrites_of(text, FileKind.TASKS, catalog) if one.code == "name"]


# ------------------------------------------------------------------ any text


def test_broken_and_other_files_have_no_rewrites(catalog: Catalog) -> None:
    for text in (
        "- copy: src=a: b=c\n",
        "- [",
        "",
        "\t- a",
        "a: yes\n",
        "$ANSIBLE_VAULT;1.1;AES256\n3939\n",
        "- *a\n",
    ):
        assert fix_text(text, FileKind.TASKS, catalog).text == text
    assert rewrites_of("- copy: src=a dest=b\n", FileKind.VARS, catalog) == []


@pytest.mark.parametrize(
    "text",
    [
        "- &a\n  <<: *a\n",
        "- &a\n  name: x\n  vars: *a\n",
        "- &a\n  name: x\n  block: &b\n    - *a\n",
        "- &a\n  debug:\n    msg: [*a]\n  become: yes\n",
        "- &a\n- &a\n  name: x\n  loop: &b\n    - *b\n",
        "- name: x\n  vars: &v\n    k: *v\n  debug: {}\n",
    ],
)
def test_a_text_that_holds_itself_ends_all_the_same(catalog: Catalog, text: str) -> None:
    for kind in (FileKind.TASKS, FileKind.PLAYBOOK):
        fix_text(text, kind, catalog)
        for one in rewrites_of(text, kind, catalog):
            apply_edits(text, one.edits)


def test_a_text_that_aliases_make_endless_is_left_alone_at_once(catalog: Catalog) -> None:
    bomb = "    a0: &a0 [x, x]\n" + "".join(f"    a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    text = f"- name: a\n  vars:\n{bomb}  command: ls\n"
    assert fix_text(text, FileKind.TASKS, catalog).text == text
    assert meaning_of(text, FileKind.TASKS, catalog) is None
    assert meaning_of("- &a\n  vars: *a\n", FileKind.TASKS, catalog) is None
    assert meaning_of("- vars: {a: &a [x], b: *a, c: [*a, *a]}\n", FileKind.TASKS, catalog) is not None


def test_what_an_alias_repeats_is_rewritten_once(catalog: Catalog) -> None:
    text = "- &one\n  copy: {src: a, dest: b, backup: yes}\n- *one\n"
    assert fix_text(text, FileKind.TASKS, catalog, off={"fqcn"}).text == text.replace("yes", "true")


def test_edits_of_a_rewrite_become_ranges_in_lines_and_columns(catalog: Catalog) -> None:
    (one,) = [r for r in rewrites_of("---\n- debug:\n", FileKind.TASKS, catalog) if r.code == "fqcn"]
    ((place, text),) = to_fix("---\n- debug:\n", one).edits
    assert (place.start.line, place.start.column, place.end.column) == (1, 2, 7)
    assert text == "ansible.builtin.debug"


_PIECES = st.lists(
    st.sampled_from(
        [
            "- copy: src=a dest=b\n", "  become: yes\n", "  when: \"{{ a == b }}\"\n", "# c\n", "\n",
            "- name: x\n", "- file:\n    path: a\n    mode: 0644\n", "  with_items:\n    - a\n    - [b]\n",
            "- local_action: command ls creates=x\n", "- block:\n    - debug:\n", "  é: ü\n"
            "", "  args:\n    chdir: x\n",
            "- {user: {name: a, append: yes}}\n", "  notify: x\n", "\t", "- &a\n", "  <<: *a\n"
            "", "---\n", "- 1\n",
        ]
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_PIECES, st.sampled_from(["\n", "\r\n"]))
def test_whatever_the_text_its_meaning_stays_and_a_second_run_changes_nothing(
    catalog: Catalog, pieces: list[str], newline: str
) -> None:
    text = "".join(pieces).replace("\n", newline)
    fixed = fix_text(text, FileKind.TASKS, catalog).text
    assert meaning_of(fixed, FileKind.TASKS, catalog) == meaning_of(text, FileKind.TASKS, catalog)
    assert fix_text(fixed, FileKind.TASKS, catalog).text == fixed
    for one in rewrites_of(text, FileKind.TASKS, catalog):
        apply_edits(text, one.edits)
