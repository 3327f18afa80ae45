"""Carries the difference between two tasks' names and places over into a body.

"Install nginx" and "Install redis" differ in one word; where the body of the first says `nginx`, the body
of the second most likely says `redis`. Roles differ likewise: what is `redis_package` in the role redis is
`nginx_package` in the role nginx, if there is such a variable. Only values are changed, never keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from chiron.ansible.bodies import Part, is_keyword, split_body
from chiron.suggest.recall.phrases import plain_name
from chiron.suggest.recall.wording import STOP_WORDS, stem, tokens

#: What a task's verb makes of `state`.
_STATES = {
    "start": "started", "stop": "stopped", "restart": "restarted", "reload": "reloaded",
    "install": "present", "add": "present", "creat": "present", "remove": "absent", "remov": "absent",
    "upgrad": "latest", "updat": "latest",
}  # fmt: skip
_SWITCHES = {"enabl": True, "disabl": False}
_OPPOSITES = {
    "true": "false", "false": "true", "yes": "no", "no": "yes", "True": "False", "False": "True",
    "started": "stopped", "stopped": "started", "present": "absent", "absent": "present",
}  # fmt: skip
#: Words so common in values that one standing there says nothing about the name's.
_COMMON = frozenset(
    """
    file files directory directories folder configuration config package packages service services server
    set get check create add remove install update copy run start stop enable disable restart reload
    configure deploy download make generate write read verify wait list find delete path name state value
    key keys default present absent exist exists root user group mode new old all none system template
    templates archive script image container app application repository data list line version from
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)
_VALUE = re.compile(r"(?P<key>^\s*(?:- )*(?:[\w.\-]+|\"[^\"]+\"|'[^']+'):(?:\s+|$))(?P<value>.*)$")
_JINJA = re.compile(r"(\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\})")
_IN_EXPRESSION = re.compile(r"'[^']*'|\"[^\"]*\"|(?<![\w.])[A-Za-z_]\w*")
_EXPRESSIONS = frozenset({"when", "until", "changed_when", "failed_when", "that"})
#: Options whose values are words of the module's own.
_CLOSED = frozenset({"state", "mode", "type", "format", "method", "body_format"})
_JOINTS = ("-", "_", " ", "", ".", "/")


@dataclass(frozen=True, slots=True)
class Change:
    """Words to be replaced by others; `of_place` where the difference is in the role, not in the name."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    of_place: bool = False


@dataclass(frozen=True, slots=True)
class Adapted:
    """A body for a new name, and how much of the difference found its way into it."""

    body: str
    #: Differences of the names carried over, and those for which the body holds no place.
    n_carried: int
    n_missed: int


def adapt(body: str, changes: Sequence[Change], known: Callable[[str], bool]) -> Adapted:
    """`body` with `changes` made in its values. A variable becomes another only if that one is `known`."""
    parts = list(split_body(body))
    carried = missed = 0
    for change in changes:
        after = _with_verb(parts, change) or _with_words(parts, change, known)
        if after is not None:
            parts = after
        if not change.of_place:
            carried, missed = (carried + 1, missed) if after is not None else (carried, missed + 1)
    return Adapted("\n".join(part.text for part in parts), carried, missed)


def changes_between(old_name: str, new_name: str, old_role: str, new_role: str) -> list[Change]:
    """What differs between two tasks by their names and roles ("" for none)."""
    changes = list(_differences(old_name, new_name))
    if old_role and new_role and old_role != new_role:
        old, new = _apart(_role_words(old_role), _role_words(new_role))
        if old and new and not any(change.old == old for change in changes):
            changes.append(Change(old, new, of_place=True))
    return changes


def _apart(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`old` and `new` without the words they begin and end with alike."""
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return old, new


def _role_words(role: str) -> tuple[str, ...]:
    short = role.rsplit(".", 1)[-1].lower()
    return tuple(word for word in re.split(r"[-_]", short) if word not in {"ansible", "role"})


