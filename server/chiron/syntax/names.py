"""What a person wrote about a task to come: its name, or a comment."""

from __future__ import annotations

import re

from chiron.syntax.indentation import closing_quote, opens_text, without_comment

_CODE = re.compile(r"-(\s|$)|[a-z_][\w.]*:(\s|$)|[\[{]")
#: Comments written for tools, for lawyers, by `ansible-galaxy init`, or to explain what stands there.
_NOT_A_REQUEST = re.compile(
    r"!|.*://|(?:note|see|hint|warning|example|more info)\b|(?:tasks|handlers) file for\b"
    r"|code:|-\*-|vim?:|noqa|nosec|yamllint|ansible-lint|spdx-|copyright|\(c\)|licen[cs]e",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r'\\(["\\/])')
_LETTERS = re.compile(r"[^\W\d_]")


def read_name(raw: str) -> str | None:
    """The task's name that `raw`, the text behind `name:`, spells; None where it is none or not finished."""
    raw = without_comment(raw)
    if not raw or opens_text(raw):
        return None
    if raw.count("{{") > raw.count("}}") or raw.count("{%") > raw.count("%}"):
        return None
    if raw[0] in "\"'":
        if closing_quote(raw) != len(raw) - 1:
            return None
        inner = raw[1:-1]
        name = inner.replace("''", "'") if raw[0] == "'" else _ESCAPE.sub(r"\1", inner)
        return name if name.strip() else None
    if raw[0] in "[]{}&*!|>%@`," and not raw.startswith(("{{", "{%")):
        return None
    return raw


def read_comment(lines: list[str]) -> str | None:
    """What consecutive comment lines ask for, as one sentence; None where the last asks for nothing."""
    said: list[str] = []
    for line in reversed(lines):
        text = line.strip(" \t")
        words = text.lstrip("#").strip(" \t")
        if len(_LETTERS.findall(words)) < 3 or text.startswith("#!") or _CODE.match(words):
            break
        if _NOT_A_REQUEST.match(words):
            break
        said.append(words)
    return " ".join(reversed(said)) or None
