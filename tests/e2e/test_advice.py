"""Actions that ask a model, through a real server and a scripted endpoint that speaks the real protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from support.light_bulb import Editor, StartEditor

SHELL = "---\n- name: Create the shop database\n  shell: mysql --batch < /tmp/shop.sql # it\n  become: true\n"
UNNAMED = "---\n- ansible.builtin.user:\n    name: deploy\n    shell: /bin/bash\n"


class Endpoint:
    """Starts endpoints that play a script, and gives the environment that makes one of them the model."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.server: ScriptedServer | None = None

    def __call__(self, *rules: dict[str, Any], default: str = "", **able: bool) -> dict[str, str]:
        script = Script(rules=tuple(Rule(**rule) for rule in rules), default=default, **able)
        self.server = self._stack.enter_context(ScriptedServer(script))
        settings = {"it": {"base_url": self.server.base_url, "model": "scripted", "max_retries": 0}}
        return {"CHIRON_MODEL": "it", "CHIRON_ENDPOINTS": json.dumps(settings)}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Plays scripts while the test runs."""
    with ExitStack() as stack:
        yield Endpoint(stack)


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
    # What a model is not shown it cannot replace: the command itself must stand in the question.
    rule = {"match": "# curl -sf http://localhost:8080/health", "text": good}
    editor = await start_editor(environ_over=endpoint(rule, chat=False))
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
    assert [kind for _, kind, _ in editor.worked()] == ["begin", "end"]


async def test_an_explanation_cites_the_documentation(start_editor: StartEditor, endpoint: Endpoint) -> None:
    over = endpoint({"match": "Explain", "text": "It makes the user deploy."}, completions=False)
    editor = await start_editor(environ_over=over)
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    assert "Chiron: Explain this task" in await titles(editor, uri, 2)
    text = await editor.run(await editor.command(uri, 2, "Chiron: Explain"))
    assert text.startswith("It makes the user deploy.\n\nFrom the documentation of `ansible.builtin.user` (")
    assert "- `shell`: Optionally set the user's shell." in text
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


# ------------------------------------------------------------------ one of each

SCRIPT = "---\n- name: Set up\n  ansible.builtin.shell: /opt/a/prepare && /opt/a/migrate\n"
BUILD = "---\n- name: Build\n  ansible.builtin.command: /opt/build\n"
BLOCK = "---\n- name: All\n  block:\n    - name: Build\n      ansible.builtin.command: /opt/build\n"
WRONG = "---\n- name: Wait\n  ansible.builtin.wait_for:\n    timeout: soon\n"
HALF = "---\n- name: Make the user deploy\n  ansible.builtin.user:\n"
HEALTH = "---\n- name: Ask for /opt\n  ansible.builtin.command: curl -sf http://localhost:8080/health\n"
FAIL = "  rescue:\n    - name: Say so\n      ansible.builtin.fail:\n        msg: It failed\n"
#: What is asked, where, what is answered, and what then stands there.
GOOD = {
    "Fix what is wrong": (WRONG, 3, "- name: Wait\n  ansible.builtin.wait_for:\n    timeout: 30\n"),
    "Complete this task": (HALF, 2, "name: deploy"),
    "Replace the command": (HEALTH, 2, "- ansible.builtin.uri:\n    url: http://localhost:8080/health\n"),
    "Name this task": (UNNAMED, 2, "Make the user deploy"),
    "Add a rescue to this task": (
        BUILD,
        2,
        f"- name: Build\n  block:\n    - name: Build\n      ansible.builtin.command: /opt/build\n{FAIL}",
    ),
    "Add a rescue to this block": (BLOCK, 1, BLOCK.removeprefix("---\n") + FAIL),
    "Make this command run only": (
        BUILD,
        2,
        "- name: Build\n  ansible.builtin.command:\n    cmd: /opt/build\n    creates: /opt/built\n",
    ),
    "Split this script": (
        SCRIPT,
        2,
        "- name: Prepare\n  ansible.builtin.command: /opt/a/prepare\n"
        "- name: Migrate\n  ansible.builtin.command: /opt/a/migrate\n",
    ),
    "Check that this task": (
        BUILD,
        2,
        BUILD.removeprefix("---\n") + "- name: Look at it\n  ansible.builtin.stat:\n    path: /opt/built\n"
        "  register: built\n- name: It is there\n  ansible.builtin.assert:\n    that: built.stat.exists\n",
    ),
}
#: Answers that are valid, and change what must stay.
BAD = {
    "Add a rescue to this task": GOOD["Add a rescue to this task"][2].replace("/opt/build", "/opt/rebuild"),
    "Add a rescue to this block": GOOD["Add a rescue to this block"][2].replace("name: All", "name: Some"),
    "Make this command run only": GOOD["Make this command run only"][2].replace(
        "cmd: /opt/build", "cmd: /opt/b"
    ),
    "Split this script": GOOD["Split this script"][2].replace("/opt/a/migrate", "/opt/a/other"),
    "Check that this task": "- name: Build\n  ansible.builtin.command: /opt/build\n",
    "Fix what is wrong": "- name: Wait\n  ansible.builtin.wait_for:\n    timeout: later\n",
    "Name this task": "Restart nginx",
}


def made(title: str) -> str:
    """What stands in the file once the answer to `title` is in place."""
    text, _, answer = GOOD[title]
    if title.startswith("Complete"):
        return f"{text}    {answer}\n"
    if title.startswith("Name"):
        return text.replace("- ansible", f"- name: {answer}\n  ansible")
    if title.startswith("Replace"):
        return f"{text.rpartition('  ansible')[0]}  {answer.removeprefix('- ')}"
    return f"---\n{answer}"


async def opened(editor: Editor, title: str, number: int, *, text: str | None = None) -> tuple[str, int]:
    """A file with what `title` is about, and the line it is about."""
    uri = editor.open(f"roles/web/tasks/{number}.yml", text or GOOD[title][0])
    await editor.problems(uri)
    return uri, GOOD[title][1]


@pytest.mark.parametrize("title", GOOD)
async def test_each_action_is_proposed_previewed_and_made(
    start_editor: StartEditor, endpoint: Endpoint, title: str
) -> None:
    editor = await start_editor(environ_over=endpoint(default=GOOD[title][2], completions=False))
    uri, line = await opened(editor, title, 0)
    resolved = await editor.resolve(await editor.action(uri, line, f"Chiron: {title}"))
    assert resolved.edit is not None
    ((_, note),) = (resolved.edit.change_annotations or {}).items()
    assert note.needs_confirmation
    assert note.description is not None
    assert "scripted" in note.description or "ansible.builtin" in note.description
    assert editor.apply(uri, resolved) == made(title)
    assert [kind for _, kind, _ in editor.worked()] == ["begin", "end"]
    await editor.run_command(resolved)
    await editor.leave()
    assert [row["outcome"] for row in editor.log() if row["scope"] == "action"] == ["accepted"]


@pytest.mark.parametrize("title", BAD)
async def test_an_answer_that_changes_what_must_stay_is_refused(
    start_editor: StartEditor, endpoint: Endpoint, title: str
) -> None:
    editor = await start_editor(environ_over=endpoint(default=BAD[title], completions=False))
    uri, line = await opened(editor, title, 0)
    await check_refused(editor, await editor.action(uri, line, f"Chiron: {title}"), "passes the checks")
    assert editor.texts[uri][0] == GOOD[title][0]


async def test_what_was_wrong_with_an_answer_is_told_to_the_model_once(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    title = "Add a rescue to this task"
    over = endpoint(
        {"match": "must stay as it is", "text": GOOD[title][2]}, default=BAD[title], completions=False
    )
    editor = await start_editor(environ_over=over)
    uri, line = await opened(editor, title, 0)
    assert editor.apply(uri, await editor.resolve(await editor.action(uri, line, title_of(title)))) == made(
        title
    )


def title_of(title: str) -> str:
    return f"Chiron: {title}"


# ------------------------------------------------------------------ what cannot be had


async def test_what_a_base_model_cannot_do_is_shown_with_the_reason(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    editor = await start_editor(environ_over=endpoint(chat=False), disables=True)
    uri = editor.open("tasks/main.yml", SHELL)
    assert "Chiron: Explain this task" in await titles(editor, uri, 2)
    reasons = {one.title: one.disabled.reason for one in await editor.actions(uri, 2) if one.disabled}
    assert "chat" in reasons["Chiron: Explain this task"]
    assert "chat" in reasons["Chiron: Add a rescue to this task"]
    assert "Chiron: Replace the command by a module" not in reasons


async def test_where_no_module_does_the_same_it_says_so_and_asks_nobody(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    text = "---\n- name: Rename it\n  ansible.builtin.command: mv /opt/a /opt/b\n"
    editor = await start_editor(environ_over=endpoint(default="x"), disables=True)
    uri = editor.open("tasks/main.yml", text)
    action = await editor.action(uri, 2, "Chiron: Replace the command by a module")
    assert action.disabled is not None
    assert action.disabled.reason.startswith("No module does what `mv` does.")
    assert endpoint.server is not None
    n_calls = len(endpoint.server.calls)
    editor = await start_editor(environ_over=endpoint(default="x"))
    uri = editor.open("tasks/main.yml", text)
    await check_refused(editor, await editor.action(uri, 2, "Chiron: Replace the command"), "No module does")
    assert len(endpoint.server.calls) == n_calls


# ------------------------------------------------------------------ bad input


async def test_an_action_on_a_file_that_changed_or_broke_meanwhile_is_refused_whichever_it_is(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    editor = await start_editor(environ_over=endpoint(default="x", completions=False))
    for number, title in enumerate(GOOD):
        uri, line = await opened(editor, title, number)
        action = await editor.action(uri, line, title_of(title))
        for broken in (GOOD[title][0] + "# more\n", "- name: [\n", "$ANSIBLE_VAULT;1.1;AES256\n6162\n"):
            editor.replace(uri, broken)
            with pytest.raises(JsonRpcException) as stale:
                await editor.resolve(action)
            assert (stale.value.code, "has changed" in stale.value.message) == (-32801, True), title
            if not broken.endswith("# more\n"):
                # One that was kept from elsewhere, for this very version.
                assert isinstance(action.data, dict)
                action.data["version"] = editor.texts[uri][1]
                await check_refused(editor, action, "cannot be read")
                assert not [one for one in await editor.titles(uri, 0) if one.startswith("Chiron: Add")], (
                    title
                )
            assert editor.texts[uri][0] == broken


async def test_a_model_that_fails_is_told_whatever_was_asked_of_it(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    over = endpoint({"regex": "Build|Set up|Wait|deploy|/opt", "fault": "500"}, completions=False)
    editor = await start_editor(environ_over=over)
    # A half-written task may be completed from what was written before, without a model.
    for number, title in enumerate(title for title in GOOD if not title.startswith("Complete")):
        uri, line = await opened(editor, title, number)
        with pytest.raises(JsonRpcException) as refused:
            await editor.resolve(await editor.action(uri, line, title_of(title)))
        assert refused.value.code == -32803, title
        assert "scripted" in refused.value.message, title
        assert editor.texts[uri][0] == GOOD[title][0]


# ------------------------------------------------------------------ cancelling


async def began(editor: Editor) -> str | int:
    """The token of the progress that is shown now."""
    for _ in range(200):
        for token, kind, _ in editor.worked():
            if kind == "begin":
                return token
        await asyncio.sleep(0.05)
    raise AssertionError("no progress is shown")


async def cancel(editor: Editor, token: str | int, by: str) -> None:
    """Cancels the one request that is under way, as a client that no longer wants it, or as a person does."""
    if by == "request":
        (request,) = editor.client.protocol._request_futures
        editor.client.cancel_request(types.CancelParams(request))
    else:
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))


@pytest.mark.parametrize("by", ["request", "progress"])
async def test_cancelling_an_action_closes_the_connection_to_the_model(
    start_editor: StartEditor, endpoint: Endpoint, by: str
) -> None:
    editor = await start_editor(
        environ_over=endpoint({"match": "/opt/build", "fault": "hang"}, completions=False)
    )
    uri, line = await opened(editor, "Add a rescue to this task", 0)
    action = await editor.action(uri, line, "Chiron: Add a rescue to this task")
    asked = asyncio.ensure_future(editor.resolve(action))
    token = await began(editor)
    assert endpoint.server is not None
    n_probed = len(endpoint.server.calls)
    while not any("/opt/build" in json.dumps(call) for call in endpoint.server.calls):
        await asyncio.sleep(0.05)
    assert n_probed <= len(endpoint.server.calls)
    await cancel(editor, token, by)
    assert await asyncio.to_thread(endpoint.server.wait_closed, 1)
    with pytest.raises((JsonRpcException, asyncio.CancelledError)):
        await asyncio.wait_for(asked, 10)
    for _ in range(100):
        if len(editor.worked()) > 1:
            break
        await asyncio.sleep(0.05)
    assert [kind for _, kind, _ in editor.worked()] == ["begin", "end"]
    assert editor.texts[uri][0] == BUILD


# ------------------------------------------------------------------ explaining

PLAY = (
    "---\n- hosts: web\n  tasks:\n    - name: Copy it\n      ansible.builtin.copy:\n        content: a\n"
    "        dset: '{{ place | default(other) }}'\n    - name: Both\n      block:\n"
    "        - name: Say so\n          ansible.builtin.debug:\n            msg: hello\n"
)


async def streamed(editor: Editor, command: types.Command) -> tuple[list[str], str]:
    """What the command tells piece by piece, and what it returns."""
    text = await editor.run(command, partialResultToken="here")
    return editor.pieces("here"), text


@pytest.mark.parametrize(
    ("line", "column", "title", "asked", "cites"),
    [
        (3, 8, "Explain this task", "what this task does", "`ansible.builtin.copy` ("),
        (1, 4, "Explain this play", "what this play does", "`ansible.builtin.debug` ("),
        (7, 8, "Explain this block", "what this block does", "- `msg`: "),
        (6, 10, "Explain this problem: unknown-option", "`dset`", "- `content`: "),
        (6, 20, "Explain this expression", "place | default(other)", "`ansible.builtin.copy` ("),
    ],
)
async def test_an_explanation_comes_sentence_by_sentence_and_cites_the_documentation(
    start_editor: StartEditor, endpoint: Endpoint, line: int, column: int, title: str, asked: str, cites: str
) -> None:
    said = "It does one thing first. Then it does another. That is all."
    rule = {"match": asked, "text": said, "fault": "slow"}
    editor = await start_editor(environ_over=endpoint(rule, default="Something else.", completions=False))
    uri = editor.open("site.yml", PLAY)
    await editor.problems(uri)
    pieces, text = await streamed(editor, await editor.command(uri, line, f"Chiron: {title}", column))
    assert text.startswith(f"{said}\n\nFrom the documentation of `ansible.builtin.")
    assert cites in text
    assert "".join(pieces) == text
    assert pieces[0].strip() == "It does one thing first."
    assert len(pieces) > 2
    shown = [message for _, kind, message in editor.worked() if kind == "report"]
    assert shown[0] == "It does one thing first."
    assert editor.said == []
    await editor.leave()
    (row,) = editor.log()
    assert (row["text"], row["source"]) == (said, "model")


async def test_of_a_text_that_is_broken_the_problem_is_explained(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    rule = {"match": "what this problem means", "text": "A bracket is not closed."}
    editor = await start_editor(environ_over=endpoint(rule, completions=False))
    uri = editor.open("tasks/main.yml", "---\n- name: [\n  a: b\n")
    (problem,) = await editor.problems(uri)
    command = await editor.command(uri, problem.range.start.line, "Chiron: Explain this problem: yaml-syntax")
    assert (await editor.run(command)).startswith("A bracket is not closed.")


async def test_what_an_explanation_may_not_hold_is_not_told_even_in_part(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLQ"
    said = f"It makes a user. The key is {secret}, so be careful. It is all."
    rule = {"match": "what this task does", "text": said, "fault": "slow"}
    editor = await start_editor(environ_over=endpoint(rule, completions=False))
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    command = await editor.command(uri, 2, "Chiron: Explain this task")
    with pytest.raises(JsonRpcException) as refused:
        await editor.run(command, partialResultToken="here")
    assert "passes the checks" in refused.value.message
    assert "".join(editor.pieces("here")) == "It makes a user."


@pytest.mark.parametrize("by", ["request", "progress"])
async def test_an_explanation_that_is_cancelled_asks_no_more(
    start_editor: StartEditor, endpoint: Endpoint, by: str
) -> None:
    rule = {"match": "what this task does", "fault": "hang"}
    editor = await start_editor(environ_over=endpoint(rule, completions=False))
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    command = await editor.command(uri, 2, "Chiron: Explain this task")
    asked = asyncio.ensure_future(editor.run(command))
    token = await began(editor)
    assert endpoint.server is not None
    while not any("what this task does" in json.dumps(call) for call in endpoint.server.calls):
        await asyncio.sleep(0.05)
    await cancel(editor, token, by)
    assert await asyncio.to_thread(endpoint.server.wait_closed, 1)
    with pytest.raises((JsonRpcException, asyncio.CancelledError)):
        await asyncio.wait_for(asked, 10)


async def test_an_explanation_of_what_changed_meanwhile_or_by_a_model_that_fails_is_refused(
    start_editor: StartEditor, endpoint: Endpoint
) -> None:
    over = endpoint({"match": "what this task does", "fault": "500"}, completions=False)
    editor = await start_editor(environ_over=over)
    uri = editor.open("tasks/main.yml", UNNAMED)
    await editor.problems(uri)
    command = await editor.command(uri, 2, "Chiron: Explain this task")
    with pytest.raises(JsonRpcException) as refused:
        await editor.run(command, partialResultToken="here")
    assert refused.value.code == -32803
    assert "scripted" in refused.value.message
    assert editor.pieces("here") == []
    for changed in (UNNAMED + "# more\n", "- name: [\n", "$ANSIBLE_VAULT;1.1;AES256\n6162\n"):
        editor.replace(uri, changed)
        with pytest.raises(JsonRpcException) as stale:
            await editor.run(command)
        assert stale.value.code == -32801
    assert editor.said == []
