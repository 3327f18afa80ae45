"""What a candidate must pass before anybody sees it: the chain that the request's `expects` selects.

first answer -> parse -> secrets restored -> valid -> references -> safety -> no secrets -> style. Each
guardrail returns the candidate as it goes on, or why it does not; the first to refuse ends the chain.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from yaml import MappingNode, ScalarNode

from chiron.ansible.catalog import Catalog
from chiron.ansible.freeform import split_action
from chiron.ansible.load import entries, load
from chiron.ansible.validate import keywords, validate_tasks
from chiron.ansible.validate.context import collections_above
from chiron.lines import first_lines
from chiron.records import Candidate, Expects, Facts, Problem, Scope, Severity, Source, Withheld
from chiron.redact import Redaction, holds_secret, restore
from chiron.suggest.guardrails import dangers
from chiron.suggest.guardrails.calls import written_calls
from chiron.suggest.guardrails.check import Check, Guardrail, once, tasks_in, whole, withheld
from chiron.suggest.guardrails.habits import in_style
from chiron.suggest.guardrails.idle import is_idle
from chiron.suggest.guardrails.plaintext import plain_secrets
from chiron.suggest.guardrails.references import referenced
from chiron.suggest.guardrails.safety import safe
from chiron.suggest.guardrails.shape import fragment_name, parsed, trim

__all__ = ["REASONS", "Check", "Guardrail", "chain_for", "module_of", "run_chain", "trim"]

#: Every code a candidate can be withheld with, and what it means.
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "empty": "Nothing was written.",
        "too-long": "It is longer than any task a person writes.",
        "not-parsed": "With it in place the text is not YAML.",
        "wrong-shape": "It is something else than was asked for, or changes what is there already.",
        "incomplete": "A whole task was asked for, and the module or something it requires is missing.",
        "invalid": "The validator rejects it: an unknown keyword or option, a wrong value, a constraint.",
        "unknown-module": "The module is neither installed here nor used in this workspace.",
        "unverified-module": "The module is not installed here, and not used so in this workspace.",
        "deprecated": "The module or option is deprecated, and this workspace does not use it.",
        "unknown-reference": "It names a variable, handler, template, file or host that is not there.",
        "placeholder": "It holds a placeholder for a secret that does not stand in this file.",
        "plain-secret": "It holds a secret in plain text that does not stand in this file.",
        **dangers.REASONS,
        "nothing-good": "The model was asked the same lately and had nothing that passed.",
        "unsure": "Nobody asked, and it is not likely enough to be what is wanted.",
        "too-slow": "The model did not answer in time, and something recalled could be shown.",
        "unlikely-wanted": "Nobody asked, and by what was learned here nothing is wanted at such a place.",
        "unlikely-kept": "Nobody asked, and by what was learned here it would not be kept.",
        "refused-here": "The person turned it down at this place a moment ago.",
    }
)

#: Problems that more text would mend.
_INCOMPLETE: Final = frozenset(
    {
        "missing-required",
        "missing-module",
        "required-one-of",
        "required-together",
        "required-if",
        "required-by",
    }
)
_REFERENCES: Final = frozenset({"undefined-handler", "missing-template", "missing-file"})
_DEPRECATED: Final = frozenset({"module-deprecated", "option-deprecated"})


def run_chain(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate as it may be shown, or the first reason why it may not. It never raises."""
    for guardrail in chain_for(check.request.scope.expects):
        verdict = guardrail(candidate, check)
        if isinstance(verdict, Withheld):
            return verdict
        candidate = verdict
    return candidate


def chain_for(expects: Expects) -> tuple[Guardrail, ...]:
    """The guardrails for an answer of this kind, in order."""
    if expects is Expects.FRAGMENT:
        return (first_answer, parsed, known_name)
    if expects in {Expects.EDITS, Expects.PROSE}:
        return (parsed, restored, without_secrets)
    return (first_answer, parsed, restored, valid, referenced, safe, without_secrets, in_style)


