"""Secrets in one line of YAML, and what the line begins that goes on below it. Pure and cached.

A document is redacted again at every request and changes by a line or two between them, so that almost
every line is answered from the cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from chiron.redact.formats import find_formats
from chiron.redact.keys import Secrecy, secrecy
from chiron.redact.values import can_be_secret, is_random, looks_secret

#: (start column, end column, kind of secret)
Span = tuple[int, int, str]

PLACEHOLDER = re.compile(r"__CHIRON_SECRET_[0-9]+__")

#: Longer lines are no prose of anybody's; they are scanned without being kept in the cache.
_LONGEST_CACHED = 2_000


class Opens(Enum):
    """What a line begins that goes on in the lines below."""

    NOTHING = "nothing"
    #: `password: |`
    BLOCK = "block"
    #: `passwords:`
    NESTED = "nested"
    #: `password: "begins here`
    QUOTED = "quoted"
    #: `password: words` (a plain scalar may go on)
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class LineScan:
    """What is known of one line by itself.

    `column` is where its key stands after dashes, -1 without one; `indent` that of its first character.
    """

    spans: tuple[Span, ...] = ()
    indent: int = 0
    column: int = -1
    key: str = ""
    value: tuple[int, int] = (0, 0)
    secrecy: Secrecy = Secrecy.NONE
    opens: Opens = Opens.NOTHING


_BLANK = LineScan()

_KEY_LINE = re.compile(
    r"^(?P<lead>[ \t]*(?:#[# \t]*)?(?:-[ \t]+)*)"
    r"(?:(?P<quote>[\"'])(?P<quoted>[^\"']{1,120})(?P=quote)|(?P<plain>[^\s:\"'{}\[\],#&*!|>%@`-][^:\"'{}\[\],#]{0,120}?))"
    r"[ \t]*:(?:[ \t]+|$)(?P<value>.*)$"
)
_TAGS = re.compile(r"(?:[!&][^\s\"']*[ \t]+)*")
_BLOCK = re.compile(r"(?:[!&]\S*[ \t]+)*[|>][-+0-9]*[ \t]*(?:#.*)?$")
_COMMENT = re.compile(r"[ \t]#.*$")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")

#: Something in the line that names a secret: a cheap test before the patterns below.
_NAMES = re.compile(
    r"pass|pwd|secret|token|api|cred|psk|key|auth|bearer|basic|cookie|salt|community|identified|://|vault|-[upwaP]|jwt"
    r"|hash|dsn|signature|b64|encrypt",
    re.I,
)
_ASSIGNED = re.compile(
    r"(?P<key>[A-Za-z][\w.-]{0,80}|--[A-Za-z][\w-]{0,80})\\?[\"']?\]?[ \t]{0,8}(?P<op>===?|!=|:=|=>|=|:)[ \t]{0,8}"
    r"(?P<value>\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|\\?'(?:[^'\\]|\\.|'')*'|(?:\{\{.*?\}\}|[^\s\"',;)}\]&|])+)"
)
_URL = re.compile(r"://(?P<user>[^\s:/@\"'<>]*):(?P<secret>[^\s\"'/@]+(?:@[^\s\"'/@]+)*)@(?=[\w\[{.-])")
_URL_USER = re.compile(r"://(?P<secret>[^\s:/@\"'<>{}]{16,})@(?=[\w\[{.-])")
_HEADER = re.compile(r"(?i)\b(?:bearer|basic|negotiate|apikey|token)[ \t]+(?P<secret>[A-Za-z0-9._~+/=-]{8,})")
#: Command lines and configuration files, where a secret follows its name after a space.
_SPACED = (
    re.compile(
        r"(?i)(?<![\w-])--?[\w-]*(?:password|passwd|passphrase|secret|token|api-?key|auth-?key)[ \t]+(?P<secret>\"[^\"]+\"|'[^']+'|[^\s\"'\\]+)"
    ),
    re.compile(
        r"(?i)\bidentified[ \t]+(?:with[ \t]+\S+[ \t]+)?by[ \t]+(?:password[ \t]+)?[\\]?['\"](?P<secret>[^'\"]+)[\\]?['\"]"
    ),
    re.compile(r"(?i)\b(?:encrypted[ \t]+)?password[ \t]+(?:=[ \t]*)?\\?'(?P<secret>[^'\\]+)\\?'"),
    re.compile(
        r"(?i)\b(?:mysql\w*|mariadb\w*|mongo\w*)\b[^|;&]*?[ \t]-p(?P<secret>'[^']+'|\"[^\"]+\"|[^\s'\"{}-][^\s'\"{}]*)"
    ),
    re.compile(
        r"(?i)\b(?:sshpass|docker login|helm registry login|az login|smbclient|mongosh?|cqlsh|influx|podman login)\b[^|;&]*?[ \t]-p[ \t]*(?P<secret>'[^']+'|\"[^\"]+\"|[^\s'\"{}-][^\s'\"{}]*)"
    ),
    re.compile(r"\bredis-cli\b[^|;&]*?[ \t]-a[ \t]+(?P<secret>'[^']+'|\"[^\"]+\"|[^\s'\"{}-][^\s'\"{}]*)"),
    re.compile(r"\bldap\w+\b[^|;&]*?[ \t]-w[ \t]+(?P<secret>'[^']+'|\"[^\"]+\"|[^\s'\"{}-][^\s'\"{}]*)"),
    re.compile(
        r"\b(?:curl|wget|http)\b[^|;&]*?[ \t](?:-u|--user|--proxy-user|-U)[ \t=]*['\"]?[^\s:'\"]+:(?P<secret>[^\s'\"{}]+)"
    ),
    re.compile(
        r"(?:echo|printf)[ \t]+(?:-\w+[ \t]+)?\\?['\"]?[\w.-]+:(?P<secret>[^\s'\"|\\]+)\\?['\"]?[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:/\S*/)?chpasswd"
    ),
    re.compile(
        r"(?:echo|printf)[ \t]+(?:-\w+[ \t]+)?(?P<secret>\"[^\"]+\"|'[^']+'|[^\s'\"|]+)[ \t]*\|[^|]*(?:--password-stdin|--stdin|passwd|cryptsetup|kinit|sudo -S)"
    ),
    re.compile(
        r"\bhtpasswd[ \t]+-\w*b\w*(?:[ \t]+-\w+)*[ \t]+\S+[ \t]+[^\s-]\S*[ \t]+(?P<secret>'[^']+'|\"[^\"]+\"|[^\s'\"{}]+)"
    ),
    re.compile(
        r"\bopenssl[ \t]+passwd(?:[ \t]+-\w+)*[ \t]+(?P<secret>'[^']+'|\"[^\"]+\"|[^\s'\"{}-][^\s'\"{}]*)"
    ),
    re.compile(
        r"\bpass(?:in|out)?[ :=]pass:(?P<secret>[^\s'\"{}]+)|-pass(?:in|out)?[ \t]+pass:(?P<secret2>[^\s'\"{}]+)"
    ),
    re.compile(
        r"\b(?:requirepass|masterauth|rocommunity6?|rwcommunity6?|rpcauth)[ \t]+(?P<secret>\"[^\"]+\"|'[^']+'|[^\s'\"{}]+)"
    ),
    re.compile(
        r"(?i)\b(?:snmp-server[ \t]+community|key-string|pre-shared-key(?:[ \t]+(?:local|remote|address \S+))?|wpa-psk(?:[ \t]+ascii)?|tacacs-server key|radius-server key)[ \t]+(?:[0-9][ \t]+)?(?P<secret>[^\s'\"{}]+)"
    ),
    re.compile(
        r"(?i)\b(?:enable[ \t]+)?(?:password|secret)[ \t]+(?:0|5|6|7|8|9|encrypted|level \d+)[ \t]+(?P<secret>[^\s'\"{}]+)"
    ),
    re.compile(
        r"(?i)^[ \t]*(?:password|login|machine[ \t]\S+[ \t]+login[ \t]+\S+[ \t]+password)[ \t]+(?P<secret>[^\s'\":={}]+)[ \t]*;?$"
    ),
    re.compile(r"(?i)\blogin[ \t]+\S+[ \t]+password[ \t]+(?P<secret>[^\s'\"{}]+)"),
)
_JINJA_LITERAL = re.compile(
    r"(?:\b(?:default|d)\(\s*(?P<q1>['\"])(?P<secret>(?:(?!(?P=q1)).)+)(?P=q1))"
    r"|(?:(?P<q2>['\"])(?P<hashed>(?:(?!(?P=q2)).)+)(?P=q2)\s*\|\s*(?:ansible\.builtin\.)?(?:password_hash|hash|b64encode|vault|string|mandatory)\b)"
    r"|(?:^\{\{\s*(?P<q3>['\"])(?P<alone>(?:(?!(?P=q3)).)+)(?P=q3)\s*\}\}$)"
    r"|(?:\belse\s+(?P<q4>['\"])(?P<other>(?:(?!(?P=q4)).)+)(?P=q4))"
)
_HASHED = re.compile(
    r"(?P<q>['\"])(?P<secret>(?:(?!(?P=q)).){4,})(?P=q)\s*\|\s*(?:ansible\.builtin\.)?password_hash\b"
)
_IDENTIFIER = re.compile(r"^[A-Za-z_][\w.]*(?:\[[\w'\"]+\])*$")
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
#: Values that are random and public.
_PUBLIC = re.compile(
    r"(?i)(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-(?:ssh|ecdsa)\S*)[ \t]+AAAA[A-Za-z0-9+/=]+"
    r"|(?:sha(?:1|224|256|384|512)|md5|blake2b?)[:=-][0-9a-z+/=]{20,}|\bh1:[0-9a-z+/=]{20,}"
)
_DIGEST_KEY = re.compile(
    r"(?i)check_?sum|sha(?:1|224|256|384|512)|md5|digest|hash(?:es)?$|fingerprint|commit|revision|^rev$|^version$|^ref$"
    r"|^sum$|key_?id|^id$|_id$|uuid|guid|thumbprint|etag|public|^pub|cert|image|^tag$|serial"
)


def scan_line(line: str) -> LineScan:
    """What `line` (without its end) holds by itself; see `LineScan`."""
    return _scan_cached(line) if len(line) <= _LONGEST_CACHED else _scan(line)


def value_spans(line: str, start: int, end: int, level: Secrecy) -> list[Span]:
    """Secrets in the scalar that stands at `start` to `end`, under a key of that secrecy."""
    return list(_value_spans(line, start, end, level))


def scalar_at(line: str, start: int) -> tuple[int, int, bool]:
    """Where the scalar that begins at or after `start` has its text, and whether its quote is left open."""
    start += len(line[start:]) - len(line[start:].lstrip(" \t"))
    start = _TAGS.match(line, start).end()  # type: ignore[union-attr]  # it matches the empty string
    quote = line[start : start + 1]
    if quote and quote in "\"'":
        at = start + 1
        while at < len(line):
            if quote == '"' and line[at] == "\\":
                at += 2
                continue
            if line[at] == quote:
                if quote == "'" and line[at + 1 : at + 2] == "'":
                    at += 2
                    continue
                return start + 1, at, False
            at += 1
        return start + 1, len(line.rstrip()), True
    comment = _COMMENT.search(line, start)
    end = comment.start() if comment else len(line)
    return start, max(start, start + len(line[start:end].rstrip())), False


@lru_cache(maxsize=20_000)
def _scan_cached(line: str) -> LineScan:
    return _scan(line)


def _scan(line: str) -> LineScan:
    bare = line.lstrip(" \t")
    if not bare:
        return _BLANK
    indent = len(line) - len(bare)
    spans: list[Span] = [(m.start(), m.end(), "placeholder") for m in PLACEHOLDER.finditer(line)]
    keyed = _KEY_LINE.match(line)
    key, column, level, opens, value = "", -1, Secrecy.NONE, Opens.NOTHING, (0, 0)
    if keyed:
        key = (keyed["quoted"] or keyed["plain"]).strip()
        column = len(keyed["lead"])
        level = secrecy(key)
        commented = "#" in keyed["lead"]
        value, opens = _value_of(line, keyed.start("value"), commented=commented)
        if level and opens not in (Opens.NESTED, Opens.BLOCK) and not (commented and _is_prose(line, value)):
            spans += _value_spans(line, *value, level)
    if _NAMES.search(line):
        spans += _named(line, key)
    spans += [(start, end, f"{name} token") for start, end, name in find_formats(line)]
    spans += _random(line, key)
    return LineScan(tuple(sorted(set(spans))), indent, column, key, value, level, opens)


def _value_of(line: str, start: int, *, commented: bool) -> tuple[tuple[int, int], Opens]:
    rest = line[start:]
    if commented:
        return scalar_at(line, start)[:2], Opens.NOTHING
    if not rest.strip() or rest.lstrip().startswith("#") or re.fullmatch(r"[!&]\S*[ \t]*", rest):
        return (start, start), Opens.NESTED
    if _BLOCK.match(rest.strip()):
        return (start, start), Opens.BLOCK
    first, last, unclosed = scalar_at(line, start)
    if unclosed:
        return (first, last), Opens.QUOTED
    plain = line[first - 1 : first] not in ("'", '"') and line[first : first + 1] not in ("{", "[")
    return (first, last), Opens.PLAIN if plain else Opens.NOTHING


def _value_spans(line: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    text = line[start:end]
    if not text or level is Secrecy.NONE:
        return
    if text[0] in "{[" and not text.startswith(("{{", "{%")):
        yield from _flow(line, start, end, level)
    elif "{{" in text or "{%" in text:
        yield from _around_jinja(line, start, end, level)
    elif _is_secret(text, level):
        yield start, end, "secret by its key"


def _is_secret(text: str, level: Secrecy) -> bool:
    if PLACEHOLDER.fullmatch(text):
        return False
    return can_be_secret(text) if level >= Secrecy.SECRET else looks_secret(text)


_FLOW_ITEM = re.compile(
    r"(?P<key>[\w.-]+|\"[^\"]*\"|'[^']*')\s*:\s+(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|\{\{.*?\}\}|[^\s,\]}{\[][^,\]}{\[]*)"
    r"|(?P<item>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,\]}{\[:\"'][^,\]}{\[:\"']*)"
)


def _flow(line: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    """Secrets in a flow mapping or list under a key of secrets."""
    for match in _FLOW_ITEM.finditer(line, start + 1, end):
        if match["item"]:
            first, last = match.span("item")
            here = level
        else:
            first, last = match.span("value")
            inner = secrecy(match["key"].strip("\"'"))
            here = max(
                inner, level if level is Secrecy.SECRETS and not is_about(match["key"]) else Secrecy.NONE
            )
        first, last = _unquoted(line, first, last)
        if here and "{{" not in line[first:last] and _is_secret(line[first:last], here):
            yield first, last, "secret by its key"


#: Keys that stand beside a secret and hold none themselves.
_BESIDE = frozenset(
    """name type kind description desc required no_log default state path file dest src url host hostname port
    user username email role group groups owner mode id key label labels title version engine mount mount_point
    enabled options elements choices aliases scope scopes service services namespace format comment db database
    region project policies policy ttl ttl_seconds algorithm metadata apiversion when tags register loop
    become delegate_to notify with_items vars apply""".split()
)


def is_about(key: str) -> bool:
    """Whether a value of this key, among secrets, tells of a secret rather than being one."""
    return key.strip("\"'").lower() in _BESIDE


def _around_jinja(line: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    """Secrets in a value that is partly an expression: the literals beside it and within it."""
    at = start
    for match in _JINJA.finditer(line, start, end):
        yield from _literal_part(line, at, match.start(), level)
        at = match.end()
        if level >= Secrecy.SECRET:
            for inner in _JINJA_LITERAL.finditer(match[0]):
                group = next(g for g in ("secret", "hashed", "alone", "other") if inner[g] is not None)
                if can_be_secret(inner[group]) and not PLACEHOLDER.fullmatch(inner[group]):
                    yield (
                        match.start() + inner.start(group),
                        match.start() + inner.end(group),
                        "literal in Jinja",
                    )
    yield from _literal_part(line, at, end, level)


def _literal_part(line: str, start: int, end: int, level: Secrecy) -> Iterator[Span]:
    text = line[start:end]
    word = text.strip(" \t-_./:@,\"'")
    if len(word) < 4 or "{" in text or "}" in text or not _is_secret(word, level):
        return
    if word.isalpha() and len(word) < 8:
        return
    begin = start + text.index(word)
    yield begin, begin + len(word), "secret by its key"


def _named(line: str, line_key: str) -> Iterator[Span]:
    """Secrets that a name within the line announces: `token=…`, `--password …`, `user:pass@host`."""
    jinja = [match.span() for match in _JINJA.finditer(line)]
    for match in _ASSIGNED.finditer(line):
        yield from _assigned(line, match, jinja)
    if "://" in line:
        for pattern in (_URL, _URL_USER):
            for match in pattern.finditer(line):
                value = match["secret"]
                if (
                    "{{" in value
                    or not can_be_secret(value)
                    or (pattern is _URL_USER and not looks_secret(value))
                ):
                    continue
                yield *match.span("secret"), "password in a URL"
    for match in _HEADER.finditer(line):
        value = match["secret"]
        is_header = "authorization" in line.lower() or "auth" in line_key.lower()
        if (is_header and can_be_secret(value)) or looks_secret(value):
            yield *match.span("secret"), "authorization header"
    for pattern in _SPACED:
        for match in pattern.finditer(line):
            group = "secret" if match["secret"] is not None else "secret2"
            first, last = _unquoted(line, *match.span(group))
            value = line[first:last]
            if can_be_secret(value) and "{{" not in value and not value.startswith(("-", "=")):
                yield first, last, "secret on a command line"
    for match in _HASHED.finditer(line):
        if can_be_secret(match["secret"]):
            yield *match.span("secret"), "literal in Jinja"


def _assigned(line: str, match: re.Match[str], jinja: list[tuple[int, int]]) -> Iterator[Span]:
    level = secrecy(match["key"].lstrip("-"))
    if level is Secrecy.NONE:
        return
    start, end = match.span("value")
    value = line[start:end]
    quoted = value.startswith(('"', "'", '\\"', "\\'"))
    start, end = _unquoted(line, start, end)
    value = line[start:end]
    if match["op"] == ":" and not quoted:
        # `key: value` inside a line is a flow mapping, or prose ("set the token: yes").
        before = line[: match.start()].rstrip()
        if (
            not before.endswith(("{", ",", '"', "'"))
            or not match[0][match.start("op") - match.start() + 1 :][:1].isspace()
        ):
            level = min(level, Secrecy.MAYBE)
    if match["op"] in ("==", "===", "!=") and not (quoted and looks_secret(value)):
        return
    if any(a <= start < b for a, b in jinja) and not quoted and _IDENTIFIER.match(value):
        return
    if "{{" in value or "{%" in value:
        yield from _around_jinja(line, start, end, level)
    elif not value.startswith(("$", "<(")) and _is_secret(value, level):
        yield start, end, "secret by its key"


def _unquoted(line: str, start: int, end: int) -> tuple[int, int]:
    for quote in ('\\"', "\\'", '"', "'"):
        if line.startswith(quote, start) and line.endswith(quote, start + len(quote), end):
            return start + len(quote), end - len(quote)
        if line.startswith(quote, start) and quote.startswith("\\"):
            return start + len(quote), end - 1
    return start, end


def _random(line: str, key: str) -> Iterator[Span]:
    """Strings that can hardly be anything but generated, save those that are known to be public."""
    public: list[tuple[int, int]] | None = None
    for match in _RUN.finditer(line):
        if not is_random(match[0]):
            continue
        if public is None:
            public = [p.span() for p in _PUBLIC.finditer(line)]
        if any(a <= match.start() < b for a, b in public):
            continue
        if _is_hex(match[0]) and (_DIGEST_KEY.search(key) or line[: match.start()].endswith((":", "@", "/"))):
            continue
        yield *match.span(), "high-entropy string"


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)


def _is_prose(line: str, value: tuple[int, int]) -> bool:
    """Whether the value of a commented-out key is a sentence rather than a setting."""
    text = line[value[0] : value[1]]
    return " " in text and line[value[0] - 1] not in "\"'"
