"""Editing sessions through a real server, and what stands in the log afterwards.

Every session is played in several editors: one that sends each key and runs the item's command, one that
batches keys, sends smallest differences and runs nothing, and one that sends the whole document. The
sessions of one editor are played side by side in one server, each in a file of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from chiron.flywheel.outcomes.edits import trimmed
from chiron.lsp import protocol
from chiron.records import EventKind, Evidence, Origin, Outcome
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_queries import Filters
from support.sessions import Session, Start

BODY = 'ansible.builtin.file:\n    path: /srv/www\n    state: directory\n    mode: "0755"'
NAME = "- name: Prepare the place"
#: In a role's tasks, and deeper in a play whose text needs two units a character in places.
ROLE = f"---\n- name: Greet\n  ansible.builtin.debug:\n    msg: hello\n\n{NAME}¦\n"
PLAY = (
    "---\n- name: 🚀 Everything\n  hosts: all\n  tasks:\n"
    f"    - name: Greet\n      ansible.builtin.debug:\n        msg: hello\n\n    {NAME} 🚀¦\n"
)
OTHER = "- name: Prepare the place again\n  ansible.builtin.group:\n    name: guests\n    state: present\n"
#: Long enough for a person to have seen what is offered.
SEEN_S = 0.6
QUIET = (EventKind.OFFERED, EventKind.KEPT_AT)


@dataclass
class Writer:
    """Somebody with one document open in an editor of a certain kind."""

    session: Session
    name: str
    kind: str
    text: str
    cursor: int
    eol: str
    uri: str = ""
    version: int = 1
    items: list[types.InlineCompletionItem] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    past: list[str] = field(default_factory=list)
    future: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.uri = self.session.open(f"roles/{self.name}/tasks/main.yml", self.text)

    # -- what goes over the wire

    def position(self, offset: int) -> types.Position:
        before = self.text[:offset]
        line = before.rsplit("\n", 1)[-1]
        return types.Position(before.count("\n"), units(line, self.session.encoding))

    def event(self, start: int, removed: str, inserted: str) -> types.TextDocumentContentChangeEvent:
        """One change as this editor tells it; it is applied to the text as well."""
        place = types.Range(self.position(start), self.position(start + len(removed)))
        self.text = self.text[:start] + inserted + self.text[start + len(removed) :]
        self.cursor = start + len(inserted)
        if self.kind == "whole":
            return types.TextDocumentContentChangeWholeDocument(text=self.text)
        return types.TextDocumentContentChangePartial(range=place, text=inserted)

    def send(self, *changes: tuple[int, str, str], gesture: bool = True) -> None:
        """One notification."""
        if gesture:
            self.past.append(self.text)
            self.future.clear()
        self.version += 1
        self.session.change(self.uri, self.version, *[self.event(*one) for one in changes])

    def become(self, text: str, *, gesture: bool = True) -> None:
        """The document turns into `text`; told as its smallest difference or as a whole."""
        edit = trimmed(0, self.text, text)
        self.send((edit.start, edit.removed, edit.inserted), gesture=gesture)

    # -- what a person does

    async def ask(self) -> list[str]:
        """What is offered at the cursor now, as the text it would put behind it."""
        at = self.position(self.cursor)
        self.items = await self.session.inline(self.uri, at.line, at.character, invoked=False)
        for item in self.items:
            one = suggestion_id(item)
            if one not in self.ids:
                self.ids.append(one)
        return [str(item.insert_text)[len(self.line_before()) :] for item in self.items]

    def line_before(self) -> str:
        """The cursor's line up to the cursor."""
        return self.text[self.text.rfind("\n", 0, self.cursor) + 1 : self.cursor]

    async def offered(self) -> str:
        """Asks, looks at what is offered first, and returns it."""
        rests = await self.ask()
        assert rests, f"nothing is offered to {self.name}"
        await asyncio.sleep(SEEN_S)
        return rests[0]

    def put(self, text: str) -> None:
        """One change at the cursor."""
        self.send((self.cursor, "", text.replace("\n", self.eol)))

    def type(self, text: str) -> None:
        """Key by key."""
        if self.kind != "batches":
            for key in text:
                self.put(key)
            return
        changes, at = [], self.cursor
        for key in (self.eol if one == "\n" else one for one in text):
            changes.append((at, "", key))
            at += len(key)
        self.send(*changes)

    async def take(self, n: int = 0) -> None:
        """Tab: what the editor makes of item `n`, and its command where it runs commands."""
        item = self.items[n]
        assert item.range is not None
        start = self.cursor - len(self.line_before())
        insert = str(item.insert_text).replace("\n", self.eol)
        if self.kind == "keys":
            self.send((start, self.text[start : self.cursor], insert))
            await self.session.accept(item)
        else:
            self.become(self.text[:start] + insert + self.text[self.cursor :])
            self.cursor = start + len(insert)

    def undo(self) -> None:
        self.future.append(self.text)
        self.become(self.past.pop(), gesture=False)

    def redo(self) -> None:
        self.past.append(self.text)
        self.become(self.future.pop(), gesture=False)

    def backspace(self, n: int) -> None:
        for _ in range(n):
            self.send((self.cursor - 1, self.text[self.cursor - 1], ""))

    def replace(self, old: str, new: str) -> None:
        self.become(self.text.replace(old.replace("\n", self.eol), new.replace("\n", self.eol)))

    def go(self, behind: str) -> None:
        self.cursor = self.text.index(behind) + len(behind)

    def tell(self, kind: str, n: int = 0, **more: object) -> None:
        said = {"kind": kind, "suggestionId": suggestion_id(self.items[n]), **more}
        self.session.notify(protocol.EVENT, said)

    def save(self) -> None:
        self.session.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(self.uri))
        )

    def close(self) -> None:
        self.session.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri))
        )


