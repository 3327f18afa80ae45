"""Scans collections: which modules there are and where, without opening one of them.

A scan lists directories and reads each collection's version and routing. It costs some 0.1 s for the
`ansible` package, so it is done anew whenever something may have changed; only the parsed routing is kept.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from chiron.ansible.catalog.files import is_within, read_text, stamp
from chiron.ansible.catalog.routing import Routing, read_routing, to_routing
from chiron.ansible.catalog.sources import Root, Sources
from chiron.ansible.plain import mapping, read_yaml

BUILTIN = "ansible.builtin"
#: Files beside modules that Ansible does not take for modules (`MODULE_IGNORE_EXTS`).
IGNORED = (
    ".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".yaml", ".yml", ".ini",
)  # fmt: skip
#: A hostile tree must not keep the scan going for ever.
MAX_ENTRIES = 100_000

Metadata = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Collection:
    """One installed collection: its modules by name, with the file each one is in."""

    name: str
    version: str
    path: str
    #: Directories, which the paths in `modules` and `fragments` are relative to.
    modules_dir: str
    modules: Mapping[str, str]
    actions: Mapping[str, str]
    actions_dir: str
    fragments_dir: str
    routing: Routing
    #: Changes when any file read for it does.
    fingerprint: str
    #: Directory that no link may leave, for collections that come with the workspace.
    within: Path | None = None
    #: Why this place was looked at.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """One module of a `library` directory, called by its bare name."""

    name: str
    path: str
    within: Path | None
    stamp: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Index:
    """Everything installed, at one moment. It never changes; a rescan makes another."""

    collections: Mapping[str, Collection] = field(default_factory=dict)
    libraries: Mapping[str, Library] = field(default_factory=dict)
    #: Places that hold a collection of the same name but lose to another, as (name, path).
    shadowed: tuple[tuple[str, str], ...] = ()
    version: str = ""


def scan(sources: Sources, known: Metadata | None = None) -> Index:
    """The modules, actions and routing in `sources`. Never raises; what cannot be read is left out.

    `known` holds what was read of metadata files before, by path; it is used where the file is unchanged
    and brought up to date.
    """
    metadata: Metadata = {} if known is None else known
    collections: dict[str, Collection] = {}
    shadowed: list[tuple[str, str]] = []
    if sources.installation is not None:
        collections[BUILTIN] = _builtin(sources, metadata)
    for name, path, root in _places(sources):
        if name in collections:
            if os.path.realpath(path) != os.path.realpath(collections[name].path):
                shadowed.append((name, path))
            continue
        collection = _collection(name, path, root, metadata)
        if collection is not None:
            collections[name] = collection
    libraries = _libraries(sources.libraries)
    _forget(metadata)
    return Index(collections, libraries, tuple(shadowed), _version(collections, libraries))


def _places(sources: Sources) -> Iterator[tuple[str, str, Root]]:
    """Every directory that may be a collection, as (name, path, the place it was found in), best first."""
    for name, root in sources.own:
        yield name, str(root.path), root
    for root in sources.collections:
        base = root.path / "ansible_collections"
        for namespace in _directories(base, root):
            for collection in _directories(namespace, root):
                yield f"{namespace.name}.{collection.name}", str(collection), root


def _directories(path: Path, root: Root) -> list[Path]:
    """Directories in `path` whose names can be part of a collection's name, sorted."""
    try:
        with os.scandir(path) as entries:
            names = [e.name for e in entries if e.name.isidentifier() and e.is_dir()]
    except OSError:
        return []
    found = [path / name for name in sorted(names) if name != "__pycache__"]
    if root.within is not None:
        found = [directory for directory in found if is_within(directory, root.within)]
    return found


def _builtin(sources: Sources, metadata: Metadata) -> Collection:
    """ansible-core itself, which has the same parts in other places."""
    installation = sources.installation
    assert installation is not None  # noqa: S101 - its caller checked
    core, within = installation.core, installation.within
    runtime = core / "config" / "ansible_builtin_runtime.yml"
    digest = _Digest(f"{BUILTIN} {installation.version} {core}")
    actions = _plugins(core / "plugins" / "action", digest, within)
    modules = _with_code(_plugins(core / "modules", digest, within), actions, core / "modules")
    # It lies among the modules but is what Ansible wraps asynchronous tasks in.
    modules.pop("async_wrapper", None)
    _plugins(core / "plugins" / "doc_fragments", digest, within)
    digest.add(runtime.name, stamp(runtime))
    return Collection(
        name=BUILTIN,
        version=installation.version,
        path=str(core),
        modules_dir=str(core / "modules"),
        modules=modules,
        actions=actions,
        actions_dir=str(core / "plugins" / "action"),
        fragments_dir=str(core / "plugins" / "doc_fragments"),
        routing=to_routing(_metadata(runtime, within, metadata, read_routing), BUILTIN),
        fingerprint=digest.text(),
        within=within,
        reason=installation.reason,
    )


def _collection(name: str, path: str, root: Root, metadata: Metadata) -> Collection | None:
    """The collection in `path`, or None where nothing there can be used by a task."""
    base = Path(path)
    digest = _Digest(f"{name} {path}")
    actions = _plugins(base / "plugins" / "action", digest, root.within)
    modules = _with_code(
        _plugins(base / "plugins" / "modules", digest, root.within), actions, base / "plugins" / "modules"
    )
    _plugins(base / "plugins" / "doc_fragments", digest, root.within)
    candidates = (base / "meta" / "runtime.yml", base / "meta" / "runtime.yaml")
    runtime = next((file for file in candidates if file.is_file()), None)
    if not modules and not actions and runtime is None:
        return None
    routing: Mapping[str, Any] = {}
    if runtime is not None:
        digest.add(runtime.name, stamp(runtime))
        routing = _metadata(runtime, root.within, metadata, read_routing)
    version = ""
    for file, read in ((base / "MANIFEST.json", _manifest), (base / "galaxy.yml", _galaxy)):
        found = stamp(file)
        if found is not None:
            digest.add(file.name, found)
            version = str(_metadata(file, root.within, metadata, read).get("version") or "")
            break
    return Collection(
        name=name,
        version=version,
        path=path,
        modules_dir=str(base / "plugins" / "modules"),
        modules=modules,
        actions=actions,
        actions_dir=str(base / "plugins" / "action"),
        fragments_dir=str(base / "plugins" / "doc_fragments"),
        routing=to_routing(routing, name),
        fingerprint=digest.text(),
        within=root.within,
        reason=root.reason,
    )


