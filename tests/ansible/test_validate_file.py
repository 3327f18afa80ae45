"""Whole files: plays, their headers and roles; strings taken apart; names that are there in the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.ansible.freeform import parse, words
from chiron.ansible.validate import validate_file
from chiron.config import Settings
from chiron.records import Facts, FileKind

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.open(Settings(collections_paths=(COLLECTIONS,)), None, {})


def check(
    catalog: Catalog,
    text: str,
    *expected: str,
    kind: FileKind = FileKind.PLAYBOOK,
    facts: Facts | None = None,
) -> None:
    """These problems are found, as `line: code`."""
    problems = validate_file(text, kind, catalog, facts)
    assert [f"{problem.range.start.line}: {problem.code}" for problem in problems] == list(expected)


def test_a_good_playbook_has_no_problems(catalog: Catalog) -> None:
    check(
        catalog,
        """---
- name: Web servers
  hosts: [web, "{{ more }}"]
  become: yes
  serial: [1, 30%]
  max_fail_percentage: 30%
  order: sorted
  vars: {port: 80}
  vars_files: [a.yml, [b.yml, c.yml]]
  roles:
    - common
    - role: web
      port: 80
      when: port == 80
    - { name: db, tags: [a] }
  pre_tasks:
    - debug: {msg: a}
  handlers:
    - name: Restart
      service: {name: web, state: restarted}
      listen: all
- import_playbook: other.yml
  vars: {a: b}
  when: c
