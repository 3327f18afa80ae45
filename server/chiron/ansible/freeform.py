"""What stands in one string: `src=a dest="b c"`, `ls -l creates=/x`, `copy src=a`. Pure text, no I/O.

The rules are those a playbook's run follows (`ansible.parsing.splitter`): words end at white space, except
within quotes and within `{{ }}`, `{% %}` and `{# #}`; `\\=` is no separator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from chiron.kept import kept

#: The options a command line may carry; every other `k=v` in it belongs to the command.
COMMAND_OPTIONS: Final = frozenset(
    {"creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"}
)

#: Modules whose string is a command line.
COMMAND_MODULES: Final = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "ansible.builtin.", "ansible.legacy.")
    for name in ("command", "raw", "script", "shell", "win_command", "win_shell")
) | {"ansible.windows.win_command", "ansible.windows.win_shell"}

#: Actions that take a bare string besides (`ansible.parsing.mod_args`).
RAW_ACTIONS: Final = frozenset(
    f"ansible.builtin.{name}"
    for name in (
        "include_vars", "include_tasks", "include_role", "import_tasks", "import_role",
        "add_host", "group_by", "set_fact", "meta",
    )
)  # fmt: skip

_OPENERS: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_KEY = re.compile(r"(?:[^=\\]|\\.)+?(?==)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written, and where it starts in the string."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Pair:
    """`name=value`, unquoted; `start` and `end` bound the word as written."""

    name: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FreeForm:
    """A string taken apart: its pairs, and what is left of it in words (`raw`)."""

    pairs: tuple[Pair, ...]
    raw: str
    #: A quote or a Jinja block is opened and never closed; Ansible refuses such a string.
    unbalanced: bool = False


def words(text: str) -> tuple[list[Word], bool]:
    """The words of `text`, and whether every quote and Jinja block in it is closed."""
    found: list[Word] = []
    start: int | None = None
    quote = ""
    closer = ""
    depth = 0
    at = 0
    while at < len(text):
        char, pair = text[at], text[at : at + 2]
        if closer:
            if pair == closer and not quote:
                depth -= 1
                closer = closer if depth else ""
                at += 2
                continue
            if _OPENERS.get(pair) == closer and not quote:
                depth += 1
                at += 2
                continue
            # Quotes inside Jinja keep `}}` in a string from closing the block.
            quote = _after_quote(text, at, quote)
        elif quote:
            quote = _after_quote(text, at, quote)
        elif pair in _OPENERS:
            start = at if start is None else start
            closer, depth = _OPENERS[pair], 1
            at += 2
            continue
        elif char.isspace():
            if start is not None:
                found.append(Word(text[start:at], start))
                start = None
        elif char == "\\" and start is None and (at + 1 == len(text) or text[at + 1].isspace()):
            pass  # a line continued on the next one
        else:
            start = at if start is None else start
            quote = _after_quote(text, at, quote)
        at += 1
    if start is not None:
        found.append(Word(text[start:], start))
    return found, not quote and not closer


def parse(text: str, *, command: bool) -> FreeForm:
    """Takes `text` apart. In a `command` only the command's own options are pairs."""
    return _parse(text, command)


# Each that looks at a task asks for the same string.
@kept(256)
def _parse(text: str, command: bool) -> FreeForm:
    found, closed = words(text)
    pairs: list[Pair] = []
    rest: list[str] = []
    for word in found:
        key = _KEY.match(word.text)
        name = key.group().strip() if key else ""
        if key is None or not _is_name(name) or (command and name not in COMMAND_OPTIONS):
            rest.append(word.text)
            continue
        value = _unquote(word.text[key.end() + 1 :].strip())
        pairs.append(Pair(name, value, word.start, word.start + len(word.text)))
    return FreeForm(tuple(pairs), " ".join(rest), unbalanced=not closed)


def split_action(text: str) -> tuple[str, str]:
    """`copy src=a` as `("copy", "src=a")`: what `action:` and `local_action:` hold."""
    name, _, rest = text.strip().partition(" ")
    return name, rest.strip()


def _is_name(name: str) -> bool:
    # A Jinja expression or a quoted word with `=` in it is no option; anything else is taken for one, right
    # or wrong, as Ansible does.
    return bool(name) and not name.startswith(("{{", "{%", '"', "'")) and not any(c.isspace() for c in name)


def _after_quote(text: str, at: int, quote: str) -> str:
    char = text[at]
    if char not in "\"'" or (at and text[at - 1] == "\\"):
        return quote
    if not quote:
        return char
    return "" if char == quote else quote


def _unquote(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[-2] != "\\":
        return text[1:-1]
    return text
