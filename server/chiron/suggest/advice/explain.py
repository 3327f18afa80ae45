"""What stands at the cursor, explained by a model: a task, a block, a play, a problem or an expression.

The documentation that the explanation goes by is shown to the model, and named to the person word for word.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.ansible.rewrite.edits import Lines, line_end, line_start
from chiron.ansible.rewrite.scalars import start_of
from chiron.ansible.rewrite.sites import Site, sites
from chiron.ansible.validate.arguments import option_named
from chiron.ansible.validate.problems import CODES
from chiron.lines import last_lines
from chiron.records import (
    Answer,
    Candidate,
    Capabilities,
    Expects,
    Facts,
    FileKind,
    Ground,
    ModelRequest,
    Module,
    Problem,
    Range,
    Request,
    Scope,
    ScopeKind,
    Source,
    Suggestion,
    Withheld,
)
from chiron.redact import Redaction, redact, redact_part
from chiron.suggest.advice.asking import CONFIDENCE, Errand, run, to_answer
from chiron.suggest.advice.telling import Telling
from chiron.suggest.context import Context, gather
from chiron.suggest.guardrails import Check, run_chain
from chiron.suggest.model.consult import Heard
from chiron.suggest.pipeline import Suggester
from chiron.suggest.stopwatch import Stopwatch

VERSION: Final = "2"
_SYSTEM: Final = (
    "You explain Ansible to people who write it. Say only what the text and the documentation below show; "
    "name the options you speak of. Write plain sentences, no lists and no headings."
)
_TOLD: Final = {
    "task": "Explain in at most five sentences what this task does and when it changes something.",
    "block": "Explain in at most five sentences what this block does, and what happens when it fails.",
    "play": "Explain in at most six sentences what this play does to which hosts, and in which order.",
    "problem": "Explain in at most four sentences what this problem means here, and how it is mended: {}",
    "expression": "Explain in at most four sentences what this Jinja expression gives, filter by filter: {}",
}
_CALLED: Final = {
    "task": "Explain this task", "block": "Explain this block", "play": "Explain this play",
    "problem": "Explain this problem: {}", "expression": "Explain this expression",
}  # fmt: skip
_MOST_PROSE, _MOST_SHOWN, _MOST_CITED = 1500, 6000, 8
#: Lines round a problem that belongs to no task that can be read.
_ROUND = 8
_EXPRESSION: Final = re.compile(r"\{\{(?P<inner>(?:(?!\{\{|\}\}).){1,600}?)\}\}", re.DOTALL)
_CONDITION: Final = re.compile(
    r"\s*(?:- +)?(?:when|changed_when|failed_when|until|that)\s*:\s*(?P<inner>\S.*?)\s*$"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that can be explained. `start` and `end` bound the text that is shown for it."""

    kind: str
    title: str
    start: int
    end: int
    #: The expression, or what is wrong.
    said: str = ""
    #: The plays, blocks and tasks it is about.
    about: tuple[Site, ...] = ()
    code: str = ""

    @property
    def name(self) -> str:
        """What tells it from the others at the same place."""
        return f"{self.kind}:{self.code}" if self.code else self.kind


def subjects_at(
    text: str, kind: FileKind, catalog: Catalog, at: int, problems: Sequence[Problem]
) -> list[Subject]:
    """What can be explained at the offset `at`: the narrowest first."""
    if kind is FileKind.VAULT:
        return []
    line = Lines(text).position(at).line
    around = _around(text, kind, catalog, line)
    inner = around[-1] if around else None
    bounds = _bounds(inner) if inner is not None else _near(text, line)
    found = []
    for problem in problems:
        if problem.range.start.line <= line <= problem.range.end.line:
            title = _CALLED["problem"].format(problem.code)
            about = (inner,) if inner is not None and inner.what == "task" else ()
            found.append(Subject("problem", title, *bounds, problem.message, about, problem.code))
    if (expression := _expression(text, at)) is not None:
        about = (inner,) if inner is not None and inner.what == "task" else ()
        found.append(Subject("expression", _CALLED["expression"], *bounds, expression, about))
    if inner is not None:
        within = _within(text, kind, catalog, bounds) if inner.what != "task" else (inner,)
        found.append(Subject(inner.what, _CALLED[inner.what], *bounds, about=within))
    return found[:4]


def scope_of(subject: Subject, text: str, kind: FileKind) -> Scope:
    """The scope of a request to explain `subject`: nothing is put in."""
    marks = Lines(text)
    place = Range(marks.position(subject.start), marks.position(subject.end))
    return Scope(
        ScopeKind.ACTION, Expects.PROSE, kind, place, lead="", indent=0, task_column=0, before="", after="",
        task_line=place.start.line,
    )  # fmt: skip


