"""What an answer must leave as it is: the task in a block, the command that is to run only when needed."""

from __future__ import annotations

import pytest

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.records import FileKind
from chiron.suggest.advice.actions import ACTIONS, target_at
from chiron.suggest.advice.kept import lost

RUN = "- name: Run\n  ansible.builtin.command: /opt/run --all\n  become: true\n"
INNER = "".join(f"    {line}\n" for line in RUN.splitlines())
SHORT = INNER.replace("      become: true\n", "")
TWO = "- name: Both\n  ansible.builtin.shell: /opt/a && /opt/b\n"
LONG = INNER.replace(": /opt/run --all", ":\n        cmd: /opt/run --all")
FAIL = "  rescue:\n    - ansible.builtin.fail:\n        msg: It failed\n"
BLOCK = f"- name: All\n  when: it\n  block:\n{INNER}"
ASSERT = "- ansible.builtin.assert:\n    that: it.changed\n"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(), None, {})


def said(catalog: Catalog, code: str, text: str, answered: str) -> str | None:
    """What is said of an answer to the action `code` for the first task or block of `text`."""
    action = next(one for one in ACTIONS if one.code == code)
    target = target_at(text, FileKind.TASKS, catalog, 0)
    assert target is not None
    return lost(action, answered, target, catalog)


@pytest.mark.parametrize(
    ("code", "text", "answered"),
    [
        ("rescue", RUN, f"- name: Run\n  block:\n{INNER}{FAIL}"),
        (
            "rescue",
            RUN,
            f"- block:\n{LONG}{FAIL}",
        ),
        ("rescue", BLOCK, BLOCK + FAIL),
        ("verify", RUN, RUN + ASSERT),
        ("verify", RUN, f"{RUN}- name: See\n  block:\n    - ansible.builtin.assert:\n        that: a\n"),
        (
            "idempotent",
            RUN,
            f"{RUN}  args:\n    creates: /opt/ran\n".replace("  args:\n    creates", "  changed_when"),
        ),
        (
            "idempotent",
            RUN,
            RUN.replace(": /opt/run --all", ":\n    cmd: /opt/run --all\n    creates: /opt/ran"),
        ),
        ("idempotent", RUN, f"{RUN}  register: it\n  changed_when: it.rc == 2\n"),
        (
            "split",
            RUN,
            "- ansible.builtin.command: /opt/run --one\n- ansible.builtin.command: /opt/run --two\n",
        ),
        ("fix", RUN, RUN.replace("command", "shell")),
        ("complete", RUN, "- whatever: is there\n"),
    ],
)
def test_an_answer_that_keeps_what_it_must_is_taken(
    catalog: Catalog, code: str, text: str, answered: str
) -> None:
    assert said(catalog, code, text, answered) is None


@pytest.mark.parametrize(
    ("code", "text", "answered", "why"),
    [
        ("rescue", RUN, RUN, "not one block"),
        ("rescue", RUN, f"- block:\n{INNER}", "not one block"),
        ("rescue", RUN, f"- block:\n{INNER.replace('--all', '')}{FAIL}", "must stay"),
        ("rescue", RUN, f"- block:\n{SHORT}{FAIL}", "must stay"),
        ("rescue", BLOCK, BLOCK.replace("  when: it\n", "") + FAIL, "must stay"),
        ("verify", RUN, ASSERT + RUN, "must stay"),
        ("verify", RUN, f"{RUN}- ansible.builtin.debug:\n    msg: a\n", "Nothing is asserted"),
        ("idempotent", RUN, RUN + RUN, "not one task"),
        ("idempotent", RUN, RUN, "Nothing tells"),
        ("idempotent", RUN, f"{RUN}  register: it\n", "Nothing tells"),
        (
            "idempotent",
            RUN,
            f"{RUN.replace('become: true', 'become: false')}  changed_when: false\n",
            "must stay",
        ),
        ("idempotent", RUN, f"{RUN.replace('command', 'shell')}  changed_when: false\n", "must stay"),
        ("idempotent", RUN, f"{RUN}  changed_when: false\n  ignore_errors: true\n", "adds more"),
        ("split", RUN, RUN, "still one task"),
        ("split", TWO, "- ansible.builtin.command: /opt/a\n- ansible.builtin.command: df\n", "is gone"),
        ("fix", RUN, RUN.replace("Run", "Do"), "name must stay"),
        ("fix", RUN, "a: b\n", "no list of tasks"),
    ],
)
def test_an_answer_that_does_not_is_told_what_it_lost(
    catalog: Catalog, code: str, text: str, answered: str, why: str
) -> None:
    assert why in (said(catalog, code, text, answered) or "")
