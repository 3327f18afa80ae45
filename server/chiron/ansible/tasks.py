"""Tasks, handlers and blocks: which module, which keywords, which arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible import freeform, keywords
from chiron.ansible.arguments import RAW_NAMES, Arguments, Rules, check_arguments, option_named
from chiron.ansible.load import DYNAMIC, MAX_DEPTH, Entry, entries, has_jinja, is_null, value_of
from chiron.ansible.problems import Report
from chiron.ansible.references import check_references
from chiron.ansible.spec import is_powershell, options_in_code
from chiron.ansible.spelling import nearest
from chiron.ansible.values import misfits
from chiron.records import Facts, Module, Severity

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog

#: Actions that hand over to another module, and whose options they therefore take as well. The names are
#: those the actions choose among (`plugins/action/service.py`, `package.py`, `gather_facts.py`; the package
#: managers from `module_utils/facts/system/pkg_mgr.py`).
PROXIES: Final[Mapping[str, tuple[str, ...]]] = {
    "ansible.builtin.service": ("systemd_service", "systemd", "sysvinit", "openwrt_init"),
    "ansible.builtin.package": (
        "apt", "dnf", "dnf5", "yum", "zypper", "urpmi", "pacman", "opkg", "pkgin", "macports", "homebrew",
        "apk", "pkgng", "swdepot", "portage", "svr4pkg", "pkg5", "xbps", "swupd", "sorcery", "installp",
        "openbsd_pkg", "apt_rpm", "rhel_rpm_ostree", "rpm_ostree_pkg", "slackpkg",
    ),
    "ansible.builtin.gather_facts": ("setup",),
}  # fmt: skip

_INCLUDES: Final = frozenset({"ansible.builtin.include_tasks", "ansible.builtin.include_role"})
_IMPORTS: Final = frozenset({"ansible.builtin.import_tasks", "ansible.builtin.import_role"})
_BUILTIN: Final = "ansible.builtin."
_LEGACY: Final = "ansible.legacy."


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for a list of tasks: the catalog, the project's facts and what plays and blocks set."""

    catalog: Catalog
    report: Report
    facts: Facts | None = None
    #: What is in reach differs from play to play: the facts for a line.
    facts_at: Callable[[int], Facts] | None = None
    handlers: bool = False
    partial: bool = False
    collections: tuple[str, ...] = ()
    #: `module_defaults` in force, outermost first: module or `group/…` and its options.
    defaults: tuple[tuple[str, frozenset[str]], ...] = ()
    #: A play, block or task around sets `environment`.
    environment: bool = False
    #: Handlers that the same file defines.
    own_handlers: frozenset[str] = field(default=frozenset())


def check_tasks(node: Node, context: Context, depth: int = 0) -> None:
    """Reports on every task of a list of tasks."""
    if is_null(node):
        return
    if not isinstance(node, SequenceNode):
        if value_of(node) is not DYNAMIC:
            context.report.add("not-a-list", node, "Tasks stand in a list: each begins with a dash.")
        return
    for item in node.value:
        check_task(item, context, depth)


def check_task(node: Node, context: Context, depth: int = 0) -> None:
    """Reports on one task, handler or block."""
    # Aliases can make a small text stand for an endless one: what stands in two places is looked at once.
    if depth > MAX_DEPTH or not context.report.is_new(node):
        return
    if not isinstance(node, MappingNode):
        what = "Nothing" if is_null(node) else "No mapping"
        context.report.add("not-a-mapping", node, f"{what} where a task was expected.")
        return
    given = tuple(entries(node))
    names = {entry.name for entry in given}
    inner = scoped(given, context)
    if names & {"block", "rescue", "always"}:
        _check_block(node, given, inner, depth)
    else:
        _check_plain(node, given, inner)
    if context.facts is not None:
        check_references(given, context.facts, context.own_handlers, context.report)


