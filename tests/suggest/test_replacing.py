"""Which modules a command line may be about, and the question that is put to a model."""

from __future__ import annotations

import pytest

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.suggest.advice.replacing import modules_for, to_text


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(), None, {})


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("curl -X POST http://localhost/reload", "ansible.builtin.uri"),
        ("crontab -l | crontab -", "ansible.builtin.cron"),
        ("sudo ssh-keyscan host >> /root/.ssh/known_hosts", "ansible.builtin.known_hosts"),
        ("git -C /srv pull", "ansible.builtin.git"),
    ],
)
def test_a_line_s_modules_are_those_that_are_called_after_its_program(
    catalog: Catalog, line: str, first: str
) -> None:
    assert modules_for(line, catalog)[0] == first


@pytest.mark.parametrize(
    "line", ["", "mv /a /b", "/opt/app/bin/migrate", "cat /etc/git", "{{ run }}", "$(ls)"]
)
def test_a_line_whose_program_no_module_is_called_after_has_none(catalog: Catalog, line: str) -> None:
    assert modules_for(line, catalog) == []


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ("ansible.builtin.uri:\n  url: a\n", "    ansible.builtin.uri:\n      url: a"),
        (
            "- ansible.builtin.uri:\n    url: a\n    body:\n      - b",
            "    ansible.builtin.uri:\n      url: a\n      body:\n        - b",
        ),
        ("  ansible.builtin.uri:\n        url: a", "    ansible.builtin.uri:\n      url: a"),
        ("ansible.builtin.setup:", "    ansible.builtin.setup:"),
        ("ansible.builtin.uri:\n        url: a\n    -", "    ansible.builtin.uri:\n      url: a"),
        ("ansible.builtin.uri:\n  url: a\n- name: next", "    ansible.builtin.uri:\n      url: a"),
        ("none", None),
        ("None.", None),
        ("  \n", None),
    ],
)
def test_an_answer_is_laid_out_for_its_place(answered: str, expected: str | None) -> None:
    assert to_text(answered, 4) == expected
