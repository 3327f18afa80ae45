"""Writes a body the way its new file is written: module names, indentation, booleans, modes."""

from __future__ import annotations

import re

from chiron.ansible.bodies import Part, dedent, is_keyword, split_body
from chiron.records import Style

_BUILTIN = ("ansible.builtin.", "ansible.legacy.")
_BOOLEAN = re.compile(r"^(\s*(?:- )*[\w.]+:\s+)(true|false|yes|no|True|False|Yes|No)(\s*(?:#.*)?)$")
_MODE = re.compile(r"^(\s*(?:directory_)?mode:\s+)(['\"]?)(0?[0-7]{3})\2\s*$")
_STRINGS = {"name", "msg", "regexp", "line", "value", "content"}


def restyled(body: str, fqcn: str | None, style: Style) -> str:
    """`body` in `style`; `fqcn` is its module's canonical name, where known."""
    parts = []
    for part in split_body(body):
        if is_keyword(part.key):
            parts.append(_with_indent(part, style.indent) if part.key == "args" else part)
            continue
        key = _module_word(part.key, fqcn, style)
        parts.append(_with_indent(Part(key, part.value, part.below), style.indent))
    return "\n".join(_line(line, style) for part in parts for line in part.text.split("\n"))


def _module_word(written: str, fqcn: str | None, style: Style) -> str:
    if style.fqcn is False and written.startswith(_BUILTIN):
        return written.rsplit(".", 1)[-1]
    if style.fqcn is not False and "." not in written and fqcn is not None:
        return fqcn
    return written


def _with_indent(part: Part, n_columns: int) -> Part:
    if not part.below or part.value:
        return part
    first = part.below[0]
    if len(first) - len(first.lstrip(" ")) == n_columns:
        return part
    margin = " " * n_columns
    below = dedent("\n".join(part.below)).split("\n")
    return Part(part.key, part.value, tuple(margin + line if line else "" for line in below))


def _line(line: str, style: Style) -> str:
    if style.true_word:
        found = _BOOLEAN.match(line)
        if found and found[1].strip(" -:") not in _STRINGS:
            return found[1] + _word(found[2], style.true_word) + found[3]
    if style.mode and style.mode != "u=rw,g=r,o=r":
        found = _MODE.match(line)
        if found:
            quote = style.mode[0] if style.mode[0] in "'\"" else ""
            zero = "0" if style.mode.strip("'\"").startswith("0") or not quote else ""
            return f"{found[1]}{quote}{zero}{found[3][-3:]}{quote}"
    return line


def _word(written: str, true_word: str) -> str:
    truth = written.lower() in {"true", "yes"}
    false_word = {"true": "false", "yes": "no", "on": "off"}[true_word.lower()]
    word = true_word.lower() if truth else false_word
    return word.capitalize() if true_word[0].isupper() else word
