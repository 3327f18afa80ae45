"""What a model may write at a place, as a GBNF grammar built from the modules' documentation.

An endpoint that takes grammars (llama.cpp and those built on it) then cannot name an option that does not
exist. It is a help, not a guarantee: an endpoint ignores a grammar it cannot parse, so the guardrails check
the answer in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from chiron.records import Module, Option, Scope

#: Most options a task may be given by a model. Human-written tasks set 2.6 on average.
MOST_OPTIONS = 6

_VALUE = r"""value ::= quoted | plain
quoted ::= "\"" [^"\\\n]{1,100} "\""
plain ::= [A-Za-z0-9/~.] [A-Za-z0-9_/~.,@+=%-]{0,80}
bool ::= "true" | "false"
int ::= [0-9]{1,6}
"""


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(option: Option, margin: str) -> str:
    """The right-hand side of one option, with the space or newline in front of it."""
    if option.choices and option.type != "list":
        words = {
            "true" if choice is True else "false" if choice is False else str(choice)
            for choice in option.choices
        }
        return '" " (' + " | ".join(_literal(word) for word in sorted(words)) + ")"
    if option.type == "bool":
        return '" " bool'
    if option.type == "int":
        return '" " (int | quoted)'
    if option.type == "list":
        return f'(" " value | ("\\n" {_literal(margin + "  - ")} value){{1,4}})'
    return '" " value'


def options_grammar(module: Module, margin: str, leave_out: Iterable[str] = ()) -> str:
    """Rules `first` and `more` for lines `name: value` of `module`'s options, indented by `margin`.

    A nested mapping cannot be written by line, so options of type `dict` are left out.
    """
    left_out = set(leave_out)
    lines = [
        f"{_literal(option.name + ':')} {_value(option, margin)}"
        for option in module.options.values()
        if option.name not in left_out and option.type != "dict" and option.suboptions is None
    ]
    return " | ".join(lines)


def task_grammar(modules: Sequence[tuple[str, Module]], indent: int) -> str | None:
    """A grammar for the lines under a name line: one of `modules`, then its options.

    Each pair is the module as it should be written here, and its documentation. The text begins at the
    module's name, its indentation already written. None where no module has options to offer.
    """
    margin = " " * (indent + 2)
    roots, rules = [], []
    for number, (written, module) in enumerate(modules):
        options = options_grammar(module, margin)
        head = _literal(written + ":")
        if module.free_form:
            roots.append(f'{head} " " command')
        elif options:
            roots.append(f"{head} (line{number}){{1,{MOST_OPTIONS}}}")
            rules.append(f'line{number} ::= "\\n" {_literal(margin)} ({options})')
    if not roots:
        return None
    rules.append("command ::= [A-Za-z0-9/] [^\\n]{1,100}")
    return "root ::= (" + " | ".join(roots) + ') "\\n"\n' + "\n".join(rules) + "\n" + _VALUE


def further_options_grammar(module: Module, scope: Scope) -> str | None:
    """A grammar for more options in a mapping that already holds `scope.present`."""
    present = set(scope.present)
    for option in module.options.values():
        if present & set(option.aliases):
            present.add(option.name)
    margin = " " * scope.indent
    options = options_grammar(module, margin, present)
    if not options:
        return None
    return (
        f'root ::= first ("\\n" {_literal(margin)} first){{0,2}} "\\n"\nfirst ::= {options}\n' + _VALUE
    )


def words_grammar(words: Sequence[str]) -> str | None:
    """A grammar for exactly one of `words`."""
    return "root ::= " + " | ".join(_literal(word) for word in words) if words else None
