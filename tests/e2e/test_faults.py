"""Faults really made: each is told once and in one line of the log, and is over by itself when it is gone.

What goes wrong between a client of ours and an endpoint is in `tests/models/test_client.py`; the embedded
server killed, hanging, damaged, its port taken and two windows starting it at once in
`tests/models/test_embedded.py`; each file by itself in `tests/store`. Here a person sits before an editor.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chiron.models.fake import Rule, Script
from chiron.models.fake_server import ScriptedServer
from chiron.store.feedback import FeedbackLog
from support.sessions import Session, Start
from support.waiting import eventually
from support.wire import Wire

COLLECTIONS = Path(__file__).parents[1] / "data" / "collections"
PATH = "roles/web/tasks/main.yml"
HEAD = "---\n- name: Install curl\n  ansible.builtin.package:\n    name: curl\n    state: present\n\n"
LINE = HEAD.count("\n")
#: What no task already written answers, and what the model makes of it.
NAME = "- name: Frobnicate the whatsit"
WRITTEN = "ansible.builtin.package:\n    name: whatsit\n    state: present"
GOOD = Rule(texts=(WRITTEN,))
#: The model is asked whatever was recalled, and nothing is remembered of its answers.
ASKED = {
    "CHIRON_SUGGEST__RECALL_THRESHOLD": "1",
    "CHIRON_SUGGEST__PATIENCE_MS": "600000",
    "CHIRON_SUGGEST__DEBOUNCE_MS": "0",
    "CHIRON_CACHE__ENABLED": "false",
    "CHIRON_MODEL": "near",
}


def name_endpoint(home: Path, base_url: str) -> None:
    """Makes `near` an endpoint that is waited for a second and asked once."""
    (home / "config.toml").write_text(
        f'[endpoints.near]\nbase_url = "{base_url}"\nmodel = "scripted"\nstyle = "completion"\n'
        "timeout_s = 2.0\nmax_retries = 0\n",
        encoding="utf-8",
    )


async def by_model(session: Session, *, invoked: bool = True) -> bool:
    """Whether what the model writes is offered, in a file in which nothing was offered before."""
    session.version += 1
    uri = session.open(f"roles/r{session.version}/tasks/main.yml", HEAD + NAME)
    items = await session.inline(uri, LINE, len(NAME), invoked=invoked)
    return any("name: whatsit" in str(item.insert_text) for item in items)


def warnings(session: Session) -> list[str]:
    return [line for line in session.log if " WARNING " in line or " ERROR " in line]


async def check_one_line(session: Session, words: str = "") -> str:
    """There is one line with `words` in the log, and no second one."""
    await eventually(lambda: any(words in line for line in warnings(session)))
    (line,) = (line for line in warnings(session) if words in line)
    return line


async def check_works(session: Session) -> None:
    """Suggestions come, though not from a model."""
    uri = session.open("roles/db/tasks/main.yml", HEAD + "- name: Install nginx")
    assert await session.inline(uri, LINE, len("- name: Install nginx"))


# ---------------------------------------------------------------------------- endpoints


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("hang", "did not answer in time"),
        ("slow", "did not answer in time"),
        ("unreachable", "broke the connection off"),
        ("half", "broke in the middle of an answer"),
        ("garbage", "instead of an answer"),
        ("html", "instead of an answer"),
        ("content_type", "instead of an answer"),
        ("10mb", "instead of an answer"),
        ("401", "a key is needed"),
        ("404", "no such model"),
        ("429", "too many requests"),
        ("500", "HTTP 500"),
        ("redirect", "redirects"),
    ],
)
async def test_what_is_wrong_with_an_endpoint_is_told_once_and_is_over_by_itself(
    start: Start, home: Path, fault: str, says: str
) -> None:
    text = "x" * 200 if fault == "slow" else "x"
    faulty = Rule(match=NAME, fault=fault, texts=(text,), times=3 if fault == "unreachable" else 2)
    with ScriptedServer(Script(rules=(faulty, GOOD))) as endpoint:
        name_endpoint(home, endpoint.base_url)
        session = await start(**ASKED)
        await by_model(session)
        await by_model(session)
        (told,) = session.told
        assert says in told
        assert told.count(". ") >= 1, "there is advice in it"
        await check_one_line(session, says)
        await eventually(lambda: by_model(session))
    assert len(session.told) == 1


async def test_an_endpoint_that_is_down_is_left_alone_and_found_again_by_itself(
    start: Start, home: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    name_endpoint(home, f"http://127.0.0.1:{port}/v1")
    session = await start(**ASKED)
    for _ in range(5):
        assert not await by_model(session, invoked=False)
    (told,) = session.told
    assert "cannot be reached" in told
    assert "Start the server" in told
    await check_one_line(session)
    with ScriptedServer(Script(rules=(GOOD,)), port=port):
        await eventually(lambda: by_model(session, invoked=False))
    assert len(session.told) == 1


async def test_without_its_weights_the_embedded_model_is_done_without(start: Start, home: Path) -> None:
    session = await start(
        CHIRON_MODEL="embedded",
        CHIRON_EMBEDDED__WEIGHTS=str(home / "nothing.gguf"),
        CHIRON_SUGGEST__RECALL_THRESHOLD="1",
    )
    await check_works(session)
    (told,) = session.told
    assert "nothing.gguf" in told or "local" in told
    await check_one_line(session)


# ---------------------------------------------------------------------------- disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KB. Making one needs to be root."""
    place = tmp_path / "disk"
    place.mkdir()
    if not mounted("-t", "tmpfs", "-o", "size=512k,mode=700", "none", str(place)):
        pytest.skip("mounting is not permitted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def mounted(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def on_disk(place: Path) -> dict[str, str]:
    return {"CHIRON_DATA_DIR": str(place / "data"), "CHIRON_CACHE_DIR": str(place / "cache")}


def told_of(session: Session, place: str) -> list[str]:
    return [text for text in session.told if place in text]


async def check_told_of_files(session: Session, *places: str) -> None:
    """Of each of `places` there is one message with advice, and one line in the log."""
    for place in places:
        await eventually(partial(told_of, session, place))
        assert len([text for text in session.told if place in text]) == 1
        await check_one_line(session, place)
    assert all("writable" in text for text in session.told)


async def test_on_a_full_disk_suggestions_come_and_what_was_to_be_written_is_written_later(
    start: Start, small_disk: Path
) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 512 * 1024)
    session = await start(rules=[{"match": NAME, "text": WRITTEN}], **on_disk(small_disk))
    assert await by_model(session)
    await check_told_of_files(session, "feedback file", "response cache", "Module docs")
    await check_works(session)
    filler.unlink()
    log = FeedbackLog(small_disk / "data" / "feedback.sqlite")
    await eventually(lambda: (small_disk / "data" / "feedback.sqlite").exists() and log.suggestions(10))
    assert len(session.told) == 3


