"""Whether an answer leaves alone what it was not asked to change: a task in a block is that task still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite.commands import COMMANDS, line_of
from chiron.ansible.rewrite.meaning import meaning_of
from chiron.records import FileKind
from chiron.suggest.advice.actions import FIX, IDEMPOTENT, RESCUE, SPLIT, VERIFY, Action, Target, named_in

#: A task as `meaning_of` has it.
_Task: TypeAlias = "Mapping[str, Any]"
_BLOCKS: Final = ("block", "rescue", "always")
#: What makes a command run only when it is needed, and say when it changed something.
_GUARDS: Final = frozenset({"creates", "removes"})
_TELLING: Final = frozenset({"changed_when", "register", "failed_when", "when"})


def lost(action: Action, answered: str, target: Target, catalog: Catalog) -> str | None:
    """What `answered`, in the target's place, does not keep, in words; None where it keeps all it must."""
    check = _CHECKS.get(action.code)
    if check is None:
        return None
    old, new = _tasks(target.text, catalog), _tasks(answered, catalog)
    if not old or not new:
        return "It is no list of tasks."
    return check(old[0], new, answered, target)


def _rescued(old: _Task, new: list[_Task], _text: str, _target: Target) -> str | None:
    if len(new) != 1 or "rescue" not in new[0] or "block" not in new[0]:
        return "It is not one block with a rescue."
    if "block" in old:
        same = all(new[0].get(key) == value for key, value in old.items())
        return None if same else "The block itself must stay as it is."
    return None if old in new[0]["block"] else "The task itself must stay as it is, within the block."


def _verified(old: _Task, new: list[_Task], _text: str, _target: Target) -> str | None:
    if new[0] != old:
        return "The task itself must stay as it is, and come first."
    calls = [_module(one) for task in new[1:] for one in _flat(task)]
    return None if "ansible.builtin.assert" in calls else "Nothing is asserted of what the task did."


def _guarded(old: _Task, new: list[_Task], _text: str, _target: Target) -> str | None:
    if len(new) != 1:
        return "It is not one task."
    (task,) = new
    if any(key != "call" and task.get(key) != value for key, value in old.items()):
        return "Everything else of the task must stay as it is."
    module, options, line = old["call"]
    now, given, now_line = task.get("call", ("", {}, ""))
    added = set(given) - set(options)
    kept = all(given.get(key) == value for key, value in options.items())
    if (now, now_line) != (module, line) or not kept or added - _GUARDS:
        return "The command itself must stay as it is."
    if set(task) - set(old) - _TELLING:
        return "It adds more to the task than what tells when it is needed."
    if not added and not (set(task) - set(old)) & {"changed_when", "when"}:
        return "Nothing tells when the command is needed."
    return None


def _split(_old: _Task, new: list[_Task], text: str, target: Target) -> str | None:
    found = line_of(target.site)
    missing = [word for word in named_in(found[0]) if word not in text] if found is not None else []
    if missing:
        return f"`{missing[0]}` of the script is gone."
    return None if sum(1 for task in new for _ in _flat(task)) > 1 else "It is still one task."


def _mended(old: _Task, new: list[_Task], _text: str, _target: Target) -> str | None:
    if len(new) != 1:
        return "It is not one task."
    if "name" in old and new[0].get("name") != old["name"]:
        return "The task's name must stay as it is."
    return None


_CHECKS: Final[Mapping[str, Callable[[_Task, list[_Task], str, Target], str | None]]] = {
    RESCUE.code: _rescued,
    VERIFY.code: _verified,
    IDEMPOTENT.code: _guarded,
    SPLIT.code: _split,
    FIX.code: _mended,
}


def _tasks(text: str, catalog: Catalog) -> list[_Task]:
    found = meaning_of(text, FileKind.TASKS, catalog)
    return [_one_way(one) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _one_way(task: _Task) -> _Task:
    """`task` with its command line in one place, whether it was given as `cmd` or by itself."""
    said = dict(task)
    for key in _BLOCKS:
        if isinstance(said.get(key), list):
            said[key] = [_one_way(one) if isinstance(one, dict) else one for one in said[key]]
    module, options, line = said.get("call", ("", {}, ""))
    if module in COMMANDS and isinstance(options, dict) and "cmd" in options:
        given = {key: value for key, value in options.items() if key != "cmd"}
        line = options["cmd"][1]
        said["call"] = (module, given, line)
    if module in COMMANDS and isinstance(line, str):
        said["call"] = (module, said["call"][1], line.strip())
    return said


def _flat(task: _Task) -> Iterator[_Task]:
    """The plain tasks of one that may be a block."""
    parts = [task[key] for key in _BLOCKS if isinstance(task.get(key), list)]
    if not parts:
        yield task
    for part in parts:
        for one in part:
            if isinstance(one, dict):
                yield from _flat(one)


def _module(task: _Task) -> str:
    return str(task["call"][0]) if "call" in task else ""
