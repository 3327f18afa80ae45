"""What a task refers to in its project: handlers, templates, files.

Absence counts only where the whole project is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible import freeform
from chiron.ansible.load import Entry, entries, has_jinja, value_of
from chiron.ansible.validate.problems import Report
from chiron.ansible.validate.values import FALSE_WORDS
from chiron.records import Facts

_TEMPLATE_MODULES: Final = frozenset({"template", "win_template"})
_FILE_MODULES: Final = frozenset({"copy", "unarchive", "script", "win_copy", "assemble"})
_JINJA: Final = re.compile(r"\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}", re.DOTALL)


def check_references(
    given: Sequence[Entry], facts: Facts, own_handlers: frozenset[str], report: Report
) -> None:
    """Reports handlers, templates and files that are not there; nothing where facts are incomplete."""
    if not facts.complete:
        return
    for entry in given:
        if entry.name == "notify":
            for node in _scalars(entry.value):
                if not handler_exists(node.value, (*facts.handlers, *own_handlers)):
                    message = f"No handler is called `{node.value}` or listens to it."
                    report.add("undefined-handler", node, message)
        else:
            _check_source(entry, facts, report)


def handler_exists(name: str, handlers: Iterable[str]) -> bool:
    """Whether `name` may be one of `handlers`: as written, without its role, or as Jinja may make it."""
    if has_jinja(name):
        return True
    short = name.partition(" : ")[2]
    for handler in handlers:
        if handler in {name, short}:
            return True
        if has_jinja(handler) and re.fullmatch(_pattern(handler), name, re.DOTALL):
            return True
    return False


def file_exists(name: str, there: Iterable[str]) -> bool:
    """Whether a file or directory called `name` is among `there`, from wherever paths are counted."""
    wanted = re.sub(r"^(\./)+", "", name)
    if wanted.startswith("/") or ".." in wanted.split("/"):
        return True
    first, _, rest = wanted.partition("/")
    if first in {"files", "templates"} and rest:
        wanted = rest
    elif "/files/" in wanted or "/templates/" in wanted:
        # A path into another role: what lies there is not this task's to know.
        return True
    directory = wanted.rstrip("/") + "/"
    if directory == "/":
        return True
    for path in there:
        if path == wanted or path.endswith(f"/{wanted}"):
            return True
        if path.startswith(directory) or f"/{directory}" in path:
            return True
        if wanted.endswith(f"/{path}"):
            return True
    return False


def _check_source(entry: Entry, facts: Facts, report: Report) -> None:
    short = entry.name.rpartition(".")[2]
    if short not in _TEMPLATE_MODULES | _FILE_MODULES:
        return
    source = _source(entry.value, short, report)
    if source is None or not isinstance(value_of(source), str):
        return
    name = source.value
    if not name or has_jinja(name) or "://" in name or name.startswith(("/", "~", "$")):
        return
    if short in _TEMPLATE_MODULES:
        if not file_exists(name, (*facts.templates, *facts.files)):
            report.add("missing-template", source, f"There is no template `{name}`.")
    elif facts.role is not None and not file_exists(name, (*facts.files, *facts.templates)):
        report.add("missing-file", source, f"There is no file `{name}`.")


def _source(value: Node, module: str, report: Report) -> ScalarNode | None:
    """Where the module takes its file from on this side; None where it does not or cannot be told."""
    if isinstance(value, MappingNode):
        given = {entry.name: entry.value for entry in entries(value)}
        remote = given.get("remote_src")
        node = given.get("cmd") if module == "script" else given.get("src")
        if not isinstance(node, ScalarNode) or _may_be_remote(str(getattr(remote, "value", "no"))):
            return None
        return _first_word(node) if module == "script" else node
    if not isinstance(value, ScalarNode):
        return None
    if module == "script":
        return _first_word(value)
    pairs = {pair.name: pair.value for pair in freeform.parse(value.value, command=False).pairs}
    if "src" not in pairs or _may_be_remote(pairs.get("remote_src", "no")):
        return None
    return ScalarNode(value.tag, pairs["src"], value.start_mark, value.end_mark)


def _may_be_remote(written: str) -> bool:
    return written.lower() not in FALSE_WORDS


def _first_word(node: ScalarNode) -> ScalarNode | None:
    found, _ = freeform.words(node.value)
    for word in found:
        if word.text.partition("=")[0] not in freeform.COMMAND_OPTIONS:
            return ScalarNode(node.tag, word.text, node.start_mark, node.end_mark)
    return None


def _scalars(node: Node) -> list[ScalarNode]:
    items = node.value if isinstance(node, SequenceNode) else [node]
    return [item for item in items if isinstance(item, ScalarNode) and isinstance(value_of(item), str)]


def _pattern(text: str) -> str:
    return ".*".join(re.escape(part) for part in _JINJA.split(text))
