"""Drafts of a task's body: a near task adapted to the new name and place, or what an idiom writes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chiron.ansible.bodies import Part, is_keyword, module_part, options_of, split_body
from chiron.ansible.mentions import variables_in
from chiron.records import Ground, Style
from chiron.suggest.adapt import adapt, changes_between
from chiron.suggest.examples import without_inventions
from chiron.suggest.idioms import body_of, idioms_for
from chiron.suggest.modules import Near, module_name, purpose
from chiron.suggest.restyle import restyled
from chiron.suggest.surroundings import Surroundings
from chiron.suggest.wording import words

_ROLE = re.compile(r"(?:^|/)roles/([^/]+)/")
#: Values in EXAMPLES that were made up for the example.
_MADE_UP = re.compile(
    r"\b(?:foo|bar|baz|example|acme|bob|johnd?|jane|james|mypassword|mysecret|secret|password|changeme|"
    r"path/to|some|somewhere|somefile|my[_-]\w+|your|xyz|abc|test)\b|example\.(?:com|org|net)|/srv/|/mydata|/tmp/",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A body and the signs by which drafts are compared, in the order of `SIGNS`."""

    body: str
    module: str
    ground: Ground
    signs: tuple[float, ...]
    #: Variables it uses that are not in reach: it will not be shown.
    n_unknown: int = 0


SIGNS = (
    "share", "likeness", "same_file", "same_role", "example", "idiom", "carried", "missed", "unknown",
    "same_name", "made_up", "n_parts", "log_length", "margin", "same_verb", "same_base", "adjacent",
    "covered", "leftover", "support",
)  # fmt: skip


#: Weights of `SIGNS`, and the constant, for the chance that a draft would be kept.
WEIGHTS = (
    3.58, 1.18, 0.82, 0.87, -1.25, 0.05, 0.26, -0.24, -0.13, 0.23, -0.03, 0.03, -0.53, -0.12, 0.49, 0.33, -0.31,
    0.91, -0.24, 0.83,
)  # fmt: skip
BIAS = -4.1


def confidence(draft: Draft) -> float:
    """The chance that `draft` would be kept, from 0 to 1."""
    score = BIAS + sum(weight * sign for weight, sign in zip(WEIGHTS, draft.signs, strict=True))
    return round(1 / (1 + math.exp(-score)), 3)


def drafts(
    name: str,
    path: str,
    near: Sequence[Near],
    shares: Sequence[tuple[str, float]],
    at: Surroundings,
    style: Style,
) -> list[Draft]:
    """Drafts for a task called `name` with each of the modules in `shares` (with their probability)."""
    found: list[Draft] = []
    best = max((one.likeness for one in near), default=0.0)
    for module, share in shares[:_N_MODULES]:
        for one in [one for one in near if module_name(one.task) == module][:_N_BODIES]:
            options = option_names(one.task.body)
            alike = sum(option_names(other.task.body) == options for other in near[:_N_VOTERS]) / _N_VOTERS
            draft = _adapted(name, path, one, share, best, alike, at, style)
            if draft is not None:
                found.append(draft)
    written = _written(name, shares, best, at, style)
    return found + ([written] if written else [])


_N_MODULES = 5
_N_BODIES = 4
_N_VOTERS = 12


@lru_cache(maxsize=20_000)
def option_names(body: str) -> frozenset[str]:
    """The module of `body`, as written, with the options it sets."""
    part = module_part(split_body(body))
    return frozenset() if part is None else frozenset({part.key, *(one.key for one in options_of(part))})


def base_of(path: str) -> str:
    """The file's name without folders and suffix."""
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _adapted(
    name: str,
    path: str,
    near: Near,
    share: float,
    best: float,
    support: float,
    at: Surroundings,
    style: Style,
) -> Draft | None:
    task = near.task
    old_role, new_role = role_in(task.path), role_in(path)
    known = at.facts.variables.__contains__
    adapted = adapt(task.body, changes_between(task.name, name, old_role, new_role), known)
    body = adapted.body
    if task.origin == "examples":
        cleaned = without_inventions(body, at.documented(task.fqcn or task.module), name)
        if cleaned is None:
            return None
        body = cleaned
    body = _settled(body, task.body, name, near, at)
    body = restyled(body, task.fqcn, style)
    unknown = n_unknown(body, at)
    new_words, old_words, body_words = words(name), words(task.name), set(words(body.replace("_", " ")))
    strange = set(old_words) - set(new_words)
    signs = (
        share,
        near.likeness,
        float(near.same_file),
        float(not near.same_file and bool(new_role) and old_role == new_role),
        float(task.origin == "examples"),
        0.0,
        float(min(adapted.n_carried, 3)),
        float(min(adapted.n_missed, 3)),
        float(min(unknown, 3)),
        float(words(task.name) == words(name)),
        float(task.origin == "examples" and bool(_MADE_UP.search(body))),
        float(min(len(split_body(body)), 8)),
        min(len(body), 1500) ** 0.5 / 20,
        best - near.likeness,
        float(bool(new_words) and old_words[:1] == new_words[:1]),
        float(not near.same_file and base_of(task.path) == base_of(path) != "main"),
        float(near.adjacent),
        len(body_words & set(new_words)) / (len(new_words) or 1),
        len(body_words & strange) / (len(old_words) or 1),
        support,
    )
    return Draft(
        body, module_name(task), Ground("task", task.name, f"{task.path}:{task.line + 1}"), signs, unknown
    )


