"""Arguments written in one string -> a mapping; `action` and `local_action` -> the module's own key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from yaml import MappingNode, Node, ScalarNode

from chiron.ansible import freeform
from chiron.ansible.load import DYNAMIC, entries, is_null, value_of
from chiron.ansible.rewrite.edits import Edit, Rewrite, line_end, line_start
from chiron.ansible.rewrite.names import canonical
from chiron.ansible.rewrite.scalars import end_of, is_plain, start_of, written, written_for
from chiron.ansible.rewrite.sites import Site
from chiron.ansible.validate.arguments import option_named

_NAME = re.compile(r"[A-Za-z_][\w-]*")
#: Ansible turns the words true, false, yes and no of a `k=v` string into booleans for this one alone.
_OWN_RULES = frozenset({"ansible.builtin.set_fact"})
#: Modules whose command line may be given as `cmd`.
_TAKE_CMD = frozenset({"ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.script"})


def mapping(site: Site) -> Iterator[Rewrite]:
    """`copy: src=a dest=b` -> a mapping, one option a line."""
    call = site.call
    if call is None or call.by or not site.is_block or not isinstance(call.value, ScalarNode):
        return
    if "args" in {entry.name for entry in site.given}:
        return
    lines = _as_lines(str(call.value.value), site)
    start = end_of(call.key, site.loaded) + 1
    if lines is None or not _is_movable(call.value, site) or not _follows_colon(site, start, call.value):
        return
    edit = Edit(start, end_of(call.value, site.loaded), _laid_out(lines, site))
    title = f"Write the options of `{call.name}` as a mapping"
    yield site.rewrite("mapping", title, call.key, edit, safe=True)


def own_key(site: Site) -> Iterator[Rewrite]:
    """`local_action: copy …` -> `copy:` with `delegate_to: localhost`; `action: copy …` -> `copy:`."""
    call = site.call
    if call is None or not call.by or not site.is_block or site.module is None or site.has("args"):
        return
    if call.by == "local_action" and site.has("delegate_to"):
        return
    key = (start_of(call.key, site.loaded), end_of(call.key, site.loaded))
    if site.text[slice(*key)] != call.by:
        return
    name = canonical(site) or call.name
    body = _own_body(site, call.value)
    if body is None:
        return
    edits = [Edit(*key, name), *body]
    title = f"Call `{name}` by its own key"
    if call.by == "local_action":
        edits.append(site.new_line(call.value, "delegate_to: localhost"))
        title += ", delegated to localhost"
    yield site.rewrite("own-key", title, call.key, *edits, safe=True)


def _own_body(site: Site, value: Node) -> list[Edit] | None:
    """The edits that take the module's name out of the value; None where that is not exact."""
    loaded = site.loaded
    if isinstance(value, MappingNode):
        return _without_module_line(site, value)
    if not isinstance(value, ScalarNode) or not _is_movable(value, site):
        return None
    rest = freeform.split_action(value.value)[1]
    start = end_of(site.call.key, loaded) + 1 if site.call else 0
    end = end_of(value, loaded)
    if not _follows_colon(site, start, value):
        return None
    if not rest:
        return [Edit(start, end, "")]
    lines = _as_lines(rest, site)
    if lines is not None:
        return [Edit(start, end, _laid_out(lines, site))]
    command = site.module is not None and site.module.fqcn in freeform.COMMAND_MODULES
    line = written(rest) if command and "\n" not in rest and "\\" not in rest else None
    return [Edit(start, end, f" {line}")] if line is not None else None


def _without_module_line(site: Site, value: MappingNode) -> list[Edit] | None:
    if value.flow_style or value_of(value) is DYNAMIC or any(entry.merged for entry in entries(value)):
        return None
    text, loaded = site.text, site.loaded
    starts = [start_of(key, loaded) for key, _ in value.value]
    if len({line_start(text, at) for at in starts}) != len(starts) or len(starts) < 2:
        return None
    key, named = next(pair for pair in value.value if pair[0].value == "module")
    first, last = line_start(text, start_of(key, loaded)), line_end(text, end_of(named, loaded))
    if text[first : start_of(key, loaded)].strip() or text[end_of(named, loaded) : last].strip():
        return None
    after = last + (2 if text[last : last + 2] == "\r\n" else 1)
    return [Edit(first, min(after, len(text)), "")] if after <= len(text) else None


def _as_lines(text: str, site: Site) -> list[str] | None:
    """The options in `text`, a line each; None where they would not come out the same."""
    module = site.module
    if module is None or module.fqcn in _OWN_RULES or "\\" in text:
        return None
    command = module.fqcn in freeform.COMMAND_MODULES
    taken = freeform.parse(text, command=command)
    names = [pair.name for pair in taken.pairs]
    if taken.unbalanced or not names or len(set(names)) != len(names):
        return None
    if not all(_NAME.fullmatch(name) for name in names):
        return None
    pairs: Sequence[tuple[str, str]] = [(pair.name, pair.value) for pair in taken.pairs]
    if command:
        line = _command_line(text, taken) if module.fqcn in _TAKE_CMD else None
        if line is None or {"cmd", "argv"} & set(names):
            return None
        pairs = [("cmd", line), *pairs]
    elif taken.raw:
        return None
    lines = []
    for name, value in pairs:
        scalar = written_for(value, option_named(name, module.options))
        if scalar is None:
            return None
        lines.append(f"{name}: {scalar}")
    return lines


def _command_line(text: str, taken: freeform.FreeForm) -> str | None:
    """The command without its options, where those stand before or after it and not within."""
    if "\n" in text or not taken.raw:
        return None
    start, end = 0, len(text)
    for pair in taken.pairs:
        if not text[start : pair.start].strip():
            start = pair.end
    for pair in reversed(taken.pairs):
        if pair.start >= start and not text[pair.end : end].strip():
            end = pair.start
    line = text[start:end].strip()
    # Ansible joins the words of a command line with single spaces when it has taken options out.
    return line if line == taken.raw else None


def _laid_out(lines: Sequence[str], site: Site) -> str:
    margin = " " * (site.column + 2)
    return "".join(f"{site.newline}{margin}{line}" for line in lines)


def _is_movable(value: ScalarNode, site: Site) -> bool:
    """Whether nothing but the string itself stands in its text: no anchor, tag or comment."""
    source = site.text[start_of(value, site.loaded) : end_of(value, site.loaded)]
    if value.style in {"|", ">"}:
        return "#" not in source.splitlines()[0] and source[0] in "|>"
    if value.style in {'"', "'"}:
        return source[:1] == value.style
    return not value.style and not is_null(value) and (is_plain(source) or "\n" in source)


def _follows_colon(site: Site, start: int, value: Node) -> bool:
    """Whether nothing but blanks stands between the key's colon and the value."""
    return site.text[start - 1] == ":" and not site.text[start : start_of(value, site.loaded)].strip()
