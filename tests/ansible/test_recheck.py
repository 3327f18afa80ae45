"""Checking one task again gives what checking the whole file gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chiron.ansible.catalog import Catalog
from chiron.ansible.validate.links import link_of
from chiron.ansible.validate.recheck import Checked, check_text
from chiron.config import Settings
from chiron.records import Facts, FileKind
from chiron.syntax.blocks import task_blocks

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"

PLAY = """---
- hosts: all
  collections: [acme.cloud]
  tasks:
    - name: One
      copy:
        src: a
        dset: b
      notify: Three

    # a comment
    - name: Block
      become: yes
      block:
        - name: Two
          volume:
            leter: x
        - debug: {mgs: a}
      rescue:
        - meta: noop
  handlers:
    - name: Three
      service: name=x state=restartd
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The test collections over the ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(collections_paths=(COLLECTIONS,)), None, {})


def facts(_line: int) -> Facts:
    return Facts(complete=True)


def check_changed(catalog: Catalog, before: str, after: str, *, only: int | None) -> None:
    """After the change one task alone is checked, that on line `only`, and the result is the same."""
    first = check_text(before, FileKind.PLAYBOOK, catalog, facts)
    second = check_text(after, FileKind.PLAYBOOK, catalog, facts, first)
    assert second.only == only
    assert second.problems == check_text(after, FileKind.PLAYBOOK, catalog, facts).problems


def test_only_the_task_that_changed_is_checked_again(catalog: Catalog) -> None:
    check_changed(catalog, PLAY, PLAY.replace("dset", "dest"), only=4)
    check_changed(catalog, PLAY, PLAY.replace("leter", "letter"), only=14)
    check_changed(catalog, PLAY, PLAY.replace("mgs", "msg"), only=17)
    check_changed(catalog, PLAY, PLAY.replace("restartd", "restarted"), only=21)


def test_what_was_found_below_moves_along_with_its_fix(catalog: Catalog) -> None:
    longer = PLAY.replace("        src: a\n", "        src: a\n        mode: '0644'\n        backup: 12\n")
    check_changed(catalog, PLAY, longer, only=4)
    check_changed(catalog, longer, PLAY, only=4)


def test_a_change_beyond_one_task_is_a_check_of_the_whole(catalog: Catalog) -> None:
    for after in (
        PLAY.replace("collections: [acme.cloud]", "gather_facts: maybe"),
        PLAY.replace("become: yes", "beceome: yes"),
        PLAY.replace("    - name: One\n", "    - name: New\n      meta: noop\n    - name: One\n"),
        PLAY.replace("        - meta: noop\n", ""),
        PLAY.replace("One", "1").replace("Two", "2"),
    ):
        check_changed(catalog, PLAY, after, only=None)


def test_a_task_is_checked_though_it_cannot_be_read_for_a_while(catalog: Catalog) -> None:
    broken = PLAY.replace("        src: a\n", '        src: "a\n')
    first = check_text(PLAY, FileKind.PLAYBOOK, catalog, facts)
    second = check_text(broken, FileKind.PLAYBOOK, catalog, facts, first)
    assert "yaml-syntax" in {one.code for one in second.problems}
    third = check_text(PLAY, FileKind.PLAYBOOK, catalog, facts, second)
    assert third.problems == first.problems


_LINES = st.sampled_from(
    [
        "",
        "        mode: 1",
        "      when: a",
        "    - meta: noop",
        "      bad: x",
        "  x: y",
        "      copy:",
        '  "',
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 24), st.integers(0, 2), _LINES), min_size=1, max_size=4))
def test_whatever_is_changed_the_result_is_that_of_the_whole(
    catalog: Catalog, steps: list[tuple[int, int, str]]
) -> None:
    lines = PLAY.split("\n")
    checked: Checked | None = None
    for at, n_replaced, line in steps:
        checked = check_text("\n".join(lines), FileKind.PLAYBOOK, catalog, facts, checked)
        lines[at : at + n_replaced] = [line]
        text = "\n".join(lines)
        again = check_text(text, FileKind.PLAYBOOK, catalog, facts, checked)
        whole = check_text(text, FileKind.PLAYBOOK, catalog, facts)
        assert again.problems == whole.problems


def test_a_problem_of_a_module_leads_to_the_modules_page(catalog: Catalog) -> None:
    blocks = task_blocks(PLAY)
    problems = check_text(PLAY, FileKind.PLAYBOOK, catalog, facts).problems
    links = [link_of(one, blocks, catalog) for one in problems]
    assert all(link.startswith("https://docs.ansible.com/") for link in links)
    assert links[0].endswith("/collections/ansible/builtin/copy_module.html")
