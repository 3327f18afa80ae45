"""Whether a task does anything at all. A suggestion that names a module and no purpose is none.

What is listed here is demanded by the modules' code when they run, not by their documentation, so the
validator, which goes by what is declared, says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chiron.records import Module
from chiron.suggest.guardrails.calls import COMMANDS, Call

_PACKAGES: Final = frozenset(
    {"name", "pkg", "package", "packages", "deb", "list", "upgrade", "update_cache", "update_only"}
    | {"autoremove", "autoclean", "clean", "purge", "download_only"}
)
#: Options of which one at least says what the module is to do.
_PURPOSES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("apt", "dnf", "dnf5", "yum", "package", "zypper", "pacman", "apk", "homebrew"), _PACKAGES
    ),
    "copy": frozenset({"src", "content"}),
    "lineinfile": frozenset({"line", "value", "regexp", "regex", "search_string"}),
}


def is_idle(call: Call, module: Module) -> bool:
    """Whether `call` leaves out what it is to do: the command, the package, the line, or all options.

    `package` and `service` hand their options on, so the validator demands none of them either.
    """
    if call.module in COMMANDS:
        return not call.commands
    if module.free_form:
        return False
    if not call.options:
        return not call.commands and any(option.required for option in module.options.values())
    purposes = _PURPOSES.get(call.module)
    return purposes is not None and not purposes & call.options.keys()
