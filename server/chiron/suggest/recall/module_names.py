"""Modules whose own names a task's name speaks: "Gather service facts" means `service_facts`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from chiron.suggest.recall.wording import words

#: Collections of which a module of one word is meant where that word stands in a name.
_EVERYDAY = ("ansible.builtin.", "ansible.posix.", "community.general.")
#: Modules whose word is an everyday one in names of tasks.
_TOO_PLAIN = frozenset({"file", "service", "package", "script", "user", "group", "at", "raw", "host", "me"})


@lru_cache(maxsize=20_000)
def words_of(module: str) -> tuple[str, ...]:
    """The stems of a module's short name, without what only tells it from its like on another platform."""
    short = module.rsplit(".", 1)[-1].removeprefix("win_")
    return tuple(dict.fromkeys(words(short.replace("_", " "))))


def spoken(module: str, stems: frozenset[str], first: str) -> tuple[float, float, float]:
    """How a task's name speaks of `module`: all of its several words, as the verb, as another word."""
    own = words_of(module)
    if not own or not stems.issuperset(own):
        return 0.0, 0.0, 0.0
    if len(own) > 1:
        return 1.0, 0.0, 0.0
    return (0.0, 1.0, 0.0) if own[0] == first else (0.0, 0.0, float(own[0] not in _TOO_PLAIN))


class ModuleNames:
    """The installed modules by the words of their names. It does not change once it is made."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_word: dict[str, list[str]] = {}
        for name in names:
            own = words_of(name)
            if len(own) > 1 or (own and name.startswith(_EVERYDAY)):
                self._by_word.setdefault(own[-1], []).append(name)

    def in_name(self, name: str) -> list[str]:
        """The modules all of whose words stand in `name`, at most a few."""
        stems = frozenset(words(name))
        found = [
            module
            for stem in sorted(stems)
            for module in self._by_word.get(stem, ())
            if stems.issuperset(words_of(module))
        ]
        # What more words agree on is what is meant; of equals, what comes with Ansible itself.
        found.sort(key=lambda module: (-len(words_of(module)), not module.startswith(_EVERYDAY), module))
        return found[:6]
