"""What outcomes teach: tasks that were kept, as examples to recall; and which drafts people here keep.

Nothing is copied: a pool is worked out from the feedback log whenever that changes, so whatever is erased
there is gone here, and what a person took out stays out. It is poison-proof in these ways: only what the
validator passes becomes an example; what holds a placeholder of a secret never does; a file, a module, a name
and a day can each give so many and no more; everything fades with age.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from chiron.ansible.bodies import module_of
from chiron.flywheel.learned.booking import LEAST_WEIGHT, booked_of, was_kept
from chiron.flywheel.learned.ledger import Booked, Ledger, book
from chiron.flywheel.learned.placed import Written, tasks_of, written_instead
from chiron.records import Ground, ScopeKind, Task
from chiron.redact.scalars import PLACEHOLDER
from chiron.store.feedback_lessons import Lesson

#: What one source can give at most.
MOST_EXAMPLES, MOST_OF_FILE, MOST_OF_MODULE, MOST_OF_NAME, MOST_A_DAY = 1_000, 20, 100, 3, 60
_LONGEST = 4_000
_DAY_MS = 86_400_000
_OUT_OF_EXAMPLES = "out of EXAMPLES"


@dataclass(frozen=True, slots=True)
class Example:
    """A task that a person kept or wrote in a suggestion's place, and where that is known from.

    `kind` is `accepted`, `corrected` or `instead`.
    """

    suggestion_id: str
    kind: str
    name: str
    body: str
    module: str
    uri: str
    line: int
    at_ms: int
    weight: float
    #: It was recalled from a module's EXAMPLES, or from what had been: those are under the GPL.
    copied: bool = False

    @property
    def note(self) -> str:
        """How it is known, as a person reads it."""
        day = datetime.fromtimestamp(self.at_ms / 1000, UTC)
        verb = {"accepted": "accepted by you on", "corrected": "corrected by you on"}.get(self.kind)
        said = f"{verb or 'written by you instead of a suggestion on'} {day.day} {day:%B %Y}"
        return f"{said}, {_OUT_OF_EXAMPLES}" if self.copied else said


@dataclass(frozen=True, slots=True)
class Pool:
    """What was learned for one workspace. `version` changes when an example or an entry does."""

    version: str = ""
    examples: tuple[Example, ...] = ()
    #: The examples as recall takes them, and as a model is shown them.
    tasks: tuple[Task, ...] = ()
    few_shot: tuple[Task, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)
    #: Outcomes that were booked, and how many of them were kept.
    n_outcomes: int = 0
    n_kept: int = 0
    #: Why suggestions that were kept gave no example, with how many.
    left_out: Mapping[str, int] = field(default_factory=dict)


def build_pool(
    lessons: Sequence[Lesson],
    *,
    now_ms: int,
    workspace: str | None,
    shared: bool,
    half_life_days: float,
    resolve: Callable[[str], str | None],
    is_valid: Callable[[str], bool],
) -> Pool:
    """The pool of `lessons`, oldest first, for the workspace at that path.

    Other workspaces' lessons count only where they are `shared`. `resolve` gives a module's canonical name;
    `is_valid` says whether the validator passes the YAML of one task.
    """
    here = [one for one in lessons if shared or is_within(one.row.record.uri, workspace)]
    here = [one for one in here if not one.unlearned]
    weights = [_faded(one.row.record.at_ms, now_ms, half_life_days) for one in here]
    left_out: Counter[str] = Counter()
    examples = _examples(list(zip(here, weights, strict=True)), left_out, is_valid)
    booked = booked_of(here, weights, resolve)
    tasks = tuple(_to_task(one, workspace, resolve) for one in examples)
    return Pool(
        version=_version(examples, booked),
        examples=examples,
        tasks=tasks,
        few_shot=tasks,
        ledger=book(booked),
        n_outcomes=len(booked),
        n_kept=sum(one.kept for one in booked),
        left_out=dict(left_out),
    )


def alike(lessons: Sequence[Lesson], suggestion_id: str) -> list[str]:
    """The suggestions that teach what that one does, itself among them where it teaches something."""
    taught = {one.row.record.id: {_text_of(each) for each in _of_lesson(one, 1.0)} for one in lessons}
    wanted = taught.get(suggestion_id, set())
    return [one for one, texts in taught.items() if texts & wanted]


def is_within(uri: str, workspace: str | None) -> bool:
    """Whether a file's URI lies in the workspace at that path."""
    if workspace is None:
        return False
    return f"{path_of(uri)}/".startswith(workspace.replace("\\", "/").rstrip("/") + "/")


def path_of(uri: str) -> str:
    """The path in a file's URI, with forward slashes."""
    path = unquote(urlsplit(uri).path)
    return path[1:] if re.match(r"/[A-Za-z]:", path) else path


