"""Learns the habits of a file or a project from how its tasks are written, by counting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from chiron.ansible.bodies import Part, is_keyword, module_part, options_of, split_body
from chiron.records import Style

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


def habits_of(tasks: Iterable[Iterable[tuple[str, object]]]) -> Habits:
    """Counts how tasks are written, given the ways met in each."""
    habits = Habits()
    for (name, way), times in Counter(chain.from_iterable(tasks)).items():
        counted: Counter[object] = getattr(habits, name)
        counted[way] = times
    return habits


def ways_in(body: str) -> tuple[tuple[str, object], ...]:
    """The ways of writing met in one task's body, each by the field of `Habits` that counts it."""
    parts = split_body(body)
    module = module_part(parts)
    if module is None:
        return ()
    ways: list[tuple[str, object]] = [("fqcn", "." in module.key)]
    if module.value and _KEY_VALUE.match(module.value):
        ways.append(("key_value", True))
    elif module.below:
        ways.append(("key_value", False))
        first = next((line for line in module.below if line.strip()), "")
        ways.append(("indent", len(first) - len(first.lstrip(" "))))
    if module.key.rsplit(".", 1)[-1] in _PACKAGE_MODULES:
        ways.append(("package", module.key))
    ways.extend(_ways_of_values(parts, options_of(module)))
    return tuple(ways)


def _ways_of_values(parts: Sequence[Part], options: Sequence[Part]) -> Iterator[tuple[str, object]]:
    keywords = [part for part in parts if is_keyword(part.key) and part.key not in {"when", "register"}]
    for part in (*options, *keywords):
        value = part.value
        if not value:
            continue
        if _BOOLEAN.match(value):
            yield "true_word", _true_word(value)
        elif part.key in {"mode", "directory_mode"}:
            yield "mode", _mode_habit(value)
        elif _QUOTED.match(value):
            yield "quote", value[0]
        elif _BARE.match(value):
            yield "quote", ""


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
