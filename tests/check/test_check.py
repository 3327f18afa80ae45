"""`chiron check`: what it counts, what it prints, what it mends, and its exit code. Real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

GOOD = "---\n- name: Copy it\n  ansible.builtin.copy:\n    src: a\n    dest: /b\n"
BAD = "---\n- name: Copy it\n  ansible.builtin.copy:\n    src: a\n    dset: /b\n"


@pytest.fixture
def chiron(environ: dict[str, str], tmp_path: Path) -> Run:
    """Runs `chiron check` in a project of its own."""
    (tmp_path / "project").mkdir()

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "chiron", "check", *arguments],
            env=environ,
            cwd=tmp_path / "project",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def put(tmp_path: Path, path: str, text: str) -> Path:
    file = tmp_path / "project" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8"))
    return file


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_json_has_the_documented_shape_and_an_error_ends_with_1(chiron: Run, tmp_path: Path) -> None:
    put(tmp_path, "roles/web/tasks/main.yml", BAD)
    put(tmp_path, "roles/web/handlers/main.yml", "- name: Nothing\n  ansible.builtin.meta: noop\n")
    found = as_json(chiron(".", "--json", code=1))
    assert (found["tasks"], found["files"]) == (2, 2)
    by_code = {one["code"]: one for one in found["problems"]}
    assert set(by_code) == {"unknown-option", "missing-file"}
    one = by_code["unknown-option"]
    assert set(one) == {"path", "line", "column", "code", "severity", "message", "fix"}
    assert (one["path"], one["line"], one["column"], one["severity"]) == (
        "roles/web/tasks/main.yml",
        5,
        5,
        "error",
    )
    (edit,) = one["fix"]["edits"]
    assert edit == {
        "range": {"start": {"line": 5, "column": 5}, "end": {"line": 5, "column": 9}},
        "text": "dest",
    }


def test_a_clean_project_and_one_with_warnings_alone_end_with_0(chiron: Run, tmp_path: Path) -> None:
    put(tmp_path, "play.yml", "- hosts: all\n  tasks:\n    - not.installed.here: {a: 1}\n")
    found = as_json(chiron("play.yml", "--json"))
    assert [one["severity"] for one in found["problems"]] == ["info"]
    assert "1 task in 1 file" in chiron("play.yml").stdout


def test_lines_for_people_name_the_place_as_compilers_do(chiron: Run, tmp_path: Path) -> None:
    put(tmp_path, "tasks/main.yml", BAD)
    lines = chiron("tasks", code=1).stdout.splitlines()
    assert lines[0].startswith("tasks/main.yml:5:5: error: ")
    assert lines[0].endswith("[unknown-option]")
    assert lines[-1] == "1 task in 1 file: 1 error"


def test_sarif_holds_each_problem_with_its_rule_and_fix(chiron: Run, tmp_path: Path) -> None:
    put(tmp_path, "tasks/a b.yml", BAD)
    log = as_json(chiron("tasks", "--sarif", code=1))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "tasks/a%20b.yml"
        assert place["region"]["startLine"] >= 1
    assert any("fixes" in result for result in run["results"])


def test_codes_can_be_turned_off(chiron: Run, tmp_path: Path) -> None:
    put(tmp_path, "tasks/main.yml", BAD)
    found = as_json(chiron("tasks", "--json", "--off", "unknown-option", "--off", "missing-required"))
    assert found["problems"] == []


def test_handlers_and_templates_of_the_project_count(chiron: Run, tmp_path: Path) -> None:
    put(
        tmp_path,
        "roles/web/tasks/main.yml",
        "- name: A\n  ansible.builtin.template:\n    src: there.j2\n    dest: /a\n  notify: Restart it\n"
        "- name: B\n  ansible.builtin.template:\n    src: gone.j2\n    dest: /a\n  notify: Nobody\n",
    )
    put(tmp_path, "roles/web/templates/there.j2", "")
    put(tmp_path, "roles/web/handlers/main.yml", "- name: Restart it\n  ansible.builtin.meta: noop\n")
    found = as_json(chiron("roles/web/tasks/main.yml", "--json", code=1))
    assert [(one["line"], one["code"]) for one in found["problems"]] == [
        (8, "missing-template"),
        (10, "undefined-handler"),
    ]


def test_fix_mends_what_is_safe_keeps_the_rest_and_the_second_run_changes_nothing(
    chiron: Run, tmp_path: Path
) -> None:
    file = put(tmp_path, "tasks/main.yml", "---\r\n# c\r\n- copy: src=a dest=/b  # d\r\n  become: yes\r\n")
    file.chmod(0o640)
    found = as_json(chiron("tasks", "--fix", "--json"))
    assert [one["code"] for one in found["mended"]] == ["fqcn", "mapping", "boolean"]
    mended = b"---\r\n# c\r\n- ansible.builtin.copy:\r\n    src: a\r\n    dest: /b  # d\r\n  become: true\r\n"
    assert file.read_bytes() == mended
    assert file.stat().st_mode & 0o777 == 0o640
    assert "mended" not in as_json(chiron("tasks", "--fix", "--json"))
    assert file.read_bytes() == mended
    assert [path.name for path in file.parent.iterdir()] == ["main.yml"]


def test_fix_leaves_broken_encrypted_and_foreign_files_alone(chiron: Run, tmp_path: Path) -> None:
    broken = put(tmp_path, "tasks/broken.yml", "- copy: src=a\n  become: [yes\n")
    vault = put(tmp_path, "tasks/vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    latin = put(tmp_path, "tasks/latin.yml", "")
    latin.write_bytes(b"- copy: src=\xe9 dest=b\n")
    before = [path.read_bytes() for path in (broken, vault, latin)]
    done = chiron("tasks", "--fix", "--json", code=1)
    assert [one["code"] for one in as_json(done)["problems"]] == ["yaml-syntax"]
    assert "latin.yml" in done.stderr
    assert [path.read_bytes() for path in (broken, vault, latin)] == before


def test_links_out_of_a_folder_are_not_followed(chiron: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text(BAD, encoding="utf-8")
    put(tmp_path, "tasks/main.yml", GOOD)
    (tmp_path / "project" / "tasks" / "link.yml").symlink_to(outside)
    assert as_json(chiron("tasks", "--json"))["files"] == 1


def test_a_file_named_twice_is_checked_once(chiron: Run, tmp_path: Path) -> None:
    put(tmp_path, "tasks/main.yml", BAD)
    assert as_json(chiron("tasks", "tasks/main.yml", ".", "--json", code=1))["files"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nowhere",), 3, "not there"),
        ((), 2, "Missing argument"),
        (("x.yml", "--json", "--sarif"), 2, "not both"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_a_code(
    chiron: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in chiron(*arguments, code=code).stderr


def test_fix_ends_with_texts_that_aliases_make_endless(chiron: Run, tmp_path: Path) -> None:
    bomb = "    a0: &a0 [x, x]\n" + "".join(f"    a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    text = f"- name: A\n  vars:\n{bomb}  command: ls\n- &s\n  name: B\n  vars: *s\n"
    file = put(tmp_path, "tasks/main.yml", text)
    found = as_json(chiron("tasks", "--fix", "--json", code=1))
    assert "mended" not in found
    assert file.read_text(encoding="utf-8") == text
