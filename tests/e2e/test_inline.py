"""Inline suggestions through a real server: every scope, every encoding, nothing elsewhere."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from support.sessions import Session, Start
from support.waiting import eventually

NGINX = [{"match": "", "text": "ansible.builtin.package:\n    name: nginx\n    state: present"}]

PLAY = """---
- name: Set up the web servers
  hosts: web
  become: true
  tasks:
    - name: Install curl
      ansible.builtin.package:
        name: curl
        state: present
"""

TASKS = """---
- name: Install curl
  ansible.builtin.package:
    name: curl
    state: present

"""


def cursor(drawn: str) -> tuple[str, int, int]:
    """A text with its cursor drawn as `¦`: the text without it, the line and the column."""
    before, after = drawn.split("¦")
    return before + after, before.count("\n"), len(before) - before.rfind("\n") - 1


def applied(text: str, item: types.InlineCompletionItem) -> str:
    """The text after an editor put the item in."""
    assert item.range is not None
    lines = text.split("\n")
    start, end = item.range.start, item.range.end
    lines[start.line] = (
        lines[start.line][: start.character] + str(item.insert_text) + lines[end.line][end.character :]
    )
    return "\n".join(lines)


async def check_ghost(session: Session, path: str, drawn: str, *expected: str) -> str:
    """Something is offered at the cursor, and with it in place the file holds what is `expected`."""
    text, line, column = cursor(drawn)
    items = await session.inline(session.open(path, text), line, column)
    assert items, "nothing was offered"
    result = applied(text, items[0])
    for part in expected:
        assert part in result, result
    return result


async def check_silence(session: Session, path: str, drawn: str) -> None:
    """Nothing is offered at the cursor."""
    text, line, column = cursor(drawn)
    assert await session.inline(session.open(path, text), line, column) == []


async def test_the_server_advertises_what_it_does(start: Start) -> None:
    session = await start()
    assert session.client.capabilities is not None


@pytest.mark.parametrize(
    ("path", "drawn", "expected"),
    [
        pytest.param(
            "play.yml",
            PLAY + "\n    - name: Install nginx¦",
            "\n      ansible.builtin.package:\n",
            id="in a play",
        ),
        pytest.param(
            "roles/web/tasks/main.yml",
            TASKS + "- name: Install nginx¦",
            "\n  ansible.builtin.package:\n",
            id="in a role",
        ),
        pytest.param(
            "roles/web/tasks/main.yml",
            TASKS + "- name: Install nginx\n  ¦",
            "nginx\n  ansible.builtin.package:\n",
            id="on the blank line under the name",
        ),
        pytest.param(
            "roles/web/tasks/main.yml",
            TASKS + "- name: Install nginx\n¦",
            "nginx\n  ansible.builtin.package:\n",
            id="on a blank line with no indentation yet",
        ),
        pytest.param(
            "play.yml",
            PLAY.replace("  tasks:", "  pre_tasks:") + "\n    - name: Install nginx¦",
            "\n      ansible.builtin.package:\n",
            id="in pre_tasks",
        ),
        pytest.param(
            "roles/web/tasks/main.yml",
            TASKS + "- name: All of it\n  block:\n    - name: Install nginx¦",
            "\n      ansible.builtin.package:\n",
            id="in a block",
        ),
        pytest.param(
            "roles/web/handlers/main.yml",
            "---\n- name: Restart nginx¦",
            "\n  ansible.builtin.",
            id="in a handlers file",
        ),
    ],
)
async def test_a_named_task_gets_its_body(start: Start, path: str, drawn: str, expected: str) -> None:
    session = await start(rules=NGINX)
    await check_ghost(session, path, drawn, expected)


async def test_a_begun_module_name_is_finished(start: Start) -> None:
    session = await start()
    await check_ghost(
        session,
        "roles/web/tasks/main.yml",
        TASKS + "- name: Install nginx\n  ansible.builtin.pack¦",
        "ansible.builtin.package:",
    )


async def test_options_still_missing_are_offered(start: Start) -> None:
    session = await start()
    await check_ghost(
        session,
        "roles/web/tasks/main.yml",
        TASKS + "- name: Install nginx\n  ansible.builtin.package:\n    name: nginx\n    ¦",
        "    state: present",
    )


async def test_a_comment_becomes_tasks(start: Start) -> None:
    session = await start()
    result = await check_ghost(
        session, "roles/web/tasks/main.yml", TASKS + "# install nginx and start nginx\n¦", "- name: ", "nginx"
    )
    assert result.count("- name: ") >= 2


@pytest.mark.parametrize(
    ("path", "drawn"),
    [
        ("group_vars/all.yml", "---\n- name: Install nginx¦"),
        ("roles/web/defaults/main.yml", "---\nname: Install nginx¦"),
        ("roles/web/tasks/secret.yml", "$ANSIBLE_VAULT;1.1;AES256\n3132¦"),
        ("roles/web/templates/web.yml.j2", "- name: Install nginx¦"),
        ("play.yml", PLAY.replace("hosts: web", "hosts: web¦")),
        ("docker-compose.yml", "services:\n  web:\n    image: nginx¦"),
        ("roles/web/tasks/main.yml", TASKS + "- name: Say it\n  ansible.builtin.shell: |\n    - name: echo¦"),
    ],
)
async def test_elsewhere_nothing_is_offered(start: Start, path: str, drawn: str) -> None:
    session = await start(rules=NGINX)
    await check_silence(session, path, drawn)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_positions_are_right_in_every_encoding(start: Start, encoding: str) -> None:
    session = await start(rules=NGINX, encodings=[types.PositionEncodingKind(encoding)])
    assert session.encoding == encoding
    name = "Installiere 🚀 nginx 漢字"
    uri = session.open("roles/web/tasks/main.yml", TASKS + f"# 🚀 漢字\n- name: {name}")
    width = {"utf-8": len(name.encode()), "utf-16": len(name.encode("utf-16-le")) // 2, "utf-32": len(name)}
    line = TASKS.count("\n") + 1
    items = await session.inline(uri, line, len("- name: ") + width[encoding])
    assert items
    assert items[0].range is not None
    assert items[0].range.start == types.Position(line, 0)
    assert items[0].range.end.character == len("- name: ") + width[encoding]
    assert str(items[0].insert_text).startswith(f"- name: {name}\n")


async def test_typing_is_followed_change_by_change(start: Start) -> None:
    session = await start(rules=NGINX)
    uri = session.open("roles/web/tasks/main.yml", TASKS)
    line = TASKS.count("\n")
    for number, character in enumerate("- name: Install nginx"):
        session.insert(uri, number + 2, line, number, character)
    items = await session.inline(uri, line, len("- name: Install nginx"), invoked=False)
    assert "nginx" in str(items[0].insert_text)


async def test_while_a_list_entry_is_selected_only_what_extends_it_is_offered(start: Start) -> None:
    session = await start()
    text, line, column = cursor(TASKS + "- name: Install nginx\n  ansible.builtin.pack¦")
    uri = session.open("roles/web/tasks/main.yml", text)
    place = types.Range(types.Position(line, 2), types.Position(line, column))

    async def offered(selected: str) -> list[types.InlineCompletionItem]:
        answer: Any = await session.client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(
                    types.InlineCompletionTriggerKind.Automatic,
                    types.SelectedCompletionInfo(place, selected),
                ),
                text_document=types.TextDocumentIdentifier(uri),
                position=types.Position(line, column),
            )
        )
        return list(answer.items) if answer else []

    (item,) = (await offered("ansible.builtin.package"))[:1]
    assert item.range == place
    assert str(item.insert_text).startswith("ansible.builtin.package")
    assert await offered("ansible.builtin.pacman") == []


async def test_a_cancelled_request_ends_at_once_and_the_next_is_answered(start: Start) -> None:
    session = await start(rules=[{"match": "Frobnicate", "text": "x", "delay_ms": 60_000}])
    text, line, column = cursor(TASKS + "- name: Frobnicate the whatsit¦")
    uri = session.open("roles/web/tasks/main.yml", text)
    code = await asyncio.wait_for(session.cancelled(uri, line, column, 1.0), 30)
    assert code == types.LSPErrorCodes.RequestCancelled
    await check_ghost(session, "play.yml", PLAY + "\n    - name: Install curl too¦", "curl")


async def test_nothing_of_a_document_reaches_the_log_on_stderr(start: Start) -> None:
    session = await start(rules=NGINX, CHIRON_LOG_LEVEL="debug")
    await check_ghost(session, "roles/web/tasks/main.yml", TASKS + "- name: Install marmalade¦", "marmalade")
    assert await eventually(lambda: session.log), "at this level there is something to read"
    await session.leave()
    assert not [line for line in session.log if "marmalade" in line]


def test_only_loopback_is_listened_on(environ: dict[str, str], tmp_path: Path) -> None:

    done = subprocess.run(
        [sys.executable, "-m", "chiron", "serve", "--tcp", "0.0.0.0:9999"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "loopback" in done.stderr
