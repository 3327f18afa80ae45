"""Reads the file that a suggestion of the log was made for. Nothing a page sends comes here."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chiron.config import is_excluded

#: Larger ones are no playbooks.
_MOST_BYTES = 2_000_000


def local_path(uri: str) -> Path | None:
    """The path of a `file:` URI on this machine, or None."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or "\0" in path:
        return None
    return Path(path) if path.startswith("/") else None


def read_recorded(uri: str, excluded: Sequence[str]) -> tuple[str | None, str]:
    """The text of the file a row of the log names; or None, and in words why not.

    Only a regular file of a bearable size is read, and none that is excluded.
    """
    path = local_path(uri)
    if path is None:
        return None, "It was no file on this machine."
    if is_excluded(str(path), excluded):
        return None, "The file is excluded by a setting, so it is not read."
    try:
        # Not blocking, for what now stands there may be a pipe.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            return None, "The file is not there any more."
        return None, f"The file cannot be read: {error.strerror}."
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            return None, "What stands there now is no file of tasks."
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace"), ""
    except OSError as error:
        return None, f"The file cannot be read: {error.strerror}."
    finally:
        os.close(fd)
