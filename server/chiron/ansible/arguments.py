"""A task's arguments against its module's documentation: names, values, sub-options, constraints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yaml import MappingNode, Node, SequenceNode

from chiron.ansible.load import DYNAMIC, Entry, entries, has_jinja, is_null, value_of
from chiron.ansible.problems import Report
from chiron.ansible.spelling import nearest
from chiron.ansible.values import is_boolean, misfits
from chiron.records import Constraints, Module, Option, Severity

#: Names under which modules document the bare string they take.
RAW_NAMES: Final = frozenset({"free_form", "free-form", "key_value", "_raw_params"})

#: An option that says so may come from the environment instead.
_FROM_ENVIRONMENT: Final = re.compile(
    r"environment[- ]variable|\benv(?:ironment)?[- ]var|\bE\(|\benvironment value|\benv\b.*\bfall ?back",
    re.IGNORECASE,
)
_ABSENT: Final = object()


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
    #: Tells of an unknown option whether it belongs to a module that this one hands over to.
    proxied: Callable[[str], bool] = lambda name: False
    #: Any further name is fine.
    any_name: bool = False


def check_arguments(arguments: Arguments, module: Module, report: Report, rules: Rules) -> None:
    """Reports everything about `arguments` that `module` would refuse."""
    options = module.options
    canonical = _check_names(arguments.entries, options, report, rules, owner=f"`{module.fqcn}`")
    if not rules.partial and not arguments.open:
        given = set(canonical) | arguments.supplied
        if arguments.raw:
            given |= RAW_NAMES
        missing = _missing(options, canonical, given)
        if missing:
            report.add(
                "missing-required", arguments.at, f"`{module.fqcn}` requires {_names(missing, 'and')}."
            )
    _check_constraints(arguments, canonical, module, report, demanding=not rules.partial)


def option_named(name: str, options: Mapping[str, Option]) -> Option | None:
    """The option called `name`, by its name or an alias."""
    found = options.get(name)
    if found is not None:
        return found
    return next((option for option in options.values() if name in option.aliases), None)


def _check_names(
    given: Iterable[Entry], options: Mapping[str, Option], report: Report, rules: Rules, owner: str
) -> dict[str, Node]:
    canonical: dict[str, Node] = {}
    for entry in given:
        option = option_named(entry.name, options)
        if option is None:
            if not (rules.any_name or has_jinja(entry.name) or rules.proxied(entry.name)):
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
        for misfit in misfits(entry.value, option):
            report.add(misfit.code, misfit.node, misfit.message, instead=misfit.instead)
        if option.suboptions:
            _check_suboptions(entry.value, option, report, rules)
    return canonical


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
    strict = Rules(partial=rules.partial)
    for mapping in _mappings(node):
        owner = f"`{option.name}`"
        canonical = _check_names(entries(mapping), suboptions, report, strict, owner)
        missing = [] if rules.partial else _missing(suboptions, canonical, set(canonical))
        if missing:
            report.add("missing-required", mapping, f"{owner} requires {_names(missing, 'and')}.")


def _mappings(node: Node) -> Iterator[MappingNode]:
    for item in node.value if isinstance(node, SequenceNode) else (node,):
        if isinstance(item, MappingNode) and value_of(item) is not DYNAMIC:
            yield item


def _missing(options: Mapping[str, Option], canonical: Mapping[str, Node], given: set[str]) -> list[str]:
    """Names of required options that nothing gives."""
    found = []
    for name, option in options.items():
        if not option.required or option.default is not None:
            continue
        if name in given:
            node = canonical.get(name)
            if node is None or not is_null(node):
                continue
        elif given & set(option.aliases):
            continue
        if name in RAW_NAMES and given & RAW_NAMES:
            continue
        if not from_environment(option):
            found.append(name)
    return found


def from_environment(option: Option) -> bool:
    """Whether the option's documentation says that an environment variable may supply it."""
    return _FROM_ENVIRONMENT.search(option.description) is not None


def _check_constraints(
    arguments: Arguments, canonical: Mapping[str, Node], module: Module, report: Report, *, demanding: bool
) -> None:
    rules = module.constraints
    options = module.options

    def plain(names: Sequence[str]) -> list[str]:
        found = ((name, option_named(name, options)) for name in names)
        return [option.name if option else name for name, option in found]

    sure = {name for name, node in canonical.items() if not _may_be_absent(node)}
    for group in rules.mutually_exclusive:
        both = [name for name in plain(group) if name in sure]
        if len(set(both)) > 1:
            report.add("mutually-exclusive", arguments.at, f"{_names(both, 'and')} cannot be given together.")
    if not demanding or arguments.open:
        return
    # What may be there satisfies a demand; so do a default and the environment.
    there = set(canonical) | arguments.supplied
    if arguments.raw:
        there |= RAW_NAMES
    there |= {name for name, option in options.items() if option.default is not None}
    there |= {name for name, option in options.items() if name not in there and from_environment(option)}
    _check_demands(rules, arguments, plain, sure, there, canonical, module, report)


def _check_demands(  # noqa: PLR0913, PLR0917 - one step of the function above, split for its length
    rules: Constraints,
    arguments: Arguments,
    plain: Callable[[Sequence[str]], list[str]],
    sure: set[str],
    there: set[str],
    canonical: Mapping[str, Node],
    module: Module,
    report: Report,
) -> None:
    for group in rules.required_one_of:
        if not set(plain(group)) & there:
            report.add("required-one-of", arguments.at, f"One of {_names(group, 'or')} must be given.")
    for group in rules.required_together:
        names = plain(group)
        missing = [name for name in names if name not in there]
        if missing and any(name in sure for name in names):
            message = f"{_names(group, 'and')} are given together; {_names(missing, 'and')} is missing."
            report.add("required-together", arguments.at, message)
    for name, needed in rules.required_by.items():
        missing = [other for other in plain(needed) if other not in there]
        if missing and plain((name,))[0] in sure:
            report.add("required-by", arguments.at, f"`{name}` requires {_names(missing, 'and')}.")
    for name, wanted, needed, any_of in rules.required_if:
        key = plain((name,))[0]
        if not _equals(_effective(key, canonical, arguments, module.options), wanted):
            continue
        names = plain(needed)
        missing = [other for other in names if other not in there]
        if missing and (not any_of or len(missing) == len(names)):
            word = "or" if any_of else "and"
            shown = str(wanted).lower() if isinstance(wanted, bool) else wanted
            message = f"With `{name}: {shown}`, {_names(missing, word)} must be given."
            report.add("required-if", arguments.at, message)


def _effective(
    name: str, canonical: Mapping[str, Node], arguments: Arguments, options: Mapping[str, Option]
) -> Any:
    node = canonical.get(name)
    if node is not None:
        value = value_of(node)
        return _ABSENT if value is DYNAMIC or isinstance(value, Node) else value
    if name in arguments.supplied or name not in options:
        return _ABSENT
    return options[name].default


def _equals(value: object, wanted: object) -> bool:
    if value is _ABSENT or value is None:
        return False
    if isinstance(wanted, bool):
        return (
            is_boolean(value)
            and (str(value).strip().lower() in {"y", "yes", "on", "1", "true", "t"}) is wanted
        )
    return str(value) == str(wanted)


def _may_be_absent(node: Node) -> bool:
    """Whether the value may turn out not to be given: empty, or Jinja that mentions `omit`."""
    return is_null(node) or (isinstance(node.value, str) and "omit" in node.value and has_jinja(node.value))


def _names(names: Iterable[str], word: str) -> str:
    shown = [f"`{name}`" for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}"
