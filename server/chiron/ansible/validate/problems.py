"""Every code a problem can carry, and the sheet problems are written on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yaml import Node, ScalarNode

from chiron.ansible.load import Loaded
from chiron.records import Fix, Problem, Range, Severity

#: Stable codes, and what each tells a person.
CODES: Final[Mapping[str, str]] = {
    "bad-variable-name": "A variable's name must be letters, digits and underscores, and no reserved word.",
    "duplicate-key": "A key stands twice in one mapping; Ansible keeps the last and drops the others.",
    "duplicate-loop": "A task can have one loop: `loop` or one `with_…`.",
    "free-form": "This module takes named options, not a bare string.",
    "keyword-not-here": "`include_tasks` and `include_role` do not take this keyword; it goes under `apply`.",
    "loop-on-import": "`import_tasks` and `import_role` are read before the play runs and cannot loop.",
    "missing-file": "No file of that name is within reach of this task.",
    "missing-hosts": "A play must say on which `hosts` it runs.",
    "missing-module": "A task must run a module.",
    "missing-required": "An option that the module requires is not given.",
    "missing-template": "No template of that name is within reach of this task.",
    "module-deprecated": "The module will be removed from its collection.",
    "module-removed": "The module was removed from its collection.",
    "module-unverified": "The module's collection is not installed here, so its options were not checked.",
    "mutually-exclusive": "These options cannot be given together.",
    "not-a-list": "Tasks, handlers and plays stand in a list.",
    "not-a-mapping": "A task or play is a mapping of keywords.",
    "option-deprecated": "The option will be removed from the module.",
    "required-by": "One option given requires another.",
    "required-if": "With this value, further options are required.",
    "required-one-of": "One of several options must be given.",
    "required-together": "These options are given together or not at all.",
    "several-modules": "A task runs one module.",
    "too-deep": "The text is nested deeper than anything Ansible is given by a person.",
    "too-large": "The text is too large to be checked.",
    "unbalanced": "A quote or a Jinja block is opened and not closed; Ansible cannot split the string.",
    "undefined-handler": "No handler within reach has this name or listens to it.",
    "unknown-keyword": "No such keyword here.",
    "unknown-lookup": "`with_…` names no lookup that is known.",
    "unknown-module": "The module is in none of the places where it could be.",
    "unknown-option": "The module has no such option.",
    "unknown-tag": "Ansible knows the tags `!vault` and `!unsafe` and refuses others.",
    "unquoted-jinja": "A value that begins with `{{` must be quoted, or YAML reads a mapping.",
    "wrong-choice": "The value is none of those the option takes.",
    "wrong-type": "The value cannot be turned into what the option takes.",
    "yaml-syntax": "The text is not YAML.",
}


class Report:
    """Collects the problems of one text."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.problems: list[Problem] = list(loaded.problems)
        self._told: set[tuple[str, Range]] = set()
        self._seen: set[int] = set()

    def is_new(self, node: Node) -> bool:
        """Whether `node` was not asked about before."""
        before = len(self._seen)
        self._seen.add(id(node))
        return len(self._seen) > before

    def add(
        self,
        code: str,
        node: Node,
        message: str,
        *,
        severity: Severity = Severity.ERROR,
        instead: str | None = None,
    ) -> None:
        """Notes a problem at `node`, once a place. `instead` is what should stand there."""
        where = self.loaded.range_of(node)
        if (code, where) in self._told:
            return
        self._told.add((code, where))
        fix = self._replacement(node, instead) if instead is not None else None
        self.problems.append(Problem(code, message, where, severity, fix))

    def add_with_fix(self, code: str, node: Node, message: str, fix: Fix | None) -> None:
        """Notes a problem whose fix is more than another word in the same place."""
        self.problems.append(Problem(code, message, self.loaded.range_of(node), Severity.ERROR, fix))

    def _replacement(self, node: Node, instead: str) -> Fix | None:
        if not isinstance(node, ScalarNode):
            return None
        written = self.loaded.source_of(node)
        quote = written[:1] if written[:1] in {'"', "'"} and written[-1:] == written[:1] else ""
        if written.strip("\"'") != node.value:
            # Part of a longer string, a block scalar or an escape: where it stands exactly is not known.
            return None
        new = f"{quote}{instead}{quote}"
        return Fix(f"Replace by `{instead}`", ((self.loaded.range_of(node), new),))
