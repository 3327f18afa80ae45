"""The dangers a suggestion is kept from, one by one: what shows each, and which names ask for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chiron.suggest.guardrails import destruction, weakening
from chiron.suggest.guardrails.calls import Call
from chiron.suggest.guardrails.destruction import REMOVING


@dataclass(frozen=True, slots=True)
class Danger:
    """One rule. `found` tells what is dangerous in a call, or ""; `asked` whether the name asks for it."""

    code: str
    what: str
    found: Callable[[Call], str]
    asked: Callable[[str, Call], bool]


_OFF: Final = (
    r"\b(disabl\w*|deactivat\w*|turn\w* off|switch\w* off|stop\w*|off|without|skip\w*|ignor\w*|no|not)\b"
)


def _asks(*patterns: str) -> Callable[[str, Call], bool]:
    """Whether the name holds a word of each pattern."""
    compiled = [re.compile(pattern) for pattern in patterns]
    return lambda name, call: all(pattern.search(name) for pattern in compiled)


DANGERS: Final[Sequence[Danger]] = (
    Danger(
        "removes-system-path",
        "It removes a directory or file that the system or everybody's data depends on.",
        destruction.removes_system,
        destruction.asks_for_path,
    ),
    Danger(
        "destroys-data",
        "It formats, wipes or drops what holds data.",
        destruction.wipes,
        _asks(
            rf"{REMOVING}|\b(format\w*|mkfs|file ?system|partition\w*|shred\w*|zero)\b"
            r"|\b(overwrit\w*|image|flash\w*|recreat\w*|reset\w*)\b"
        ),
    ),
    Danger(
        "runs-download",
        "It runs what it downloads without anybody having seen it: `curl … | sh`.",
        destruction.pipes,
        _asks(r"\b(pip(e|ed|ing)|curl|wget)\b|\bscript\b"),
    ),
    Danger(
        "runs-on-controller",
        "It runs a program on the machine Ansible is started on, through a lookup: `lookup('pipe', …)`.",
        destruction.runs_locally,
        _asks(r"\b(pip(e|ed|ing)|lookups?|local\w*|controller|control (node|host|machine)|output)\b"),
    ),
    Danger(
        "world-writable",
        "It lets every user of the machine write a file.",
        destruction.world_writable,
        _asks(
            r"world.?writ|\b0?777\b|\b0?666\b|writ\w* (by|for|to) (all|every|any|other)"
            r"|(all|every|any)\w* (users? )?(can |to |may )?writ"
        ),
    ),
    Danger(
        "disables-selinux",
        "It switches SELinux or AppArmor off, or only lets them watch.",
        weakening.selinux,
        _asks(r"selinux|apparmor|\benforc", rf"{_OFF}|permissive|\b0\b|{REMOVING}"),
    ),
    Danger(
        "disables-firewall",
        "It stops, flushes or opens the firewall.",
        weakening.firewall,
        _asks(
            r"firewall|\bufw\b|iptables|nftables|\bcsf\b",
            rf"{_OFF}|{REMOVING}|\b(flush\w*|reset\w*|mask\w*|accept\w*|allow\w*|open\w*|polic\w*)\b",
        ),
    ),
    Danger(
        "disables-tls-check",
        "It talks to servers without verifying who they are.",
        weakening.tls,
        _asks(r"\b(tls|ssl|https?|certs?|certificates?|verif\w*|validat\w*|self.?signed|insecure\w*|untrusted)\b",
              rf"{_OFF}|\b(self.?signed|insecure\w*|untrusted|unverified|invalid)\b"),
    ),
    Danger(
        "disables-signature-check",
        "It installs packages without verifying who made them.",
        weakening.signatures,
        _asks(r"\b(gpg\w*|signatures?|signed|unsigned|unauthenticated|untrusted|trusted|verif\w*|check\w*)\b",
              rf"{_OFF}|\b(unsigned|unauthenticated|untrusted|trusted|allow\w*)\b"),
    ),
    Danger(
        "disables-host-key-check",
        "It connects to hosts without verifying their keys.",
        weakening.host_keys,
        _asks(r"host.?keys?|known.?hosts|stricthostkeychecking|fingerprint"),
    ),
    Danger(
        "empty-password",
        "It gives somebody an account without a password.",
        weakening.empty_password,
        _asks(
            r"(empty|blank|without( a| any)?|no|unset)\s(\w+\s)?passwords?|password.?less"
            r"|(remov\w*|delet\w*|clear\w*|disabl\w*)\s(\w+\s)?passwords?"
        ),
    ),
)  # fmt: skip

#: What each rule of safety keeps from being suggested.
REASONS: Final[Mapping[str, str]] = {danger.code: danger.what for danger in DANGERS}
