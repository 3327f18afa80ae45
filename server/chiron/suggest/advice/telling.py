"""A text that is told while a model writes it, and never ahead of the checks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final

from chiron.records import Candidate, Source, Withheld
from chiron.suggest.guardrails import Check, run_chain

#: Where a sentence, or a line, is whole.
_SENTENCE: Final = re.compile(r"[.!?:](?=\s)|\n")


class Telling:
    """Hands on what is written in whole sentences, each time all of it has passed the checks."""

    def __init__(self, check: Check, tell: Callable[[str], None], most: int) -> None:
        """`tell` is given the pieces, of `most` characters in all."""
        self._check = check
        self._most = most
        self._tell = tell
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()

    def heard(self, text: str) -> None:
        """So much is written."""
        self._waiting.put_nowait(text)

    def end(self) -> None:
        """No more will be written."""
        self._waiting.put_nowait(None)

    async def follow(self) -> None:
        """Tells as it comes, until the end, or until something does not pass."""
        told = ""
        while (text := await self._waiting.get()) is not None:
            if not self._waiting.empty():
                continue  # More is written by now.
            ends = [found.end() for found in _SENTENCE.finditer(text)]
            whole = text[: ends[-1]][: self._most].strip() if ends else ""
            if len(whole) <= len(told):
                continue
            verdict = await asyncio.to_thread(run_chain, Candidate(whole, Source.MODEL), self._check)
            if isinstance(verdict, Withheld) or not verdict.text.startswith(told):
                return
            self._tell(verdict.text[len(told) :])
            told = verdict.text
