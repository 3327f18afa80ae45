"""Writes a candidate in the file's own style, where the change is exact: the task stays the same task.

What is changed is how a thing is written, never what it says: `copy` and `ansible.builtin.copy`, `yes` and
`true`, `0644` and `"0644"`, the columns by which options are indented. It is taken back where the result does
not mean what the candidate meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import Entry, Loaded, entries, load
from chiron.ansible.validate import keywords
from chiron.ansible.validate.arguments import option_named
from chiron.records import Candidate, Expects, Option, Scope, Style, Withheld
from chiron.suggest.guardrails.check import Check, tasks_in, whole

#: An edit of the whole text: from, to, what stands there instead.
_Edit = tuple[int, int, str]

_BUILTIN: Final = "ansible.builtin."
_OPPOSITE: Final = {"true": "false", "yes": "no", "on": "off"}
_MODE: Final = re.compile(r"^0?[0-7]{3,4}$")


def in_style(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate as this file would have it."""
    scope = check.request.scope
    style = check.facts.style
    if scope.expects in {Expects.FRAGMENT, Expects.EDITS, Expects.PROSE}:
        return candidate
    loaded = load(whole(candidate.text, scope))
    if loaded.root is None:
        return candidate
    edits = [
        edit
        for task in tasks_in(loaded)
        for edit in _edits(task, loaded, style, check)
        if len(scope.before) <= edit[0] and edit[1] <= len(scope.before) + len(candidate.text)
    ]
    text = _applied(candidate.text, edits, len(scope.before))
    text = _indented(text, scope, style)
    if text == candidate.text or not _same(loaded, load(whole(text, scope)), check):
        return candidate
    return Candidate(text, candidate.source, candidate.model, candidate.confidence, candidate.grounds)


def _edits(task: MappingNode, loaded: Loaded, style: Style, check: Check) -> Iterator[_Edit]:
    for entry in entries(task):
        if entry.merged or entry.name in keywords.HANDLER or entry.name.startswith("with_"):
            if keywords.HANDLER.get(entry.name) == "bool":
                yield from _boolean(entry.value, loaded, style)
            continue
        yield from _module_word(entry, loaded, style, check)
        module = check.catalog.module(entry.name)
        if module is not None and isinstance(entry.value, MappingNode):
            for option in entries(entry.value):
                if not option.merged:
                    yield from _option(option, option_named(option.name, module.options), loaded, style)


def _module_word(entry: Entry, loaded: Loaded, style: Style, check: Check) -> Iterator[_Edit]:
    written = loaded.source_of(entry.key)
    if written != entry.name or style.fqcn is None:
        return
    catalog = check.catalog
    word = written
    if style.fqcn and "." not in written:
        word = catalog.resolve(written) or written
        word = word.replace("ansible.legacy.", _BUILTIN)
    elif not style.fqcn and written.startswith(_BUILTIN):
        short = written.removeprefix(_BUILTIN)
        word = short if catalog.resolve(short) == catalog.resolve(written) else written
    if word != written:
        yield _span(entry.key, loaded, word)


def _option(entry: Entry, option: Option | None, loaded: Loaded, style: Style) -> Iterator[_Edit]:
    if option is None or not isinstance(entry.value, ScalarNode):
        return
    if option.type == "bool":
        yield from _boolean(entry.value, loaded, style)
    elif entry.name in {"mode", "directory_mode"}:
        yield from _mode(entry.value, loaded, style)


def _boolean(node: Node, loaded: Loaded, style: Style) -> Iterator[_Edit]:
    if not isinstance(node, ScalarNode) or not node.tag.endswith(":bool") or not style.true_word:
        return
    true_word = style.true_word
    word = true_word.lower()
    if word not in _OPPOSITE:
        return
    if node.value.lower() not in {"true", "yes", "on"}:
        word = _OPPOSITE[word]
    word = word.upper() if true_word.isupper() else word.capitalize() if true_word[0].isupper() else word
    if word != loaded.source_of(node):
        yield _span(node, loaded, word)


def _mode(node: ScalarNode, loaded: Loaded, style: Style) -> Iterator[_Edit]:
    digits = node.value
    if not style.mode or not _MODE.match(digits) or not _MODE.match(style.mode.strip("\"'")):
        return
    quote = style.mode[0] if style.mode[0] in "\"'" else ""
    if not digits.startswith("0"):
        if node.tag.endswith(":int"):
            # A number without its zero is decimal, another mode altogether: a fault, not a habit.
            return
        digits = f"0{digits}"
    word = f"{quote}{digits}{quote}"
    if word != loaded.source_of(node):
        yield _span(node, loaded, word)


def _span(node: Node, loaded: Loaded, word: str) -> _Edit:
    return (node.start_mark.index + loaded.shift, node.end_mark.index + loaded.shift, word)


def _applied(text: str, edits: list[_Edit], offset: int) -> str:
    for start, end, word in sorted(set(edits), reverse=True):
        text = text[: start - offset] + word + text[end - offset :]
    return text


def _indented(text: str, scope: Scope, style: Style) -> str:
    """`text` with the lines under each of its task's keys moved to the style's column."""
    if scope.expects is not Expects.TASK or style.indent < 1:
        return text
    wanted = scope.indent + style.indent
    lines = text.split("\n")
    result: list[str] = []
    delta = 0
    moving = False
    for line in lines:
        column = len(line) - len(line.lstrip(" "))
        if line.strip() and column <= scope.indent:
            # Only a mapping under a bare key is moved: lists may stand where their key does.
            moving = bool(re.fullmatch(r" *[\w.]+:\s*(#.*)?", line))
            delta = 0
        elif line.strip() and moving:
            delta = 0 if line.lstrip().startswith(("- ", "#")) else wanted - column
            moving = False
        result.append(" " * delta + line if delta > 0 else _outdented(line, -delta))
    return "\n".join(result)


def _outdented(line: str, n_columns: int) -> str:
    column = len(line) - len(line.lstrip(" "))
    return line[min(n_columns, column) :]


def _same(before: Loaded, after: Loaded, check: Check) -> bool:
    if before.root is None or after.root is None:
        return False
    return _meaning(before.root, check) == _meaning(after.root, check)


def _meaning(node: Node, check: Check, depth: int = 0) -> object:
    if depth > 60:
        return None
    if isinstance(node, SequenceNode):
        return [_meaning(item, check, depth + 1) for item in node.value]
    if isinstance(node, MappingNode):
        return [
            (_name(entry.name, check) if depth < 3 else entry.name, _meaning(entry.value, check, depth + 1))
            for entry in entries(node)
        ]
    text = str(node.value)
    if node.tag.endswith(":bool"):
        return text.lower() in {"true", "yes", "on"}
    if _MODE.match(text):
        return text.lstrip("0")
    return (node.tag, text)


def _name(name: str, check: Check) -> str:
    return (check.catalog.resolve(name) or name) if name not in keywords.HANDLER else name
