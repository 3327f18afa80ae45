"""Whatever comes in, a server process stays, answers, and holds no more than it must.

The corpus in `tests/data/corpus` holds texts that once did harm, or could; it is played whole each time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from support.wire import Wire

CORPUS = Path(__file__).parents[1] / "data" / "corpus"
HEAD = "---\n- name: Install curl\n  ansible.builtin.package:\n    name: curl\n    state: present\n\n"
LINE = HEAD.count("\n")
NAME = "- name: Install nginx"
#: Bytes that a document may add to the process for each of its own, besides a fixed sum.
MEMORY_FACTOR, MEMORY_MB = 60, 160


@pytest_asyncio.fixture
async def wire(environ: dict[str, str], tmp_path: Path) -> AsyncIterator[Wire]:
    """A server on an empty workspace, without a model."""
    one = await opened(environ, tmp_path / "workspace")
    yield one
    await one.kill()


async def opened(environ: dict[str, str], workspace: Path) -> Wire:
    await asyncio.to_thread(workspace.mkdir, exist_ok=True)
    one = await Wire.start(environ)
    one.workspace = workspace
    await one.initialize(workspace)
    return one


def uri_of(wire: Wire, path: str) -> str:
    return (wire.workspace / path).as_uri()


async def check_lives(wire: Wire) -> None:
    """The process is there and makes suggestions."""
    wire.n_checks += 1
    uri = uri_of(wire, f"roles/c{wire.n_checks}/tasks/main.yml")
    wire.open(uri, HEAD + NAME)
    items = await wire.inline(uri, LINE, len(NAME))
    assert wire.process.returncode is None, wire.log
    assert items, wire.log
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def check_no_mistakes(wire: Wire) -> None:
    """Nothing was met that Chiron did not expect."""
    assert not [line for line in wire.log if " ERROR " in line]


async def check_text(wire: Wire, name: str, text: str, *, path: str = "roles/x/tasks/main.yml") -> None:
    """`text` opened, asked about at its ends and in its middle, edited and closed."""
    uri = uri_of(wire, f"{name}/{path}")
    lines = text.splitlines() or [""]
    wire.open(uri, text)
    for line in {0, len(lines) // 2, len(lines) - 1, len(lines) + 3}:
        await wire.inline(uri, line, 2**31 - 1)
    wire.change(uri, 2, change_at(len(lines) // 2, 0, "\n- name: Install nginx"))
    await wire.inline(uri, len(lines) // 2 + 1, len(NAME))
    wire.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert wire.process.returncode is None, f"{name}: {wire.log[-3:]}"


def change_at(line: int, character: int, text: str, *, removed: int = 0) -> dict[str, Any]:
    start = {"line": line, "character": character}
    end = {"line": line, "character": character + removed}
    return {"range": {"start": start, "end": end}, "text": text}


# ---------------------------------------------------------------------------- texts

TASK = "- name: Install nginx\n  ansible.builtin.package:\n    name: nginx\n"
HOSTILE: dict[str, str] = {
    "crlf": (HEAD + NAME).replace("\n", "\r\n"),
    "cr": (HEAD + NAME).replace("\n", "\r"),
    "mixed ends": "---\r\n- name: a\r  debug:\n\r- name: b",
    "tabs": "---\n- name:\tInstall\n\tapt:\n\t\tname: x\n" + NAME,
    "bom": "\ufeff" + HEAD + NAME,
    "nul": "- name: a\0b\n  debug:\n\0\n" + NAME,
    "surrogates": "- name: \ud800\udfff\udc00 x\n  debug:\n    msg: '\ud83d'\n" + NAME,
    "separators": "- name: a\u2028b\u2029c\x85d\x0ce\n" + NAME,
    "combining": "- name: " + "e\u0301" * 5000 + "\n" + NAME,
    "binary": bytes(range(256)).decode("latin-1") * 200,
    "one line of 1 MB": "- name: " + "x" * 1_000_000,
    "one quoted line of 1 MB": '- name: "' + "\\\"'{{" * 200_000,
    "one line of brackets": "- debug: " + "[" * 200_000,
    "one line of braces": "- debug: " + "{a: " * 100_000,
    "brackets in a name": "- name: " + "[{" * 50_000 + "\n  ",
    "deep indentation": "".join(" " * n + "a:\n" for n in range(3_000)),
    "deep dashes": "- " * 20_000 + "x",
    "deep questions": "? " * 20_000 + "x",
    "many anchors": "".join(f"- &a{n} x\n" for n in range(20_000)),
    "aliases of aliases": "a0: &a0 [x, x]\n"
    + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
    "merges of merges": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)),
    "an alias of itself": "- &a [*a]\n- &b {<<: *b}\n" + NAME,
    "50,000 lines": TASK * 16_667,
    "50,000 comments": "# nothing to see here\n" * 50_000,
    "50,000 blank lines": "\n" * 50_000,
    "20,000 begun tasks": "- name: x\n" * 20_000,
    "a block scalar of 50,000 lines": "- name: x\n  shell: |\n" + "    echo hello\n" * 50_000,
    "an open quote": "- name: 'x\n" + TASK * 5_000,
    "an open bracket": "- name: x\n  debug: {msg: [\n" + TASK * 5_000,
    "jinja without end": "- name: x\n  debug:\n    msg: '" + "{{ " * 50_000 + "'\n" + NAME,
    "jinja without end in a name": "- name: " + "{{ " * 50_000 + "\n  ",
    "statements without end": "- name: " + "{% " * 20_000 + "\n  debug:\n    msg: " + "{% if " * 20_000,
    "jinja of filters": "- debug:\n    msg: '{{ a" + " | default(b" * 20_000 + "\n" + NAME,
    "a regex bomb": "- debug:\n    msg: '{{ x | regex_search(\"(a+)+$\") }}'\n    that: "
    + "a" * 50_000
    + "!\n",
    "spaces": " " * 200_000 + "\n" + NAME,
    "colons": "a" + ": " * 100_000 + "\n" + NAME,
    "equals": "- command: " + "a=b " * 100_000 + "\n" + NAME,
    "directives": "%YAML 1.1\n" * 10_000 + "---\n" + NAME,
    "tags": "- !!python/object/apply:os.system [id]\n- !!binary x\n- !vault |\n  x\n" + NAME,
    "documents": "---\n- name: x\n...\n" * 10_000,
    "numbers": "- " + "9" * 100_000 + "\n- 0x" + "f" * 10_000 + "\n- 1:" + "59:" * 10_000 + "\n" + NAME,
    "secrets": "".join(f"- password_{n}: hunter{n}aZ9kQ\n" for n in range(3_000)) + NAME,
}


@pytest.mark.parametrize("part", [0, 1, 2, 3])
async def test_no_text_ends_the_process_or_holds_it_up(wire: Wire, part: int) -> None:
    await check_lives(wire)
    for name, text in list(HOSTILE.items())[part::4]:
        before = wire.memory_mb()
        await check_text(wire, name.replace(" ", "-").replace(",", ""), text)
        grown = wire.memory_mb() - before
        assert grown < MEMORY_MB + MEMORY_FACTOR * len(text) / 2**20, f"{name}: {grown:.0f} MB more"
    await check_lives(wire)
    check_no_mistakes(wire)


async def test_the_corpus_does_no_harm_in_any_kind_of_file(wire: Wire) -> None:
    paths = ("roles/x/tasks/main.yml", "site.yml", "roles/x/handlers/main.yml", "group_vars/all.yml")
    for file in sorted(CORPUS.iterdir()):
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        for path in paths:
            await check_text(wire, file.stem, text, path=path)
    await check_lives(wire)
    check_no_mistakes(wire)


async def test_a_workspace_of_hostile_files_is_read_and_left_behind(
    environ: dict[str, str], tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    for number, (_, text) in enumerate(HOSTILE.items()):
        place = workspace / "roles" / f"r{number}" / "tasks"
        place.mkdir(parents=True)
        (place / "main.yml").write_bytes(text.encode("utf-8", "surrogatepass"))
        (workspace / "roles" / f"r{number}" / "vars.yml").write_bytes(text.encode("utf-8", "surrogatepass"))
    for file in CORPUS.iterdir():
        (workspace / file.name).write_bytes(file.read_bytes())
    (workspace / "galaxy.yml").write_text(HOSTILE["one line of brackets"], encoding="utf-8")
    (workspace / "ansible.cfg").write_bytes(HOSTILE["binary"].encode())
    wire = await opened(environ, workspace)
    await check_lives(wire)
    check_no_mistakes(wire)
    assert await wire.end() == 0


# ---------------------------------------------------------------------------- edits


@st.composite
def edits(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Changes as no editor makes them: anywhere, with anything."""
    number = st.one_of(st.integers(0, 12), st.sampled_from([2**31 - 1, 10**6]))
    pieces = st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            ["\n", "\r", "\r\n", "- name: Install nginx", "  ", "\t", "{{ ", "'", "|\n", ": ", "\ud800"]
        ),
        st.sampled_from([TASK, "", "- ", "  ansible.builtin.copy:\n    ", "# then start it\n"]),
    )
    made: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.integers(0, 9)) == 0:
            made.append({"text": draw(pieces)})
            continue
        first, second = (
            {"line": draw(number), "character": draw(number)},
            {"line": draw(number), "character": draw(number)},
        )
        made.append({"range": {"start": first, "end": second}, "text": draw(pieces)})
    return made


