"""Takes a task's body apart by its keys, as text, so that what a person wrote stays as it was written.

A body is a task's lines without its name line, dedented so that its keys stand at column 0. Broken bodies
are taken apart as far as they go; nothing here raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chiron.kept import kept

#: Keys of a task, block or handler that are no module, as ansible-core's playbook objects define them.
KEYWORDS = frozenset(
    {
        "action", "always", "any_errors_fatal", "args", "async", "become", "become_exe", "become_flags",
        "become_method", "become_user", "block", "changed_when", "check_mode", "collections", "connection",
        "debugger", "delay", "delegate_facts", "delegate_to", "diff", "environment", "failed_when",
        "ignore_errors", "ignore_unreachable", "listen", "local_action", "loop", "loop_control",
        "module_defaults", "name", "no_log", "notify", "poll", "port", "register", "remote_user", "rescue",
        "retries", "run_once", "tags", "throttle", "timeout", "until", "vars", "when",
    }
)  # fmt: skip
_KEY = re.compile(r"""(?P<key>"[^"\n]+"|'[^'\n]+'|[A-Za-z_][\w.\-]*)\s*:(?:[ \t]+(?P<value>.*)|[ \t]*)$""")
_KEY_VALUE = re.compile(r"(?:^|\s)([A-Za-z_]\w*)=")


@dataclass(frozen=True, slots=True)
class Part:
    """One key of a body: what stands behind its colon, and the lines below it as they are."""

    key: str
    value: str
    below: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The part as lines, its key at column 0."""
        return "\n".join((f"{self.key}: {self.value}" if self.value else f"{self.key}:", *self.below))


# Between two keystrokes all tasks of a file but one stay as they are.
@kept(512)
def split_body(body: str) -> tuple[Part, ...]:
    """The parts of `body`, in order. Blank and comment lines between keys are dropped."""
    parts: list[Part] = []
    key, value, below = "", "", list[str]()
    for line in body.splitlines():
        found = _KEY.match(line)
        if found:
            if key:
                parts.append(Part(key, value, _trimmed(below)))
            key, value, below = found["key"].strip("\"'"), (found["value"] or "").strip(), []
        elif key and not (line.startswith("#") and not line[1:2].strip()):
            below.append(line.rstrip())
    if key:
        parts.append(Part(key, value, _trimmed(below)))
    return tuple(parts)


def is_keyword(key: str) -> bool:
    """Whether a task's key is Ansible's own and so names no module."""
    return key in KEYWORDS or key.startswith("with_")


def module_part(parts: tuple[Part, ...]) -> Part | None:
    """The part that names the module, or None for blocks and for what is not finished."""
    return next((part for part in parts if not is_keyword(part.key)), None)


@kept(512)
def module_of(body: str) -> str | None:
    """The module of `body` as written; `action` and `local_action` are looked through."""
    parts = split_body(body)
    if any(part.key == "block" for part in parts):
        return None
    part = module_part(parts)
    if part is not None:
        return part.key
    for action in parts:
        if action.key in {"action", "local_action"}:
            named = re.match(r"(?:module:\s*)?([\w.]+)", action.value or "".join(action.below).strip())
            return named[1] if named else None
    return None


def options_of(part: Part) -> tuple[Part, ...]:
    """The options below a module's key (or in its `k=v` string, then without values)."""
    if part.below:
        return split_body(dedent("\n".join(part.below)))
    return tuple(Part(key, "") for key in _KEY_VALUE.findall(part.value))


def dedent(text: str) -> str:
    """`text` moved left so that its least indented line starts at column 0; tabs are left alone."""
    lines = text.splitlines()
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:].rstrip() for line in lines)


def _trimmed(lines: list[str]) -> tuple[str, ...]:
    """`lines` without comments and blanks at the end, which belong to what comes next."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return tuple(lines[:end])
