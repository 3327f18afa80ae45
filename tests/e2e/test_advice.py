"""Actions that ask a model, through a real server and a scripted endpoint that speaks the real protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from support.light_bulb import Editor, StartEditor

SHELL = (
    "---\n- name: Create the shop database\n  shell: mysql -e 'CREATE DATABASE shop' # it\n  become: true\n"
)
UNNAMED = "---\n- ansible.builtin.user:\n    name: deploy\n    shell: /bin/bash\n"
Endpoint = Callable[..., dict[str, str]]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Starts an endpoint that plays a script, and gives the environment that makes it the model."""
    with ExitStack() as stack:

        def started(*rules: dict[str, Any], default: str = "", **able: bool) -> dict[str, str]:
            script = Script(rules=tuple(Rule(**rule) for rule in rules), default=default, **able)
            server = stack.enter_context(ScriptedServer(script))
            settings = {"it": {"base_url": server.base_url, "model": "scripted", "max_retries": 0}}
            return {"CHIRON_MODEL": "it", "CHIRON_ENDPOINTS": json.dumps(settings)}

        yield started


async def titles(editor: Editor, uri: str, line: int) -> set[str]:
    await editor.problems(uri)
    found: set[str] = set()
    for _ in range(50):
        found = {title for title in await editor.titles(uri, line) if title.startswith("Chiron: ")}
        if found or editor.environ["CHIRON_MODEL"] == "none" or "secret" in uri:
            break
        await asyncio.sleep(0.2)
    return found


async def check_refused(editor: Editor, action: types.CodeAction, said: str) -> None:
    """The edit is refused with a message that a person can read."""
    with pytest.raises(JsonRpcException) as refused:
        await editor.resolve(action)
    assert said in refused.value.message


