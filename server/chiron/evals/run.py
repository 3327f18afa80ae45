"""Answers to cases, through the same `Suggester` the editor uses, one JSON line each.

`append` hides everything from the task's body on, as when a file is written from the top; `insert` hides the
body alone. Warm, the rest of the repository is known; cold, nothing but the file's own text before the name.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.errors import ChironError, ModelError
from chiron.evals.cases import Case
from chiron.records import Answer, Model, ModelRequest, Origin, Place, Position, Request, Scope
from chiron.suggest.model.consult import Consultant
from chiron.suggest.pipeline import Suggester
from chiron.suggest.place import request_at
from chiron.suggest.recall import Recall
from chiron.syntax.document import Document

#: Characters of the file that a model without Chiron is shown before the name.
_RAW_WINDOW = 6_000
_RAW_TOKENS = 160
_RAW_SYSTEM = (
    "You are an Ansible expert. Continue the file with the body of its last task. Answer with YAML only."
)

ArmKind = Literal["raw", "prompt", "recall", "chiron"]


@dataclass(frozen=True, slots=True)
class Arm:
    """What answers: the model alone (`raw`, `prompt`), tasks already written (`recall`), or all of it."""

    name: str
    kind: ArmKind
    model: Model | None
    threshold: float
    patience_ms: int
    #: As the settings' arms have them; None for the usual.
    n_similar: int | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One answer. `text` is what would stand under the name line, or None where nothing was shown."""

    id: str
    text: str | None
    source: str | None
    latency_ms: float
    withheld: list[str]
    tokens: Mapping[str, int | None]
    confidence: float = 0.0
    stage_ms: Mapping[str, float] = field(default_factory=dict)


#: Why nothing was shown where the model failed; the same word as a suggestion's silence.
FAULT = "model-trouble"


@dataclass(frozen=True, slots=True)
class Setup:
    """How cases are put to an arm."""

    workspaces: Path
    mode: Literal["append", "insert"] = "append"
    cold: bool = False
    parallel: int = 1


async def run(
    cases: Sequence[Case],
    arm: Arm,
    catalog: Catalog,
    setup: Setup,
    out: Path,
    on_done: Callable[[int], None] = lambda _n: None,
) -> int:
    """Puts to `arm` the cases that `out` holds no answer to, adds the answers, and says how many.

    Cases whose answer a fault of the model kept away are put to it again.
    """
    done = {result.id for result in read_results(out) if FAULT not in result.withheld}
    waiting = [case for case in cases if case.id not in done]
    by_workspace: dict[str, list[Case]] = {}
    for case in waiting:
        by_workspace.setdefault(case.workspace, []).append(case)
    gate = asyncio.Semaphore(setup.parallel)
    with out.open("a", encoding="utf-8") as file:

        def keep(result: Result) -> None:
            file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
            file.flush()
            on_done(1)

        async def one(name: str, held: list[Case]) -> None:
            async with gate:
                await _workspace(name, held, arm, catalog, setup, keep)

        await asyncio.gather(*(one(name, held) for name, held in by_workspace.items()))
    return len(waiting)


async def _workspace(
    name: str,
    cases: Sequence[Case],
    arm: Arm,
    catalog: Catalog,
    setup: Setup,
    keep: Callable[[Result], None],
) -> None:
    root = (setup.workspaces / name).absolute()
    frozen = all(case.text for case in cases)
    if not frozen and not root.is_dir():
        raise ChironError(f"{root} is not there.", advice="Name the folder of checkouts with --workspaces.")
    suggester = Suggester(
        catalog=catalog,
        recall=Recall(catalog),
        consultant=Consultant(arm.model, None, life_s=1, nothing_s=1)
        if arm.model is not None and arm.kind == "chiron"
        else None,
        threshold=arm.threshold,
        patience_ms=arm.patience_ms,
    )
    if arm.n_similar is not None:
        suggester.n_similar = arm.n_similar
    if arm.prompt is not None:
        suggester.prompt_version = arm.prompt
    project = None
    if not frozen and not setup.cold and arm.kind in ("recall", "chiron"):
        project = Project(root, catalog)
        await asyncio.to_thread(project.refresh)
    for case in cases:
        keep(await _case(case, root, arm, suggester, project, setup))


