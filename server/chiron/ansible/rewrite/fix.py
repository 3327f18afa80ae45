"""All rewrites of a text, and every safe one made at once, proven before it is returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from chiron.ansible.catalog import Catalog
from chiron.ansible.load import load
from chiron.ansible.rewrite import additions, arguments, commands, loops, names, values
from chiron.ansible.rewrite.edits import Edit, Rewrite, apply_edits, overlap
from chiron.ansible.rewrite.meaning import meaning_of
from chiron.ansible.rewrite.sites import Site, sites
from chiron.ansible.validate import validate_file
from chiron.records import FileKind, Severity

Rule = Callable[[Site], Iterator[Rewrite]]

#: Every rule, in the order its rewrites are offered.
RULES: Final[tuple[Rule, ...]] = (
    names.full_name,
    names.defaults_of,
    names.replaced_module,
    commands.module_for_command,
    arguments.own_key,
    arguments.mapping,
    names.replaced_option,
    additions.required,
    values.mode,
    values.boolean,
    values.condition,
    loops.loop,
    additions.name,
    additions.no_log,
    names.alias,
)

#: Codes of rewrites, and what each does.
CODES: Final[Mapping[str, str]] = {
    "fqcn": "A short or moved module name becomes the name under which the module is installed.",
    "own-key": "`action` and `local_action` become the module's own key, with `delegate_to` where needed.",
    "mapping": "Options in one string become a mapping, one a line.",
    "boolean": "`yes`, `on` and `True` become `true` where a boolean is taken.",
    "mode": "A file mode with its leading zero is quoted.",
    "condition": "A condition loses braces that only repeat what Ansible does anyway.",
    "loop": "`with_list`, and `with_items` over what is written out, become `loop`.",
    "mode-octal": "A file mode without its leading zero, which is read as a decimal number, gets it.",
    "loop-filter": "`with_items` and `with_dict` become `loop` with a filter; the title says what differs.",
    "replaced-module": "A removed or deprecated module becomes the one its collection names instead.",
    "replaced-option": "A deprecated option becomes the one its documentation names instead.",
    "module-for-command": "A command line becomes a call of the module that does the same.",
    "alias": "An option's alias becomes its name.",
    "name": "A task without a name gets one from its module and main option.",
    "add-required": "Required options get their lines, without values.",
    "add-handler": "A handler is added for a `notify` that has none, to the play or the role.",
    "to-default": "A value of a role's task becomes one of the role's defaults.",
    "no-log": "A task that passes a secret keeps it out of the log.",
}

#: Those of which some are made without being looked at: what a task does stays as it was.
SAFE: Final = frozenset({"fqcn", "own-key", "mapping", "boolean", "mode", "condition", "loop"})

#: Of which a whole file's are offered at once, and what that is called.
EVERYWHERE: Final[Mapping[str, str]] = {
    "fqcn": "Write every module's name in full",
    "replaced-module": "Replace every module that was removed or is deprecated",
    "module-for-command": "Replace every command that a module does",
    "own-key": "Call every module by its own key",
    "mapping": "Write all strings of options as mappings",
    "replaced-option": "Replace every deprecated option",
    "add-required": "Add every required option that is missing",
    "mode": "Quote every file mode",
    "mode-octal": "Give every file mode its leading zero",
    "boolean": "Write every boolean as `true` or `false`",
    "condition": "Take the braces off every condition",
    "loop": "Write every exact `with_…` as `loop`",
    "name": "Name every task that has no name",
    "no-log": "Keep every secret that is passed out of the log",
    "alias": "Write every alias as its option's name",
}

#: A rewrite may make room for another (a module under `local_action`, then its short name).
_MOST_PASSES = 6


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text with safe rewrites made, and which."""

    text: str
    made: tuple[Rewrite, ...] = ()


def rewrites_of(
    text: str,
    kind: FileKind,
    catalog: Catalog,
    *,
    off: Set[str] = frozenset(),
    lines: tuple[int, int] | None = None,
) -> list[Rewrite]:
    """Every rewrite for a file, or for its tasks on `lines` alone, but those of a code that is `off`."""
    found = []
    for site in sites(text, kind, catalog):
        if lines is not None and site.what != "task":
            continue
        for rule in RULES:
            for one in rule(site):
                near = lines is None or (one.lines[0] <= lines[1] and lines[0] <= one.lines[1])
                if one.code not in off and near:
                    found.append(one)
    return found


def everywhere(found: Sequence[Rewrite], codes: Set[str]) -> list[Rewrite]:
    """For each of `codes` that occurs more than once in `found`, the rewrites of a file, one with them all.

    It is `safe` where each of them is.
    """
    whole = []
    for code in (one for one in EVERYWHERE if one in codes):
        chosen = _apart([one for one in found if one.code == code and one.elsewhere is None])
        if len(chosen) < 2:
            continue
        lines = (min(one.lines[0] for one in chosen), max(one.lines[1] for one in chosen))
        title = f"{EVERYWHERE[code]}: {len(chosen)} in this file"
        evidence = "\n".join(dict.fromkeys(one.evidence for one in chosen if one.evidence))
        safe = all(one.safe for one in chosen)
        edits = tuple(sorted(_edits(chosen)))
        whole.append(Rewrite(f"all-{code}", title, chosen[0].range, edits, safe, lines, evidence))
    return whole


def fix_text(text: str, kind: FileKind, catalog: Catalog, *, off: Set[str] = frozenset()) -> Fixed:
    """`text` with every safe rewrite made. What it means is the same, it has no new problem, and a second
    call changes nothing. A rewrite that would not hold to that is left out."""
    made: list[Rewrite] = []
    refused: set[tuple[str, tuple[Edit, ...]]] = set()
    for _ in range(_MOST_PASSES):
        found = [
            one
            for one in rewrites_of(text, kind, catalog, off=off)
            if one.safe and (one.code, one.edits) not in refused
        ]
        chosen = _apart(found)
        if not chosen:
            break
        new = apply_edits(text, _edits(chosen))
        if not holds(text, new, kind, catalog):
            good = [one for one in chosen if holds(text, apply_edits(text, one.edits), kind, catalog)]
            refused |= {(one.code, one.edits) for one in chosen if one not in good}
            chosen, new = good, apply_edits(text, _edits(good))
            if not good or not holds(text, new, kind, catalog):
                break
        text = new
        made += chosen
        # Offsets have moved; what was refused is met again, and refused again.
        refused = set()
    return Fixed(text, tuple(made))


def holds(before: str, after: str, kind: FileKind, catalog: Catalog) -> bool:
    """Whether both texts mean the same and the second has no error that the first has not."""
    meant = meaning_of(before, kind, catalog)
    if meant is None or load(after).root is None or meaning_of(after, kind, catalog) != meant:
        return False
    return not _errors(after, kind, catalog) - _errors(before, kind, catalog)


def _errors(text: str, kind: FileKind, catalog: Catalog) -> Counter[str]:
    problems = validate_file(text, kind, catalog)
    return Counter(one.code for one in problems if one.severity is Severity.ERROR)


def _apart(found: Sequence[Rewrite]) -> list[Rewrite]:
    """Those of `found` that do not touch each other, earlier ones first."""
    chosen: list[Rewrite] = []
    taken: list[Edit] = []
    for one in found:
        near = [edit for edit in taken[-64:] if edit.end >= min(e.start for e in one.edits)]
        if not overlap(one.edits, near):
            chosen.append(one)
            taken += one.edits
            taken.sort()
    return chosen


def _edits(rewrites: Sequence[Rewrite]) -> list[Edit]:
    return [edit for one in rewrites for edit in one.edits]
