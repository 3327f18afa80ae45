"""What is wrong with a task, and what is not: modules, options, values, demands, keywords."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.ansible.validate import CODES, validate_tasks
from chiron.config import Settings
from chiron.records import Problem, Severity

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The test collections over the ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(collections_paths=(COLLECTIONS,)), None, {})


def spelled(problem: Problem, text: str) -> str:
    """The problem as `code: text it is shown at`."""
    line = text.splitlines()[problem.range.start.line]
    assert problem.code in CODES
    return f"{problem.code}: {line[problem.range.start.column : problem.range.end.column]}"


def check(catalog: Catalog, text: str, *expected: str, handlers: bool = False, partial: bool = False) -> None:
    """These problems are found in `text`, each at its place, and no other."""
    problems = validate_tasks(text, catalog, handlers=handlers, partial=partial)
    assert [spelled(problem, text) for problem in problems] == list(expected)


def check_fixed(catalog: Catalog, text: str, fixed: str) -> None:
    """The first problem's fix turns `text` into `fixed`, which has no problem."""
    problem = validate_tasks(text, catalog)[0]
    assert problem.fix is not None
    lines = text.split("\n")
    for where, new in sorted(problem.fix.edits, reverse=True):
        line = lines[where.start.line]
        assert where.end.line == where.start.line
        lines[where.start.line] = line[: where.start.column] + new + line[where.end.column :]
    assert "\n".join(lines) == fixed
    check(catalog, fixed)


# ------------------------------------------------------------------ modules


def test_a_good_task_has_no_problems(catalog: Catalog) -> None:
    check(
        catalog,
        """
        - name: Copy a file
          ansible.builtin.copy:
            src: motd
            dest: /etc/motd
            mode: "0644"
            backup: yes
          register: copied
          when: ansible_facts.os_family == "Debian"
          notify: [Restart, Reload]
          tags: [a, b]
        """,
    )


def test_an_unknown_module_is_a_problem_and_a_slip_is_mended(catalog: Catalog) -> None:
    check(catalog, "- cpoy: {src: a, dest: b}\n", "unknown-module: cpoy")
    check_fixed(catalog, "- cpoy: {src: a, dest: b}\n", "- copy: {src: a, dest: b}\n")
    check_fixed(catalog, "- ansible.builtin.debgu: {msg: a}\n", "- ansible.builtin.debug: {msg: a}\n")


def test_a_module_without_its_collection_gets_its_whole_name(catalog: Catalog) -> None:
    check_fixed(catalog, "- disk: {device: /a}\n", "- acme.tools.disk: {device: /a}\n")


def test_modules_of_collections_that_are_not_here_are_unverified_and_never_wrong(catalog: Catalog) -> None:
    for text in (
        "- some.where.thing: {any: option}\n",
        "- acme.cloud.elsewhere: {any: option}\n",
        "- thing: {any: option}\n  collections: [some.where]\n",
    ):
        problems = validate_tasks(text, catalog)
        assert [(one.code, one.severity) for one in problems] == [("module-unverified", Severity.INFO)]


def test_a_module_that_its_installed_collection_lacks_is_unknown(catalog: Catalog) -> None:
    check(catalog, "- acme.cloud.nothing: {a: b}\n", "unknown-module: acme.cloud.nothing")


def test_redirects_groups_and_collections_lead_to_the_module(catalog: Catalog) -> None:
    check(catalog, "- acme.cloud.machine: {name: a, state: absent, tokn: x}\n", "unknown-option: tokn")
    check(catalog, "- volume: {lettr: a}\n  collections: [acme.cloud]\n", "unknown-option: lettr")


def test_removed_and_deprecated_modules_are_told(catalog: Catalog) -> None:
    check(catalog, "- acme.cloud.rack: {a: b}\n", "module-removed: acme.cloud.rack")
    check(catalog, "- include: tasks.yml\n", "module-removed: include")
    problem = validate_tasks("- acme.cloud.balloon: {path: /tmp}\n", catalog)[0]
    assert (problem.code, problem.severity) == ("module-deprecated", Severity.WARNING)