def _plugins(directory: Path, digest: _Digest, within: Path | None) -> dict[str, str]:
    """The plugins below `directory`: name (dotted for subdirectories) to file, relative to `directory`.

    Every file found, sidecar docs included, is added to `digest`. Where a plugin has several files, the
    one to read its documentation from is chosen: Python, then YAML, then whatever there is.
    """
    found: dict[str, str] = {}
    ranks: dict[str, int] = {}
    n = 0
    for relative, entry in _walk(str(directory), within):
        n += 1
        if n > MAX_ENTRIES:
            break
        stem, dot, suffix = entry.name.rpartition(".")
        stem, suffix = (stem, f".{suffix}") if dot else (entry.name, "")
        if suffix == ".pyc" or stem == "__init__" or entry.name.startswith("."):
            continue
        try:
            state = entry.stat()
        except OSError:
            continue
        file = f"{relative}{entry.name}"
        digest.add(file, (state.st_mtime_ns, state.st_size))
        name = f"{relative}{stem}".replace("/", ".")
        if suffix in (".yml", ".yaml"):
            rank = 1
        elif entry.name.endswith(IGNORED):
            continue
        else:
            rank = 0 if suffix == ".py" else 2
        if rank < ranks.get(name, 9):
            ranks[name], found[name] = rank, file
    return found


def _with_code(modules: dict[str, str], actions: Mapping[str, str], directory: Path) -> dict[str, str]:
    """`modules` without YAML files that document nothing: no code beside them, and no action of the name."""
    return {
        name: file
        for name, file in modules.items()
        if not file.endswith((".yml", ".yaml"))
        or name in actions
        or any(
            not other.name.endswith(IGNORED)
            for other in directory.glob(f"{glob.escape(file.rpartition('.')[0])}.*")
        )
    }


def _walk(
    directory: str, within: Path | None, relative: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    try:
        with os.scandir(directory) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    if within is not None and not is_within(directory, within):
        return
    for entry in listed:
        if entry.name == "__pycache__":
            continue
        try:
            if entry.is_dir(follow_symlinks=within is None):
                if depth < 6:
                    yield from _walk(entry.path, within, f"{relative}{entry.name}/", depth + 1)
            elif within is None or not entry.is_symlink() or is_within(entry.path, within):
                yield relative, entry
        except OSError:
            continue


def _libraries(roots: Sequence[Root]) -> dict[str, Library]:
    """The modules of all `library` directories by their bare name; the first of a name wins."""
    found: dict[str, Library] = {}
    for root in roots:
        for name, file in _plugins(root.path, _Digest(""), root.within).items():
            if not (root.path / file).is_file() or file.endswith((".yml", ".yaml")):
                continue
            # In a library, as in ansible-core, directories only sort: they are no part of the name. A
            # leading underscore marks a deprecated module, which is called without it.
            bare = name.rpartition(".")[2].removeprefix("_")
            path = str(root.path / file)
            state = stamp(path)
            if state is not None:
                found.setdefault(bare, Library(bare, path, root.within, state))
    return found


def _metadata(path: Path, within: Path | None, metadata: Metadata, read: Any) -> Mapping[str, Any]:
    """What `read` makes of the text of `path`, read again only when the file has changed."""
    state = stamp(path)
    if state is None:
        return {}
    key = str(path)
    entry = metadata.get(key)
    if isinstance(entry, list) and len(entry) == 2 and entry[0] == list(state) and isinstance(entry[1], dict):
        return entry[1]
    value = read(read_text(path, within=within))
    metadata[key] = [list(state), value]
    return mapping(value)


def _manifest(text: str | None) -> dict[str, Any]:
    try:
        return {"version": mapping(mapping(json.loads(text or "{}")).get("collection_info")).get("version")}
    except (ValueError, RecursionError):
        return {}


def _galaxy(text: str | None) -> dict[str, Any]:
    return {"version": mapping(read_yaml(text or "")).get("version")}


def _forget(metadata: Metadata) -> None:
    # Metadata of collections that were removed would otherwise be carried along for ever.
    for path in [path for path in metadata if stamp(path) is None]:
        del metadata[path]


def _version(collections: Mapping[str, Collection], libraries: Mapping[str, Library]) -> str:
    digest = _Digest("catalog 1")
    for collection in sorted(collections.values(), key=lambda c: c.name):
        digest.add(f"{collection.name} {collection.version} {collection.path}", collection.fingerprint)
    for library in sorted(libraries.values(), key=lambda entry: entry.name):
        digest.add(library.path, library.stamp)
    return digest.text()


class _Digest:
    """A short text that differs where what was added differs."""

    def __init__(self, first: str) -> None:
        self._hash = blake2b(first.encode("utf-8", "surrogateescape"), digest_size=10)

    def add(self, name: str, value: object) -> None:
        self._hash.update(f"\0{name}\0{value}".encode("utf-8", "surrogateescape"))

    def text(self) -> str:
        return self._hash.hexdigest()
