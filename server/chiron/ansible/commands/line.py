"""A line -> programs and their words. Anything that only a shell can do ends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_JINJA = re.compile(r"\{\{.*?\}\}", re.DOTALL)
#: Outside quotes these make the shell do more than split words.
_SPECIAL = frozenset("|;<>&`$*?[](){}!#")


@dataclass(frozen=True, slots=True)
class Program:
    """One program with its words. `to` is the file its output goes to, `appends` whether to its end."""

    words: tuple[str, ...]
    to: str | None = None
    appends: bool = False


def programs(text: str, *, shell: bool) -> list[Program] | None:
    """The programs of `text`, run one after another by `&&`; None where it is more than that.

    Without `shell` there are no operators, and one that stands there is a word.
    """
    line = re.sub(r"\\\r?\n\s*", " ", text.strip())
    if "\n" in line or "{%" in line or "{#" in line:
        return None
    parts = _split(line, shell)
    if parts is None:
        return None
    found: list[Program] = []
    words: list[str] = []
    for part in [*parts, _Operator("&&")]:
        if not isinstance(part, _Operator):
            words.append(part)
        elif part.text == "&&":
            program = _program(words)
            if program is None:
                return None
            found.append(program)
            words = []
        else:
            words.append(part)
    return found


class _Operator(str):
    """An operator, no word."""

    __slots__ = ()

    @property
    def text(self) -> str:
        return str(self)


def _program(words: list[str]) -> Program | None:
    operators = [n for n, word in enumerate(words) if isinstance(word, _Operator)]
    if not operators:
        return Program(tuple(words)) if words else None
    if len(operators) > 1 or operators[0] != len(words) - 2 or operators[0] == 0:
        return None
    operator = str(words[-2])
    if operator not in {">", ">>"}:
        return None
    return Program(tuple(words[:-2]), to=words[-1], appends=operator == ">>")


def _split(line: str, shell: bool) -> list[str] | None:
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(line):
        operator = _operator(line, at, begun=word is not None) if shell else None
        if line[at].isspace() or operator is not None:
            words += [word] if word is not None else []
            words += [operator] if operator is not None else []
            word = None
            at += len(operator) if operator is not None else 1
            continue
        taken = _taken(line, at, shell)
        if taken is None:
            return None
        word = (word or "") + taken[0]
        at = taken[1]
    return [*words, word] if word is not None else words


def _operator(line: str, at: int, *, begun: bool) -> _Operator | None:
    """`&&`, `>` or `>>` at this place. `2>` is none of these, nor is `>|` or `>&`."""
    if line.startswith("&&", at):
        return _Operator("&&")
    if line[at] != ">" or begun:
        return None
    operator = _Operator(">>" if line.startswith(">>", at) else ">")
    return None if line[at + len(operator) : at + len(operator) + 1] in {">", "&", "|"} else operator


def _taken(line: str, at: int, shell: bool) -> tuple[str, int] | None:
    """The next piece of a word, without its quotes, and where it ends; None where a shell would do more."""
    jinja = _JINJA.match(line, at)
    if jinja:
        return jinja.group(), jinja.end()
    char = line[at]
    if char in "'\"":
        end = _quoted(line, at)
        inner = line[at + 1 : end] if end is not None else ""
        if end is None or (char == '"' and set(_JINJA.sub("", inner)) & set("\\$`!")):
            return None
        return inner, end + 1
    if char == "\\" or (char in _SPECIAL and (shell or char == "$")):
        return None
    return char, at + 1


def _quoted(line: str, at: int) -> int | None:
    """Where the quote opened at `at` is closed; quotes within Jinja are the template's own."""
    quote, n = line[at], at + 1
    while n < len(line):
        jinja = _JINJA.match(line, n)
        if jinja:
            n = jinja.end()
            continue
        if line[n] == quote:
            return n
        n += 1
    return None
