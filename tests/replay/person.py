"""A person of stated habits at the real server. What Chiron learned is never looked at here.

They write a repository's own tasks, one after another: type the name, look at what is offered, and take it if
it names the module they mean and less than half of it would have to be edited; then they edit it to exactly
what the repository has. Else they refuse it, by Escape or by writing on. Now and then they slip: take what
they should not, refuse what is good, or do not look at all. All slips are drawn by the task alone, so that
the same person meets the same task in the same mood, whatever is offered.
"""

from __future__ import annotations

import asyncio
import difflib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chiron.evals.reading import Reading, Resolve, read_body
from chiron.evals.scorers import characters_saved, strong_proxy
from chiron.lsp.client import Editor, Offered
from chiron.records import Position, Range
from replay.tasks import File, Wanted

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Habits:
    """How a person works. Shares are of tasks."""

    seed: int = 0
    #: Looks away while something is offered.
    inattentive: float = 0.05
    #: Takes what they should not, and refuses what is good.
    hasty: float = 0.03
    picky: float = 0.05
    #: Presses Escape rather than writing on.
    escapes: float = 0.5
    #: Gives a verdict on, in the review.
    reviews: float = 0.1
    tasks_a_day: int = 12
    #: What being shown something in vain costs them, what they keep being worth 1.
    interruption: float = 0.1


@dataclass(frozen=True, slots=True)
class Met:
    """What one task met with. `worth` is 1 for a strong acceptance, less than nothing if shown in vain."""

    task: str
    day: int
    shown: bool
    taken: bool
    strong: bool
    saved: int
    worth: float
    suggestion_id: str = ""
    #: Of several rounds with other months, which.
    round: int = 0


class Person:
    """Somebody in one workspace, with one editor."""

    def __init__(self, editor: Editor, root: Path, habits: Habits, resolve: Resolve) -> None:
        self._editor = editor
        self._root = root
        self._habits = habits
        self._resolve = resolve
        self.met: list[Met] = []
        #: What they would say of a share of it in the review: the suggestion, the verdict, what should have
        #: stood there.
        self.verdicts: list[tuple[str, str, str]] = []

    async def work(
        self, files: Sequence[File], enough: Callable[[list[Met]], bool] = lambda _met: False
    ) -> None:
        """Writes every file, from the top to the end; stops where that is `enough`."""
        for file in files:
            path = self._root / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("", encoding="utf-8")
            self._editor.turn_to(path)
            for task in file.tasks:
                if enough(self.met):
                    break
                await self._write(task)
            self._put(file.rest)
            self._editor.save()
            await self._ask("read", path=file.path)

    async def _write(self, task: Wanted) -> None:
        if len(self.met) % self._habits.tasks_a_day == 0:
            # The night is short: what an outcome counts for fades by days, whenever in them.
            await self._pass(DAY_MS)
            await self._ask("morning")
        mood = random.Random(f"{self._habits.seed}:{task.id}")
        sleepy, hasty, picky, escapes = (mood.random() for _ in range(4))
        self._put(task.before + task.name_line)
        offered = next(iter(await self._editor.suggestions()), None)
        expected = "\n" + task.body
        day = len(self.met) // self._habits.tasks_a_day
        if offered is None or sleepy < self._habits.inattentive:
            await self._pass(200)
            self._put(expected + "\n")
            await self._pass(40_000)
            self.met.append(Met(task.id, day, False, False, False, 0, 0.0, offered.id if offered else ""))
            return
        await self._pass(900 + int(2_000 * mood.random()))
        good = self._good(task, offered)
        taken = (good or hasty < self._habits.hasty) and not (good and picky < self._habits.picky)
        if taken:
            await self._take(offered, task.name_line + expected)
        else:
            await self._refuse(offered, expected, escapes < self._habits.escapes)
        strong = taken and good
        saved = characters_saved(task.body, _body(offered)) if taken else 0
        worth = 1.0 if strong else -self._habits.interruption
        self.met.append(Met(task.id, day, True, taken, strong, saved, worth, offered.id))
        if mood.random() < self._habits.reviews:
            label = ("good" if taken else "style") if good else self._fault(task, offered)
            self.verdicts.append((offered.id, label, "" if label == "good" else _dedented(task)))

    def _good(self, task: Wanted, offered: Offered) -> bool:
        """Whether it names the module that is meant and less than half of it would have to be edited."""
        expected, given = self._read(task, offered)
        return expected is not None and bool(strong_proxy(expected, given, task.body, _body(offered)))

    def _fault(self, task: Wanted, offered: Offered) -> str:
        """The verdict on what is not good."""
        expected, given = self._read(task, offered)
        if expected is None or given is None or expected.module != given.module:
            return "wrong_module"
        return "wrong_option" if expected.arguments.keys() != given.arguments.keys() else "wrong_value"

    def _read(self, task: Wanted, offered: Offered) -> tuple[Reading | None, Reading | None]:
        return read_body(task.body, self._resolve), read_body(_body(offered), self._resolve)

    async def _take(self, offered: Offered, expected: str) -> None:
        await self._editor.accept(offered)
        await self._pass(4_000)
        end = self._editor.end
        self._replace(offered.range.start, end, expected)
        self._put("\n")
        await self._pass(320_000)

    async def _refuse(self, offered: Offered, expected: str, escape: bool) -> None:
        if escape:
            self._editor.refuse(offered)
            await self._pass(500)
        for piece in (expected[:12], expected[12:], "\n"):
            self._put(piece)
            await self._pass(3_000)
        await self._pass(40_000)

    # ------------------------------------------------------------------ the editor

    def _put(self, text: str) -> None:
        if text:
            self._editor.put(text, Range(self._editor.end, self._editor.end))

    def _replace(self, start: Position, end: Position, text: str) -> None:
        """Makes what stands at `start` to `end` into `text` by the smallest edits of whole lines."""
        before = self._between(start, end).split("\n")
        after = text.split("\n")
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for kind, i, i_end, j, j_end in reversed(matcher.get_opcodes()):
            if kind == "equal":
                continue
            old = "".join(line + "\n" for line in before[i:i_end])
            new = "".join(line + "\n" for line in after[j:j_end])
            first = Position(start.line + i, start.column if i == 0 else 0)
            if i_end == len(before):
                # The last line has no end of its own: the one before it goes instead.
                old, new = old[:-1], new[:-1]
                if i and not (old and new):
                    first = Position(start.line + i - 1, len(self._editor.lines[start.line + i - 1]))
                last = self._editor.end
                text_in = new if (old and new) or not i else "\n" + new if new else ""
                self._editor.put(text_in, Range(first, last))
            else:
                self._editor.put(new, Range(first, Position(start.line + i_end, 0)))

    def _between(self, start: Position, end: Position) -> str:
        lines = self._editor.lines[start.line : end.line + 1]
        lines = [*lines[:-1], lines[-1][: end.column]]
        lines[0] = lines[0][start.column :]
        return "\n".join(lines)

    async def _pass(self, ms: int) -> None:
        await self._ask("pass", ms=ms)

    async def _ask(self, what: str, **params: Any) -> Any:
        return await asyncio.wait_for(self._editor.ask(f"replay/{what}", params), 120)


def _body(offered: Offered) -> str:
    """What would stand under the name: an item begins with the whole line that it continues."""
    return offered.text.partition("\n")[2]


def _dedented(task: Wanted) -> str:
    margin = len(task.name_line) - len(task.name_line.lstrip())
    lines = [task.name_line, *task.body.split("\n")]
    return (
        "\n".join(line[margin:] if line[:margin].isspace() or not margin else line for line in lines) + "\n"
    )
