"""Reading files that others wrote: regular ones only, bounded in size, and never out through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: The largest module of the `ansible` package has 1.1 MB.
LARGEST_FILE = 8_000_000


def read_bytes(path: str | Path, *, within: Path | None = None) -> bytes | None:
    """The content of a regular file of at most `LARGEST_FILE` bytes; None for anything else. Never raises.

    A pipe or device at `path` is not waited for. With `within`, a path that leaves that directory
    through a link is not read.
    """
    if within is not None and not is_within(path, within):
        return None
    try:
        # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE:
                return None
            return file.read(LARGEST_FILE)
        except OSError:
            return None


def read_text(path: str | Path, *, within: Path | None = None) -> str | None:
    """Like `read_bytes`, as text; what is not UTF-8 is replaced."""
    content = read_bytes(path, within=within)
    return None if content is None else content.decode("utf-8-sig", errors="replace")


def is_within(path: str | Path, directory: str | Path) -> bool:
    """Whether `path`, all links followed, lies in `directory` or is it. It need not exist. Never raises."""
    try:
        real, root = os.path.realpath(path), os.path.realpath(directory)
        return os.path.commonpath((real, root)) == root
    except (OSError, ValueError):
        return False


def stamp(path: str | Path) -> tuple[int, int] | None:
    """Modification time in ns and size in bytes, which together tell two contents apart; None if absent."""
    try:
        found = os.stat(path)  # noqa: PTH116 - called thousands of times; a Path costs more than the call
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size
