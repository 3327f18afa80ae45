"""Secrets in one line of YAML, and what the line begins that goes on below it. Pure and kept.

A document is redacted again at every request and changes by a line or two between them, so almost every
line was scanned before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from chiron.lines import LineByLine
from chiron.redact.formats import find_formats
from chiron.redact.inline import announced
from chiron.redact.keys import Secrecy, secrecy
from chiron.redact.scalars import PLACEHOLDER, Span, scalar_at, value_spans
from chiron.redact.values import is_random

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

    `column` is where its key stands after dashes, -1 without one; `indent` that of its first character;
    `value` where the text of its scalar stands. `leads` is whether lines round it must be looked at with it.
    """

    spans: tuple[Span, ...] = ()
    indent: int = 0
    column: int = -1
    key: str = ""
    value: tuple[int, int] = (0, 0)
    secrecy: Secrecy = Secrecy.NONE
    opens: Opens = Opens.NOTHING
    leads: bool = False
    #: It holds a secret, or leads.
    tells: bool = False


#: Keys of what a sibling names: `name: DB_PASSWORD` and `value: …`.
VALUE_KEYS = frozenset({"value", "default", "new_value", "option_value"})
#: Keys of a Kubernetes manifest that hold secrets by the manifest's kind.
_MANIFEST_KEYS = frozenset({"data", "stringData"})
_OPTION_ITEM = re.compile(r"[ \t]*- [\"']?-")

_BLANK = LineScan()

_KEY_LINE = re.compile(
    r"(?P<lead>[ \t]*(?:#[# \t]*)?(?:-[ \t]+)*)"
    r"(?:(?P<quote>[\"'])(?P<quoted>[^\"']{1,120})(?P=quote)"
    r"|(?P<plain>[^\s:\"'{}\[\],#&*!|>%@`-][^:\"'{}\[\],#]{0,120}?))"
    r"[ \t]*:(?:[ \t]+|$)"
)
_BLOCK = re.compile(r"[ \t]*(?:[!&]\S*[ \t]+)*[|>][-+0-9]*[ \t]*(?:#.*)?$")
_EMPTY = re.compile(r"[ \t]*(?:[!&]\S*[ \t]*)?(?:#.*)?$")
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
#: Values that are random and public.
_PUBLIC = re.compile(
    r"(?i)(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-(?:ssh|ecdsa)\S*)[ \t]+AAAA[A-Za-z0-9+/=]+"
    r"|(?:sha(?:1|224|256|384|512)|md5|blake2b?)[:=-][0-9a-z+/=]{20,}|\bh1:[0-9a-z+/=]{20,}"
)
#: What holds digests and identifiers: hexadecimal there is no secret.
_DIGEST_KEY = re.compile(
    r"(?i)check_?sum|sha_?(?:1|224|256|384|512)|md5|digest|hash(?:es)?$|finger_?print|commit|revision|^rev$|^ref$"
    r"|version|^sum$|key_?id|^id$|_id$|^ids$|_ids$|uuid|guid|thumbprint|etag|public|^pub|cert|image|^tag$|serial"
)
_HEX = re.compile(r"[0-9a-fA-F]+")
#: Fingerprints of GPG keys are written so; nobody writes secrets in upper case.
_GPG_FINGERPRINT = re.compile(r"(?:0x)?[0-9A-F]{40}")


def scan_line(line: str) -> LineScan:
    """What `line` holds by itself; see `LineScan`. It may have its ending."""
    return _scan_cached(line) if len(line) <= _LONGEST_CACHED else _scan(line.removesuffix("\n"))


def scan_lines(lines: Sequence[str]) -> list[LineScan]:
    """`scan_line` of each line of a document. It is asked again at each keystroke."""
    return _DOCUMENTS.of(lines)


@lru_cache(maxsize=1024)
def _scan_cached(line: str) -> LineScan:
    return _scan(line.removesuffix("\n"))


_DOCUMENTS = LineByLine(scan_line)


def _scan(line: str) -> LineScan:
    bare = line.lstrip(" \t")
    if not bare or bare == "\r":
        return _BLANK
    indent = len(line) - len(bare)
    spans: list[Span] = []
    key, column, level, opens, value = "", -1, Secrecy.NONE, Opens.NOTHING, (0, 0)
    keyed = _KEY_LINE.match(line) if ":" in line else None
    if keyed:
        key = keyed["quoted"] or keyed["plain"]
        column = keyed.end("lead")
        level = secrecy(key)
        is_comment = "#" in keyed["lead"]
        value, opens = _value_of(line, keyed.end(), is_comment=is_comment)
        if level and opens not in (Opens.NESTED, Opens.BLOCK) and not (is_comment and _is_prose(line, value)):
            spans += value_spans(line, *value, level)
    if "CHIRON_SECRET" in line:
        spans += ((m.start(), m.end(), "placeholder") for m in PLACEHOLDER.finditer(line))
    spans += announced(line, key)
    spans += ((start, end, f"{name} token") for start, end, name in find_formats(line))
    if len(line) - indent >= 20:
        spans += _random(line, key)
    leads = (
        (opens is not Opens.NOTHING and (level is not Secrecy.NONE or key in _MANIFEST_KEYS))
        or key in VALUE_KEYS
        or (column < 0 and _OPTION_ITEM.match(line) is not None)
    )
    return LineScan(
        tuple(sorted(set(spans))), indent, column, key, value, level, opens, leads, leads or bool(spans)
    )


def _value_of(line: str, start: int, *, is_comment: bool) -> tuple[tuple[int, int], Opens]:
    """Where the value's text stands, and what goes on below. A commented-out line begins nothing."""
    stop = len(line.rstrip())
    if _EMPTY.match(line, start):
        return (start, start), Opens.NOTHING if is_comment else Opens.NESTED
    if _BLOCK.match(line, start):
        return (start, start), Opens.NOTHING if is_comment else Opens.BLOCK
    first, last, is_open = scalar_at(line, start, stop)
    if is_comment:
        return (first, last), Opens.NOTHING
    if is_open:
        return (first, last), Opens.QUOTED
    is_plain = line[first - 1] not in "'\"" and line[first : first + 1] not in ("{", "[")
    return (first, last), Opens.PLAIN if is_plain else Opens.NOTHING


def _is_prose(line: str, value: tuple[int, int]) -> bool:
    """Whether the value of a commented-out key is a sentence rather than a setting."""
    return " " in line[value[0] : value[1]] and line[value[0] - 1] not in "\"'"


def _random(line: str, key: str) -> Iterator[Span]:
    """Strings that can hardly be anything but generated, save those that are known to be public."""
    public: list[tuple[int, int]] | None = None
    for match in _RUN.finditer(line):
        run = match[0]
        if not is_random(run):
            continue
        if public is None:
            public = [found.span() for found in _PUBLIC.finditer(line)]
        if any(a <= match.start() < b for a, b in public) or _GPG_FINGERPRINT.fullmatch(run):
            continue
        tail = run.rsplit("/", 1)[-1]
        if _HEX.fullmatch(tail) and (
            tail != run or _DIGEST_KEY.search(key) or line[: match.start()].endswith((":", "@", "/", "_"))
        ):
            continue
        yield *match.span(), "high-entropy string"
