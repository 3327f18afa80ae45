"""Secrets that take more than one line: vault blocks, keys, block scalars, what stands under a key, no_log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from chiron.redact.keys import Secrecy, secrecy
from chiron.redact.lines import (
    LineScan,
    Opens,
    Span,
    is_about,
    scalar_at,
    scan_line,
    value_spans,
)
from chiron.redact.values import can_be_secret, looks_secret

_VAULT = re.compile(r"\$ANSIBLE_VAULT;[\w.;-]*(?:(?:\\n|\s)+[0-9a-fA-F]{2,})*")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----BEGIN)[\s\S]){0,20000}?-----END[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----"
)
#: A key that was cut off: as many lines as still look like one.
_CUT_KEY = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:\s|\\n)+[A-Za-z0-9+/=]{16,}(?=\s|\\n|$|[\"']))*"
)
_PUTTY = re.compile(r"PuTTY-User-Key-File-\d[\s\S]{0,10000}?Private-MAC:[ \t]*[0-9a-f]+")
#: Blocks that are random to look at and public.
_OPEN_BLOCK = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40}(?:CERTIFICATE|PUBLIC KEY|PUBLIC KEY BLOCK|CERTIFICATE REQUEST|CRL|PARAMETERS)-----"
    r"[\s\S]{0,200000}?-----END"
)
_NO_LOG = re.compile(r"^[ \t]*(?:-[ \t]+)*no_log[ \t]*:[ \t]*[\"']?(?!(?:no|false|off|0|n)\b)\S", re.I | re.M)
_NAMING_KEYS = frozenset(
    "name option key question setting var variable property parameter regexp attribute".split()
)
_VALUE_KEYS = frozenset("value default new_value option_value".split())
_SECRET_MANIFEST = re.compile(r"^[ \t]*(?:-[ \t]+)?kind[ \t]*:[ \t]*[\"']?Secret\b", re.M)
_WORD = re.compile(r"[^\s\"'{}\[\],;|&<>()]+")


def find_secrets(text: str) -> list[Span]:
    """Where secrets stand in `text`: spans in order, none overlapping. Never raises, whatever the text."""
    lines = text.split("\n")
    scans = [scan_line(line) for line in lines]
    starts: list[int] = []
    at = 0
    spans: list[Span] = []
    for line, scan in zip(lines, scans, strict=True):
        starts.append(at)
        if scan.spans:
            spans += [(at + a, at + b, kind) for a, b, kind in scan.spans]
        at += len(line) + 1
    if "-----BEGIN" in text:
        spans = _outside(spans, [match.span() for match in _OPEN_BLOCK.finditer(text)])
        spans += _whole(_PRIVATE_KEY, text, "private key")
        spans += _whole(_CUT_KEY, text, "private key")
    if "PuTTY-User-Key-File-" in text:
        spans += _whole(_PUTTY, text, "private key")
    if "$ANSIBLE_VAULT" in text:
        spans += _whole(_VAULT, text, "vault")
    is_manifest = "Secret" in text and _SECRET_MANIFEST.search(text) is not None
    for n, scan in enumerate(scans):
        if scan.opens is not Opens.NOTHING:
            spans += _below(text, lines, scans, starts, n, is_manifest=is_manifest)
        if scan.key in _VALUE_KEYS:
            spans += _named_by_sibling(lines, scans, starts, n)
    if "no_log" in text:
        for match in _NO_LOG.finditer(text):
            spans += _in_no_log(lines, scans, starts, text.count("\n", 0, match.start()))
    return merge(spans)


def merge(spans: list[Span]) -> list[Span]:
    """`spans` in order, with those that overlap made one; the longest one's kind stays."""
    merged: list[Span] = []
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end <= start:
            continue
        if merged and start < merged[-1][1]:
            first, last, name = merged[-1]
            merged[-1] = (first, max(last, end), name)
        else:
            merged.append((start, end, kind))
    return merged


