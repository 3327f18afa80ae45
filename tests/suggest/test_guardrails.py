"""What may be shown: one candidate at a time through the chain that its place selects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.records import (
    Candidate,
    Expects,
    Facts,
    FileKind,
    Origin,
    Place,
    Request,
    Source,
    Style,
    Trigger,
    Variable,
    Withheld,
)
from chiron.redact import redact
from chiron.suggest.guardrails import REASONS, Check, chain_for, module_of, run_chain, trim
from support.scopes import scope_at

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"
CATALOG = Catalog.open(Settings(collections_paths=(COLLECTIONS,)), None, {})

FACTS = Facts(
    variables={name: Variable(name, "role_default") for name in ("web_port", "web_user")},
    handlers=("Restart nginx", "reload all"),
    templates=("nginx.conf.j2",),
    files=("motd",),
    hosts=("web1", "web"),
    used_modules={
        "some.where.thing": frozenset({"name", "state"}),
        "acme.cloud.balloon": frozenset({"path"}),
    },
)


def request_at(drawn: str, kind: FileKind = FileKind.TASKS) -> Request:
    """The request of an editor at the cursor, drawn as `¦`."""
    scope = scope_at(drawn, kind)
    assert scope is not None, "no scope"
    place = Place("file:///a.yml", "a.yml", 1)
    return Request(place, drawn.replace("¦", ""), scope, Origin.EDITOR, Trigger.AUTOMATIC)


def run(drawn: str, text: str, facts: Facts = FACTS, kind: FileKind = FileKind.TASKS) -> Candidate | Withheld:
    """What the chain makes of `text`, written at column 0, at the cursor."""
    request = request_at(drawn, kind)
    scope = request.scope
    if scope.expects is not Expects.FRAGMENT:
        margin = " " * (scope.task_column if scope.expects is Expects.TASKS else scope.indent)
        text = scope.lead + "\n".join(margin + line if line else line for line in text.split("\n"))
    return run_chain(Candidate(text, Source.MODEL), Check(request, CATALOG, facts))


def check_shown(
    drawn: str,
    text: str,
    shown: str | None = None,
    facts: Facts = FACTS,
    kind: FileKind = FileKind.TASKS,
) -> None:
    """`text` may be shown at the cursor, as it is or as `shown`."""
    verdict = run(drawn, text, facts, kind)
    assert isinstance(verdict, Candidate), verdict
    lines = verdict.text.lstrip("\n").split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip(" "))
    assert "\n".join(line[margin:] for line in lines) == (text if shown is None else shown)


def check_withheld(drawn: str, text: str, reason: str, facts: Facts = FACTS) -> Withheld:
    """`text` is kept back at the cursor, for this documented reason."""
    verdict = run(drawn, text, facts)
    assert isinstance(verdict, Withheld), f"shown: {verdict.text}"
    assert verdict.reason == reason, verdict
    assert reason in REASONS
    assert verdict.detail
    return verdict


NAMED = "- name: {}\n  ¦\n"
BODY = NAMED.format("Do something")


def check_body(text: str, reason: str) -> None:
    check_withheld(BODY, text, reason)


# ------------------------------------------------------------------ shape


def test_a_good_task_is_shown_as_it_is() -> None:
    check_shown(BODY, "ansible.builtin.copy:\n  src: motd\n  dest: /etc/motd\n  mode: '0644'\nbecome: true")
    check_shown("- name: Do something¦\n", "ansible.builtin.debug:\n  msg: a")


def test_nothing_is_nothing() -> None:
    check_body("", "empty")
    check_body("  \n ", "empty")


def test_text_that_is_too_long_is_not_looked_at() -> None:
    check_body("debug:\n  msg: " + "x" * 20_000, "too-long")
    check_body("debug:\n  msg: |\n" + "    x\n" * 400, "too-long")


def test_what_is_not_yaml_is_withheld() -> None:
    check_body("debug:\n  msg: a: b", "not-parsed")
    check_body("debug:\n\tmsg: a", "not-parsed")
    check_body("debug:\n  msg: a\u202eb", "not-parsed")
    check_body("debug: &a\n  msg: [*a, *a]", "not-parsed")


def test_prose_around_a_task_is_withheld() -> None:
    assert isinstance(run(BODY, "Here is your task.\ndebug:\n  msg: a"), Withheld)


def test_a_second_task_is_not_what_was_asked_for() -> None:
    verdict = run_chain(
        Candidate("  debug: {msg: a}\n- name: More\n  debug: {msg: b}", Source.RECALL),
        Check(request_at(BODY), CATALOG, FACTS),
    )
    assert isinstance(verdict, Withheld)
    assert verdict.reason == "wrong-shape"


def test_of_what_a_model_writes_the_first_task_counts() -> None:
    text = "  debug:\n    msg: a\n- name: More\n  debug: {msg: b}\n```\nThere you are."
    verdict = run_chain(Candidate(text, Source.MODEL), Check(request_at(BODY), CATALOG, FACTS))
    assert isinstance(verdict, Candidate)
    assert verdict.text == "  debug:\n    msg: a"


def test_a_block_is_not_what_was_asked_for() -> None:
    check_body("block:\n  - debug: {msg: a}", "wrong-shape")


def test_what_is_there_already_stays_as_it_is() -> None:
    check_withheld("- name: a\n  when: b\n  ¦\n", "debug: {msg: c}\nwhen: d", "wrong-shape")


def test_a_task_without_module_or_a_required_option_is_incomplete() -> None:
    check_body("become: true", "incomplete")
    check_body("copy:\n  src: motd", "incomplete")


def test_a_module_that_is_told_nothing_is_incomplete_unless_it_needs_nothing() -> None:
    check_body("ansible.builtin.package:", "incomplete")
    check_body("ansible.builtin.service: {}", "incomplete")
    check_shown(BODY, "ansible.builtin.ping:")


def test_what_the_validator_rejects_is_withheld() -> None:
    check_body("copy:\n  src: motd\n  dset: /etc/motd\n  dest: a", "invalid")
    check_body("file:\n  path: /etc/a\n  state: gone", "invalid")
    check_body("debug:\n  msg: a\nwhne: b", "invalid")
    check_body("debug:\n  msg: a\ncopy:\n  src: motd\n  dest: b", "invalid")


def test_a_fault_that_was_there_before_is_not_held_against_a_candidate() -> None:
    check_shown("- name: a\n  become: maybe\n  ¦\n", "debug:\n  msg: a")


# ------------------------------------------------------------------ modules


def test_an_unknown_module_is_withheld() -> None:
    check_body("frobnicate:\n  name: a", "unknown-module")
    check_body("include: a.yml", "unknown-module")


def test_a_module_that_is_not_installed_is_shown_as_it_is_used_here() -> None:
    check_shown(BODY, "some.where.thing:\n  name: a")
    check_body("some.where.thing:\n  size: a", "unverified-module")
    check_body("some.where.other:\n  name: a", "unverified-module")


def test_a_deprecated_module_is_shown_where_it_is_used() -> None:
    check_shown(BODY, "acme.cloud.balloon:\n  path: /tmp")
    check_withheld(BODY, "acme.cloud.balloon:\n  path: /tmp", "deprecated", replace(FACTS, used_modules={}))


def test_the_rest_of_a_modules_name_must_name_a_module() -> None:
    begun = "- name: Do something\n  ansible.builtin.co¦\n"
    check_shown(begun, "  ansible.builtin.copy:", "ansible.builtin.copy:")
    check_withheld(begun, "  ansible.builtin.coffee:", "unknown-module")
    check_shown(begun, "  ansible.builtin.copy:\n    src: a", "ansible.builtin.copy:")
    check_withheld(begun, "  ansible.builtin.copy now", "wrong-shape")


def test_keywords_of_the_plays_and_blocks_around_count() -> None:
    play = """
