"""What a model may write at a place, as a GBNF grammar built from the modules' documentation.

An endpoint that takes grammars (llama.cpp and those built on it) then cannot name an option that does not
exist, nor the same one twice. It is a help, not a guarantee: an endpoint ignores a grammar it cannot parse,
so the guardrails check the answer in any case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence, Set

from chiron.records import Module, Option, Scope

_KEY = re.compile(r"^\s+(\w+):", re.M)

_VALUES = r"""value ::= " " (quoted | plain)
quoted ::= "\"" [^"\\\n]{1,100} "\""
plain ::= [A-Za-z0-9/~.] [A-Za-z0-9_/~.,@+=%-]{0,80}
bool ::= " " ("true" | "false")
int ::= " " [0-9]{1,6}
"""


def task_grammar(
    modules: Sequence[tuple[str, Module]], scope: Scope, used: Set[str] = frozenset()
) -> str | None:
    """A grammar for the lines under a name line: one of `modules`, then its options, each at most once.

    Each pair is the module as it should be written here, and its documentation. The text begins at the
    module's name, its indentation already written, and ends where the next task or a blank line would
    begin. `used` are options this workspace sets. None where no module has options to offer.
    """
    margin = " " * (scope.indent + 2)
    roots = []
    for written, module in modules:
        head = _literal(written + ":")
        lines = _lines(module, margin, likely_options(module, used))
        if module.free_form:
            roots.append(f'{head} " " command')
        elif lines:
            roots.append(f"{head} {lines}")
    if not roots:
        return None
    command = "command ::= [A-Za-z0-9/] [^\\n]{1,100}\n"
    return f"root ::= ({' | '.join(roots)}) {_end(scope)}\n" + command + _VALUES


def further_options_grammar(module: Module, scope: Scope, used: Set[str] = frozenset()) -> str | None:
    """A grammar for more options in a mapping that already holds `scope.present`.

    The text begins at the first option's name, its indentation already written.
    """
    there = set(scope.present)
    names = [
        name
        for name in likely_options(module, used)
        if not there & {name, *module.options[name].aliases} and _is_plain(module.options[name])
    ]
    if not names:
        return None
    margin = " " * scope.indent
    firsts = [
        f"{_line(module.options[name], margin)} {_rest(module, margin, names[at + 1 :])}"
        for at, name in enumerate(names)
    ]
    return f"root ::= ({' | '.join(firsts)}) {_end(scope)}\n" + _VALUES


def words_grammar(words: Sequence[str]) -> str | None:
    """A grammar for exactly one of `words`."""
    return "root ::= " + " | ".join(_literal(word) for word in words) if words else None


def likely_options(module: Module, used: Set[str] = frozenset()) -> list[str]:
    """The options people set: required ones first, then those used here or in the module's EXAMPLES.

    Where that is none, all of them.
    """
    seen = used | set(_KEY.findall(module.examples))
    required = [name for name, option in module.options.items() if option.required]
    likely = [
        name
        for name, option in module.options.items()
        if not option.required and not option.deprecated and (seen & {name, *option.aliases})
    ]
    return [*required, *likely] or list(module.options)


def _lines(module: Module, margin: str, names: Iterable[str]) -> str:
    """`names` as optional lines in their order, those required not optional."""
    plain = [module.options[name] for name in names if _is_plain(module.options[name])]
    below = "\\n" + margin
    return " ".join(
        f'"{below}" {_line(option, margin)}' if option.required else f'("{below}" {_line(option, margin)})?'
        for option in plain
    )


def _rest(module: Module, margin: str, names: Iterable[str]) -> str:
    return " ".join(f'("\\n{margin}" {_line(module.options[name], margin)})?' for name in names)


def _is_plain(option: Option) -> bool:
    """Whether an option can be written by line: a nested mapping cannot."""
    return option.type != "dict" and option.suboptions is None


def _line(option: Option, margin: str) -> str:
    return f"{_literal(option.name + ':')} {_value(option, margin)}"


def _value(option: Option, margin: str) -> str:
    """The right-hand side of one option, with the space or newline in front of it."""
    if option.choices and option.type != "list":
        words = sorted({_word(choice) for choice in option.choices})
        return '" " (' + " | ".join(_literal(word) for word in words) + ")"
    if option.type == "bool":
        return "bool"
    if option.type == "int":
        return '(int | " " quoted)'
    if option.type == "list":
        return f'(value | ("\\n{margin}  -" value){{1,4}})'
    return "value"


def _word(choice: object) -> str:
    return str(choice).lower() if isinstance(choice, bool) else str(choice)


def _end(scope: Scope) -> str:
    """How a model says that a task is over: a blank line, or the next task's dash."""
    return f'("\\n\\n" | "\\n{" " * scope.task_column}-")'


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