def test_a_task_runs_exactly_one_module(catalog: Catalog) -> None:
    check(catalog, "- name: Nothing\n  become: true\n", "missing-module: name")
    check(catalog, "- debug: {msg: a}\n  copy: {src: a, dest: b}\n", "several-modules: copy")
    check(catalog, "- action: debug msg=a\n  fail:\n", "several-modules: fail")


def test_an_entry_that_is_no_mapping_is_no_task(catalog: Catalog) -> None:
    check(catalog, "- debug\n-\n", "not-a-mapping: debug", "not-a-mapping: ")
    check(catalog, "debug: {msg: a}\n", "not-a-list: debug: {msg: a}")
    check(catalog, "")
    check(catalog, "---\n")


# ------------------------------------------------------------------ options


def test_unknown_options_are_found_in_every_way_of_writing_them(catalog: Catalog) -> None:
    check(catalog, "- copy:\n    src: a\n    dset: b\n    dest: c\n", "unknown-option: dset")
    check(catalog, "- copy: src=a dest=b bakup=yes\n", "unknown-option: bakup")
    check(catalog, "- copy: >-\n    src=a dest=b\n    bakup=yes\n", "unknown-option: bakup")
    check(catalog, "- action: copy src=a dest=b bakup=yes\n", "unknown-option: bakup")
    check(catalog, "- local_action: {module: copy, src: a, dest: b, bakup: yes}\n", "unknown-option: bakup")
    check(catalog, "- command: ls\n  args: {chdri: /}\n", "unknown-option: chdri")


def test_a_misspelt_option_is_mended_where_it_stands(catalog: Catalog) -> None:
    check_fixed(catalog, "- copy: src=a dset=b\n", "- copy: src=a dest=b\n")
    check_fixed(catalog, "- copy: {src: a, 'dset': b}\n", "- copy: {src: a, 'dest': b}\n")


def test_aliases_are_options(catalog: Catalog) -> None:
    check(catalog, "- acme.cloud.server: {hostname: a, state: absent, patience: 3}\n")
    check(catalog, "- apt: {pkg: nginx}\n")


def test_suboptions_are_checked_to_any_depth(catalog: Catalog) -> None:
    check(
        catalog,
        """
        - acme.cloud.server:
            name: a
            state: absent
            networks:
              - ide: 1
              - {}
              - id: 1
                address: {v5: x, v6: not documented but in the code}
              - {id: 1, address: {v4: x}}
              - {id: 1, address: "{{ address }}"}
        """,
        "unknown-option: ide",
        "missing-required: {}",
        "unknown-option: v5",
    )


def test_wrong_types_are_found(catalog: Catalog) -> None:
    check(catalog, "- copy: {src: a, dest: b, backup: maybe}\n", "wrong-type: maybe")
    check(catalog, "- wait_for: {port: http}\n", "wrong-type: http")
    check(catalog, "- copy: {src: [a], dest: b}\n", "wrong-type: [a]")
    check(catalog, "- user: {name: a, groups: {b: c}}\n", "wrong-type: {b: c}")
    check(catalog, "- acme.cloud.server: {name: a, state: absent, timeout: 1.5}\n", "wrong-type: 1.5")


@pytest.mark.parametrize("value", ["yes", "on", "True", "1", "'no'", '"f"', "0.0", '"{{ x }}"', "!vault x"])
def test_booleans_may_be_written_in_many_ways(catalog: Catalog, value: str) -> None:
    check(catalog, f"- copy: {{src: a, dest: b, backup: {value}}}\n")


@pytest.mark.parametrize("value", ["80", "'80'", "0x50", "8_0", '"{{ port }}"', '"8{{ x }}"'])
def test_integers_may_be_written_in_many_ways(catalog: Catalog, value: str) -> None:
    check(catalog, f"- wait_for: {{port: {value}}}\n")


@pytest.mark.parametrize("value", ["a", "'a,b'", "[a, b]", "[1, '{{ x }}']", "3", '"{{ x }}"'])
def test_lists_may_be_written_in_many_ways(catalog: Catalog, value: str) -> None:
    check(catalog, f"- apt: {{name: {value}}}\n")


