"""The few lines with a pipe that mean one thing: `… | tee FILE`, `… | apt-key add -`, debconf's."""

from __future__ import annotations

import re
from dataclasses import replace

from chiron.ansible.commands.fetching import curl, wget
from chiron.ansible.commands.line import programs
from chiron.ansible.commands.meant import Meant, Value

_PIPE = re.compile(r"(?P<left>[^|]+)\|(?P<right>[^|]+)")
_NOWHERE = re.compile(r"\s*>\s*/dev/null\s*$")
#: A place that `curl` and `wget` are told to write to, so that their own rules read them.
_FILE = "/key"


def rewritten(text: str) -> str:
    """`echo TEXT | tee FILE` as `echo TEXT > FILE`; any other line as it is."""
    found = _PIPE.fullmatch(text.strip())
    if found is None:
        return text
    left, right = _words(found["left"]), _words(_NOWHERE.sub("", found["right"]))
    if left is None or right is None or left[0] != "echo":
        return text
    # It is `tee` that opens the file, and so its `sudo` that counts.
    sudo = right[:1] == ["sudo"]
    rest = right[1:] if sudo else right
    if (
        rest[:1] != ["tee"]
        or len(rest) not in (2, 3)
        or (len(rest) == 3 and rest[1] not in {"-a", "--append"})
    ):
        return text
    operator = ">>" if len(rest) == 3 else ">"
    return f"{'sudo tee ' if sudo else ''}{found['left'].strip()} {operator} {rest[-1]}"


def piped(text: str) -> Meant | None:
    """What a line with one pipe means, where it is one of those that are known."""
    found = _PIPE.fullmatch(text.strip())
    if found is None:
        return None
    left, right = _words(found["left"]), _words(found["right"])
    if left is None or right is None:
        return None
    sudo = right[:1] == ["sudo"]
    meant = _meant(left, right[1:] if sudo else right)
    return replace(meant, keywords={"become": True}) if meant is not None and sudo else meant


def _meant(left: list[str], right: list[str]) -> Meant | None:
    if right == ["apt-key", "add", "-"]:
        return _key(left)
    if right == ["debconf-set-selections"] and left[0] == "echo":
        parts = " ".join(left[1:]).split(maxsplit=3)
        if len(parts) != 4 or any(one.startswith("-") for one in left[1:]) or "\\" in " ".join(left):
            return None
        names = ("name", "question", "vtype", "value")
        options: dict[str, Value] = dict(zip(names, parts, strict=True))
        return Meant("ansible.builtin.debconf", options)
    return None


def _key(left: list[str]) -> Meant | None:
    """A key fetched and added at once."""
    if left[0] == "curl":
        fetched = curl(left, _FILE)
    elif left[0] == "wget" and any(one in left for one in ("-qO-", "-qO", "-O", "-O-")):
        url = [word for word in left[1:] if not word.startswith("-")]
        fetched = wget(["wget", "-q", "-O", _FILE, *url]) if len(url) == 1 else None
    else:
        return None
    if fetched is None or fetched.options.get("dest") != _FILE:
        return None
    return Meant("ansible.builtin.apt_key", {"url": fetched.options["url"], "state": "present"})


def _words(text: str) -> list[str] | None:
    """The words of a line that is one program and nothing else."""
    found = programs(text, shell=True)  # noqa: S604 nothing is run
    plain = found is not None and len(found) == 1 and found[0].to is None
    return list(found[0].words) if found is not None and plain else None