def scoped(given: Sequence[Entry], context: Context) -> Context:
    """`context` with what a play's, block's or task's own keywords add to it."""
    collections, defaults = context.collections, context.defaults
    for entry in given:
        if entry.name == "collections":
            items = entry.value.value if isinstance(entry.value, SequenceNode) else (entry.value,)
            collections = tuple(item.value for item in items if isinstance(item, ScalarNode))
        elif entry.name == "module_defaults":
            maps = entry.value.value if isinstance(entry.value, SequenceNode) else (entry.value,)
            for one in maps:
                if isinstance(one, MappingNode):
                    defaults += tuple((e.name, _option_names(e.value)) for e in entries(one))
    environment = context.environment or any(entry.name == "environment" for entry in given)
    now = (collections, defaults, environment)
    if now == (context.collections, context.defaults, context.environment):
        return context
    return replace(context, collections=collections, defaults=defaults, environment=environment)


def check_keywords(given: Sequence[Entry], known: Mapping[str, str], what: str, report: Report) -> None:
    """Reports keywords that are none of `known`, and values that do not fit those that are."""
    for entry in given:
        kind = known.get(entry.name)
        if kind is None:
            meant = keywords.misspelt(entry.name, known)
            hint = f" Did you mean `{meant}`?" if meant else ""
            message = f"`{entry.name}` is no keyword of a {what}.{hint}"
            report.add("unknown-keyword", entry.key, message, instead=meant)
            continue
        for code, message, node in keywords.keyword_misfits(entry.name, kind, entry.value):
            report.add(code, node, message)


def _check_block(node: MappingNode, given: Sequence[Entry], context: Context, depth: int) -> None:
    report = context.report
    check_keywords(given, keywords.BLOCK, "block", report)
    if not any(entry.name == "block" for entry in given) and not context.partial:
        report.add("unknown-keyword", given[0].key, "`rescue` and `always` need a `block`.")
    for entry in given:
        if entry.name in {"block", "rescue", "always"} and isinstance(entry.value, SequenceNode):
            check_tasks(entry.value, context, depth + 1)


def _check_plain(node: MappingNode, given: Sequence[Entry], context: Context) -> None:
    report = context.report
    known = keywords.HANDLER if context.handlers else keywords.TASK
    what = "handler" if context.handlers else "task"
    loops = [entry for entry in given if entry.name.startswith("with_")]
    others = [
        entry
        for entry in given
        if entry.name not in known and entry not in loops and not has_jinja(entry.name)
    ]
    module, strangers = _find_module(others, given, context)
    plain = [entry for entry in given if entry.name in known]
    check_keywords([*plain, *strangers], known, what, report)
    _check_loops(loops, given, report)
    if module is None:
        # With keywords nobody knows, one of those is likely the module; it has been told.
        if not context.partial and not strangers:
            report.add("missing-module", given[0].key if given else node, f"This {what} runs no module.")
        return
    _check_module(module, given, context)


@dataclass(frozen=True, slots=True)
class _Call:
    """A module as a task calls it."""

    name: str
    key: Node
    value: Node
    #: Found under `action` or `local_action`, where the module's name is part of the value.
    by_action: bool = False


def _find_module(
    others: Sequence[Entry], given: Sequence[Entry], context: Context
) -> tuple[_Call | None, list[Entry]]:
    """The module a task calls, and the keys that are neither keyword nor module."""
    calls = [
        _Call("", entry.key, entry.value, by_action=True)
        for entry in given
        if entry.name in {"action", "local_action"}
    ]
    found = [entry for entry in others if _exists(entry.name, context)]
    if not found and not calls and others:
        found = _likely_modules(others)
    calls += [_Call(entry.name, entry.key, entry.value) for entry in found]
    for extra in calls[1:]:
        message = f"A task runs one module; this one has `{_shown(calls[0])}` already."
        context.report.add("several-modules", extra.key, message)
    strangers = [entry for entry in others if entry not in found]
    return (calls[0] if calls else None), strangers


def _shown(call: _Call) -> str:
    return call.name or str(getattr(call.key, "value", "action"))


