"""What recall remembers: every task in reach by its name, and which words went with which modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from operator import attrgetter

from chiron.ansible.catalog import Catalog
from chiron.records import Task
from chiron.suggest.recall.module_names import ModuleNames
from chiron.suggest.recall.modules import ModuleCounts, Near, module_name
from chiron.suggest.recall.similarity import NameIndex

#: Collections whose EXAMPLES are always known; of others, those of the modules used in the workspace.
USUAL_COLLECTIONS = frozenset({"ansible.builtin", "ansible.posix"})
_N_NEAREST = 40
#: Of one module, so many tasks are compared by name at most.
_N_OF_MODULE = 200
_EXAMPLES = "examples:"


class Memory:
    """Tasks by file. It takes a file at a time, cheaply, and is not safe for threads: its owner locks."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._index = NameIndex()
        self.counts = ModuleCounts()
        self._tasks: dict[int, Task] = {}
        self._held: dict[str, tuple[tuple[Task, ...], list[int]]] = {}
        self._by_module: dict[str, dict[int, None]] = {}
        self._synced: Sequence[Task] | None = None
        self._synced_by_key: dict[str, list[Task]] = {}
        #: The file whose tasks are those of the last request's text instead of the synced ones.
        self._overlaid: str | None = None
        self._examples_for: str | None = None
        self._with_examples: set[str] = set()
        #: The modules by the words of their names, and the catalog's version they are from.
        self._names: tuple[str, ModuleNames] | None = None

    def __len__(self) -> int:
        return len(self._tasks)

    def set_tasks(self, key: str, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is remembered under `key`; costs next to nothing where they are that.

        Where they have only moved to other lines, it costs no more.
        """
        now = tuple(tasks)
        kept, numbers = self._held.pop(key, ((), []))
        if len(kept) == len(now) and all(map(_is_same, kept, now)):
            if now:
                self._held[key] = (now, numbers)
                self._tasks.update(zip(numbers, now, strict=True))
            return
        self._index.remove(numbers)
        self.counts.add(kept, sign=-1)
        for number in numbers:
            task = self._tasks.pop(number)
            del self._by_module[module_name(task)][number]
        if now:
            fresh = [self._index.add(task.name) for task in now]
            self.counts.add(now)
            for number, task in zip(fresh, now, strict=True):
                self._tasks[number] = task
                self._by_module.setdefault(module_name(task), {})[number] = None
            self._held[key] = (now, fresh)

    def sync(self, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is remembered beside EXAMPLES. The same object again costs nothing."""
        self._load_examples()
        if tasks is self._synced:
            return
        by_key = _by_key(tasks)
        for key in [key for key in self._held if key not in by_key and not key.startswith(_EXAMPLES)]:
            self.set_tasks(key, ())
        for key, held in by_key.items():
            self.set_tasks(key, held)
        self._synced, self._synced_by_key, self._overlaid = tasks, by_key, None
        self._load_examples_of({task.fqcn for task in tasks if task.fqcn is not None})
        self._index.prepare()

    def overlay(self, path: str, tasks: Sequence[Task]) -> None:
        """Makes `tasks` all that is remembered of the workspace's file `path`, until another file's turn.

        A request's own text stands for its file, whatever was last read of it: so the task being written
        is left out, and what was cut off behind the cursor.
        """
        key = f"workspace:{path}"
        if self._overlaid is not None and self._overlaid != key:
            self.set_tasks(self._overlaid, self._synced_by_key.get(self._overlaid, ()))
        self.set_tasks(key, tasks)
        self._overlaid = key

    def nearest(self, name: str) -> list[tuple[Task, float]]:
        """The tasks whose names are nearest, with their likeness."""
        return [(self._tasks[number], likeness) for number, likeness in self._index.nearest(name, _N_NEAREST)]

    def nearest_of(self, module: str, name: str) -> list[tuple[Task, float]]:
        """The tasks with `module`, those with the nearest names first."""
        numbers = list(self._by_module.get(module, ()))[-_N_OF_MODULE:]
        likeness = self._index.likeness(name, numbers)
        found = zip((self._tasks[number] for number in numbers), likeness, strict=True)
        return sorted(found, key=lambda one: -one[1])

    def before(self, task: Task) -> Task | None:
        """The named task above `task` in its file."""
        held, _ = self._held.get(f"{task.origin}:{task.path}", ((), []))
        above: Task | None = None
        for one in held:
            if one is task:
                return above
            above = one
        return None

    def spoken(self, name: str) -> list[str]:
        """Installed modules whose own names `name` speaks."""
        version = self._catalog.version
        if self._names is None or self._names[0] != version:
            self._names = (version, ModuleNames(self._catalog.names()))
        return [self._catalog.resolve(module) or module for module in self._names[1].in_name(name)]

    def _load_examples(self) -> None:
        version = self._catalog.version
        if self._examples_for == version:
            return
        for key in [key for key in self._held if key.startswith(_EXAMPLES)]:
            self.set_tasks(key, ())
        self._with_examples.clear()
        for key, held in _by_key(self._catalog.examples(USUAL_COLLECTIONS)).items():
            self.set_tasks(key, held)
        self._examples_for = version

    def _load_examples_of(self, modules: set[str]) -> None:
        new = {
            name for name in modules if name.rpartition(".")[0] not in USUAL_COLLECTIONS
        } - self._with_examples
        self._with_examples |= new
        for key, held in _by_key(self._catalog.examples_of(sorted(new))).items():
            self.set_tasks(key, held)


#: What of a task recall goes by.
_KNOWN_BY = attrgetter(*(field.name for field in fields(Task) if field.name != "line"))


def _is_same(task: Task, other: Task) -> bool:
    return task is other or _KNOWN_BY(task) == _KNOWN_BY(other)


def _by_key(tasks: Iterable[Task]) -> dict[str, list[Task]]:
    by_key: dict[str, list[Task]] = {}
    for task in tasks:
        by_key.setdefault(f"{task.origin}:{task.path}", []).append(task)
    return by_key


def rated(
    found: Iterable[tuple[Task, float]],
    path: str,
    above: Sequence[Task],
    before: Callable[[Task], Task | None] = lambda _task: None,
) -> list[Near]:
    """`found` with the nearness of their places added, nearest first; `above` stands in the same file.

    `before` tells which task stands above another one.
    """
    last = above[-2:]
    near = [
        Near(
            task,
            likeness,
            likeness + _nearness(task, path),
            task.path == path,
            task in last,
            led=_led(before(task), last[-1]) if last and task.origin != "examples" else 0.0,
        )
        for task, likeness in found
    ]
    return sorted(near, key=lambda one: -one.score)


def _led(theirs: Task | None, ours: Task) -> float:
    """How like each other the tasks are that lead up to two places."""
    if theirs is None or theirs is ours:
        return 0.0
    if theirs.name == ours.name or theirs.body == ours.body:
        return 1.0
    return 0.4 if module_name(theirs) == module_name(ours) else 0.0


def _nearness(task: Task, path: str) -> float:
    if task.origin == "examples":
        return -0.1
    if task.origin == "accepted":
        # What was kept long ago says less of what is wanted now.
        return -0.1 * (1 - task.weight)
    if task.path == path:
        return 0.08
    return 0.04 if task.path.rpartition("/")[0] == path.rpartition("/")[0] else 0.0
