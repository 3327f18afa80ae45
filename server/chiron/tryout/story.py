"""`chiron try`: an editor without a window, a real server, and what comes of a few keystrokes.

Everything printed happened: each line of it is read back from the server or from the feedback log.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chiron.ask import parse_place
from chiron.assemble import find_root
from chiron.errors import ChironError
from chiron.lsp.client import Editor, Offered
from chiron.lsp.protocol import SUGGEST_AT, WHY
from chiron.records import Position, Range
from chiron.terminal import harmless

_ROLE = Path(__file__).parent / "role"
#: What is typed into our own role: one to accept, one to refuse, and one to be asked for twice.
_NAMES = ("Restart webshop", "Start and enable webshop", "Tell systemd about the shop")
#: What is gone within half a second was not seen by a person, and counts for nothing.
_LOOK_S = 0.6
#: Nobody is kept from typing here, so even a slow machine's model may finish.
_ENVIRONMENT = {"CHIRON_ORIGIN": "try", "CHIRON_SUGGEST__PATIENCE_MS": "60000"}
_NAME_LINE = re.compile(r"^(\s*)- name:\s*(\S.*)$")


class Story:
    """Tells what happens as it happens."""

    def __init__(self, editor: Editor, console: Console, key_s: float) -> None:
        self._editor = editor
        self._console = console
        self._key_s = key_s
        #: Ids of what was offered, in the order in which it was seen.
        self.seen: list[str] = []

    def say(self, text: str, style: str = "") -> None:
        self._console.print(Text(harmless(text), style=style), soft_wrap=True)

    def chapter(self, title: str) -> None:
        self._console.print()
        self._console.print(Text(title, style="bold cyan"))

    async def type_name(self, column: int, name: str) -> None:
        """Types a name line under what is there, and shows it."""
        await self._editor.type(f"{' ' * column}- name: {name}", self._key_s)
        self.say(f"  {' ' * column}- name: {name}", "bold")

    async def offers(self, waiting: str = "") -> list[Offered]:
        """What the server offers at the end of the document, with a spinner for a first, slow answer."""
        spin: AbstractContextManager[Any] = nullcontext()
        if waiting and self._console.is_terminal:
            spin = self._console.status(waiting)
        with spin:
            offered = await self._editor.suggestions(invoked=True)
        self.seen += [one.id for one in offered if one.id not in self.seen]
        return offered

    async def show(self, offered: Offered) -> Mapping[str, Any]:
        """The ghost text, where it came from, and why it is believed."""
        known: Mapping[str, Any] = await self._editor.ask(WHY, {"suggestionId": offered.id}) or {}
        for line in str(known.get("text", offered.text)).strip("\n").split("\n"):
            self.say(f"  {line}", "italic bright_black")
        model = f", model {known['model']}" if known.get("model") else ""
        stages = known.get("stageMs") or {}
        total = sum(stages.values())
        self.say(f"  ↳ from {known.get('source')}{model}, in {total:.0f} ms", "green")
        for ground in known.get("grounds") or ():
            self.say(f"    {_because(ground)}", "green")
        return known

    async def take(self, offered: Offered) -> None:
        await self._editor.accept(offered)
        self.say("  Tab: accepted.", "bold green")

    async def leave(self, offered: Offered) -> None:
        await asyncio.sleep(_LOOK_S)
        self._editor.refuse(offered)
        self.say("  Escape: refused.", "bold yellow")

    def clear_line(self) -> None:
        """Empties the last line, as a person who thinks better of it."""
        last = self._editor.end
        self._editor.put("", Range(type(last)(last.line, 0), last))

    async def withheld(self) -> list[Mapping[str, Any]]:
        """What was held back at the end of the document."""
        at = self._editor.end
        position = {"line": at.line, "character": at.column}
        answer = await self._editor.ask(SUGGEST_AT, {"uri": self._editor.uri, "position": position, "n": 3})
        return list(answer["withheld"])


def tell(target: str | None, *, model: str | None = None, plain: bool = False) -> bool:
    """Plays the story on our own role, or on a place in a file, and says whether anything was suggested.

    Nothing is written to the file. The log's rows carry the origin `try` and count towards nothing.
    """
    console = Console(highlight=False, no_color=plain, force_terminal=False if plain else None)
    path, line = _target(target)
    arguments = ["--model", model] if model else []
    key_s = 0.0 if plain or not console.is_terminal else 0.012
    return asyncio.run(_play(path, line, arguments, console, key_s))


def _target(target: str | None) -> tuple[Path, int | None]:
    if target is None:
        return _ROLE / "tasks" / "main.yml", None
    path, line = Path(target), None
    if not path.exists() and ":" in target:
        path, line, _ = parse_place(target)
    if not path.is_file():
        raise ChironError(f"{path} is not there.", advice="Name a playbook or a file of tasks.")
    line = line or _last_name(path.read_text(encoding="utf-8").split("\n"))
    if line is None:
        raise ChironError(f"{path} has no line `- name: …`.", advice="Name a playbook or a file of tasks.")
    return path.resolve(), line


def _last_name(lines: Sequence[str]) -> int | None:
    """The last name line (from 1)."""
    return max((number for number, line in enumerate(lines, 1) if _NAME_LINE.match(line)), default=None)


async def _play(path: Path, line: int | None, arguments: list[str], console: Console, key_s: float) -> bool:
    root = _ROLE if path.is_relative_to(_ROLE) else find_root(path) or path.parent
    editor = await Editor.start(path, root, arguments, _ENVIRONMENT)
    story = Story(editor, console, key_s)
    try:
        console.print(Text("Chiron, played by an editor without a window.", style="bold"))
        story.say(f"File: {path}. It is not written to.", "dim")
        if line is not None:
            done = await _at_line(story, editor, line)
        else:
            done = await _our_role(story)
        await _log(story, editor, console)
        return done
    finally:
        await editor.stop()


async def _at_line(story: Story, editor: Editor, line: int) -> bool:
    """The file as if its writer had come as far as `line`, and what is suggested there."""
    story.chapter(f"Line {line}, with all that stands under it taken away")
    start = Position(line - 1, len(editor.lines[line - 1]))
    editor.put("", Range(start, editor.end))
    for shown in editor.lines[-3:]:
        story.say(f"  {shown}", "bold")
    offered = await story.offers("Asking (the first time, a model has to start)…")
    for one in offered:
        await story.show(one)
    for held in await story.withheld():
        story.say(f"  withheld: {held['reason']}: {held['detail']}", "yellow")
    if offered:
        await story.take(offered[0])
    else:
        story.say("  Nothing is suggested here.", "yellow")
    return bool(offered)


async def _our_role(story: Story) -> bool:
    accepted, refused, twice = _NAMES
    story.chapter("1. You type a task's name; the rest appears as ghost text")
    await story.type_name(0, accepted)
    offered = await story.offers("Asking (the first time, a model has to start)…")
    if not offered:
        story.say("  Nothing is suggested here.", "yellow")
        return False
    for one in offered:
        await story.show(one)
    await story.take(offered[0])

    story.chapter("2. The next one you do not want")
    await story._editor.type("\n\n")
    await story.type_name(0, refused)
    offered = await story.offers()
    if offered:
        await story.show(offered[0])
        await story.leave(offered[0])
        held = await story.withheld()
        story.say("  Asked again at once, it holds back:", "")
        for one_held in held:
            story.say(f"    {one_held['reason']}: {one_held['detail']}", "yellow")

    story.chapter("3. The same question twice: the second answer comes from the disk")
    for _ in range(2):
        story.clear_line()
        await story.type_name(0, twice)
        offered = await story.offers()
        for one in offered:
            known = await story.show(one)
            if known.get("model"):
                break
    return True


async def _log(story: Story, editor: Editor, console: Console) -> None:
    story.chapter("What the log now holds (chiron feedback list)")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for heading in ("suggestion", "source", "module", "outcome"):
        table.add_column(heading)
    for suggestion_id in story.seen:
        row = await editor.ask(WHY, {"suggestionId": suggestion_id})
        if row:
            cells = (suggestion_id, row["source"], row["module"], row["outcome"] or "open")
            table.add_row(*(Text(harmless(str(cell or "–"))) for cell in cells))
    console.print(table)


def _because(ground: Mapping[str, str]) -> str:
    if ground["kind"] == "module":
        return f"{ground['what']} is installed here ({ground['detail']}); every option was checked against it"
    if ground["kind"] == "task":
        return f"modelled on “{ground['what']}” ({ground['where']})"
    if ground["kind"] == "model":
        return f"written by {ground['what']}"
    if ground["kind"] == "fact":
        return f"by {ground['what']}"
    return " ".join(part for part in (ground["kind"], ground["what"], ground["detail"]) if part)
