"""Takes the names of tasks apart: words, stems, and what stands in for a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chiron.kept import kept

_WORD = re.compile(r"[a-z]+|\d+")
_TOKEN = re.compile(r"\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|\S+")
#: `key(s)`: the plural in brackets.
_PLURAL = re.compile(r"\((?:e?s|es|ies)\)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: Words that say nothing about what a task does.
STOP_WORDS = frozenset(
    """
    a an the of to for in on at by is are be and or with from that this it its if as into all any our your
    ensure make sure be been has have will should using use via
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)
#: Different words for one thing, as people name tasks.
_SAME = {
    "folder": "directory", "dir": "directory", "dirs": "directory", "directories": "directory",
    "config": "configuration", "conf": "configuration", "configure": "configuration", "cfg": "configuration",
    "pkg": "package", "pkgs": "package", "repo": "repository", "repos": "repository",
    "delete": "remove", "uninstall": "remove", "purge": "remove", "setup": "set", "svc": "service",
    "daemon": "service", "retrieve": "get", "fetch": "get", "obtain": "get", "verify": "check",
    "validate": "check", "cert": "certificate", "certs": "certificate", "perms": "permission",
    "var": "variable", "vars": "variable", "db": "database",
}  # fmt: skip


def tokens(name: str) -> list[str]:
    """`name` split at white space, Jinja expressions whole, without the punctuation round a word."""
    return [bare for token in _TOKEN.findall(name) if (bare := _bare(token))]


def words(name: str) -> list[str]:
    """The stems of `name`'s words, in order, stop words left out."""
    return list(_words(name))


# The names and bodies of near tasks come back at each key.
@kept(1024)
def _words(name: str) -> tuple[str, ...]:
    found = _WORD.findall(_CAMEL.sub(" ", name).lower())
    return tuple([stem(word) for word in found if word not in STOP_WORDS])


@kept(2048)
def stem(word: str) -> str:
    """`word` without the endings that only grammar asks for; different words for one thing become one."""
    if word in _SAME:
        return _SAME[word]
    cut = word
    if len(word) > 4 and word.endswith("ies"):
        cut = word[:-3] + "y"
    elif len(word) > 5 and word.endswith("ing"):
        cut = _undoubled(word[:-3])
    elif len(word) > 4 and word.endswith("ed"):
        cut = _undoubled(word[:-2])
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        cut = word[:-1]
    cut = _SAME.get(cut, cut)
    return cut[:-1] if len(cut) > 4 and cut.endswith("e") else cut


def trigrams(word: str) -> Iterator[str]:
    """Runs of three characters of `word`, its ends marked."""
    marked = f"^{word}$"
    return (marked[i : i + 3] for i in range(len(marked) - 2))


def _undoubled(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" else word


def _bare(token: str) -> str:
    if token.startswith("{{"):
        return token
    return _PLURAL.sub("", token).strip("\"'`,;:()[]!?|").rstrip(".")
