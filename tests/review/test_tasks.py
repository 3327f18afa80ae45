"""A suggestion in its place, and what stands there now."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from chiron.records import Event, EventKind, Evidence, ScopeKind, SuggestionRecord
from chiron.review.files import local_path, read_recorded
from chiron.review.tasks import Compared, in_place, stands_now
from chiron.store.feedback_queries import History
from chiron.store.feedback_rows import Derived, SuggestionRow
from support.reviewing import suggestion

BODY = "\n  ansible.builtin.package:\n    name: nginx\n    state: present"


def record_at(context: str, text: str, **over: object) -> SuggestionRecord:
    """A suggestion of `text` at the `¦` of `context`."""
    at = context.index("¦")
    return suggestion(
        context=context.replace("¦", ""), context_at=at, text=text, task_name="Install nginx", **over
    )


def check_in_place(context: str, text: str, *, new: tuple[int, int], task: str, **over: object) -> None:
    place = in_place(record_at(context, text, **over))
    assert (place.first_new, place.last_new) == new
    assert place.task == task


def compared(record: SuggestionRecord, *events: Event, excluded: tuple[str, ...] = ()) -> Compared:
    return stands_now(History(SuggestionRow(record, Derived()), events), excluded)


def check_now(tmp_path: Path, file: str | None, **over: object) -> Compared:
    """What is said of a suggestion for a file that now holds `file`."""
    path = tmp_path / "main.yml"
    if file is not None:
        path.write_text(file, encoding="utf-8")
    record = record_at("- name: Install nginx¦\n", BODY, uri=path.as_uri(), line=0)
    return compared(replace(record, **over))  # type: ignore[arg-type]


def test_a_body_behind_the_name_is_shown_with_its_task() -> None:
    check_in_place(
        "  tasks:\n    - name: Say\n      debug:\n    - name: Install nginx¦\n\n    - name: Next\n",
        "\n      package:\n        name: nginx",
        new=(4, 5),
        task="- name: Install nginx\n  package:\n    name: nginx\n",
    )


def test_options_are_shown_with_the_module_that_stands_there() -> None:
    check_in_place(
        "- name: Install nginx\n  package:\n¦\n  become: true\n",
        "    name: nginx\n    state: present",
        new=(2, 3),
        task="- name: Install nginx\n  package:\n    name: nginx\n    state: present\n  become: true\n",
        scope=ScopeKind.MODULE_OPTIONS,
    )


def test_lines_above_that_begin_in_the_middle_of_something_do_no_harm() -> None:
    check_in_place(
        "        state: [\n      }} |\n    - name: Install nginx¦\n",
        "\n      package:\n        name: nginx",
        new=(3, 4),
        task="- name: Install nginx\n  package:\n    name: nginx\n",
    )


def test_several_tasks_are_one_text_to_correct() -> None:
    check_in_place(
        "---\n¦\n",
        "- name: One\n  debug:\n- name: Two\n  debug:",
        new=(1, 4),
        task="- name: One\n  debug:\n- name: Two\n  debug:\n",
        scope=ScopeKind.TASK_LIST,
    )


def test_lines_have_the_numbers_they_have_in_the_file() -> None:
    place = in_place(record_at("# above\n- name: Install nginx¦\n", BODY, line=41))
    assert place.number == 41


def test_without_a_known_place_the_task_is_shown_alone() -> None:
    one = suggestion(context="", context_at=-1, text=BODY, task_name="Install nginx")
    assert in_place(one).task == f"- name: Install nginx{BODY}\n"
    assert in_place(replace(one, text=BODY.lstrip("\n"))).task == f"- name: Install nginx{BODY}\n"
    assert in_place(replace(one, text="", task_name="")).task == "\n"


def test_what_stands_there_now_is_compared_line_by_line(tmp_path: Path) -> None:
    now = check_now(tmp_path, f"- name: Install nginx{BODY.replace('present', 'latest')}\n")
    assert [(line.mark, line.text.strip()) for line in now.lines if line.mark != " "] == [
        ("-", "state: present"),
        ("+", "state: latest"),
    ]
    assert check_now(tmp_path, f"- name: Install nginx{BODY}\n").same


def test_of_tasks_of_one_name_the_nearest_is_taken(tmp_path: Path) -> None:
    text = "".join(f"- name: Install nginx\n  package:\n    name: nginx{n}\n" for n in range(5))
    now = check_now(tmp_path, text, line=7)
    assert any("nginx2" in line.text for line in now.lines)


def test_secrets_of_the_file_are_not_shown(tmp_path: Path) -> None:
    now = check_now(tmp_path, f"- name: Install nginx{BODY}\n    password: correcthorsebattery\n")
    assert now.lines
    assert not any("correcthorse" in line.text for line in now.lines)


def test_why_nothing_can_be_compared_is_said(tmp_path: Path) -> None:
    assert "not there any more" in check_now(tmp_path, None).why
    assert "no task of this name" in check_now(tmp_path, "- name: Other\n  debug:\n").why
    assert "no file on this machine" in check_now(tmp_path, None, uri="untitled:Untitled-1").why
    assert "no file on this machine" in check_now(tmp_path, None, uri="file://elsewhere/x.yml").why


def test_what_was_written_instead_stands_in_for_a_file_that_is_gone() -> None:
    record = record_at("- name: Install nginx¦\n", BODY, uri="file:///nowhere/main.yml")
    data = {"text": BODY.replace("present", "absent")}
    event = Event(record.id, EventKind.WROTE_INSTEAD, Evidence.INFERRED, 1, data)
    now = compared(record, event)
    assert now.heading == "What was written instead"
    assert [line.text.strip() for line in now.lines if line.mark == "+"] == ["state: absent"]


def test_a_pipe_a_folder_and_what_is_too_large_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    for name in ("pipe", "large", "."):
        text, why = read_recorded((tmp_path / name).as_uri(), ())
        assert text is None
        assert why


def test_an_excluded_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.yml"
    path.write_text("- name: x\n", encoding="utf-8")
    assert read_recorded(path.as_uri(), ("*secret*",))[0] is None
    assert read_recorded(path.as_uri(), ("*.txt",))[0] is not None


@pytest.mark.parametrize(
    "uri", ["", "file:", "file:relative", "http://x/y", "file:///a%00b", "file://[", "\x00"]
)
def test_what_is_no_file_of_this_machine_has_no_path(uri: str) -> None:
    assert local_path(uri) is None
