"""`command` and `shell` -> the module that does the same, where a rule is sure of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from yaml import MappingNode, Node, ScalarNode

from chiron.ansible import freeform
from chiron.ansible.commands import Meant, meant_by
from chiron.ansible.commands.meant import Value
from chiron.ansible.load import Entry, entries, value_of
from chiron.ansible.rewrite.edits import Edit, Rewrite, apply_edits, line_end, line_start
from chiron.ansible.rewrite.scalars import end_of, start_of, written
from chiron.ansible.rewrite.sites import Site
from chiron.ansible.validate import validate_tasks
from chiron.records import Module, Severity

COMMANDS = frozenset({"ansible.builtin.command", "ansible.builtin.shell"})
#: What a command is given besides its line, and no module is.
_OF_NO_EFFECT = frozenset({"executable", "warn"})
#: A command's exit code or output decides something here: a module has others.
_DECIDING = ("failed_when", "until", "retries", "async", "poll")


def module_for_command(site: Site) -> Iterator[Rewrite]:
    """A command line -> a call of the module that does the same."""
    call = site.call
    if call is None or call.by or site.module is None or site.module.fqcn not in COMMANDS:
        return
    if not site.is_block or site.has(*_DECIDING) or _is_read(site):
        return
    given = line_of(site)
    if given is None:
        return
    line, options = given
    meant = meant_by(line, shell=site.module.fqcn.endswith("shell"), chdir=options.pop("chdir", None))
    meant = _with_conditions(meant, options) if meant is not None else None
    if meant is None:
        return
    module = site.catalog.module(meant.module)
    if module is None:
        return
    edits = _edits(site, meant)
    if edits is None or not _is_valid(site, edits):
        return
    title = f"Replace `{line.split()[0]}` by `{meant.module}`"
    evidence = " ".join(part for part in (_described(module), meant.note) if part)
    yield site.rewrite("module-for-command", title, call.key, *edits, evidence=evidence)


def line_of(site: Site) -> tuple[str, dict[str, str]] | None:
    """A task's command line, with `chdir`, `creates` and the like; None where it is put together oddly."""
    call = site.call
    if call is None:
        return None
    options: dict[str, str] = {}
    line: str | None = None
    if isinstance(call.value, ScalarNode) and isinstance(call.value.value, str):
        taken = freeform.parse(call.value.value, command=True)
        if taken.unbalanced:
            return None
        options = {pair.name: pair.value for pair in taken.pairs}
        line = taken.raw if taken.pairs else call.value.value
    named: list[Entry] = list(site.options())
    for entry in site.given:
        if entry.name == "args":
            if not isinstance(entry.value, MappingNode):
                return None
            named += entries(entry.value)
    for entry in named:
        if not isinstance(entry.value, ScalarNode):
            return None
        if entry.name == "cmd":
            line = entry.value.value
        else:
            options[entry.name] = entry.value.value
    options = {name: value for name, value in options.items() if name not in _OF_NO_EFFECT}
    if not line or not line.strip() or set(options) - {"chdir", "creates", "removes"}:
        return None
    return line.strip(), options


def _is_read(site: Site) -> bool:
    """Whether something goes by what the command printed or returned."""
    register = site.entry("register")
    name = getattr(register.value, "value", None) if register is not None else None
    if name and any(f"{name}.{part}" in site.text for part in ("std", "rc", "cmd", "start", "end", "delta")):
        return True
    changed = site.entry("changed_when")
    return changed is not None and not isinstance(value_of(changed.value), bool)


def _with_conditions(meant: Meant, options: dict[str, str]) -> Meant | None:
    """`meant` under the same `creates` and `removes`: given to the module, or its own way of things."""
    creates, removes = options.get("creates"), options.get("removes")
    if creates is None and removes is None:
        return meant
    if meant.module == "ansible.builtin.unarchive" and removes is None and creates is not None:
        return replace(meant, options={**meant.options, "creates": creates})
    place = meant.options.get("dest", meant.options.get("path"))
    state = meant.options.get("state")
    if removes is not None:
        return meant if creates is None and state == "absent" and place == removes else None
    if place is None or creates is None or state == "absent":
        return None
    if meant.module == "ansible.builtin.git":
        if creates != place and not creates.startswith(f"{str(place).rstrip('/')}/"):
            return None
        return replace(meant, options={**meant.options, "update": False}, note="")
    same = creates == place and meant.module in {"ansible.builtin.get_url", "ansible.builtin.file"}
    return meant if same and set(meant.options) <= {"url", "dest", "path", "state"} else None


def _edits(site: Site, meant: Meant) -> list[Edit] | None:
    call, loaded = site.call, site.loaded
    if call is None:
        return None
    lines = _laid_out(meant.options, site.column + 2)
    if lines is None:
        return None
    text = f"{meant.module}:" + "".join(f"{site.newline}{line}" for line in lines)
    edits = [Edit(start_of(call.key, loaded), end_of(call.value, loaded), text)]
    for entry in site.given:
        if entry.name == "args":
            removed = _line_removed(site, entry.key, entry.value)
            if removed is None:
                return None
            edits.append(removed)
    added = [(name, value) for name, value in meant.keywords.items() if not site.has(name)]
    if added:
        at = line_end(site.text, end_of(call.value, loaded))
        margin = " " * site.column
        more = "".join(f"{site.newline}{margin}{name}: {_scalar(value)}" for name, value in added)
        edits.append(Edit(at, at, more))
    return edits


def _line_removed(site: Site, key: Node, value: Node) -> Edit | None:
    """The edit that takes the lines of one key out; None for the first, which stands behind the dash."""
    text = site.text
    start, end = line_start(text, start_of(key, site.loaded)), line_end(text, end_of(value, site.loaded))
    if text[start : start_of(key, site.loaded)].strip():
        return None
    begin = start - (2 if text[start - 2 : start] == "\r\n" else 1)
    return Edit(begin, end, "")


def _laid_out(options: dict[str, Value], column: int) -> list[str] | None:
    lines = []
    margin = " " * column
    for name, value in options.items():
        if isinstance(value, list):
            items = [written(item) for item in value]
            if any(item is None for item in items):
                return None
            lines += [f"{margin}{name}:", *(f"{margin}  - {item}" for item in items)]
            continue
        scalar = _scalar(value)
        if scalar is None:
            return None
        lines.append(f"{margin}{name}: {scalar}")
    return lines


def _scalar(value: Value) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if text.endswith("\n") and text.count("\n") == 1 and "\\" not in text and '"' not in text:
        return f'"{text[:-1]}\\n"'
    return written(text)


def _is_valid(site: Site, edits: list[Edit]) -> bool:
    """Whether the validator has nothing against the task once it calls the module."""
    first = line_start(site.text, start_of(site.node, site.loaded))
    last = site.below(site.node)
    inside = [Edit(edit.start - first, edit.end - first, edit.text) for edit in edits]
    task = apply_edits(site.text[first:last], inside)
    problems = validate_tasks(task, site.catalog, handlers=site.handlers)
    return not any(one.severity is Severity.ERROR for one in problems)


def _described(module: Module) -> str:
    return f"{module.short_description.rstrip('.')} ({module.collection} {module.version})."
