"""Splits a comment that announces several tasks into their names."""

from __future__ import annotations

import re
from collections.abc import Callable

#: More steps than this are a plan, not a suggestion.
MAX_STEPS = 6
_JOINTS = re.compile(
    r"\s*(?:;|\n|,?\s+(?:and\s+)?then\b|,\s*and\b|,|\s+and\b|(?<!\d)\.\s+(?=(?-i:[A-Z])))\s*", re.IGNORECASE
)
_FILLERS = re.compile(
    r"^(?:(?:first|next|finally|lastly|also|we|i|please|to|let's|now|then|and|afterwards)[,:]?(?:\s+|$))+",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_PRONOUN = re.compile(r"\b(?:it|them)\b$|\b(?:it|them)\b(?=\s+(?:at|on|to|from|with))", re.IGNORECASE)
#: Verbs that begin the name of a task.
VERBS = frozenset(
    """
    add allow apply assert backup block build change check clean clone collect compile configure copy create
    define delete deploy disable download enable ensure execute extract fail fetch find generate get give
    grant import include initialize install join launch link load make migrate mount move open pull purge
    push read reboot refresh register reload remove render replace reset restart restore run schedule send
    set setup show start stop sync template test unarchive uninstall unmount unpack unzip update upgrade
    upload validate verify wait write
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)


def steps_in(comment: str, is_verb: Callable[[str], bool] = VERBS.__contains__) -> list[str]:
    """The names of the tasks that `comment` announces, in order; one where it announces one.

    "Install nginx and redis, then start it" is two: only what begins with a verb begins a step.
    """
    steps: list[str] = []
    joint = ""
    at = 0
    for found in [*_JOINTS.finditer(comment), None]:
        part = comment[at : found.start() if found else len(comment)]
        plain = _FILLERS.sub("", _NUMBERING.sub("", part.strip(" .:")))
        first = plain.split(" ", 1)[0].lower()
        if plain and (not steps or is_verb(first)):
            steps.append(plain)
        elif plain:
            steps[-1] += joint + plain
        if found:
            joint, at = found[0] if found[0].strip() else " ", found.end()
    return [_capitalized(step) for step in _resolved(steps)]


def _resolved(steps: list[str]) -> list[str]:
    """The steps with "it" and "them" replaced by what the step before is about."""
    resolved: list[str] = []
    thing = ""
    for step in steps:
        verb, _, rest = step.partition(" ")
        # "install nginx, start, enable": a verb alone goes on about the same thing.
        rest = _with_thing(rest, thing) if rest else thing
        resolved.append(f"{verb} {rest}".strip())
        thing = re.split(r"\s+(?:on|at|from|to|in|with|via|for|into)\s+", rest)[0]
    return resolved


def _with_thing(rest: str, thing: str) -> str:
    return _PRONOUN.sub(lambda _: thing, rest) if thing else rest


def _capitalized(step: str) -> str:
    return step[:1].upper() + step[1:]