async def test_on_a_disk_that_may_only_be_read_suggestions_come(start: Start, small_disk: Path) -> None:
    assert mounted("-o", "remount,ro", str(small_disk))
    session = await start(rules=[{"match": NAME, "text": WRITTEN}], **on_disk(small_disk))
    assert await by_model(session)
    await check_told_of_files(session, "feedback file", "response cache", "Module docs")
    assert mounted("-o", "remount,rw", str(small_disk))
    log = FeedbackLog(small_disk / "data" / "feedback.sqlite")
    await eventually(lambda: (small_disk / "data" / "feedback.sqlite").exists() and log.suggestions(10))


# ---------------------------------------------------------------------------- the feedback file


def feedback(home: Path) -> Path:
    (home / "data").mkdir(exist_ok=True)
    return home / "data" / "feedback.sqlite"


async def test_a_locked_feedback_file_holds_nothing_up_and_is_written_when_it_is_free(
    start: Start, home: Path
) -> None:
    log = FeedbackLog(feedback(home))
    log.suggestions(1)
    holder = sqlite3.connect(feedback(home), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    session = await start()
    await check_works(session)
    (told,) = await eventually(lambda: session.told)
    assert "Another process holds the feedback file" in told
    await check_works(session)
    holder.execute("ROLLBACK")
    holder.close()
    await eventually(lambda: log.suggestions(10))
    assert len(session.told) == 1
    await check_one_line(session)


async def test_a_damaged_feedback_file_is_kept_aside_and_told(start: Start, home: Path) -> None:
    feedback(home).write_bytes(b"SQLite format 3\0" + b"garbage" * 2000)
    session = await start()
    await check_works(session)
    (told,) = await eventually(lambda: session.told)
    assert "damaged" in told
    assert "kept aside" in told
    await eventually(lambda: FeedbackLog(feedback(home)).suggestions(10))
    assert list(feedback(home).parent.glob("*.damaged-*"))


async def test_a_feedback_file_of_a_later_chiron_is_left_alone_and_told(start: Start, home: Path) -> None:
    FeedbackLog(feedback(home)).suggestions(1)
    with sqlite3.connect(feedback(home)) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = feedback(home).read_bytes()
    session = await start()
    await check_works(session)
    (told,) = await eventually(lambda: session.told)
    assert "later Chiron" in told
    assert "Update" in told
    assert feedback(home).read_bytes() == before


async def test_what_a_killed_server_left_open_is_ended_by_the_next(
    start: Start, environ: dict[str, str], home: Path, tmp_path: Path
) -> None:
    wire = await Wire.start(environ)
    await wire.initialize(tmp_path)
    uri = (tmp_path / PATH).as_uri()
    wire.open(uri, HEAD + "- name: Install nginx")
    assert await wire.inline(uri, LINE, len("- name: Install nginx"))
    log = FeedbackLog(feedback(home))
    await eventually(lambda: log.suggestions(10))
    await wire.kill()
    assert {row.outcome for row in log.suggestions(10)} == {None}
    with sqlite3.connect(feedback(home)) as connection:
        connection.execute("UPDATE suggestion SET at_ms = at_ms - 3600000")
        connection.execute("UPDATE event SET at_ms = at_ms - 3600000")
    connection.close()
    await start()
    await eventually(lambda: all(row.outcome is not None for row in log.suggestions(10)))


# ---------------------------------------------------------------------------- settings and collections


async def test_a_wrong_settings_file_is_told_by_key_and_line_and_read_again_when_it_is_mended(
    start: Start, home: Path
) -> None:
    (home / "config.toml").write_text("# mine\n[suggest]\nn_alternatives = 12\n", encoding="utf-8")
    session = await start()
    uri = session.open(PATH, HEAD + "- name: Install nginx")
    assert await session.inline(uri, LINE, len("- name: Install nginx")) == []
    (told,) = await eventually(lambda: session.told)
    assert "suggest.n_alternatives (line 3 of config.toml)" in told
    assert "Mend it" in told
    await check_one_line(session)
    (home / "config.toml").write_text("[suggest]\nn_alternatives = 1\n", encoding="utf-8")
    await eventually(lambda: session.inline(uri, LINE, len("- name: Install nginx")))
    assert len(session.told) == 1


@pytest.fixture
def collections(home: Path) -> Path:
    """A place for collections that the settings name; nothing is in it."""
    place = home / "collections"
    place.mkdir()
    (home / "config.toml").write_text(f"collections_paths = [{json.dumps(str(place))}]\n", encoding="utf-8")
    return place


async def knows(session: Session, module: str) -> bool:
    """Whether a begun name of that module is finished, in a file in which nothing was offered before."""
    session.version += 1
    uri = session.open(f"roles/m{session.version}/tasks/main.yml", f"---\n- name: Do it\n  {module[:-3]}")
    items = await session.inline(uri, 2, 2 + len(module) - 3)
    return any(module in str(item.insert_text) for item in items)


async def knows_not(session: Session, module: str) -> bool:
    return not await knows(session, module)


async def test_a_collection_is_used_when_it_is_installed_and_no_longer_when_it_is_removed(
    start: Start, collections: Path
) -> None:
    session = await start()
    assert not await knows(session, "acme.cloud.server")
    # Half of it first, as an install that is under way, or was broken off.
    there = collections / "ansible_collections" / "acme" / "cloud"
    there.mkdir(parents=True)
    shutil.copytree(COLLECTIONS / "ansible_collections" / "acme" / "cloud" / "meta", there / "meta")
    assert not await knows(session, "acme.cloud.server")
    shutil.copytree(COLLECTIONS, collections, dirs_exist_ok=True)
    await eventually(lambda: knows(session, "acme.cloud.server"))
    shutil.rmtree(collections / "ansible_collections")
    await eventually(lambda: knows_not(session, "acme.cloud.server"))
    await check_works(session)
    assert session.told == []
    assert warnings(session) == []


async def test_a_module_whose_documentation_does_not_parse_harms_nothing_else(
    start: Start, collections: Path
) -> None:
    shutil.copytree(COLLECTIONS, collections, dirs_exist_ok=True)
    session = await start()
    await knows(session, "acme.tools.broken")
    text = "---\n- name: Do it\n  acme.tools.broken:\n    "
    await session.inline(session.open(PATH, text), 3, 4)
    assert await knows(session, "acme.cloud.server")
    await check_works(session)
    assert warnings(session) == []


# ---------------------------------------------------------------------------- clocks and mistakes of ours


@pytest.fixture
def meddled(tmp_path: Path, environ: dict[str, str]) -> Any:
    """Runs `code` in the server's process when Python starts there."""

    def meddle(code: str) -> dict[str, str]:
        place = tmp_path / "meddled"
        place.mkdir()
        (place / "sitecustomize.py").write_text(textwrap.dedent(code), encoding="utf-8")
        return {"PYTHONPATH": os.pathsep.join([str(place), environ.get("PYTHONPATH", "")]).strip(os.pathsep)}

    return meddle


async def test_a_clock_that_jumps_back_stops_nothing_and_events_keep_their_order(
    start: Start, home: Path, tmp_path: Path, meddled: Any
) -> None:
    shift = tmp_path / "shift"
    shift.write_text("0", encoding="ascii")
    environment = meddled(
        f"""
        import time
        from pathlib import Path

        _time = time.time
        time.time = lambda: _time() + float(Path({str(shift)!r}).read_text())
        """
    )
    session = await start(rules=[{"match": NAME, "text": WRITTEN}], **environment)
    assert await by_model(session)
    shift.write_text("-86400", encoding="ascii")
    assert await by_model(session)
    shift.write_text("86400", encoding="ascii")
    assert await by_model(session)
    await session.leave()
    log = FeedbackLog(feedback(home))
    rows = log.suggestions(10)
    assert rows
    for row in rows:
        history = log.show(row.record.id)
        assert history is not None
        assert row.outcome is not None
        assert history.events[0].kind == "offered"
    assert session.told == []
    assert warnings(session) == []


async def test_a_mistake_of_ours_is_one_line_without_a_word_of_the_document_and_nothing_else_suffers(
    start: Start, meddled: Any
) -> None:
    environment = meddled(
        """
        import sys

        class Hook:
            def find_spec(self, name, path=None, target=None):
                if name == "chiron.suggest.rank":
                    from chiron.suggest.recall import recall
                    plain = recall.Recall.candidates
                    def broken(self, request, *rest):
                        if "marmalade" in request.text:
                            raise KeyError(request.text)
                        return plain(self, request, *rest)
                    recall.Recall.candidates = broken
                return None

        sys.meta_path.insert(0, Hook())
        """
    )
    session = await start(**environment)
    uri = session.open(PATH, HEAD + "- name: Install marmalade")
    assert await session.inline(uri, LINE, len("- name: Install marmalade")) == []
    line = await check_one_line(session)
    assert "KeyError" in line
    assert "marmalade" not in line
    assert "chiron/" in line
    await check_works(session)


# ---------------------------------------------------------------------------- the end


@pytest_asyncio.fixture
async def wire(environ: dict[str, str], home: Path, tmp_path: Path) -> AsyncIterator[Wire]:
    """A server that is asking a model which never answers."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    with ScriptedServer(Script(rules=(Rule(match=NAME, fault="hang"),))) as endpoint:
        name_endpoint(home, endpoint.base_url)
        settings = (home / "config.toml").read_text(encoding="utf-8").replace("2.0", "600.0")
        (home / "config.toml").write_text(settings, encoding="utf-8")
        one = await Wire.start(environ | ASKED)
        one.workspace = workspace
        yield one
        await one.kill()


#: Requests that nobody waits for: asyncio holds a task by a weak reference only.
_UNDER_WAY: list[asyncio.Future[Any]] = []


async def begin(wire: Wire, process_id: int | None = None) -> None:
    """Opens a document, gets a suggestion there, and has another request under way."""
    await wire.initialize(wire.workspace, process_id=process_id)
    uri = (wire.workspace / "a" / "tasks" / "main.yml").as_uri()
    wire.open(uri, HEAD + NAME)
    _UNDER_WAY.append(asyncio.ensure_future(wire.ask_inline(uri, LINE, len(NAME))))
    await asyncio.sleep(1.0)


async def test_after_shutdown_and_exit_the_process_ends(wire: Wire) -> None:
    await begin(wire)
    assert await wire.end() == 0


async def test_an_exit_without_a_shutdown_ends_the_process_and_says_so(wire: Wire) -> None:
    await begin(wire)
    wire.notify("exit", None)
    assert await wire.ended() == 1


async def test_the_end_of_its_input_ends_the_process(wire: Wire) -> None:
    await begin(wire)
    assert wire.process.stdin is not None
    wire.process.stdin.close()
    assert await wire.ended() == 1


async def test_it_ends_when_it_is_told_to_by_a_signal(wire: Wire) -> None:
    await begin(wire)
    wire.process.terminate()
    assert await wire.ended() == 128 + signal.SIGTERM


async def test_it_ends_with_the_process_that_started_it_though_its_input_stays_open(wire: Wire) -> None:
    editor = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    await begin(wire, editor.pid)
    await asyncio.sleep(4.0)
    editor.kill()
    await editor.wait()
    assert await wire.ended() == 1