""",
    )


def test_plays_have_keywords_of_their_own(catalog: Catalog) -> None:
    check(catalog, "- hosts: a\n  register: b\n", "1: unknown-keyword")
    check(catalog, "- hosts: a\n  sudo: true\n  tasks: {}\n", "1: unknown-keyword", "2: wrong-type")
    check(catalog, "- hosts: a\n  order: random\n  gather_facts: maybe\n", "1: wrong-choice", "2: wrong-type")
    check(catalog, "- import_playbook: a.yml\n  hosts: b\n", "1: unknown-keyword")
    check(catalog, "- name: a\n  tasks: []\n", "0: missing-hosts")
    check(catalog, "- hosts: a\n  roles: [{port: 80}, [b]]\n", "1: missing-required", "1: not-a-mapping")


def test_tasks_of_plays_are_checked_where_they_stand(catalog: Catalog) -> None:
    defaults = "- hosts: a\n  module_defaults: {copy: {dest: b}}\n"
    text = f"{defaults}  tasks:\n    - copy: {{src: a}}\n    - copy: {{srce: a}}\n"
    check(catalog, text, "4: unknown-option")
    text = "- hosts: a\n  handlers:\n    - {fail: , listen: a}\n  tasks:\n    - {fail: , listen: a}\n"
    check(catalog, text, "4: unknown-keyword")


def test_a_playbook_is_a_list_and_what_is_none_is_left_alone(catalog: Catalog) -> None:
    check(catalog, "hosts: a\ntasks: []\n", "0: not-a-list")
    check(catalog, "some: variables\n")
    check(catalog, "- a\n", "0: not-a-mapping")
    check(catalog, "")


def test_files_without_tasks_are_checked_as_yaml(catalog: Catalog) -> None:
    check(catalog, "a: 1\nb: 2\na: 3\n", "2: duplicate-key", kind=FileKind.VARS)
    check(catalog, "a: {{ b }}\n", "0: unquoted-jinja", kind=FileKind.VARS)
    check(catalog, "a: [\n", "1: yaml-syntax", kind=FileKind.META)
    check(catalog, "a: [\n", kind=FileKind.TEMPLATE)
    check(catalog, "$ANSIBLE_VAULT;1.1;AES256\n31\n", kind=FileKind.VAULT)


# ------------------------------------------------------------------ what is there in the project

FACTS = Facts(
    role="web",
    handlers=("Restart web", "reload {{ name }}", "common : Reload"),
    templates=("web.conf.j2", "sub/a.j2"),
    files=("motd", "keys/a.pub"),
)


def check_task(catalog: Catalog, task: str, *expected: str, facts: Facts = FACTS) -> None:
    check(catalog, f"- {task}\n", *(f"0: {code}" for code in expected), kind=FileKind.TASKS, facts=facts)


@pytest.mark.parametrize(
    "task",
    [
        "{fail: , notify: Restart web}",
        "{fail: , notify: [Restart web, 'web : Restart web', reload nginx, '{{ which }}']}",
        "template: {src: web.conf.j2, dest: a}",
        "template: {src: templates/sub/a.j2, dest: a}",
        "template: {src: './a.j2', dest: a}",
        "template: {src: '{{ a }}.j2', dest: a}",
        "template: {src: /abs/a.j2, dest: a}",
        "template: {src: ../../other/a.j2, dest: a}",
        "copy: {src: motd, dest: a}",
        "copy: {src: keys/, dest: a}",
        "copy: {src: not_here, dest: a, remote_src: yes}",
        "copy: {content: b, dest: a}",
        "unarchive: {src: 'https://a/b.tar', dest: a}",
        "script: keys/a.pub --flag",
        "script: creates=/x motd",
    ],
)
def test_what_is_there_may_be_named(catalog: Catalog, task: str) -> None:
    check_task(catalog, task)


def test_what_is_not_there_is_told(catalog: Catalog) -> None:
    check_task(catalog, "{fail: , notify: Restart db}", "undefined-handler")
    check_task(catalog, "{fail: , notify: [Restart web, restart web]}", "undefined-handler")
    check_task(catalog, "template: {src: db.conf.j2, dest: a}", "missing-template")
    check_task(catalog, "template: src=db.conf.j2 dest=a", "missing-template")
    check_task(catalog, "copy: {src: nothing, dest: a}", "missing-file")
    check_task(catalog, "script: nothing.sh", "missing-file")


def test_where_the_project_is_not_known_nothing_is_missing(catalog: Catalog) -> None:
    unknown = Facts(role="web", complete=False)
    check_task(catalog, "{fail: , notify: Restart db}", facts=unknown)
    check_task(catalog, "template: {src: db.conf.j2, dest: a}", facts=unknown)


def test_each_play_has_what_is_within_its_own_reach(catalog: Catalog) -> None:
    text = "- hosts: a\n  tasks: [{fail: , notify: A}]\n- hosts: b\n  tasks: [{fail: , notify: A}]\n"
    problems = validate_file(
        text, FileKind.PLAYBOOK, catalog, lambda line: Facts(handlers=("A",) if line < 2 else ())
    )
    assert [problem.range.start.line for problem in problems] == [3]


def test_handlers_of_the_play_itself_are_there(catalog: Catalog) -> None:
    check(
        catalog,
        "- hosts: a\n  tasks: [{fail: , notify: [A, B]}]\n  handlers: [{name: A, fail: , listen: B}]\n",
        facts=Facts(),
    )


# ------------------------------------------------------------------ strings


def check_words(text: str, *expected: str) -> None:
    assert [word.text for word in words(text)[0]] == list(expected)
    assert all(text[word.start :].startswith(word.text) for word in words(text)[0])


def test_words_end_at_white_space_but_not_in_quotes_or_expressions() -> None:
    check_words("a=b  c=d\n e", "a=b", "c=d", "e")
    check_words("a='b c' \"d e\"", "a='b c'", '"d e"')
    check_words("a={{ b | c('d e') }} f", "a={{ b | c('d e') }}", "f")
    check_words("{% if a %}b c{% endif %} d", "{% if a %}b", "c{% endif %}", "d")
    check_words("a={# b c #}d e", "a={# b c #}d", "e")
    check_words("a \\\n b", "a", "b")
    check_words("a='it\\'s' b", "a='it\\'s'", "b")
    check_words("")


def test_pairs_are_told_from_the_rest() -> None:
    taken = parse('src=a dest="b c" mode=0644 and more', command=False)
    assert [(pair.name, pair.value) for pair in taken.pairs] == [
        ("src", "a"),
        ("dest", "b c"),
        ("mode", "0644"),
    ]
    assert taken.raw == "and more"
    taken = parse("echo a=b chdir=/tmp 'creates=x'", command=True)
    assert [(pair.name, pair.value) for pair in taken.pairs] == [("chdir", "/tmp")]
    assert taken.raw == "echo a=b 'creates=x'"
    assert parse("a\\=b", command=False).pairs == ()
    assert parse("a='b", command=False).unbalanced


@given(st.text(alphabet="ab= \\'\"{}%#\n", max_size=60), st.booleans())
def test_no_string_raises_and_nothing_is_lost(text: str, command: bool) -> None:
    found, _ = words(text)
    assert (
        "".join(word.text for word in found).replace(" ", "").replace("\n", "")
        in text.replace(" ", "").replace("\n", "")
        or "\\" in text
    )
    parse(text, command=command)
