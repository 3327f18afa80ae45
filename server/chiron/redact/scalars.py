"""Secrets in the value of one key, in whatever form YAML writes it. Pure; offsets are into the text given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chiron.redact.keys import Secrecy, beneath
from chiron.redact.values import can_be_secret, is_pattern, is_unusual, looks_secret

#: (start, end, kind of secret)
Span = tuple[int, int, str]

BY_KEY = "secret by its key"
IN_JINJA = "literal in Jinja"

PLACEHOLDER = re.compile(r"__CHIRON_SECRET_[0-9]+__")
#: Bounded, since a text of nothing but opening braces would be searched to its end from each of them.
JINJA = re.compile(r"\{\{.{0,2000}?\}\}|\{%.{0,2000}?%\}", re.S)

_JINJA_OPEN = re.compile(r"\{[{%]")
_TAGS = re.compile(r"(?:[!&][^\s\"']*[ \t]+)*")
_COMMENT = re.compile(r"[ \t]#.*$", re.M)
_QUOTED = r"(?P<{0}q>['\"])(?P<{0}>(?:(?!(?P={0}q))[^\\]|\\.)+)(?P={0}q)"
#: Where an expression holds its value as a literal: `x | default('…')`, `'…' | password_hash`, `{{ '…' }}`.
_JINJA_LITERAL = re.compile(
    r"\b(?:default|d)\(\s*"
    + _QUOTED.format("fallback")
    + r"|"
    + _QUOTED.format("filtered")
    # What follows a filter's bar may be anything; what precedes a comma or bracket is an argument.
    + r"\s*\|\s*(?:ansible\.builtin\.)?(?:password_hash|hash|b64encode|string|mandatory|trim|quote)\b"
    r"|^\{\{-?\s*" + _QUOTED.format("alone") + r"\s*-?\}\}$"
    r"|\belse\s+" + _QUOTED.format("other") + r"|^\{\{-?\s*" + _QUOTED.format("chosen") + r"\s+if\b",
    re.S,
)
_GROUPS = ("fallback", "filtered", "alone", "other", "chosen")
_FLOW_ITEM = re.compile(
    r"(?P<key>[\w.-]+|\"[^\"]*\"|'[^']*')\s*:\s+"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|\{\{.*?\}\}|[^\s,\]}{\[][^,\]}{\[]*)"
    r"|(?P<item>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,\]}{\[:\"'][^,\]}{\[:\"']*)"
)
_ALIAS = re.compile(r"[*&][\w-]+")


def scalar_at(text: str, start: int, stop: int) -> tuple[int, int, bool]:
    """Where the scalar that begins at or after `start` has its text, and whether its quote is left open.

    Quotes, tags and anchors do not belong to the text; neither does a comment. `stop` is the line's end.
    """
    while start < stop and text[start] in " \t":
        start += 1
    tags = _TAGS.match(text, start, stop)
    start = tags.end() if tags else start
    quote = text[start : start + 1] if start < stop else ""
    if quote and quote in "\"'":
        at = start + 1
        while at < stop:
            if quote == '"' and text[at] == "\\":
                at += 2
                continue
            if text[at] == quote:
                if quote == "'" and text[at + 1 : at + 2] == "'" and at + 1 < stop:
                    at += 2
                    continue
                return start + 1, at, False
            at += 1
        return start + 1, stop, True
    comment = _COMMENT.search(text, start, stop)
    end = comment.start() if comment else stop
    while end > start and text[end - 1] in " \t\r":
        end -= 1
    return start, end, False


def value_spans(text: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    """Secrets in the value that stands at `start` to `end`, under a key of that secrecy."""
    if start >= end or level is Secrecy.NONE:
        return
    value = text[start:end]
    is_quoted = text[start - 1 : start] in ("'", '"') if start else False
    if value[0] in "{[" and not is_quoted and not value.startswith(("{{", "{%")):
        yield from _flow(text, start, end, level)
    elif "{{" in value or "{%" in value:
        yield from around_jinja(text, start, end, level)
    elif not is_quoted and _ALIAS.fullmatch(value):
        return
    elif is_secret(value, level):
        yield start, end, BY_KEY


def is_secret(value: str, level: Secrecy) -> bool:
    """Whether `value`, under a key of that secrecy, is a secret."""
    if PLACEHOLDER.fullmatch(value):
        return False
    if level >= Secrecy.SECRET:
        return can_be_secret(value)
    return looks_secret(value) or (level is Secrecy.LIKELY and is_unusual(value))


def around_jinja(text: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    """Secrets in a value that is partly an expression: the literals beside it and within it."""
    at = start
    for match in JINJA.finditer(text, start, end):
        yield from _literal_part(text, at, match.start(), level)
        at = match.end()
        if level >= Secrecy.SECRET:
            yield from jinja_literals(match)
    # An expression that is not closed is left alone like one that is.
    opened = _JINJA_OPEN.search(text, at, end)
    yield from _literal_part(text, at, opened.start() if opened else end, level)


def jinja_literals(match: re.Match[str]) -> Iterator[Span]:
    """The literals that the expression `match` may give as its value."""
    for inner in _JINJA_LITERAL.finditer(match[0]):
        group = next(name for name in _GROUPS if inner[name] is not None)
        if can_be_secret(inner[group]) and not PLACEHOLDER.fullmatch(inner[group]):
            yield match.start() + inner.start(group), match.start() + inner.end(group), IN_JINJA


def unquoted(text: str, start: int, end: int) -> tuple[int, int]:
    """The inside of the quotes that `start` to `end` begins and ends with; quotes may be escaped."""
    for quote in ('\\"', "\\'", '"', "'"):
        if text.startswith(quote, start, end) and end - start > len(quote):
            inner = start + len(quote)
            if text.endswith(quote, inner, end):
                return inner, end - len(quote)
            return inner, end - 1 if text[end - 1] == quote[-1] else end
    return start, end


def _literal_part(text: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    """The literal that stands beside an expression: `{{ prefix }}Secret1`. Separators are let be."""
    while start < end and text[start] in " \t\r\n-_./:@,\"'=":
        start += 1
    while end > start and text[end - 1] in " \t\r\n-_./:@,\"'":
        end -= 1
    word = text[start:end]
    if len(word) < 4 or (word.isalpha() and len(word) < 8) or is_pattern(word):
        return
    if is_secret(word, level if " " not in word else min(level, Secrecy.MAYBE)):
        yield start, end, BY_KEY


def _flow(text: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    """Secrets in a flow mapping or list under a key of secrets."""
    for match in _FLOW_ITEM.finditer(text, start + 1, end):
        if match["item"]:
            first, last = match.span("item")
            here = level
        else:
            first, last = match.span("value")
            key = match["key"].strip("\"'")
            here = beneath(level, key)
        first, last = unquoted(text, first, last)
        while last > first and text[last - 1] in " \t":
            last -= 1
        if "{{" in text[first:last]:
            yield from around_jinja(text, first, last, here)
        elif here and is_secret(text[first:last], here):
            yield first, last, BY_KEY
