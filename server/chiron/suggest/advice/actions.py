"""What a model may be asked to do with a task that stands there already, and what it takes.

A base model completes, names and replaces: all three end in a continuation of the file. Explaining,
splitting and the rest are instructions, and need an endpoint that can chat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chiron.ansible.catalog import Catalog
from chiron.ansible.commands import NO_MODULE
from chiron.ansible.load import is_null
from chiron.ansible.rewrite.additions import required
from chiron.ansible.rewrite.commands import COMMANDS, line_of, module_for_command
from chiron.ansible.rewrite.edits import line_end, line_start
from chiron.ansible.rewrite.scalars import end_of, start_of
from chiron.ansible.rewrite.sites import Site, sites
from chiron.records import Capabilities, Expects, FileKind, Problem, Range, Scope, ScopeKind


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to ask for. `instruction` is what a model that can chat is told."""

    code: str
    title: str
    expects: Expects
    chat: bool
    instruction: str = ""


COMPLETE: Final = Action("complete", "Complete this task", Expects.TASK, chat=False)
NAME: Final = Action(
    "name-by-model", "Name this task", Expects.EDITS, chat=False,
    instruction="Give this task a short name that says what it is for. Answer with the name alone.",
)  # fmt: skip
REPLACE: Final = Action("replace-by-model", "Replace the command by a module", Expects.TASK, chat=False)
_TASKS: Final = (
    "Answer with the YAML list that stands in the task's place, indented as it is, and nothing else."
)
IDEMPOTENT: Final = Action(
    "idempotent", "Make this command run only when needed", Expects.TASKS, chat=True,
    instruction="Make this task idempotent: add `creates`, `removes` or a `changed_when` that holds. Change "
    f"nothing else. {_TASKS}",
)  # fmt: skip
SPLIT: Final = Action(
    "split", "Split this script into tasks", Expects.TASKS, chat=True,
    instruction="Write the steps of this script as tasks of their own, with modules where they do the "
    f"same and commands where none does. Keep the order, and `when`, `become` and `tags`. {_TASKS}",
)  # fmt: skip
RESCUE: Final = Action(
    "rescue", "Add a rescue to this task", Expects.TASKS, chat=True,
    instruction="Put this task into a `block` with a `rescue` that undoes what it may have done by half and "
    f"then fails. The task itself stays as it is. {_TASKS}",
)  # fmt: skip
_RESCUE_BLOCK: Final = replace(
    RESCUE,
    title="Add a rescue to this block",
    instruction="Add a `rescue` to this block that undoes what it may have done by half and then fails. "
    f"All that is there stays as it is. {_TASKS}",
)
FIX: Final = Action(
    "fix", "Fix what is wrong with this task", Expects.TASKS, chat=True,
    instruction="Mend what is wrong with this task, and change nothing else of it. "
    f"{_TASKS} What is wrong: ",
)  # fmt: skip
VERIFY: Final = Action(
    "verify", "Check that this task did its job", Expects.TASKS, chat=True,
    instruction="Keep this task as it is and add behind it the tasks that check that it did its job: "
    f"one that looks, with `register`, and one `ansible.builtin.assert`. {_TASKS}",
)  # fmt: skip
ACTIONS: Final = (FIX, COMPLETE, NAME, REPLACE, IDEMPOTENT, SPLIT, RESCUE, VERIFY)


@dataclass(frozen=True, slots=True)
class Target:
    """A task or block to do something with: its place in the text, and its text with the dash where it is."""

    site: Site
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.site.text[self.start : self.end]

    @property
    def name(self) -> str:
        entry = self.site.entry("name")
        return str(getattr(entry.value, "value", "")) if entry is not None else ""


def target_at(text: str, kind: FileKind, catalog: Catalog, line: int) -> Target | None:
    """The task on `line`, or the block whose own line that is, where the file can be read."""
    found = None
    for site in sites(text, kind, catalog):
        if site.what == "play":
            continue
        start, end = line_start(text, start_of(site.node, site.loaded)), site.below(site.node)
        marks = site.lines
        if marks.position(start).line <= line <= marks.position(end).line:
            # What stands within a block comes after it.
            found = Target(site, start, end)
    return found


def offered(target: Target, *, is_wrong: bool = False) -> list[Action]:
    """What makes sense for the target. `is_wrong`: something is, and no rule mends it."""
    site = target.site
    found: list[Action] = []
    if site.what == "block":
        return [_RESCUE_BLOCK] if site.is_block and not site.has("rescue") else []
    command = site.module is not None and site.module.fqcn in COMMANDS
    by_rule = {one.code for rule in (required, module_for_command) for one in rule(site)}
    if is_wrong and site.is_block:
        found.append(FIX)
    if site.call is not None and not site.has("name") and site.is_block:
        found.append(NAME)
    if target.name and site.is_block and ("add-required" in by_rule or site.call is None):
        found.append(COMPLETE)
    if command and target.name and site.is_block and "module-for-command" not in by_rule and line_of(site):
        found.append(REPLACE)
    if site.call is not None and site.is_block:
        found += [RESCUE, VERIFY]
        found += [IDEMPOTENT] if command and not site.has("changed_when") else []
        found += [SPLIT] if command and _has_steps(site) else []
    return found