def test_wrong_choices_are_found_and_a_slip_is_mended(catalog: Catalog) -> None:
    check(catalog, "- file: {path: a, state: gone}\n", "wrong-choice: gone")
    check_fixed(catalog, "- file: {path: a, state: abesnt}\n", "- file: {path: a, state: absent}\n")
    check_fixed(catalog, '- file: {path: a, state: "Absent"}\n', '- file: {path: a, state: "absent"}\n')
    check(catalog, "- file: {path: a, state: '{{ state }}'}\n")


def test_choices_that_are_booleans_take_either_spelling(catalog: Catalog) -> None:
    for value in ("yes", "no", "full", '"yes"'):
        check(catalog, f"- apt: {{name: a, upgrade: {value}}}\n", "mutually-exclusive: apt")


def test_a_boolean_that_became_text_is_the_choice_it_stands_for(catalog: Catalog) -> None:
    check(catalog, '- uri: {url: a, follow_redirects: "True"}\n')
    check(catalog, '- uri: {url: a, follow_redirects: "TRUE"}\n', 'wrong-choice: "TRUE"')


def test_every_element_of_a_list_is_checked(catalog: Catalog) -> None:
    check(catalog, "- replace: {path: a, regexp: b, attributes: [c]}\n")
    check(catalog, "- assert: {that: [a, b]}\n")
    check(catalog, "- acme.cloud.server: {name: a, state: absent, networks: [1]}\n", "wrong-type: 1")


# ------------------------------------------------------------------ demands


def test_required_options_must_be_given(catalog: Catalog) -> None:
    check(catalog, "- copy: {src: a}\n", "missing-required: copy")
    check(catalog, "- copy:\n", "missing-required: copy")
    check(catalog, "- copy: {src: a, dest: }\n", "missing-required: copy")


def test_what_is_still_being_written_is_not_demanded(catalog: Catalog) -> None:
    check(catalog, "- copy: {src: a}\n", partial=True)
    check(catalog, "- name: a\n", partial=True)
    check(catalog, "- copy: {sorce: a}\n", "unknown-option: sorce", partial=True)


def test_arguments_that_only_the_run_knows_demand_nothing(catalog: Catalog) -> None:
    check(catalog, '- copy: "{{ arguments }}"\n')
    check(catalog, "- copy:\n  args: '{{ arguments }}'\n")
    check(catalog, "- copy: {src: a}\n  args: {dest: b}\n")


def test_credentials_may_come_from_the_environment(catalog: Catalog) -> None:
    check(catalog, "- acme.cloud.server: {name: a, state: absent}\n")


def test_constraints_from_code_are_held(catalog: Catalog) -> None:
    check(catalog, "- apt: {deb: a.deb, upgrade: dist}\n", "mutually-exclusive: apt")
    check(catalog, "- acme.cloud.server: {name: a}\n", "required-if: acme.cloud.server")
    check(catalog, "- acme.cloud.server: {name: a, state: absent, token: b, timeout: 1, region: south}\n",
          "mutually-exclusive: acme.cloud.server")  # fmt: skip
    check(catalog, "- systemd_service: {state: started}\n", "required-by: systemd_service")
    check(catalog, "- command:\n", "required-one-of: command")


def test_a_value_that_may_be_omitted_excludes_nothing(catalog: Catalog) -> None:
    check(catalog, "- apt: {deb: a.deb, upgrade: '{{ x | default(omit) }}'}\n")


def test_a_service_takes_what_the_module_behind_it_takes(catalog: Catalog) -> None:
    check(catalog, "- service: {name: a, daemon_reload: true}\n")
    check(catalog, "- service: {daemon_reload: true}\n")
    check(catalog, "- package: {name: a, update_cache: true}\n")
    check(catalog, "- package: {name: a}\n")
    check(catalog, "- service: {state: started}\n", "missing-required: service")
    check(catalog, "- service: {name: a, daemon_relod: true}\n", "unknown-option: daemon_relod")


