"""A program's words -> its flags and what is left. A flag nobody named ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags that were given, under the first of their names, and the other words."""

    given: Mapping[str, str]
    rest: tuple[str, ...]

    def has(self, name: str) -> bool:
        return name in self.given

    def get(self, name: str) -> str | None:
        return self.given.get(name)


def read(words: Sequence[str], *, plain: str = "", valued: str = "") -> Flags | None:
    """Reads `words` as flags. `plain` and `valued` name them, as `-y|--yes -q`; None where another stands."""
    names: dict[str, tuple[str, bool]] = {}
    for group, takes in ((plain, False), (valued, True)):
        for same in group.split():
            first, *others = same.split("|")
            for name in (first, *others):
                names[name] = (first.lstrip("-"), takes)
    given: dict[str, str] = {}
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += waiting
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        name, equals, value = word.partition("=")
        if name in names:
            first, takes = names[name]
            if takes and not equals:
                if not waiting:
                    return None
                value = waiting.pop(0)
            elif equals and not takes:
                return None
            if first in given and takes:
                return None
            given[first] = value
        elif not _short(word, names, given, waiting):
            return None
    return Flags(given, tuple(rest))


def _short(
    word: str, names: Mapping[str, tuple[str, bool]], given: dict[str, str], waiting: list[str]
) -> bool:
    """Takes `-xzf FILE` apart, letter by letter."""
    if word.startswith("--"):
        return False
    for n, letter in enumerate(word[1:], 1):
        known = names.get(f"-{letter}")
        if known is None:
            return False
        first, takes = known
        if not takes:
            given[first] = ""
            continue
        value = word[n + 1 :]
        if not value:
            if not waiting:
                return False
            value = waiting.pop(0)
        given[first] = value
        return True
    return True
