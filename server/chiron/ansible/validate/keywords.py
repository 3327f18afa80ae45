"""The keywords of plays, blocks, tasks and handlers, and what each takes.

From the field attributes of ansible-core 2.19 (`ansible.playbook.*`). Keywords rarely change: one that
a later core adds is refused until this table is brought up to it, one it drops is still accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import DYNAMIC, entries, is_null, value_of
from chiron.ansible.spelling import nearest
from chiron.ansible.validate.values import is_boolean, is_integer, is_number

#: Kinds of value: `bool`, `int`, `float`, `percent`, `str`, `strings` (one or a list), `mapping`,
#: `condition`, `tasks`, `list` or `any`.
_BASE: Final = {
    "any_errors_fatal": "bool",
    "become": "bool",
    "become_exe": "str",
    "become_flags": "str",
    "become_method": "str",
    "become_user": "str",
    "check_mode": "bool",
    "collections": "strings",
    "connection": "str",
    "debugger": "str",
    "diff": "bool",
    "environment": "any",
    "ignore_errors": "bool",
    "ignore_unreachable": "bool",
    "module_defaults": "any",
    "name": "str",
    "no_log": "bool",
    "port": "int",
    "remote_user": "str",
    "run_once": "bool",
    "tags": "strings",
    "throttle": "int",
    "timeout": "int",
    "vars": "mapping",
}
_REACHING: Final = {"delegate_facts": "bool", "delegate_to": "str", "notify": "strings", "when": "condition"}

PLAY: Final[Mapping[str, str]] = _BASE | {
    "fact_path": "str",
    "force_handlers": "bool",
    "gather_facts": "bool",
    "gather_subset": "strings",
    "gather_timeout": "int",
    "handlers": "tasks",
    "hosts": "strings",
    "max_fail_percentage": "percent",
    "order": "str",
    "post_tasks": "tasks",
    "pre_tasks": "tasks",
    "roles": "list",
    "serial": "any",
    "strategy": "str",
    "tasks": "tasks",
    "user": "str",
    "vars_files": "any",
    "vars_prompt": "list",
}
IMPORTED_PLAYBOOK: Final[Mapping[str, str]] = _BASE | {"when": "condition"}
BLOCK: Final[Mapping[str, str]] = _BASE | _REACHING | {"always": "tasks", "block": "tasks", "rescue": "tasks"}
_TASK: Final = (
    _BASE
    | _REACHING
    | {
        "action": "any",
        "args": "any",
        "async": "int",
        "changed_when": "condition",
        "delay": "float",
        "failed_when": "condition",
        "local_action": "any",
        "loop": "loop",
        "loop_control": "loop_control",
        "poll": "int",
        "register": "variable",
        "retries": "int",
        "until": "condition",
    }
)
TASK: Final[Mapping[str, str]] = _TASK
HANDLER: Final[Mapping[str, str]] = _TASK | {"listen": "strings"}
ROLE: Final[Mapping[str, str]] = _BASE | _REACHING | {"role": "str", "name": "str"}

LOOP_CONTROL: Final[Mapping[str, str]] = {
    "break_when": "condition",
    "extended": "bool",
    "extended_allitems": "bool",
    "index_var": "variable",
    "label": "any",
    "loop_var": "variable",
    "pause": "float",
}

#: What `include_tasks` and `include_role` take of a task's keywords; the rest goes under `apply`.
ON_INCLUDE: Final = frozenset(
    {
        "action", "args", "collections", "debugger", "ignore_errors", "loop", "loop_control", "name",
        "no_log", "register", "run_once", "tags", "timeout", "vars", "when",
    }
)  # fmt: skip

CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "debugger": frozenset({"always", "never", "on_failed", "on_unreachable", "on_skipped"}),
    "order": frozenset({"inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle"}),
}

#: Keywords that were removed long ago and still stand in what people (and models) learned from.
REPLACED: Final[Mapping[str, str]] = {
    "sudo": "become",
    "sudo_user": "become_user",
    "su": "become",
    "su_user": "become_user",
    "always_run": "check_mode",
    "first_available_file": "with_first_found",
}

#: Lookups that `with_…` may name without a collection: core's own, and those it redirects.
LOOKUPS: Final = frozenset(
    """
    config csvfile dict env file fileglob first_found indexed_items ini inventory_hostnames items lines list
    nested password pipe random_choice sequence subelements template together unvault url varnames vars
    avi aws_account_attribute aws_secret aws_service_ip_ranges aws_ssm cartesian chef_databag conjur_variable
    consul_kv cpm_metering cpm_status credstash cyberarkpassword dig dnstxt etcd filetree flattened
    gcp_storage_file grafana_dashboard hashi_vault hiera k8s keyring laps_password lastpass lmdb_kv manifold
    mongodb nios nios_next_ip nios_next_network onepassword onepassword_raw openshift passwordstore rabbitmq
    redis shelvefile skydive
    """.split()  # noqa: SIM905 - sixty quoted names in a column would not be easier to read
)

#: Words of Jinja and Python that no variable may be called.
_NO_VARIABLE: Final = frozenset(
    """
    False None True and as assert async await break class continue def del elif else except finally for from
    global if import in is lambda nonlocal not or pass raise return try while with yield true false none
    """.split()  # noqa: SIM905 - as above
)


def is_variable_name(name: str) -> bool:
    """Whether a variable may be called `name`."""
    return name.isascii() and name.isidentifier() and name not in _NO_VARIABLE


def keyword_misfits(name: str, kind: str, node: Node) -> Iterator[tuple[str, str, Node]]:
    """What keeps `node` from being a value of the keyword: code, message and place."""
    value = value_of(node)
    if value is None and kind in {"loop"}:
        yield "wrong-type", f"`{name}` has no value.", node
        return
    if value is DYNAMIC and kind != "variable":
        return
    if value is None:
        return
    check = _CHECKS.get(kind)
    if check is not None:
        wanted = check(value)
        if wanted:
            yield "wrong-type", f"`{name}` takes {wanted}.", node
            return
    if kind == "variable":
        yield from _variable(name, node)
    elif kind == "loop_control":
        yield from _loop_control(node)
    elif name in CHOICES and isinstance(value, str) and value not in CHOICES[name]:
        yield "wrong-choice", f"`{name}` takes {', '.join(sorted(CHOICES[name]))}.", node
    elif name == "vars" and isinstance(node, MappingNode):
        for entry in entries(node):
            if not is_variable_name(entry.name):
                yield "bad-variable-name", f"`{entry.name}` cannot be the name of a variable.", entry.key


def misspelt(name: str, known: Mapping[str, str]) -> str | None:
    """The keyword that `name` was meant to be, where that can be told."""
    return REPLACED.get(name) or nearest(name, known)


def _variable(name: str, node: Node) -> Iterator[tuple[str, str, Node]]:
    if not isinstance(node, ScalarNode):
        yield "wrong-type", f"`{name}` takes the name of a variable.", node
    elif not is_null(node) and not is_variable_name(node.value):
        # `loop_var` may be templated, `register` never is.
        if name != "register" and value_of(node) is DYNAMIC:
            return
        yield "bad-variable-name", f"`{node.value}` cannot be the name of a variable.", node


def _loop_control(node: Node) -> Iterator[tuple[str, str, Node]]:
    if not isinstance(node, MappingNode):
        return
    for entry in entries(node):
        kind = LOOP_CONTROL.get(entry.name)
        if kind is None:
            meant = nearest(entry.name, LOOP_CONTROL)
            hint = f"; did you mean `{meant}`?" if meant else "."
            yield "unknown-keyword", f"`loop_control` has no `{entry.name}`{hint}", entry.key
        else:
            yield from keyword_misfits(entry.name, kind, entry.value)


def _wants(check: Callable[[object], bool], wanted: str) -> Callable[[object], str]:
    return lambda value: "" if check(value) else wanted


def _is_percent(value: object) -> bool:
    return is_number(value.replace("%", "") if isinstance(value, str) else value)


def _is_scalar(value: object) -> bool:
    return not isinstance(value, Node)


def _is_strings(value: object) -> bool:
    if isinstance(value, SequenceNode):
        return all(isinstance(item, ScalarNode) for item in value.value)
    return not isinstance(value, Node)


def _is_condition(value: object) -> bool:
    if isinstance(value, SequenceNode):
        return all(isinstance(item, ScalarNode) for item in value.value)
    return not isinstance(value, MappingNode)


#: Each returns what the keyword takes where the value is not that, "" where it fits.
_CHECKS: Final[dict[str, Callable[[object], str]]] = {
    "bool": _wants(is_boolean, "a boolean"),
    "int": _wants(is_integer, "a whole number"),
    "float": _wants(is_number, "a number"),
    "percent": _wants(_is_percent, "a percentage"),
    "str": _wants(_is_scalar, "a string"),
    "strings": _wants(_is_strings, "a string or a list of strings"),
    "mapping": _wants(lambda value: isinstance(value, MappingNode), "a mapping"),
    "condition": _wants(_is_condition, "a condition or a list of conditions"),
    "tasks": _wants(lambda value: isinstance(value, SequenceNode), "a list of tasks"),
    "list": _wants(lambda value: isinstance(value, SequenceNode), "a list"),
    "loop": _wants(lambda value: isinstance(value, SequenceNode), "a list, or an expression that is one"),
    "loop_control": _wants(lambda value: isinstance(value, MappingNode), "a mapping"),
}

__all__ = [
    "BLOCK",
    "HANDLER",
    "IMPORTED_PLAYBOOK",
    "LOOKUPS",
    "LOOP_CONTROL",
    "ON_INCLUDE",
    "PLAY",
    "REPLACED",
    "ROLE",
    "TASK",
    "is_variable_name",
    "keyword_misfits",
    "misspelt",
]
