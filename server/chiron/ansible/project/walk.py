"""Finds and reads the files of a workspace that nobody vouches for.

Links to folders are never followed, links to files only where they end inside the workspace; sizes and
counts are bounded, and nothing but regular files is opened.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

#: Folders that hold no playbooks of this project, or far too many of somebody else's.
SKIPPED_FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".cache", ".mypy_cache", ".pytest_cache",
        ".ruff_cache", ".vagrant", ".terraform", ".idea", ".vscode", "__pycache__", "node_modules",
        "ansible_collections", "site-packages",
    }
)  # fmt: skip
MAX_FILES = 20_000
MAX_FOLDERS = 20_000
MAX_DEPTH = 24
#: Longest file read, in bytes. Tasks and variables of people are far shorter.
MAX_BYTES = 512 * 1024
YAML_SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Found:
    """One file: its path relative to the root with forward slashes, and what tells its versions apart."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found. `complete` is False where a limit cut it short or a folder could not be read."""

    files: tuple[Found, ...]
    complete: bool


def walk(root: Path, *, max_files: int = MAX_FILES) -> Walk:
    """Every regular file under `root`, by name, skipping what is never a playbook; it never raises."""
    files: list[Found] = []
    complete = True
    real_root = os.path.realpath(root)
    todo = [("", 0)]
    n_folders = 0
    while todo:
        folder, depth = todo.pop()
        n_folders += 1
        if n_folders > MAX_FOLDERS or depth > MAX_DEPTH:
            complete = False
            continue
        try:
            entries = sorted(os.scandir(Path(root, folder)), key=lambda entry: entry.name)
        except OSError:
            complete = False
            continue
        below: list[tuple[str, int]] = []
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED_FOLDERS:
                        below.append((path, depth + 1))
                    continue
                if entry.is_symlink() and not _inside(entry.path, real_root):
                    continue
                status = entry.stat()
            except OSError:
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            if len(files) >= max_files:
                return Walk(tuple(files), complete=False)
            files.append(Found(path, status.st_size, status.st_mtime_ns))
        todo.extend(reversed(below))
    return Walk(tuple(files), complete)


def read_text(root: Path, path: str) -> str | None:
    """The text of one file under `root`, or None where it is too big, outside, no text, or no file."""
    full = Path(root, path)
    try:
        if not _inside(str(full), os.path.realpath(root)):
            return None
        # Without O_NONBLOCK, opening a pipe that took a file's place would wait for ever.
        with os.fdopen(os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
                return None
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        return None
    if len(raw) > MAX_BYTES or b"\0" in raw[:4096]:
        return None
    return raw.decode("utf-8", "replace").removeprefix("\ufeff")


def _inside(path: str, real_root: str) -> bool:
    real = os.path.realpath(path)
    return real == real_root or real.startswith(real_root.rstrip(os.sep) + os.sep)
