"""Which variables a body speaks of, and which of those it makes itself."""

from __future__ import annotations

import re

from chiron.ansible.bodies import Part, split_body
from chiron.kept import kept

# An opening stops the search for the end of the one before it: else thousands of them would take minutes.
_JINJA = re.compile(r"\{\{((?:(?!\{\{).)*?)\}\}|\{%((?:(?!\{%).)*?)%\}", re.DOTALL)
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"(?<![\w.|])(?<!\|\s)([A-Za-z_]\w*)\b(?!\s*\()(?!\s*=[^=])")
_EXPRESSIONS = frozenset({"when", "until", "changed_when", "failed_when", "that", "var"})
_WORDS = frozenset(
    """
    and or not in is if else elif endif for endfor set true false none True False None defined undefined
    succeeded failed skipped changed match search none mapping string number sequence iterable omit lookup
    query q range dict namespace now undef success file directory exists loop ansible_facts
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)


@kept(512)
def variables_in(body: str) -> frozenset[str]:
    """Names of variables `body` uses and doesn't make itself. A close reading of Jinja, no full parse."""
    used: set[str] = set()
    made: set[str] = set()
    for part in split_body(body):
        if part.key == "register":
            made.add(part.value)
        elif part.key == "loop" or part.key.startswith("with_"):
            made.add("item")
        elif part.key == "loop_control":
            made.update(re.findall(r"(?:loop_var|index_var):\s*(\w+)", part.text))
        elif part.key == "vars":
            made.update(re.findall(r"^\s+(\w+):", "\n".join(part.below), re.MULTILINE))
        used |= _used(part)
    return frozenset(name for name in used - made - _WORDS if not name.startswith("ansible_"))


def variables_written(text: str) -> frozenset[str]:
    """Names between double braces anywhere in `text`, however broken it is."""
    names = {name for found in _JINJA.finditer(text) for name in _names(found[1] or found[2] or "")}
    return frozenset(name for name in names - _WORDS if not name.startswith("ansible_"))


def _used(part: Part) -> set[str]:
    text = part.text.split(":", 1)[-1]
    if part.key in _EXPRESSIONS:
        return _names(text)
    return {name for found in _JINJA.finditer(text) for name in _names(found[1] or found[2] or "")}


def _names(expression: str) -> set[str]:
    return set(_NAME.findall(_STRING.sub("''", expression)))
