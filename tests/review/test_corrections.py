"""Corrections are checked by the validator, and speak for a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.config import read_settings
from chiron.errors import CatalogError
from chiron.records import SuggestionRecord
from chiron.review.corrections import Checker
from chiron.review.projects import Projects
from support.reviewing import Review, keep, suggestion

TASK = "- name: X\n  ansible.builtin.file:\n    path: /x\n    state: directory\n"


@pytest.fixture(scope="module")
def checker() -> Checker:
    catalog = Catalog.open(read_settings(model="none"))
    return Checker(lambda: catalog)


@pytest.mark.parametrize(
    ("correction", "verdict"),
    [
        (TASK, None),
        (TASK.replace("/x", "/y"), "wrong_value"),
        (TASK + '    mode: "0755"\n', "wrong_option"),
        (TASK.replace("file:", "copy:"), "wrong_module"),
        (TASK.replace("ansible.builtin.file", "file"), "style"),
        (TASK.replace("X", "Y"), "style"),
        ("- name: X\n  not_a_module_at_all:\n", None),
        ("just text", None),
        ("- [", None),
    ],
)
def test_a_correction_speaks_for_the_first_thing_it_mends(
    checker: Checker, correction: str, verdict: str | None
) -> None:
    assert checker.check(correction, TASK, in_handlers=False).verdict == verdict


def test_problems_are_told_with_their_lines(checker: Checker) -> None:
    checked = checker.check(TASK.replace("directory", "folder"), TASK, in_handlers=False)
    assert not checked.valid
    ((line, severity, message),) = checked.problems
    assert (line, severity) == (4, "error")
    assert "folder" in message


def test_nothing_typed_is_no_mistake(checker: Checker) -> None:
    assert checker.check(" \n", TASK, in_handlers=False).empty


def test_a_small_text_that_stands_for_an_endless_one_is_no_trouble(checker: Checker) -> None:
    bomb = "- name: &a [x, x, x, x, x, x, x, x, x]\n  file: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
    bomb += "".join(f"  k{n}: &{chr(99 + n)} [{', '.join(['*' + chr(98 + n)] * 9)}]\n" for n in range(9))
    checker.check(bomb, bomb + "  x: y\n", in_handlers=False)


def test_without_ansible_a_verdict_can_still_be_given(review: Review) -> None:
    def none_here() -> Catalog:
        raise CatalogError("No Ansible was found.")

    assert "No Ansible" in Checker(none_here).check(TASK, TASK, in_handlers=False).trouble


def test_the_page_says_what_the_validator_says(review: Review) -> None:
    keep(review.log, suggestion(id="one"))
    wrong = review.post("/check", id="one", correction=TASK.replace("directory", "<b>")).text
    assert "line 4" in wrong
    assert "&lt;b&gt;" in wrong
    assert "nothing against it" in review.post("/check", id="one", correction=TASK).text
    assert review.post("/check", id="gone", correction=TASK).status == 200


def project_at(folder: Path) -> SuggestionRecord:
    """A role with one handler and one template, and a suggestion made in its tasks."""
    for path, text in (
        ("roles/web/handlers/main.yml", "- name: restart nginx\n  ansible.builtin.meta: noop\n"),
        ("roles/web/templates/nginx.conf.j2", "x\n"),
        ("roles/web/tasks/main.yml", "- name: Configure nginx\n"),
    ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return suggestion(uri=(folder / "roles/web/tasks/main.yml").as_uri(), line=0, task_name="Configure nginx")


TEMPLATED = (
    "- name: Configure nginx\n  ansible.builtin.template:\n    src: nginx.conf.j2\n"
    "    dest: /etc/nginx.conf\n    mode: '0644'\n  notify: restart nginx\n"
)


@pytest.mark.parametrize(
    ("correction", "words"),
    [
        (TEMPLATED, ""),
        (TEMPLATED.replace("restart nginx", "reload the wind"), "reload the wind"),
        (TEMPLATED.replace("nginx.conf.j2", "no.such.j2"), "no.such.j2"),
    ],
)
def test_what_the_project_lacks_is_a_mistake_in_a_correction(
    tmp_path: Path, correction: str, words: str
) -> None:
    catalog = Catalog.open(read_settings(model="none"))
    record = project_at(tmp_path / "site")
    checker = Checker(lambda: catalog, Projects().facts)
    checked = checker.check(correction, TASK, in_handlers=False, record=record)
    assert any(words in message for _, _, message in checked.problems) if words else checked.valid
    assert checker.check(correction, TASK, in_handlers=False).valid, "without a project nobody can tell"


def test_a_file_that_is_gone_or_excluded_has_no_project(tmp_path: Path) -> None:
    catalog = Catalog.open(read_settings(model="none"))
    record = project_at(tmp_path / "site")
    assert Projects().facts(record, catalog) is not None
    assert Projects(["main.yml"]).facts(record, catalog) is None
    (tmp_path / "site/roles/web/tasks/main.yml").unlink()
    assert Projects().facts(record, catalog) is None
