"""Lines that are missing: a name, required options, `no_log`."""

from __future__ import annotations

from collections.abc import Iterator

from yaml import MappingNode, ScalarNode

from chiron.ansible.load import is_null, value_of
from chiron.ansible.rewrite.edits import Edit, Rewrite
from chiron.ansible.rewrite.naming import name_for
from chiron.ansible.rewrite.scalars import start_of, written
from chiron.ansible.rewrite.sites import Site
from chiron.ansible.validate.arguments import option_named
from chiron.ansible.validate.demands import Holder, missing


def name(site: Site) -> Iterator[Rewrite]:
    """A name for a task that has none, from its module and main option."""
    if site.what != "task" or site.call is None or site.has("name") or not site.is_block:
        return
    found = name_for(site)
    text = written(found) if found else None
    if text is None:
        return
    at = start_of(site.node, site.loaded)
    edit = Edit(at, at, f"name: {text}{site.newline}{' ' * site.column}")
    yield site.rewrite("name", f"Name the task: {found}", site.call.key, edit)


def required(site: Site) -> Iterator[Rewrite]:
    """Lines for the required options that are not given, without values."""
    call, module = site.call, site.module
    if call is None or module is None or call.by or not site.is_block or not module.checkable:
        return
    if site.has("args", "module_defaults"):
        return
    value = call.value
    if not is_null(value) and (not isinstance(value, MappingNode) or value.flow_style or not value.value):
        return
    options = site.options()
    known = {o.name: e.value for e in options if (o := option_named(e.name, module.options)) is not None}
    lacking = missing(Holder(module.fqcn, call.key, module.options, known, frozenset(known)))
    lacking = [one for one in lacking if one not in known]
    if not lacking or any(entry.merged for entry in options):
        return
    column, at = site.column + 2, site.below(call.key)
    if isinstance(value, MappingNode):
        column, at = site.lines.position(start_of(value, site.loaded)).column, site.below(value)
    text = "".join(f"{site.newline}{' ' * column}{one}:" for one in lacking)
    shown = ", ".join(f"`{one}`" for one in lacking)
    evidence = "; ".join(f"{one}: {module.options[one].description}" for one in lacking)
    yield site.rewrite("add-required", f"Add {shown}", call.key, Edit(at, at, text), evidence=evidence)


def no_log(site: Site) -> Iterator[Rewrite]:
    """`no_log: true` for a task that passes a secret."""
    if site.what != "task" or site.call is None or site.module is None or not site.is_block:
        return
    if site.has("no_log"):
        return
    for entry in site.options():
        option = option_named(entry.name, site.module.options)
        if option is None or not option.no_log or is_null(entry.value) or option.type == "bool":
            continue
        if isinstance(entry.value, ScalarNode) and isinstance(value_of(entry.value), bool):
            continue
        edit = site.new_line(
            site.call.value if not is_null(site.call.value) else site.call.key, "no_log: true"
        )
        title = f"Keep `{entry.name}` out of the log: add `no_log: true`"
        yield site.rewrite("no-log", title, entry.key, edit)
        return
