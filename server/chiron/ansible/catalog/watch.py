"""Whether collections came, went or changed: a few hundred looks at directories, cheap enough for often."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from chiron.ansible.catalog.sources import Sources

#: What an install, an upgrade or a removal of a collection changes within it.
_WITHIN = ("", "plugins/modules", "meta")
_MOST_COLLECTIONS = 2_000


def stamp_of(sources: Sources) -> str:
    """Differs when a collection or a library among `sources` was installed, removed or replaced.

    Edits within a module's file do not show. Blocks on disk; what cannot be read is as if it were not there.
    """
    digest = hashlib.blake2b(digest_size=8)
    for place in _places(sources):
        try:
            found = os.stat(place)  # noqa: PTH116 a Path for each of some hundreds costs more than the look
        except OSError:
            continue
        digest.update(f"{place}\0{found.st_mtime_ns}\0{found.st_ino}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _places(sources: Sources) -> Iterator[str]:
    for library in sources.libraries:
        yield str(library.path)
    for _, root in sources.own:
        yield from (f"{root.path}/{part}" for part in _WITHIN)
    n = 0
    for root in sources.collections:
        top = root.path / "ansible_collections"
        yield str(top)
        for namespace in _directories(top):
            yield namespace
            for collection in _directories(Path(namespace)):
                n += 1
                if n > _MOST_COLLECTIONS:
                    return
                yield from (f"{collection}/{part}" for part in _WITHIN)


def _directories(path: Path) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir())
    except OSError:
        return []
