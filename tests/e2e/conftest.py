"""A real server process and a real client, for tests that go the whole way."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from lsprotocol import types
from pytest_lsp import make_test_lsp_client

from support.light_bulb import Editor, StartEditor
from support.sessions import Session, Start


@pytest_asyncio.fixture
async def start(environ: dict[str, str], home: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a server, with a scripted model where rules are given, and connects a client to it."""
    sessions: list[Session] = []
    readers: list[asyncio.Task[None]] = []

    async def started(
        *,
        rules: list[dict[str, Any]] | None = None,
        root: Path | None = None,
        encodings: list[types.PositionEncodingKind] | None = None,
        options: dict[str, Any] | None = None,
        **over: str,
    ) -> Session:
        workspace = root or tmp_path / "workspace"
        workspace.mkdir(exist_ok=True)
        settings = environ | over
        if rules is not None:
            script = home / "script.json"
            script.write_text(json.dumps({"rules": rules}), encoding="utf-8")
            settings["CHIRON_MODEL"] = f"fake:{script}"
        client = make_test_lsp_client()
        await client.start_io(sys.executable, "-m", "chiron", "serve", env=settings)
        process = client._server
        assert process is not None
        if client._stderr_forwarder is not None:
            client._stderr_forwarder.cancel()
            await asyncio.wait([client._stderr_forwarder])
        log: list[str] = []
        readers.append(asyncio.create_task(_read_log(process, log)))
        general = types.GeneralClientCapabilities(position_encodings=encodings) if encodings else None
        answer = await client.initialize_session(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(general=general),
                workspace_folders=[types.WorkspaceFolder(workspace.as_uri(), workspace.name)],
                initialization_options=options,
            )
        )
        encoding = answer.capabilities.position_encoding or "utf-16"
        session = Session(
            client, home, workspace, str(getattr(encoding, "value", encoding)), log, process.pid
        )
        sessions.append(session)
        return session

    yield started
    for session in sessions:
        if not session.client.stopped:
            try:
                await asyncio.wait_for(session.client.shutdown_session(), 10)
            finally:
                await session.client.stop()
    await asyncio.gather(*readers)


async def _read_log(process: asyncio.subprocess.Process, log: list[str]) -> None:
    """Keeps what the server writes on standard error, and hands it on."""
    assert process.stderr is not None
    while line := await process.stderr.readline():
        log.append(line.decode("utf-8", "replace").rstrip("\n"))
        sys.stderr.write(log[-1] + "\n")


@pytest_asyncio.fixture
async def start_editor(environ: dict[str, str], tmp_path: Path) -> AsyncIterator[StartEditor]:
    """Starts a server and connects an editor to it."""
    editors: list[Editor] = []

    async def started(*, environ_over: dict[str, str] | None = None, **over: Any) -> Editor:
        root = tmp_path / f"workspace{len(editors)}"
        root.mkdir()
        editor = await Editor.start(root, environ | (environ_over or {}), **over)
        editors.append(editor)
        return editor

    yield started
    for editor in editors:
        await editor.leave()