def _written(
    name: str, shares: Sequence[tuple[str, float]], best: float, at: Surroundings, style: Style
) -> Draft | None:
    for idiom, match in idioms_for(name):
        written = idiom.write(match, at) if idiom.write else None
        if written is None:
            continue
        fqcn = written.module if "." in written.module else f"ansible.builtin.{written.module}"
        body = restyled(body_of(written, style.indent), fqcn, style)
        kind = purpose(fqcn)
        share = sum(share for module, share in shares if module == fqcn or purpose(module) == kind)
        unknown = float(min(n_unknown(body, at), 3))
        signs = (
            share,
            0.0,
            0.0,
            0.0,
            0.0,
            1.0,
            0.0,
            0.0,
            unknown,
            0.0,
            0.0,
            1.0,
            len(body) ** 0.5 / 20,
            best,
            0.0,
            0.0,
            0.0,
            len(set(words(body.replace("_", " "))) & set(words(name))) / (len(words(name)) or 1),
            0.0,
            0.0,
        )
        return Draft(body, fqcn, Ground("fact", "usual meaning of the name"), signs)
    return None


def role_in(path: str) -> str:
    """The role that a path lies in, "" for none."""
    found = _ROLE.search(path)
    return found[1] if found else ""


def n_unknown(body: str, at: Surroundings) -> int:
    """How many variables `body` uses that are not in reach; 0 where reach is not known."""
    if not at.facts.complete:
        return 0
    return sum(name not in at.facts.variables for name in variables_in(body))


# --------------------------------------------------------------------------- settling in


def _settled(body: str, source: str, name: str, near: Near, at: Surroundings) -> str:
    """`body` with its keywords, variables and files made to fit the new place."""
    parts = [part for part in split_body(body) if _is_kept(part, body, near, at)]
    parts = [_with_register(part, source, name) for part in parts]
    parts = [_with_source(part, name, at) for part in parts]
    text = "\n".join(part.text for part in parts)
    return _with_variables(text, name, near, at)


def _is_kept(part: Part, body: str, near: Near, at: Surroundings) -> bool:
    if not is_keyword(part.key):
        return True
    if part.key == "notify" and at.facts.complete:
        named = re.findall(r"[^\s\[\],\"'-][^\[\],\"']*", part.value) or [
            line.strip().removeprefix("-").strip(" \"'") for line in part.below
        ]
        return all(handler.strip() in at.facts.handlers or "{{" in handler for handler in named)
    return True


def _with_register(part: Part, source: str, name: str) -> Part:
    return part


def _with_source(part: Part, name: str, at: Surroundings) -> Part:
    """A template or file that isn't there becomes the one the name speaks of, if there is one."""
    short = part.key.rsplit(".", 1)[-1]
    if short not in {"template", "copy"} or not at.facts.complete or not part.below:
        return part
    there = at.facts.templates if short == "template" else at.facts.files
    lines = list(part.below)
    for i, line in enumerate(lines):
        found = re.match(r"(\s+src:\s+)([\"']?)([^\"'{}]+)\2\s*$", line)
        if found is None or found[3].startswith("/") or found[3] in there:
            continue
        better = at.template_for(name) if short == "template" else at.file_for(name)
        if better is not None:
            lines[i] = f"{found[1]}{found[2]}{better}{found[2]}"
    return Part(part.key, part.value, tuple(lines))


def _with_variables(body: str, name: str, near: Near, at: Surroundings) -> str:
    """Variables out of reach become ones in reach that end alike and speak of the role or the name."""
    if not at.facts.complete or near.task.origin == "examples":
        return body
    speaks = set(words(name)) | set(words((at.facts.role or "").replace("_", " ")))
    for unknown in sorted(variables_in(body)):
        if unknown in at.facts.variables:
            continue
        tail = unknown.rsplit("_", 1)[-1]
        best: tuple[float, str] | None = None
        for variable in at.facts.variables:
            if variable.rsplit("_", 1)[-1] != tail or variable == tail:
                continue
            stems = set(words(variable.replace("_", " ")))
            about = len(stems & speaks) / len(stems)
            if stems & speaks - {tail} and (best is None or about > best[0]):
                best = (about, variable)
        if best is not None and best[0] >= 0.5:
            body = re.sub(rf"(?<![\w.]){re.escape(unknown)}(?!\w)", best[1], body)
    return body
