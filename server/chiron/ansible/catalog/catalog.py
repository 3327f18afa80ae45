"""What modules there are here, and what each one takes. Names at once, documentation when it is asked for.

    sources.py      which places count, and why
    build.py        the index of one moment: names, files, routing
    resolve.py      a name as written -> the module it means
    docs.py         one module's documentation, fragments and code
    catalog.py      holds an index, reads and keeps docs, notices upgrades

Nothing here imports a module, imports ansible, or starts a program.
"""

from __future__ import annotations

import json
import sys
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chiron.ansible.catalog.build import BUILTIN, Collection, Index, scan
from chiron.ansible.catalog.docs import Found, read_docs, to_module
from chiron.ansible.catalog.examples import Example, read_examples, split_examples
from chiron.ansible.catalog.files import stamp
from chiron.ansible.catalog.fragments import Fragments
from chiron.ansible.catalog.resolve import Lookup, is_free_form, is_open_ended, look_up, members
from chiron.ansible.catalog.shared import Shared
from chiron.ansible.catalog.sources import Sources, find_sources
from chiron.config import Settings
from chiron.records import Module, Option, Task
from chiron.store.docs import DocsStore

#: Changes when what is kept of a module changes its form.
FORM = 5
#: Options held in memory at once, sub-options counted. A module beyond that is read from disk again.
MAX_OPTIONS = 60_000
#: Names whose meaning is kept.
_MAX_LOOKUPS = 4096


