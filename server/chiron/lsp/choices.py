"""What can be done by rule with what stands on some lines: every edit, worked out for one text. Blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lsprotocol.types import CodeActionKind

from chiron.lsp.diagnostics import Shown
from chiron.records import FileKind
from chiron.syntax.kind import file_kind

if TYPE_CHECKING:
    from chiron.ansible.catalog import Catalog
    from chiron.ansible.rewrite import Edit, Elsewhere, Rewrite
    from chiron.ansible.rewrite.edits import Lines
    from chiron.assemble import Assembly

#: Rewrites that mend something that is wrong, rather than write it another way.
_MENDING: Final = frozenset(
    {"replaced-module", "replaced-option", "add-required", "add-handler", "mode-octal", "no-log"}
)
#: Which problems a rewrite takes away.
_MENDS: Final = {
    "replaced-module": frozenset({"module-removed", "module-deprecated"}),
    "replaced-option": frozenset({"option-deprecated"}),
    "add-required": frozenset({"missing-required"}),
    "add-handler": frozenset({"undefined-handler"}),
}
#: Rewrites that a person looks at first, since another module is not the same in all respects.
_LOOKED_AT: Final = frozenset({"module-for-command"})
WITH_TASKS: Final = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.HANDLERS})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: some lines of a text, with what is known of it and of other open files."""

    path: str | None
    workspace: str | None
    text: str
    lines: tuple[int, int]
    shown: Sequence[Shown]
    #: The texts of open files by path: what an editor holds counts, not what is on disk.
    opened: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One edit that can be made: what it is called, and what it changes."""

    code: str
    title: str
    kind: str
    edits: tuple[Edit, ...]
    #: Where what it is about begins, which tells it from another of its code.
    at: int
    evidence: str = ""
    fixes: Shown | None = None
    #: What changes with it in another file, and which file that is.
    elsewhere: Elsewhere | None = None
    other: Path | None = None
    #: The client is to ask before it makes the edit.
    confirm: bool = False


def choices(parts: Assembly, asked: Asked) -> list[Chosen]:
    """Every edit that can be made on the lines by rule: first what mends a problem there."""
    from chiron.ansible.rewrite import everywhere, handlers_for
    from chiron.ansible.rewrite.edits import Lines

    text, lines, off = asked.text, asked.lines, frozenset(parts.settings.diagnostics.off)
    marks = Lines(text)
    chosen = []
    for one in asked.shown:
        at = one.problem.range
        if one.problem.fix is not None and at.start.line <= lines[1] and lines[0] <= at.end.line:
            edits = tuple(marks.edit(place, new) for place, new in one.problem.fix.edits)
            title, kind = one.problem.fix.title, CodeActionKind.QuickFix.value
            chosen.append(Chosen(one.problem.code, title, kind, edits, edits[0].start, fixes=one))
    kind = file_kind(asked.path, text)
    if kind not in WITH_TASKS:
        return chosen
    whole = _rewrites(text, kind, parts.catalog, parts.catalog.version, off)
    found = [one for one in whole if _is_on(one, lines)]
    if "add-handler" not in off and (wanted := _unheard(text, marks, asked.shown, lines)):
        from chiron.ansible.rewrite import HANDLER_FILES

        role = _role_files(parts, asked, HANDLER_FILES) if kind is FileKind.TASKS else None
        found += handlers_for(text, kind, parts.catalog, wanted, role)
    if "to-default" not in off and kind is not FileKind.PLAYBOOK:
        found += _to_defaults(parts, asked)
    found += everywhere(whole, {one.code for one in found})
    folder = _role_folder(asked.path)
    return chosen + [_of_rewrite(one, asked.shown, marks.offset(one.range.start), folder) for one in found]


@lru_cache(maxsize=4)
def _rewrites(
    text: str, kind: FileKind, catalog: Catalog, _version: str, off: frozenset[str]
) -> tuple[Rewrite, ...]:
    """Every rewrite of a file. A light-bulb asks anew wherever the cursor goes, mostly of the same text."""
    from chiron.ansible.rewrite import rewrites_of

    return tuple(rewrites_of(text, kind, catalog, off=off))


def _is_on(one: Rewrite, lines: tuple[int, int]) -> bool:
    """Whether a rewrite is about `lines`: its task is on them, or of a play or a block the line itself."""
    first, last = one.lines if one.of == "task" else (one.range.start.line, one.range.start.line)
    return first <= lines[1] and lines[0] <= last


def fixed(parts: Assembly, path: str | None, text: str) -> str:
    """`text` with every safe rewrite made."""
    from chiron.ansible.rewrite import fix_text

    kind = file_kind(path, text)
    if kind not in WITH_TASKS:
        return text
    return fix_text(text, kind, parts.catalog, off=frozenset(parts.settings.diagnostics.off)).text


def _of_rewrite(one: Rewrite, shown: Sequence[Shown], at: int, folder: Path | None) -> Chosen:
    problems = _MENDS.get(one.code, frozenset())
    fixes = next(
        (s for s in shown if s.problem.code in problems and s.problem.range.start == one.range.start), None
    )
    mends = one.code in _MENDING or fixes is not None
    kind = CodeActionKind.QuickFix if mends else CodeActionKind.RefactorRewrite
    if one.code == "to-default":
        kind = CodeActionKind.RefactorExtract
    whole = one.code.startswith("all-")
    return Chosen(
        code=one.code,
        title=one.title,
        kind=kind.value,
        edits=one.edits,
        at=0 if whole else at,
        evidence=one.evidence,
        fixes=fixes,
        elsewhere=one.elsewhere,
        other=folder / one.elsewhere.path if one.elsewhere is not None and folder is not None else None,
        confirm=one.code in _LOOKED_AT or one.elsewhere is not None or (whole and not one.safe),
    )


def _unheard(
    text: str, marks: Lines, shown: Sequence[Shown], lines: tuple[int, int]
) -> list[tuple[int, str]]:
    """The names on `lines` that are notified and that no handler has, each with its line."""
    found = []
    for one in shown:
        place = one.problem.range
        if one.problem.code == "undefined-handler" and lines[0] <= place.start.line <= lines[1]:
            name = text[marks.offset(place.start) : marks.offset(place.end)].strip("\"' ")
            found.append((place.start.line, name))
    return found


def _to_defaults(parts: Assembly, asked: Asked) -> Iterator[Rewrite]:
    """The value on the first of the lines as a default of the role, where it can be one."""
    from chiron.ansible.rewrite import DEFAULT_FILES, to_defaults

    line = asked.lines[0]
    files = _role_files(parts, asked, DEFAULT_FILES)
    if files is None or asked.path is None or asked.lines[0] != asked.lines[1]:
        return
    project = parts.workspaces.project(_root(asked))
    if project is None:
        return
    facts = project.facts(asked.path, asked.text, line)
    if facts.role:
        yield from to_defaults(asked.text, parts.catalog, line, facts.role, set(facts.variables), files)


def _role_files(parts: Assembly, asked: Asked, names: Sequence[str]) -> dict[str, str | None] | None:
    """Those of a role's files that may be written: the one that is there, with its text, or the first, to be
    made. None where the text belongs to no role, or what is there cannot be read."""
    from chiron.ansible.project.walk import read_text

    folder, root = _role_folder(asked.path), _root(asked)
    if folder is None or root is None or asked.path is None:
        return None
    project = parts.workspaces.project(root)
    if project is None or not project.references(asked.path, asked.lines[0]).role:
        return None
    # `tasks` beside playbooks look like those of a role that is a workspace of its own.
    if folder.parent.name != "roles" and not any((folder / one).exists() for one in ("meta", "defaults")):
        return None
    for name in names:
        path, relative = folder / name, project.relative(folder / name)
        if relative is None:
            return None
        if str(path) in asked.opened:
            return {name: asked.opened[str(path)]}
        if path.exists() or path.is_symlink():
            text = read_text(project.root, relative)
            return {name: text} if text is not None and "\ufffd" not in text else None
        if path.with_suffix("").is_dir():
            return None  # `defaults/main/` holds several files, and which of them it should be is not known.
    return {names[0]: None}


def _role_folder(path: str | None) -> Path | None:
    """The folder above the `tasks` or `handlers` that `path` stands in."""
    above = Path(path).parents if path is not None else []
    return next((one.parent for one in above if one.name in {"tasks", "handlers"}), None)


def _root(asked: Asked) -> str | None:
    from chiron.assemble import find_root

    if asked.workspace is not None or asked.path is None:
        return asked.workspace
    root = find_root(Path(asked.path))
    return str(root) if root is not None else None
