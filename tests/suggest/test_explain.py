"""What can be explained where the cursor is, and which documentation is quoted for it."""

from __future__ import annotations

import pytest

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite.edits import Lines
from chiron.ansible.validate import validate_file
from chiron.config import Settings
from chiron.records import Facts, FileKind, Ground, Variable
from chiron.suggest.advice.actions import target_at
from chiron.suggest.advice.explain import Subject, _grounds, cited, scope_of, subjects_at

PLAY = """\
- hosts: w¦eb
  tasks:
    - name: Co¦py it
      ansible.builtin.copy:
        content: "{{ no¦te | default('') }}"
        dset: /etc/a¦
      when: wa¦nted and not done
    - na¦me: Both
      block:
        - ansible.builtin.debug: msg=hel¦lo
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(), None, {})


def found_at(catalog: Catalog, drawn: str, n: int = 0, kind: FileKind = FileKind.PLAYBOOK) -> list[Subject]:
    """What can be explained at the n-th cursor of a drawing."""
    parts = drawn.split("¦")
    text, at = "".join(parts), len("".join(parts[: n + 1]))
    return subjects_at(text, kind, catalog, at, validate_file(text, kind, catalog))


@pytest.mark.parametrize(
    ("n", "names"),
    [
        (0, ["play"]),
        (1, ["task"]),
        (2, ["expression", "task"]),
        (3, ["problem:unknown-option", "task"]),
        (4, ["expression", "task"]),
        (5, ["block"]),
        (6, ["task"]),
    ],
)
def test_the_narrowest_that_can_be_explained_comes_first(catalog: Catalog, n: int, names: list[str]) -> None:
    assert [one.name for one in found_at(catalog, PLAY, n)] == names


def test_an_expression_is_what_stands_between_the_braces_or_the_condition(catalog: Catalog) -> None:
    assert found_at(catalog, PLAY, 2)[0].said == "note | default('')"
    assert found_at(catalog, PLAY, 4)[0].said == "wanted and not done"


def test_of_a_text_that_cannot_be_read_its_problem_can_be_explained(catalog: Catalog) -> None:
    text = "- name: a\n" * 30 + "- name: [\n  a: b\n"
    (problem,) = validate_file(text, FileKind.TASKS, catalog)
    at = Lines(text).offset(problem.range.start)
    (one,) = subjects_at(text, FileKind.TASKS, catalog, at, [problem])
    assert (one.name, one.about) == ("problem:yaml-syntax", ())
    scope = scope_of(one, text, FileKind.TASKS)
    assert scope.range.start.line == problem.range.start.line - 8


def test_nothing_of_a_vault_is_explained(catalog: Catalog) -> None:
    assert found_at(catalog, "$ANSIBLE_VAULT;1.1;AES256\n61¦62\n", kind=FileKind.VAULT) == []


def test_the_options_that_are_given_are_quoted_from_the_documentation(catalog: Catalog) -> None:
    for n, expected in (
        (6, "- `msg`: The customized message"),
        (0, "From the documentation of `ansible.builtin.copy`"),
    ):
        shown = cited(list(_grounds(found_at(catalog, PLAY, n)[-1], Facts())))
        assert expected in shown
    assert "`msg`" not in shown, "of several modules each is named, not every option"


def test_variables_of_an_expression_are_told_with_where_they_come_from(catalog: Catalog) -> None:
    facts = Facts(variables={"note": Variable("note", "role_default", "roles/web/defaults/main.yml")})
    shown = cited(list(_grounds(found_at(catalog, PLAY, 2)[0], facts)))
    assert "- `note`: a role default in roles/web/defaults/main.yml" in shown
    assert cited([Ground("model", "it")]) == ""


@pytest.mark.parametrize(
    "text", ["- &a\n  <<: *a\n", "- &a\n  name: x\n  vars: *a\n", "- &a\n  block:\n    - *a\n"]
)
def test_a_text_that_holds_itself_can_be_asked_about(catalog: Catalog, text: str) -> None:
    for kind in (FileKind.TASKS, FileKind.PLAYBOOK):
        subjects_at(text, kind, catalog, 3, [])
        target_at(text, kind, catalog, 1)
