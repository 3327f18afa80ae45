"""Answers from tasks already written: this workspace's, accepted ones, and the collections' EXAMPLES.

No model is asked. The nearest task names vote for a module, and the nearest task with it is adapted to the
new name. What the person's file holds after the task being written counts, the task itself never does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from chiron.ansible.bodies import module_of
from chiron.ansible.catalog import Catalog
from chiron.records import (
    Candidate,
    Facts,
    Ground,
    Request,
    Scope,
    ScopeKind,
    Source,
    Task,
)
from chiron.suggest.adapt import Adapted, adapt
from chiron.suggest.layout import lay_out
from chiron.suggest.restyle import restyled
from chiron.suggest.similarity import NameIndex
from chiron.syntax.blocks import task_blocks

_N_NEAREST = 40
_N_VOTERS = 12


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A task and how near it is: likeness of names, and that with habits of the place added."""

    task: Task
    likeness: float
    score: float


class Recall:
    """Everything that can be recalled. Safe for threads; building the index belongs off the event loop."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.RLock()
        self._index = NameIndex()
        self._tasks: dict[int, Task] = {}
        self._numbers: dict[str, tuple[tuple[Task, ...], list[int]]] = {}
        self._synced: Sequence[Task] | None = None
        self._examples_for = ""

    def set_tasks(self, path: str, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is recalled from `path`. Costs as much as the file is long."""
        with self._lock:
            kept = self._numbers.get(path)
            now = tuple(tasks)
            if kept is not None:
                if kept[0] == now:
                    return
                self._index.remove(kept[1])
                for number in kept[1]:
                    del self._tasks[number]
                del self._numbers[path]
            if now:
                numbers = [self._index.add(task.name) for task in now]
                self._tasks.update(zip(numbers, now, strict=True))
                self._numbers[path] = (now, numbers)

    def sync(self, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is recalled beside the EXAMPLES. Files that did not change cost nothing."""
        with self._lock:
            if tasks is self._synced:
                return
            by_path: dict[str, list[Task]] = {}
            for task in tasks:
                by_path.setdefault(f"{task.origin}:{task.path}", []).append(task)
            for path in [
                path for path in self._numbers if path not in by_path and not path.startswith("examples:")
            ]:
                self.set_tasks(path, ())
            for path, held in by_path.items():
                self.set_tasks(path, held)
            self._synced = tasks

    def load_examples(self) -> None:
        """Takes the catalog's EXAMPLES in, once for each version of the catalog."""
        with self._lock:
            if self._examples_for == self._catalog.version:
                return
            by_path: dict[str, list[Task]] = {}
            for task in self._catalog.examples():
                by_path.setdefault(f"examples:{task.path}", []).append(task)
            for path in [
                path for path in self._numbers if path.startswith("examples:") and path not in by_path
            ]:
                self.set_tasks(path, ())
            for path, held in by_path.items():
                self.set_tasks(path, held)
            self._examples_for = self._catalog.version

    def candidates(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[Candidate]:
        """At most `n` candidates for `request.scope`, surest first, laid out and ready to check."""
        scope = request.scope
        neighbours = self.neighbours(request, facts, tasks, scope.task_name)
        if scope.kind == ScopeKind.TASK_BODY:
            return self._bodies(scope, facts, neighbours, n)
        return []

    def similar(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[Task]:
        """The `n` tasks most like the one being written, nearest first, as few-shot for a model."""
        neighbours = self.neighbours(request, facts, tasks, request.scope.task_name)
        return [neighbour.task for neighbour in neighbours[:n]]

    def modules(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[str]:
        """The `n` likeliest modules for the task being written, as FQCN where known, likeliest first."""
        votes = vote(self.neighbours(request, facts, tasks, request.scope.task_name))
        return [module for module, _ in votes[:n]]

    def neighbours(self, request: Request, facts: Facts, tasks: Sequence[Task], name: str) -> list[Neighbour]:
        """The tasks nearest to `name`, nearest first; never one of the task being written."""
        path = _relative(request)
        with self._lock:
            self.load_examples()
            self.sync(tasks)
            found = self._index.nearest(name, _N_NEAREST)
            near = [(self._tasks[number], likeness) for number, likeness in found]
        near = [
            (task, likeness) for task, likeness in near if task.origin != "workspace" or task.path != path
        ]
        near += self._own(request, path, name)
        scored = [Neighbour(task, likeness, likeness + _nearness(task, path)) for task, likeness in near]
        return sorted(scored, key=lambda neighbour: -neighbour.score)

    def _own(self, request: Request, path: str, name: str) -> list[tuple[Task, float]]:
        """The other tasks of the file being written, with their likeness."""
        own: list[Task] = []
        for block in task_blocks(request.text):
            if block.first_line == request.scope.task_line or not block.name:
                continue
            module = module_of(block.body)
            if module is not None:
                fqcn = self._catalog.resolve(module)
                own.append(Task(block.name, module, fqcn, block.body, path, block.first_line))
        with self._lock:
            ratings = self._index.likeness(name, [task.name for task in own])
        return list(zip(own, ratings, strict=True))

    def _bodies(self, scope: Scope, facts: Facts, neighbours: Sequence[Neighbour], n: int) -> list[Candidate]:
        votes = vote(neighbours)
        candidates: list[Candidate] = []
        for module, share in votes[:n]:
            best = next(one for one in neighbours if _module(one.task) == module)
            adapted = adapt(best.task.body, best.task.name, scope.task_name)
            body = restyled(adapted.body, best.task.fqcn, facts.style)
            candidates.append(
                Candidate(
                    lay_out(scope, body),
                    Source.RECALL,
                    confidence=_confidence(best, share, adapted),
                    grounds=(Ground("task", best.task.name, f"{best.task.path}:{best.task.line + 1}"),),
                )
            )
        return sorted(candidates, key=lambda candidate: -candidate.confidence)


def vote(neighbours: Sequence[Neighbour]) -> list[tuple[str, float]]:
    """Modules by their share of the nearest tasks' votes, each weighing its score squared."""
    votes: dict[str, float] = {}
    for neighbour in neighbours[:_N_VOTERS]:
        module = _module(neighbour.task)
        votes[module] = votes.get(module, 0.0) + max(neighbour.score, 0.0) ** 2
    total = sum(votes.values()) or 1.0
    return sorted(((module, weight / total) for module, weight in votes.items()), key=lambda one: -one[1])


def _module(task: Task) -> str:
    return task.fqcn or task.module


def _nearness(task: Task, path: str) -> float:
    if task.origin == "examples":
        return -0.1
    if task.path == path:
        return 0.08
    return 0.04 if PurePath(task.path).parent == PurePath(path).parent else 0.0


def _confidence(best: Neighbour, share: float, adapted: Adapted) -> float:
    missed = 0.8**adapted.n_missed
    return round(min(1.0, max(0.0, best.likeness) * (0.4 + 0.6 * share) * missed), 3)


def _relative(request: Request) -> str:
    place = request.place
    if place.path and place.workspace:
        try:
            return PurePath(place.path).relative_to(place.workspace).as_posix()
        except ValueError:
            return place.path
    return place.path or ""
