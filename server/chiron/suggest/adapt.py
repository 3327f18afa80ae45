"""Carries the difference between two task names over into the values of a task's body.

"Install nginx" and "Install redis" differ in one word; where the body of the first says `nginx`, the body
of the second most likely says `redis`. Only values are changed, never keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from chiron.suggest.wording import STOP_WORDS, stem, tokens

#: What a task's first verb makes of `state`.
_STATES = {
    "start": "started", "stop": "stopped", "restart": "restarted", "reload": "reloaded",
    "install": "present", "add": "present", "creat": "present", "remove": "absent", "remov": "absent",
    "upgrad": "latest", "updat": "latest",
}  # fmt: skip
_SWITCHES = {"enabl": True, "disabl": False}
_VALUE = re.compile(r"(?P<key>^\s*(?:- )*(?:[\w.\-]+|\"[^\"]+\"|'[^']+'):(?:\s+|$))(?P<value>.*)$")
_JOINTS = (" ", "-", "_", "", ".", "/")


@dataclass(frozen=True, slots=True)
class Adapted:
    """A body for a new name, and how much of the names' difference found its way into it."""

    body: str
    #: Differences carried over, and those for which the body holds no place.
    n_carried: int
    n_missed: int


def adapt(body: str, old_name: str, new_name: str) -> Adapted:
    """`body`, written for `old_name`, as it would most likely be for `new_name`."""
    changed = body
    carried = missed = 0
    for old, new in differences(old_name, new_name):
        after = _with_verb(changed, old, new)
        if after is None:
            after = _with_phrase(changed, old, new) if old and new else None
        if after is not None:
            changed = after
            carried += 1
        else:
            missed += 1
    return Adapted(changed, carried, missed)


def differences(old_name: str, new_name: str) -> Iterator[tuple[list[str], list[str]]]:
    """The runs of words in which two names differ, stop words alone not counted."""
    old, new = tokens(old_name), tokens(new_name)
    matcher = SequenceMatcher(None, [_same(t) for t in old], [_same(t) for t in new], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        was, is_now = _content(old[i1:i2]), _content(new[j1:j2])
        if was or is_now:
            yield was, is_now


def _same(token: str) -> str:
    lowered = token.lower()
    return stem(lowered) if lowered.isalpha() else lowered


def _content(run: list[str]) -> list[str]:
    return [token for token in run if token.lower() not in STOP_WORDS]


def _with_verb(body: str, old: list[str], new: list[str]) -> str | None:
    """`body` with the state that another verb asks for, where both runs are one verb."""
    if len(old) != 1 or len(new) != 1:
        return None
    was, is_now = stem(old[0].lower()), stem(new[0].lower())
    if was in _STATES and is_now in _STATES:
        pattern = rf"(^\s*state:\s+|\bstate=)([\"']?){_STATES[was]}\b"
        changed, n = re.subn(pattern, rf"\g<1>\g<2>{_STATES[is_now]}", body, flags=re.MULTILINE)
        return changed if n else None
    if was in _SWITCHES and is_now in _SWITCHES and was != is_now:
        return _switched(body)
    return None


def _switched(body: str) -> str | None:
    opposite = {"true": "false", "false": "true", "yes": "no", "no": "yes", "True": "False", "False": "True"}

    def turn(found: re.Match[str]) -> str:
        return found[1] + opposite[found[2]]

    changed, n = re.subn(
        r"(^\s*enabled:\s+|\benabled=)(true|false|yes|no|True|False)\b", turn, body, flags=re.MULTILINE
    )
    states = {"started": "stopped", "stopped": "started", "present": "absent", "absent": "present"}
    changed, n_states = re.subn(
        r"(^\s*state:\s+[\"']?)(started|stopped|present|absent)\b",
        lambda found: found[1] + states[found[2]],
        changed,
        flags=re.MULTILINE,
    )
    return changed if n + n_states else None


def _with_phrase(body: str, old: list[str], new: list[str]) -> str | None:
    """`body` with the words `old` replaced by `new` in its values, or None where they stand nowhere."""
    for joint in _JOINTS:
        was = joint.join(old)
        changed = _replaced(body, was, joint.join(new))
        if changed is not None:
            return changed
        if len(old) == 1:
            break
    # A run that stands nowhere as a whole: its last word is what names the thing ("the nginx package").
    if len(old) > 1 and len(old) == len(new):
        result = body
        n = 0
        for was, is_now in zip(old, new, strict=True):
            changed = _replaced(result, was, is_now)
            if changed is not None:
                result, n = changed, n + 1
        return result if n else None
    return None


def _replaced(body: str, was: str, is_now: str) -> str | None:
    if len(was) < 2:
        return None
    pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(was)}(?![A-Za-z0-9])", re.IGNORECASE)

    def like(found: re.Match[str]) -> str:
        return is_now.lower() if found[0].islower() and not is_now.startswith("{{") else is_now

    lines = []
    n = 0
    for line in body.split("\n"):
        found = _VALUE.match(line)
        head, value = (found["key"], found["value"]) if found else ("", line)
        value, times = pattern.subn(like, value)
        n += times
        lines.append(head + value)
    return "\n".join(lines) if n else None