def hindrance(action: Action, target: Target, able: Capabilities) -> str:
    """Why `action` cannot be had for the target, of an endpoint that can so much; "" where it can."""
    if action is REPLACE and (reason := no_module(target)):
        return reason
    if action.chat and not able.chat:
        return "It needs a model that can chat, and this one only continues text."
    return "" if able.chat or able.completions else "The model answers neither way that is known."


def no_module(target: Target) -> str:
    """What is known to stand in the way of a module for the target's command; "" where nothing is."""
    found = line_of(target.site)
    program = found[0].split()[0].rpartition("/")[2] if found is not None else ""
    return f"No module does what `{program}` does. {NO_MODULE[program]}" if program in NO_MODULE else ""


def within(problem: Problem, target: Target) -> bool:
    """Whether `problem` is one of the target's."""
    marks = target.site.lines
    first, last = marks.position(target.start).line, marks.position(target.end).line
    return first <= problem.range.start.line <= last


def told_wrong(problems: Sequence[str]) -> Action:
    """The action that mends these problems."""
    return replace(FIX, instruction=FIX.instruction + "; ".join(problems))


def scope_for(action: Action, target: Target, kind: FileKind) -> Scope | None:
    """The scope of a request for `action`; None where the task is not written so that it could be done."""
    site, marks = target.site, target.site.lines
    column = site.column - 2
    if action is COMPLETE:
        return _unfinished(target, kind)
    if action is NAME:
        at = start_of(site.node, site.loaded)
        before, after, place = site.text[target.start : at], site.text[at : target.end], (at, at)
    elif action is REPLACE:
        found = _module_lines(target)
        if found is None:
            return None
        place = found
        before, after = site.text[target.start : place[0]], site.text[place[1] : target.end]
    else:
        before, after, place = "", "", (target.start, target.end)
    return Scope(
        kind=ScopeKind.TASK_BODY if action is REPLACE else ScopeKind.ACTION,
        expects=action.expects,
        file_kind=kind,
        range=Range(marks.position(place[0]), marks.position(place[1])),
        lead="",
        indent=site.column,
        task_column=max(column, 0),
        before=before,
        after=after,
        task_name=target.name,
        in_handlers=site.handlers,
        task_line=marks.position(target.start).line,
    )


def _unfinished(target: Target, kind: FileKind) -> Scope:
    """The scope behind a task's name, or behind the options it has so far."""
    site, call = target.site, target.site.call
    name = site.entry("name")
    holder = call.value if call is not None and not is_null(call.value) else None
    after = holder or (call.key if call is not None else name.value if name is not None else site.node)
    at = site.below(after)
    column = site.column
    if call is not None:
        first = start_of(holder, site.loaded) if holder is not None else None
        column = site.lines.position(first).column if first is not None else column + 2
    place = site.lines.position(at)
    return Scope(
        kind=ScopeKind.TASK_BODY if call is None else ScopeKind.MODULE_OPTIONS,
        expects=Expects.TASK if call is None else Expects.OPTIONS,
        file_kind=kind,
        range=Range(place, place),
        lead="\n",
        indent=column,
        task_column=max(site.column - 2, 0),
        before=site.text[target.start : at],
        after=site.text[at : target.end],
        task_name=target.name,
        module=call.name if call is not None else None,
        present=tuple(one.name for one in site.options()),
        in_handlers=site.handlers,
        task_line=site.lines.position(target.start).line,
    )


def keeps_words(text: str, line: str) -> bool:
    """Whether what the command line names (paths, packages, users, addresses) is in `text` too."""
    return all(word in text for word in named_in(line))


def named_in(line: str) -> list[str]:
    """The words of a command line that name something, rather than say how."""
    words = line.replace("'", " ").replace('"', " ").split()[1:]
    return [
        word.rstrip(";,")
        for word in words
        if not word.startswith("-") and len(word) > 2 and any(c in word for c in "/.:@{") and "=" not in word
    ]


def _module_lines(target: Target) -> tuple[int, int] | None:
    """The lines of the module's key and value, where they are lines of their own."""
    site, call = target.site, target.site.call
    if call is None or site.has("args"):
        return None
    start = line_start(site.text, start_of(call.key, site.loaded))
    end = line_end(site.text, end_of(call.value, site.loaded))
    if site.text[start : start_of(call.key, site.loaded)].strip():
        return None
    return start, end


def _has_steps(site: Site) -> bool:
    found = line_of(site)
    return found is not None and ("\n" in found[0] or "&&" in found[0] or ";" in found[0])
