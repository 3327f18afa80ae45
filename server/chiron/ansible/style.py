"""Learns the habits of a file or a project from how its tasks are written, by counting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from chiron.ansible.bodies import Part, is_keyword, module_part, options_of, split_body
from chiron.records import Style, Task

#: As many examples of a habit make it one, and this share of them must agree.
_FEWEST = 2
_MAJORITY = 0.6
_PACKAGE_MODULES = frozenset({"apt", "dnf", "yum", "package", "zypper", "pacman", "apk", "dnf5", "homebrew"})
_KEY_VALUE = re.compile(r"[A-Za-z_]\w*=\S")
_BOOLEAN = re.compile(r"(?:true|false|yes|no|on|off)$", re.IGNORECASE)
_NUMBER_MODE = re.compile(r"(?P<quote>['\"]?)(?P<digits>0?o?[0-7]{3,4})(?P=quote)$")
_SYMBOLIC_MODE = re.compile(r"['\"]?[ugoa]+[=+-]")
_QUOTED = re.compile(r"([\"'])([\w./-]+)\1$")
_BARE = re.compile(r"[A-Za-z/][\w./-]*$")
_Way = TypeVar("_Way")


@dataclass(frozen=True, slots=True)
class Habits:
    """How often each way of writing was met. Habits add up."""

    fqcn: Counter[bool] = field(default_factory=Counter)
    key_value: Counter[bool] = field(default_factory=Counter)
    true_word: Counter[str] = field(default_factory=Counter)
    quote: Counter[str] = field(default_factory=Counter)
    mode: Counter[str] = field(default_factory=Counter)
    indent: Counter[int] = field(default_factory=Counter)
    package: Counter[str] = field(default_factory=Counter)


def habits_of(tasks: Iterable[Task]) -> Habits:
    """Counts how `tasks` are written."""
    habits = Habits()
    for task in tasks:
        parts = split_body(task.body)
        module = module_part(parts)
        if module is None:
            continue
        habits.fqcn["." in module.key] += 1
        if module.value and _KEY_VALUE.match(module.value):
            habits.key_value[True] += 1
        elif module.below:
            habits.key_value[False] += 1
            first = next((line for line in module.below if line.strip()), "")
            habits.indent[len(first) - len(first.lstrip(" "))] += 1
        if module.key.rsplit(".", 1)[-1] in _PACKAGE_MODULES:
            habits.package[module.key] += 1
        _count_values(habits, parts, options_of(module))
    return habits


def _count_values(habits: Habits, parts: Sequence[Part], options: Sequence[Part]) -> None:
    keywords = [part for part in parts if is_keyword(part.key) and part.key not in {"when", "register"}]
    for part in (*options, *keywords):
        value = part.value
        if not value:
            continue
        if _BOOLEAN.match(value):
            habits.true_word[_true_word(value)] += 1
        elif part.key in {"mode", "directory_mode"}:
            habits.mode[_mode_habit(value)] += 1
        elif _QUOTED.match(value):
            habits.quote[value[0]] += 1
        elif _BARE.match(value):
            habits.quote[""] += 1


def _true_word(value: str) -> str:
    word = {"false": "true", "no": "yes", "off": "on"}.get(value.lower(), value.lower())
    return word.capitalize() if value[0].isupper() else word


def _mode_habit(value: str) -> str:
    number = _NUMBER_MODE.match(value)
    if number:
        digits = number["digits"]
        return f"{number['quote']}{'0' if digits.startswith('0') else ''}644{number['quote']}"
    return "u=rw,g=r,o=r" if _SYMBOLIC_MODE.match(value) else ""


def count_in(total: Habits, habits: Habits, sign: int = 1) -> None:
    """Adds `habits` to `total` in place, or takes them away again with `sign` -1."""
    for name in ("fqcn", "key_value", "true_word", "quote", "mode", "indent", "package"):
        counted: Counter[object] = getattr(total, name)
        for way, times in getattr(habits, name).items():
            counted[way] += sign * times


def style_of(own: Habits, project: Habits) -> Style:
    """The habits of a file where it has some, and of its project where it has none."""

    return Style(
        fqcn=_usual(own.fqcn, project.fqcn),
        key_value=_usual(own.key_value, project.key_value),
        true_word=_usual(own.true_word, project.true_word),
        quote=_usual(own.quote, project.quote),
        mode=_usual(own.mode, project.mode) or None,
        indent=_usual(own.indent, project.indent) or 2,
        package_module=_usual(own.package, project.package),
    )


def _usual(own: Counter[_Way], project: Counter[_Way]) -> _Way | None:
    for counted in (own, project):
        usual = _most_common(counted)
        if usual is not None:
            return usual
    return None


def _most_common(counted: Counter[_Way]) -> _Way | None:
    total = counted.total()
    if total < _FEWEST:
        return None
    value, n = counted.most_common(1)[0]
    return value if n >= _MAJORITY * total else None
