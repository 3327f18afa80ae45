"""How messages come in and go out, and how the process ends: soon, with everything written, and always.

A server that outlives its editor eats a user's machine unseen. It ends when it is told to, when its input
ends, and when the process that started it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import signal
import sys
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import NoReturn, Protocol

from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async
from pygls.lsp.server import LanguageServer

from chiron.errors import SettingsError

log = logging.getLogger(__name__)

#: A message larger than this is no document; it is not read into memory.
MAX_MESSAGE_BYTES = 256 * 2**20
#: What is still to be written at the end gets this long.
_LAST_WORDS_S = 5.0
_LOOK_FOR_PARENT_S = 3.0


class Endable(Protocol):
    """What is to be closed before the process may end."""

    async def close(self) -> None: ...


class _Source(Protocol):
    def readline(self) -> Awaitable[bytes]: ...

    def readexactly(self, n: int) -> Awaitable[bytes]: ...


class _Reader:
    """Reads from `source`. Whatever is wrong with it is its end."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    async def readline(self) -> bytes:
        with contextlib.suppress(OSError, ValueError):
            return await self._source.readline()
        return b""

    async def readexactly(self, n: int) -> bytes:
        if n > MAX_MESSAGE_BYTES:
            log.error("The client announced a message of %d bytes; the connection is closed.", n)
            return b""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            return await self._source.readexactly(n)
        return b""


def serve(server: LanguageServer, session: Endable, tcp: str | None) -> NoReturn:
    """Serves on standard input and output, or one client at `tcp`, then ends the process.

    Raises `SettingsError` where `tcp` is not a loopback address.
    """
    address = _loopback(tcp) if tcp is not None else None
    code = 1
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        code = asyncio.run(_on_tcp(server, session, *address) if address else _on_stdio(server, session))
    _leave(code)


async def _on_stdio(server: LanguageServer, session: Endable) -> int:
    server.protocol.set_writer(StdoutWriter(sys.stdout.buffer))
    return await _converse(server, session, _Reader(await _stdin()))


async def _stdin() -> _Source:
    """Standard input without threads where it is a pipe or socket: each hop between threads costs time."""
    reader = asyncio.StreamReader()
    try:
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
    except (ValueError, OSError, NotImplementedError):
        return StdinAsyncReader(sys.stdin.buffer, ThreadPoolExecutor(1))
    return reader


async def _on_tcp(server: LanguageServer, session: Endable, host: str, port: int) -> int:
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.close()
        server.protocol.set_writer(writer)
        ended.set_result(await _converse(server, session, _Reader(reader)))

    listener = await asyncio.start_server(connected, host, port)
    return await ended


async def _converse(server: LanguageServer, session: Endable, reader: _Reader) -> int:
    """Handles messages until the client is gone, then closes the session. The exit code.

    The process ends here, without waiting for threads that read a slow disk: what had to be written is.
    """
    terminated = asyncio.Event()
    watches = [
        asyncio.ensure_future(_end_without_parent(server, session)),
        asyncio.ensure_future(_end_when(terminated, session)),
    ]
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    try:
        await run_async(
            stop_event=Event(),
            reader=reader,
            protocol=server.protocol,
            logger=logging.getLogger("pygls"),
            error_handler=server.report_server_error,
        )
        code = 1
    except SystemExit as told:
        code = told.code if isinstance(told.code, int) else 1
    for watch in watches:
        watch.cancel()
    await _close(session)
    _leave(code)


async def _end_without_parent(server: LanguageServer, session: Endable) -> None:
    """Ends the process when the one that the client named as its own is gone."""
    if sys.platform == "win32":
        return  # where `os.kill` with signal 0 ends a process
    seen = False
    while True:
        await asyncio.sleep(_LOOK_FOR_PARENT_S)
        process_id = getattr(server, "process_id", None)
        if not isinstance(process_id, int) or process_id <= 1:
            continue
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            # A client elsewhere, as in another container, was never to be seen from here.
            if seen:
                await _close(session)
                _leave(1)
        except OSError:
            seen = True
        else:
            seen = True


async def _end_when(terminated: asyncio.Event, session: Endable) -> None:
    await terminated.wait()
    await _close(session)
    _leave(128 + signal.SIGTERM)


async def _close(session: Endable) -> None:
    """Closes the session, whatever happens: the process is to end."""
    try:
        async with asyncio.timeout(_LAST_WORDS_S):
            await session.close()
    except Exception as error:
        log.error("Not everything could be closed: %s", type(error).__name__)


def _leave(code: int) -> NoReturn:
    """Ends the process now: threads that still wait for a disk or a model would keep it."""
    logging.shutdown()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


def _loopback(tcp: str) -> tuple[str, int]:
    host, _, port = tcp.rpartition(":")
    name = host.strip("[]") or "127.0.0.1"
    address = "127.0.0.1" if name == "localhost" else name
    try:
        if not port.isdigit() or not ipaddress.ip_address(address).is_loopback:
            raise ValueError
    except ValueError:
        raise SettingsError(
            f"{tcp!r} is not a loopback address with a port.", advice="Use 127.0.0.1:PORT."
        ) from None
    return address, int(port)


def set_up_log(level: str) -> None:
    """Logs go to standard error. pygls and the HTTP library log messages whole, documents and all, so they
    are silenced at every level."""
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for name in ("pygls", "asyncio", "openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        quiet = logging.getLogger(name)
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        quiet.setLevel(logging.CRITICAL + 1)
