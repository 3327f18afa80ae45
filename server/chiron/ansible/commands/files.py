"""Files, folders, links, and who may read them."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place, mode

_FILE = "ansible.builtin.file"


def mkdir(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-p|--parents -v", valued="-m|--mode")
    if found is None or len(found.rest) != 1 or not is_place(found.rest[0]):
        return None
    options: dict[str, Value] = {"path": found.rest[0], "state": "directory"}
    if (given := found.get("m")) is not None:
        if (octal := mode(given)) is None:
            return None
        options["mode"] = octal
    return Meant(_FILE, options)


def install(words: Sequence[str]) -> Meant | None:
    """`install -d` makes folders; `install FILE DEST` copies one."""
    found = read(words[1:], plain="-d|--directory -D", valued="-m|--mode -o|--owner -g|--group")
    if found is None or not all(is_place(one) for one in found.rest):
        return None
    options: dict[str, Value] = {}
    for flag, name in (("o", "owner"), ("g", "group")):
        if (given := found.get(flag)) is not None:
            options[name] = given
    # Without `-m` the program sets 0755, whatever the umask.
    if (octal := mode(found.get("m") or "0755")) is None:
        return None
    options["mode"] = octal
    if found.has("d") and len(found.rest) == 1:
        return Meant(_FILE, {"path": found.rest[0], "state": "directory", **options})
    if not found.has("d") and not found.has("D") and len(found.rest) == 2:
        src, dest = found.rest
        return Meant("ansible.builtin.copy", {"src": src, "dest": dest, "remote_src": True, **options})
    return None


def touch(words: Sequence[str]) -> Meant | None:
    found = read(words[1:])
    if found is None or len(found.rest) != 1 or not is_place(found.rest[0]):
        return None
    return Meant(_FILE, {"path": found.rest[0], "state": "touch"})


def rm(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-f|--force -r|-R|--recursive -v")
    if found is None or len(found.rest) != 1 or not is_place(found.rest[0]) or found.rest[0].endswith("/."):
        return None
    return Meant(_FILE, {"path": found.rest[0], "state": "absent"})


def chmod(words: Sequence[str]) -> Meant | None:
    # A mode such as `-x` looks like a flag, and is left to others.
    found = read(words[1:], plain="-R|--recursive -v")
    if found is None or len(found.rest) != 2 or not is_place(found.rest[1]):
        return None
    octal = mode(found.rest[0]) or (found.rest[0] if found.rest[0].startswith("{{") else None)
    if octal is None:
        return None
    return Meant(_FILE, {"path": found.rest[1], "mode": octal, **_recursive(found.has("R"))})


def chown(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-R|--recursive -v -h|--no-dereference")
    if found is None or len(found.rest) != 2 or not is_place(found.rest[1]):
        return None
    who = found.rest[0]
    # The colon between two expressions is the only one that stands outside of them.
    outside = _outside_jinja(who)
    if outside is None:
        return None
    owner, group = outside
    options: dict[str, Value] = {"path": found.rest[1]}
    if words[0] == "chgrp":
        owner, group = "", who
    if owner:
        options["owner"] = owner
    if group:
        options["group"] = group
    elif who.endswith((":", ".")) or (words[0] == "chown" and ":" in who and not group):
        return None
    if len(options) == 1:
        return None
    if found.has("h"):
        options["follow"] = False
    return Meant(_FILE, {**options, **_recursive(found.has("R"))})


def ln(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-s|--symbolic -f|--force -n|--no-dereference -T -v")
    if found is None or len(found.rest) != 2 or not found.has("s") or not is_place(found.rest[1]):
        return None
    src, dest = found.rest
    if dest.endswith("/") or src.startswith("~"):
        return None  # a link inside that folder, under a name of its own
    options: dict[str, Value] = {"src": src, "dest": dest, "state": "link"}
    if found.has("f"):
        options["force"] = True
    return Meant(_FILE, options)


def cp(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-f|--force -p -v")
    if found is None or len(found.rest) != 2 or not all(is_place(one) for one in found.rest):
        return None
    src, dest = found.rest
    if src.endswith("/"):
        return None
    options: dict[str, Value] = {"src": src, "dest": dest, "remote_src": True}
    if found.has("p"):
        options["mode"] = "preserve"
    return Meant("ansible.builtin.copy", options)


def _recursive(asked: bool) -> dict[str, Value]:
    return {"state": "directory", "recurse": True} if asked else {}


def _outside_jinja(who: str) -> tuple[str, str] | None:
    """Owner and group of `owner:group`, either of which may be an expression."""
    depth = 0
    for at, char in enumerate(who):
        if who.startswith("{{", at):
            depth += 1
        elif who.startswith("}}", at):
            depth -= 1
        elif char == ":" and depth <= 0:
            owner, group = who[:at], who[at + 1 :]
            return (owner, group) if ":" not in group or "{{" in group else None
    return who, ""


RULES = {
    "mkdir": mkdir, "install": install, "touch": touch, "rm": rm, "chmod": chmod, "chown": chown,
    "chgrp": chown, "ln": ln, "cp": cp,
}  # fmt: skip
