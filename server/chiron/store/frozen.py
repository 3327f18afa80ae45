"""Files of cases frozen out of the feedback log, so that what is erased there is erased in them too."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from chiron.errors import StoreError


def note_frozen(log: Path, file: Path) -> None:
    """Writes down, beside the log, that `file` holds cases out of it. Raises `StoreError`."""
    known = _known(log)
    if str(file.absolute()) not in known:
        _replace(_registry(log), json.dumps({"files": [*known, str(file.absolute())]}, indent=1) + "\n")


def forget_frozen(log: Path, ids: Collection[str]) -> int:
    """Takes the cases of those suggestions out of every file noted, and says how many. Raises `StoreError`.

    A file that is gone, or holds something else by now, is passed over.
    """
    wanted, n = set(ids), 0
    for name in _known(log):
        try:
            lines = Path(name).read_text(encoding="utf-8").splitlines(keepends=True)
        except (OSError, UnicodeDecodeError):
            continue
        kept = [line for line in lines if _id_of(line) not in wanted]
        if len(kept) < len(lines):
            n += len(lines) - len(kept)
            _replace(Path(name), "".join(kept))
    return n


def _registry(log: Path) -> Path:
    return log.with_name("frozen.json")


def _known(log: Path) -> list[str]:
    try:
        value = json.loads(_registry(log).read_text(encoding="utf-8"))
        return [str(one) for one in value["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _id_of(line: str) -> str:
    try:
        value = json.loads(line)
    except ValueError:
        return ""
    return str(value.get("id", "")) if isinstance(value, dict) else ""


def _replace(path: Path, text: str) -> None:
    """Puts `text` at `path` in one step, for this user's eyes alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from None
