"""Tasks, handlers and blocks: which module, which keywords, which arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from yaml import MappingNode, Node, SequenceNode

from chiron.ansible.catalog.spec import is_powershell, options_in_code
from chiron.ansible.load import DYNAMIC, MAX_DEPTH, Entry, entries, has_jinja, is_null, value_of
from chiron.ansible.spelling import nearest
from chiron.ansible.validate import keywords
from chiron.ansible.validate.arguments import Rules, check_arguments
from chiron.ansible.validate.calls import Call, arguments_of, unpack_action
from chiron.ansible.validate.context import Context, scoped, supplied
from chiron.ansible.validate.named import exists, find_module, in_core
from chiron.ansible.validate.problems import Report
from chiron.ansible.validate.references import check_references
from chiron.records import Module, Severity

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


def _find_module(
    others: Sequence[Entry], given: Sequence[Entry], context: Context
) -> tuple[Call | None, list[Entry]]:
    """The module a task calls, and the keys that are neither keyword nor module."""
    calls = [
        Call("", entry.key, entry.value, by_action=True)
        for entry in given
        if entry.name in {"action", "local_action"}
    ]
    found = [entry for entry in others if exists(entry.name, context)]
    if not found and not calls and others:
        found = _likely_modules(others)
    calls += [Call(entry.name, entry.key, entry.value) for entry in found]
    for extra in calls[1:]:
        message = f"A task runs one module; this one has `{_shown(calls[0])}` already."
        context.report.add("several-modules", extra.key, message)
    strangers = [entry for entry in others if entry not in found]
    return (calls[0] if calls else None), strangers


def _shown(call: Call) -> str:
    return call.name or str(getattr(call.key, "value", "action"))


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


def _check_module(call: Call, given: Sequence[Entry], context: Context) -> None:
    report = context.report
    name, key, value = call.name, call.key, call.value
    if call.by_action:
        name, value = unpack_action(value, report)
        if not name or has_jinja(name):
            return
    module = find_module(name, key, context)
    if module is None:
        return
    if module.deprecated:
        message = f"`{module.fqcn}` is deprecated: {module.deprecated}"
        report.add("module-deprecated", key, message, severity=Severity.WARNING)
    _check_where(module.fqcn, given, report)
    arguments = arguments_of(name, key, value, given, module, supplied(module, context), report)
    if arguments is None or not module.checkable:
        return
    fqcn = in_core(module.fqcn)
    rules = Rules(
        partial=context.partial,
        proxied=_proxied(fqcn, context.catalog),
        environment=context.environment,
        code=lambda option: options_in_code(module.path, option),
        powershell=lambda: is_powershell(module.path),
    )
    check_arguments(arguments, module, report, rules)


def _check_where(fqcn: str, given: Sequence[Entry], report: Report) -> None:
    action = in_core(fqcn)
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


def _proxied(fqcn: str, catalog: Catalog) -> tuple[Module, ...]:
    if fqcn not in PROXIES:
        return ()
    return _handed_to(fqcn, catalog, catalog.version)


# A catalog's modules are others once its version is another.
@lru_cache(maxsize=2 * len(PROXIES))
def _handed_to(fqcn: str, catalog: Catalog, _version: str) -> tuple[Module, ...]:
    found = (catalog.module(name) for name in PROXIES[fqcn])
    return tuple(module for module in found if module is not None and module.fqcn != fqcn)
