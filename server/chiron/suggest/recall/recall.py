"""Answers from tasks already written: this workspace's, accepted ones, and the collections' EXAMPLES.

No model is asked. The module is chosen by many weak signs, and the nearest task that uses it is adapted to
the new name. What the person's file holds beside the task being written counts, the task itself never does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from chiron.ansible.bodies import module_of
from chiron.ansible.catalog import Catalog
from chiron.records import Candidate, Facts, Ground, Request, ScopeKind, Source, Task
from chiron.suggest.layout import lay_out, lay_out_fragment, lay_out_options, lay_out_tasks
from chiron.suggest.recall import completions
from chiron.suggest.recall.drafts import Draft, confidence, drafts, role_in
from chiron.suggest.recall.memory import Memory, rated
from chiron.suggest.recall.modules import ModuleCounts, Near, Question, module_name, rank_modules
from chiron.suggest.recall.steps import MAX_STEPS, steps_in
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.usual_modules import usually
from chiron.syntax.blocks import Block, task_blocks

_N_MODULES = 5
#: A step of a list that is less sure than this spoils the list.
_FEEBLE = 0.03


class Recall:
    """Everything that can be recalled. Safe for threads; it blocks while it learns, so off the event loop."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.RLock()
        self._memory = Memory(catalog)
        #: The last request's place: one request is asked about for several ends.
        self._last: _Place | None = None

    def sync(self, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is recalled beside the EXAMPLES; files that did not change cost little.

        The other methods do this themselves. Called ahead, it takes the first request's wait away.
        """
        with self._lock:
            self._last = None
            self._memory.sync(tasks)

    def candidates(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[Candidate]:
        """At most `n` candidates for `request.scope`, surest first, laid out and ready to check."""
        scope = request.scope
        with self._lock:
            place = self._place_of(request, facts, tasks)
            if scope.kind == ScopeKind.TASK_BODY:
                found = [
                    (confidence(draft), lay_out(scope, draft.body), draft.ground)
                    for draft in place.drafts(scope.task_name)
                ]
            elif scope.kind == ScopeKind.MODULE_OPTIONS:
                found = [
                    (rating, lay_out_options(scope, text), ground)
                    for rating, text, ground in completions.options(
                        scope, facts, self._catalog, place.of_module()
                    )
                ]
            elif scope.kind == ScopeKind.MODULE_NAME:
                ranked = place.ranked(scope.task_name)
                uses = self._memory.counts.modules
                found = [
                    (rating, lay_out_fragment(scope, name), ground)
                    for rating, name, ground in completions.names(scope, facts, self._catalog, ranked, uses)
                ]
            else:
                found = place.lists()
        return _chosen(found, scope.lead, n)

    def similar(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[Task]:
        """The `n` tasks most like the one being written, nearest first, as few-shot for a model."""
        with self._lock:
            place = self._place_of(request, facts, tasks)
            return [near.task for near in place.question(request.scope.task_name).near[:n]]

    def question(
        self, request: Request, facts: Facts, tasks: Sequence[Task]
    ) -> tuple[Question, ModuleCounts]:
        """What is known of the task being written, and the counts it is weighed by; for fitting weights.

        The counts change with the next request.
        """
        with self._lock:
            place = self._place_of(request, facts, tasks)
            return place.question(request.scope.task_name), self._memory.counts

    def drafts(self, request: Request, facts: Facts, tasks: Sequence[Task]) -> list[Draft]:
        """All drafts of the task being written, surest first; for fitting weights."""
        with self._lock:
            return self._place_of(request, facts, tasks).drafts(request.scope.task_name)

    def modules(self, request: Request, facts: Facts, tasks: Sequence[Task], n: int) -> list[str]:
        """The `n` likeliest modules for the task being written, canonical where known, likeliest first."""
        with self._lock:
            place = self._place_of(request, facts, tasks)
            ranked = place.ranked(request.scope.task_name)
            return [module for module, _ in ranked[:n]]

    def _place_of(self, request: Request, facts: Facts, tasks: Sequence[Task]) -> _Place:
        """The place of `request` in what is remembered. Called under the lock, as long as it is used."""
        last = self._last
        if last is None or not (last.request is request and last.facts is facts and last.tasks is tasks):
            last = self._last = _Place(self._memory, self._catalog, request, facts, tasks, last)
        return last


class _Place:
    """One request's place in what is remembered. Made and used under the lock."""

    def __init__(
        self,
        memory: Memory,
        catalog: Catalog,
        request: Request,
        facts: Facts,
        tasks: Sequence[Task],
        before: _Place | None,
    ) -> None:
        """`before` is the last request's place, of which the file's tasks are taken over."""
        self.request, self.facts, self.tasks = request, facts, tasks
        self._memory = memory
        self._catalog = catalog
        self._questions: dict[str, Question] = {}
        self._ranked: dict[str, list[tuple[str, float]]] = {}
        self._scope = request.scope
        self._facts = facts
        self._path = _relative(request)
        self._version = catalog.version
        self._blocks: list[Block] = []
        self._own = self._own_tasks(request, before)
        memory.sync(tasks)
        memory.overlay(self._path, self._own)
        self._above = [task for task in self._own if task.line < request.scope.task_line]

    def _own_tasks(self, request: Request, before: _Place | None) -> list[Task]:
        """The other tasks of the file being written."""
        # A block is the same object as long as neither its text nor its place has changed.
        known: dict[int, Task] = {}
        if before is not None and (before._path, before._version) == (self._path, self._version):
            known = dict(zip(map(id, before._blocks), before._own, strict=True))
        own: list[Task] = []
        for block in task_blocks(request.text):
            if block.first_line == request.scope.task_line:
                continue
            task = known.get(id(block)) or self._to_task(block)
            if task is not None:
                self._blocks.append(block)
                own.append(task)
        return own

    def _to_task(self, block: Block) -> Task | None:
        module = module_of(block.body)
        if not block.name or module is None:
            return None
        fqcn = self._catalog.resolve(module)
        return Task(block.name, module, fqcn, block.body, self._path, block.first_line)

    def question(self, name: str) -> Question:
        """What is known of a task called `name` at this place."""
        if name not in self._questions:
            self._questions[name] = self._question(name)
        return self._questions[name]

    def ranked(self, name: str) -> list[tuple[str, float]]:
        """The modules that come into question for it with their probability, likeliest first."""
        if name not in self._ranked:
            self._ranked[name] = rank_modules(self.question(name), self._memory.counts)
        return self._ranked[name]

    def _question(self, name: str) -> Question:
        at = self.surroundings()
        return Question(
            name,
            self._path,
            self._rated(self._memory.nearest(name)),
            own=[module_name(task) for task in self._own],
            before=[module_name(task) for task in self._above],
            spoken=self._memory.spoken(name),
            template=at.template_for(name) is not None if self._facts.complete else None,
            file=at.file_for(name) is not None if self._facts.complete else None,
            usual=usually(name, self._path),
        )

    def _rated(self, found: Sequence[tuple[Task, float]]) -> list[Near]:
        return rated(found, self._path, self._above, self._memory.before)

    def surroundings(self, above: Sequence[Task] = ()) -> Surroundings:
        """What this place offers as values, `above` being written just before."""
        facts = self._facts
        if facts.role is None and (role := role_in(self._path)):
            facts = replace(facts, role=role)
        return Surroundings(
            facts,
            [*self._above, *above],
            installed=lambda name: self._catalog.resolve(name) is not None,
            uses=lambda name: self._memory.counts.modules[name],
            documented=self._catalog.module,
        )

    def drafts(self, name: str, above: Sequence[Task] = ()) -> list[Draft]:
        """Drafts of a task called `name`, surest first."""
        question = self.question(name)
        shares = self.ranked(name)
        at = self.surroundings(above)
        near = list(question.near)
        there = {module_name(one.task) for one in near}
        for module, _ in shares[:_N_MODULES]:
            if module not in there:
                near += self._rated(self._memory.nearest_of(module, name)[:4])
        found = drafts(name, self._path, near, shares, at)
        return sorted(found, key=lambda draft: (draft.n_unknown > 0, -confidence(draft)))

    def of_module(self) -> list[Draft]:
        """Drafts of the enclosing task with the module it has, surest first."""
        scope = self._scope
        module = self._catalog.resolve(scope.module or "") or scope.module or ""
        name = scope.task_name or (scope.module or "")
        near = self._rated(self._memory.nearest_of(module, name)[:12])
        found = drafts(name, self._path, near, [(module, 1.0)], self.surroundings())
        return sorted((one for one in found if one.module == module), key=lambda draft: -confidence(draft))

    def lists(self) -> list[tuple[float, str, Ground]]:
        """The tasks that the comment announces, as one text."""
        names = steps_in(self._scope.task_name)
        if not 0 < len(names) <= MAX_STEPS:
            return []
        written: list[tuple[str, str]] = []
        above: list[Task] = []
        surest = 1.0
        ground = None
        for name in names:
            best = next(iter(self.drafts(name, above)), None)
            if best is None or confidence(best) < _FEEBLE:
                return []
            surest = min(surest, confidence(best))
            ground = ground or best.ground
            written.append((name, best.body))
            above.append(Task(name, best.module, best.module, best.body, self._path, self._scope.task_line))
        text = lay_out_tasks(self._scope, written)
        return [(surest, text, ground)] if ground is not None else []


def _chosen(found: Sequence[tuple[float, str, Ground]], lead: str, n: int) -> list[Candidate]:
    """The first `n` of different texts."""
    candidates: dict[str, Candidate] = {}
    for rating, text, ground in found:
        if text.removeprefix(lead).strip() and text not in candidates:
            candidates[text] = Candidate(text, Source.RECALL, None, rating, (ground,))
    return list(candidates.values())[:n]


def _relative(request: Request) -> str:
    place = request.place
    if place.path and place.workspace:
        try:
            return PurePath(place.path).relative_to(place.workspace).as_posix()
        except ValueError:
            return place.path
    return place.path or ""
