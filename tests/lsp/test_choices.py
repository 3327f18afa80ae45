"""What can be done by rule where the cursor is, in this process: which files are read, and which are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from chiron.ansible.validate import validate_file
from chiron.assemble import Assembly, assemble
from chiron.config import Settings
from chiron.lsp.choices import Asked, Chosen, choices
from chiron.lsp.diagnostics import Shown
from chiron.records import FileKind

TASK = (
    "- name: Configure\n  ansible.builtin.copy:\n    content: a\n    dest: /etc/a\n"
    "  notify: [Restart a, Reload b]\n"
)
PLAY = "- hosts: all\n  tasks:\n    - import_tasks: tasks/main.yml\n"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Assembly]:
    """Everything, for settings that keep it all under the test's own folder."""
    settings = Settings(model="none", data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    made = assemble(settings, [], {})
    yield made
    made._close_files()


def put(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())


def offered(
    parts: Assembly, root: Path, line: int, text: str = TASK, opened: Mapping[str, str] | None = None
) -> list[Chosen]:
    """What is offered on a line of a role's tasks."""
    path = str(root / "roles/web/tasks/main.yml")
    project = parts.workspaces.project(str(root))
    assert project is not None
    found = validate_file(text, FileKind.TASKS, parts.catalog, lambda at: project.references(path, at))
    shown = [Shown(one, "") for one in found]
    return choices(parts, Asked(path, str(root), text, (line, line), shown, opened or {}))


def elsewhere(found: list[Chosen]) -> dict[str, str | None]:
    """The titles of what reaches into a second file, and the text that file has."""
    return {one.title: one.elsewhere.text for one in found if one.elsewhere is not None}


def test_each_of_two_that_are_notified_on_one_line_gets_its_handler(parts: Assembly, tmp_path: Path) -> None:
    put(tmp_path, {"roles/web/tasks/main.yml": TASK, "roles/web/handlers/main.yml": ""})
    titles = elsewhere(offered(parts, tmp_path, 4))
    assert [title for title in titles if "handler" in title] == [
        "Add a handler `Restart a` to handlers/main.yml",
        "Add a handler `Reload b` to handlers/main.yml",
    ]


def test_a_workspace_that_is_reached_by_a_link_is_one_like_any_other(parts: Assembly, tmp_path: Path) -> None:
    put(tmp_path / "real", {"roles/web/tasks/main.yml": TASK, "roles/web/defaults/main.yml": "a: 1\n"})
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert "a: 1\n" in elsewhere(offered(parts, tmp_path / "link", 3)).values()


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_lines_may_end_in_any_way(parts: Assembly, tmp_path: Path, newline: str) -> None:
    text = TASK.replace("\n", newline)
    put(tmp_path, {"roles/web/tasks/main.yml": text, "roles/web/handlers/main.yml": ""})
    assert any("handler" in title for title in elsewhere(offered(parts, tmp_path, 4, text)))


def test_what_an_editor_holds_counts_and_not_what_is_on_disk(parts: Assembly, tmp_path: Path) -> None:
    put(tmp_path, {"roles/web/tasks/main.yml": TASK, "roles/web/defaults/main.yml": "a: 1\n"})
    opened = {str(tmp_path / "roles/web/defaults/main.yml"): "b: 2\n"}
    assert set(elsewhere(offered(parts, tmp_path, 3, opened=opened)).values()) == {"b: 2\n"}


def test_a_file_out_of_reach_or_out_of_shape_is_not_added_to(parts: Assembly, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text("a: 1\n", encoding="utf-8")
    ways: dict[str, Callable[[Path], object]] = {
        "a link out": lambda at: at.symlink_to(outside),
        "no text": lambda at: at.write_bytes(b"a: \xff\n"),
        "a folder": lambda at: at.mkdir(),
        "a vault": lambda at: at.write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n", encoding="utf-8"),
        "several files": lambda at: at.with_suffix("").mkdir(),
    }
    for name, make in ways.items():
        root = tmp_path / name
        put(root, {"roles/web/tasks/main.yml": TASK, "roles/web/meta/main.yml": "dependencies: []\n"})
        (root / "roles/web/defaults").mkdir()
        make(root / "roles/web/defaults/main.yml")
        assert elsewhere(offered(parts, root, 3)) == {}, name
    assert outside.read_text(encoding="utf-8") == "a: 1\n"


def test_what_is_no_role_has_no_defaults(parts: Assembly, tmp_path: Path) -> None:
    put(tmp_path, {"tasks/main.yml": TASK, "site.yml": PLAY})
    path = str(tmp_path / "tasks/main.yml")
    found = choices(parts, Asked(path, str(tmp_path), TASK, (3, 3), [], {}))
    assert elsewhere(found) == {}


def test_what_is_said_of_a_play_is_offered_on_its_own_line_alone(parts: Assembly, tmp_path: Path) -> None:
    text = "- hosts: all\n  become: yes\n  tasks:\n    - name: A\n      command: ls\n"
    for line, expected in ((1, "Write `yes` as `true`"), (4, "Write `command` as `ansible.builtin.command`")):
        asked = Asked(str(tmp_path / "site.yml"), str(tmp_path), text, (line, line), [], {})
        assert [one.title for one in choices(parts, asked)] == [expected]
