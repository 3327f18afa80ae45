"""What a shell line means, as a call of a module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

#: An option's value: text, truth, a number or a list of texts.
Value: TypeAlias = "str | bool | int | list[str]"


@dataclass(frozen=True, slots=True)
class Meant:
    """A module that does the same as a line."""

    module: str
    options: dict[str, Value] = field(default_factory=dict)
    #: What is not quite the same, for a person to judge.
    note: str = ""
    #: `sudo` in front: keywords of the task.
    keywords: dict[str, Value] = field(default_factory=dict)


def one_or_list(values: list[str]) -> Value:
    """A single text, or the list of several."""
    return values[0] if len(values) == 1 else values


def is_place(path: str) -> bool:
    """Whether `path` means the same wherever it is read: absolute, of the home, or the run's to know."""
    return path.startswith(("/", "~/", "{{")) and not path.endswith("/..") and "/../" not in path


def mode(text: str) -> str | None:
    """A mode as `file` takes it: octal with its zero, symbolic as it is."""
    if text.isdigit():
        return text.zfill(4) if len(text) <= 4 and not set(text) & {"8", "9"} else None
    return text if text and set(text) <= set("ugoarwxXst+-=,") else None