def _whole(pattern: re.Pattern[str], text: str, kind: str) -> Iterator[Span]:
    for match in pattern.finditer(text):
        yield match.start(), match.end(), kind


def _outside(spans: list[Span], regions: list[tuple[int, int]]) -> list[Span]:
    if not regions:
        return spans
    return [span for span in spans if not any(a <= span[0] < b for a, b in regions)]


def _extent(lines: Sequence[str], scans: Sequence[LineScan], n: int, column: int) -> int:
    """The line after the last one that belongs under line `n`, whose key stands at `column`."""
    end = n + 1
    for below in range(n + 1, len(lines)):
        if not lines[below].strip():
            continue
        if scans[below].indent <= column:
            # The items of a list may stand at their key's own column.
            is_item = scans[below].indent == column and lines[below].lstrip().startswith("- ")
            if not is_item or lines[n][:column].rstrip().endswith("-"):
                break
        end = below + 1
    return end


def _below(
    text: str,
    lines: Sequence[str],
    scans: Sequence[LineScan],
    starts: Sequence[int],
    n: int,
    *,
    is_manifest: bool,
) -> Iterator[Span]:
    """Secrets in the lines that go on from line `n`."""
    scan = scans[n]
    level = scan.secrecy
    if scan.key == "stringData" or (scan.key == "data" and is_manifest):
        level = Secrecy.SECRETS
    if level is Secrecy.NONE:
        return
    if scan.opens is Opens.NESTED:
        yield from _nested(lines, scans, starts, n, level)
        return
    if scan.opens is Opens.QUOTED:
        yield from _quoted(text, starts, n, scan, level)
        return
    end = _extent(lines, scans, n, scan.column)
    if end == n + 1:
        return
    # A block scalar, or a plain one that goes on: from its first character to its last.
    first = n + 1 if scan.opens is Opens.BLOCK else n
    while first < end - 1 and not lines[first].strip():
        first += 1
    if scan.opens is Opens.PLAIN and any(scans[i].column >= 0 for i in range(n + 1, end)):
        return
    start = starts[first] + (scans[first].indent if scan.opens is Opens.BLOCK else scan.value[0])
    stop = starts[end - 1] + len(lines[end - 1].rstrip())
    body = text[start:stop]
    if _block_is_secret(body, level):
        yield start, stop, "secret by its key"
    elif scan.opens is Opens.BLOCK and level >= Secrecy.SECRET:
        for i in range(first, end):
            yield from _moved(
                value_spans(lines[i], scans[i].indent, len(lines[i].rstrip()), level), starts[i]
            )


def _block_is_secret(body: str, level: Secrecy) -> bool:
    words = body.split()
    if level >= Secrecy.SECRET:
        return "{{" not in body and any(can_be_secret(word) for word in words)
    return any(looks_secret(word) for word in words)


def _quoted(text: str, starts: Sequence[int], n: int, scan: LineScan, level: Secrecy) -> Iterator[Span]:
    """A quoted scalar that is closed on a later line."""
    start = starts[n] + scan.value[0]
    quote = text[start - 1]
    end = start
    limit = min(len(text), start + 20_000)
    while end < limit and text[end] != quote:
        end += 2 if quote == '"' and text[end] == "\\" else 1
    body = text[start : min(end, len(text))]
    if _block_is_secret(body, level):
        yield start, start + len(body), "secret by its key"


