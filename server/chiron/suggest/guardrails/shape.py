"""Whether a candidate is exactly what was asked for: one whole task, further options, the rest of a name.

`trim` comes before: models go on writing, and what follows the first whole answer is cut off, not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible.load import Loaded, entries, load
from chiron.ansible.validate import keywords
from chiron.records import Candidate, Expects, Scope, Withheld
from chiron.suggest.guardrails.check import Check, Guardrail, holds_aliases, whole, withheld

#: The longest texts looked at. The longest task in the public repositories looked through has 119 lines.
MAX_LINES: Final = 150
MAX_CHARACTERS: Final = 10_000

_FENCE: Final = re.compile(r"^\s*(```|~~~)")
_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
#: What `before` ends with, line and all, where a name is being typed: indentation, dash, the part there is.
_BEGUN: Final = re.compile(r"(?:^|\n)[ ]*(?:- +)?([\w.]*)$")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def trim(scope: Scope, text: str) -> str:
    """`text` up to where the first answer that fits `scope` ends; what a model wrote beyond it is dropped.

    Markdown fences, further tasks, prose and text less indented than the answer end it. Only the end is
    cut: what begins wrongly stays, to be judged.
    """
    lead = scope.lead if scope.lead and text.startswith(scope.lead) else ""
    lines = text[len(lead) :].replace("\r\n", "\n").split("\n")
    if scope.expects is Expects.FRAGMENT:
        return lead + lines[0].rstrip()
    goes_on = _continues(scope)
    kept: list[str] = []
    for number, line in enumerate(lines):
        begun = number == 0 and not lead and scope.range.start.column > 0
        if _FENCE.match(line) or (line.strip() and not begun and not goes_on(line, bool(kept))):
            break
        kept.append(line)
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith("#")):
        kept.pop()
    return lead + "\n".join(line if line.strip() else "" for line in kept)


def parsed(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate, if putting it in place gives what the request expects and nothing else."""
    scope = check.request.scope
    text = candidate.text
    if not text.strip():
        return withheld(candidate, "empty", "Nothing is written.")
    if len(text) > MAX_CHARACTERS or text.count("\n") > MAX_LINES:
        return withheld(candidate, "too-long", f"{len(text)} characters, {text.count(chr(10)) + 1} lines.")
    if _UNSEEN.search(text) or "\t" in text.replace("\\t", ""):
        return withheld(candidate, "not-parsed", "It holds a tab or a character that cannot be seen.")
    if scope.lead and not text.startswith(scope.lead):
        return withheld(candidate, "wrong-shape", "It does not begin on a line of its own.")
    return _SHAPES[scope.expects](candidate, check)


def fragment_name(text: str, scope: Scope) -> str | None:
    """The module's whole name once `text` continues what is typed of it; None where that is no name."""
    if "\n" in text.removeprefix(scope.lead):
        return None
    line = (scope.before + text).rsplit("\n", 1)[-1]
    found = re.fullmatch(r" *(?:- +)?([\w.]+):?", line.rstrip())
    if found is None or not _NAME.fullmatch(found[1]):
        return None
    return found[1]


def _continues(scope: Scope) -> Callable[[str, bool], bool]:
    """Tells of a line, and whether it follows others, whether it still belongs to the answer."""

    def in_task(line: str, follows: bool) -> bool:
        column = len(line) - len(line.lstrip(" "))
        if line.lstrip().startswith("#"):
            return column >= scope.indent
        if column == scope.task_column and line.lstrip().startswith("- ") and not follows:
            # The task's own dash, where its line is what is replaced.
            return scope.range.start.column == 0 and not scope.before.strip()
        return column >= scope.indent

    def in_list(line: str, follows: bool) -> bool:
        column = len(line) - len(line.lstrip(" "))
        if column == scope.task_column:
            return line.lstrip().startswith(("- ", "#"))
        return column > scope.task_column

    return in_list if scope.expects is Expects.TASKS else in_task


def _as_task(candidate: Candidate, check: Check) -> Candidate | Withheld:
    scope = check.request.scope
    loaded = load(whole(candidate.text, scope))
    if loaded.root is None or holds_aliases(loaded.root):
        return withheld(candidate, "not-parsed", _why(loaded))
    task = _only_task(loaded.root)
    if task is None:
        return withheld(candidate, "wrong-shape", "It is not exactly one task.")
    given = {entry.name: entry.value for entry in entries(task)}
    if given.keys() & {"block", "rescue", "always"}:
        return withheld(candidate, "wrong-shape", "It is a block, where a task was asked for.")
    lost = _changed(_frame(scope, loaded), given, loaded)
    if lost is not None:
        return withheld(candidate, "wrong-shape", f"It changes `{lost}`, which is there already.")
    return candidate


