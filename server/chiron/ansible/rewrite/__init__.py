"""Exact edits of tasks that need no model. Each touches only the lines it must and says what it changes.

    edits.py       an edit, a rewrite, and how they are put into a text
    sites.py       text -> the plays, blocks and tasks in it, each with its module
    scalars.py     a string -> how YAML writes it, and where nodes end
    names.py       short names, replaced modules, aliases
    arguments.py   `k=v` strings, `action` and `local_action`
    values.py      booleans, modes, conditions
    loops.py       `with_…`
    commands.py    `command` and `shell` lines that a module does
    additions.py   names, required options, `no_log`
    handlers.py    a handler for a `notify`, in the play or in the role's own file
    defaults.py    a value of a task -> one of its role's defaults
    meaning.py     what tasks come to, however they are written: what a safe rewrite leaves as it is
    fix.py         every safe rewrite of a text, proven before it is returned

A rule is `(site) -> rewrites`. Text in, text out: nothing here does I/O, and broken YAML has no rewrites.
"""

from chiron.ansible.rewrite.defaults import DEFAULT_FILES, to_defaults
from chiron.ansible.rewrite.edits import Edit, Elsewhere, Rewrite, apply_edits, to_fix
from chiron.ansible.rewrite.fix import CODES, EVERYWHERE, SAFE, Fixed, everywhere, fix_text, rewrites_of
from chiron.ansible.rewrite.handlers import HANDLER_FILES, handlers_for

__all__ = [
    "CODES",
    "DEFAULT_FILES",
    "EVERYWHERE",
    "HANDLER_FILES",
    "SAFE",
    "Edit",
    "Elsewhere",
    "Fixed",
    "Rewrite",
    "apply_edits",
    "everywhere",
    "fix_text",
    "handlers_for",
    "rewrites_of",
    "to_defaults",
    "to_fix",
]
