"""Writes tasks about packages, services, users, keys and schedules from what their names say."""

from __future__ import annotations

import re

from chiron.suggest.recall import phrases
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.wording import words
from chiron.suggest.recall.written import Written, cut, listed, name_of, presence

_PACKAGE_NOUNS = frozenset(
    """
    package packages pkg rpm deb software binary binaries itself
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)
_VAGUE = frozenset(
    """
    dependencies dependency prerequisites prerequisite requirements tools utilities libraries things plugins
    extensions modules stuff everything system os debian ubuntu redhat rhel centos fedora suse
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)
_SERVICE_NOUNS = frozenset(
    """
    service services daemon daemons unit process server boot startup
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)


def package(found: re.Match[str], at: Surroundings) -> Written | None:
    if re.search(
        r"\b(?:files?|director(?:y|ies)|folders?|links?|lines?|keys?|scripts?)\b", found["what"], re.I
    ):
        return None
    things = phrases.things_in(cut(found["what"]), generic=_PACKAGE_NOUNS)
    state = found["verb"].lower()
    word = "absent" if state in {"remove", "uninstall", "purge"} else "present"
    if state in {"upgrade", "update"}:
        word = "latest"
    variable = at.variable_for(found["what"], ("packages", "package", "pkgs", "deps", "dependencies"))
    # "the web packages" are `web_packages`, where there are such.
    named = variable is not None and set(words(variable.replace("_", " "))) <= set(words(found["what"]))
    if named or not things or any(thing.split("-")[-1] in _VAGUE for thing in things):
        if variable is None:
            return None
        names = f'"{{{{ {variable} }}}}"'
    else:
        names = listed(things)
    return Written(at.package_module, (("name", names), ("state", word)))


def service(found: re.Match[str], at: Surroundings) -> Written | None:
    things = phrases.things_in(cut(found["what"]), generic=_SERVICE_NOUNS)
    if not things:
        subject = at.program
        things = [subject] if subject else []
    if len(things) != 1:
        return None
    verbs = re.findall(r"\b(start|stop|restart|reload|enabl|disabl|run)", found["verbs"].lower())
    options: list[tuple[str, str]] = [("name", phrases.quoted(things[0]))]
    states = {"start": "started", "run": "started", "stop": "stopped", "restart": "restarted"}
    states["reload"] = "reloaded"
    options += [("state", states[verb]) for verb in verbs if verb in states][:1]
    on_boot = re.search(r"\b(?:at|on) (?:system )?(?:boot|start-?up)\b", found["what"], re.IGNORECASE)
    if "enabl" in verbs or on_boot:
        options.append(("enabled", "true"))
    if "disabl" in verbs:
        options.append(("enabled", "false"))
    return Written(at.module("service", "systemd", "systemd_service"), options)


def daemon_reload(_: re.Match[str], at: Surroundings) -> Written:
    return Written(at.module("systemd_service", "systemd"), (("daemon_reload", "true"),))


def user(found: re.Match[str], at: Surroundings) -> Written | None:
    name = name_of(found)
    if name is None:
        return None
    options = [("name", name), ("state", presence(found))]
    if "system" in found[0].lower():
        options.append(("system", "true"))
    elif options[1][1] == "present":
        options.append(("shell", "/bin/bash"))
    return Written(at.module("user"), options)


def group(found: re.Match[str], at: Surroundings) -> Written | None:
    name = name_of(found)
    return Written(at.module("group"), (("name", name), ("state", presence(found)))) if name else None


def user_in_group(found: re.Match[str], at: Surroundings) -> Written | None:
    user, group = found["user"], found["group"]
    options = (("name", phrases.quoted(user)), ("groups", phrases.quoted(group)), ("append", "true"))
    return Written(at.module("user"), options)


def authorized_key(found: re.Match[str], at: Surroundings) -> Written | None:
    user = found["user"]
    source = at.file_for(f"{user} public key", suffixes=(".pub",))
    variable = at.variable_for(found.string, ("key", "keys", "public_key", "ssh_key"))
    if variable is not None:
        key = f"{{{{ {variable} }}}}"
    else:
        key = "{{ lookup('ansible.builtin.file', '" + (source or f"{user}.pub") + "') }}"
    if at.installed("ansible.posix.authorized_key"):
        options = (("user", phrases.quoted(user)), ("state", "present"), ("key", f'"{key}"'))
        return Written(at.module("ansible.posix.authorized_key"), options)
    home = "/root" if user == "root" else f"/home/{user}"
    lines = (
        ("path", phrases.quoted(f"{home}/.ssh/authorized_keys")),
        ("line", f'"{key}"'),
        ("create", "true"),
        ("owner", phrases.quoted(user)),
        ("mode", '"0600"'),
    )
    return Written(at.module("lineinfile"), lines)


def cron(found: re.Match[str], at: Surroundings) -> Written | None:
    what = re.sub(
        r"\b(?:cron ?jobs?|cron|job|entry|task|nightly|daily|hourly|weekly|monthly|every \w+|"
        r"schedule|add|create|set ?up|install|configure|run|for|to|at|in|on|midnight)\b|\b\d{1,2}:\d\d\b",
        " ",
        found.string,
        flags=re.IGNORECASE,
    )
    path = phrases.path_in(found.string)
    things = phrases.things_in(
        " ".join(what.replace(path or "\0", "").split()), generic=frozenset({"script"})
    )
    if not things and path is None:
        return None
    label = things[0].replace("-", " ") if things else (path or "").rsplit("/", 1)[-1]
    command = path or at.script_for(things[0])
    options = [("name", phrases.quoted(label)), *_times(found.string), ("job", phrases.quoted(command))]
    return Written(at.module("cron"), options)


def _times(name: str) -> list[tuple[str, str]]:
    lowered = name.lower()
    at_time = re.search(r"\b(\d{1,2}):(\d\d)\b", lowered)
    if "reboot" in lowered:
        return [("special_time", "reboot")]
    for word in ("hourly", "weekly", "monthly"):
        if word in lowered and not at_time:
            return [("special_time", word)]
    hour, minute = (int(at_time[1]), int(at_time[2])) if at_time else (2, 0)
    if "midnight" in lowered:
        hour = 0
    return [("minute", f'"{minute}"'), ("hour", f'"{hour}"')]


def repository(found: re.Match[str], at: Surroundings) -> Written | None:
    ppa = re.search(r"\bppa:[\w./-]+", found.string)
    if ppa is None:
        return None
    return Written(at.module("apt_repository"), (("repo", f'"{ppa[0]}"'), ("state", "present")))


def apt_cache(_: re.Match[str], at: Surroundings) -> Written:
    return Written(at.module("apt"), (("update_cache", "true"), ("cache_valid_time", "3600")))


def bare(found: re.Match[str], at: Surroundings) -> Written:
    """A module that needs to be told nothing."""
    kind = "package_facts" if "package" in found[0].lower() else "service_facts"
    return Written(at.module(kind), ())


def reboot(_: re.Match[str], at: Surroundings) -> Written:
    return Written(at.module("reboot"), ())


def pip(found: re.Match[str], at: Surroundings) -> Written | None:
    things = phrases.things_in(
        re.sub(r"\b(?:with|using|via|from) pip3?\b|\bpip3?\b|\bpython3?\b", "", found["what"], flags=re.I),
        generic=frozenset({*_PACKAGE_NOUNS, "module", "modules", "library"}),
    )
    requirements = phrases.path_in(found.string)
    if requirements and requirements.endswith(".txt"):
        return Written(at.module("pip"), (("requirements", requirements),))
    if not things or any(thing in _VAGUE for thing in things):
        return None
    return Written(at.module("pip"), (("name", listed(things)),))


def hostname(found: re.Match[str], at: Surroundings) -> Written:
    named = re.search(r"\bto ([\w.-]+)$", found.string)
    return Written(at.module("hostname"), (("name", named[1] if named else '"{{ inventory_hostname }}"'),))


def timezone(found: re.Match[str], at: Surroundings) -> Written | None:
    zone = re.search(r"\b(?:UTC|GMT|[A-Z][a-z]+/[A-Z]\w+)\b", found.string)
    variable = at.variable_for(found.string, ("timezone", "tz"))
    name = zone[0] if zone else f'"{{{{ {variable} }}}}"' if variable else None
    if name is None or not at.installed("community.general.timezone"):
        return None
    return Written(at.module("community.general.timezone"), (("name", name),))


def wait_port(found: re.Match[str], at: Surroundings) -> Written | None:
    port = re.search(r"\bport (\d{2,5})\b", found.string)
    return Written(at.module("wait_for"), (("port", port[1]),)) if port else None


def installed(found: re.Match[str], at: Surroundings) -> Written | None:
    things = phrases.things_in(cut(found["what"]), generic=_PACKAGE_NOUNS)
    if not things or any(thing.split("-")[-1] in _VAGUE for thing in things):
        return None
    return Written(at.package_module, (("name", listed(things)), ("state", "present")))
