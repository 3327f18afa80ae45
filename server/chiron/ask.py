"""One question from the command line: a place in a file, answered as an editor would be."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from chiron.assemble import Assembly, assemble, find_root
from chiron.config import Settings
from chiron.errors import ChironError
from chiron.records import Answer, Origin, Place, Position, Request
from chiron.suggest.place import request_at
from chiron.suggest.record import to_records
from chiron.syntax.document import Document

#: Larger files are not for people to write in.
_MOST_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came of it. `request` is None where nothing may be suggested."""

    path: Path
    text: str
    request: Request | None
    answer: Answer | None


class PlaceError(ChironError):
    """The place asked about is not there."""


def parse_place(place: str) -> tuple[Path, int, int | None]:
    """`FILE:LINE[:COL]` as a path, a line and a column, counted from 1."""
    for n_numbers in (2, 1):
        name, *numbers = place.rsplit(":", n_numbers)
        if len(numbers) == n_numbers and name and all(number.isdigit() for number in numbers):
            line, column = [int(number) for number in numbers] + [None] * (2 - n_numbers)
            return Path(name), line or 1, column
    raise PlaceError(f"{place!r} is not a place.", advice="Write it as FILE:LINE or FILE:LINE:COL.")


def ask(settings: Settings, path: Path, line: int, column: int | None, n: int) -> Asked:
    """At most `n` suggestions for a place in a file, and a row in the log for each."""
    text = _read(path)
    document = Document(path.resolve().as_uri(), text, 0)
    if line > document.n_lines:
        raise PlaceError(f"{path} has {document.n_lines} lines.", advice="Name a line that is there.")
    at = Position(line - 1, len(document.line(line - 1)) if column is None else column - 1)
    root = find_root(path)
    place = Place(document.uri, str(path.resolve()), 0, str(root) if root else None)
    request = request_at(document, at, place, origin=Origin.CLI, n=n)
    if request is None:
        return Asked(path, text, None, None)
    parts = assemble(settings, [root] if root else [])
    parts.learner.refresh(judge=False)
    return Asked(path, text, request, asyncio.run(_answer(parts, request)))


async def _answer(parts: Assembly, request: Request) -> Answer:
    try:
        project = await asyncio.to_thread(parts.workspaces.project, request.place.workspace)
        answer = await parts.suggester.suggest(request, project)
        if parts.feedback is not None:
            for row in to_records(request, answer, int(time.time() * 1000)):
                parts.feedback.record(row)
        return answer
    finally:
        await parts.close()


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PlaceError(f"{path} is larger than {_MOST_BYTES // 1_000_000} MB.")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise PlaceError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise PlaceError(f"{path} cannot be read: {error.strerror}.") from None


def to_json(asked: Asked) -> dict[str, object]:
    """The documented shape of `chiron suggest --json`. Lines and columns count from 0, in code points."""
    scope = asked.request.scope if asked.request else None
    answer = asked.answer
    return {
        "scope": scope.kind.value if scope else None,
        "suggestions": [
            {
                "id": one.id,
                "text": one.text,
                "range": {
                    "start": {"line": one.range.start.line, "column": one.range.start.column},
                    "end": {"line": one.range.end.line, "column": one.range.end.column},
                },
                "module": one.module,
                "source": one.source.value,
                "model": one.model,
                "confidence": round(one.confidence, 3),
                "grounds": [asdict(ground) for ground in one.grounds],
                "stage_ms": dict(answer.stage_ms) if answer else {},
            }
            for one in (answer.suggestions if answer else ())
        ],
        "withheld": [
            {"reason": one.reason, "detail": one.detail} for one in (answer.withheld if answer else ())
        ],
        "silence": ("no-scope" if scope is None else answer.silence if answer else None),
        "trouble": answer.trouble if answer else None,
    }
