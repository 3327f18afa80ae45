"""Plays: their header, their roles, and the lists of tasks they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import DYNAMIC, Entry, entries, is_null, value_of
from chiron.ansible.validate import keywords
from chiron.ansible.validate.context import Context, scoped
from chiron.ansible.validate.tasks import check_keywords, check_tasks

TASK_LISTS: Final = ("pre_tasks", "tasks", "post_tasks", "handlers")
_IMPORTS: Final = frozenset(
    {"import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"}
)


def check_plays(node: Node, context: Context) -> None:
    """Reports on every play of a playbook."""
    if is_null(node):
        return
    if not isinstance(node, SequenceNode):
        # A file beside playbooks that holds something else was only taken for one.
        names = {entry.name for entry in entries(node)} if isinstance(node, MappingNode) else set()
        if names & {"hosts", "tasks", "roles", *_IMPORTS}:
            context.report.add("not-a-list", node, "A playbook is a list of plays: each begins with a dash.")
        return
    for item in node.value:
        if not isinstance(item, MappingNode):
            context.report.add("not-a-mapping", item, "A play is a mapping of keywords.")
            continue
        given = tuple(entries(item))
        names = {entry.name for entry in given}
        if names & _IMPORTS:
            plain = [entry for entry in given if entry.name not in _IMPORTS]
            check_keywords(plain, keywords.IMPORTED_PLAYBOOK, "imported playbook", context.report)
        else:
            _check_play(item, given, context)


def handler_names(lists: Sequence[Node]) -> frozenset[str]:
    """Names and `listen` topics of the handlers in these lists."""
    return frozenset(name for node in lists for name in _names(node, 0))


def _check_play(node: MappingNode, given: Sequence[Entry], context: Context) -> None:
    report = context.report
    check_keywords(given, keywords.PLAY, "play", report)
    if not context.partial and not any(entry.name == "hosts" for entry in given):
        report.add("missing-hosts", given[0].key if given else node, "This play has no `hosts`.")
    own = handler_names([entry.value for entry in given if entry.name == "handlers"])
    line = context.report.loaded.position(node.start_mark).line
    facts = context.facts_at(line) if context.facts_at is not None else context.facts
    inner = replace(scoped(given, context), facts=facts, own_handlers=context.own_handlers | own)
    for entry in given:
        if entry.name in TASK_LISTS and isinstance(entry.value, SequenceNode):
            check_tasks(entry.value, replace(inner, handlers=entry.name == "handlers"))
        elif entry.name == "roles" and isinstance(entry.value, SequenceNode):
            for role in entry.value.value:
                _check_role(role, context)


def _check_role(node: Node, context: Context) -> None:
    """A role is a name, or a mapping that names one; what is no keyword in it is a variable for the role."""
    if isinstance(node, ScalarNode) or value_of(node) is DYNAMIC:
        return
    if not isinstance(node, MappingNode):
        context.report.add("not-a-mapping", node, "A role is a name or a mapping.")
        return
    given = tuple(entries(node))
    known = [entry for entry in given if entry.name in keywords.ROLE]
    check_keywords(known, keywords.ROLE, "role", context.report)
    if not any(entry.name in {"role", "name", "src"} for entry in given):
        context.report.add("missing-required", node, "This entry names no `role`.")


def _names(node: Node, depth: int) -> Iterator[str]:
    if not isinstance(node, SequenceNode) or depth > 20:
        return
    for item in node.value:
        if not isinstance(item, MappingNode):
            continue
        for entry in entries(item):
            if entry.name == "name" and isinstance(entry.value, ScalarNode):
                yield entry.value.value
            elif entry.name == "listen":
                values = entry.value.value if isinstance(entry.value, SequenceNode) else [entry.value]
                yield from (value.value for value in values if isinstance(value, ScalarNode))
            elif entry.name in {"block", "rescue", "always"}:
                yield from _names(entry.value, depth + 1)
