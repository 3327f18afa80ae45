"""Downloads, checkouts, archives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chiron.ansible.commands.flags import Flags, read
from chiron.ansible.commands.meant import Meant, Value, is_place

_GET_URL = "ansible.builtin.get_url"
_URL = re.compile(r"(?:https?|ftp)://\S+|\{\{.*\}\}\S*")


def curl(words: Sequence[str], to: str | None = None) -> Meant | None:
    found = read(
        words[1:],
        plain="-s|--silent -S|--show-error -L|--location -f|--fail -k|--insecure -#|--progress-bar",
        valued="-o|--output",
    )
    if found is None or len(found.rest) != 1:
        return None
    # What a certificate is worth is a decision of its own: not taken over unseen.
    if found.has("k"):
        return None
    return _download(found.rest[0], found.get("o") or to)


def wget(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    found = read(
        words[1:],
        plain="-q|--quiet -nv|--no-verbose -c|--continue -N",
        valued="-O|--output-document -P|--directory-prefix",
    )
    if found is None or len(found.rest) != 1 or (found.has("O") and found.has("P")):
        return None
    folder = found.get("P") or (chdir if not found.has("O") else None)
    return _download(found.rest[0], f"{folder.rstrip('/')}/" if folder else found.get("O"))


def _download(url: str, dest: str | None) -> Meant | None:
    if dest is None or not is_place(dest) or dest in {"/dev/null", "/dev/stdout"} or not _URL.fullmatch(url):
        return None
    return Meant(_GET_URL, {"url": url, "dest": dest})


def _configured(words: Sequence[str]) -> Meant | None:
    """`git config --global NAME VALUE`."""
    if len(words) != 5 or words[2] not in {"--global", "--system"} or words[3].startswith("-"):
        return None
    if "." not in words[3]:
        return None
    options: dict[str, Value] = {"name": words[3], "value": words[4], "scope": words[2][2:]}
    return Meant("community.general.git_config", options)


def git(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    if tuple(words[1:2]) == ("config",):
        return _configured(words)
    if tuple(words[1:2]) != ("clone",):
        return None
    found = read(
        words[2:],
        plain="-q|--quiet --single-branch --recursive|--recurse-submodules --bare",
        valued="-b|--branch --depth",
    )
    if found is None or len(found.rest) not in (1, 2):
        return None
    repo = found.rest[0]
    dest = found.rest[1] if len(found.rest) == 2 else None
    if dest is None and chdir is not None and "{{" not in repo:
        dest = f"{chdir.rstrip('/')}/{repo.rstrip('/').rpartition('/')[2].removesuffix('.git')}"
    if dest is None or not is_place(dest):
        return None
    options: dict[str, Value] = {"repo": repo, "dest": dest}
    if (branch := found.get("b")) is not None:
        options["version"] = branch
    if (depth := found.get("depth")) is not None:
        if not depth.isdigit():
            return None
        options["depth"] = int(depth)
    if found.has("single-branch"):
        options["single_branch"] = True
    if found.has("bare"):
        options["bare"] = True
    if not found.has("recursive"):
        options["recursive"] = False
    return Meant("ansible.builtin.git", options, note="The module also brings an older checkout up to date.")


def tar(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    first = words[1:2]
    spelled = [f"-{first[0]}", *words[2:]] if first and not first[0].startswith("-") else list(words[1:])
    found = read(
        spelled,
        plain="-x|--extract -z|--gzip -j|--bzip2 -J|--xz -v|--verbose -p",
        valued="-f|--file -C|--directory --strip-components|--strip",
    )
    if found is None:
        return _packed(spelled)
    if not found.has("x") or found.rest:
        return None
    options = _unpacked(found.get("f"), found.get("C") or chdir)
    if options is not None and (strip := found.get("strip-components")) is not None:
        if not strip.isdigit():
            return None
        options["extra_opts"] = [f"--strip-components={strip}"]
    return Meant("ansible.builtin.unarchive", options) if options is not None else None


def _packed(words: Sequence[str]) -> Meant | None:
    """`tar czf FILE -C FOLDER NAME`: what is packed is named from the folder above it, as the module does."""
    found = read(
        words,
        plain="-c|--create -z|--gzip -j|--bzip2 -J|--xz -v|--verbose",
        valued="-f|--file -C|--directory",
    )
    if found is None or not found.has("c") or len(found.rest) != 1:
        return None
    name, folder, dest = found.rest[0], found.get("C"), found.get("f")
    kinds = [kind for flag, kind in (("z", "gz"), ("j", "bz2"), ("J", "xz")) if found.has(flag)]
    note = ""
    if folder is None:
        path, note = name, "The module names what is packed from the folder above it, `tar` from the root."
    else:
        path = f"{folder.rstrip('/')}/{name}"
        if "/" in name.strip("/") or name.startswith((".", "/")):
            return None
    if dest is None or not is_place(dest) or not is_place(path) or len(kinds) > 1 or "*" in path:
        return None
    options: dict[str, Value] = {"path": path, "dest": dest, "format": kinds[0] if kinds else "tar"}
    return Meant("community.general.archive", options, note=note)


def svn(words: Sequence[str]) -> Meant | None:
    found = read(words[2:], valued="-r|--revision")
    if found is None or words[1] not in {"checkout", "co"} or len(found.rest) != 2:
        return None
    if not is_place(found.rest[1]):
        return None
    options: dict[str, Value] = {"repo": found.rest[0], "dest": found.rest[1]}
    revision: dict[str, Value] = {"revision": found.given["r"]} if found.has("r") else {}
    return Meant("ansible.builtin.subversion", options | revision)


def unzip(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    found: Flags | None = read(words[1:], plain="-o -q", valued="-d")
    if found is None or len(found.rest) != 1:
        return None
    options = _unpacked(found.rest[0], found.get("d") or chdir)
    return Meant("ansible.builtin.unarchive", options) if options is not None else None


def _unpacked(src: str | None, dest: str | None) -> dict[str, Value] | None:
    if src is None or dest is None or not is_place(src) or not is_place(dest):
        return None
    return {"src": src, "dest": dest, "remote_src": True}


RULES = {"svn": svn}
#: Rules that also take the folder in which the line is run.
IN_FOLDER = {"wget": wget, "git": git, "tar": tar, "unzip": unzip}
