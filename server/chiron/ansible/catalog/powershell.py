"""What a PowerShell module checks, read off the literals of its `$spec = @{ … }`. Nothing is run.

Only data is understood: hash tables, arrays, strings, numbers, `$true`, `$false` and `$null`. Anything else
is a value that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chiron.ansible.catalog.constraints import KEYWORDS, clean

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|`\r?\n|<\#.*?\#>|\#[^\n]*)
    |(?P<open>@\(|@\{|\()
    |(?P<mark>[)}=,;\n])
    |'(?P<single>(?:[^']|'')*)'
    |"(?P<double>(?:[^"`$]|`.|"")*)"
    |(?P<word>\$?[\w.\-]+)
    |(?P<other>.)""",
    re.X | re.S,
)
_SPEC = re.compile(r"\$\w+\s*=\s*@\{")
_MAX_DEPTH: Final = 30
_CONSTANTS: Final = {"$true": True, "$false": False, "$null": None}


class _Unknown:
    """A value that is only known when the module runs."""


UNKNOWN: Final = _Unknown()


def read_powershell(source: bytes) -> tuple[dict[str, Any], frozenset[str]]:
    """The constraints in a module's code, as `read_constraints` returns them, and its secret options.

    It never raises.
    """
    text = source.decode("utf-8-sig", errors="replace")
    for match in _SPEC.finditer(text):
        value = _Parser(text, match.end() - 2).value(0)
        # What has a type is an option, kept in a variable to be used twice.
        if isinstance(value, dict) and "options" in value and "type" not in value:
            options = value.get("options")
            inner = list(_nested(options, ())) if isinstance(options, dict) else []
            found = _constraints(value)
            below = [[list(path), own] for path, spec in inner if (own := _constraints(spec))]
            secret = frozenset(path[-1] for path, spec in inner if spec.get("no_log") is True)
            return ({**found, "sub": below} if below else found), secret
    return {}, frozenset()


def _constraints(spec: Mapping[str, Any]) -> dict[str, Any]:
    found = {keyword: clean(keyword, _known(spec[keyword])) for keyword in KEYWORDS if keyword in spec}
    return {keyword: value for keyword, value in found.items() if value}


def _nested(
    options: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for name, spec in options.items():
        if isinstance(spec, dict):
            yield (*above, name), spec
            if isinstance(spec.get("options"), dict):
                yield from _nested(spec["options"], (*above, name))


def _known(value: Any) -> Any:
    """`value` without the elements of its top level that are not fully known."""
    if isinstance(value, list):
        return [element for element in value if not _has_unknown(element)]
    return None if _has_unknown(value) else value


def _has_unknown(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_unknown, value))
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    return value is UNKNOWN


class _Parser:
    """Reads one literal, from left to right."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at

    def value(self, depth: int) -> Any:
        """The value that begins here; what follows it up to the end of the statement makes it unknown."""
        token = self._next(skip="\n")
        if token is None or depth > _MAX_DEPTH:
            return UNKNOWN
        if token["open"] == "@{":
            return self._table(depth + 1)
        if token["open"]:
            return self._array(depth + 1)
        if token["single"] is not None:
            return token["single"].replace("''", "'")
        if token["double"] is not None:
            return re.sub(r"`(.)", r"\1", token["double"])
        word = token["word"]
        if word is None:
            return UNKNOWN
        if word.lower() in _CONSTANTS:
            return _CONSTANTS[word.lower()]
        return int(word) if re.fullmatch(r"-?\d{1,18}", word) else UNKNOWN

    def _table(self, depth: int) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while (token := self._next(skip="\n;")) is not None and token["mark"] != "}":
            key = token["word"] or token["single"] or token["double"]
            equals = self._next()
            if key is None or equals is None or equals["mark"] != "=":
                continue
            value = self.value(depth)
            while (follows := self._peek()) is not None and follows["mark"] not in ("\n", ";", "}"):
                # `"a" + $b`, `@(…) | Sort-Object`: what it comes to is not known.
                self.value(depth + 1)
                value = UNKNOWN
            table[key.lower() if key.lower() in KEYWORDS else key] = value
        return table

    def _array(self, depth: int) -> list[Any]:
        elements: list[Any] = []
        while (token := self._peek(skip="\n,;")) is not None:
            if token["mark"] == ")":
                self._next(skip="\n,;")
                break
            elements.append(self.value(depth) if token["mark"] is None else self._skipped())
        return elements

    def _skipped(self) -> Any:
        self._next()
        return UNKNOWN

    def _peek(self, skip: str = "") -> re.Match[str] | None:
        at = self._at
        token = self._next(skip)
        if token is not None and not skip:
            self._at = at
        elif token is not None:
            self._at = token.start()
        return token

    def _next(self, skip: str = "") -> re.Match[str] | None:
        """The next token that is neither space nor one of the marks in `skip`; None at the end."""
        while (token := _TOKEN.match(self._text, self._at)) is not None:
            self._at = token.end()
            if token["space"] is None and (token["mark"] is None or token["mark"] not in skip):
                return token
        return None
