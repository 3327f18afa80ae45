"""Nothing destructive or weakening that the task's name does not ask for.

Each rule looks at one call of a module: what it would do, and whether the name says so. A name that asks
lets it pass ("Disable SELinux" may). What the task does already, without the candidate, is the person's.
"""

from __future__ import annotations

from collections.abc import Iterator

from yaml import MappingNode

from chiron.ansible.load import load
from chiron.records import Candidate, Expects, Withheld
from chiron.suggest.guardrails.calls import call_of
from chiron.suggest.guardrails.check import Check, once, task_name, tasks_in, withheld, written_tasks
from chiron.suggest.guardrails.dangers import DANGERS


def safe(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate, if no task in it does what its name does not ask for."""
    scope = check.request.scope
    if scope.expects in {Expects.FRAGMENT, Expects.EDITS, Expects.PROSE}:
        return candidate
    there = once(
        check,
        "dangers",
        lambda: {
            code
            for task in tasks_in(load(scope.before + scope.after))
            for code, _ in dangers_of(task, task_name(task) or scope.task_name)
        },
    )
    _, tasks = written_tasks(candidate.text, scope)
    for task in tasks:
        for code, detail in dangers_of(task, task_name(task) or scope.task_name):
            if code not in there:
                return withheld(candidate, code, detail)
    return candidate


def dangers_of(task: MappingNode, name: str) -> Iterator[tuple[str, str]]:
    """The rules that a task breaks, as reason code and detail."""
    call = call_of(task)
    if call is None:
        return
    asked = name.lower()
    for danger in DANGERS:
        detail = danger.found(call)
        if detail and not danger.asked(asked, call):
            yield danger.code, detail
