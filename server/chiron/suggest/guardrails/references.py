"""Names a task refers to that nobody gives: variables, hosts. Values are never looked at, only names.

Where a project is not wholly known, absence proves nothing and nothing is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from yaml import MappingNode, ScalarNode

from chiron.ansible.load import Entry, entries, has_jinja
from chiron.kept import kept
from chiron.records import Candidate, Expects, Withheld
from chiron.suggest.guardrails.check import Check, entry_named, is_inserted, leaves, withheld, written_tasks

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

#: Longer expressions are not taken apart; the longest in the public repositories has 2,600 characters.
MAX_EXPRESSION: Final = 8_000
#: Keywords whose value is an expression without braces.
_CONDITIONS: Final = frozenset({"when", "until", "failed_when", "changed_when", "break_when", "that"})

#: What Ansible always gives a template (special variables of its documentation, and its globals).
ALWAYS_THERE: Final = frozenset(
    """
    ansible_facts environment group_names groups hostvars inventory_dir inventory_file inventory_hostname
    inventory_hostname_short module_name omit play_hosts playbook_dir role_name role_names role_path vars
    lookup query q now undef range dict lipsum cycler joiner namespace loop self caller varargs kwargs
    true false none True False None
    """.split()  # noqa: SIM905 - a column of quoted names would not be easier to read
)
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1", "all", "ungrouped"})


def referenced(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate, if every variable and host it names is within reach or made by the task itself."""
    facts = check.facts
    scope = check.request.scope
    if not facts.complete or scope.expects in {Expects.FRAGMENT, Expects.EDITS, Expects.PROSE}:
        return candidate
    loaded, tasks = written_tasks(candidate.text, scope)
    made: set[str] = set()
    for task in tasks:
        given = tuple(entries(task))
        known = made | own_variables(given)
        for name, node in used_variables(task):
            there = name in known or name in facts.variables or is_always_there(name)
            if not there and is_inserted(node, candidate.text, scope, loaded):
                return withheld(
                    candidate, "unknown-reference", f"No variable `{name}` is within reach of this task."
                )
        for name, node in used_hosts(given):
            there = not facts.hosts or name in facts.hosts or name in _HERE or name in made
            if not there and is_inserted(node, candidate.text, scope, loaded):
                return withheld(candidate, "unknown-reference", f"No host or group `{name}` is known.")
        made |= made_for_later(given)
    return candidate


def is_always_there(name: str) -> bool:
    """Whether Ansible itself, or fact gathering, provides the variable."""
    return name in ALWAYS_THERE or name.startswith("ansible_")


def own_variables(given: Sequence[Entry]) -> set[str]:
    """Variables that a task gives itself: its loop's, its `vars`, what it registers."""
    names: set[str] = set()
    if any(entry.name == "loop" or entry.name.startswith("with_") for entry in given):
        names |= {"item", "ansible_loop"}
    control = entry_named(given, "loop_control")
    if control is not None and isinstance(control.value, MappingNode):
        for entry in entries(control.value):
            if entry.name in {"loop_var", "index_var"} and isinstance(entry.value, ScalarNode):
                names.add(entry.value.value)
    return names | made_for_later(given) | _keys_under(given, "vars")


def made_for_later(given: Sequence[Entry]) -> set[str]:
    """Variables that the tasks after this one can use."""
    names: set[str] = set()
    register = entry_named(given, "register")
    if register is not None and isinstance(register.value, ScalarNode):
        names.add(register.value.value)
    for entry in given:
        short = entry.name.rpartition(".")[2]
        if short == "set_fact":
            names |= _keys_under(given, entry.name)
        elif short == "add_host" and isinstance(entry.value, MappingNode):
            names |= {
                node.value
                for key, node in leaves(entry.value)
                if key in {"name", "hostname", "host", "groups", "group", "groupname"}
            }
    return names


def used_variables(task: MappingNode) -> Iterator[tuple[str, ScalarNode]]:
    """Variables that the task's expressions read, each with the scalar it stands in."""
    for key, node in leaves(task):
        text = node.value
        if node.tag == "!unsafe" or not isinstance(text, str) or len(text) > MAX_EXPRESSION:
            continue
        if (key in _CONDITIONS and not has_jinja(text) and node.tag.endswith(":str")) or (
            key == "var" and not has_jinja(text)
        ):
            text = f"{{{{ {text} }}}}"
        if has_jinja(text):
            for name in sorted(free_names(text)):
                yield name, node


@kept(512)
def free_names(text: str) -> frozenset[str]:
    """Names that a template needs: it reads them, does not set them, and has no default for them.

    Empty where it cannot be parsed.
    """
    from jinja2 import TemplateError
    from jinja2 import nodes as jinja

    if _nesting(text) > 50:
        return frozenset()
    try:
        tree = _environment().parse(text)
    except (TemplateError, RecursionError, ValueError):
        return frozenset()
    loaded: set[str] = set()
    stored: set[str] = set()
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        children = list(node.iter_child_nodes())
        if isinstance(node, jinja.Name):
            (loaded if node.ctx == "load" else stored).add(node.name)
        elif isinstance(node, jinja.Macro):
            stored.add(node.name)
        elif isinstance(node, jinja.Filter) and node.name in {"default", "d"}:
            # What has a default may be missing, and something sensible still happens.
            children = [child for child in children if child is not node.node or not _is_path(child)]
        waiting.extend(children)
    return frozenset(loaded - stored)


def _is_path(node: nodes.Node) -> bool:
    """Whether an expression is a variable, or something below one: `a`, `a.b`, `a['b']`."""
    from jinja2 import nodes as jinja

    while isinstance(node, jinja.Getattr | jinja.Getitem):
        node = node.node
    return isinstance(node, jinja.Name)


def used_hosts(given: Sequence[Entry]) -> Iterator[tuple[str, ScalarNode]]:
    """Hosts and groups that a task names outright: `delegate_to`, `groups['web']`, `hostvars['db1']`."""
    for entry in given:
        if entry.name == "delegate_to" and isinstance(entry.value, ScalarNode):
            name = entry.value.value
            if name and not has_jinja(name) and not re.fullmatch(r"[\d.:]+", name):
                yield name, entry.value
        for _, node in leaves(entry.value, entry.name):
            if isinstance(node.value, str) and len(node.value) <= MAX_EXPRESSION:
                for found in re.finditer(r"\b(?:groups|hostvars)\[(['\"])([^'\"{}]+)\1\]", node.value):
                    yield found[2], node


def _keys_under(given: Sequence[Entry], name: str) -> set[str]:
    entry = entry_named(given, name)
    if entry is None:
        return set()
    if isinstance(entry.value, MappingNode):
        return {inner.name for inner in entries(entry.value)}
    if isinstance(entry.value, ScalarNode) and isinstance(entry.value.value, str):
        return set(re.findall(r"(?:^|\s)([A-Za-z_]\w*)=", entry.value.value))
    return set()


@cache
def _environment() -> Environment:
    # Jinja is a part of every Ansible; it is imported when the first expression is looked at.
    from jinja2 import Environment

    return Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True)


def _nesting(text: str) -> int:
    """The deepest nesting of brackets, from above: Jinja's parser recurses at each."""
    deepest = depth = 0
    for char in text:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth = max(0, depth - 1)
    return deepest