def units(text: str, encoding: str) -> int:
    """Length of `text` as the protocol counts it."""
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    return len(text.encode(encoding if size == 1 else f"{encoding}-le")) // size


def wire(item: types.InlineCompletionItem) -> dict[str, object]:
    """The part of an item that tells which one it is, as it goes over the wire."""
    return {"command": {"arguments": [{"suggestionId": suggestion_id(item)}]}}


def suggestion_id(item: types.InlineCompletionItem) -> str:
    assert item.command is not None
    said: Any = item.command.arguments
    return str(said[0]["suggestionId"])


# --------------------------------------------------------------------------- the sessions


async def taken_whole(w: Writer) -> None:
    await w.offered()
    await w.take()


async def taken_and_written_on(w: Writer) -> None:
    await taken_whole(w)
    w.type("\n\n- name: Next")


async def by_word_and_line_then_typing(w: Writer) -> None:
    rest = await w.offered()
    word = rest.index(".")
    line = rest.index("\n", 1)
    w.put(rest[:word])
    w.put(rest[word:line])
    w.type("\n    zzz: 1")


async def by_word_then_left(w: Writer) -> None:
    rest = await w.offered()
    w.put(rest[: rest.index(".")])


async def by_line_then_tab(w: Writer) -> None:
    rest = await w.offered()
    w.put(rest[: rest.index("\n", 1)])
    await w.ask()
    await w.take()


async def all_by_hand(w: Writer) -> None:
    w.type(await w.offered())


async def typed_through_then_tab(w: Writer) -> None:
    rest = await w.offered()
    w.type(rest[:7])
    assert (await w.ask())[0] == rest[7:]
    w.type(rest[7:12])
    await w.ask()
    await w.take()


async def enter_with_indentation_then_tab(w: Writer) -> None:
    await w.offered()
    w.put("\n  ")
    await w.ask()
    await w.take()


async def enter_with_too_much_indentation_then_tab(w: Writer) -> None:
    await w.offered()
    w.put("\n      ")
    await w.ask()
    await w.take()


async def mistyped_and_mended(w: Writer) -> None:
    rest = await w.offered()
    w.type(rest[:9])
    w.backspace(5)
    assert (await w.ask())[0] == rest[4:]
    await w.take()


