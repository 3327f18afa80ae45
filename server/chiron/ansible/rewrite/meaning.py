"""What the tasks of a text come to, however they are written: two texts of one meaning run alike.

Module names are resolved, strings of options taken apart, options put under their own names and read as
their types have them; `local_action`, `with_list` and braces round a condition are what they stand for.
It is computed apart from the rules, to hold them to their word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible import freeform
from chiron.ansible.catalog import Catalog
from chiron.ansible.load import DYNAMIC, MAX_DEPTH, entries, is_null, load, value_of
from chiron.ansible.validate import keywords
from chiron.ansible.validate.arguments import option_named
from chiron.ansible.validate.plays import TASK_LISTS
from chiron.ansible.validate.values import FALSE_WORDS, TRUE_WORDS
from chiron.records import FileKind, Option

#: More than this no file holds that a person wrote, aliases written out.
_MOST_NODES = 500_000
_CONDITIONS = frozenset({"when", "changed_when", "failed_when", "until"})
_BLOCKS = frozenset({"block", "rescue", "always"})
_BRACED = re.compile(r"\s*\{\{-?(.*?)-?\}\}\s*", re.DOTALL)


def meaning_of(text: str, kind: FileKind, catalog: Catalog) -> Any:
    """What the file comes to, as plain values that can be compared.

    None where it is not YAML, or where aliases make a text without end of it.
    """
    loaded = load(text)
    root = loaded.root
    if root is None or not _is_written_out(root):
        return None
    if kind is FileKind.PLAYBOOK and isinstance(root, SequenceNode):
        return [_play(item, catalog) for item in root.value]
    return _tasks(root, catalog, (), 0)


def _is_written_out(root: Node) -> bool:
    """Whether `root`, with what stands for each alias in its place, is of a size that people write."""
    sizes: dict[int, int] = {}
    waiting: list[tuple[Node, bool]] = [(root, False)]
    while waiting:
        node, is_done = waiting.pop()
        parts = _parts(node)
        if is_done:
            sizes[id(node)] = 1 + sum(sizes[id(part)] for part in parts)
            if sizes[id(node)] > _MOST_NODES:
                return False
        elif sizes.get(id(node)) == 0 and parts:
            return False  # It holds itself.
        elif id(node) not in sizes:
            sizes[id(node)] = 0
            waiting.append((node, True))
            waiting += [(part, False) for part in parts if sizes.get(id(part), 0) == 0]
    return True


def _parts(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [one for pair in node.value for one in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _play(node: Node, catalog: Catalog) -> Any:
    if not isinstance(node, MappingNode):
        return _plain(node)
    collections = _collections(node, ())
    said = {}
    for entry in entries(node):
        if entry.name in TASK_LISTS:
            said[entry.name] = _tasks(entry.value, catalog, collections, 0)
        elif entry.name == "module_defaults":
            said[entry.name] = _defaults(entry.value, catalog, collections)
        else:
            said[entry.name] = _plain(entry.value)
    return said


def _defaults(node: Node, catalog: Catalog, collections: tuple[str, ...]) -> Any:
    """What `module_defaults` says, under the modules' own names."""
    if not isinstance(node, MappingNode) or value_of(node) is DYNAMIC:
        return _plain(node)
    said = []
    for entry in entries(node):
        module = catalog.module(entry.name, collections)
        said.append((module.fqcn if module is not None else entry.name, _plain(entry.value)))
    return said


def _tasks(node: Node, catalog: Catalog, collections: tuple[str, ...], depth: int) -> Any:
    if not isinstance(node, SequenceNode) or depth > MAX_DEPTH:
        return _plain(node)
    return [_task(item, catalog, collections, depth) for item in node.value]


def _task(node: Node, catalog: Catalog, collections: tuple[str, ...], depth: int) -> Any:
    if not isinstance(node, MappingNode):
        return _plain(node)
    collections = _collections(node, collections)
    said: dict[str, Any] = {}
    for entry in entries(node):
        name, value = entry.name, entry.value
        if name in _BLOCKS:
            said[name] = _tasks(value, catalog, collections, depth + 1)
        elif name == "module_defaults":
            said[name] = _defaults(value, catalog, collections)
        elif name in {"action", "local_action"}:
            said.update(_action(value, catalog, collections))
            if name == "local_action":
                said["delegate_to"] = ("str", "localhost")
        elif name in _CONDITIONS:
            said[name] = _condition(value)
        elif name in {"with_list", "with_items"} and isinstance(value, SequenceNode):
            said["loop"] = _plain(value)
        elif name in keywords.HANDLER or name.startswith("with_"):
            said[name] = _plain(value)
        else:
            said.update(_call(name, value, catalog, collections))
    return said


