"""Secrets that take more than one line: vault blocks, keys, scalars, what stands under a key, no_log."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, compress, count
from operator import add, attrgetter

from chiron.kept import LONGEST
from chiron.lines import lines_of
from chiron.redact.keys import Secrecy, beneath, secrecy
from chiron.redact.lines import VALUE_KEYS, LineScan, Opens, scan_line, scan_lines
from chiron.redact.scalars import BY_KEY, JINJA, PLACEHOLDER, Span, around_jinja, scalar_at, value_spans
from chiron.redact.values import can_be_secret, looks_secret

_VAULT = re.compile(r"\$ANSIBLE_VAULT;[\w.;-]*(?:(?:\\n|\s)+[0-9a-fA-F]{2,})*")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?!-----BEGIN)[\s\S]){0,20000}?-----END[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----"
)
#: A key that was cut off: as many lines as still look like one.
_CUT_KEY = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:\s|\\n)+[A-Za-z0-9+/=]{16,}(?=\s|\\n|$|[\"']))*"
)
_PUTTY = re.compile(r"PuTTY-User-Key-File-\d[\s\S]{0,10000}?Private-MAC:[ \t]*[0-9a-f]+")
#: Blocks that are random to look at and public.
_OPEN_BLOCK = re.compile(
    r"-----BEGIN[ A-Z0-9]{0,40}"
    r"(?:CERTIFICATE|PUBLIC KEY|PUBLIC KEY BLOCK|CERTIFICATE REQUEST|CRL|PARAMETERS)-----"
    r"[\s\S]{0,200000}?-----END"
)
_NO_LOG = re.compile(r"^[ \t]*(?:-[ \t]+)*no_log[ \t]*:[ \t]*[\"']?(?!(?:no|false|off|0|n)\b)\S", re.I | re.M)
_NAMING_KEYS = frozenset(
    (
        "name",
        "option",
        "key",
        "question",
        "setting",
        "var",
        "variable",
        "property",
        "parameter",
        "regexp",
        "attribute",
    )
)
_SECRET_MANIFEST = re.compile(r"^[ \t]*(?:-[ \t]+)?kind[ \t]*:[ \t]*[\"']?Secret\b", re.M)
#: Keys of a task that are no arguments of its module.
_LOGGED_KEYS = frozenset("name register when tags notify until changed_when failed_when loop_control".split())  # noqa: SIM905 words read better unquoted
_OPTION = re.compile(r"[ \t]*- [\"']?--?([A-Za-z][\w-]*)[\"']?[ \t]*$")
_WORD = re.compile(r"(?:(?<==)|(?<![^\s\"'{}\[\],;|&<>()]))(?!\w+=)[^\s\"'{}\[\],;|&<>()]+")


class Layout:
    """A text by lines: each with what is known of it, and where it starts."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LONGEST:
            self.scans = scan_lines(self.lines if "\r" in text else lines_of(text))
        else:
            self.scans = list(map(scan_line, self.lines))

    @cached_property
    def lines(self) -> list[str]:
        """Without their endings."""
        return self.text.split("\n")

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins. Most texts hold no secret, and need not know."""
        return [0, *map(add, accumulate(map(len, self.lines)), count(1))]

    def extent(self, n: int, column: int) -> int:
        """The line after the last one that belongs under line `n`, whose key stands at `column`."""
        end = n + 1
        # The items of a list may stand at their key's own column, unless the key is in a list itself.
        in_list = self.scans[n].indent < self.scans[n].column
        for below in range(n + 1, len(self.lines)):
            indent = self.scans[below].indent
            line = self.lines[below]
            if not line or line.isspace():
                continue
            if indent < column or (indent == column and (in_list or not line.startswith("- ", indent))):
                break
            end = below + 1
        return end


def find_secrets(text: str) -> list[Span]:
    """Where secrets stand in `text`: spans in order, none overlapping. Never raises, whatever the text."""
    layout = Layout(text)
    spans: list[Span] = []
    leading: list[int] = []
    for n in compress(count(), map(attrgetter("tells"), layout.scans)):
        scan = layout.scans[n]
        if scan.spans:
            start = layout.starts[n]
            spans += [(start + a, start + b, kind) for a, b, kind in scan.spans]
        if scan.leads:
            leading.append(n)
    if "-----BEGIN" in text:
        spans = _outside(spans, [match.span() for match in _OPEN_BLOCK.finditer(text)])
        spans += _whole(_PRIVATE_KEY, text, "private key")
        spans += _whole(_CUT_KEY, text, "private key")
    if "PuTTY-User-Key-File-" in text:
        spans += _whole(_PUTTY, text, "private key")
    if "$ANSIBLE_VAULT" in text:
        spans += _whole(_VAULT, text, "vault")
    is_manifest = "Secret" in text and _SECRET_MANIFEST.search(text) is not None
    for n in leading:
        if layout.scans[n].opens is not Opens.NOTHING:
            spans += _below(layout, n, is_manifest=is_manifest)
        if layout.scans[n].key in VALUE_KEYS:
            spans += _named_by_sibling(layout, n)
        elif layout.scans[n].column < 0:
            spans += _next_argument(layout, n)
    if "no_log" in text:
        for match in _NO_LOG.finditer(text):
            spans += _in_no_log(layout, bisect_right(layout.starts, match.start()) - 1)
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


def _below(layout: Layout, n: int, *, is_manifest: bool) -> Iterator[Span]:
    """Secrets in the lines that go on from line `n`."""
    scan = layout.scans[n]
    level = scan.secrecy
    if scan.key == "stringData" or (scan.key == "data" and is_manifest):
        level = Secrecy.SECRETS
    if level is Secrecy.NONE:
        return
    if scan.opens is Opens.NESTED:
        yield from _nested(layout, n, level)
    elif scan.opens is Opens.QUOTED:
        yield from _quoted(layout, n, level)
    else:
        yield from _folded(layout, n, level)


def _folded(layout: Layout, n: int, level: Secrecy) -> Iterator[Span]:
    """A block scalar, or a plain one that goes on: from its first character to its last."""
    scan = layout.scans[n]
    end = layout.extent(n, scan.column)
    if end == n + 1:
        return
    if scan.opens is Opens.BLOCK:
        first = next(i for i in range(n + 1, end) if layout.lines[i].strip())
        start = layout.starts[first] + layout.scans[first].indent
    elif any(layout.scans[i].column >= 0 for i in range(n + 1, end)):
        # Not one scalar after all: broken YAML, or a line that is being written.
        return
    else:
        start = layout.starts[n] + scan.value[0]
    stop = layout.starts[end - 1] + len(layout.lines[end - 1].rstrip())
    body = layout.text[start:stop]
    if "{{" in body or "{%" in body:
        yield from around_jinja(layout.text, start, stop, level)
    elif _body_is_secret(body, level):
        yield start, stop, BY_KEY


def _body_is_secret(body: str, level: Secrecy) -> bool:
    if PLACEHOLDER.fullmatch(body):
        return False
    return any(can_be_secret(w) if level >= Secrecy.SECRET else looks_secret(w) for w in body.split())


def _quoted(layout: Layout, n: int, level: Secrecy) -> Iterator[Span]:
    """A quoted scalar that is closed on a later line."""
    text = layout.text
    start = layout.starts[n] + layout.scans[n].value[0]
    # A quote that is being typed is not closed by the next one in the file.
    last = layout.extent(n, layout.scans[n].column) - 1
    stop = layout.starts[last] + len(layout.lines[last])
    end = start
    while end < stop and text[end] != text[start - 1]:
        end += 2 if text[start - 1] == '"' and text[end] == "\\" else 1
    body = text[start : min(end, stop)].rstrip()
    if "{{" in body or "{%" in body:
        yield from around_jinja(text, start, start + len(body), level)
    elif _body_is_secret(body, level):
        yield start, start + len(body), BY_KEY


def _nested(layout: Layout, n: int, level: Secrecy) -> Iterator[Span]:
    """Secrets among the items and values under a key of secrets.

    A plural (`passwords:`) means everything under it that is not said to be something else. Under a
    singular, a bare scalar or list item is the secret; values of keys under it only if they look so.
    """
    about_column: int | None = None
    for i in range(n + 1, layout.extent(n, layout.scans[n].column)):
        line, scan = layout.lines[i], layout.scans[i]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if about_column is not None:
            is_item = scan.indent == about_column and scan.column != about_column
            if scan.indent > about_column or is_item:
                continue
            about_column = None
        start = layout.starts[i]
        if scan.column < 0:
            bare = len(line) - len(line.lstrip(" \t-"))
            first, last, _ = scalar_at(line, bare, len(line.rstrip()))
            yield from value_spans(layout.text, start + first, start + last, level)
            continue
        here = beneath(level, scan.key)
        if here is Secrecy.NONE:
            about_column = scan.column if scan.opens is not Opens.NOTHING else None
        elif scan.opens is Opens.BLOCK:
            yield from _folded(layout, i, here)
        else:
            yield from value_spans(layout.text, start + scan.value[0], start + scan.value[1], here)


def _named_by_sibling(layout: Layout, n: int) -> Iterator[Span]:
    """`value:` beside `name: DB_PASSWORD`, as in environment lists, ini files and debconf."""
    for i in _siblings(layout.scans, n):
        other = layout.scans[i]
        if other.key not in _NAMING_KEYS:
            continue
        named = layout.lines[i][other.value[0] : other.value[1]]
        if max(secrecy(part) for part in (named, named.rsplit("/", 1)[-1])) >= Secrecy.SECRET:
            first, last = layout.scans[n].value
            start = layout.starts[n]
            yield from value_spans(layout.text, start + first, start + last, Secrecy.SECRET)
            return


def _next_argument(layout: Layout, n: int) -> Iterator[Span]:
    """The item after `- --password` in a list of arguments."""
    option = _OPTION.match(layout.lines[n])
    if not option or n + 1 >= len(layout.lines) or secrecy(option[1]) < Secrecy.SECRET:
        return
    line = layout.lines[n + 1]
    item = len(line) - len(line.lstrip(" \t"))
    if line.startswith("- ", item) and item == layout.scans[n].indent:
        first, last, _ = scalar_at(line, item + 2, len(line.rstrip()))
        start = layout.starts[n + 1]
        yield from value_spans(layout.text, start + first, start + last, Secrecy.SECRET)


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


def _in_no_log(layout: Layout, n: int) -> Iterator[Span]:
    """Whatever looks like a secret in the task (block, play) that is not to be logged."""
    column = layout.scans[n].column
    first = n
    while first > 0 and layout.scans[first].indent >= column:
        first -= 1
        while first > 0 and not layout.lines[first].strip():
            first -= 1
    for i in range(first, layout.extent(n, column - 1)):
        start = layout.starts[i]
        for a, b, kind in _unlogged(layout.lines[i]):
            yield start + a, start + b, kind


@lru_cache(maxsize=1024)
def _unlogged(line: str) -> tuple[Span, ...]:
    scan = scan_line(line)
    if not line.strip() or scan.key in _LOGGED_KEYS:
        return ()
    begin = scan.value[0] if scan.column >= 0 else scan.indent
    jinja = [match.span() for match in JINJA.finditer(line)]
    return tuple(
        (match.start(), match.end(), "literal in a no_log task")
        for match in _WORD.finditer(line, begin)
        if looks_secret(match[0])
        and not PLACEHOLDER.search(match[0])
        and not any(a <= match.start() < b for a, b in jinja)
    )
