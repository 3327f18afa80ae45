"""Reads values out of a task's name: what it installs, which path, which user, how often."""

from __future__ import annotations

import re

from chiron.suggest.recall.wording import tokens

_PREFIX = re.compile(r"^(?:[\w .-]{1,40}\s[|:>]\s|[\w-]+\s\|\s|[\w.]+(?: [\w.]+)?\s-\s(?=[A-Z]))+")
_NOQA = re.compile(r"\s*#\s*noqa\b.*$")
_PATH = re.compile(r"(?<![\w}:/])(~?/[\w.@{}$~+-][\w.@/{}$ ~+-]*?)(?=$|[\s,;:'\"`)](?![^{]*\}\}))")
_URL = re.compile(r"\b(?:https?|git|ssh|ftp)://[^\s'\"`)]+|\bgit@[\w.-]+:[\w./-]+")
_FILE_NAME = re.compile(r"(?<![\w/])([\w.-]*\w\.[a-z][a-z0-9]{0,9}(?:\.j2)?)(?![\w/])")
_QUOTED = re.compile(r"[\"'`]([^\"'`]+)[\"'`]")
_VARIABLE = re.compile(r"^\{\{.*\}\}$")
_ARTICLES = frozenset(
    """
    the a an our your my this that some all any required necessary needed additional basic common latest new
    default of
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)
_THING = re.compile(r"[\w.+@{}-]+$")


def plain_name(name: str) -> str:
    """`name` without the prefix of a role (`nginx | Install …`) and without comments for linters."""
    return _PREFIX.sub("", _NOQA.sub("", name)).strip()


def path_in(name: str) -> str | None:
    """The first absolute path in `name`."""
    found = _PATH.search(name)
    return found[1].rstrip(".") if found and len(found[1]) > 1 else None


def url_in(name: str) -> str | None:
    """The first URL in `name`."""
    found = _URL.search(name)
    return found[0].rstrip(".,") if found else None


def file_name_in(name: str) -> str | None:
    """The first file name with an extension in `name`, as `nginx.conf`; versions (`1.2.3`) are none."""
    return next((found[1] for found in _FILE_NAME.finditer(name) if not found[1][0].isdigit()), None)


def quoted_in(name: str) -> str | None:
    """What stands between quotes in `name`."""
    found = _QUOTED.search(name)
    return found[1] if found else None


def things_in(phrase: str, *, generic: frozenset[str]) -> list[str]:
    """The things `phrase` enumerates, as names a system knows: `Docker CE and curl` is docker-ce, curl.

    Empty where a part is only `generic` ("dependencies") or too long to be a name.
    """
    things: list[str] = []
    for part in re.split(r",\s*(?:and\s+)?|\s+(?:and|&|\+|plus)\s+", phrase.strip(" .")):
        words = [word for word in tokens(part) if word.lower() not in _ARTICLES]
        while words and words[-1].lower() in generic:
            words.pop()
        if not words:
            if things:
                continue
            return []
        if len(words) > 3:
            return []
        thing = words[0] if len(words) == 1 else "-".join(words)
        if _VARIABLE.match(thing):
            things.append(thing)
        elif _THING.match(thing):
            things.append(thing.lower() if not thing.isupper() or len(thing) < 6 else thing)
        else:
            return []
    return things


def quoted(value: str) -> str:
    """`value` as YAML writes it: in quotes where it must be."""
    if re.match(r"[\w/][\w./@+=-]*(?: [\w./@+=-]+)*$", value) and not _is_special(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_special(value: str) -> bool:
    """Whether YAML would read plain `value` as something other than a string."""
    return bool(
        re.match(r"(?:true|false|yes|no|on|off|null|~|[-+.]?\d[\d_.:eE+-]*|0[xo][\da-fA-F]+)$", value, re.I)
    )