def test_variables_to_set_may_have_any_name(catalog: Catalog) -> None:
    check(catalog, "- set_fact: {anything: 1, cacheable: true}\n- add_host: {name: a, anything: b}\n")


def test_module_defaults_of_tasks_and_blocks_supply_options(catalog: Catalog) -> None:
    check(catalog, "- copy: {src: a}\n  module_defaults: {copy: {dest: b}}\n")
    check(
        catalog,
        """
        - module_defaults:
            ansible.builtin.copy: {dest: /tmp}
            group/acme.cloud.storage: {letter: a}
          block:
            - copy: {src: a}
            - acme.cloud.volume: {}
            - template: {src: a}
        """,
        "missing-required: template",
    )


def test_what_is_open_above_the_tasks_counts(catalog: Catalog) -> None:
    above = "- hosts: a\n  module_defaults: {copy: {dest: b}}\n  collections: acme.cloud\n  tasks:\n"
    text = "    - copy: {src: a}\n    - volume: {letter: a}\n"
    assert validate_tasks(text, catalog, above=above) == []
    assert len(validate_tasks(text, catalog, above="- hosts: a\n  tasks:\n")) == 2
    assert len(validate_tasks(text, catalog, above=above + ":[")) == 2


# ------------------------------------------------------------------ strings


def test_commands_are_free_text_with_a_few_options(catalog: Catalog) -> None:
    check(catalog, "- command: ls -l a=b --c=d chdir=/tmp\n")
    check(catalog, "- shell: echo \"{{ x['a b'] }}\" | grep c creates=/x\n")
    check(catalog, "- shell: |\n    a=1\n    echo $a\n  args: {chdir: /}\n")


def test_a_bare_string_is_not_for_every_module(catalog: Catalog) -> None:
    check(catalog, "- copy: hello dest=b\n", "free-form: hello dest=b")
    check(catalog, "- meta: flush_handlers\n- include_vars: a.yml\n- import_tasks: b.yml\n")
    check(catalog, "- meta: flush_handler\n", "wrong-choice: flush_handler")


def test_quotes_and_expressions_must_be_closed(catalog: Catalog) -> None:
    check(catalog, "- copy: src='a dest=b\n", "unbalanced: src='a dest=b")
    check(catalog, "- command: echo it's\n", "unbalanced: echo it's")


def test_bare_expressions_are_found_and_quoted(catalog: Catalog) -> None:
    check_fixed(
        catalog, "- copy:\n    src: {{ a }}\n    dest: b\n", '- copy:\n    src: "{{ a }}"\n    dest: b\n'
    )
    check_fixed(catalog, '- debug:\n    msg: {{ a["b"] }}\n', "- debug:\n    msg: '{{ a[\"b\"] }}'\n")


# ------------------------------------------------------------------ keywords


def test_unknown_keywords_are_found_and_slips_mended(catalog: Catalog) -> None:
    check(catalog, "- fail:\n  on_failure: x\n", "unknown-keyword: on_failure")
    check_fixed(catalog, "- fail:\n  whne: x\n", "- fail:\n  when: x\n")
    check_fixed(catalog, "- fail:\n  sudo: yes\n", "- fail:\n  become: yes\n")


def test_an_option_among_the_keywords_and_the_other_way_round(catalog: Catalog) -> None:
    check(catalog, "- copy: {src: a, dest: b}\n  mode: '0644'\n", "unknown-keyword: mode")
    check(catalog, "- copy: {src: a, dest: b, when: c}\n", "unknown-option: when")


def test_keywords_take_values_of_their_kind(catalog: Catalog) -> None:
    check(
        catalog,
        """
        - fail:
          become: root
          retries: a few
          register: a-b
          when: {a: b}
          loop: packages
          vars: [a]
          tags: {a: b}
          debugger: sometimes
          async: '{{ seconds }}'
        """,
        "wrong-type: root",
        "wrong-type: a few",
        "bad-variable-name: a-b",
        "wrong-type: {a: b}",
        "wrong-type: packages",
        "wrong-type: [a]",
        "wrong-type: {a: b}",
        "wrong-choice: sometimes",
    )


