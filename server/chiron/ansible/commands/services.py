"""Services, timers and the machine itself."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value

_SYSTEMD = "ansible.builtin.systemd_service"
_STATES = {"start": "started", "stop": "stopped", "restart": "restarted", "reload": "reloaded"}


def systemctl(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="--now --user --quiet|-q --no-block")
    if found is None or not found.rest:
        return None
    verb, *units = found.rest
    options: dict[str, Value] = {}
    if verb == "daemon-reload" and not units and not found.has("now"):
        options = {"daemon_reload": True}
    elif verb == "daemon-reexec" and not units and not found.has("now"):
        options = {"daemon_reexec": True}
    elif len(units) != 1 or "*" in units[0]:
        return None
    elif verb in _STATES and not found.has("now"):
        options = {"name": units[0], "state": _STATES[verb]}
    elif verb in {"enable", "disable"}:
        options = {"name": units[0], "enabled": verb == "enable"}
        if found.has("now"):
            options["state"] = "started" if verb == "enable" else "stopped"
    elif verb in {"mask", "unmask"} and not found.has("now"):
        options = {"name": units[0], "masked": verb == "mask"}
    else:
        return None
    if found.has("no-block"):
        options["no_block"] = True
    if found.has("user"):
        options["scope"] = "user"
    return Meant(_SYSTEMD, options)


def service(words: Sequence[str]) -> Meant | None:
    if len(words) != 3 or words[2] not in _STATES or words[1].startswith("-"):
        return None
    return Meant("ansible.builtin.service", {"name": words[1], "state": _STATES[words[2]]})


def init_script(words: Sequence[str]) -> Meant | None:
    return service(["service", words[0].rpartition("/")[2], *words[1:]])


def chkconfig(words: Sequence[str]) -> Meant | None:
    if len(words) != 3 or words[2] not in {"on", "off"} or words[1].startswith("-"):
        return None
    return Meant("ansible.builtin.service", {"name": words[1], "enabled": words[2] == "on"})


def update_rc(words: Sequence[str]) -> Meant | None:
    verbs = {"defaults": True, "enable": True, "disable": False}
    if len(words) != 3 or words[2] not in verbs or words[1].startswith("-"):
        return None
    return Meant("ansible.builtin.service", {"name": words[1], "enabled": verbs[words[2]]})


def rc_service(words: Sequence[str]) -> Meant | None:
    """OpenRC's."""
    return service(["service", *words[1:]])


def initctl(words: Sequence[str]) -> Meant | None:
    """Upstart's."""
    return service(["service", *reversed(words[1:])]) if len(words) == 3 else None


def supervisorctl(words: Sequence[str]) -> Meant | None:
    states = {"start": "started", "stop": "stopped", "restart": "restarted"}
    if len(words) != 3 or words[1] not in states or words[2] == "all":
        return None
    return Meant("community.general.supervisorctl", {"name": words[2], "state": states[words[1]]})


def poweroff(words: Sequence[str]) -> Meant | None:
    return Meant("community.general.shutdown") if len(words) == 1 else None


def reboot(words: Sequence[str]) -> Meant | None:
    if words[0] == "shutdown" and tuple(words[1:]) in {("-h", "now"), ("-P", "now")}:
        return Meant("community.general.shutdown")
    if tuple(words[1:]) not in {(), ("-r", "now")} or (words[0] == "shutdown" and len(words) == 1):
        return None
    note = "The module waits until the machine is back."
    return Meant("ansible.builtin.reboot", note=note) if words[0] == "shutdown" or len(words) == 1 else None


def sleep(words: Sequence[str]) -> Meant | None:
    if len(words) != 2 or not words[1].removesuffix("s").isdigit():
        return None
    return Meant("ansible.builtin.pause", {"seconds": int(words[1].removesuffix("s"))})


RULES = {
    "systemctl": systemctl, "service": service, "chkconfig": chkconfig, "update-rc.d": update_rc,
    "rc-service": rc_service, "initctl": initctl, "poweroff": poweroff,
    "supervisorctl": supervisorctl, "reboot": reboot, "shutdown": reboot, "sleep": sleep,
}  # fmt: skip
