"""What options demand of each other: required ones, and the constraints that stand only in code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yaml import Node

from chiron.ansible.load import DYNAMIC, has_jinja, is_null, value_of
from chiron.ansible.validate.problems import Report
from chiron.ansible.validate.values import TRUE_WORDS, is_boolean
from chiron.kept import kept
from chiron.records import Constraints, Option

#: Names under which modules document the bare string they take.
RAW_NAMES: Final = frozenset({"free_form", "free-form", "key_value", "_raw_params"})

#: An option that says so may come from the environment instead.
_FROM_ENVIRONMENT: Final = re.compile(
    r"environment[- ]variable|\benv(?:ironment)?[- ]var|\bE\(|\benvironment value|\benv\b.*\bfall ?back",
    re.IGNORECASE,
)
_ABSENT: Final = object()
_NONE: Final = Constraints()


@dataclass(frozen=True, slots=True)
class Holder:
    """A mapping of options: a module's arguments, or one with sub-options."""

    #: As messages call it.
    owner: str
    #: Where problems of the whole are shown.
    at: Node
    options: Mapping[str, Option]
    #: Values by the options' own names.
    values: Mapping[str, Node]
    #: Names of all that is given, wherever from.
    given: frozenset[str]

    def plain(self, names: Iterable[str]) -> list[str]:
        """The options' own names for `names`, which may be aliases."""
        found = ((name, option_named(name, self.options)) for name in names)
        return [option.name if option else name for name, option in found]

    def value(self, name: str) -> Any:
        """The option's value, its default where it is not given, `_ABSENT` where only the run will tell."""
        node = self.values.get(name)
        if node is not None:
            value = value_of(node)
            return _ABSENT if value is DYNAMIC or isinstance(value, Node) else value
        if name in self.given or name not in self.options:
            return _ABSENT
        return self.options[name].default


def option_named(name: str, options: Mapping[str, Option]) -> Option | None:
    """The option called `name`, by its name or an alias."""
    found = options.get(name)
    if found is not None:
        return found
    return next((option for option in options.values() if name in option.aliases), None)


def missing(holder: Holder) -> list[str]:
    """Names of required options that nothing gives."""
    found = []
    for name, option in holder.options.items():
        if not option.required or option.default is not None or may_be_elsewhere(option):
            continue
        if name in RAW_NAMES and holder.given & RAW_NAMES:
            continue
        node = holder.values.get(name)
        if name not in holder.given or (node is not None and is_null(node)):
            found.append(name)
    return found


def may_be_elsewhere(option: Option) -> bool:
    """Whether the option, or what it holds, may come from the environment, by its code or documentation."""
    if option.fallback or _speaks_of_environment(option.description):
        return True
    return any(may_be_elsewhere(one) for one in (option.suboptions or {}).values())


# Every candidate with a module asks the same of each of its options.
@kept(4096)
def _speaks_of_environment(description: str) -> bool:
    return _FROM_ENVIRONMENT.search(description) is not None


def _of_options(rules: Constraints, options: Mapping[str, Option]) -> Constraints:
    """The rules about names that are options here; others are about something the code has of its own."""

    def known(names: Iterable[str]) -> bool:
        return all(name in RAW_NAMES or option_named(name, options) is not None for name in names)

    return Constraints(
        tuple(group for group in rules.mutually_exclusive if known(group)),
        tuple(group for group in rules.required_together if known(group)),
        tuple(group for group in rules.required_one_of if known(group)),
        tuple(rule for rule in rules.required_if if known((rule[0], *rule[2]))),
        {name: needed for name, needed in rules.required_by.items() if known((name, *needed))},
    )


def check_constraints(holder: Holder, rules: Constraints, report: Report, *, demanding: bool) -> None:
    """Reports what `rules` do not allow together and, where `demanding`, what they ask for in vain."""
    if rules == _NONE:
        return
    rules = _of_options(rules, holder.options)
    sure = {name for name, node in holder.values.items() if not _may_be_absent(node)}
    for group in rules.mutually_exclusive:
        both = [name for name in dict.fromkeys(holder.plain(group)) if name in sure]
        if len(both) > 1:
            report.add("mutually-exclusive", holder.at, f"{shown(both, 'and')} cannot be given together.")
    if not demanding:
        return
    # What may be there satisfies a demand; so do a default and the environment.
    there = set(holder.given)
    if there & RAW_NAMES:
        there |= RAW_NAMES
    there |= {
        name
        for name, option in holder.options.items()
        if option.default is not None or (name not in there and may_be_elsewhere(option))
    }
    _check_groups(holder, rules, sure, there, report)
    _check_conditions(holder, rules, there, report)


def _check_groups(
    holder: Holder, rules: Constraints, sure: set[str], there: set[str], report: Report
) -> None:
    for group in rules.required_one_of:
        names = holder.plain(group)
        if not there.intersection(names):
            given = [name for name in names if name not in RAW_NAMES]
            report.add("required-one-of", holder.at, f"One of {shown(given, 'or')} must be given.")
    for group in rules.required_together:
        names = holder.plain(group)
        lacking = [name for name in names if name not in there]
        if lacking and sure.intersection(names):
            message = f"{shown(group, 'and')} are given together; {shown(lacking, 'and')} is missing."
            report.add("required-together", holder.at, message)
    for name, needed in rules.required_by.items():
        lacking = [other for other in holder.plain(needed) if other not in there]
        if lacking and sure.intersection(holder.plain((name,))):
            report.add("required-by", holder.at, f"`{name}` requires {shown(lacking, 'and')}.")


def _check_conditions(holder: Holder, rules: Constraints, there: set[str], report: Report) -> None:
    for name, wanted, needed, any_of in rules.required_if:
        if not _equals(holder.value(holder.plain((name,))[0]), wanted):
            continue
        names = holder.plain(needed)
        lacking = [other for other in names if other not in there]
        if lacking and (not any_of or len(lacking) == len(names)):
            value = str(wanted).lower() if isinstance(wanted, bool) else wanted
            message = f"With `{name}: {value}`, {shown(lacking, 'or' if any_of else 'and')} must be given."
            report.add("required-if", holder.at, message)


def _equals(value: object, wanted: object) -> bool:
    if value is _ABSENT or value is None:
        return False
    if isinstance(wanted, bool):
        return is_boolean(value) and (str(value).strip().lower() in TRUE_WORDS) is wanted
    return str(value) == str(wanted)


def _may_be_absent(node: Node) -> bool:
    """Whether the value may turn out not to be given: empty, or Jinja that mentions `omit`."""
    return is_null(node) or (isinstance(node.value, str) and "omit" in node.value and has_jinja(node.value))


def shown(names: Sequence[str], word: str) -> str:
    """Names as a message lists them."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"