class Catalog:
    """The modules installed here. Thread safe; `refresh` puts a new index in place in one step.

    Making one scans the collections (some 0.1 s for the `ansible` package), so it is not done on an
    event loop.
    """

    def __init__(self, find: Callable[[], Sources], store: DocsStore | None = None) -> None:
        self._find = find
        self._store = store
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._scanning = threading.Lock()
        self._fragments = Fragments()
        self._shared = Shared()
        self._modules: OrderedDict[str, tuple[Module, int]] = OrderedDict()
        self._n_options = 0
        self._sources = find()
        self._index = self._scan()
        self._lookups: tuple[Index, dict[tuple[str, tuple[str, ...]], Lookup]] = self._index, {}
        self._names: tuple[str, ...] | None = None

    @classmethod
    def open(
        cls,
        settings: Settings,
        workspace: Path | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        store: DocsStore | None = None,
    ) -> Catalog:
        """The catalog of what a playbook in `workspace` would be run with."""
        return cls(lambda: find_sources(settings, workspace, environ), store)

    @property
    def version(self) -> str:
        """Differs whenever a module, fragment or routing here differs."""
        return self._index.version

    @property
    def sources(self) -> Sources:
        """The places that were scanned, and why."""
        return self._sources

    def refresh(self) -> bool:
        """Scans again; whether anything is different now. Docs are read again where their files changed."""
        with self._scanning:
            self._sources = self._find()
            index = self._scan()
            if index.version == self._index.version:
                return False
            with self._lock:
                self._index = index
                self._names = None
                self._modules.clear()
                self._n_options = 0
            return True

    def names(self) -> Sequence[str]:
        """The FQCN of every module, sorted; modules of a `library` by their bare name."""
        names = self._names
        if names is None:
            index = self._index
            names = tuple(
                sorted(
                    [f"{c.name}.{name}" for c in index.collections.values() for name in c.modules]
                    + list(index.libraries)
                )
            )
            self._names = names
        return names

    def look_up(self, name: str, collections: Sequence[str] = ()) -> Lookup:
        """What `name` means in a play with these `collections`, and what is to be said about it."""
        return self._looked_up(self._index, name, tuple(collections))

    def _looked_up(self, index: Index, name: str, collections: tuple[str, ...]) -> Lookup:
        """What `name` means in `index`. Between two keystrokes the same names are asked for again."""
        of, known = self._lookups
        if of is not index:
            self._lookups = _, known = index, {}
        lookup = known.get((name, collections))
        if lookup is None:
            if len(known) >= _MAX_LOOKUPS:
                known.clear()
            lookup = known[name, collections] = look_up(index, name, collections)
        return lookup

    def resolve(self, name: str, collections: Sequence[str] = ()) -> str | None:
        """The canonical FQCN of the installed module that `name` means, or None."""
        return self.look_up(name, collections).fqcn

    def removed(self, name: str) -> str | None:
        """Why the module of that name was removed, or None if it was not."""
        return self.look_up(name).removed

    def action_group(self, name: str) -> tuple[str, ...]:
        """The FQCNs of the modules in an action group, as `amazon.aws.aws` (or `aws`); empty if unknown."""
        return members(self._index, name.removeprefix("group/"))

    def module(self, name: str, collections: Sequence[str] = ()) -> Module | None:
        """The module that `name` means, with all its docs; None where no installed one is meant."""
        index = self._index
        lookup = self._looked_up(index, name, tuple(collections))
        if lookup.found is None:
            return None
        found = lookup.found
        module = self._held(found.fqcn, index) or self._read(found, index)
        if module.deprecated is None and lookup.deprecated is not None:
            # The module is good, but the name it was asked for by is not.
            return replace(module, deprecated=lookup.deprecated)
        return module

    def examples(self, collections: Container[str] | None = None) -> Sequence[Task]:
        """The named tasks in the modules' EXAMPLES: of `collections`, or of all that are installed.

        All of the `ansible` package's are 26,000 tasks and 10 MB of text: 2 s the first time, 0.3 s once they
        are kept. They are put together anew at each call, and not held here.
        """
        index = self._index
        known: dict[str, str | None] = {}
        tasks: list[Task] = []
        for collection in index.collections.values():
            if collections is None or collection.name in collections:
                for name, examples in self._examples(collection).items():
                    tasks.extend(_to_tasks(index, collection, name, examples, known))
        return tuple(tasks)

    def examples_of(self, names: Iterable[str]) -> Sequence[Task]:
        """The named tasks in the EXAMPLES of these modules alone."""
        tasks: list[Task] = []
        for name in dict.fromkeys(names):
            module = self.module(name)
            if module is not None:
                for title, written, body, line in split_examples(module.examples):
                    fqcn = self.resolve(written)
                    tasks.append(Task(title, written, fqcn, body, module.path, line, "examples"))
        return tuple(tasks)

    def show(self, name: str) -> dict[str, Any] | None:
        """What is known of a module as plain values, or None where it is not installed."""
        module = self.module(name)
        if module is None:
            return None
        constraints = module.constraints
        return {
            "fqcn": module.fqcn,
            "collection": module.collection,
            "version": module.version,
            "deprecated": module.deprecated,
            "options": {name: _shown(option) for name, option in module.options.items()},
            "constraints": {
                "mutually_exclusive": [list(group) for group in constraints.mutually_exclusive],
                "required_together": [list(group) for group in constraints.required_together],
                "required_one_of": [list(group) for group in constraints.required_one_of],
                "required_if": [
                    [o, v, list(needed), any_of] for o, v, needed, any_of in constraints.required_if
                ],
                "required_by": {name: list(needed) for name, needed in constraints.required_by.items()},
            },
        }

    def stats(self) -> dict[str, Any]:
        """Counts of what is known and of what is held in memory."""
        index = self._index
        with self._lock:
            n_read, n_options = len(self._modules), self._n_options
        return {
            "version": index.version,
            "n_collections": len(index.collections),
            "n_modules": sum(len(c.modules) for c in index.collections.values()) + len(index.libraries),
            "n_redirects": sum(len(c.routing.routes.get("modules", ())) for c in index.collections.values()),
            "n_shadowed": len(index.shadowed),
            "n_read": n_read,
            "n_options_in_memory": n_options,
            "kept_on_disk": self._store is not None and self._store.works,
        }

    def _scan(self) -> Index:
        kept = _loads(self._store.get("metadata")) if self._store is not None else None
        known: dict[str, Any] = kept if isinstance(kept, dict) else {}
        before = _stamps(known)
        index = scan(self._sources, known)
        if self._store is not None and _stamps(known) != before:
            self._store.put("metadata", _dumps(known))
        return index

    def _examples(self, collection: Collection) -> Mapping[str, list[Example]]:
        """The examples of one collection: kept ones where none of its files has changed, else read now."""
        key = f"examples:{collection.path}"
        kept = _loads(self._store.get(key)) if self._store is not None else None
        if isinstance(kept, dict) and kept.get("of") == [FORM, collection.fingerprint]:
            found: Mapping[str, list[Example]] = kept["examples"]
            return found
        examples = read_examples(collection)
        if self._store is not None:
            self._store.put(key, _dumps({"of": [FORM, collection.fingerprint], "examples": examples}))
        return examples

    def _docs(self, found: Found, index: Index) -> dict[str, Any]:
        """The docs of one module: kept ones where every file they came from is as it was, else read now."""
        key = f"module:{found.fqcn}:{found.path}"
        kept = _loads(self._store.get(key)) if self._store is not None else None
        if isinstance(kept, dict) and kept.get("form") == FORM and _is_fresh(kept.get("files")):
            return kept
        docs = read_docs(found, index, self._fragments, self._shared)
        docs["form"] = FORM
        if self._store is not None and docs["files"] is not None:
            self._store.put(key, _dumps(docs))
        return docs

    def _held(self, fqcn: str, index: Index) -> Module | None:
        with self._lock:
            kept = self._modules.get(fqcn)
            if kept is None or self._index is not index:
                return None
            self._modules.move_to_end(fqcn)
            return kept[0]

    def _read(self, found: Found, index: Index) -> Module:
        # Reading has a lock of its own, so that modules already held are not waited for.
        with self._reading:
            module = self._held(found.fqcn, index)
            if module is None:
                module = to_module(
                    found,
                    self._docs(found, index),
                    free_form=is_free_form(found.fqcn),
                    open_ended=is_open_ended(found.fqcn),
                    deprecated=look_up(index, found.fqcn).deprecated,
                )
                self._hold(module, index)
            return module

    def _hold(self, module: Module, index: Index) -> None:
        n = _n_options(module.options)
        with self._lock:
            if self._index is not index:
                return  # it was read for collections that have been replaced since
            self._modules[module.fqcn] = (module, n)
            self._n_options += n
            while self._n_options > MAX_OPTIONS and len(self._modules) > 1:
                self._n_options -= self._modules.popitem(last=False)[1][1]


