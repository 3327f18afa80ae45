"""Users and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value

_USER, _GROUP = "ansible.builtin.user", "ansible.builtin.group"
_OPTIONS = {"s": "shell", "g": "group", "G": "groups", "u": "uid", "d": "home", "c": "comment"}


def useradd(words: Sequence[str]) -> Meant | None:
    found = read(
        words[1:],
        plain="-m|--create-home -M|--no-create-home -r|--system",
        valued="-s|--shell -g|--gid -G|--groups -u|--uid -d|--home|--home-dir -c|--comment",
    )
    if found is None or len(found.rest) != 1:
        return None
    options = _options(found.given)
    if options is None:
        return None
    note = ""
    if found.has("r"):
        options["system"] = True
    if found.has("M") or (found.has("r") and not found.has("m")):
        options["create_home"] = False
    elif not found.has("m"):
        note = "The module makes a home folder; `useradd` without `-m` does so on some systems only."
    return Meant(_USER, {"name": found.rest[0], **options}, note=note)


def adduser(words: Sequence[str]) -> Meant | None:
    found = read(
        words[1:],
        plain="--system --disabled-password --disabled-login --no-create-home --quiet",
        valued="--gecos --shell --home --uid --ingroup",
    )
    if found is None or found.get("gecos"):
        return None
    if len(found.rest) == 2 and not found.given:
        return _in_group(*found.rest)
    if len(found.rest) != 1:
        return None
    options: dict[str, Value] = {"name": found.rest[0]}
    for flag, option in (("shell", "shell"), ("home", "home"), ("ingroup", "group")):
        if (given := found.get(flag)) is not None:
            options[option] = given
    if (uid := found.get("uid")) is not None:
        if not uid.isdigit():
            return None
        options["uid"] = int(uid)
    if found.has("system"):
        options["system"] = True
    if found.has("no-create-home"):
        options["create_home"] = False
    return Meant(_USER, options)


def usermod(words: Sequence[str]) -> Meant | None:
    found = read(
        words[1:],
        plain="-a|--append -L|--lock -U|--unlock -m|--move-home",
        valued="-s|--shell -g|--gid -G|--groups -u|--uid -d|--home -c|--comment",
    )
    if found is None or len(found.rest) != 1:
        return None
    options = _options(found.given)
    if options is None or (found.has("L") and found.has("U")):
        return None
    if found.has("a"):
        if "groups" not in options:
            return None
        options["append"] = True
    if found.has("m"):
        options["move_home"] = True
    if found.has("L") or found.has("U"):
        options["password_lock"] = found.has("L")
    return Meant(_USER, {"name": found.rest[0], **options}) if options else None


def userdel(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-r|--remove -f|--force")
    if found is None or len(found.rest) != 1:
        return None
    options: dict[str, Value] = {"name": found.rest[0], "state": "absent"}
    if found.has("r"):
        options["remove"] = True
    if found.has("f"):
        options["force"] = True
    return Meant(_USER, options)


def groupadd(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-r|--system -f|--force", valued="-g|--gid")
    if found is None or len(found.rest) != 1:
        return None
    options: dict[str, Value] = {"name": found.rest[0], "state": "present"}
    if (gid := found.get("g")) is not None:
        if not gid.isdigit():
            return None
        options["gid"] = int(gid)
    if found.has("r"):
        options["system"] = True
    return Meant(_GROUP, options)


def groupdel(words: Sequence[str]) -> Meant | None:
    if len(words) != 2 or words[1].startswith("-"):
        return None
    return Meant(_GROUP, {"name": words[1], "state": "absent"})


def gpasswd(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], valued="-a|--add")
    if found is None or len(found.rest) != 1 or not found.get("a"):
        return None
    return _in_group(found.given["a"], found.rest[0])


def passwd(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-l|--lock -u|--unlock")
    if found is None or len(found.rest) != 1 or len(found.given) != 1:
        return None
    return Meant(_USER, {"name": found.rest[0], "password_lock": found.has("l")})


def _in_group(user: str, group: str) -> Meant:
    return Meant(_USER, {"name": user, "groups": group, "append": True})


def _options(given: Mapping[str, str]) -> dict[str, Value] | None:
    options: dict[str, Value] = {}

    for flag, name in _OPTIONS.items():
        value = given.get(flag)
        if value is None:
            continue
        if name == "uid":
            if not value.isdigit():
                return None
            options[name] = int(value)
        elif name == "groups" and "," in value and "{{" not in value:
            options[name] = value.split(",")
        else:
            options[name] = value
    return options


def chsh(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], valued="-s|--shell")
    if found is None or not found.get("s") or len(found.rest) != 1:
        return None
    return Meant(_USER, {"name": found.rest[0], "shell": found.given["s"]})


def chage(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], valued="-M|--maxdays -m|--mindays -W|--warndays")
    if found is None or len(found.rest) != 1 or not found.given:
        return None
    if not all(value.isdigit() for value in found.given.values()):
        return None
    names = {"M": "password_expire_max", "m": "password_expire_min", "W": "password_expire_warn"}
    options: dict[str, Value] = {names[flag]: int(value) for flag, value in found.given.items()}
    return Meant(_USER, {"name": found.rest[0], **options})


def getent(words: Sequence[str]) -> Meant | None:
    if len(words) != 3 or any(word.startswith("-") for word in words[1:]):
        return None
    return Meant("ansible.builtin.getent", {"database": words[1], "key": words[2]})


RULES = {
    "chsh": chsh, "chage": chage, "getent": getent,
    "useradd": useradd, "adduser": adduser, "usermod": usermod, "userdel": userdel, "groupadd": groupadd,
    "groupdel": groupdel, "gpasswd": gpasswd, "passwd": passwd,
}  # fmt: skip
