"""Drafts of a task's body, and the chance that each would be kept.

A draft is a near task adapted to the new name and place, or what an idiom writes for the name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chiron.ansible.bodies import module_part, options_of, split_body
from chiron.records import Ground
from chiron.suggest.purposes import lacks_purpose
from chiron.suggest.recall.adapt import adapt, changes_between
from chiron.suggest.recall.examples import without_inventions
from chiron.suggest.recall.idioms import Idiom, idioms_for, is_other
from chiron.suggest.recall.modules import Near, module_name, purpose
from chiron.suggest.recall.outlines import outline
from chiron.suggest.recall.phrases import plain_name
from chiron.suggest.recall.settle import n_out_of_reach, settled, with_switch
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.values import state_in, things
from chiron.suggest.recall.wording import words
from chiron.suggest.recall.written import Written, body_of

_N_MODULES = 5
_N_BODIES = 4
#: Modules whose usual task is filled in.
_N_OUTLINES = 3
#: Where nothing at all was written by then, so many.
_N_LAST_RESORT = 8
#: What a plain idiom's module is likely at least, whatever else is near.
_PLAIN = 0.8
_STATE = re.compile(r"\bstate[:=]\s*[\"']?(\w+)")
_NAMED = re.compile(r"\b(?:name|pkg)[:=]\s*[\"']?([A-Za-z][\w.+@-]*)[\"']?(?=\s|$)")
_SWITCHED = re.compile(r"enable|disable", re.IGNORECASE)
_ACTIONS = frozenset({"present", "absent", "latest", "started", "stopped", "restarted", "reloaded"})
_ALIKE = {
    "present": {"present", "latest", "started"},
    "latest": {"present", "latest"},
    "started": {"started", "restarted"},
    "restarted": {"restarted", "reloaded"},
    "reloaded": {"restarted", "reloaded"},
}
_ROLE = re.compile(r"(?:^|/)roles/([^/]+)/")

#: What each sign of a draft is worth; a sign that is absent counts nothing. Fitted so that the draft that
#: comes first is worth most on average (strong acceptance by proxy, Ansible Aware, the module, exact
#: arguments), then scaled so that `confidence` is the chance that the module is right and less than half of
#: the text would be edited. `tests/benchmarks/fit_drafts.py` does it, on the
#: cases of `modules.WEIGHTS`; the bounds in it keep made-up values behind what a name says.
WEIGHTS: Mapping[str, float] = {
    "share": 3.43,  # the module's probability
    "likeness": 0.62,  # of the names
    "margin": -0.44,  # by which another name is more like
    "same_name": 0.37,
    "same_verb": 0.91,
    "same_file": 1.07,
    "same_role": 0.41,
    "same_base": 0.34,  # same file name in another folder
    "adjacent": 0.5,  # one of the two tasks above
    "led": 1.14,  # likeness of what stands before both
    "example": -1.2,
    "idiom": 0.5,
    "outline": 0.3,  # the module's usual task, filled in
    "carried": 0.34,  # differences of the names found in the body
    "covered": 0.83,  # share of the name's words in the body
    "leftover": -0.26,  # share of the old name's own words still in the body
    "unknown": -0.21,  # variables out of reach
    "length": 0.17,
    "other_meaning": -1.0,  # the names follow idioms that speak of different modules
    "missed": -0.2,  # differences that were not carried over
    "stale": -2.0,  # it is about what the old name named; by choice, as the next two
    "contradicts": -1.5,  # a state other than the name's verb asks for
    "repeated": -0.73,  # a body of this very file again
}
BIAS = -5.37


@dataclass(frozen=True, slots=True)
class Draft:
    """A body, its module, and the signs by which it is rated."""

    body: str
    module: str
    ground: Ground
    signs: Mapping[str, float]
    #: Variables it uses that are not in reach: the guardrails will withhold it.
    n_unknown: int = 0


def confidence(draft: Draft) -> float:
    """The chance that `draft` would be kept, from 0 to 1."""
    score = BIAS + sum(WEIGHTS[name] * sign for name, sign in draft.signs.items())
    return round(1 / (1 + math.exp(-score)), 3)


def drafts(
    name: str, path: str, near: Sequence[Near], shares: Sequence[tuple[str, float]], at: Surroundings
) -> Iterator[Draft]:
    """Drafts for a task called `name` in the file `path` with the modules in `shares` (with probability)."""
    best = max((one.likeness for one in near), default=0.0)
    anything = False
    for module, share in shares[:_N_MODULES]:
        for one in [one for one in near if module_name(one.task) == module][:_N_BODIES]:
            draft = _adapted(name, path, one, at)
            if draft is not None:
                anything = True
                signs = {"share": share, "margin": best - one.likeness}
                yield Draft(draft.body, draft.module, draft.ground, {**signs, **draft.signs}, draft.n_unknown)
    told = ""
    written = _written(name, shares, at)
    if written is not None:
        idiom, draft = written
        anything = True
        told = purpose(draft.module)
        share = dict(shares).get(draft.module, 0.0)
        signs = {"share": min(1.0, max(share, _PLAIN if idiom.plain else 0.0)), "margin": best}
        yield Draft(draft.body, draft.module, draft.ground, {**signs, **draft.signs}, draft.n_unknown)
    for i, (module, share) in enumerate(shares[:_N_LAST_RESORT]):
        if i >= _N_OUTLINES and anything:
            break
        # What an idiom writes says more than a module's usual task.
        outlined = outline(module, name, at) if purpose(module) != told else None
        if outlined is not None:
            draft = _to_draft(outlined, name, at)
            anything = True
            signs = {"share": share, "margin": best, "outline": 1.0}
            yield Draft(draft.body, module, draft.ground, {**signs, **draft.signs}, draft.n_unknown)


def _adapted(name: str, path: str, near: Near, at: Surroundings) -> Draft | None:
    """A near task as it would be here; None for an EXAMPLE of which nothing accounts for the name."""
    task = near.task
    old_role, new_role = role_in(task.path), role_in(path)
    changes = changes_between(task.name, name, old_role, new_role)
    adapted = adapt(task.body, changes, at.facts.variables.__contains__)
    body: str | None = adapted.body
    if task.origin == "examples":
        body = without_inventions(adapted.body, at.documented(task.fqcn or task.module), name)
    if body is None or (task.origin == "examples" and _is_idle(body)):
        return None
    body = with_switch(settled(body, name, at), name)
    n_unknown = n_out_of_reach(body, at)
    new, old, said = words(name), words(task.name), set(words(body.replace("_", " ")))
    signs = {
        "likeness": near.likeness,
        "same_file": float(near.same_file),
        "same_role": float(not near.same_file and bool(new_role) and old_role == new_role),
        "same_name": float(old == new),
        "same_verb": float(bool(new) and old[:1] == new[:1]),
        "same_base": float(not near.same_file and _base_of(task.path) == _base_of(path) != "main"),
        "adjacent": float(near.adjacent),
        "led": near.led,
        "example": float(task.origin == "examples"),
        "carried": float(min(adapted.n_carried, 3)),
        "covered": len(said & set(new)) / (len(new) or 1),
        "leftover": len(said & (set(old) - set(new))) / (len(old) or 1),
        "unknown": float(min(n_unknown, 3)),
        "length": _length(body),
        "other_meaning": float(is_other(name, task.name)),
        "missed": float(min(adapted.n_missed, 3)),
        "stale": float(_is_stale(body, name)),
        "contradicts": float(_contradicts(body, name)),
        "repeated": float(near.same_file and body == task.body),
    }
    known = f"{task.note} (suggestion {task.suggestion_id})" if task.note else task.origin
    ground = Ground("task", task.name, f"{task.path}:{task.line + 1}", known)
    return Draft(body, module_name(task), ground, signs, n_unknown)


def _is_idle(body: str) -> bool:
    """Whether nothing is left of `body` that says what it is to do."""
    part = module_part(split_body(body))
    if part is None or part.value:
        return part is None
    return lacks_purpose(part.key.rsplit(".", 1)[-1], {option.key for option in options_of(part)})


def _written(name: str, shares: Sequence[tuple[str, float]], at: Surroundings) -> tuple[Idiom, Draft] | None:
    """What the first idiom that can writes for `name`, with the likeliest module that serves its purpose."""
    for idiom, match in idioms_for(name):
        written = idiom.write(match, at) if idiom.write else None
        if written is not None:
            draft = _to_draft(_as_likely(written, shares, at), name, at)
            signs = {**draft.signs, "idiom": 1.0}
            return idiom, Draft(draft.body, draft.module, draft.ground, signs, draft.n_unknown)
    return None


def _as_likely(written: Written, shares: Sequence[tuple[str, float]], at: Surroundings) -> Written:
    """`written` with the likeliest module of its purpose that has the same options."""
    kind = purpose(written.module)
    for module, _ in shares:
        if purpose(module) != kind:
            continue
        documented = at.documented(module)
        if documented is not None and all(option in documented.options for option, _ in written.options):
            return Written(module, written.options, written.keywords)
        break
    return written


def _to_draft(written: Written, name: str, at: Surroundings) -> Draft:
    body = body_of(written, at.facts.style.indent)
    fqcn = written.module if "." in written.module else f"ansible.builtin.{written.module}"
    n_unknown = n_out_of_reach(body, at)
    said, new = set(words(body.replace("_", " "))), words(name)
    signs = {
        "covered": len(said & set(new)) / (len(new) or 1),
        "unknown": float(min(n_unknown, 3)),
        "length": _length(body),
    }
    return Draft(body, fqcn, Ground("fact", "what such names usually mean"), signs, n_unknown)


def _is_stale(body: str, name: str) -> bool:
    """Whether the body names one thing and the task's name another."""
    found = _NAMED.search(body)
    if found is None:
        return False
    said, meant = (
        set(words(found[1].replace("_", " "))),
        {word for one in things(name) for word in words(one)},
    )
    return bool(said and meant) and not said & set(words(name)) and not meant & set(words(body))


def _contradicts(body: str, name: str) -> bool:
    """Whether the body brings about another state than the name's verb asks for."""
    found = _STATE.search(body)
    wanted = state_in(name)
    if found is None or (wanted is None and not _SWITCHED.match(plain_name(name))):
        return False
    if wanted is None:
        return "enabled" not in body and found[1] in {"restarted", "reloaded", "stopped"}
    # "Install" is kept by what is newest, and what is started may be started again.
    return found[1] not in _ALIKE.get(wanted, {wanted}) and found[1] in _ACTIONS


def _length(body: str) -> float:
    return math.sqrt(min(len(body), 1500)) / 20


def role_in(path: str) -> str:
    """The role that a path lies in, "" for none."""
    found = _ROLE.search(path)
    return found[1] if found else ""


def _base_of(path: str) -> str:
    """The file's name without folders and suffix."""
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
