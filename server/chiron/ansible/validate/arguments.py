"""A task's arguments against its module's documentation: names, values, sub-options, demands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from yaml import MappingNode, Node, SequenceNode

from chiron.ansible.catalog.spec import InCode
from chiron.ansible.load import DYNAMIC, Entry, Loaded, entries, has_jinja, value_of
from chiron.ansible.spelling import nearest
from chiron.ansible.validate.demands import RAW_NAMES, Holder, check_constraints, missing, option_named, shown
from chiron.ansible.validate.problems import Report
from chiron.ansible.validate.values import fits, misfits
from chiron.records import Module, Option, Severity

__all__ = ["RAW_NAMES", "Arguments", "Rules", "check_arguments", "option_named"]


#: Options that modules of cloud services take from the environment, documented or not.
_CREDENTIAL = re.compile(
    r"token|secret|passw|user|api_?key|access_?key|account|auth|cred|login|tenant|subscription|client_id|region"
    r"|organi[sz]ation|project|_url$|^url$|host",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a task hands its module, in whatever form it is written."""

    #: The module's key: where problems of the whole are shown.
    at: Node
    entries: tuple[Entry, ...] = ()
    #: The bare string, where one is given.
    raw: str = ""
    #: More may come at run time: `args: "{{ … }}"`.
    open: bool = False
    #: Options that `module_defaults` supplies.
    supplied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly arguments are looked at."""

    #: More is still to be written: nothing is demanded.
    partial: bool = False
    #: The modules that this one may hand its options over to.
    proxied: tuple[Module, ...] = ()
    #: The task sets environment variables, from which modules of cloud services take their credentials.
    environment: bool = False
    #: Options by name as the module's code has them; asked before a fault is told.
    code: Callable[[str], tuple[InCode, ...]] = lambda name: ()
    #: Whether it is a module for Windows.
    powershell: Callable[[], bool] = bool


def check_arguments(arguments: Arguments, module: Module, report: Report, rules: Rules) -> None:
    """Reports everything about `arguments` that `module` would refuse."""
    owner = f"`{module.fqcn}`"
    names = _check_names(arguments.entries, module.options, report, rules, owner)
    given = names.given | arguments.supplied | (RAW_NAMES if arguments.raw else frozenset())
    holder = Holder(owner, arguments.at, module.options, names.values, given)
    demanding = not rules.partial and not arguments.open
    if demanding and any(_accepts(one, holder) for one in rules.proxied):
        # What another module would take is only held to what excludes each other.
        demanding = False
    if demanding:
        report_missing(holder, report, rules)
    check_constraints(holder, module.constraints, report, demanding=demanding)


def report_missing(holder: Holder, report: Report, rules: Rules) -> None:
    """Reports required options that are not given, unless the code does without."""
    lacking = missing(holder)
    if rules.environment:
        lacking = [name for name in lacking if not _CREDENTIAL.search(name)]
    if lacking:
        lacking = [name for name in lacking if all(one.required for one in rules.code(name))]
    if lacking:
        report.add("missing-required", holder.at, f"{holder.owner} requires {shown(lacking, 'and')}.")


def _accepts(module: Module, holder: Holder) -> bool:
    """Whether the module that options are handed over to is content with those given."""
    values = {
        option.name: holder.values[name]
        for name in holder.values
        if (option := option_named(name, module.options)) is not None
    }
    other = Holder(holder.owner, holder.at, module.options, values, frozenset(values) | holder.given)
    trial = Report(Loaded("", None, ()))
    check_constraints(other, module.constraints, trial, demanding=True)
    return not missing(other) and not trial.problems


@dataclass(frozen=True, slots=True)
class _Names:
    """What was found under a mapping's keys."""

    #: Values by the options' own names.
    values: Mapping[str, Node]
    #: Options given, and those that a misspelt key was meant to give.
    given: frozenset[str]


def _check_names(
    entries_given: Iterable[Entry], options: Mapping[str, Option], report: Report, rules: Rules, owner: str
) -> _Names:
    values: dict[str, Node] = {}
    meant: set[str] = set()
    for entry in entries_given:
        option = option_named(entry.name, options)
        if option is None:
            if not _is_taken(entry.name, rules):
                meant |= _report_unknown(entry, options, report, owner)
            continue
        values[option.name] = entry.value
        if option.deprecated:
            report.add(
                "option-deprecated",
                entry.key,
                f"`{entry.name}` is deprecated: {option.deprecated}",
                severity=Severity.WARNING,
            )
        found = list(misfits(entry.value, option))
        if found and not _code_takes(entry, rules):
            for misfit in found:
                if misfit.only_case and rules.powershell():
                    continue
                report.add(misfit.code, misfit.node, misfit.message, instead=misfit.instead)
        if option.suboptions:
            _check_suboptions(entry.value, option, report, rules)
    return _Names(values, frozenset(values) | meant)


def _code_takes(entry: Entry, rules: Rules) -> bool:
    """Whether the value fits the option as the code has it."""
    return any(one.sure and fits(entry.value, one.option) for one in rules.code(entry.name))


def _is_taken(name: str, rules: Rules) -> bool:
    """Whether a name that is not documented is taken all the same."""
    return (
        has_jinja(name)
        or any(option_named(name, module.options) is not None for module in rules.proxied)
        or bool(rules.code(name))
    )


def _report_unknown(entry: Entry, options: Mapping[str, Option], report: Report, owner: str) -> set[str]:
    """Reports a name nobody knows; the option that was meant, where that can be told."""
    names = [name for option in options.values() for name in (option.name, *option.aliases)]
    meant = nearest(entry.name, names)
    hint = f" Did you mean `{meant}`?" if meant else ""
    report.add("unknown-option", entry.key, f"{owner} has no option `{entry.name}`.{hint}", instead=meant)
    option = option_named(meant, options) if meant else None
    return {option.name} if option is not None else set()


def _check_suboptions(node: Node, option: Option, report: Report, rules: Rules) -> None:
    suboptions = option.suboptions or {}
    if option.type not in {"dict", "list"} or (
        option.type == "list" and option.elements not in {"dict", None}
    ):
        return
    strict = replace(rules, proxied=())
    owner = f"`{option.name}`"
    for mapping in _mappings(node):
        names = _check_names(entries(mapping), suboptions, report, strict, owner)
        holder = Holder(owner, mapping, suboptions, names.values, names.given)
        if not rules.partial:
            report_missing(holder, report, strict)
        if option.constraints is not None:
            check_constraints(holder, option.constraints, report, demanding=not rules.partial)


def _mappings(node: Node) -> Iterator[MappingNode]:
    for item in node.value if isinstance(node, SequenceNode) else (node,):
        if isinstance(item, MappingNode) and value_of(item) is not DYNAMIC:
            yield item
