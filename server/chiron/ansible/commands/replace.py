"""The rules together: a task's line -> the module that does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from chiron.ansible.commands import (
    builds,
    containers,
    databases,
    editing,
    fetching,
    files,
    packages,
    people,
    services,
    storage,
    system,
)
from chiron.ansible.commands.line import Program, programs
from chiron.ansible.commands.meant import Meant, Value
from chiron.ansible.commands.piped import piped, rewritten

Rule = Callable[[Sequence[str]], Meant | None]

_RULES: Final[Mapping[str, Rule]] = (
    packages.RULES
    | services.RULES
    | files.RULES
    | editing.RULES
    | people.RULES
    | system.RULES
    | storage.RULES
    | databases.RULES
    | containers.RULES
    | builds.RULES
    | fetching.RULES
)
_IN_FOLDER: Final[Mapping[str, Callable[..., Meant | None]]] = (
    fetching.IN_FOLDER | system.IN_FOLDER | containers.IN_FOLDER | builds.IN_FOLDER | {"npm": packages.npm}
)

#: Programs for which no module does the same, and what there is instead.
NO_MODULE: Final[Mapping[str, str]] = {
    "mv": "No module renames a file on the host; `creates` makes the command run once.",
    "cat": "Use `ansible.builtin.slurp` where the content is wanted in a variable.",
    "grep": "A look at a file changes nothing: keep it with `changed_when: false`.",
    "ls": "Use `ansible.builtin.find` or `ansible.builtin.stat` where the result is wanted in a variable.",
    "test": "Use `ansible.builtin.stat` and a condition.",
    "mount": "`ansible.posix.mount` also needs the file system's type.",
    "ping": "Use `ansible.builtin.wait_for` to wait for a host or port.",
    "a2ensite": "Use `ansible.builtin.file` with `state: link` in `sites-enabled`.",
    "a2dissite": "Use `ansible.builtin.file` with `state: absent` in `sites-enabled`.",
    "kill": "Stop what was started as a service with `ansible.builtin.service`.",
    "pkill": "Stop what was started as a service with `ansible.builtin.service`.",
    "which": "A look at the path changes nothing: keep it with `changed_when: false`.",
    "date": "Use `ansible_facts.date_time`, which is gathered anyway.",
    "uname": "Use `ansible_facts.kernel` and `ansible_facts.architecture`, which are gathered anyway.",
    "whoami": "Use `ansible_facts.user_id`, which is gathered anyway.",
    "ldconfig": "No module does it: notify a handler that runs it where a library was changed.",
}
#: What modules for packages need themselves: a line that installs it is there because they cannot.
_NEEDED_FIRST: Final = frozenset(
    {
        "python", "python2", "python3", "python-minimal", "python3-minimal", "python-xml", "python3-xml",
        "python-apt", "python3-apt", "python3-dnf", "libselinux-python", "python3-libselinux", "apk-tools",
    }
)  # fmt: skip
#: Services that systemd refuses to stop by hand; `service` goes round it, and the module does not.
_REFUSED: Final = frozenset({"auditd", "auditd.service"})
_PAIRS: Final = {("mkdir", "chown"), ("mkdir", "chmod"), ("touch", "chown"), ("touch", "chmod")}


def meant_by(text: str, *, shell: bool, chdir: str | None = None) -> Meant | None:
    """The module that does what the line does; None where no rule is sure of one. It never raises."""
    if len(text) > 2000:
        return None
    if shell and "|" in text:
        if (meant := piped(text)) is not None:
            return meant
        text = rewritten(text)
    found = programs(text, shell=shell)
    if not found:
        return None
    stripped = [_without_sudo(one) for one in found]
    keywords = [one[1] for one in stripped if one is not None]
    if len(keywords) < len(found) or any(one != keywords[0] for one in keywords):
        return None
    meant = _together([one[0] for one in stripped if one is not None], chdir)
    return replace(meant, keywords=keywords[0]) if meant is not None and not _is_trap(meant) else None


def _is_trap(meant: Meant) -> bool:
    """Whether the line may well be there because the module does not do."""
    name, state = meant.options.get("name"), meant.options.get("state")
    names = set(name) if isinstance(name, list) else {name}
    return bool(names & _NEEDED_FIRST) or bool(names & _REFUSED and state not in {"started", None})


def _without_sudo(program: Program) -> tuple[Program, dict[str, Value]] | None:
    """The program behind `sudo`, and the keywords that stand for it."""
    words = list(program.words)
    if words[0] != "sudo":
        return program, {}
    rest = words[1:]
    # `sudo echo x > file` writes the file as the one who calls sudo; where it was `tee`'s it is sudo's.
    if rest[:2] == ["tee", "echo"] and program.to is not None:
        return replace(program, words=tuple(rest[1:])), {"become": True}
    if program.to is not None:
        return None
    keywords: dict[str, Value] = {"become": True}
    if rest[:1] in (["-u"], ["--user"]) and len(rest) > 2:
        keywords["become_user"] = rest[1]
        rest = rest[2:]
    if not rest or rest[0].startswith("-") or "=" in rest[0]:
        return None
    return replace(program, words=tuple(rest)), keywords


def _together(found: Sequence[Program], chdir: str | None) -> Meant | None:
    if chdir is None and len(found) == 2 and found[0].words[0] == "cd" and len(found[0].words) == 2:
        return _single(found[1], found[0].words[1])
    if len(found) == 1:
        return _single(found[0], chdir)
    if [one.words for one in found[1:]] == [("firewall-cmd", "--reload")]:
        meant_now = _single(found[0], chdir)
        now = meant_now is not None and meant_now.options.get("permanent") is True
        return (
            replace(meant_now, options=meant_now.options | {"immediate": True}) if meant_now and now else None
        )
    meant = [_single(one, chdir) for one in found]
    if any(one is None for one in meant):
        return None
    return _merged([one for one in meant if one is not None], [one.words[0] for one in found])


def _merged(meant: Sequence[Meant], names: Sequence[str]) -> Meant | None:
    """Several lines that one call of a module does: a folder and its owner, an update and an install."""
    first = meant[0]
    options = dict(first.options)
    for one, name in zip(meant[1:], names[1:], strict=True):
        if one.module != first.module:
            return None
        if one.module == "ansible.builtin.apt":
            if options != {"update_cache": True} or "name" not in one.options:
                return None
            options = {**one.options, "update_cache": True}
        elif one.module == "ansible.builtin.systemd_service":
            same = not {"name", "scope"} & options.keys() or all(
                options.get(key) == one.options.get(key) for key in ("name", "scope")
            )
            if not same or (options.keys() & one.options.keys()) - {"name", "scope"}:
                return None
            if "name" in options and "name" not in one.options:
                return None  # What is read anew after a restart is too late for it.
            options |= one.options
        elif one.module == "ansible.posix.firewalld":
            return None
        elif (names[0], name) in _PAIRS and one.options.get("path") == options.get("path"):
            added = {key: value for key, value in one.options.items() if key not in {"path", "state"}}
            if added.keys() & options.keys() or ("recurse" in added and names[0] != "mkdir"):
                return None
            options |= added
        else:
            return None
    return Meant(first.module, options, first.note)


def _single(program: Program, chdir: str | None) -> Meant | None:  # noqa: PLR0911 one a way of being run
    words = program.words
    if words[0] == "DEBIAN_FRONTEND=noninteractive" and words[1:2] in (("apt-get",), ("apt",)):
        words = words[1:]  # The module sets it itself.
    path = words[0]
    name = path.rpartition("/")[2]
    if path.startswith("/etc/init.d/"):
        return services.init_script(words) if program.to is None and chdir is None else None
    if path.startswith("/") and not path.startswith(("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/")):
        # Another `pip` is another environment, which its module can be told; other programs may be anything.
        return packages.pip(words) if name in {"pip", "pip3"} and program.to is None and not chdir else None
    if name == "echo":
        return editing.echo(words, program.to, program.appends)
    if name == "mysqldump":
        return None if program.appends or program.to is None else databases.mysqldump(words, program.to)
    if name == "dnf" and words[1:2] == ("config-manager",):
        return builds.config_manager(words) if program.to is None else None
    if name == "curl":
        return None if program.appends else fetching.curl(words, program.to)
    if program.to is not None:
        return None
    short = (name, *words[1:])
    if name in _IN_FOLDER:
        return _IN_FOLDER[name](short, chdir)
    rule = _RULES.get(name)
    if rule is None:
        return None
    return rule(words if name.startswith("pip") and not path.startswith("/") else short)