async def half_deleted_later(w: Writer) -> None:
    rest = await w.offered()
    await w.take()
    w.save()
    w.replace(rest[rest.index("\n", rest.index("path:")) :], "")
    w.save()


async def undone(w: Writer) -> None:
    await taken_whole(w)
    w.undo()


async def undone_and_redone(w: Writer) -> None:
    await undone(w)
    w.redo()


async def undone_and_asked_again(w: Writer) -> None:
    rest = await w.offered()
    at = w.cursor
    await w.take()
    w.undo()
    w.cursor = at
    assert rest not in await w.ask()


async def moved_elsewhere(w: Writer) -> None:
    """The task is cut and pasted above the one before it."""
    await taken_whole(w)
    first, last = (w.text.rindex("\n", 0, w.text.index(name)) + 1 for name in ("- name: Greet", NAME))
    task = w.text[last:]
    w.become(w.text[:last])
    w.become(w.text[:first] + task + w.text[first:])


async def offered_six_times(w: Writer) -> None:
    for _ in range(6):
        await w.ask()
    await asyncio.sleep(SEEN_S)
    assert len(set(w.ids)) == len(w.items)


async def closed_brackets(w: Writer) -> None:
    rest = await w.offered()
    quote = rest.index('"')
    w.type(rest[:quote])
    w.put('""')
    w.cursor -= 1
    w.type(rest[quote + 1 : -1])


async def reformatted(w: Writer) -> None:
    await taken_whole(w)
    text = w.text.replace("/srv/www", '"/srv/www"').replace("    ", "      ")
    w.become("# laid out anew" + w.eol + text)


async def checked_out(w: Writer) -> None:
    await taken_whole(w)
    w.become("---\n- name: Something\n  ansible.builtin.meta: noop\n")


async def checked_out_while_pending(w: Writer) -> None:
    await w.offered()
    w.become("---\n- import_tasks: other.yml\n- import_tasks: more.yml\n")


async def typed_over(w: Writer) -> None:
    await w.offered()
    w.type("\n  zypper: nginx")


async def pasted_over(w: Writer) -> None:
    await w.offered()
    w.put("\n  community.general.zypper:\n    name: nginx\n")


async def name_changed(w: Writer) -> None:
    await w.offered()
    w.backspace(1)


async def escaped(w: Writer) -> None:
    await w.offered()
    w.tell("rejected")


async def escaped_and_asked_again(w: Writer) -> None:
    rest = await w.offered()
    at = w.cursor
    w.tell("rejected")
    assert rest not in await w.ask()
    w.put("\n" + " " * (len(rest) - len(rest.lstrip()) - 1))
    assert rest.lstrip() not in await w.ask()
    w.undo()
    w.cursor = at
    w.type(" of work")
    assert await w.ask(), "another name is another question"


async def moved_away(w: Writer) -> None:
    await w.offered()
    w.tell("moved_away", reason="cursor")


async def left_alone(w: Writer) -> None:
    await w.offered()


async def told_of_a_part(w: Writer) -> None:
    rest = await w.offered()
    length = units(w.line_before() + rest[: rest.index(".")], "utf-16")
    w.session.notify(protocol.DID_ACCEPT_PART, {"item": wire(w.items[0]), "acceptedLength": length})


async def shown_by_an_editor_that_tells(w: Writer) -> None:
    await w.offered()
    w.session.notify(protocol.DID_SHOW, {"item": wire(w.items[0])})
    await w.take()


async def the_second_of_several(w: Writer) -> None:
    await w.offered()
    assert len(w.items) > 1
    w.session.notify(protocol.DID_SHOW, {"item": wire(w.items[1])})
    await asyncio.sleep(SEEN_S)
    await w.take(1)


async def command_ran_twice(w: Writer) -> None:
    await taken_whole(w)
    for _ in range(2):
        await w.session.accept(w.items[0])


async def a_line_put_in_above(w: Writer) -> None:
    await w.offered()
    at, line = w.cursor, "# managed" + w.eol
    w.send((0, "", line))
    w.cursor = at + len(line)
    await w.ask()
    await w.take()


async def wrote_a_secret_instead(w: Writer) -> None:
    await w.offered()
    w.type("\n  uri: url=https://me:Sup3rS3cretPassw0rd@example.org/")


