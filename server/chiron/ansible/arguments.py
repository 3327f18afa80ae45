"""A task's arguments against its module's documentation: names, values, sub-options, demands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from yaml import MappingNode, Node, SequenceNode

from chiron.ansible.demands import RAW_NAMES, Holder, check_constraints, missing, option_named, shown
from chiron.ansible.load import DYNAMIC, Entry, Loaded, entries, has_jinja, value_of
from chiron.ansible.problems import Report
from chiron.ansible.spec import InCode
from chiron.ansible.spelling import nearest
from chiron.ansible.values import fits, misfits
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
    code: Callable[[], Mapping[str, tuple[InCode, ...]]] = dict


def check_arguments(arguments: Arguments, module: Module, report: Report, rules: Rules) -> None:
    """Reports everything about `arguments` that `module` would refuse."""
    owner = f"`{module.fqcn}`"
    canonical = _check_names(arguments.entries, module.options, report, rules, owner)
    given = set(canonical) | arguments.supplied | (RAW_NAMES if arguments.raw else set())
    holder = Holder(owner, arguments.at, module.options, canonical, frozenset(given))
    demanding = not rules.partial and not arguments.open
    if demanding:
        report_missing(holder, report, rules)
    check_constraints(holder, module.constraints, report, demanding=demanding)


def report_missing(holder: Holder, report: Report, rules: Rules) -> None:
    """Reports required options not given, unless the code, or what it hands over to, does without."""
    lacking = missing(holder)
    if rules.environment:
        lacking = [name for name in lacking if not _CREDENTIAL.search(name)]
    if lacking and rules.proxied:
        lacking = [] if any(_accepts(one, holder) for one in rules.proxied) else lacking
    if lacking:
        code = rules.code()
        lacking = [name for name in lacking if all(one.required for one in code.get(name, ()))]
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


def _check_names(
    given: Iterable[Entry], options: Mapping[str, Option], report: Report, rules: Rules, owner: str
) -> dict[str, Node]:
    canonical: dict[str, Node] = {}
    for entry in given:
        option = option_named(entry.name, options)
        if option is None:
            if not _is_taken(entry.name, rules):
                _report_unknown(entry, options, report, owner)
            continue
        canonical[option.name] = entry.value
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
                report.add(misfit.code, misfit.node, misfit.message, instead=misfit.instead)
        if option.suboptions:
            _check_suboptions(entry.value, option, report, rules)
    return canonical


def _code_takes(entry: Entry, rules: Rules) -> bool:
    return any(one.sure and fits(entry.value, one.option) for one in rules.code().get(entry.name, ()))


def _is_taken(name: str, rules: Rules) -> bool:
    """Whether a name that is not documented is taken all the same."""
    return (
        has_jinja(name)
        or any(option_named(name, module.options) is not None for module in rules.proxied)
        or name in rules.code()
    )


def _report_unknown(entry: Entry, options: Mapping[str, Option], report: Report, owner: str) -> None:
    names = [name for option in options.values() for name in (option.name, *option.aliases)]
    meant = nearest(entry.name, names)
    hint = f" Did you mean `{meant}`?" if meant else ""
    report.add("unknown-option", entry.key, f"{owner} has no option `{entry.name}`.{hint}", instead=meant)


def _check_suboptions(node: Node, option: Option, report: Report, rules: Rules) -> None:
    suboptions = option.suboptions or {}
    if option.type not in {"dict", "list"} or (
        option.type == "list" and option.elements not in {"dict", None}
    ):
        return
    strict = Rules(partial=rules.partial, environment=rules.environment, code=rules.code)
    owner = f"`{option.name}`"
    for mapping in _mappings(node):
        canonical = _check_names(entries(mapping), suboptions, report, strict, owner)
        holder = Holder(owner, mapping, suboptions, canonical, frozenset(canonical))
        if not rules.partial:
            report_missing(holder, report, strict)
        if option.constraints is not None:
            check_constraints(holder, option.constraints, report, demanding=not rules.partial)


def _mappings(node: Node) -> Iterator[MappingNode]:
    for item in node.value if isinstance(node, SequenceNode) else (node,):
        if isinstance(item, MappingNode) and value_of(item) is not DYNAMIC:
            yield item