def _differences(old_name: str, new_name: str) -> Iterator[Change]:
    """The runs of words in which two names differ; runs of stop words alone are left out."""
    old, new = tokens(plain_name(old_name)), tokens(plain_name(new_name))
    matcher = SequenceMatcher(None, [_same(t) for t in old], [_same(t) for t in new], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        was, is_now = _content(old[i1:i2]), _content(new[j1:j2])
        if i1 == 0 and was and is_now and _is_verb(was[0]) and _is_verb(is_now[0]):
            yield Change(was[:1], is_now[:1])
            was, is_now = was[1:], is_now[1:]
        if was or is_now:
            yield Change(was, is_now)


def _is_verb(token: str) -> bool:
    return stem(token.lower()) in {*_STATES, *_SWITCHES}


def _same(token: str) -> str:
    lowered = token.lower()
    return stem(lowered) if lowered.isalpha() else lowered


def _content(run: list[str]) -> tuple[str, ...]:
    return tuple(token for token in run if token.lower() not in STOP_WORDS)


# --------------------------------------------------------------------------- verbs


def _with_verb(parts: Sequence[Part], change: Change) -> list[Part] | None:
    """The state that another verb asks for, where one verb stands for another."""
    if len(change.old) != 1 or len(change.new) != 1:
        return None
    was, is_now = stem(change.old[0].lower()), stem(change.new[0].lower())
    if was in _STATES and is_now in _STATES:
        if _STATES[was] == _STATES[is_now]:
            return list(parts)
        pattern = rf"(^\s*state:\s+|\bstate=)([\"']?){_STATES[was]}\b"
        return _everywhere(parts, pattern, rf"\g<1>\g<2>{_STATES[is_now]}")
    if was in _SWITCHES and is_now in _SWITCHES and was != is_now:
        words = "|".join(_OPPOSITES)
        pattern = rf"(^\s*(?:enabled|state):\s+[\"']?|\b(?:enabled|state)=)({words})\b"
        return _everywhere(parts, pattern, lambda found: found[1] + _OPPOSITES[found[2]])
    return None


def _everywhere(
    parts: Sequence[Part], pattern: str, replacement: str | Callable[[re.Match[str]], str]
) -> list[Part] | None:
    n = 0
    changed: list[Part] = []
    for part in parts:
        if is_keyword(part.key):
            changed.append(part)
            continue
        text, times = re.subn(pattern, replacement, part.text, flags=re.MULTILINE)
        n += times
        changed.extend(split_body(text))
    return changed if n else None


# --------------------------------------------------------------------------- words


def _with_words(parts: Sequence[Part], change: Change, known: Callable[[str], bool]) -> list[Part] | None:
    """The words of `change` replaced in all values, or None where they stand nowhere."""
    if not change.old or not change.new:
        return None
    if _is_common(change.old) or _is_common(change.new):
        return None
    there = "\n".join(part.text for part in parts).lower()
    for joint in _JOINTS if len(change.old) > 1 else ("",):
        if joint.join(change.old).lower() not in there:
            continue
        swap = _Swap(joint.join(change.old), change.new, joint if len(change.old) > 1 else None, known)
        changed = swap.all(parts)
        if swap.n:
            return changed
    if len(change.old) == len(change.new) > 1 and not change.of_place:
        current, n = list(parts), 0
        for was, is_now in zip(change.old, change.new, strict=True):
            after = _with_words(current, Change((was,), (is_now,)), known) if was != is_now else None
            if after is not None:
                current, n = after, n + 1
        return current if n else None
    return None


def _is_common(run: Sequence[str]) -> bool:
    return all(word.lower() in _COMMON for word in run)


class _Swap:
    """One word (or joined words) replaced by others, wherever it stands in values; `n` counts."""

    def __init__(
        self, was: str, new: tuple[str, ...], joint: str | None, known: Callable[[str], bool]
    ) -> None:
        self.n = 0
        self._new = new
        self._joint = joint
        self._known = known
        # A plural may be meant by the singular: `osd` in `osds`.
        tail = r"(?P<s>s?)" if len(was) > 2 and was.isalnum() else r"(?P<s>)"
        before = r"(?<![A-Za-z0-9])"
        self._pattern = (
            re.compile(rf"{before}{re.escape(was)}{tail}(?![A-Za-z0-9])", re.IGNORECASE)
            if len(was) > 1
            else None
        )

    def all(self, parts: Sequence[Part]) -> list[Part]:
        """`parts` with the words replaced."""
        return [self._part(part) for part in parts]

    def _part(self, part: Part) -> Part:
        expression = part.key in _EXPRESSIONS
        joint = "_" if part.key == "register" else None
        value = self._text(part.value, expression=expression, joint=joint) if part.value else part.value
        below = []
        for line in part.below:
            found = _VALUE.match(line)
            head, rest = (found["key"], found["value"]) if found and not expression else ("", line)
            if head.strip(" -:") in _CLOSED:
                below.append(line)
                continue
            below.append(head + self._text(rest, expression=expression))
        return Part(part.key, value, tuple(below))

    def _text(self, text: str, *, expression: bool, joint: str | None = None) -> str:
        if expression:
            quote = text[:1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else ""
            inner = text[1:-1] if quote else text
            return quote + _IN_EXPRESSION.sub(self._atom, inner) + quote
        pieces = _JINJA.split(text)
        for i, piece in enumerate(pieces):
            pieces[i] = _IN_EXPRESSION.sub(self._atom, piece) if i % 2 else self._plain(piece, joint)
        return "".join(pieces)

    def _atom(self, found: re.Match[str]) -> str:
        """A string or an identifier of an expression; an identifier stays unless the new one is known."""
        atom = found[0]
        if atom[0] in "'\"":
            return self._plain(atom)
        n = self.n
        changed = self._plain(atom, joint="_")
        if changed != atom and not self._known(changed):
            self.n = n
            return atom
        return changed

    def _plain(self, text: str, joint: str | None = None) -> str:
        if self._pattern is None:
            return text

        def like(found: re.Match[str]) -> str:
            around = text[max(0, found.start() - 1) : found.start()] + text[found.end() : found.end() + 1]
            between = joint if joint is not None else self._joint
            if between is None:
                between = (
                    "_" if "_" in around else " " if not set(around) & set("/.-=:@") and " " in text else "-"
                )
            if between != " " and len(self._new) > 3:
                return found[0]
            if any(word.startswith("{{") for word in self._new) and (joint == "_" or len(self._new) > 1):
                return found[0]
            self.n += 1
            new = between.join(self._new)
            new = new.lower() if found[0].islower() and "{{" not in new else new
            if between == "_":
                new = re.sub(r"[-. ]", "_", new)
            return _unrepeated(text[: found.start()], new, text[found.end() :]) + found["s"]

        return self._pattern.sub(like, text)


def _unrepeated(before: str, new: str, after: str) -> str:
    """`new` without what stands before or behind it already: `ceph-` before `ceph-crash`."""
    for at in range(len(new) - 1, 0, -1):
        if new[at - 1] in "-_./" and before.lower().endswith(new[:at].lower()):
            new = new[at:]
            break
    for at in range(1, len(new)):
        if new[at] in "-_./" and after.lower().startswith(new[at:].lower()):
            return new[:at]
    return new
