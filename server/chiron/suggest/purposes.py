"""What a task must say so that it does anything: which options tell a module its purpose.

What is listed here is demanded by the modules' code when they run, not by their documentation, so the
validator, which goes by what is declared, says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

_PACKAGES: Final = frozenset(
    {"name", "pkg", "package", "packages", "deb", "list", "upgrade", "update_cache", "update_only"}
    | {"autoremove", "autoclean", "clean", "purge", "download_only"}
)
_COMMANDS: Final = frozenset({"cmd", "argv", "free_form"})
#: Options of which one at least says what the module is to do, by its short name.
_PURPOSES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("apt", "dnf", "dnf5", "yum", "package", "zypper", "pacman", "apk", "homebrew"), _PACKAGES
    ),
    **dict.fromkeys(("command", "shell", "raw", "script", "win_command", "win_shell"), _COMMANDS),
    "copy": frozenset({"src", "content"}),
    "lineinfile": frozenset({"line", "value", "regexp", "regex", "search_string"}),
}


def lacks_purpose(module: str, options: Set[str]) -> bool:
    """Whether a task with `module` (its short name) and these `options` alone does nothing."""
    purposes = _PURPOSES.get(module)
    return purposes is not None and not purposes & options