- hosts: all
  collections: [acme.cloud]
  tasks:
    - name: First
      debug: {{msg: a}}
    - module_defaults:
        copy: {{dest: /etc/motd}}
      block:
        - name: Do something
          {}¦
"""
    check_shown(play.format(""), "copy:\n  src: motd", kind=FileKind.PLAYBOOK)
    check_shown(play.format(""), "volume:\n  letter: a", kind=FileKind.PLAYBOOK)
    check_shown(play.format("vol"), "          volume:", "volume:", kind=FileKind.PLAYBOOK)
    check_body("volume:\n  letter: a", "unknown-module")


# ------------------------------------------------------------------ options

OPTIONS = "- name: Do something\n  copy:\n    src: motd\n    ¦\n  when: a\n"


def test_options_may_be_added_even_if_more_are_missing() -> None:
    check_shown(OPTIONS, "mode: '0644'")
    check_shown(OPTIONS, "dest: /etc/motd\nmode: '0644'")


def test_only_options_may_be_added() -> None:
    check_withheld(OPTIONS, "dset: a", "invalid")
    check_withheld(OPTIONS, "src: other", "wrong-shape")
    check_withheld(OPTIONS, "# nothing", "empty")
    verdict = run_chain(
        Candidate("    dest: a\n  become: true", Source.RECALL), Check(request_at(OPTIONS), CATALOG, FACTS)
    )
    assert isinstance(verdict, Withheld)
    assert verdict.reason == "wrong-shape"


# ------------------------------------------------------------------ lists

LIST = "- name: First\n  debug: {msg: a}\n\n# Install and start nginx¦\n"


def test_a_list_of_whole_tasks_is_shown() -> None:
    check_shown(
        LIST,
        "- name: Install nginx\n  package:\n    name: nginx\n    state: present\n"
        "- name: Start nginx\n  service:\n    name: nginx\n    state: started",
    )


def test_every_task_of_a_list_is_checked() -> None:
    check_withheld(LIST, "- name: a\n  debug: {msg: a}\n- name: b\n  debug: {mgs: a}", "invalid")
    check_withheld(LIST, "- name: a\n  debug: {msg: a}\n- b", "wrong-shape")
    check_withheld(LIST, "- name: a\n  command: rm -rf /\n", "removes-system-path")


def test_a_later_task_may_use_what_an_earlier_one_registers() -> None:
    text = "- name: a\n  command: id\n  register: {}\n- name: b\n  debug: {{var: who.stdout}}"
    check_shown(LIST, text.format("who"))
    check_withheld(LIST, text.format("whom"), "unknown-reference")


# ------------------------------------------------------------------ references


@pytest.mark.parametrize(
    "text",
    [
        'debug:\n  msg: "{{ web_port }} on {{ ansible_hostname }} {{ inventory_hostname }}"',
        'debug:\n  msg: "{{ item }}"\nloop: [a, b]',
        'debug:\n  msg: "{{ one.name }} {{ n }}"\nloop: "{{ groups[\'web\'] }}"\n'
        "loop_control:\n  loop_var: one\n  index_var: n",
        'debug:\n  msg: "{{ mine }}"\nvars:\n  mine: "{{ web_user }}"',
        "command: id\nregister: out\nfailed_when: out.rc not in [0, 1] or 'x' in out.stdout",
        'set_fact:\n  a: 1\n  b: "{{ a }}"',
        'debug:\n  msg: "{% for x in groups.all %}{{ x }}{% endfor %}{% set y = 1 %}{{ y }}"',
        "debug:\n  msg: \"{{ lookup('env', 'HOME') | default(omit) }} {{ hostvars[inventory_hostname] }}\"",
        "template:\n  src: nginx.conf.j2\n  dest: /etc/nginx/nginx.conf\nnotify: Restart nginx",
        "ping:\ndelegate_to: localhost",
        "ping:\ndelegate_to: web1",
        "debug:\n  msg: '{{ not closed'",
        "debug:\n  msg: \"{{ no_such_thing.a['b'] | default(web_port) }}\"",
        "assert:\n  that:\n    - web_port is defined\n    - web_port | int > 0",
    ],
)
def test_what_is_within_reach_or_made_by_the_task_may_be_named(text: str) -> None:
    assert not isinstance(verdict := run(BODY, text), Withheld) or verdict.reason != "unknown-reference"


@pytest.mark.parametrize(
    "text",
    [
        'debug:\n  msg: "{{ no_such_thing }}"',
        'debug:\n  msg: "{{ item }}"',
        "debug:\n  var: no_such_thing.stdout",
        "ping:\nwhen: no_such_thing is defined",
        "debug:\n  msg: '{{ web_port | default(no_such_thing) }}'",
        "debug:\n  msg: '{{ (no_such_thing + 1) | default(2) }}'",
        "ping:\nnotify: Restart apache",
        "template:\n  src: apache.conf.j2\n  dest: /etc/a",
        "ping:\ndelegate_to: db1",
        "debug:\n  msg: \"{{ groups['db'] }}\"",
    ],
)
def test_what_nobody_gives_is_not_named(text: str) -> None:
    check_body(text, "unknown-reference")
    unknown = replace(FACTS, complete=False)
    verdict = run(BODY, text, unknown)
    assert isinstance(verdict, Candidate), "absence proves nothing where the project is not known"


def test_what_the_person_wrote_is_not_held_against_a_candidate() -> None:
    check_shown("- name: a\n  when: no_such_thing\n  ¦\n", "debug:\n  msg: a")


# ------------------------------------------------------------------ secrets


def test_a_secret_in_plain_text_is_withheld() -> None:
    check_body("user:\n  name: a\n  password: hunter2-and-more", "plain-secret")
    check_body("command: mysql --password=s3cr3t-value", "plain-secret")
    check_shown(BODY, 'user:\n  name: a\n  password: "{{ web_user }}"')


def test_a_placeholder_becomes_its_secret_only_where_the_file_has_it() -> None:
    secret = "tr0ub4dor&3-horse"
    document = f"- name: One\n  user:\n    name: a\n    password: {secret}\n\n- name: Two\n  ¦\n"
    request = request_at(document)
    redaction = redact(request.text)
    assert secret not in redaction.text
    (placeholder,) = redaction.secrets
    text = f"  user:\n    name: b\n    password: {placeholder}"
    verdict = run_chain(Candidate(text, Source.MODEL), Check(request, CATALOG, FACTS, redaction))
    assert isinstance(verdict, Candidate), verdict
    assert secret in verdict.text
    elsewhere = request_at(BODY)
    verdict = run_chain(Candidate(text, Source.MODEL), Check(elsewhere, CATALOG, FACTS, redaction))
    assert isinstance(verdict, Withheld)
    assert verdict.reason == "placeholder"


# ------------------------------------------------------------------ style


def test_names_booleans_and_modes_are_written_as_in_this_file() -> None:
    text = "ansible.builtin.copy:\n  src: motd\n  dest: /etc/motd\n  mode: 0644\n  backup: true\nbecome: yes"
    style = Style(fqcn=False, true_word="yes", mode="'0644'")
    shown = "copy:\n  src: motd\n  dest: /etc/motd\n  mode: '0644'\n  backup: yes\nbecome: yes"
    check_shown(BODY, text, shown, replace(FACTS, style=style))
    style = Style(fqcn=True, true_word="True", mode='"0644"', indent=4)
    shown = (
        'ansible.builtin.copy:\n    src: motd\n    dest: /etc/motd\n    mode: "0644"\n    backup: True\n'
        "become: True"
    )
    check_shown(BODY, text, shown, replace(FACTS, style=style))


def test_style_changes_how_a_task_is_written_and_never_what_it_says() -> None:
    style = replace(FACTS, style=Style(fqcn=True, true_word="yes", mode="'0644'", indent=4))
    text = "shell: |\n  if true; then\n    echo yes\n  fi\nregister: x"
    check_shown(BODY, text, text.replace("shell", "ansible.builtin.shell"), style)
    text = "ansible.builtin.debug:\n  msg:\n    - true\n    - 'yes'\n  verbosity: 1"
    check_shown(
        BODY, text, "ansible.builtin.debug:\n    msg:\n      - true\n      - 'yes'\n    verbosity: 1", style
    )
    text = "ansible.builtin.file:\n    path: /etc/a\n    mode: 644"
    check_shown(BODY, text, text, style)
    text = "acme.cloud.volume:\n    letter: a"
    check_shown(BODY, text, text, style)


# ------------------------------------------------------------------ the rest


def test_every_kind_of_answer_has_a_chain() -> None:
    assert all(chain_for(expects) for expects in Expects)


def test_the_module_of_an_answer_is_known_by_its_whole_name() -> None:
    scope = request_at(BODY).scope
    assert module_of("  copy:\n    src: a", scope, CATALOG) == "ansible.builtin.copy"
    assert module_of("  become: true\n  action: debug msg=a", scope, CATALOG) == "ansible.builtin.debug"
    assert module_of("  frobnicate:", scope, CATALOG) == "frobnicate"
    assert module_of("  become: true", scope, CATALOG) is None
    options = request_at(OPTIONS).scope
    assert module_of("    dest: a", options, CATALOG) == "ansible.builtin.copy"
    begun = request_at("- name: a\n  ansible.builtin.co¦\n").scope
    assert module_of("  ansible.builtin.copy:", begun, CATALOG) == "ansible.builtin.copy"


def check_trimmed(drawn: str, written: str, kept: str) -> None:
    """Of what a model wrote at the cursor, `kept` is judged."""
    assert trim(request_at(drawn).scope, written) == kept


def test_what_follows_the_first_task_is_cut_off() -> None:
    task = "  debug:\n    msg: a\n  when: b"
    for more in (
        "",
        "\n",
        "\n\n- name: Next\n  debug:",
        "\n```\nThis task",
        "\n# Next",
        "\nThat is all.",
        "\n  # end",
    ):
        check_trimmed(BODY, task + more, task)
    check_trimmed("- name: a¦\n", "\n  debug:\n    msg: a\n- b", "\n  debug:\n    msg: a")
    check_trimmed(
        LIST,
        "\n- name: a\n  debug:\n\n- name: b\n  debug:\nEnd",
        "\n- name: a\n  debug:\n\n- name: b\n  debug:",
    )
    check_trimmed(
        "- name: a\n  ansible.builtin.co¦\n", "  ansible.builtin.copy:\n    src: a", "  ansible.builtin.copy:"
    )
    check_trimmed(OPTIONS, "    dest: a\n  when: b", "    dest: a")


def test_text_in_a_block_scalar_is_not_cut() -> None:
    task = "  shell: |\n    cat <<EOF\n    - a\n    ```\n\n    EOF\n  args:\n    chdir: /"
    assert "EOF" in trim(request_at(BODY).scope, task)


@given(st.text(alphabet="- :{}[]'\"|>&*!%@#\n\tacopy=name_\u2028`", max_size=120))
@settings(max_examples=150, deadline=None)
def test_no_text_raises(text: str) -> None:
    for drawn in (BODY, OPTIONS, LIST, "- name: a\n  ansible.builtin.co¦\n"):
        request = request_at(drawn)
        for candidate in (text, "  debug:\n    msg: " + text, trim(request.scope, text)):
            run_chain(Candidate(candidate, Source.MODEL), Check(request, CATALOG, FACTS))
