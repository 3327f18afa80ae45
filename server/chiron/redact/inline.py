"""Secrets that something within a line announces: `token=…`, `--password …`, `user:pass@host`, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chiron.redact.commands import arguments
from chiron.redact.keys import Secrecy, secrecy
from chiron.redact.scalars import (
    BY_KEY,
    IN_JINJA,
    JINJA,
    Span,
    around_jinja,
    is_secret,
    unquoted,
    value_spans,
)
from chiron.redact.values import can_be_secret, looks_secret

ON_COMMAND_LINE = "secret on a command line"

#: Something that names a secret, in lower case: a cheap test before the patterns below.
_NAMES = re.compile(
    r"pass|pwd|secret|token|key|cred|psk|auth|bearer|basic|cookie|salt|communit|identified|://|vault|jwt|curl|wget"
    r"|echo|printf|wpa|mysql|mariadb|mongo|redis|ldap|login|sshpass|htpasswd|hash|dsn|pin|otp|sig"
)
_ASSIGNED = re.compile(
    r"(?<![\w.-])(?P<key>-{0,2}[A-Za-z][\w.-]{0,80})\\?[\"']?\]?[ \t]{0,8}(?P<op>===?|!=|:=|=>|=|:)[ \t]{0,8}"
)
_VALUE = re.compile(
    r"(?:\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|\\?'(?:[^'\\]|\\.|'')*'|(?:\{\{.{0,2000}?\}\}|[^\s\"',;)}\]&|])+)"
)
_URL = re.compile(r"://[^\s:/@\"'<>]*:(?P<secret>[^\s\"'/@]+(?:@[^\s\"'/@]+)*)@(?=[\w\[{.-])")
_URL_USER = re.compile(r"://(?P<secret>[^\s:/@\"'<>{}]{16,})@(?=[\w\[{.-])")
_HEADER = re.compile(r"(?i)\b(?:bearer|basic|negotiate|apikey|token)[ \t]+(?P<secret>[A-Za-z0-9._~+/=-]{8,})")
#: What follows the scheme in an `Authorization` header is a secret, whatever it looks like.
_AUTHORIZATION = re.compile(
    r"(?i)authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|negotiate|apikey|token)[ \t]+"
    r"(?P<secret>[^\s\"',]{4,})"
)
_HASHED = re.compile(
    r"(?P<q>['\"])(?P<secret>(?:(?!(?P=q)).){4,}?)(?P=q)\s*\|\s*(?:ansible\.builtin\.)?password_hash\b"
)


def announced(line: str, line_key: str) -> Iterator[Span]:
    """Secrets in `line` that something before them announces. `line_key` is the key of the whole line."""
    lower = line.lower()
    if not _NAMES.search(lower):
        return
    if "=" in line or ":" in line:
        jinja = [match.span() for match in JINJA.finditer(line)] if "{" in line else []
        after = 0
        for match in _ASSIGNED.finditer(line):
            level = secrecy(match["key"].lstrip("-")) if match.start() >= after else Secrecy.NONE
            found = _VALUE.match(line, match.end()) if level else None
            if found:
                # What an unquoted value holds is its own; a quoted one may hold a command or JSON.
                after = found.end() if found[0][0] not in "\\\"'" else after
                yield from _assigned(line, match, found.span(), level, jinja)
    if "://" in line and "@" in line:
        yield from _in_url(line)
    yield from _in_header(line, "authorization" in lower or "auth" in line_key.lower())
    for start, end in arguments(line, lower):
        first, last = unquoted(line, start, end)
        value = line[first:last]
        if "{{" not in value and not value.startswith(("$", "-", "=", "<")) and can_be_secret(value):
            yield first, last, ON_COMMAND_LINE
    if "password_hash" in lower:
        for match in _HASHED.finditer(line):
            if can_be_secret(match["secret"]):
                yield *match.span("secret"), IN_JINJA


def _in_header(line: str, is_header: bool) -> Iterator[Span]:
    for match in _HEADER.finditer(line):
        given = match["secret"]
        if (is_header and any(map(str.isdigit, given)) and can_be_secret(given)) or looks_secret(given):
            yield *match.span("secret"), "authorization header"
    for match in _AUTHORIZATION.finditer(line):
        if "{{" not in match["secret"] and can_be_secret(match["secret"]):
            yield *match.span("secret"), "authorization header"


def _in_url(line: str) -> Iterator[Span]:
    for match in _URL.finditer(line):
        if "{{" not in match["secret"] and can_be_secret(match["secret"]):
            yield *match.span("secret"), "password in a URL"
    for match in _URL_USER.finditer(line):
        if looks_secret(match["secret"]):
            yield *match.span("secret"), "token in a URL"


def _assigned(
    line: str, match: re.Match[str], span: tuple[int, int], level: Secrecy, jinja: list[tuple[int, int]]
) -> Iterator[Span]:
    start, end = span
    is_quoted = line[start : start + 2].lstrip("\\")[:1] in ("'", '"')
    start, end = unquoted(line, start, end)
    value = line[start:end]
    op = match["op"]
    if op == ":" and not is_quoted and not _in_flow(line, match):
        # Otherwise it is the line's own key, which is looked at elsewhere, or prose: "the token: yes".
        level = Secrecy.MAYBE
    if op in ("==", "===", "!=") and not (is_quoted and looks_secret(value)):
        return
    if not is_quoted and any(a <= start < b and not _in_string(line, a, start) for a, b in jinja):
        return
    if value[:1] in ("[", "{") and not value.startswith(("{{", "{%")):
        closed = line.find("]" if value[0] == "[" else "}", start)
        yield from value_spans(line, start, closed + 1 if closed > 0 else len(line), level)
    elif "{{" in value or "{%" in value:
        yield from around_jinja(line, start, end, level)
    elif not value.startswith(("$", "<(", "\\")) and is_secret(value, level):
        yield start, end, BY_KEY


def _in_string(line: str, start: int, end: int) -> bool:
    """Whether `end` stands within a string literal of the expression that begins at `start`."""
    return bool(line.count("'", start, end) % 2 or line.count('"', start, end) % 2)


def _in_flow(line: str, match: re.Match[str]) -> bool:
    """Whether `key: value` at `match` is an entry of a flow mapping."""
    before = line[: match.start()].rstrip().rstrip("\"'\\")
    return before.endswith(("{", ",")) and line[match.end("op") : match.end("op") + 1] in (" ", "\t")
