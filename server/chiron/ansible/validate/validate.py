"""Task, block, handler, play: text -> list of problems. It never raises, and never imports Ansible.

What is checked against is what is installed here, through the catalog. What cannot be known is not held
against anybody: Jinja, modules of collections that are not installed, options that come from
`module_defaults` or the environment, arguments that only the run supplies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import KNOWN_TAGS, Loaded, duplicates, is_bare_jinja, load
from chiron.ansible.validate.context import Context, surrounded
from chiron.ansible.validate.plays import check_plays, handler_names
from chiron.ansible.validate.problems import CODES, Report
from chiron.ansible.validate.tasks import check_tasks
from chiron.records import Facts, FileKind, Fix, Position, Problem, Range, Severity

__all__ = ["CODES", "validate_file", "validate_tasks"]

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

_BARE = "A value that begins with `{{` must be quoted."
_BARE_VALUE = re.compile(r"(?:^|\s)[\w.-]+:\s+(\{\{.*?\}\}[^#]*?)\s*$")
#: Kinds that are YAML without tasks: looked at for syntax, duplicate keys and bare Jinja only.
_PLAIN_YAML = frozenset(
    {FileKind.VARS, FileKind.META, FileKind.ARGUMENT_SPECS, FileKind.REQUIREMENTS, FileKind.GALAXY}
)


def validate_tasks(
    text: str,
    catalog: Catalog,
    *,
    facts: Facts | None = None,
    handlers: bool = False,
    partial: bool = False,
    above: str = "",
) -> list[Problem]:
    """Problems of a YAML list of tasks (at any indentation), in the order of the text.

    `partial` tells that the text is still being written: nothing is demanded that is not there. With `facts`,
    handlers, templates and files that nobody has are problems too. `above` is the file's text down to the
    tasks: the keywords of plays and blocks that are open there count (`collections`, `module_defaults`).
    """
    loaded = load(text)
    report = _explained(loaded)
    if loaded.root is not None:
        _check_yaml(loaded.root, report)
        own = handler_names([loaded.root]) if handlers else frozenset()
        context = Context(catalog, report, facts, handlers=handlers, partial=partial, own_handlers=own)
        column = loaded.position(loaded.root.start_mark).column
        check_tasks(loaded.root, surrounded(context, above, column) if above else context)
    return _in_order(report)


def validate_file(
    text: str,
    kind: FileKind,
    catalog: Catalog,
    facts: Facts | Callable[[int], Facts] | None = None,
) -> list[Problem]:
    """Problems of a whole file of this kind, in the order of the text; none where the kind says nothing.

    What is within reach differs from play to play: for a playbook `facts` should be a function of the line.
    """
    facts_at = facts if callable(facts) else None
    of_file = facts(0) if callable(facts) else facts
    if kind in {FileKind.TASKS, FileKind.HANDLERS}:
        return validate_tasks(text, catalog, facts=of_file, handlers=kind is FileKind.HANDLERS)
    if kind is not FileKind.PLAYBOOK and kind not in _PLAIN_YAML:
        return []
    loaded = load(text)
    report = _explained(loaded)
    if loaded.root is not None:
        _check_yaml(loaded.root, report)
        if kind is FileKind.PLAYBOOK:
            check_plays(loaded.root, Context(catalog, report, of_file, facts_at))
    return _in_order(report)


def _check_yaml(root: Node, report: Report) -> None:
    """Reports what is wrong whatever the YAML is for."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.tag.startswith("!") and node.tag not in KNOWN_TAGS:
            message = f"Ansible knows no tag `{node.tag}`."
            report.add("unknown-tag", node, message, severity=Severity.WARNING)
        if is_bare_jinja(node):
            _report_bare_jinja(node, report)
        elif isinstance(node, MappingNode):
            for key in duplicates(node):
                report.add("duplicate-key", key, f"`{key.value}` stands twice; only the last one counts.")
            for key, value in node.value:
                if not isinstance(key, ScalarNode):
                    waiting.append(key)
                waiting.append(value)
        elif isinstance(node, SequenceNode):
            waiting.extend(node.value)


def _explained(loaded: Loaded) -> Report:
    """A sheet with the loading's problems; a syntax error that bare Jinja makes is told as what it is."""
    report = Report(loaded)
    for number, problem in enumerate(report.problems):
        lines = loaded.text.splitlines()
        at = problem.range.start.line
        for line in range(min(at, len(lines) - 1), max(-1, at - 3), -1):
            found = _BARE_VALUE.search(lines[line])
            if problem.code == "yaml-syntax" and found:
                where = Range(Position(line, found.start(1)), Position(line, found.end(1)))
                value = found[1]
                quote = "'" if '"' in value else '"'
                exact = quote not in value and "\\" not in value
                fix = Fix("Quote the value", ((where, f"{quote}{value}{quote}"),)) if exact else None
                report.problems[number] = Problem("unquoted-jinja", _BARE, where, fix=fix)
                break
    return report


def _report_bare_jinja(node: Node, report: Report) -> None:
    loaded = report.loaded
    source = loaded.source_of(node)
    fix = None
    if source.startswith("{{") and source.endswith("}}") and "\n" not in source and _ends_line(loaded, node):
        quote = "'" if '"' in source else '"'
        if quote not in source and "\\" not in source:
            start = loaded.position(node.start_mark)
            where = Range(start, Position(start.line, start.column + len(source)))
            fix = Fix("Quote the expression", ((where, f"{quote}{source}{quote}"),))
    report.add_with_fix("unquoted-jinja", node, _BARE, fix)


def _ends_line(loaded: Loaded, node: Node) -> bool:
    rest = loaded.text[node.end_mark.index + loaded.shift :].split("\n", 1)[0].strip()
    return not rest or rest.startswith("#")


def _in_order(report: Report) -> list[Problem]:
    return sorted(report.problems, key=lambda problem: (problem.range.start, problem.code))