async def test_any_edits_leave_a_document_that_can_be_asked_about(wire: Wire) -> None:
    n = 0

    async def play(changes: Sequence[dict[str, Any]], version: int, line: int, character: int) -> None:
        nonlocal n
        n += 1
        uri = uri_of(wire, f"roles/f{n}/tasks/main.yml")
        wire.open(uri, HEAD + NAME)
        for change in changes:
            # Versions out of order, and some twice.
            wire.change(uri, version, change)
            wire.ask_inline(uri, line, character)
        await wire.inline(uri, line, character)
        wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    loop = asyncio.get_running_loop()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(edits(), st.integers(-2, 9), st.integers(0, 15), st.integers(0, 40))
    def played(changes: list[dict[str, Any]], version: int, line: int, character: int) -> None:
        asyncio.run_coroutine_threadsafe(play(changes, version, line, character), loop).result(120)

    await asyncio.to_thread(played)
    await check_lives(wire)
    check_no_mistakes(wire)


# ---------------------------------------------------------------------------- messages

METHODS = (
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didSave",
    "textDocument/inlineCompletion",
    "textDocument/codeAction",
    "workspace/didChangeWatchedFiles",
    "workspace/didChangeConfiguration",
    "workspace/didChangeWorkspaceFolders",
    "workspace/executeCommand",
    "$/cancelRequest",
    "$/setTrace",
    "chiron/event",
    "chiron/why",
    "chiron/report",
    "chiron/pause",
    "chiron/suggestAt",
    "chiron/info",
    "chiron/models",
    "chiron/useModel",
    "textDocument/didShowCompletion",
    "textDocument/didPartiallyAcceptCompletion",
    "no/such/method",
)
KEYS = ("textDocument", "uri", "position", "line", "character", "context", "triggerKind", "contentChanges",
        "range", "start", "end", "text", "version", "suggestionId", "kind", "item", "command", "arguments",
        "changes", "id", "paused", "scope", "n", "name", "label", "jsonrpc", "method")  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**40), 2**40),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(
            ["file:///x.yml", "everywhere", "accepted", "2.0", "chiron.accepted", "untitled:1", "//"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


async def test_any_parameters_are_answered_and_no_request_is_left_waiting(wire: Wire) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(st.tuples(st.sampled_from(METHODS), VALUES, st.booleans()), min_size=1, max_size=6))
    def played(messages: list[tuple[str, Any, bool]]) -> None:
        async def play() -> None:
            waiting = []
            for method, params, as_request in messages:
                if as_request:
                    waiting.append(wire.ask(method, params))
                else:
                    wire.notify(method, params)
            await asyncio.gather(*waiting)

        asyncio.run_coroutine_threadsafe(play(), loop).result(120)

    await asyncio.to_thread(played)
    await wire.request("chiron/pause", {"paused": False})
    await check_lives(wire)
    check_no_mistakes(wire)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"17",
        b'"text"',
        b"{",
        b"\xff\xfe\x00",
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "1.0", "id": 1, "method": "shutdown"}',
        b'{"jsonrpc": "2.0", "id": null, "method": "chiron/info"}',
        b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": "chiron/info", "params": {}}',
        b'{"jsonrpc": "2.0", "method": 5}',
        b'{"jsonrpc": "2.0", "id": 999, "result": {"a": {}}}',
        b'{"jsonrpc": "2.0", "id": 999, "error": {"code": "x"}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
