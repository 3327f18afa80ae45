"""Answers from tasks already written: this workspace's, accepted ones, and the collections' EXAMPLES.

No model is asked. The module is chosen by many weak signs, and the nearest task that uses it is adapted to
the new name. What the person's file holds beside the task being written counts, the task itself never does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import PurePath

from chiron.ansible.bodies import module_of
from chiron.ansible.catalog import Catalog
from chiron.records import Candidate, Facts, Ground, Request, Scope, ScopeKind, Source, Task
from chiron.suggest.drafts import confidence, drafts
from chiron.suggest.layout import lay_out
from chiron.suggest.modules import ModuleCounts, Near, Question, module_name, rank_modules
from chiron.suggest.similarity import NameIndex
from chiron.suggest.surroundings import Surroundings
from chiron.syntax.blocks import task_blocks

_N_NEAREST = 40
_N_MODULES = 5
#: Collections whose EXAMPLES are always known; of others, those of the modules used in the workspace.
_USUAL_COLLECTIONS = frozenset({"ansible.builtin", "ansible.posix"})


class Recall:
    """Everything that can be recalled. Safe for threads; building the index belongs off the event loop."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.RLock()
        self._index = NameIndex()
        self._counts = ModuleCounts()
        self._tasks: dict[int, Task] = {}
        self._numbers: dict[str, tuple[tuple[Task, ...], list[int]]] = {}
        self._synced: Sequence[Task] | None = None
        self._synced_by_key: dict[str, list[Task]] = {}
        #: The file whose tasks are those of the last request's text instead of the synced ones.
        self._overlaid: str | None = None
        self._examples_for = ""
        self._with_examples: set[str] = set()

    def set_tasks(self, key: str, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is recalled under `key` (one file's). Costs as much as the file is long."""
        with self._lock:
            kept = self._numbers.get(key)
            now = tuple(tasks)
            if kept is not None:
                if kept[0] == now:
                    return
                self._index.remove(kept[1])
                self._counts.add(kept[0], sign=-1)
                for number in kept[1]:
                    del self._tasks[number]
                del self._numbers[key]
            if now:
                numbers = [self._index.add(task.name) for task in now]
                self._counts.add(now)
                self._tasks.update(zip(numbers, now, strict=True))
                self._numbers[key] = (now, numbers)

    def sync(self, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is recalled beside the EXAMPLES. Files that did not change cost next to nothing."""
        with self._lock:
            self._load_examples()
            if tasks is self._synced:
                return
            by_key: dict[str, list[Task]] = {}
            for task in tasks:
                by_key.setdefault(f"{task.origin}:{task.path}", []).append(task)
            for key in [
                key for key in self._numbers if key not in by_key and not key.startswith("examples:")
            ]:
                self.set_tasks(key, ())
            for key, held in by_key.items():
                self.set_tasks(key, held)
            self._synced, self._synced_by_key, self._overlaid = tasks, by_key, None
            self._load_examples_of({task.fqcn for task in tasks if task.fqcn is not None})

    def _load_examples(self) -> None:
        version = self._catalog.version
        if self._examples_for == version:
            return
        for key in [key for key in self._numbers if key.startswith("examples:")]:
            self.set_tasks(key, ())
        self._with_examples.clear()
        by_key: dict[str, list[Task]] = {}
        for task in self._catalog.examples(_USUAL_COLLECTIONS):
            by_key.setdefault(f"examples:{task.path}", []).append(task)
        for key, held in by_key.items():
            self.set_tasks(key, held)
        self._examples_for = version

    def _load_examples_of(self, modules: set[str]) -> None:
        new = {
            name for name in modules if name.rpartition(".")[0] not in _USUAL_COLLECTIONS
        } - self._with_examples
        self._with_examples |= new
        by_key: dict[str, list[Task]] = {}
        for task in self._catalog.examples_of(sorted(new)):
            by_key.setdefault(f"examples:{task.path}", []).append(task)
        for key, held in by_key.items():
            self.set_tasks(key, held)

    def _overlay(self, key: str, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is recalled from one file, until the next request from another."""
        if self._overlaid not in {None, key}:
            self.set_tasks(self._overlaid or "", self._synced_by_key.get(self._overlaid or "", ()))
        self.set_tasks(key, tasks)
        self._overlaid = key

    # ------------------------------------------------------------------ questions

    def candidates(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[Candidate]:
        """At most `n` candidates for `request.scope`, surest first, laid out and ready to check."""
        scope = request.scope
        with self._lock:
            question, surroundings = self._question(request, facts, tasks)
            if scope.kind == ScopeKind.TASK_BODY:
                return self._bodies(scope, facts, question, surroundings, n)
        return []

    def similar(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[Task]:
        """The `n` tasks most like the one being written, nearest first, as few-shot for a model."""
        with self._lock:
            question, _ = self._question(request, facts, tasks)
        return [near.task for near in question.near[:n]]

    def modules(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[str]:
        """The `n` likeliest modules for the task being written, canonical where known, likeliest first."""
        with self._lock:
            question, _ = self._question(request, facts, tasks)
            return [module for module, _ in rank_modules(question, self._counts)[:n]]

    def _question(
        self, request: Request, facts: Facts, tasks: Sequence[Task]
    ) -> tuple[Question, Surroundings]:
        scope = request.scope
        path = _relative(request)
        own = self._own_tasks(request, path)
        self.sync(tasks)
        # What the request's text holds stands for the file, whatever was last read of it: the task being
        # written is left out, and so is what was cut off behind the cursor.
        self._overlay(f"workspace:{path}", own)
        above = [task for task in own if task.line < scope.task_line]
        near = [
            Near(task, likeness, likeness + _nearness(task, path), task.path == path, task in above[-2:])
            for number, likeness in self._index.nearest(scope.task_name, _N_NEAREST)
            for task in (self._tasks[number],)
        ]
        near.sort(key=lambda one: -one.score)
        question = Question(
            scope.task_name,
            path,
            near,
            own=[module_name(task) for task in own],
            before=[module_name(task) for task in above],
            in_handlers=scope.in_handlers,
        )
        surroundings = Surroundings(
            facts,
            above,
            installed=lambda name: self._catalog.resolve(name) is not None,
            uses=lambda name: self._counts.modules[name],
        )
        return question, surroundings

    def _own_tasks(self, request: Request, path: str) -> list[Task]:
        """The other tasks of the file being written."""
        own: list[Task] = []
        for block in task_blocks(request.text):
            module = module_of(block.body)
            if block.first_line == request.scope.task_line or not block.name or module is None:
                continue
            own.append(
                Task(block.name, module, self._catalog.resolve(module), block.body, path, block.first_line)
            )
        return own

    # ------------------------------------------------------------------ whole tasks

    def _bodies(
        self, scope: Scope, facts: Facts, question: Question, surroundings: Surroundings, n: int
    ) -> list[Candidate]:
        shares = rank_modules(question, self._counts)[:_N_MODULES]
        found = drafts(scope.task_name, question.path, question.near, shares, surroundings, facts.style)
        rated = sorted(((confidence(draft), draft) for draft in found), key=lambda one: -one[0])
        candidates: list[Candidate] = []
        seen: set[str] = set()
        for rating, draft in rated:
            if draft.body not in seen:
                seen.add(draft.body)
                text = lay_out(scope, draft.body)
                candidates.append(Candidate(text, Source.RECALL, None, rating, (draft.ground,)))
        return candidates[:n]


def _nearness(task: Task, path: str) -> float:
    if task.origin == "examples":
        return -0.1
    if task.path == path:
        return 0.08
    return 0.04 if task.path.rpartition("/")[0] == path.rpartition("/")[0] else 0.0


def _relative(request: Request) -> str:
    place = request.place
    if place.path and place.workspace:
        try:
            return PurePath(place.path).relative_to(place.workspace).as_posix()
        except ValueError:
            return place.path
    return place.path or ""