def first_answer(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """What a model wrote, up to where its first answer ends; other candidates as they are."""
    if candidate.source not in {Source.MODEL, Source.CACHE}:
        return candidate
    return _with_text(candidate, trim(check.request.scope, candidate.text))


def known_name(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate, if it completes the name of a module that is installed or used here."""
    name = fragment_name(candidate.text, check.request.scope) or ""
    scope = check.request.scope
    collections = collections_above(check.catalog, _above(check), scope.task_column)
    if check.catalog.resolve(name, collections) is not None:
        return candidate
    if name in check.facts.used_modules:
        return candidate
    return withheld(candidate, "unknown-module", f"`{name}` is not installed here.")


def restored(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate with the secrets that stand in this file back in their places."""
    text = restore(candidate.text, _redaction(check), check.request.text)
    if text is None:
        return withheld(candidate, "placeholder", "A placeholder stands for no secret of this file.")
    return _with_text(candidate, text)


def valid(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate, if the validator finds nothing wrong with it that was not wrong without it."""
    scope = check.request.scope
    partial = scope.expects is Expects.OPTIONS
    look = functools.partial(
        validate_tasks,
        catalog=check.catalog,
        facts=check.facts,
        handlers=scope.in_handlers,
        above=_above(check),
    )
    for problem in look(whole(candidate.text, scope), partial=partial):
        there = once(
            check,
            "problems",
            lambda: {(one.code, one.message) for one in look(scope.before + scope.after, partial=True)},
        )
        if (problem.code, problem.message) not in there:
            verdict = _verdict(problem, candidate, check)
            if verdict is not None:
                return verdict
    if not partial and (idle := _idle_call(candidate, check)) is not None:
        return withheld(candidate, "incomplete", f"`{idle}` stands there with nothing it is to do.")
    return candidate


def _idle_call(candidate: Candidate, check: Check) -> str | None:
    """The module of a task that does not say what it is to do, or None."""
    for task, call in written_calls(candidate.text, check):
        written = _module_in(task)
        module = check.catalog.module(written) if written is not None else None
        if call is not None and module is not None and is_idle(call, module):
            return written
    return None


def without_secrets(candidate: Candidate, check: Check) -> Candidate | Withheld:
    """The candidate, if it holds no secret in plain text but those that stand in this file."""
    document = check.request.text
    scope = check.request.scope
    kind = holds_secret(candidate.text, _redaction(check), document)
    if kind is not None:
        return withheld(candidate, "plain-secret", f"It writes out {kind}.")
    if scope.expects in {Expects.EDITS, Expects.PROSE}:
        return candidate
    for _, call in written_calls(candidate.text, check):
        for secret in plain_secrets(call) if call is not None else ():
            if secret in candidate.text and secret not in document:
                return withheld(candidate, "plain-secret", "It writes a password, token or key out.")
    return candidate


def module_of(text: str, scope: Scope, catalog: Catalog) -> str | None:
    """FQCN of the module that the (first) task calls once `text` is in place; as written where unknown."""
    if scope.expects is Expects.FRAGMENT:
        name = fragment_name(text, scope)
        return (catalog.resolve(name) or name) if name else None
    loaded = load(whole(text, scope))
    for task in tasks_in(loaded):
        written = _module_in(task)
        if written is not None:
            return catalog.resolve(written) or written
    return catalog.resolve(scope.module) or scope.module if scope.module else None


def _module_in(task: MappingNode) -> str | None:
    for entry in entries(task):
        if entry.name in {"action", "local_action"} and isinstance(entry.value, ScalarNode):
            return split_action(str(entry.value.value))[0] or None
        if entry.name not in keywords.HANDLER and not entry.name.startswith("with_"):
            return entry.name
    return None


def _verdict(problem: Problem, candidate: Candidate, check: Check) -> Withheld | None:
    """Why a problem keeps the candidate back; None where it does not."""
    where = f"Line {problem.range.start.line + 1}: {problem.message}"
    facts = check.facts
    if problem.code == "module-unverified":
        return None if _used_so(candidate, check) else withheld(candidate, "unverified-module", where)
    if problem.code in _DEPRECATED:
        written = module_of(candidate.text, check.request.scope, check.catalog)
        return None if _is_used(written, facts, check.catalog) else withheld(candidate, "deprecated", where)
    if problem.severity is not Severity.ERROR:
        return None
    if problem.code in _INCOMPLETE:
        return withheld(candidate, "incomplete", where)
    if problem.code in _REFERENCES:
        return withheld(candidate, "unknown-reference", where)
    if problem.code in {"unknown-module", "module-removed"}:
        return withheld(candidate, "unknown-module", where)
    if problem.code in {"yaml-syntax", "too-deep", "too-large"}:
        return withheld(candidate, "not-parsed", where)
    return withheld(candidate, "invalid", where)


def _used_so(candidate: Candidate, check: Check) -> bool:
    """Whether every module that is not installed here is used in this workspace with the same options."""
    for task, call in written_calls(candidate.text, check):
        written = _module_in(task)
        if written is None or check.catalog.module(written) is not None:
            continue
        seen = check.facts.used_modules.get(written)
        if seen is None or call is None or not set(call.options) <= seen:
            return False
    return True


def _is_used(fqcn: str | None, facts: Facts, catalog: Catalog) -> bool:
    return fqcn is not None and any(
        name == fqcn or catalog.resolve(name) == fqcn for name in facts.used_modules
    )


def _above(check: Check) -> str:
    """The file's text down to the task."""
    return once(check, "above", lambda: first_lines(check.request.text, check.request.scope.task_line))


def _redaction(check: Check) -> Redaction:
    """What was taken out of this request's text; a recalled text may hold placeholders of another one."""
    return check.redaction if check.redaction is not None else Redaction("")


def _with_text(candidate: Candidate, text: str) -> Candidate:
    return Candidate(text, candidate.source, candidate.model, candidate.confidence, candidate.grounds)