def _exists(name: str, context: Context) -> bool:
    lookup = context.catalog.look_up(name, context.collections)
    return lookup.found is not None or lookup.removed is not None or len(lookup.chain) > 1


def _likely_modules(others: Sequence[Entry]) -> list[Entry]:
    """Of keys that are no module here, the one that was meant as one."""
    dotted = [entry for entry in others if entry.name.count(".") >= 2]
    if dotted:
        return dotted[:1]
    no_slip = [entry for entry in others if keywords.misspelt(entry.name, keywords.HANDLER) is None]
    return no_slip[:1]


def _check_loops(loops: Sequence[Entry], given: Sequence[Entry], report: Report) -> None:
    by_loop = [entry for entry in given if entry.name == "loop"]
    for extra in [*by_loop, *loops][1:]:
        report.add("duplicate-loop", extra.key, "A task has one loop: `loop` or one `with_…`.")
    for entry in loops:
        lookup = entry.name.removeprefix("with_")
        if "." not in lookup and lookup not in keywords.LOOKUPS:
            meant = nearest(lookup, keywords.LOOKUPS)
            report.add(
                "unknown-lookup",
                entry.key,
                f"`{lookup}` is no lookup.",
                instead=f"with_{meant}" if meant else None,
            )
        elif is_null(entry.value):
            report.add("wrong-type", entry.key, f"`{entry.name}` has no value.")


def _check_module(call: _Call, given: Sequence[Entry], context: Context) -> None:
    report = context.report
    name, key, value = call.name, call.key, call.value
    if call.by_action:
        name, value = _unpack_action(value, report)
        if not name or has_jinja(name):
            return
    module = find_module(name, key, context)
    if module is None:
        return
    if module.deprecated:
        message = f"`{module.fqcn}` is deprecated: {module.deprecated}"
        report.add("module-deprecated", key, message, severity=Severity.WARNING)
    _check_where(module.fqcn, given, report)
    arguments = _arguments(name, key, value, given, module, context)
    if arguments is None or not module.checkable:
        return
    fqcn = _builtin(module.fqcn)
    rules = Rules(
        partial=context.partial,
        proxied=_proxied(fqcn, context.catalog),
        environment=context.environment,
        code=lambda option: options_in_code(module.path, option),
        powershell=lambda: is_powershell(module.path),
    )
    check_arguments(arguments, module, report, rules)


def find_module(name: str, key: Node, context: Context) -> Module | None:
    """The module called `name`; where there is none, the reason is reported at `key`."""
    catalog, report = context.catalog, context.report
    module = catalog.module(name, context.collections)
    if module is not None:
        return module
    lookup = catalog.look_up(name, context.collections)
    last = lookup.chain[-1]
    if lookup.removed is not None:
        report.add("module-removed", key, f"`{name}` was removed: {lookup.removed}")
    elif not lookup.collection_installed or _may_be_elsewhere(name, context):
        message = f"The collection of `{name}` is not installed here; its options were not checked."
        report.add("module-unverified", key, message, severity=Severity.INFO)
    elif last.rpartition(".")[2] != name.rpartition(".")[2] or _is_routed(name, last, context):
        report.add("unknown-module", key, f"`{name}` stands for `{last}`, which is not in its collection.")
    else:
        meant = _module_meant(name, catalog)
        hint = f" Did you mean `{meant}`?" if meant else ""
        report.add("unknown-module", key, f"There is no module `{name}`.{hint}", instead=meant)
    return None


def _is_routed(name: str, last: str, context: Context) -> bool:
    """Whether `name` leads to `last` by routing, not by the search through `collections` alone."""
    searched = {"", _LEGACY, _BUILTIN, *(f"{one}." for one in context.collections)}
    return last != name and ("." in name or last.removesuffix(name) not in searched)


def _may_be_elsewhere(name: str, context: Context) -> bool:
    """Whether a bare name may belong to one of the `collections` in force that is not installed here."""
    return "." not in name and any(
        not context.catalog.look_up(f"{one}.{name}").collection_installed for one in context.collections
    )


