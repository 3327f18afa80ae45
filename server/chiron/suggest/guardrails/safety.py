"""Nothing destructive or weakening that the task's name does not ask for.

Each rule looks at one call of a module: what it would do, and whether the name says so. A name that asks
lets it pass ("Disable SELinux" may). What the task does already, without the candidate, is the person's.
"""

from __future__ import annotations

from collections.abc import Iterator

from chiron.ansible.load import load
from chiron.records import Candidate, Expects, Withheld
from chiron.suggest.guardrails.calls import Call, call_of, written_calls
from chiron.suggest.guardrails.check import Check, once, task_name, tasks_in, withheld
from chiron.suggest.guardrails.dangers import DANGERS


def safe(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate, if no task in it does what its name does not ask for."""
    scope = check.request.scope
    if scope.expects in {Expects.FRAGMENT, Expects.EDITS, Expects.PROSE}:
        return candidate
    for task, call in written_calls(candidate.text, check):
        for code, detail in dangers_of(call, task_name(task) or scope.task_name):
            if code not in _there(check):
                return withheld(candidate, code, detail)
    return candidate


def _there(check: Check) -> set[str]:
    """The rules that the task breaks already, without any candidate."""
    scope = check.request.scope
    return once(
        check,
        "dangers",
        lambda: {
            code
            for task in tasks_in(load(scope.before + scope.after))
            for code, _ in dangers_of(call_of(task), task_name(task) or scope.task_name)
        },
    )


def dangers_of(call: Call | None, name: str) -> Iterator[tuple[str, str]]:
    """The rules that what a task called `name` runs breaks, as reason code and detail."""
    if call is None:
        return
    asked = name.lower()
    for danger in DANGERS:
        detail = danger.found(call)
        if detail and not danger.asked(asked, call):
            yield danger.code, detail