async def went_elsewhere_and_came_back(w: Writer) -> None:
    await w.offered()
    at = w.cursor
    w.go("hello")
    w.type(" there")
    w.cursor = at + len(" there")
    await w.ask()
    await w.take()


Play = Callable[[Writer], Awaitable[None]]

#: For each session: how its first suggestion ended, its rows but offers and measures, and what was kept of
#: it at close. `accepted+` stands for one row, or two where the editor runs the command.
SESSIONS: dict[Play, tuple[str, str, float | None]] = {
    taken_whole: ("accepted", "accepted+", 1.0),
    taken_and_written_on: ("accepted", "accepted+", 1.0),
    by_word_and_line_then_typing: (
        "partly_accepted",
        "accepted_part accepted_part typed_through typed_over wrote_instead",
        1.0,
    ),
    by_word_then_left: ("partly_accepted", "accepted_part expired", 1.0),
    by_line_then_tab: ("accepted", "accepted_part accepted+", 1.0),
    all_by_hand: ("expired", "typed_through expired", None),
    typed_through_then_tab: ("accepted", "typed_through accepted+", 1.0),
    enter_with_indentation_then_tab: ("accepted", "typed_through accepted+", 1.0),
    enter_with_too_much_indentation_then_tab: ("accepted", "typed_through accepted+", 1.0),
    mistyped_and_mended: ("accepted", "typed_through accepted+", 1.0),
    half_deleted_later: ("accepted", "accepted+", 0.55),
    undone: ("accepted", "accepted+ undone", 0.0),
    undone_and_redone: ("accepted", "accepted+ undone redone", 1.0),
    undone_and_asked_again: ("accepted", "accepted+ undone", 0.0),
    moved_elsewhere: ("accepted", "accepted+", 1.0),
    offered_six_times: ("expired", "expired", None),
    closed_brackets: ("expired", "typed_through expired", None),
    reformatted: ("accepted", "accepted+", 1.0),
    checked_out: ("accepted", "accepted+", 0.0),
    checked_out_while_pending: ("expired", "expired", None),
    typed_over: ("typed_over", "typed_through typed_over wrote_instead", None),
    pasted_over: ("typed_over", "typed_over wrote_instead", None),
    name_changed: ("typed_over", "typed_over", None),
    escaped: ("rejected", "rejected", None),
    escaped_and_asked_again: ("rejected", "rejected", None),
    moved_away: ("moved_away", "moved_away", None),
    left_alone: ("expired", "expired", None),
    told_of_a_part: ("partly_accepted", "accepted_part expired", None),
    shown_by_an_editor_that_tells: ("accepted", "shown accepted+", 1.0),
    the_second_of_several: ("superseded", "superseded", None),
    command_ran_twice: ("accepted", "accepted accepted", 1.0),
    a_line_put_in_above: ("accepted", "accepted+", 1.0),
    wrote_a_secret_instead: ("typed_over", "typed_through typed_over wrote_instead", None),
    went_elsewhere_and_came_back: ("accepted", "accepted+", 1.0),
}


@dataclass
class Row:
    """What the log holds of one suggestion."""

    outcome: str
    rows: str
    kept: float | None
    events: Sequence[Any]


def read(home: Path) -> dict[str, Row]:
    """Everything in the log, by the suggestion's id."""
    found = {}
    with FeedbackLog(home / "data" / "feedback.sqlite") as log:
        for one in log.suggestions(10_000, Filters(origin=Origin.EDITOR, withheld=False)):
            history = log.show(one.record.id)
            assert history is not None
            rows = " ".join(event.kind for event in history.events if event.kind not in QUIET)
            closes = [event.data["ratio"] for event in history.events if event.data.get("at") == "close"]
            kept = closes[-1] if closes else None
            found[one.record.id] = Row(str(one.outcome), rows, kept, history.events)
    return found