def test_a_task_has_one_loop(catalog: Catalog) -> None:
    check(catalog, "- fail:\n  loop: [1]\n  with_items: [2]\n", "duplicate-loop: with_items")
    check(catalog, "- fail:\n  with_itmes: [1]\n", "unknown-lookup: with_itmes")
    check(catalog, "- fail:\n  with_some.where.lookup: [1]\n  loop_control: {lable: a, loop_var: b-c}\n",
          "unknown-keyword: lable", "bad-variable-name: b-c")  # fmt: skip


def test_includes_take_few_keywords_and_imports_do_not_loop(catalog: Catalog) -> None:
    check(catalog, "- include_tasks: a.yml\n  become: true\n", "keyword-not-here: become")
    check(catalog, "- include_tasks: {file: a.yml, apply: {become: true}}\n  loop: [1]\n  tags: a\n")
    check(catalog, "- import_tasks: a.yml\n  become: true\n")
    check(catalog, "- import_role: {name: a}\n  loop: [1]\n", "loop-on-import: loop")


def test_only_handlers_listen(catalog: Catalog) -> None:
    check(catalog, "- name: a\n  fail:\n  listen: b\n", handlers=True)
    check(catalog, "- name: a\n  fail:\n  listen: b\n", "unknown-keyword: listen")


def test_blocks_are_gone_into_and_have_keywords_of_their_own(catalog: Catalog) -> None:
    check(
        catalog,
        """
        - block:
            - cpoy: {src: a, dest: b}
          rescue:
            - block:
                - fail: {mgs: a}
          loop: [1]
        - rescue:
            - fail:
        """,
        "unknown-module: cpoy",
        "unknown-option: mgs",
        "unknown-keyword: loop",
        "unknown-keyword: rescue",
    )


def test_a_key_written_twice_is_found_wherever_it_stands(catalog: Catalog) -> None:
    check(catalog, "- fail: {msg: a}\n  when: a\n  when: b\n", "duplicate-key: when")
    check(catalog, "- debug:\n    msg: {a: 1, b: 2, a: 3}\n", "duplicate-key: a")


def test_tags_that_ansible_refuses_are_told(catalog: Catalog) -> None:
    check(catalog, "- fail: {msg: !secret a}\n", "unknown-tag: !secret a")
    check(catalog, "- fail: {msg: !vault a}\n")


# ------------------------------------------------------------------ any text


def test_an_alias_that_contains_itself_ends(catalog: Catalog) -> None:
    validate_tasks("- &a\n  block: [*a, *a]\n", catalog)
    validate_tasks("- copy: &a\n    src: *a\n    dest: *a\n", catalog)


def test_aliases_of_aliases_are_no_bomb(catalog: Catalog) -> None:
    rows = ["- &a0 {fail: }\n"]
    for n in range(1, 12):
        inner = ", ".join([f"*a{n - 1}"] * 9)
        rows.append(f"- &a{n} {{block: [{inner}]}}\n")
    validate_tasks("".join(rows), catalog)


@given(st.recursive(
    st.sampled_from(["copy", "src", "a=b c", "{{ x }}", "'", "name", "block", "", "\x85", "1", "yes", "<<"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["copy", "name", "block", "loop", "args", "action", "vars", "shell", "with_x"]),
        inner, max_size=4), max_leaves=20))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_no_task_raises(value: object) -> None:
    import json

    validate_tasks(json.dumps([value]), CATALOG)


@given(st.text(alphabet="- :{}[]'\"|>&*!%@#\n\tacopy=,\u2028\ufeff", max_size=120))
@settings(max_examples=200, deadline=None)
def test_no_text_raises(text: str) -> None:
    validate_tasks(text, CATALOG)
    validate_tasks(f"- copy:\n    {text}", CATALOG, partial=True)


CATALOG = Catalog.open(Settings(collections_paths=(COLLECTIONS,)), None, {})