async def test_what_is_no_message_is_passed_over(wire: Wire, body: bytes) -> None:
    wire.write(body)
    await check_lives(wire)


async def test_headers_of_any_kind_are_read_past(wire: Wire) -> None:
    assert wire.process.stdin is not None
    body = json.dumps({"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": "off"}}).encode()
    wire.process.stdin.write(
        b"Nonsense\r\n\r\n" + b"X: y\r\nContent-Length: %d\r\nContent-Type: z\r\n\r\n%s" % (len(body), body)
    )
    await check_lives(wire)


async def test_a_message_too_large_to_be_a_document_is_not_read_into_memory(wire: Wire) -> None:
    assert wire.process.stdin is not None
    wire.process.stdin.write(b"Content-Length: 99999999999\r\n\r\n" + b"x" * 65536)
    assert await wire.ended() == 1


# ---------------------------------------------------------------------------- documents


async def test_documents_that_are_not_open_are_no_documents(wire: Wire) -> None:
    uri = uri_of(wire, "roles/x/tasks/main.yml")
    assert await wire.inline(uri, 0, 0) == []
    wire.change(uri, 7, change_at(0, 0, NAME))
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    wire.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    wire.open(uri, HEAD + NAME)
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert await wire.inline(uri, LINE, len(NAME)) == []
    await check_lives(wire)
    check_no_mistakes(wire)


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "file:///",
        "",
        "file://host/x.yml",
        "http://x/y.yml",
        "%%%",
        "file:///%00/a.yml",
    ],
)
async def test_a_document_may_be_called_anything(wire: Wire, uri: str) -> None:
    wire.open(uri, HEAD + NAME)
    await wire.inline(uri, LINE, len(NAME))
    wire.change(uri, 2, change_at(0, 0, "\n"))
    wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})
    await check_lives(wire)
    check_no_mistakes(wire)