def _module_meant(name: str, catalog: Catalog) -> str | None:
    """The module whose name is a slip of the pen away, or whose collection was left out."""
    prefix, _, last = name.rpartition(".")
    if prefix:
        same = [one.rpartition(".")[2] for one in catalog.names() if one.rpartition(".")[0] == prefix]
        meant = nearest(last, same)
        return f"{prefix}.{meant}" if meant else None
    full = [one for one in catalog.names() if one.endswith(f".{name}")]
    if full:
        return full[0] if len(full) == 1 else None
    # What is written without its collection is, or was meant as, a module of core or of a library.
    return nearest(name, [one.removeprefix(_BUILTIN) for one in catalog.names() if _is_short(one)])


def _is_short(name: str) -> bool:
    return name.startswith(_BUILTIN) or "." not in name


def _check_where(fqcn: str, given: Sequence[Entry], report: Report) -> None:
    action = _builtin(fqcn)
    if action in _INCLUDES:
        for entry in given:
            if entry.name in keywords.TASK and entry.name not in keywords.ON_INCLUDE:
                message = f"`{entry.name}` cannot stand on `{fqcn.rpartition('.')[2]}`; put it under `apply`."
                report.add("keyword-not-here", entry.key, message)
    elif action in _IMPORTS:
        for entry in given:
            if entry.name == "loop" or entry.name.startswith("with_"):
                message = f"`{fqcn.rpartition('.')[2]}` cannot loop; its `include_` twin can."
                report.add("loop-on-import", entry.key, message)


def _arguments(
    name: str, key: Node, value: Node, given: Sequence[Entry], module: Module, context: Context
) -> Arguments | None:
    """All arguments of a call, wherever in the task they stand; None where they are beyond reading."""
    found: list[Entry] = []
    raw, is_open = "", False
    if isinstance(value, MappingNode) and value_of(value) is not DYNAMIC:
        found.extend(entries(value))
    elif isinstance(value, ScalarNode) and not is_null(value):
        taken = _from_string(name, value, module, context.report)
        if taken is None:
            return None
        found.extend(taken[0])
        raw, is_open = taken[1], taken[2]
    elif value_of(value) is DYNAMIC:
        is_open = True
    elif isinstance(value, SequenceNode):
        context.report.add("wrong-type", key, f"`{name}` takes a mapping of options, not a list.")
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
            context.report.add("wrong-type", entry.value, "`args` takes a mapping.")
    return Arguments(key, tuple(found), raw, is_open, _supplied(module, context))


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
    takes_raw = module.free_form or command or _builtin(module.fqcn) in freeform.RAW_ACTIONS
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


def _unpack_action(value: Node, report: Report) -> tuple[str, Node]:
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


def _supplied(module: Module, context: Context) -> frozenset[str]:
    """Names of the options that `module_defaults` in force give this module."""
    found: set[str] = set()
    for target, names in context.defaults:
        if target.startswith("group/"):
            if module.fqcn in context.catalog.action_group(target.removeprefix("group/")):
                found |= names
        elif target == module.fqcn or context.catalog.resolve(target, context.collections) == module.fqcn:
            found |= names
    options = module.options
    return frozenset(
        option.name if option else name
        for name, option in ((name, option_named(name, options)) for name in found)
    )


def _option_names(node: Node) -> frozenset[str]:
    return frozenset(entry.name for entry in entries(node)) if isinstance(node, MappingNode) else frozenset()


def _proxied(fqcn: str, catalog: Catalog) -> tuple[Module, ...]:
    found = (catalog.module(name) for name in PROXIES.get(fqcn, ()))
    return tuple(module for module in found if module is not None and module.fqcn != fqcn)


def _builtin(fqcn: str) -> str:
    return f"{_BUILTIN}{fqcn.removeprefix(_LEGACY)}" if fqcn.startswith(_LEGACY) else fqcn