def _as_options(candidate: Candidate, check: Check) -> Candidate | Withheld:
    scope = check.request.scope
    loaded = load(whole(candidate.text, scope))
    if loaded.root is None or holds_aliases(loaded.root):
        return withheld(candidate, "not-parsed", _why(loaded))
    task = _only_task(loaded.root)
    frame = _frame(scope, loaded)
    if task is None or not frame:
        return withheld(candidate, "wrong-shape", "It is not exactly one task.")
    given = {entry.name: entry.value for entry in entries(task)}
    extra = given.keys() - frame.keys()
    if extra:
        return withheld(candidate, "wrong-shape", f"It adds `{sorted(extra)[0]}` to the task, no option.")
    holder = _holder(frame, scope)
    for name, old in frame.items():
        if name == holder:
            continue
        if name not in given or _plain(given[name]) != _plain(old):
            return withheld(candidate, "wrong-shape", f"It changes `{name}`, which is there already.")
    options = given.get(holder or "")
    if not isinstance(options, MappingNode):
        return withheld(candidate, "wrong-shape", "It adds no option to the module.")
    old_options = frame[holder or ""]
    before = {e.name: e.value for e in entries(old_options)} if isinstance(old_options, MappingNode) else {}
    now = {entry.name: entry.value for entry in entries(options)}
    lost = _changed(before, now, loaded)
    if lost is not None and lost != scope.typed.strip().rstrip(":"):
        return withheld(candidate, "wrong-shape", f"It changes `{lost}`, which is there already.")
    if len(options.value) <= len(before):
        return withheld(candidate, "wrong-shape", "It adds no option to the module.")
    return candidate


def _as_tasks(candidate: Candidate, check: Check) -> Candidate | Withheld:
    scope = check.request.scope
    loaded = load(whole(candidate.text, scope))
    if loaded.root is None or holds_aliases(loaded.root):
        return withheld(candidate, "not-parsed", _why(loaded))
    root = loaded.root
    if not isinstance(root, SequenceNode) or not root.value:
        return withheld(candidate, "wrong-shape", "It is not a list of tasks.")
    for item in root.value:
        if not isinstance(item, MappingNode):
            return withheld(candidate, "wrong-shape", "An entry of the list is no task.")
        if loaded.position(item.start_mark).column < scope.task_column:
            return withheld(candidate, "wrong-shape", "It is indented otherwise than the list it joins.")
    return candidate


def _as_fragment(candidate: Candidate, check: Check) -> Candidate | Withheld:
    if fragment_name(candidate.text, check.request.scope) is None:
        return withheld(candidate, "wrong-shape", "It is not the rest of a module's name.")
    return candidate


def _as_text(candidate: Candidate, check: Check) -> Candidate | Withheld:
    return candidate


_SHAPES: Final[Mapping[Expects, Guardrail]] = {
    Expects.FRAGMENT: _as_fragment,
    Expects.OPTIONS: _as_options,
    Expects.TASK: _as_task,
    Expects.TASKS: _as_tasks,
    Expects.EDITS: _as_text,
    Expects.PROSE: _as_text,
}


def _only_task(root: Node) -> MappingNode | None:
    if isinstance(root, SequenceNode) and len(root.value) == 1 and isinstance(root.value[0], MappingNode):
        return root.value[0]
    return None


def _frame(scope: Scope, inserted: Loaded) -> dict[str, Node]:
    """What the task holds without the candidate. Begun text that the candidate completes is left out."""
    before = scope.before
    if scope.typed and before.endswith(scope.typed):
        before = before[: -len(scope.typed)].rstrip(" ")
    root = load(before + scope.after).root
    task = _only_task(root) if root is not None else None
    return {entry.name: entry.value for entry in entries(task)} if task is not None else {}


def _holder(frame: Mapping[str, Node], scope: Scope) -> str | None:
    """The key under which the module's options stand."""
    if scope.module in frame:
        return scope.module
    others = [name for name in frame if name not in keywords.HANDLER and not name.startswith("with_")]
    if others:
        return others[0]
    return next((name for name in ("local_action", "action", "args") if name in frame), None)


def _changed(old: Mapping[str, Node], new: Mapping[str, Node], loaded: Loaded) -> str | None:
    """A key whose value is not what it was; one that had no value may have got one."""
    for name, node in old.items():
        if name not in new:
            return name
        if node.tag.endswith(":null"):
            continue
        if _plain(node) != _plain(new[name]):
            return name
    return None


def _plain(node: Node, depth: int = 0) -> object:
    if depth > 60:
        return None
    if isinstance(node, ScalarNode):
        return (node.tag, node.value)
    if isinstance(node, SequenceNode):
        return [_plain(item, depth + 1) for item in node.value]
    return [(_plain(key, depth + 1), _plain(value, depth + 1)) for key, value in node.value]


def _why(loaded: Loaded) -> str:
    if not loaded.problems:
        return "It holds no task, or one with aliases."
    problem = loaded.problems[0]
    return f"Line {problem.range.start.line + 1}: {problem.message}"