async def _case(
    case: Case, root: Path, arm: Arm, suggester: Suggester, project: Project | None, setup: Setup
) -> Result:
    text, position = hidden(case, root, setup.mode)
    path = str(root / case.path)
    document = Document(Path(path).as_uri(), text, 0)
    place = Place(document.uri, path, 0, str(root))
    request = request_at(document, position, place, origin=Origin.EVAL)
    if arm.kind in ("raw", "prompt"):
        return await _without_chiron(case, arm, text, position, request.scope if request else None)
    if request is None:
        return Result(case.id, None, None, 0.0, ["no-scope"], {})
    if project is not None:
        await asyncio.to_thread(project.update, case.path, text)
    try:
        started = time.perf_counter()
        answer = await suggester.suggest(request, project)
        elapsed_ms = (time.perf_counter() - started) * 1000
    finally:
        if project is not None:
            await asyncio.to_thread(project.update, case.path, None)
    return _to_result(case, request, answer, elapsed_ms)


def hidden(case: Case, root: Path, mode: str) -> tuple[str, Position]:
    """The file with the case's body hidden, and the end of its name line."""
    if case.text:
        above, below = case.text[: case.at], case.text[case.at :]
        last_line = above.rpartition("\n")[2]
        return above + (below if mode == "insert" else ""), Position(above.count("\n"), len(last_line))
    lines = (root / case.path).read_text(encoding="utf-8").split("\n")
    first, last = case.body
    if "\n".join(lines[first - 1 : last]) != case.expected:
        raise ChironError(
            f"{case.workspace}/{case.path} is no longer what case {case.id} was made from.",
            advice="Build the cases again.",
        )
    after = lines[last:] if mode == "insert" else []
    kept = [*lines[: case.line], *after]
    return "\n".join(kept), Position(case.line - 1, len(lines[case.line - 1]))


def _to_result(case: Case, request: Request, answer: Answer, elapsed_ms: float) -> Result:
    shown = answer.suggestions[0] if answer.suggestions else None
    consulted = answer.consulted
    tokens = (
        {"prompt": consulted.n_prompt_tokens, "completion": consulted.n_completion_tokens}
        if consulted
        else {}
    )
    return Result(
        id=case.id,
        text=shown.text.removeprefix(request.scope.lead) if shown else None,
        source=shown.source.value if shown else None,
        latency_ms=round(elapsed_ms, 2),
        withheld=[one.reason for one in answer.withheld] or ([answer.silence] if answer.silence else []),
        tokens=tokens,
        confidence=shown.confidence if shown else 0.0,
        stage_ms=dict(answer.stage_ms),
    )


async def _without_chiron(case: Case, arm: Arm, text: str, position: Position, scope: Scope | None) -> Result:
    """The model with the file before the cursor and nothing round it. Nothing is withheld."""
    if arm.model is None:
        raise ChironError(f"The arm {arm.name} needs a model.", advice="Name one with --model.")
    name_line = text.split("\n")[position.line]
    column = len(name_line) - len(name_line.lstrip())
    indent = " " * (scope.indent if scope else column + 2)
    before = "\n".join(text.split("\n")[: position.line + 1])[-_RAW_WINDOW:]
    able = await arm.model.capabilities()
    system = _RAW_SYSTEM if arm.kind == "prompt" else ""
    preamble = f"# {system}\n" if system and able.completions else ""
    request = ModelRequest(
        prompt=f"{preamble}{before}\n{indent}",
        system=system,
        stop=(f"\n{' ' * column}- ",),
        max_tokens=_RAW_TOKENS,
        prompt_version=f"{arm.kind}-1",
    )
    started = time.perf_counter()
    try:
        answer = await arm.model.complete(request)
    except ModelError as error:
        waited_ms = round((time.perf_counter() - started) * 1000, 2)
        return Result(case.id, None, None, waited_ms, [FAULT, type(error).__name__], {})
    elapsed_ms = (time.perf_counter() - started) * 1000
    body = _first_task(indent + answer.texts[0], column)
    return Result(
        id=case.id,
        text=body or None,
        source="model",
        latency_ms=round(elapsed_ms, 2),
        withheld=[],
        tokens={"prompt": answer.n_prompt_tokens, "completion": answer.n_completion_tokens},
    )


def _first_task(written: str, column: int) -> str:
    """What a person would take of a model's text: the lines that stand under the name."""
    kept: list[str] = []
    for line in written.split("\n"):
        if line.strip() and len(line) - len(line.lstrip()) <= column:
            break
        kept.append(line.rstrip())
    return "\n".join(kept).rstrip()


def read_results(path: Path) -> list[Result]:
    """The answers in a file, the last to each case; none where there is no file.

    A line cut short by an interruption is left out.
    """
    results: dict[str, Result] = {}
    if not path.exists():
        return []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            result = Result(**json.loads(line))
        except (ValueError, TypeError):
            continue
        results[result.id] = result
    return list(results.values())
