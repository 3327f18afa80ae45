"""Disks, what is mounted, and who may do what with a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place

_SIZE = re.compile(r"\d+(?:\.\d+)?[bBsSkKmMgGtTpPeE]?")
_ENTRY = re.compile(r"(?P<kind>u|user|g|group):(?P<who>[\w.@{} -]+):(?P<may>[rwxX-]{1,3})")


def mount(words: Sequence[str]) -> Meant | None:
    """`mount -t TYPE SOURCE PLACE`: until the next boot, as `ephemeral` is."""
    found = read(words[1:], valued="-t|--types -o|--options")
    kind = found.get("t") if found is not None else None
    if found is None or not kind or len(found.rest) != 2 or not is_place(found.rest[1]):
        return None
    if "remount" in (found.get("o") or "") or "bind" in (found.get("o") or ""):
        return None
    options: dict[str, Value] = {"src": found.rest[0], "path": found.rest[1], "fstype": kind}
    if (given := found.get("o")) is not None:
        options["opts"] = given
    return Meant("ansible.posix.mount", {**options, "state": "ephemeral"})


def umount(words: Sequence[str]) -> Meant | None:
    if len(words) == 2 and is_place(words[1]) and not words[1].startswith("/dev/"):
        return Meant("ansible.posix.mount", {"path": words[1], "state": "unmounted"})
    return None


def mkfs(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], valued="-t|--type")
    kind = words[0].partition(".")[2] or (found.get("t") if found is not None else None)
    if found is None or not kind or len(found.rest) != 1 or not found.rest[0].startswith(("/dev/", "{{")):
        return None
    return Meant("community.general.filesystem", {"fstype": kind, "dev": found.rest[0]})


def lvcreate(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-y|--yes", valued="-L|--size -l|--extents -n|--name")
    if found is None or len(found.rest) != 1 or not found.get("n") or found.has("L") == found.has("l"):
        return None
    size = found.get("L") or found.get("l") or ""
    if found.has("L") and not _SIZE.fullmatch(size):
        return None
    if found.has("l") and not re.fullmatch(r"\d+%(?:FREE|VG|PVS)", size):
        return None
    return Meant("community.general.lvol", {"vg": found.rest[0], "lv": found.given["n"], "size": size})


def vgcreate(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-y|--yes")
    if found is None or len(found.rest) < 2 or not all(is_place(one) for one in found.rest[1:]):
        return None
    name, *disks = found.rest
    return Meant("community.general.lvg", {"vg": name, "pvs": disks})


def setfacl(words: Sequence[str]) -> Meant | None:
    """`setfacl -m u:NAME:rwx PATH`, one entry for one place."""
    found = read(words[1:], plain="-R|--recursive -d|--default", valued="-m|--modify")
    entry = _ENTRY.fullmatch(found.get("m") or "") if found is not None else None
    if found is None or entry is None or len(found.rest) != 1 or not is_place(found.rest[0]):
        return None
    options: dict[str, Value] = {
        "path": found.rest[0],
        "entity": entry["who"],
        "etype": "user" if entry["kind"].startswith("u") else "group",
        "permissions": entry["may"],
        "state": "present",
    }
    options |= {"recursive": True} if found.has("R") else {}
    return Meant("ansible.posix.acl", options | ({"default": True} if found.has("d") else {}))


def setcap(words: Sequence[str]) -> Meant | None:
    if (
        len(words) != 3
        or not is_place(words[2])
        or not re.fullmatch(r"cap_\w+[=+][eip]+|cap_\w+=\+[eip]+", words[1])
    ):
        return None
    capability = words[1].replace("=+", "+")
    options: dict[str, Value] = {"path": words[2], "capability": capability, "state": "present"}
    return Meant("community.general.capabilities", options)


def chattr(words: Sequence[str]) -> Meant | None:
    if len(words) != 3 or not re.fullmatch(r"[+-][aAcCdDijsStTu]+", words[1]) or not is_place(words[2]):
        return None
    return Meant("ansible.builtin.file", {"path": words[2], "attributes": words[1]})


RULES = {
    "mount": mount, "umount": umount, "mkfs": mkfs, "mkfs.ext4": mkfs, "mkfs.xfs": mkfs, "mkfs.ext3": mkfs,
    "lvcreate": lvcreate, "vgcreate": vgcreate, "setfacl": setfacl, "setcap": setcap, "chattr": chattr,
}  # fmt: skip
