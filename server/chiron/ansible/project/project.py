"""What one workspace holds, as far as it can be reached from a place in it: names and tasks, no values.

`Project` keeps one `Contents` a file and puts facts together from them when asked. It may be used from
several threads; `refresh` and `rescan` read the disk and belong off the event loop.
"""

from __future__ import annotations

import os
import posixpath
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from chiron.ansible.catalog import Catalog
from chiron.ansible.project.contents import Contents, digest_of, is_read, read_contents, read_variables
from chiron.ansible.project.mentions import variables_written
from chiron.ansible.project.reach import Holdings, arrange, facts_for, references_for
from chiron.ansible.project.style import Habits, count_in
from chiron.ansible.project.walk import MAX_BYTES, Found, read_text, walk
from chiron.lines import lines_of
from chiron.records import Facts, FileKind, Task

_MAX_KEPT_FACTS = 64
_MAX_LATEST = 4


class _Latest(NamedTuple):
    """A file as it was when it was asked about, with the catalog's version."""

    version: str
    text: str
    contents: Contents


class Project:
    """The workspace at `root`, as files were when last read or told.

    Files that `is_excluded` says are, by absolute path, are not read: nothing of them is known, and nothing
    counts as missing any more, since it may stand there.
    """

    def __init__(
        self, root: Path, catalog: Catalog, is_excluded: Callable[[str], bool] = lambda _path: False
    ) -> None:
        self.root = root
        #: What paths in it begin with, as it was named and as it lies on the disk.
        self._roots = tuple(
            dict.fromkeys(
                one.rstrip(os.sep) + os.sep for one in (os.path.normpath(root), os.path.realpath(root))
            )
        )
        self._is_excluded = is_excluded
        self._catalog = catalog
        self._lock = threading.RLock()
        self._scan_lock = threading.Lock()
        self._contents: dict[str, Contents] = {}
        self._seen: dict[str, Found] = {}
        #: Files whose text came from an editor: the disk no longer speaks for them.
        self._open: set[str] = set()
        self._others: tuple[str, ...] = ()
        self._read_with = ""
        self._complete = False
        self._digest = 0
        #: Of all files; kept up to date in place.
        self._habits = Habits()
        self._tasks: tuple[Task, ...] | None = None
        self._holdings: Holdings | None = None
        self._facts: dict[tuple[str | None, int, int, int], Facts] = {}
        #: What the files last asked about held then, newest last.
        self._latest: dict[str, _Latest] = {}

    @property
    def version(self) -> str:
        """Changes whenever what was read changes, and is the same again for the same files."""
        with self._lock:
            return f"{self._digest:016x}"

    def refresh(self) -> None:
        """Reads everything anew that changed on disk. Blocks; takes seconds for thousands of files."""
        self.rescan()

    def rescan(self) -> int:
        """Reads files that are new or changed on disk, forgets those gone, and says how many that was.

        Files told by `update` with a text keep that text until `update(path, None)`. Blocks.
        """
        with self._scan_lock:
            found = walk(self.root)
            files = [file for file in found.files if not self._is_excluded(self._absolute(file.path))]
            complete = found.complete and len(files) == len(found.files)
            yaml = {file.path: file for file in files if file.size <= MAX_BYTES and is_read(file.path)}
            with self._lock:
                if self._read_with != self._catalog.version:
                    # Other modules may be meant by the same names now.
                    self._seen, self._read_with = {}, self._catalog.version
                known = dict(self._seen)
                opened = set(self._open)
            changed = [path for path, file in yaml.items() if known.get(path) != file and path not in opened]
            read = [(path, self._read(path)) for path in changed]
            with self._lock:
                for path, contents in read:
                    if path not in self._open:
                        self._put(path, contents)
                self._seen = yaml | self._read_named(files, known)
                kept = self._seen.keys() | self._open
                gone = [path for path in self._contents if path not in kept]
                for path in gone:
                    self._put(path, None)
                others = tuple(file.path for file in found.files if _is_named(file.path))
                if others != self._others or self._complete != complete:
                    self._others, self._complete = others, complete
                    self._forget()
            return len(read) + len(gone)

    def update(self, path: str | Path, text: str | None) -> None:
        """Takes `text` as what the file holds now (an open editor); None: what is on disk holds again.

        `path` is absolute or relative to the root. Paths outside the workspace are ignored.
        """
        relative = self.relative(path)
        if relative is None or self._is_excluded(self._absolute(relative)):
            return
        if text is None:
            contents = self._read(relative)
            with self._lock:
                self._open.discard(relative)
                self._seen.pop(relative, None)
                self._put(relative, contents)
            return
        contents = self._contents_of(relative, text)
        with self._lock:
            self._open.add(relative)
            self._put(relative, contents)

    def tasks(self) -> Sequence[Task]:
        """Every named task written in the workspace, by file. The same object while nothing changes."""
        with self._lock:
            if self._tasks is None:
                self._tasks = tuple(
                    task for path in sorted(self._contents) for task in self._contents[path].tasks
                )
            return self._tasks

    def facts(self, path: str | None, text: str, line: int) -> Facts:
        """What is within reach of `line` (from 0) in the file at `path`, whose text is now `text`."""
        relative = self.relative(path) if path else None
        key = (relative, len(text), hash(text), line)
        with self._lock:
            kept = self._facts.get(key)
            if kept is not None:
                return kept
            holdings = self._held()
            version = self._digest
        own = self._being_written(relative or "untitled.yml", text)
        written = variables_written("".join(lines_of(text)[line : line + 1]))
        facts = facts_for(holdings, own, line, written)
        with self._lock:
            if version == self._digest:
                if len(self._facts) >= _MAX_KEPT_FACTS:
                    self._facts.clear()
                self._facts[key] = facts
        return facts

    def references(self, path: str, line: int) -> Facts:
        """Of the facts at `line` of a file on disk, those that a check needs: handlers, templates, files."""
        relative = self.relative(path)
        with self._lock:
            own = self._contents.get(relative or "")
            holdings = self._held()
        return references_for(holdings, own or self._contents_of(relative or "untitled.yml", ""), line)

    def n_tasks(self, path: str) -> int | None:
        """How many tasks and handlers a file on disk has; None where it was not read."""
        with self._lock:
            own = self._contents.get(self.relative(path) or "")
        return own.n_tasks if own is not None else None

    def relative(self, path: str | Path) -> str | None:
        """`path` relative to the root with forward slashes, or None where it lies outside."""
        full = os.path.normpath(self.root / path)
        for root in self._roots:
            if full.startswith(root):
                return full[len(root) :].replace(os.sep, "/")
        return None

    def _absolute(self, relative: str) -> str:
        return posixpath.join(str(self.root), relative)

    def _read_named(self, files: Sequence[Found], known: Mapping[str, Found]) -> dict[str, Found]:
        """Reads the files that plays take variables from though their names don't say so: `config.cfg`."""
        named = {
            posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            for path, one in self._contents.items()
            for name in one.vars_files
        }
        found = {file.path: file for file in files if file.path in named and not is_read(file.path)}
        for path, file in found.items():
            if known.get(path) != file and (text := read_text(self.root, path)) is not None:
                self._put(path, replace(read_variables(path, text), digest=digest_of(path, text)))
        return found

    def _read(self, path: str) -> Contents | None:
        text = read_text(self.root, path)
        return None if text is None else self._contents_of(path, text)

    def _contents_of(self, path: str, text: str) -> Contents:
        digest = digest_of(path, f"{self._catalog.version}\0{text}")
        with self._lock:
            held = self._contents.get(path)
        if held is not None and held.digest == digest:
            return held
        return replace(self._read_on(path, text), digest=digest)

    def _read_on(self, path: str, text: str) -> Contents:
        """What `text` adds; what did not change since the file was last asked about is taken over."""
        with self._lock:
            latest = self._latest.get(path)
        if latest is None or latest.version != self._catalog.version:
            return read_contents(path, text, self._catalog.resolve)
        if latest.text == text:
            return latest.contents
        return read_contents(path, text, self._catalog.resolve, latest.contents)

    def _being_written(self, path: str, text: str) -> Contents:
        """The contents of the file that is asked about; the next keystroke takes over most of them."""
        version = self._catalog.version
        contents = self._read_on(path, text)
        with self._lock:
            self._latest.pop(path, None)
            self._latest[path] = _Latest(version, text, contents)
            while len(self._latest) > _MAX_LATEST:
                del self._latest[next(iter(self._latest))]
        return contents

    def _put(self, path: str, contents: Contents | None) -> None:
        old = self._contents.pop(path, None)
        if old is not None:
            self._digest ^= int.from_bytes(old.digest)
            count_in(self._habits, old.habits, -1)
        if contents is not None and (contents.kind != FileKind.OTHER or contents.tasks):
            self._contents[path] = contents = replace(contents, read=())
            self._digest ^= int.from_bytes(contents.digest)
            count_in(self._habits, contents.habits)
        else:
            contents = None
        if (old is None) != (contents is None) or (old and contents and old.digest != contents.digest):
            self._forget(tasks_too=bool((old and old.tasks) or (contents and contents.tasks)))

    def _forget(self, tasks_too: bool = False) -> None:
        self._holdings = None
        self._facts.clear()
        if tasks_too:
            self._tasks = None

    def _held(self) -> Holdings:
        if self._holdings is None:
            habits = Habits()
            count_in(habits, self._habits)
            self._holdings = arrange(
                dict(self._contents), self._others, habits, self.root.name, self._complete
            )
        return self._holdings


def _is_named(path: str) -> bool:
    """Whether tasks may name a file as a template or as something to copy."""
    return path.endswith(".j2") or "/templates/" in f"/{path}" or "/files/" in f"/{path}"
