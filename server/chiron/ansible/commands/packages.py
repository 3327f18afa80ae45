"""Package managers."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.ansible.commands.flags import Flags, read
from chiron.ansible.commands.meant import Meant, Value, is_place, one_or_list

_APT = "ansible.builtin.apt"
_APT_FLAGS = "-y|--yes|--assume-yes -q|--quiet -qq --no-install-recommends --purge"

#: What `apt-get` does by itself, without names.
_BARE: dict[str, dict[str, Value]] = {
    "update": {"update_cache": True}, "autoremove": {"autoremove": True}, "autoclean": {"autoclean": True},
    "clean": {"clean": True}, "upgrade": {"upgrade": "safe"}, "dist-upgrade": {"upgrade": "dist"},
    "full-upgrade": {"upgrade": "full"},
}  # fmt: skip


def apt(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain=_APT_FLAGS)
    if found is None or not found.rest:
        return None
    verb, *names = found.rest
    if verb in _BARE and not names and not found.has("no-install-recommends"):
        options: dict[str, Value] = dict(_BARE[verb])
        if verb == "autoremove" and found.has("purge"):
            options["purge"] = True
        elif found.has("purge"):
            return None
        return Meant(_APT, options)
    if not names or any(name.endswith(("-", "+")) or "*" in name for name in names):
        return None
    if verb == "install" and not found.has("purge"):
        if any(name.endswith(".deb") for name in names):
            return Meant(_APT, {"deb": names[0]}) if len(names) == 1 and is_place(names[0]) else None
        options = {"name": one_or_list(names), "state": "present"}
        if found.has("no-install-recommends"):
            options["install_recommends"] = False
        return Meant(_APT, options)
    if verb in {"remove", "purge"} and not found.has("no-install-recommends"):
        options = {"name": one_or_list(names), "state": "absent"}
        if verb == "purge" or found.has("purge"):
            options["purge"] = True
        return Meant(_APT, options)
    return None


def dnf(words: Sequence[str]) -> Meant | None:
    module = "ansible.builtin.yum" if words[0] == "yum" else "ansible.builtin.dnf"
    found = read(words[1:], plain="-y|--assumeyes -q|--quiet --nogpgcheck", valued="--enablerepo")
    if found is None or not found.rest:
        return None
    verb, *names = found.rest
    options: dict[str, Value] = {}
    if verb in {"install", "localinstall"} and names:
        options = {"name": one_or_list(names), "state": "present"}
    elif verb in {"remove", "erase"} and names:
        options = {"name": one_or_list(names), "state": "absent"}
    elif verb in {"update", "upgrade"}:
        options = {"name": one_or_list(names) if names else "*", "state": "latest"}
    elif verb == "groupinstall" and names:
        options = {"name": one_or_list([f"@{name}" for name in names]), "state": "present"}
    elif verb == "makecache" and not names:
        options = {"update_cache": True}
    else:
        return None
    if found.has("nogpgcheck"):
        options["disable_gpg_check"] = True
    if (repo := found.get("enablerepo")) is not None:
        options["enablerepo"] = repo
    return Meant(module, options)


def apk(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="--no-cache -U|--update-cache|--update -q|--quiet")
    if found is None or len(found.rest) < 1:
        return None
    verb, *names = found.rest
    if any(set(name) & set("<>=~@!") for name in names):
        return None
    if verb == "update" and not names:
        return Meant("community.general.apk", {"update_cache": True})
    if verb == "add" and names:
        options: dict[str, Value] = {"name": one_or_list(names), "state": "present"}
        if found.has("no-cache"):
            options["no_cache"] = True
        if found.has("U"):
            options["update_cache"] = True
        return Meant("community.general.apk", options)
    if verb == "del" and names:
        return Meant("community.general.apk", {"name": one_or_list(names), "state": "absent"})
    return None


def pacman(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-S -y -u -R -s --noconfirm --needed")
    if found is None:
        return None
    module, names = "community.general.pacman", list(found.rest)
    if found.has("R") and names and not found.has("S") and not found.has("s"):
        return Meant(module, {"name": one_or_list(names), "state": "absent"})
    if not found.has("S") or found.has("R") or found.has("s"):
        return None
    options: dict[str, Value] = {"name": one_or_list(names), "state": "present"} if names else {}
    if found.has("y"):
        options["update_cache"] = True
    if found.has("u"):
        options["upgrade"] = True
    return Meant(module, options) if options and not (names and found.has("u")) else None


def zypper(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-n|--non-interactive -y|--no-confirm -q|--quiet")
    if found is None or len(found.rest) < 1:
        return None
    verb, *names = found.rest
    module = "community.general.zypper"
    if verb in {"install", "in"} and names:
        return Meant(module, {"name": one_or_list(names), "state": "present"})
    if verb in {"remove", "rm"} and names:
        return Meant(module, {"name": one_or_list(names), "state": "absent"})
    return None


def pip(words: Sequence[str]) -> Meant | None:
    python = words[0].rpartition("/")[2].startswith("python")
    if python and tuple(words[1:3]) != ("-m", "pip"):
        return None
    program = words[0]
    found = read(
        words[3 if python else 1 :],
        plain="-U|--upgrade -q|--quiet -y|--yes --user --no-cache-dir --break-system-packages",
        valued="-r|--requirement -i|--index-url",
    )
    if found is None or not found.rest or (python and "/" in program):
        return None
    verb, *names = found.rest
    if verb not in {"install", "uninstall"} or any(name.startswith(".") for name in names):
        return None
    options: dict[str, Value] = {"name": one_or_list(names)} if names else {}
    if (file := found.get("r")) is not None:
        if not is_place(file) or verb == "uninstall":
            return None
        options["requirements"] = file
    if len(options) != 1:
        return None
    if verb == "uninstall":
        options["state"] = "absent"
    elif found.has("U"):
        options["state"] = "latest"
    extra = [f"--{one}" for one in ("user", "no-cache-dir") if found.has(one)]
    extra += [f"--index-url {index}"] if (index := found.get("i")) else []
    if extra:
        options["extra_args"] = " ".join(extra)
    if found.has("break-system-packages"):
        options["break_system_packages"] = True
    if program.startswith("/") or program == "pip3":
        options["executable"] = program
    elif program not in {"pip", "python3", "python"}:
        return None
    return Meant("ansible.builtin.pip", options)


def npm(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    found = read(words[1:], plain="-g|--global --production --silent")
    if found is None or not found.rest or found.rest[0] not in {"install", "i", "ci"}:
        return None
    options: dict[str, Value] = {}
    names = found.rest[1:]
    if found.has("g"):
        if len(names) != 1 or found.rest[0] == "ci":
            return None
        name, at, version = names[0].rpartition("@") if "@" in names[0][1:] else (names[0], "", "")
        options = {"name": name, "global": True}
        if at:
            options["version"] = version
    elif chdir is None or names:
        return None
    else:
        options = {"path": chdir}
        if found.rest[0] == "ci":
            options["ci"] = True
    if found.has("production"):
        options["production"] = True
    return Meant("community.general.npm", options)


def gem(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="--no-document -N", valued="-v|--version")
    if found is None or len(found.rest) != 2 or found.rest[0] != "install":
        return None
    options: dict[str, Value] = {"name": found.rest[1], "user_install": False}
    if (version := found.get("v")) is not None:
        options["version"] = version
    return Meant("community.general.gem", options)


def snap(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="--classic", valued="--channel")
    if found is None or len(found.rest) < 2:
        return None
    verb, *names = found.rest
    states = {"install": "present", "remove": "absent"}
    if verb not in states:
        return None
    options: dict[str, Value] = {"name": one_or_list(names), "state": states[verb]}
    if found.has("classic"):
        options["classic"] = True
    if (channel := found.get("channel")) is not None:
        options["channel"] = channel
    return Meant("community.general.snap", options)


def brew(words: Sequence[str]) -> Meant | None:
    return _plain(words, "community.general.homebrew", {"install": "present", "uninstall": "absent"})


def cargo(words: Sequence[str]) -> Meant | None:
    return _plain(words, "community.general.cargo", {"install": "present"})


def dpkg(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-i|--install")
    if found is None or not found.has("i") or len(found.rest) != 1 or not is_place(found.rest[0]):
        return None
    return Meant(_APT, {"deb": found.rest[0]})


def rpm(words: Sequence[str]) -> Meant | None:
    installs = read(words[1:], plain="-i|--install -U|--upgrade -v|--verbose -h|--hash --quiet")
    if installs is not None and installs.has("i") != installs.has("U") and len(installs.rest) == 1:
        package = installs.rest[0]
        if not is_place(package) and not package.startswith(("http://", "https://")):
            return None
        note = "`dnf` brings what the package depends on; `disable_gpg_check`, as `rpm` needs no signature."
        options: dict[str, Value] = {"name": package, "state": "present", "disable_gpg_check": True}
        return Meant("ansible.builtin.dnf", options, note=note)
    found = read(words[1:], plain="--import")
    if found is None or not found.has("import") or len(found.rest) != 1:
        return None
    return Meant("ansible.builtin.rpm_key", {"key": found.rest[0], "state": "present"})


def add_apt_repository(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-y|--yes -r|--remove")
    if found is None or len(found.rest) != 1 or not found.rest[0].startswith(("ppa:", "deb ", "deb-src ")):
        return None
    state = "absent" if found.has("r") else "present"
    return Meant("ansible.builtin.apt_repository", {"repo": found.rest[0], "state": state})


def apt_key(words: Sequence[str]) -> Meant | None:
    if len(words) == 3 and words[1] == "add" and is_place(words[2]):
        return Meant("ansible.builtin.apt_key", {"file": words[2], "state": "present"})
    if tuple(words[1:2]) != ("adv",):
        return None
    found = read(words[2:], valued="--keyserver --recv-keys|--recv")
    if found is None or found.rest or not (found.get("keyserver") and found.get("recv-keys")):
        return None
    options: dict[str, Value] = {"keyserver": found.given["keyserver"], "id": found.given["recv-keys"]}
    return Meant("ansible.builtin.apt_key", options)


def _plain(words: Sequence[str], module: str, states: dict[str, str]) -> Meant | None:
    found: Flags | None = read(words[1:])
    if found is None or len(found.rest) < 2 or found.rest[0] not in states:
        return None
    names = list(found.rest[1:])
    return Meant(module, {"name": one_or_list(names), "state": states[found.rest[0]]})


RULES = {
    "apt-get": apt, "apt": apt, "aptitude": apt, "dnf": dnf, "yum": dnf, "apk": apk, "pacman": pacman,
    "zypper": zypper, "gem": gem, "snap": snap, "brew": brew, "cargo": cargo, "dpkg": dpkg, "rpm": rpm,
    "pip": pip, "pip3": pip, "pip2": pip, "python": pip, "python3": pip,
    "add-apt-repository": add_apt_repository, "apt-key": apt_key,
}  # fmt: skip
