"""What an idiom writes: a module with its options, and how values are read out of the match of a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chiron.suggest.recall import phrases

#: (option, value as YAML); a value of several lines begins with a newline.
Options: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Written:
    """A task's module with its options, and keywords behind it.

    An option without a name is what a free-form module is told on its own line.
    """

    module: str
    options: Options
    keywords: Options = ()


def body_of(written: Written, indent: int) -> str:
    """`written` as a task's body, keys at column 0."""
    margin = " " * indent
    told = "".join(f" {value}" for option, value in written.options if not option)
    lines = [f"{written.module}:{told}"]
    for option, value in written.options:
        if not option:
            continue
        lines.append(f"{margin}{option}:{_behind(value, margin)}")
    lines += [f"{key}:{_behind(value, '')}" for key, value in written.keywords]
    return "\n".join(lines)


def _behind(value: str, margin: str) -> str:
    return value.replace("\n", f"\n{margin}") if value.startswith("\n") else f" {value}"


def presence(found: re.Match[str]) -> str:
    return "absent" if re.match(r"(?:remove|delete|purge)\b", found[0], re.IGNORECASE) else "present"


def name_of(found: re.Match[str]) -> str | None:
    name = found.groupdict().get("before") or found.groupdict().get("after")
    if name is None or name.lower() in {
        "the",
        "a",
        "an",
        "system",
        "new",
        "is",
        "if",
        "for",
        "and",
        "exists",
    }:
        return None
    return phrases.quoted(name)


def cut(what: str) -> str:
    """`what` up to where a circumstance begins: ` on Debian`, ` from …`, ` (RHEL)`."""
    return re.sub(
        r"\s+(?:on|from|for|via|using|with|in|at|if|when|to|into|as|is|are|so|that)\b.*|\s*[(\[].*",
        "",
        what,
        flags=re.I,
    )


def listed(things: Sequence[str]) -> str:
    if len(things) == 1:
        return phrases.quoted(things[0])
    return "".join(f"\n  - {phrases.quoted(thing)}" for thing in things)


def object_of(found: re.Match[str]) -> str:
    """What the name is about, with its article: ` the app repository`."""
    what = cut(found["what"]).rstrip()
    return what if re.match(r"\s+(?:the|an?)\b", what) else f" the{what}"
