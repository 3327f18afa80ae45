"""What programs' own package managers install, in the folder of what they are for."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place, one_or_list


def apt_mark(words: Sequence[str]) -> Meant | None:
    selections = {"hold": "hold", "unhold": "install"}
    if len(words) != 3 or words[1] not in selections or words[2].startswith("-"):
        return None
    options: dict[str, Value] = {"name": words[2], "selection": selections[words[1]]}
    return Meant("ansible.builtin.dpkg_selections", options)


def flatpak(words: Sequence[str]) -> Meant | None:
    found = read(words[2:], plain="-y|--assumeyes --noninteractive --system --user")
    states = {"install": "present", "uninstall": "absent", "remove": "absent"}
    if found is None or len(words) < 3 or words[1] not in states or not 1 <= len(found.rest) <= 2:
        return None
    options: dict[str, Value] = {"name": found.rest[-1], "state": states[words[1]]}
    options |= {"remote": found.rest[0]} if len(found.rest) == 2 else {}
    return Meant("community.general.flatpak", options | ({"method": "user"} if found.has("user") else {}))


def pkg(words: Sequence[str]) -> Meant | None:
    """FreeBSD's."""
    found = read(words[2:], plain="-y|--yes")
    states = {"install": "present", "delete": "absent", "remove": "absent"}
    if found is None or len(words) < 3 or words[1] not in states or not found.rest or not found.has("y"):
        return None
    name = one_or_list(list(found.rest))
    return Meant("community.general.pkgng", {"name": name, "state": states[words[1]]})


def config_manager(words: Sequence[str]) -> Meant | None:
    """`yum-config-manager --add-repo URL` and dnf's, which fetch the file the URL names."""
    rest = list(words[1:] if words[0] == "yum-config-manager" else words[2:])
    if len(rest) == 1 and rest[0].startswith("--add-repo="):
        rest = rest[0].split("=", 1)
    if len(rest) != 2 or rest[0] != "--add-repo" or not rest[1].endswith(".repo"):
        return None
    if not rest[1].startswith(("http://", "https://")):
        return None
    dest = f"/etc/yum.repos.d/{rest[1].rpartition('/')[2]}"
    return Meant("ansible.builtin.get_url", {"url": rest[1], "dest": dest})


def yarn(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    found = read(words[1:], plain="--production --frozen-lockfile")
    if found is None or found.rest not in {(), ("install",)} or chdir is None or not is_place(chdir):
        return None
    options: dict[str, Value] = {"path": chdir}
    options |= {"production": True} if found.has("production") else {}
    return Meant("community.general.yarn", options)


def composer(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    found = read(
        words[1:],
        plain="--no-dev -n|--no-interaction -o|--optimize-autoloader --prefer-dist -q|--quiet",
        valued="-d|--working-dir",
    )
    folder = (found.get("d") if found is not None else None) or chdir
    if found is None or found.rest not in {("install",), ("update",)} or not folder or not is_place(folder):
        return None
    options: dict[str, Value] = {
        "command": found.rest[0],
        "working_dir": folder,
        "no_dev": found.has("no-dev"),
    }
    options["optimize_autoloader"] = found.has("o")
    return Meant("community.general.composer", options)


def bundle(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    if tuple(words[1:]) not in {(), ("install",)} or chdir is None or not is_place(chdir):
        return None
    return Meant("community.general.bundler", {"chdir": chdir, "state": "present"})


RULES = {
    "apt-mark": apt_mark, "flatpak": flatpak, "pkg": pkg, "yum-config-manager": config_manager,
}  # fmt: skip
IN_FOLDER = {"yarn": yarn, "composer": composer, "bundle": bundle}