def is_copied(grounds: Sequence[Ground]) -> bool:
    """Whether a suggestion with these grounds came from a module's EXAMPLES, by whatever way."""
    return any(
        one.kind == "task" and (one.detail == "examples" or _OUT_OF_EXAMPLES in one.detail) for one in grounds
    )


# --------------------------------------------------------------------------- examples


def _examples(
    weighed: Sequence[tuple[Lesson, float]], left_out: Counter[str], is_valid: Callable[[str], bool]
) -> tuple[Example, ...]:
    """The examples, newest first."""
    chosen: list[Example] = []
    n_of: Counter[tuple[str, object]] = Counter()
    seen: set[tuple[str, str]] = set()
    for lesson, weight in reversed(weighed):
        for example in _of_lesson(lesson, weight):
            sources = {
                ("file", example.uri): MOST_OF_FILE,
                ("module", example.module): MOST_OF_MODULE,
                ("name", example.name.lower()): MOST_OF_NAME,
                ("day", example.at_ms // _DAY_MS): MOST_A_DAY,
            }
            text = _text_of(example)
            why = ""
            if example.weight < LEAST_WEIGHT:
                why = "faded"
            elif text in seen:
                why = "the same again"
            elif PLACEHOLDER.search(example.body) or PLACEHOLDER.search(example.name):
                why = "holds a secret's placeholder"
            elif len(example.body) > _LONGEST:
                why = "too long"
            elif len(chosen) >= MOST_EXAMPLES or any(n_of[key] >= most for key, most in sources.items()):
                why = "its source gave enough"
            elif not is_valid(yaml_of(example)):
                why = "not valid here"
            if why:
                left_out[why] += 1
                continue
            seen.add(text)
            n_of.update(sources.keys())
            chosen.append(example)
    return tuple(chosen)


def _of_lesson(lesson: Lesson, weight: float) -> list[Example]:
    """What one suggestion teaches to write: a correction before what was accepted, that before what was
    written instead."""
    record, derived = lesson.row.record, lesson.row.derived
    if record.scope is ScopeKind.MODULE_NAME:
        return []
    written: list[Written] = []
    kind, share = "", 1.0
    if lesson.correction and lesson.corrected_valid is not False:
        kind, written = "corrected", tasks_of(lesson.correction)
    elif was_kept(lesson.row) and (derived.strong or derived.label == "good"):
        kind, written = "accepted", written_instead(record, record.text)
        share = 1.0 if derived.kept_ratio is None else derived.kept_ratio
    elif lesson.instead and record.scope is ScopeKind.TASK_BODY:
        kind, written = "instead", written_instead(record, lesson.instead)
    return [
        Example(
            record.id,
            kind,
            one.name,
            one.body,
            module_of(one.body) or "",
            record.uri,
            record.line,
            record.at_ms,
            round(weight * share, 3),
            copied=kind == "accepted" and is_copied(record.grounds),
        )
        for one in written
        if one.name and module_of(one.body)
    ]


def _text_of(example: Example) -> tuple[str, str]:
    """What two examples share that say the same."""
    return example.name.lower(), " ".join(example.body.split())


def yaml_of(example: Example) -> str:
    """The example as a list of one task."""
    body = "\n".join(f"  {line}" if line else "" for line in example.body.split("\n"))
    return f"- name: {example.name}\n{body}\n"


def _to_task(example: Example, workspace: str | None, resolve: Callable[[str], str | None]) -> Task:
    path = path_of(example.uri)
    inside = is_within(example.uri, workspace)
    # Of another workspace only the end of the path means anything here: the role and the file's name.
    shown = path[len(workspace or "") :].lstrip("/") if inside else "/".join(path.split("/")[-4:])
    return Task(
        name=example.name,
        module=example.module,
        fqcn=resolve(example.module),
        body=example.body,
        path=shown,
        line=example.line,
        origin="accepted",
        suggestion_id=example.suggestion_id,
        note=example.note,
        weight=example.weight,
    )


def _faded(at_ms: int, now_ms: int, half_life_days: float) -> float:
    """What something of that age still counts for; whole days, so that a version lasts for one."""
    days = max(0, now_ms - at_ms) // _DAY_MS
    return float(0.5 ** (days / half_life_days))


def _version(examples: Sequence[Example], booked: Sequence[Booked]) -> str:
    """A hash of everything that a suggestion could owe to the pool; "" for an empty one."""
    if not examples and not booked:
        return ""
    digest = hashlib.blake2b(digest_size=6)
    for one in examples:
        digest.update(f"{one.suggestion_id} {one.kind} {one.weight}\n".encode())
    for entry in booked:
        digest.update(f"{entry.keys[-1]} {entry.kept} {entry.weight:.3f}\n".encode())
    return digest.hexdigest()
