"""Takes out of a task from a module's EXAMPLES what was made up for the example."""

from __future__ import annotations

import re

from chiron.ansible.bodies import Part, is_keyword, module_part, options_of, split_body
from chiron.records import Module, Option
from chiron.suggest.recall.wording import words

#: Types whose values are not invented: there are only so many of them.
_CLOSED_TYPES = frozenset({"bool", "int", "float"})
#: Keywords of an example that belong to its story, not to the task.
_STORY = frozenset({"register", "loop", "when", "vars", "loop_control", "delegate_to", "until", "retries",
                    "delay", "notify", "environment", "become_user", "tags"})  # fmt: skip
_MODE = re.compile(r"(?:directory_)?mode$")
_FACT = re.compile(r"\{\{\s*(?:ansible_|inventory_)")


def without_inventions(body: str, module: Module | None, name: str) -> str | None:
    """`body` with only what the new `name` or the module itself accounts for; None where too little is left.

    A value stays if it is one of a closed set (choices, booleans, numbers, modes) or speaks of the name.
    """
    parts = split_body(body)
    part = module_part(parts)
    if part is None or module is None or any(one.key.startswith("with_") for one in parts):
        return None
    if not part.below:
        # `command: …` and the like: all there is was made up, unless the name says it.
        return body if not part.value or _speaks(part.value, name) else None
    kept: list[Part] = []
    for option in options_of(part):
        known = _documented(option.key, module)
        if known is None or not _is_accounted(option, known, name):
            if known is None or known.required:
                return None
            continue
        kept.append(option)
    if not kept:
        return None
    if not any(_speaks(option.text.split(":", 1)[1], name) for option in kept) and _open(module):
        return None
    margin = " " * (len(part.below[0]) - len(part.below[0].lstrip(" ")))
    lines = [margin + line if line else "" for option in kept for line in option.text.split("\n")]
    rest = [one.text for one in parts if is_keyword(one.key) and one.key not in _STORY]
    return "\n".join([f"{part.key}:", *lines, *rest])


def _documented(name: str, module: Module) -> Option | None:
    if name in module.options:
        return module.options[name]
    return next((option for option in module.options.values() if name in option.aliases), None)


def _is_accounted(option: Part, known: Option, name: str) -> bool:
    if known.choices or known.type in _CLOSED_TYPES or _MODE.match(known.name):
        return True
    return _speaks(option.text.split(":", 1)[1], name)


def _speaks(value: str, name: str) -> bool:
    """Whether the value holds a word of the name, and little else."""
    stems = set(words(value.replace("_", " ")))
    return (bool(stems) and len(stems & set(words(name))) * 2 >= len(stems)) or bool(_FACT.search(value))


def _open(module: Module) -> bool:
    """Whether the module needs a value that only a name or a person can give."""
    return any(option.required for option in module.options.values())