async def play_all(session: Session, kind: str, drawn: str, eol: str) -> dict[str, Writer]:
    """Plays every session in a file of its own, all at the same time, and closes the files."""
    drawn = drawn.replace("\n", eol)
    writers = {}
    for play in SESSIONS:
        writer = Writer(session, play.__name__, kind, drawn.replace("¦", ""), drawn.index("¦"), eol)
        writer.open()
        writers[play.__name__] = writer
    await asyncio.gather(*(play(writers[play.__name__]) for play in SESSIONS))
    for writer in writers.values():
        writer.close()
    await session.leave()
    await session.client.stop()
    return writers


UTF_8 = types.PositionEncodingKind.Utf8


@pytest.mark.parametrize(
    ("kind", "drawn", "eol", "encodings"),
    [
        pytest.param("keys", ROLE, "\n", None, id="sends each key and runs commands"),
        pytest.param("keys", PLAY, "\n", None, id="sends each key, in a play"),
        pytest.param("keys", ROLE, "\r\n", None, id="sends each key, with CRLF"),
        pytest.param("batches", ROLE, "\n", None, id="batches keys"),
        pytest.param("batches", PLAY, "\n", [UTF_8], id="batches keys and counts bytes, in a play"),
        pytest.param("whole", ROLE, "\n", None, id="sends the whole document"),
    ],
)
async def test_the_log_holds_what_somebody_watching_an_editor_would_have_written_down_that(
    start: Start,
    home: Path,
    tmp_path: Path,
    kind: str,
    drawn: str,
    eol: str,
    encodings: list[types.PositionEncodingKind] | None,
) -> None:
    body = BODY.replace("\n", "\n    ") if drawn is PLAY else BODY
    # What stands elsewhere in the workspace is the alternative to what the model writes.
    other = tmp_path / "workspace" / "roles" / "hall" / "tasks" / "main.yml"
    other.parent.mkdir(parents=True)
    other.write_text(OTHER, encoding="utf-8")
    session = await start(
        rules=[{"match": "", "text": body}], encodings=encodings, CHIRON_SUGGEST__LEAST_CONFIDENCE="0"
    )
    writers = await play_all(session, kind, drawn, eol)
    rows = read(home)
    first = {play.__name__: rows[writers[play.__name__].ids[0]] for play in SESSIONS}
    assert {name: (row.outcome, row.rows) for name, row in first.items()} == {
        play.__name__: (outcome, expected_rows(events, commands=kind == "keys"))
        for play, (outcome, events, _) in SESSIONS.items()
    }
    assert {name: row.kept for name, row in first.items()} == {
        play.__name__: None if kept is None else pytest.approx(kept, abs=0.06)
        for play, (_, _, kept) in SESSIONS.items()
    }
    check_every_row(writers, rows)


def expected_rows(rows: str, *, commands: bool) -> str:
    return rows.replace("accepted+", "accepted accepted" if commands else "accepted")


def check_every_row(writers: dict[str, Writer], rows: dict[str, Row]) -> None:
    """What holds for each suggestion, the alternatives as well."""
    assert {one for writer in writers.values() for one in writer.ids} == rows.keys()
    assert all(row.outcome in set(Outcome) for row in rows.values())
    second = writers["the_second_of_several"].ids
    assert rows[second[1]].outcome == "accepted"
    unseen = {one for name in ("taken_whole", "escaped", "left_alone") for one in writers[name].ids[1:]}
    assert {rows[one].outcome for one in unseen} == {"not_seen"}
    for row in rows.values():
        for event in row.events:
            assert 0.0 <= event.data.get("ratio", 0.0) <= 1.0
            assert "ansible" not in repr(event.data) or event.kind is EventKind.WROTE_INSTEAD
            assert "Sup3rS3cretPassw0rd" not in repr(event.data)
    secret = rows[writers["wrote_a_secret_instead"].ids[0]].events
    assert any("uri: url=" in event.data.get("text", "") for event in secret)
    for one in writers["taken_whole"].ids[:1]:
        evidence = [e.evidence for e in rows[one].events if e.kind is EventKind.ACCEPTED]
        commands = writers["taken_whole"].kind == "keys"
        assert evidence == [Evidence.INFERRED, Evidence.CONFIRMED][: 1 + commands]
