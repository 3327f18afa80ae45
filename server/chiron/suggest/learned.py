"""What was learned from outcomes, as it bears on one request: more tasks to recall, and moved chances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chiron.ansible.bodies import dedent, module_of
from chiron.flywheel.learned.booking import SHIFTED, keys_of
from chiron.flywheel.learned.draw import Learned
from chiron.flywheel.learned.gate import least_chance, signs_after, signs_before
from chiron.flywheel.learned.ledger import chance, logit
from chiron.flywheel.learned.pool import Pool
from chiron.records import Candidate, Ground, Request, Scope, ScopeKind, Task, Trigger, Withheld

#: A chance that moves by less is left as it was.
_LEAST_SHIFT = 0.05


class Joined:
    """A workspace's tasks and a pool's as one sequence; the same one again for the same two.

    Recall tells by the object whether there is anything new to it. Of a file that still holds a task of an
    example's name, the file speaks: what was accepted there may have been edited since.
    """

    def __init__(self) -> None:
        self._of: tuple[Sequence[Task], Sequence[Task]] | None = None
        self._joined: Sequence[Task] = ()

    def join(self, tasks: Sequence[Task], kept: Sequence[Task]) -> Sequence[Task]:
        """`tasks`, then those of `kept` that say something else."""
        if not kept:
            return tasks
        if self._of is None or self._of[0] is not tasks or self._of[1] is not kept:
            places = {(task.path, task.name) for task in tasks}
            texts = {(task.name, task.body.strip()) for task in tasks}
            fresh = [
                task
                for task in kept
                if (task.path, task.name) not in places and (task.name, task.body.strip()) not in texts
            ]
            self._of, self._joined = (tasks, kept), (*tasks, *fresh)
        return self._joined


def unlikely_wanted(request: Request, learned: Learned, passed: Sequence[Candidate] = ()) -> Withheld | None:
    """Why nothing should be shown at such a place, whatever it is; None where something may be.

    A person who asks is answered. The surest of what `passed` goes into the log, so that the gate can be
    judged by what it held back.
    """
    if learned.gate is None or request.trigger is not Trigger.AUTOMATIC:
        return None
    found = learned.gate.before.chance(_before(request, learned))
    least = least_chance(learned.interruption)
    detail = f"The chance that a suggestion here is kept is {found:.3f}, worth showing from {least:.3f} on."
    if found >= least:
        return None
    surest = max(passed, key=lambda one: one.confidence, default=None)
    if surest is None:
        return Withheld("unlikely-wanted", detail)
    return Withheld("unlikely-wanted", detail, surest.text, surest.source, surest.confidence)


def unlikely_kept(request: Request, first: Candidate, learned: Learned) -> Withheld | None:
    """Why the best of what could be shown should not be; None where it may."""
    if learned.gate is None or request.trigger is not Trigger.AUTOMATIC:
        return None
    signs = signs_after(_before(request, learned), first.text, first.confidence, first.source)
    found = learned.gate.after.chance(signs)
    least = least_chance(learned.interruption)
    detail = f"The chance that this is kept is {found:.3f}, worth showing from {least:.3f} on."
    return (
        Withheld("unlikely-kept", detail, first.text, first.source, first.confidence)
        if found < least
        else None
    )


def _before(request: Request, learned: Learned) -> dict[str, float]:
    scope = request.scope
    return signs_before(scope.kind, scope.task_name, scope.task_line, learned.recent)


def weighed(
    candidate: Candidate,
    scope: Scope,
    pool: Pool,
    resolve: Callable[[str], str | None],
    least: float = 0.0,
) -> Candidate:
    """`candidate` with the chance that outcomes here give it, and the reason among its grounds.

    That is to choose between candidates. What is sure enough to be shown, at `least`, stays so: to hold back
    is the gate's to say, which is judged by whether it helps.
    """
    if not pool.version or scope.kind is not ScopeKind.TASK_BODY:
        return candidate
    body = dedent(candidate.text.strip("\n").rstrip())
    source = next((one.what for one in candidate.grounds if one.kind == "task"), "")
    keys = keys_of(scope.task_name, module_of(body) or "", body, source, resolve)
    shift = round(pool.ledger.shift(keys), 3)
    if abs(shift) < _LEAST_SHIFT:
        return candidate
    known = pool.ledger.entries.get(keys[1])
    seen = f"{known.n_kept:.0f} of {known.n:.0f} with this module were kept; " if known else ""
    was = candidate.confidence
    ground = Ground(SHIFTED, "what became of suggestions here", "", f"{seen}rated {was:.3f} without that")
    moved = round(chance(logit(was) + shift), 3)
    return replace(candidate, confidence=max(moved, min(was, least)), grounds=(*candidate.grounds, ground))