async def explain(
    suggester: Suggester,
    subject: Subject,
    request: Request,
    project: Project | None,
    tell: Callable[[str], None],
) -> Answer:
    """An explanation of `subject`, and in its grounds the documentation it goes by.

    `tell` is given each sentence as it is written, once it has passed the checks. Raises nothing but a
    cancellation; `trouble` says what failed.
    """
    watch = Stopwatch()
    context = await asyncio.to_thread(gather, request, project)
    seen = redact_part(request.text, subject.start, subject.end, known=context.redaction)
    grounds = tuple(_grounds(subject, context.facts))
    check = Check(request, suggester.catalog, context.facts, seen)
    watch.lap("context")

    def question(able: Capabilities, _problems: Sequence[str]) -> ModelRequest:
        return _question(subject, context, seen, grounds, able)

    def verdicts(heard: Heard) -> list[Candidate | Withheld]:
        source = Source.CACHE if heard.from_cache else Source.MODEL
        written = (Ground("model", heard.answer.model),)
        made = [Candidate(_prose(text), source, heard.answer.model, CONFIDENCE, written)
                for text in heard.answer.texts]  # fmt: skip
        return [run_chain(one, check) for one in made]

    def to_suggestion(one: Candidate, request: Request) -> Suggestion:
        module = next((site.module for site in subject.about if site.module is not None), None)
        fqcn = module.fqcn if module is not None else None
        return Suggestion(
            secrets.token_hex(8), one.text, request.scope.range, one.source, fqcn, one.model,
            one.confidence, (*grounds, *one.grounds),
        )  # fmt: skip

    telling = Telling(check, tell, _MOST_PROSE)
    errand = Errand(question, verdicts, chat=True, mends=False, on_text=telling.heard)
    following = asyncio.create_task(telling.follow())
    try:
        brought = await run(suggester, errand, watch)
        telling.end()
        await following
    finally:
        following.cancel()
    return to_answer(suggester, request, brought, context, seen, watch, to_suggestion)


def _question(
    subject: Subject, context: Context, seen: Redaction, grounds: Sequence[Ground], able: Capabilities
) -> ModelRequest:
    said = redact(subject.said, known=seen).text
    shown = seen.text if len(seen.text) <= _MOST_SHOWN else f"{seen.text[:_MOST_SHOWN]}\n# and so on"
    before = "\n".join(last_lines(context.preceding, able.prompt_lines))
    parts = [
        _TOLD[subject.kind].format(said),
        CODES.get(subject.code, ""),
        cited(grounds),
        f"The file before it:\n{before}" if before and subject.kind != "play" else "",
        f"The text:\n{shown}",
    ]
    return ModelRequest(
        prompt="\n\n".join(part for part in parts if part),
        system=_SYSTEM,
        max_tokens=400,
        prompt_version=f"explain-{subject.kind}-{VERSION}-chat",
    )


def cited(grounds: Sequence[Ground]) -> str:
    """The documentation and the facts among `grounds`, for a person or a model to read."""
    lines: list[str] = []
    for one in grounds:
        if one.kind == "module":
            lines.append(f"From the documentation of `{one.what}` ({one.detail}):")
        elif one.kind == "option":
            lines.append(f"- `{one.what}`: {one.detail}")
        elif one.kind == "fact":
            where = f" in {one.where}" if one.where else ""
            lines.append(f"- `{one.what}`: a {one.detail}{where}")
    return "\n".join(lines)


def _grounds(subject: Subject, facts: Facts) -> Iterator[Ground]:
    """The modules it is about, the options given and what the documentation says of them, the variables."""
    seen: dict[str, Site] = {}
    for site in subject.about:
        if site.module is not None:
            seen.setdefault(site.module.fqcn, site)
    alone = len(seen) == 1
    for site in list(seen.values())[:_MOST_CITED]:
        module = site.module
        if module is None:
            continue
        yield Ground("module", module.fqcn, module.path, f"{module.collection} {module.version}".strip())
        yield Ground("option", module.fqcn.rpartition(".")[2], module.fqcn, module.short_description)
        if alone:
            yield from _options(site, module)
    text = subject.said if subject.kind == "expression" else ""
    for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", text)):
        variable = facts.variables.get(name)
        if variable is not None:
            yield Ground("fact", name, variable.where, variable.kind.replace("_", " "))


def _options(site: Site, module: Module) -> Iterator[Ground]:
    given = [entry.name for entry in site.options()]
    if not given and site.call is not None:
        given = re.findall(r"\b([a-z_]\w*)=", str(getattr(site.call.value, "value", "")))
    for name in given[:_MOST_CITED]:
        option = option_named(name, module.options)
        if option is not None and option.description:
            yield Ground("option", name, module.fqcn, _first(option.description))


def _first(description: str) -> str:
    """The first sentence or two of a description, on one line."""
    flat = " ".join(description.split())
    return flat if len(flat) <= 240 else f"{flat[:240].rsplit(' ', 1)[0]} …"


def _around(text: str, kind: FileKind, catalog: Catalog, line: int) -> list[Site]:
    """The play, blocks and task that `line` stands in, outermost first."""
    found = []
    for site in sites(text, kind, catalog):
        start, end = _bounds(site)
        first, last = site.lines.position(start).line, site.lines.position(end).line
        if first <= line <= last:
            found.append(site)
    return found


def _within(text: str, kind: FileKind, catalog: Catalog, bounds: tuple[int, int]) -> tuple[Site, ...]:
    found = [site for site in sites(text, kind, catalog) if site.what == "task"]
    return tuple(site for site in found if bounds[0] <= _bounds(site)[0] and _bounds(site)[1] <= bounds[1])


def _bounds(site: Site) -> tuple[int, int]:
    return line_start(site.text, start_of(site.node, site.loaded)), site.below(site.node)


def _near(text: str, line: int) -> tuple[int, int]:
    """The lines round a place of which nothing is known."""
    starts = Lines(text).starts
    first, last = max(0, line - _ROUND), min(len(starts) - 1, line + _ROUND)
    return starts[first], line_end(text, starts[last])


def _expression(text: str, at: int) -> str | None:
    """The Jinja expression that the offset stands in, or the condition on its line."""
    start = max(0, at - 700)
    for found in _EXPRESSION.finditer(text, start, min(len(text), at + 700)):
        if found.start() <= at <= found.end():
            return found["inner"].strip()
    line = text[line_start(text, at) : line_end(text, at)]
    condition = _CONDITION.match(line)
    return condition["inner"].strip("\"'") if condition and condition["inner"] not in {"|", ">"} else None


def _prose(text: str) -> str:
    return text[:_MOST_PROSE].strip()
