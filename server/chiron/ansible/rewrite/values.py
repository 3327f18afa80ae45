"""Values: booleans in one spelling, modes as strings, conditions without braces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import DYNAMIC, Entry, entries, value_of
from chiron.ansible.rewrite.edits import Edit, Rewrite
from chiron.ansible.rewrite.scalars import end_of, is_bare, start_of, written
from chiron.ansible.rewrite.sites import Site
from chiron.ansible.validate import keywords
from chiron.ansible.validate.arguments import option_named
from chiron.records import Option

_BOOL = "tag:yaml.org,2002:bool"
_OCTAL = re.compile(r"0[0-7]{3,4}")
_DECIMAL_MODE = re.compile(r"[0-7]{3}")
_MODES = frozenset({"mode", "directory_mode"})
_CONDITIONS = ("when", "changed_when", "failed_when", "until")
_BRACED = re.compile(r"\s*\{\{-?\s*(?P<inner>(?:(?!\{\{|\}\}|\{%|%\}).)+?)\s*-?\}\}\s*", re.DOTALL)
_GROUPED = re.compile(r"\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}|'[^']*'|\"[^\"]*\"")
_COMPARES = re.compile(r"==|!=|<=?|>=?|\bis\b|\bin\b|^\s*not\b")
_KEYWORDS = {"play": keywords.PLAY, "block": keywords.BLOCK, "task": keywords.HANDLER}


def boolean(site: Site) -> Iterator[Rewrite]:
    """`yes`, `on`, `True` -> `true`, where a boolean is what is taken."""
    known = _KEYWORDS[site.what]
    nodes = [
        entry.value
        for entry in site.given
        if known.get(entry.name) in {"bool", "condition"} and not entry.merged
    ]
    if site.module is not None:
        nodes += _booleans(site.options(), site.module.options)
    for node in nodes:
        if not (isinstance(node, ScalarNode) and node.tag == _BOOL and is_bare(node, site.loaded)):
            continue
        word = "true" if value_of(node) else "false"
        if node.value != word:
            start = start_of(node, site.loaded)
            edit = Edit(start, start + len(node.value), word)
            yield site.rewrite("boolean", f"Write `{node.value}` as `{word}`", node, edit, safe=True)


def _booleans(given: Sequence[Entry], options: Mapping[str, Option], depth: int = 0) -> Iterator[Node]:
    for entry in given:
        option = option_named(entry.name, options)
        if option is None or entry.merged or depth > 20:
            continue
        if option.type == "bool":
            yield entry.value
        elif option.suboptions:
            items = entry.value.value if isinstance(entry.value, SequenceNode) else [entry.value]
            for item in items:
                if isinstance(item, MappingNode) and value_of(item) is not DYNAMIC:
                    yield from _booleans(list(entries(item)), option.suboptions, depth + 1)


def mode(site: Site) -> Iterator[Rewrite]:
    """`mode: 0644` -> `mode: "0644"`. `mode: 644` means 1204 in octal: to make it 0644 is a change."""
    if site.module is None:
        return
    for entry in site.options():
        option = option_named(entry.name, site.module.options)
        node = entry.value
        if option is None or option.name not in _MODES or option.type not in {"raw", "str", "any"}:
            continue
        if not (isinstance(node, ScalarNode) and node.tag.endswith(":int") and is_bare(node, site.loaded)):
            continue
        start, end = start_of(node, site.loaded), end_of(node, site.loaded)
        if _OCTAL.fullmatch(node.value):
            edit = Edit(start, end, f'"{node.value}"')
            yield site.rewrite("mode", f"Quote the mode {node.value}", node, edit, safe=True)
        elif _DECIMAL_MODE.fullmatch(node.value) and not option.choices:
            edit = Edit(start, end, f'"0{node.value}"')
            title = f'Change the mode to "0{node.value}"; {node.value} is {int(node.value):04o} in octal'
            yield site.rewrite("mode-octal", title, node, edit)


def condition(site: Site) -> Iterator[Rewrite]:
    """`when: "{{ a == b }}"` -> `when: a == b`. It is safe where the expression can only be true or false:
    a string in a variable would be evaluated once more with the braces, and is not without."""
    for entry in site.given:
        if entry.name not in _CONDITIONS or entry.merged:
            continue
        items = entry.value.value if isinstance(entry.value, SequenceNode) else [entry.value]
        for node in items:
            if not isinstance(node, ScalarNode) or node.style in {"|", ">"} or "\n" in node.value:
                continue
            found = _BRACED.fullmatch(node.value)
            inner = found["inner"].strip() if found else ""
            start, end = start_of(node, site.loaded), end_of(node, site.loaded)
            if not inner or site.text[start : start + 1] not in {'"', "'"}:
                continue
            text = written(inner)
            if text is None:
                continue
            title = f"Write `{entry.name}` without braces"
            edit = Edit(start, end, text)
            yield site.rewrite("condition", title, node, edit, safe=is_truth(inner))


def is_truth(expression: str) -> bool:
    """Whether a Jinja expression can only be true or false: a comparison, a test, `not` or `| bool`."""
    flat, before = expression, ""
    while flat != before:
        before, flat = flat, _GROUPED.sub("_", flat)
    if re.search(r"\b(?:if|else)\b|[(){}\[\]'\"]", flat):
        return False
    parts = re.split(r"\b(?:and|or)\b", flat)
    return all(_is_truth(part) for part in parts)


def _is_truth(part: str) -> bool:
    if re.search(r"\|\s*bool\s*$", part):
        return True
    # A filter binds tighter than a comparison, so `a == b | ternary(…)` is still a comparison.
    return _COMPARES.search(part) is not None or part.strip() in {"true", "false", "True", "False"}
