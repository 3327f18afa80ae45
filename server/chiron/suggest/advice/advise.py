"""A model asked to do something with a task: asked, checked, asked once more, and never shown unchecked.

Completing goes through `Suggester.suggest`, recall and all. What takes an instruction is asked here, of the
same model through the same cache, and its answers pass the same guardrails.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence

from chiron.ansible.catalog import Catalog
from chiron.ansible.project import Project
from chiron.ansible.rewrite.commands import COMMANDS, line_of
from chiron.ansible.rewrite.scalars import written
from chiron.lines import last_lines
from chiron.records import (
    Answer,
    Candidate,
    Capabilities,
    Expects,
    Ground,
    ModelRequest,
    Module,
    Request,
    Source,
    Suggestion,
    Task,
    Withheld,
)
from chiron.redact import Redaction, redact, redact_part
from chiron.suggest.advice import replacing
from chiron.suggest.advice.actions import FIX, NAME, REPLACE, Action, Target, keeps_words
from chiron.suggest.advice.asking import CONFIDENCE, Errand, run, to_answer
from chiron.suggest.advice.kept import lost
from chiron.suggest.context import Context, gather
from chiron.suggest.guardrails import Check, module_of, run_chain
from chiron.suggest.model.consult import Heard
from chiron.suggest.pipeline import Suggester
from chiron.suggest.stopwatch import Stopwatch

VERSION = "2"
_SYSTEM = (
    "You help people who write Ansible. Use fully qualified module names, only options the modules document, "
    "and only variables that already occur. Answer with what was asked for and nothing else."
)
_FENCED = re.compile(r"^\s*(?:```|~~~)\w*\n(?P<text>.*?)\n\s*(?:```|~~~)\s*$", re.DOTALL)


async def advise(
    suggester: Suggester, action: Action, request: Request, target: Target, project: Project | None
) -> Answer:
    """What `action` comes to for `target`. Raises nothing but a cancellation; `trouble` says what failed."""
    if action.chat or action in {NAME, REPLACE}:
        return await _instructed(suggester, action, request, target, project)
    return await suggester.suggest(request, project)


def _not_the_same(text: str, request: Request, target: Target, catalog: Catalog) -> str | None:
    """What tells that a module does not do what the command does; None where nothing does."""
    found = line_of(target.site)
    line = found[0] if found is not None else ""
    if module_of(text, request.scope, catalog) in COMMANDS:
        return "It is a command again."
    return None if keeps_words(text, line) else "It does not do what the command does."


async def _instructed(
    suggester: Suggester, action: Action, request: Request, target: Target, project: Project | None
) -> Answer:
    watch = Stopwatch()
    context = await asyncio.to_thread(gather, request, project)
    task = redact_part(request.text, target.start, target.end, known=context.redaction)
    watch.lap("context")

    def question(able: Capabilities, problems: Sequence[str]) -> ModelRequest:
        if action is REPLACE:
            return replacing.question(context, task, target, able, problems, suggester.catalog)
        return build(action, context, task, target, able, problems)

    def verdicts(heard: Heard) -> list[Candidate | Withheld]:
        return _checked(suggester, action, request, context, task, target, heard)

    def to_suggestion(one: Candidate, request: Request) -> Suggestion:
        module = target.site.module
        if action is REPLACE:
            named = module_of(one.text, request.scope, suggester.catalog)
            module = suggester.catalog.module(named) if named is not None else None
        return _to_suggestion(one, request, module)

    brought = await run(suggester, Errand(question, verdicts, chat=action.chat), watch)
    return to_answer(suggester, request, brought, context, task, watch, to_suggestion)


def build(
    action: Action,
    context: Context,
    task: Redaction,
    target: Target,
    able: Capabilities,
    problems: Sequence[str],
) -> ModelRequest:
    """The question, redacted. A base model is shown tasks whose name stands last, and goes on from there."""
    version = f"{action.code}-{VERSION}"
    if action is NAME and able.completions:
        shown = "".join(_name_last(one.body, one.name) for one in _named_like(context, target))
        shown = redact(shown, known=task).text
        prompt = shown + _name_last(_body(task.text, target.site.column), None)
        return ModelRequest(
            prompt=prompt, stop=("\n",), max_tokens=24, prompt_version=f"{version}-completion",
            temperature=0.4 if problems else 0.0,
        )  # fmt: skip
    told = [
        action.instruction,
        "Your last answer had these problems: " + "; ".join(problems) if problems else "",
        _documentation(action, target.site.module, task.text) if action.expects is Expects.TASKS else "",
        "The file before it:\n" + "\n".join(last_lines(context.preceding, able.prompt_lines))
        if context.preceding
        else "",
        "The task:\n" + task.text,
    ]
    return ModelRequest(
        prompt="\n\n".join(part for part in told if part),
        system=_SYSTEM,
        max_tokens=700,
        temperature=0.4 if problems else 0.0,
        prompt_version=f"{version}-chat",
    )


def _checked(
    suggester: Suggester,
    action: Action,
    request: Request,
    context: Context,
    task: Redaction,
    target: Target,
    heard: Heard,
) -> list[Candidate | Withheld]:
    """What the model wrote, each through the guardrails."""
    check = Check(request, suggester.catalog, context.facts, task)
    source = Source.CACHE if heard.from_cache else Source.MODEL
    verdicts: list[Candidate | Withheld] = []
    for text in heard.answer.texts:
        made = to_text(action, text, target)
        if made is None:
            verdicts.append(Withheld("wrong-shape", "It is not what was asked for.", text, source))
            continue
        grounds = (Ground("model", heard.answer.model),)
        verdict = run_chain(Candidate(made, source, heard.answer.model, CONFIDENCE, grounds), check)
        if isinstance(verdict, Candidate):
            gone = lost(action, verdict.text, target, suggester.catalog)
            if action is REPLACE:
                gone = _not_the_same(verdict.text, request, target, suggester.catalog)
            verdict = Withheld("wrong-shape", gone, verdict.text, source) if gone is not None else verdict
        verdicts.append(verdict)
    return verdicts


def to_text(action: Action, answered: str, target: Target) -> str | None:
    """What a model wrote as the text that is put in; None where it is something else."""
    fenced = _FENCED.match(answered)
    text = (fenced["text"] if fenced else answered).rstrip()
    if action is NAME:
        name = _read_name(text)
        scalar = written(name) if name and _is_about(name, target) else None
        site = target.site
        return f"name: {scalar}{site.newline}{' ' * site.column}" if scalar else None
    if action is REPLACE:
        laid_out = replacing.to_text(text, target.site.column)
        return laid_out.replace("\n", target.site.newline) if laid_out is not None else None
    lines = text.strip("\n").split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip(" "))
    column = target.site.column - 2
    moved = [" " * column + line[margin:] if line.strip() else "" for line in lines]
    return target.site.newline.join(moved)


def _read_name(text: str) -> str | None:
    line = text.strip().split("\n")[0].strip().removeprefix("name:").strip()
    if len(line) > 1 and line[0] == line[-1] and line[0] in "\"'":
        line = line[1:-1]
    return line if 3 <= len(line) <= 100 and not line.endswith(":") and "{%" not in line else None


def _is_about(name: str, target: Target) -> bool:
    """Whether a word of the name occurs in what the task does: a model that has not read it names another."""
    there = set(re.findall(r"[a-z0-9]{3,}", target.text.lower()))
    return any(word in there for word in re.findall(r"[a-z0-9]{3,}", name.lower()))


def _named_like(context: Context, target: Target) -> list[Task]:
    fqcn = target.site.module.fqcn if target.site.module is not None else None
    same = [one for one in context.tasks if one.fqcn == fqcn and one.name]
    others = [one for one in context.tasks if one.fqcn != fqcn and one.name]
    return [*same[:3], *others[: max(0, 3 - len(same))]]


def _name_last(body: str, name: str | None) -> str:
    lines = [line for line in body.rstrip().split("\n") if line.strip()][:12]
    inner = "\n".join(f"  {line}" for line in lines)
    return f"- {inner[2:]}\n  name:" + (f" {name}\n\n" if name is not None else "")


def _body(task: str, column: int) -> str:
    """A task's lines with its keys at column 0."""
    first, *others = task.split("\n")
    return "\n".join(
        [first[column:], *(line[min(column, len(line) - len(line.lstrip())) :] for line in others)]
    )


def _documentation(action: Action, module: Module | None, task: str) -> str:
    """What the module's documentation says of the options the task gives; to mend it, which there are."""
    if module is None:
        return ""
    lines = [f"{module.fqcn}: {module.short_description}"]
    for option in module.options.values():
        if re.search(rf"\b{re.escape(option.name)}\s*[:=]", task):
            lines.append(f"{option.name}: {' '.join(option.description.split())[:300]}")
    if action.code == FIX.code:
        named = [f"{one.name} (required)" if one.required else one.name for one in module.options.values()]
        lines.append(f"Its options: {', '.join(named[:80])}")
    return "From the documentation:\n" + "\n".join(lines)


def _to_suggestion(one: Candidate, request: Request, module: Module | None) -> Suggestion:
    grounds = one.grounds
    if module is not None:
        about = Ground("module", module.fqcn, module.path, f"{module.collection} {module.version}")
        grounds = (about, *grounds)
    return Suggestion(
        id=secrets.token_hex(8),
        text=one.text,
        range=request.scope.range,
        source=one.source,
        module=module.fqcn if module is not None else None,
        model=one.model,
        confidence=one.confidence,
        grounds=grounds,
    )
