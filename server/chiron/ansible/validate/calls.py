"""How a task calls its module: in a mapping, in a string, under `action`, with `args`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible import freeform
from chiron.ansible.load import DYNAMIC, Entry, entries, is_null, value_of
from chiron.ansible.validate.arguments import RAW_NAMES, Arguments, option_named
from chiron.ansible.validate.named import in_core
from chiron.ansible.validate.problems import Report
from chiron.ansible.validate.values import misfits
from chiron.records import Module


@dataclass(frozen=True, slots=True)
class Call:
    """A module as a task calls it."""

    name: str
    key: Node
    value: Node
    #: Found under `action` or `local_action`, where the module's name is part of the value.
    by_action: bool = False


def arguments_of(
    name: str,
    key: Node,
    value: Node,
    given: Sequence[Entry],
    module: Module,
    supplied: frozenset[str],
    report: Report,
) -> Arguments | None:
    """All arguments of a call, wherever in the task they stand; None where they are beyond reading."""
    found: list[Entry] = []
    raw, is_open = "", False
    if isinstance(value, MappingNode) and value_of(value) is not DYNAMIC:
        found.extend(entries(value))
    elif isinstance(value, ScalarNode) and not is_null(value):
        taken = _from_string(name, value, module, report)
        if taken is None:
            return None
        found.extend(taken[0])
        raw, is_open = taken[1], taken[2]
    elif value_of(value) is DYNAMIC:
        is_open = True
    elif isinstance(value, SequenceNode):
        report.add("wrong-type", key, f"`{name}` takes a mapping of options, not a list.")
        return None
    own = {entry.name for entry in found}
    for entry in given:
        if entry.name != "args":
            continue
        if isinstance(entry.value, MappingNode) and value_of(entry.value) is not DYNAMIC:
            found.extend(extra for extra in entries(entry.value) if extra.name not in own)
        elif value_of(entry.value) is DYNAMIC:
            is_open = True
        elif not is_null(entry.value):
            report.add("wrong-type", entry.value, "`args` takes a mapping.")
    return Arguments(key, tuple(found), raw, is_open, supplied)


def _from_string(
    name: str, value: ScalarNode, module: Module, report: Report
) -> tuple[list[Entry], str, bool] | None:
    """Options, bare rest and openness of arguments written in one string."""
    text = value.value
    if not isinstance(value_of(value), str) and value_of(value) is not DYNAMIC:
        report.add("wrong-type", value, f"`{name}` takes a mapping of options.")
        return None
    command = name in freeform.COMMAND_MODULES or module.fqcn in freeform.COMMAND_MODULES
    taken = freeform.parse(text, command=command)
    if taken.unbalanced:
        report.add("unbalanced", value, "A quote or a Jinja block is opened and not closed.")
        return None
    pairs = [_pair_entry(pair, value, report) for pair in taken.pairs]
    whole = taken.raw.startswith("{{") and not pairs
    takes_raw = module.free_form or command or in_core(module.fqcn) in freeform.RAW_ACTIONS
    if taken.raw and not takes_raw:
        if whole:
            return pairs, "", True
        report.add("free-form", value, f"`{name}` takes named options; `{taken.raw[:40]}` is none.")
        return pairs, "", True
    _check_raw_choice(taken.raw, value, module, report)
    return pairs, taken.raw, False


def _check_raw_choice(raw: str, value: ScalarNode, module: Module, report: Report) -> None:
    for name in RAW_NAMES:
        option = option_named(name, module.options)
        if raw and option is not None and option.choices:
            node = ScalarNode(value.tag, raw, value.start_mark, value.end_mark)
            for misfit in misfits(node, option):
                report.add(misfit.code, value, misfit.message, instead=misfit.instead)


def _pair_entry(pair: freeform.Pair, value: ScalarNode, report: Report) -> Entry:
    """A `k=v` pair as a key with its place in the text, where that can be found."""
    loaded = report.loaded
    start, end = value.start_mark.index + loaded.shift, value.end_mark.index + loaded.shift
    at = loaded.text.find(f"{pair.name}=", start, end)
    tag = "tag:yaml.org,2002:str"
    if at < 0 or (at > start and not (loaded.text[at - 1].isspace() or loaded.text[at - 1] in "\"'")):
        place = (value.start_mark, value.end_mark)
        return Entry(pair.name, ScalarNode(tag, pair.name, *place), ScalarNode(tag, pair.value, *place))
    first, last = _mark(loaded.text, at, value), _mark(loaded.text, at + len(pair.name), value)
    key = ScalarNode(tag, pair.name, first, last)
    begin = at + len(pair.name) + 1
    if loaded.text[begin : begin + 1] in {'"', "'"}:
        begin += 1
    stop = begin + len(pair.value)
    if loaded.text[begin:stop] != pair.value:
        return Entry(pair.name, key, ScalarNode(tag, pair.value, first, last))
    bounds = (_mark(loaded.text, begin, value), _mark(loaded.text, stop, value))
    return Entry(pair.name, key, ScalarNode(tag, pair.value, *bounds))


def _mark(text: str, at: int, inside: ScalarNode) -> yaml.Mark:
    """A mark at offset `at`, which lies within `inside`."""
    begin = inside.start_mark.index
    between = text[begin:at]
    n_lines = between.count("\n")
    column = at - (text.rfind("\n", begin, at) + 1) if n_lines else inside.start_mark.column + len(between)
    return yaml.Mark("", at, inside.start_mark.line + n_lines, column, None, 0)


def unpack_action(value: Node, report: Report) -> tuple[str, Node]:
    """The module under `action` or `local_action`, and its arguments."""
    if isinstance(value, MappingNode):
        parts = [entry for entry in entries(value) if entry.name == "module"]
        if not parts or not isinstance(parts[0].value, ScalarNode):
            report.add("missing-module", value, "`action` names no module.")
            return "", value
        name, rest = freeform.split_action(parts[0].value.value)
        if rest:
            return "", value
        left = [(key, node) for key, node in value.value if getattr(key, "value", None) != "module"]
        return name, MappingNode(value.tag, left, value.start_mark, value.end_mark, flow_style=False)
    if not isinstance(value, ScalarNode) or is_null(value):
        report.add("missing-module", value, "`action` names no module.")
        return "", value
    name, rest = freeform.split_action(value.value)
    return name, ScalarNode(
        "tag:yaml.org,2002:str" if rest else "tag:yaml.org,2002:null",
        rest,
        value.start_mark,
        value.end_mark,
    )