def _action(value: Node, catalog: Catalog, collections: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, ScalarNode):
        name, rest = freeform.split_action(value.value)
        tag = "tag:yaml.org,2002:str" if rest else "tag:yaml.org,2002:null"
        return _call(name, ScalarNode(tag, rest, value.start_mark, value.end_mark), catalog, collections)
    if isinstance(value, MappingNode):
        name = next((e.value.value for e in entries(value) if e.name == "module"), "")
        left = [(key, one) for key, one in value.value if getattr(key, "value", None) != "module"]
        return _call(
            name, MappingNode(value.tag, left, value.start_mark, value.end_mark), catalog, collections
        )
    return {"action": _plain(value)}


def _call(name: str, value: Node, catalog: Catalog, collections: tuple[str, ...]) -> dict[str, Any]:
    module = catalog.module(name, collections)
    fqcn = module.fqcn if module is not None else name
    options: Mapping[str, Option] = module.options if module is not None else {}
    if isinstance(value, MappingNode) and value_of(value) is not DYNAMIC:
        pairs = [(entry.name, entry.value) for entry in entries(value)]
        return {"call": (fqcn, _options(pairs, options), "")}
    if (isinstance(value, ScalarNode) and isinstance(value_of(value), str)) or value_of(value) is DYNAMIC:
        command = fqcn in freeform.COMMAND_MODULES
        taken = freeform.parse(str(value.value), command=command)
        strings = [(p.name, ScalarNode("tag:yaml.org,2002:str", p.value)) for p in taken.pairs]
        given = _options(strings, options)
        if command and taken.pairs and taken.raw:
            given["cmd"] = ("str", taken.raw)
            return {"call": (fqcn, given, "")}
        # Without options in it the string is handed on as it is, spaces and all.
        return {"call": (fqcn, given, taken.raw if taken.pairs else str(value.value))}
    return {"call": (fqcn, {}, "")} if is_null(value) else {"call": (fqcn, _plain(value), "")}


def _options(given: Iterable[tuple[str, Node]], options: Mapping[str, Option]) -> dict[str, Any]:
    said = {}
    for name, node in given:
        option = option_named(name, options)
        said[option.name if option else name] = _value(node, option)
    return said


def _value(node: Node, option: Option | None) -> Any:
    if option is None:
        return _plain(node)
    if isinstance(node, ScalarNode):
        value = value_of(node)
        word = str(node.value).strip().lower()
        if option.type == "bool" and value is not DYNAMIC and word in TRUE_WORDS | FALSE_WORDS:
            return ("bool", word in TRUE_WORDS)
        if option.type == "int" and isinstance(value, str) and re.fullmatch(r"-?\d+", word):
            return ("int", int(word))
        if option.name in {"mode", "directory_mode"}:
            if isinstance(value, int) and not isinstance(value, bool):
                return ("mode", value)
            if isinstance(value, str) and re.fullmatch(r"[0-7]+", word):
                return ("mode", int(word, 8))
    elif option.suboptions:
        if isinstance(node, MappingNode):
            return _options([(entry.name, entry.value) for entry in entries(node)], option.suboptions)
        return [_value(item, option) for item in node.value]
    return _plain(node)


def _condition(node: Node) -> Any:
    if isinstance(node, SequenceNode):
        return [_condition(item) for item in node.value]
    if isinstance(node, ScalarNode) and node.tag.endswith(":str"):
        braced = _BRACED.fullmatch(node.value)
        text = braced[1] if braced and "{{" not in braced[1] else node.value
        return ("condition", text.strip())
    return _plain(node)


def _plain(node: Node, depth: int = 0) -> Any:
    if isinstance(node, ScalarNode):
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        value = value_of(node)
        return (
            tag,
            value if tag in {"bool", "int", "float", "null"} and value is not DYNAMIC else node.value,
        )
    if depth > MAX_DEPTH:
        return "deep"
    if isinstance(node, SequenceNode):
        return [_plain(item, depth + 1) for item in node.value]
    if isinstance(node, MappingNode):
        pairs = [(_plain(key, depth + 1), _plain(value, depth + 1)) for key, value in node.value]
        return (node.tag, pairs)
    return node.tag


def _collections(node: MappingNode, around: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries(node):
        if entry.name == "collections":
            items = entry.value.value if isinstance(entry.value, SequenceNode) else (entry.value,)
            return tuple(item.value for item in items if isinstance(item, ScalarNode))
    return around
