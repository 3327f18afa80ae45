"""Writes the usual task of a module that was chosen, where no task written so far can be adapted.

Each option has a way to read its value out of the name, the project and the conventions of Unix systems.
Where an option that is needed has no such value, nothing is written: that is left to a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from chiron.records import Module
from chiron.suggest.recall import phrases, values
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.written import Written

#: A value as YAML, from a task's name and place; None where neither tells.
_Filler: TypeAlias = Callable[[str, Surroundings], str | None]
#: An option, its filler, and whether the task is nothing without it.
_Row: TypeAlias = tuple[str, _Filler, bool]

_ASKING = re.compile(
    r"^(?:get|check|list|determine|detect|query|show|collect|retrieve|verify|test|find|read|see|look)\b", re.I
)


def _always(value: str) -> _Filler:
    return lambda _name, _at: value


def _state(*words: str, otherwise: str) -> _Filler:
    """The state the name's verb asks for, one of `words`."""

    def fill(name: str, _at: Surroundings) -> str | None:
        state = values.state_in(name)
        return state if state in words else otherwise

    return fill


_PRESENCE = _state("present", "absent", otherwise="present")
_PACKAGE_STATE = _state("present", "absent", "latest", otherwise="present")
_SERVICE_STATE = _state("started", "stopped", "restarted", "reloaded", otherwise="started")
_PACKAGE: Sequence[_Row] = (("name", values.packages, True), ("state", _PACKAGE_STATE, False))
_SERVICE: Sequence[_Row] = (
    ("name", values.service, True),
    ("state", _SERVICE_STATE, False),
    ("enabled", values.enabled, False),
)
_PATH: Sequence[_Row] = (("path", values.path, True),)
_NAMED: Sequence[_Row] = (("name", values.thing, True), ("state", _PRESENCE, False))
_COMMAND: Sequence[_Row] = (("", values.command, True),)

#: By the short name of a built-in module, or the FQCN of another.
_USUAL: Mapping[str, Sequence[_Row]] = {
    "package": _PACKAGE,
    "apt": (*_PACKAGE, ("update_cache", values.cache_update, False)),
    "dnf": _PACKAGE,
    "yum": _PACKAGE,
    "service": _SERVICE,
    "systemd": (*_SERVICE, ("daemon_reload", values.reload_too, False)),
    "systemd_service": (*_SERVICE, ("daemon_reload", values.reload_too, False)),
    "file": (
        ("path", values.path, True),
        ("state", values.file_state, False),
        ("mode", values.file_mode, False),
    ),
    "template": (
        ("src", values.template, True),
        ("dest", values.template_target, True),
        ("mode", _always('"0644"'), False),
    ),
    "copy": (
        ("src", values.copied_file, True),
        ("dest", values.copy_target, True),
        ("mode", _always('"0644"'), False),
    ),
    "stat": _PATH,
    "slurp": (("src", values.path, True),),
    "find": (("paths", values.path, True),),
    "get_url": (
        ("url", values.url, True),
        ("dest", values.download_target, True),
        ("mode", _always('"0644"'), False),
    ),
    "uri": (("url", values.url, True), ("return_content", _always("true"), False)),
    "unarchive": (
        ("src", values.archive, True),
        ("dest", values.path, True),
        ("remote_src", _always("true"), False),
    ),
    "git": (("repo", values.url, True), ("dest", values.path, True)),
    "user": _NAMED,
    "group": _NAMED,
    "command": _COMMAND,
    "shell": _COMMAND,
    "wait_for": (("port", values.port, True),),
    "reboot": (),
    "setup": (),
    "service_facts": (),
    "package_facts": (),
    "hostname": (("name", _always('"{{ inventory_hostname }}"'), True),),
    "lineinfile": (("path", values.path, True), ("line", values.line, True)),
    "apt_repository": (("repo", values.repository, True), ("state", _PRESENCE, False)),
    "apt_key": (("url", values.key_url, True), ("state", _PRESENCE, False)),
    "rpm_key": (("key", values.key_url, True), ("state", _PRESENCE, False)),
    "debug": (("msg", values.message, True),),
    "fail": (("msg", values.message, True),),
    "ansible.posix.sysctl": (
        ("name", values.kernel_parameter, True),
        ("value", values.kernel_value, True),
        ("state", _always("present"), False),
    ),
    "ansible.posix.mount": (
        ("path", values.path, True),
        ("state", _state("mounted", "unmounted", "absent", otherwise="mounted"), False),
    ),
    "ansible.posix.firewalld": (
        ("port", values.port_and_protocol, True),
        ("permanent", _always("true"), False),
        ("immediate", _always("true"), False),
        ("state", _always("enabled"), False),
    ),
    "community.general.ufw": (("rule", _always("allow"), False), ("port", values.port, True)),
    "community.general.modprobe": _NAMED,
    "ansible.windows.win_file": (("path", values.variable_path, True), ("state", values.file_state, False)),
    "ansible.windows.win_service": _SERVICE,
    "ansible.windows.win_get_url": (("url", values.url, True), ("dest", values.variable_path, True)),
}
#: What fills an option of a module not named above.
_BY_OPTION: Mapping[str, _Filler] = {
    "name": values.thing,
    "path": values.path,
    "url": values.url,
    "port": values.port,
    "state": _PRESENCE,
}


def outline(module: str, name: str, at: Surroundings) -> Written | None:
    """The usual task with `module` (an FQCN) under `name`, or None where a value is not to be had."""
    documented = at.documented(module)
    if documented is None:
        return None
    short = module.removeprefix("ansible.builtin.")
    rows = _USUAL.get(short)
    if rows is None:
        rows = _required(documented)
        if not rows:
            return None
    options: list[tuple[str, str]] = []
    for option, fill, needed in rows:
        value = fill(name, at)
        if value is None and needed:
            return None
        if value is not None and (not option or option in documented.options):
            options.append((option, value))
    return Written(module, options, _keywords(short, name))


def _required(module: Module) -> Sequence[_Row]:
    """The options `module` demands, where each has a filler or a choice of one; empty where one has none."""
    rows: list[_Row] = []
    for option in module.options.values():
        if option.required or (option.name == "state" and rows):
            fill = _BY_OPTION.get(option.name)
            if fill is None:
                return ()
            if option.choices and not {"present", "absent"} <= set(map(str, option.choices)):
                if option.required:
                    return ()
                continue
            rows.append((option.name, fill, option.required))
    return rows


def _keywords(short: str, name: str) -> tuple[tuple[str, str], ...]:
    """The result kept where the task only asks, for what follows to use."""
    if short in {"stat", "slurp"}:
        return (("register", values.result_name(name, short)),)
    if short in ("command", "shell") and _ASKING.match(phrases.plain_name(name)):
        return (("register", values.result_name(name, "result")), ("changed_when", "false"))
    return ()
