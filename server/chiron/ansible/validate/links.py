"""Where a problem is written about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chiron.ansible.bodies import module_of
from chiron.ansible.catalog import Catalog
from chiron.records import Problem
from chiron.syntax.blocks import Block

_DOCS: Final = "https://docs.ansible.com/ansible/latest"
_PAGES: Final = {
    "undefined-handler": "playbook_guide/playbooks_handlers.html",
    "missing-template": "playbook_guide/playbook_pathing.html",
    "missing-file": "playbook_guide/playbook_pathing.html",
    "duplicate-loop": "playbook_guide/playbooks_loops.html",
    "unknown-lookup": "playbook_guide/playbooks_loops.html",
    "loop-on-import": "playbook_guide/playbooks_reuse.html",
    "keyword-not-here": "playbook_guide/playbooks_reuse.html",
    "bad-variable-name": "playbook_guide/playbooks_variables.html",
    "unquoted-jinja": "playbook_guide/playbooks_variables.html",
    "yaml-syntax": "reference_appendices/YAMLSyntax.html",
    "duplicate-key": "reference_appendices/YAMLSyntax.html",
    "unknown-tag": "reference_appendices/YAMLSyntax.html",
    "unknown-module": "collections/index_module.html",
    "module-removed": "collections/index_module.html",
    "module-unverified": "collections_guide/index.html",
}
_KEYWORDS: Final = "reference_appendices/playbooks_keywords.html"
#: Problems of a module's own options; its page says what they are.
_OF_A_MODULE: Final = frozenset(
    {
        "free-form", "missing-required", "module-deprecated", "mutually-exclusive", "option-deprecated",
        "required-by", "required-if", "required-one-of", "required-together", "unknown-option",
        "wrong-choice", "wrong-type", "unbalanced",
    }
)  # fmt: skip


def link_of(problem: Problem, blocks: Sequence[Block], catalog: Catalog) -> str:
    """The page of Ansible's documentation that bears on `problem`: its module's where it is about options."""
    if problem.code in _OF_A_MODULE:
        line = problem.range.start.line
        block = next((one for one in blocks if one.first_line <= line <= one.last_line), None)
        fqcn = catalog.resolve(module_of(block.body) or "") if block is not None else None
        if fqcn is not None and fqcn.count(".") >= 2:
            namespace, collection, name = fqcn.split(".", 2)
            return f"{_DOCS}/collections/{namespace}/{collection}/{name.replace('.', '/')}_module.html"
    return f"{_DOCS}/{_PAGES.get(problem.code, _KEYWORDS)}"
