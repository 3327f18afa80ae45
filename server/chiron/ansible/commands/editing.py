"""Edits of files from a line: `sed -i`, `echo … >>`, `tee`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place

_LINE = "ansible.builtin.lineinfile"


def echo(words: Sequence[str], to: str | None, appends: bool) -> Meant | None:
    """`echo TEXT > FILE` and `>> FILE`."""
    given = list(words[1:])
    if given and given[0].startswith("-"):
        return None
    text = " ".join(given)
    if (
        to is None
        or not is_place(to)
        or not text
        or "\\" in text
        or to.startswith(("/dev/", "/proc/", "/sys/"))
    ):
        return None
    if appends:
        note = "The line is added once, not at every run."
        return Meant(_LINE, {"path": to, "line": text, "create": True}, note=note)
    return Meant("ansible.builtin.copy", {"content": f"{text}\n", "dest": to})


def sed(words: Sequence[str]) -> Meant | None:
    """`sed -i 's/A/B/' FILE` and `sed -i '/A/d' FILE`, where the pattern means the same to Python."""
    found = read(words[1:], plain="-i|--in-place -E|-r|--regexp-extended", valued="-e|--expression")
    if found is None or not found.has("i") or found.given["i"]:
        return None
    script = found.get("e")
    files = list(found.rest)
    if script is None:
        if not files:
            return None
        script = files.pop(0)
    if len(files) != 1 or not is_place(files[0]) or "{{" in script:
        return None
    extended = found.has("E")
    if script.startswith("$"):
        return _appended(script, files[0])
    deleted = re.fullmatch(r"/((?:[^/\\]|\\.)+)/d", script)
    if deleted:
        regexp = to_python(deleted[1].replace("\\/", "/"), extended=extended)
        return Meant(_LINE, {"path": files[0], "regexp": regexp, "state": "absent"}) if regexp else None
    return _substituted(script, files[0], extended)


def _appended(script: str, path: str) -> Meant | None:
    """`$ a TEXT`: a line at the end."""
    found = re.fullmatch(r"\$\s*a\s*\\?\s*(?P<text>\S[^\\\n]*)", script)
    if found is None:
        return None
    return Meant(
        _LINE, {"path": path, "line": found["text"]}, note="The line is added once, not at every run."
    )


def _substituted(script: str, path: str, extended: bool) -> Meant | None:
    found = re.fullmatch(r"s(?P<d>[/|#,@])(?P<old>.*?[^\\])(?P=d)(?P<new>.*?)(?P=d)(?P<flags>g?)", script)
    if found is None:
        return None
    delimiter, old, new = found["d"], found["old"], found["new"]
    old, new = old.replace(f"\\{delimiter}", delimiter), new.replace(f"\\{delimiter}", delimiter)
    if delimiter in new or "\\" in new or "&" in new:
        return None
    regexp = to_python(old, extended=extended)
    if regexp is None:
        return None
    # Without `g` only the first match of a line is replaced: where there can be more, what stands before the
    # first is matched with it, and put back.
    if not (found["flags"] or regexp.startswith("^") or regexp.endswith("$")):
        regexp, new = f"^(.*?){regexp}", f"\\g<1>{new}"
    options: dict[str, Value] = {"path": path, "regexp": regexp, "replace": new}
    return Meant("ansible.builtin.replace", options)


def to_python(pattern: str, *, extended: bool) -> str | None:
    """A pattern of sed as Python's `re` has it, None where the two may differ."""
    out: list[str] = []
    at, atom = 0, False
    while at < len(pattern):
        piece, length, is_atom = _piece(pattern, at, extended=extended, atom=atom)
        if piece is None:
            return None
        out.append(piece)
        at, atom = at + length, is_atom
    text = "".join(out)
    try:
        # What matches nothing matches everywhere.
        return text if text and re.compile(text).match("") is None else None
    except re.error:
        return None


def _piece(pattern: str, at: int, *, extended: bool, atom: bool) -> tuple[str | None, int, bool]:
    """What stands at `at` as Python has it, how long it is, and whether it can be repeated."""
    char = pattern[at]
    if char == "\\":
        piece = _escaped(pattern[at + 1 : at + 2], extended=extended, atom=atom)
        return piece, 2, piece not in {"?", "+"}
    if char == "[":
        end = pattern.find("]", at + 2)
        inside = pattern[at + 1 : end] if end > 0 else ""
        # A negated set would run over the end of a line; classes and escapes have other rules.
        if not inside or inside[0] in "^]-" or set(inside) & set("\\[:&|~"):
            return None, 0, False
        return f"[{inside}]", end + 1 - at, True
    if char in "+?*" and (extended or char == "*"):
        return (char if atom else None), 1, False
    if char in "(){}|" and extended:
        return None, 0, False
    if char in "+?(){}|":
        return f"\\{char}", 1, True
    if (char == "^" and at > 0) or (char == "$" and at < len(pattern) - 1):
        return None, 0, False
    return char, 1, char not in "^$"


def _escaped(char: str, *, extended: bool, atom: bool) -> str | None:
    if char in {".", "*", "[", "]", "^", "$"}:
        return f"\\{char}"
    if char in {"+", "?"}:
        if extended:
            return f"\\{char}"
        return char if atom else None
    if extended and char in "(){}|":
        return f"\\{char}"
    return "[ \\t]" if char == "s" else None


RULES = {"sed": sed}