async def test_a_position_past_the_end_is_the_end(wire: Wire) -> None:
    uri = uri_of(wire, "roles/x/tasks/main.yml")
    wire.open(uri, HEAD + NAME)
    items = await wire.inline(uri, 10**9, 10**9)
    assert items
    assert items[0]["range"]["end"] == {"line": LINE, "character": len(NAME)}


async def test_versions_out_of_order_are_taken_as_they_come(wire: Wire) -> None:
    uri = uri_of(wire, "roles/x/tasks/main.yml")
    wire.open(uri, HEAD + NAME)
    for version in (7, 3, 3, -1, 2**31 - 1, 0):
        wire.change(uri, version, change_at(0, 0, "\n"))
    items = await wire.inline(uri, LINE + 6, len(NAME))
    assert items
    assert items[0]["range"]["end"] == {"line": LINE + 6, "character": len(NAME)}
    check_no_mistakes(wire)


# ---------------------------------------------------------------------------- many at once


async def test_three_clients_with_two_hundred_requests_each_are_all_answered(
    environ: dict[str, str], tmp_path: Path
) -> None:
    async def hammer(number: int) -> None:
        wire = await opened(environ, tmp_path / f"w{number}")
        uri = uri_of(wire, "roles/x/tasks/main.yml")
        wire.open(uri, HEAD + NAME)
        waiting = []
        for n in range(70):
            wire.change(uri, n + 2, change_at(0, 0, "#\n" if n % 2 else "# a\n"))
            waiting.append(wire.ask_inline(uri, LINE + n + 1, len(NAME)))
            if n % 3 == 0:
                wire.notify("$/cancelRequest", {"id": wire.last_id})
        answers = await asyncio.wait_for(asyncio.gather(*waiting), 300)
        # Each is answered: with items, with none as the document went on, or that it was cancelled.
        assert {answer.get("error", {}).get("code") for answer in answers} <= {None, -32800}
        await check_lives(wire)
        check_no_mistakes(wire)
        assert await wire.end() == 0

    await asyncio.gather(*(hammer(number) for number in range(3)))


@pytest.mark.parametrize("after_ms", [0, 1, 5, 20, 60, 150, 400, 1000])
async def test_a_request_can_be_cancelled_at_any_stage(
    environ: dict[str, str], home: Path, tmp_path: Path, after_ms: int
) -> None:
    """Reading the project, recalling, reading the cache, waiting for the model, checking what it wrote."""
    with ScriptedServer(
        Script(rules=(Rule(match="nginx", delay_ms=300, texts=("ansible.builtin.debug:",)),))
    ) as end:
        (home / "config.toml").write_text(
            f'[endpoints.near]\nbase_url = "{end.base_url}"\nmodel = "m"\nstyle = "completion"\n',
            encoding="utf-8",
        )
        settings = {"CHIRON_MODEL": "near", "CHIRON_SUGGEST__RECALL_THRESHOLD": "1"}
        wire = await opened(environ | settings, tmp_path / "workspace")
        await check_lives(wire)
        for n in range(3):
            uri = uri_of(wire, f"roles/x{n}/tasks/main.yml")
            wire.open(uri, HEAD + f"# {n}\n" + NAME)
            asked = wire.ask_inline(uri, LINE + 1, len(NAME))
            await asyncio.sleep(after_ms / 1000)
            wire.notify("$/cancelRequest", {"id": wire.last_id})
            answer = await asyncio.wait_for(asked, 60)
            assert answer.get("error", {}).get("code") in (None, -32800)
        await check_lives(wire)
        check_no_mistakes(wire)
        assert await wire.end() == 0