def _stamps(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Which files metadata was read from, each as it was then."""
    return {path: entry[0] if isinstance(entry, list) and entry else None for path, entry in metadata.items()}


def _is_fresh(files: Any) -> bool:
    if not isinstance(files, list) or not files:
        return False
    return all(isinstance(f, list) and len(f) == 3 and stamp(f[0]) == (f[1], f[2]) for f in files)


def _n_options(options: Mapping[str, Option]) -> int:
    return sum(1 + (_n_options(option.suboptions) if option.suboptions else 0) for option in options.values())


def _to_tasks(
    index: Index, collection: Collection, name: str, examples: Sequence[Example], known: dict[str, str | None]
) -> Iterator[Task]:
    path = f"{collection.modules_dir}/{collection.modules.get(name, name)}"
    for title, written, body, line in examples:
        if written not in known:
            known[written] = look_up(index, written).fqcn
        fqcn = known[written]
        # An example may use its own module's short name, which means nothing to a playbook.
        if fqcn is None and written == name:
            fqcn = f"{collection.name}.{name}"
        if fqcn is None and "." not in written:
            continue  # no task at all, but an item of a list
        yield Task(title, sys.intern(written), fqcn, body, path, line, "examples")


def _shown(option: Option) -> dict[str, Any]:
    return {
        "type": option.type,
        "required": option.required,
        "choices": list(option.choices),
        "aliases": list(option.aliases),
        "default": option.default,
        "suboptions": None
        if option.suboptions is None
        else {name: _shown(inner) for name, inner in option.suboptions.items()},
    }


def _dumps(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode("utf-8", "surrogatepass"), 1)


def _loads(value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        return json.loads(zlib.decompress(value))
    except (ValueError, zlib.error, RecursionError):
        return None


__all__ = ["BUILTIN", "Catalog", "Lookup"]
