"""`with_…` -> `loop`, where both go through the same items."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import Entry, has_jinja, is_null, value_of
from chiron.ansible.rewrite.edits import Edit, Rewrite
from chiron.ansible.rewrite.scalars import end_of, inside, start_of
from chiron.ansible.rewrite.sites import Site

_BARE = re.compile(r"\s*\{\{\s*(?P<inner>(?:(?!\{\{|\}\}|\{%|%\}).)+?)\s*\}\}\s*")
#: What is done to the expression, and what would then be different.
_FILTERS = {
    "with_items": ("flatten(levels=1)", "a string alone is no list to `loop`"),
    "with_flattened": ("flatten", "a string alone is no list to `loop`"),
    "with_dict": ("dict2items", "a list of mappings is none to `dict2items`"),
}


def loop(site: Site) -> Iterator[Rewrite]:
    """`with_list`, and `with_items` over what is written out -> `loop`; others through a filter, not safe."""
    if site.what != "task" or site.has("loop"):
        return
    for entry in site.given:
        place = inside(entry.key, site.loaded)
        if entry.merged or place is None or is_null(entry.value):
            continue
        key = Edit(*place, "loop")
        if entry.name == "with_list" or (entry.name == "with_items" and _is_flat(entry.value)):
            title = f"Write `{entry.name}` as `loop`"
            yield site.rewrite("loop", title, entry.key, key, safe=_is_list(entry.value))
        elif entry.name in _FILTERS:
            yield from _filtered(site, entry, key)


def _filtered(site: Site, entry: Entry, key: Edit) -> Iterator[Rewrite]:
    node = entry.value
    found = _BARE.fullmatch(node.value) if isinstance(node, ScalarNode) else None
    if found is None or (isinstance(node, ScalarNode) and node.style not in {'"', "'"}):
        return
    place = inside(node, site.loaded)
    inner = found["inner"]
    if place is None or re.search(
        r"\bif\b|\bor\b|\band\b|\bnot\b|[-+*/~]", re.sub(r"'[^']*'|\"[^\"]*\"", "", inner)
    ):
        return
    name, unlike = _FILTERS[entry.name]
    value = Edit(
        start_of(node, site.loaded) + 1, end_of(node, site.loaded) - 1, f"{{{{ {inner} | {name} }}}}"
    )
    title = f"Write `{entry.name}` as `loop` with `{name.partition('(')[0]}`; {unlike}"
    yield site.rewrite("loop-filter", title, entry.key, key, value)


def _is_list(value: Node) -> bool:
    return isinstance(value, SequenceNode)


def _is_flat(value: Node) -> bool:
    """Whether `with_items`, which opens lists within the list, would find none to open."""
    if not isinstance(value, SequenceNode):
        return False
    for item in value.value:
        if isinstance(item, MappingNode):
            continue
        if not isinstance(item, ScalarNode) or is_null(item):
            return False
        if isinstance(value_of(item), (str, bool, int, float)):
            continue
        text = item.value
        # Text round an expression makes a string of it; an expression alone may be a list.
        if (
            not has_jinja(text)
            or _BARE.fullmatch(text)
            or not re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text).strip()
        ):
            return False
    return True
