"""Answers for a task that has begun: further options of its module, or the rest of a module's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chiron.ansible.bodies import module_part, options_of, split_body
from chiron.ansible.catalog import Catalog
from chiron.records import Facts, Ground, Module, Scope
from chiron.suggest.recall.drafts import Draft, confidence

Rated = tuple[float, str, Ground]

_BUILTIN = "ansible.builtin."


def options(scope: Scope, facts: Facts, catalog: Catalog, found: Sequence[Draft]) -> Iterator[Rated]:
    """Further options of the enclosing module as text at column 0, those required first.

    They are the ones that like tasks set, with their values adapted, less what stands there already and what
    excludes it.
    """
    module = catalog.module(scope.module or "")
    present = {_canonical(name, module) for name in scope.present}
    for draft in found:
        part = module_part(split_body(draft.body))
        if part is None:
            continue
        left = [one for one in options_of(part) if one.value or one.below]
        left = [one for one in left if _may_join(_canonical(one.key, module), present, module)]
        left.sort(key=lambda one: not _is_required(one.key, module))
        if scope.typed:
            begun = [one for one in left if one.key.startswith(scope.typed)]
            left = begun[:1] + [one for one in left if one not in begun[:1]] if begun else []
        if left:
            yield confidence(draft), "\n".join(one.text for one in left), draft.ground


def names(
    scope: Scope,
    facts: Facts,
    catalog: Catalog,
    ranked: Sequence[tuple[str, float]],
    uses: Mapping[str, float],
) -> Iterator[Rated]:
    """Module names that continue what is typed, likeliest for the task's name first."""
    typed = scope.typed
    likely = dict(ranked)
    rates: dict[str, float] = {}
    for name in {*likely, *uses, *facts.used_modules, *_starting(catalog, typed)}:
        fqcn = catalog.resolve(name) or name
        if fqcn == name or "." not in name:
            rate = likely.get(fqcn, 0.0) + 0.02 * uses.get(fqcn, 0.0) / (1 + sum(uses.values()))
            for written in _spellings(name, facts):
                if written.startswith(typed) and written != typed:
                    rates[written] = max(rates.get(written, 0.0), rate + 1e-6)
    total = sum(rates.values()) or 1.0
    for written in sorted(rates, key=lambda name: (-rates[name], len(name), name))[:5]:
        fqcn = catalog.resolve(written) or written
        # Few of what could follow is known by its share alone: a lone completion is a sure one.
        yield round(rates[written] / total, 3), written, Ground("module", fqcn)


def _starting(catalog: Catalog, typed: str) -> Iterator[str]:
    if len(typed) < 2:
        return
    for name in catalog.names():
        if name.startswith(typed) or (name.startswith(_BUILTIN) and name[len(_BUILTIN) :].startswith(typed)):
            yield name


def _spellings(name: str, facts: Facts) -> Iterator[str]:
    yield name
    if name.startswith(_BUILTIN):
        yield name[len(_BUILTIN) :]


def _canonical(name: str, module: Module | None) -> str:
    if module is not None and name not in module.options:
        for option in module.options.values():
            if name in option.aliases:
                return option.name
    return name


def _is_required(name: str, module: Module | None) -> bool:
    option = module.options.get(_canonical(name, module)) if module is not None else None
    return option is not None and option.required


def _may_join(name: str, present: set[str], module: Module | None) -> bool:
    """Whether option `name` can be added to those `present`."""
    if name in present:
        return False
    groups = module.constraints.mutually_exclusive if module is not None else ()
    return not any(name in group and present & set(group) for group in groups)
