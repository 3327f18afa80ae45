"""The command line as a person or a script meets it: real processes, exit codes, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chiron.terminal import harmless

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def chiron(environ: dict[str, str], tmp_path: Path) -> Run:
    """Runs `chiron` in a home of its own."""

    def run(*arguments: str, code: int = 0, **over: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "chiron", *arguments],
            env=environ | over,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """A role of one task and one name."""
    path = tmp_path / "roles" / "web" / "tasks" / "main.yml"
    path.parent.mkdir(parents=True)
    path.write_text(
        "---\n- name: Install curl\n  ansible.builtin.package:\n    name: curl\n    state: present\n\n"
        "- name: Install nginx\n",
        encoding="utf-8",
    )
    return path


def test_suggest_prints_the_documented_json_and_logs_a_row(chiron: Run, tasks: Path) -> None:
    answer = as_json(chiron("suggest", f"{tasks}:7", "--json"))
    assert answer["scope"] == "task_body"
    (suggestion,) = answer["suggestions"]
    assert set(suggestion) >= {"id", "text", "range", "module", "source", "model", "grounds", "stage_ms"}
    lines = tasks.read_text(encoding="utf-8").split("\n")
    start, end = suggestion["range"]["start"], suggestion["range"]["end"]
    before, after = lines[start["line"]][: start["column"]], lines[end["line"]][end["column"] :]
    lines[start["line"] : end["line"] + 1] = (before + suggestion["text"] + after).split("\n")
    assert "    name: nginx" in lines
    (row,) = as_json(chiron("feedback", "list", "--json", "--limit", "1"))
    assert row["origin"] == "cli"
    shown = as_json(chiron("feedback", "show", row["id"], "--json"))
    assert shown["task_name"] == "Install nginx"


def test_suggest_shows_a_person_the_task_in_place(chiron: Run, tasks: Path) -> None:
    shown = chiron("suggest", f"{tasks}:7").stdout
    assert "name: nginx" in shown
    assert "recall" in shown


def test_suggest_uses_the_model_it_is_told_to(chiron: Run, tasks: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.yml"
    script.write_text('default: "ansible.builtin.group:\\n    name: gnomes"\n', encoding="utf-8")
    tasks.write_text("---\n- name: Frobnicate the gnomes\n", encoding="utf-8")
    answer = as_json(chiron("suggest", f"{tasks}:2", "-n", "3", "--model", f"fake:{script}", "--json"))
    assert "model" in {one["source"] for one in answer["suggestions"]}
    sent = as_json(chiron("sent", "--json"))
    assert sent["endpoint"] == "fake:"
    assert "Frobnicate the gnomes" in sent["sent"]
    assert "Frobnicate the gnomes" in chiron("sent").stdout


def test_where_nothing_may_be_suggested_the_exit_code_is_1(chiron: Run, tmp_path: Path) -> None:
    path = tmp_path / "group_vars" / "all.yml"
    path.parent.mkdir()
    path.write_text("name: x\n", encoding="utf-8")
    assert as_json(chiron("suggest", f"{path}:1", "--json", code=1))["scope"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("suggest", "nowhere.yml:1"), 3, "cannot be read"),
        (("suggest", "nowhere.yml"), 3, "not a place"),
        (("catalog", "show", "no.such.module"), 1, "No module"),
        (("feedback", "show", "nobody"), 1, "No suggestion"),
        (("sent",), 1, "Nothing that was sent"),
        (("suggest",), 2, "Missing argument"),
        (("serve", "--tcp", "example.com:1"), 2, "loopback"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_a_code(
    chiron: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in chiron(*arguments, code=code).stderr


def test_a_wrong_setting_is_told_by_key(chiron: Run) -> None:
    assert "suggest.debounce_ms" in chiron("config", "show", code=2, CHIRON_SUGGEST__DEBOUNCE_MS="-1").stderr


def test_a_model_nobody_configured_is_told(chiron: Run, tasks: Path) -> None:
    done = chiron("suggest", f"{tasks}:7", "--model", "oracle", code=2)
    assert "oracle" in done.stderr
    assert "none" in done.stderr


def test_catalog_shows_a_module_in_the_documented_shape(chiron: Run) -> None:
    shown = as_json(chiron("catalog", "show", "copy", "--json"))
    assert shown["fqcn"] == "ansible.builtin.copy"
    assert set(shown) == {"fqcn", "collection", "version", "deprecated", "options", "constraints"}
    assert set(shown["options"]["dest"]) == {
        "type",
        "required",
        "choices",
        "aliases",
        "default",
        "suboptions",
    }
    assert "dest" in chiron("catalog", "show", "copy").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("catalog", "stats"),
        ("cache", "stats"),
        ("cache", "clear"),
        ("feedback", "stats"),
        ("feedback", "list"),
        ("config", "show"),
        ("config", "path"),
        ("guardrails",),
        ("doctor",),
    ],
)
def test_every_other_command_has_json_and_a_page_for_people(chiron: Run, arguments: tuple[str, ...]) -> None:
    as_json(chiron(*arguments, "--json"))
    assert chiron(*arguments).stdout.strip()


def test_the_doctor_says_which_ansible_and_why(chiron: Run) -> None:
    found = as_json(chiron("doctor", "--json"))
    ansible = [one for one in found if one["what"] == "Ansible"]
    assert ansible
    assert "used" in ansible[0]["detail"]
    (model,) = [one for one in found if one["what"] == "Model"]
    assert model["state"] == "missing"
    assert "pip install" in model["advice"]


def test_text_of_a_file_cannot_move_the_cursor() -> None:
    shown = harmless("a\x1b[2Jb\u202ec\n\td")
    assert shown == "a�[2Jb�c\n\td"