def _nested(
    lines: Sequence[str], scans: Sequence[LineScan], starts: Sequence[int], n: int, level: Secrecy
) -> Iterator[Span]:
    """Secrets among the items and values under a key of secrets.

    A plural (`passwords:`) means everything under it that is not said to be something else. Under a
    singular, a bare scalar or list item is the secret; values of keys under it only if they look so.
    """
    end = _extent(lines, scans, n, scans[n].column)
    about_column: int | None = None
    for i in range(n + 1, end):
        line, scan = lines[i], scans[i]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if about_column is not None and max(scan.column, scan.indent) > about_column:
            continue
        about_column = None
        if scan.column >= 0:
            if is_about(scan.key) or (scan.secrecy is Secrecy.NONE and _tells_of_secret(scan.key)):
                if scan.opens is Opens.NESTED:
                    about_column = scan.column
                continue
            here = level if level is Secrecy.SECRETS else Secrecy.MAYBE
            if scan.opens is Opens.BLOCK and here is Secrecy.SECRETS:
                stop = _extent(lines, scans, i, scan.column)
                if stop > i + 1:
                    body_start = starts[i + 1] + scans[i + 1].indent
                    yield body_start, starts[stop - 1] + len(lines[stop - 1].rstrip()), "secret by its key"
            else:
                yield from _moved(value_spans(line, *scan.value, here), starts[i])
        else:
            bare = line.lstrip(" \t-")
            first, last, _ = scalar_at(line, len(line) - len(bare))
            here = max(level, Secrecy.MAYBE) if level is not Secrecy.MAYBE else level
            yield from _moved(value_spans(line, first, last, here), starts[i])


@lru_cache(maxsize=1024)
def _tells_of_secret(key: str) -> bool:
    """Whether the key would be no secret even if its parent's name were put before it."""
    return secrecy(f"secret_{key}") is Secrecy.NONE


def _named_by_sibling(
    lines: Sequence[str], scans: Sequence[LineScan], starts: Sequence[int], n: int
) -> Iterator[Span]:
    """`value:` beside `name: DB_PASSWORD`, as in environment lists, ini files and debconf."""
    scan = scans[n]
    for i in _siblings(scans, n):
        other = scans[i]
        if other.key not in _NAMING_KEYS:
            continue
        named = lines[i][other.value[0] : other.value[1]]
        level = max(secrecy(part) for part in (named, named.rsplit("/", 1)[-1]))
        if level >= Secrecy.SECRET:
            yield from _moved(value_spans(lines[n], *scan.value, Secrecy.SECRET), starts[n])
            return


def _siblings(scans: Sequence[LineScan], n: int) -> Iterator[int]:
    """Lines close by whose keys stand in the same mapping as that of line `n`."""
    column = scans[n].column
    for i in range(n, max(-1, n - 8), -1):
        if i < n and scans[i].column == column:
            yield i
        # A dash before the key begins the mapping; a key further left holds it.
        if scans[i].column >= 0 and (scans[i].column < column or scans[i].indent < scans[i].column == column):
            break
    for i in range(n + 1, min(len(scans), n + 8)):
        if scans[i].column >= 0 and scans[i].indent < column:
            break
        if scans[i].column == column:
            yield i


def _in_no_log(
    lines: Sequence[str], scans: Sequence[LineScan], starts: Sequence[int], n: int
) -> Iterator[Span]:
    """Whatever looks like a secret in the task (block, play) that is not to be logged."""
    column = scans[n].column
    first = n
    while first > 0 and not (scans[first].column == column and scans[first].indent < column):
        if lines[first].strip() and max(scans[first].indent, scans[first].column) < column:
            break
        first -= 1
    end = _extent(lines, scans, n, column - 1)
    for i in range(first, end):
        yield from _moved(_unlogged(lines[i]), starts[i])


@lru_cache(maxsize=4096)
def _unlogged(line: str) -> tuple[Span, ...]:
    scan = scan_line(line)
    if not line.strip() or scan.key in (
        "name",
        "register",
        "when",
        "tags",
        "notify",
        "until",
        "changed_when",
    ):
        return ()
    begin = scan.value[0] if scan.column >= 0 else scan.indent
    return tuple(
        (match.start(), match.end(), "literal in a no_log task")
        for match in _WORD.finditer(line, begin)
        if looks_secret(match[0]) and not match[0].startswith(("$", "__CHIRON_"))
    )


def _moved(spans: Sequence[Span], by: int) -> Iterator[Span]:
    for start, end, kind in spans:
        yield start + by, end + by, kind