async def test_a_base_model_is_offered_for_names_and_replacing_and_nothing_that_needs_a_chat(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    editor = await start_editor(environ_over=endpoint(chat=False))
    uri = editor.open("tasks/main.yml", SHELL)
    assert await titles(editor, uri, 2) == {"Chiron: Replace the command by a module"}
    uri = editor.open("tasks/other.yml", UNNAMED)
    assert await titles(editor, uri, 2) == {"Chiron: Name this task"}


async def test_a_model_that_can_chat_is_offered_for_more(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    editor = await start_editor(environ_over=endpoint(completions=False))
    uri = editor.open("tasks/main.yml", SHELL)
    assert await titles(editor, uri, 2) == {
        "Chiron: Replace the command by a module",
        "Chiron: Explain this task",
        "Chiron: Add a rescue to this task",
        "Chiron: Check that this task did its job",
        "Chiron: Make this command run only when needed",
    }


async def test_nothing_is_offered_without_a_model_or_for_files_kept_from_it(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    editor = await start_editor()
    assert await titles(editor, editor.open("tasks/main.yml", SHELL), 2) == set()
    editor = await start_editor(environ_over=endpoint(), options={"feedback": {"exclude": ["*/secret.yml"]}})
    assert await titles(editor, editor.open("tasks/secret.yml", SHELL), 2) == set()


async def test_a_name_is_proposed_previewed_and_logged_when_taken(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    over = endpoint({"match": "name: deploy", "text": " Create the deploy user"}, chat=False)
    editor = await start_editor(environ_over=over)
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    resolved = await editor.resolve(await editor.action(uri, 2, "Chiron: Name this task"))
    assert resolved.edit is not None
    assert [note.needs_confirmation for note in (resolved.edit.change_annotations or {}).values()] == [True]
    named = UNNAMED.replace("- ansible", "- name: Create the deploy user\n  ansible")
    assert editor.apply(uri, resolved) == named
    await editor.run_command(resolved)
    await editor.leave()
    (row,) = editor.log()
    assert (row["scope"], row["source"], row["outcome"]) == ("action", "model", "accepted")
    assert "deploy" in row["sent"]


async def test_a_name_about_something_else_is_withheld(start_editor: StartEditor, endpoint: Endpoint) -> None:
    editor = await start_editor(environ_over=endpoint(default=" Restart nginx", chat=False))
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    await check_refused(editor, await editor.action(uri, 2, "Chiron: Name this task"), "passes the checks")
    assert editor.texts[uri][0] == UNNAMED


async def test_a_command_is_replaced_by_what_passes_the_checks_and_keeps_what_it_names(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    task = "---\n- name: Fetch the health page\n  command: curl -sf http://localhost:8080/health\n"
    good = "ansible.builtin.uri:\n    url: http://localhost:8080/health"
    editor = await start_editor(environ_over=endpoint(default=good, chat=False))
    uri = editor.open("tasks/main.yml", task)
    await editor.problems(uri)
    resolved = await editor.resolve(await editor.action(uri, 2, "Chiron: Replace the command"))
    expected = (
        "---\n- name: Fetch the health page\n  ansible.builtin.uri:\n    url: http://localhost:8080/health\n"
    )
    assert editor.apply(uri, resolved) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "ansible.builtin.uri:\n    url: http://elsewhere:8080/health",
        "ansible.builtin.uri:\n    urk: http://localhost:8080/health",
        "ansible.builtin.shell: curl http://localhost:8080/health",
        "rm -rf /",
        "",
    ],
)
async def test_a_replacement_that_is_wrong_is_refused_and_the_file_stays(
    start_editor: StartEditor, endpoint: Endpoint, wrong: str
) -> None:
    task = "---\n- name: Frobnicate\n  ansible.builtin.command: curl -sf http://localhost:8080/health\n"
    editor = await start_editor(environ_over=endpoint(default=wrong, chat=False))
    uri = editor.open("tasks/main.yml", task)
    await editor.problems(uri)
    action = await editor.action(uri, 2, "Chiron: Replace the command")
    await check_refused(editor, action, "passes the checks")


async def test_a_chat_model_rewrites_a_task_as_told(start_editor: StartEditor, endpoint: Endpoint) -> None:
    answer = (
        "```yaml\n- name: Build it\n  block:\n    - name: Build it\n"
        "      ansible.builtin.command: /opt/build\n  rescue:\n    - name: Say so\n"
        "      ansible.builtin.fail:\n        msg: The build failed\n```"
    )
    over = endpoint({"match": "rescue", "text": answer}, completions=False)
    editor = await start_editor(environ_over=over)
    text = "---\n- hosts: all\n  tasks:\n    - name: Build it\n      ansible.builtin.command: /opt/build\n"
    uri = editor.open("play.yml", text)
    await editor.problems(uri)
    resolved = await editor.resolve(await editor.action(uri, 4, "Chiron: Add a rescue"))
    made = editor.apply(uri, resolved)
    assert "    - name: Build it\n      block:\n        - name: Build it\n" in made
    assert made.startswith("---\n- hosts: all\n  tasks:\n    - name: Build it\n")
    assert await editor.problems(uri, version=2) == []
    assert {p.value.kind for p in editor.progress if hasattr(p.value, "kind")} <= {"begin", "end"}


async def test_an_explanation_cites_the_documentation(start_editor: StartEditor, endpoint: Endpoint) -> None:
    over = endpoint({"match": "Explain", "text": "It makes the user deploy."}, completions=False)
    editor = await start_editor(environ_over=over)
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    assert "Chiron: Explain this task" in await titles(editor, uri, 2)
    text = await editor.run(await editor.command(uri, 2, "Chiron: Explain"))
    assert text.startswith("It makes the user deploy.")
    assert "ansible.builtin.user" in text
    assert text in editor.said


async def test_a_model_that_is_down_is_told_and_the_file_stays(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    over = endpoint({"match": "deploy", "fault": "500"}, chat=False)
    editor = await start_editor(environ_over=over)
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    action = await editor.action(uri, 2, "Chiron: Name this task")
    with pytest.raises(JsonRpcException) as refused:
        await editor.resolve(action)
    assert "passes the checks" not in refused.value.message
    assert editor.texts[uri][0] == UNNAMED


async def test_an_answer_to_a_file_that_changed_meanwhile_is_refused(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    over = endpoint({"match": "deploy", "text": " Create the deploy user", "delay_ms": 1500}, chat=False)
    editor = await start_editor(environ_over=over)
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    action = await editor.action(uri, 2, "Chiron: Name this task")
    asked = editor.client.code_action_resolve_async(action)
    editor.replace(uri, UNNAMED + "# more\n")
    with pytest.raises(JsonRpcException) as refused:
        await asked
    assert refused.value.code == -32801
