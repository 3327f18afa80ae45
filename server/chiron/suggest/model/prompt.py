"""The one question asked of a model, for each scope. A change of wording is a change of `VERSION`.

A base model continues text, so it is shown the file as it stands with the most similar tasks written just
before the task in question. A chat model is told the same in words. What stays the same between two
requests comes first, so that an endpoint that keeps prompt prefixes need not read it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from chiron.ansible.catalog import Catalog
from chiron.lines import last_lines
from chiron.records import Capabilities, Expects, ModelRequest, Scope, ScopeKind, Task
from chiron.suggest.context import Context, similar_text
from chiron.suggest.layout import lay_out_fragment
from chiron.suggest.model.grammar import further_options_grammar, task_grammar, words_grammar

VERSION = "5"
#: Versions that can still be asked for, to be compared: 4 lets any model choose among five modules.
VERSIONS = ("4", "5")
#: A model trusted less than this is held to the one module that recall finds likeliest: left to choose among
#: five, the packaged one takes the right one in 0.43 of cases where recall does in 0.64.
_CHOOSES = 0.5

#: What a chat model is told first; training data repeats it.
SYSTEM = (
    "You complete Ansible YAML. Answer with the YAML that replaces <here>, and nothing else: no prose, no "
    "code fence. Use fully qualified module names, only options the module documents, and only variables "
    "that already occur. Keep it to what the task's name asks for."
)
_SCHEMA = {
    "name": "insertion",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {"yaml": {"type": "string", "description": "The text that replaces <here>."}},
        "required": ["yaml"],
        "additionalProperties": False,
    },
}


def build(
    context: Context,
    catalog: Catalog,
    similar: Sequence[Task],
    modules: Sequence[str],
    able: Capabilities,
    *,
    n: int = 1,
    problems: Sequence[str] = (),
    version: str = VERSION,
) -> ModelRequest:
    """The request for `context`. `modules` are the likeliest ones, as they would be written here.

    `problems` are what the guardrails found in an earlier answer; they make this a repair. `version` is one
    of `VERSIONS`.
    """
    scope = context.request.scope
    window = _window(context.preceding, able.prompt_lines)
    column = scope.task_column
    examples = similar_text(similar, column, context.redaction) if similar else ""
    start = _start(scope)
    if version != "4":
        modules = [_as_written(module, context) for module in modules]
    grammar = None
    if able.grammar:
        chooses = able.trust >= _CHOOSES or version == "4"
        known = modules if chooses else _first_known(modules, scope, catalog)
        grammar = _grammar(context, catalog, known)
    named = f"{scope.kind.value}-{version}"
    if able.completions:
        notes = "".join(f"{' ' * column}# {problem}\n" for problem in problems)
        return ModelRequest(
            prompt=window + examples + notes + context.head + start,
            stop=_stop(scope),
            max_tokens=_most_tokens(scope),
            temperature=0.4 if problems else 0.0,
            n=n,
            grammar=grammar,
            prompt_version=f"{named}-completion",
        )
    told = [
        "Similar tasks:\n" + examples if examples else "",
        "Likely modules: " + ", ".join(modules) if modules else "",
        "Your last answer had these problems: " + "; ".join(problems) if problems else "",
        "The file:\n" + window + context.head + start + "<here>",
    ]
    return ModelRequest(
        prompt="\n\n".join(part for part in told if part),
        system=SYSTEM,
        max_tokens=_most_tokens(scope) * 2,
        temperature=0.4 if problems else 0.0,
        n=n,
        json_schema=_SCHEMA if able.json_schema else None,
        prompt_version=f"{named}-chat",
    )


def _as_written(module: str, context: Context) -> str:
    """`module` by the name that this file would call it."""
    return module.removeprefix("ansible.builtin.") if context.facts.style.fqcn is False else module


def _first_known(modules: Sequence[str], scope: Scope, catalog: Catalog) -> Sequence[str]:
    """The likeliest of `modules` that is documented; all of them where the module's name is what is asked."""
    if scope.kind is not ScopeKind.TASK_BODY:
        return modules
    return [module for module in modules if catalog.module(module) is not None][:1]


# What stands above a task stays as it is while the task is written.
@lru_cache(maxsize=4)
def _window(text: str, most: int) -> str:
    """The last lines of `text`, at least `most` where there are as many, under twice that.

    Where it starts moves in steps of `most` lines, so that a prompt's beginning stays as it was while the
    person writes on, and an endpoint that keeps prefixes reads each line once.
    """
    n_lines = text.count("\n")
    start = max(0, n_lines - most)
    return "".join(line + "\n" for line in last_lines(text, n_lines - start + start % most))


def to_text(scope: Scope, written: str) -> str:
    """What a model wrote, as the text that replaces `scope.range`."""
    if scope.kind is ScopeKind.MODULE_NAME:
        return lay_out_fragment(scope, scope.typed + written.strip().rstrip(":"))
    return _start(scope) + written.rstrip()


def _options_used(modules: Sequence[str], used: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(used.get(module, frozenset()) for module in modules))


def _start(scope: Scope) -> str:
    """What stands between the task's head and the first character the model writes."""
    if scope.kind is ScopeKind.TASK_LIST:
        return f"{scope.lead}{' ' * scope.task_column}- name: "
    if scope.kind is ScopeKind.MODULE_NAME:
        return lay_out_fragment(scope, scope.typed).removesuffix(":")
    return f"{scope.lead}{' ' * scope.indent}{scope.typed}"


def _stop(scope: Scope) -> tuple[str, ...]:
    if scope.expects is Expects.FRAGMENT:
        return (":", "\n")
    if scope.expects is Expects.TASKS:
        return ("\n\n\n", f"\n{' ' * scope.task_column}#")
    return (f"\n{' ' * scope.task_column}- ", "\n\n")


def _most_tokens(scope: Scope) -> int:
    return {Expects.FRAGMENT: 24, Expects.OPTIONS: 64, Expects.TASKS: 240}.get(scope.expects, 120)


def _grammar(context: Context, catalog: Catalog, modules: Sequence[str]) -> str | None:
    scope, used = context.request.scope, context.facts.used_modules
    if scope.kind is ScopeKind.TASK_BODY:
        pairs = [(written, found) for written in modules if (found := catalog.module(written))]
        return task_grammar(pairs, scope, _options_used(modules, used))
    if scope.kind is ScopeKind.MODULE_OPTIONS and not scope.typed:
        module = catalog.module(scope.module) if scope.module else None
        if module is None:
            return None
        return further_options_grammar(module, scope, _options_used([scope.module or ""], used))
    if scope.kind is ScopeKind.MODULE_NAME:
        return words_grammar([m.removeprefix(scope.typed) for m in modules if m.startswith(scope.typed)])
    return None
