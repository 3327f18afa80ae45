"""Makes an adapted body fit its new place: handlers, files and variables that are within reach there."""

from __future__ import annotations

import re

from chiron.ansible.bodies import Part, split_body
from chiron.ansible.project.mentions import variables_in
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.wording import words

_SERVICES = frozenset({"service", "systemd", "systemd_service", "sysvinit"})
_STARTS_AND_ENABLES = re.compile(
    r"\b(?:start|run)\w*\b.*\benabled?\b|\benabled?\b.*\b(?:start|run)\w*\b", re.IGNORECASE
)
_STARTED = re.compile(r"(\s+)state:\s*[\"']?(?:re)?started[\"']?\s*$")
_SWITCH = re.compile(r"\s+enabled:")
_SOURCE = re.compile(r"(\s+src:\s+)([\"']?)([^\"'{}]+)\2\s*$")


def settled(body: str, name: str, at: Surroundings) -> str:
    """`body` as it can stand at `at` under `name`; unchanged where the project isn't wholly known."""
    if not at.facts.complete:
        return body
    parts = [_with_source(part, name, at) for part in split_body(body) if _can_notify(part, at)]
    return _with_variables("\n".join(part.text for part in parts), name, at)


def with_switch(body: str, name: str) -> str:
    """`body` that starts a service, with the `enabled: true` that "Start and enable …" asks for too."""
    if not _STARTS_AND_ENABLES.search(name):
        return body
    parts = list(split_body(body))
    for number, part in enumerate(parts):
        if part.key.rsplit(".", 1)[-1] not in _SERVICES or any(_SWITCH.match(line) for line in part.below):
            continue
        for at, line in enumerate(part.below):
            if found := _STARTED.match(line):
                lines = (*part.below[: at + 1], f"{found[1]}enabled: true", *part.below[at + 1 :])
                parts[number] = Part(part.key, part.value, lines)
                return "\n".join(one.text for one in parts)
    return body


def n_out_of_reach(body: str, at: Surroundings) -> int:
    """How many variables `body` uses that are not in reach; 0 where reach is not known."""
    if not at.facts.complete:
        return 0
    return sum(name not in at.facts.variables for name in variables_in(body))


def _can_notify(part: Part, at: Surroundings) -> bool:
    """False for a `notify` of handlers that are not there: the task is good without it."""
    if part.key != "notify":
        return True
    written = [part.value.strip("[]"), *(line.strip().removeprefix("-") for line in part.below)]
    handlers = [name.strip(" \"'") for line in written for name in line.split(",") if name.strip(" \"'")]
    return all(name in at.facts.handlers or "{{" in name for name in handlers)


def _with_source(part: Part, name: str, at: Surroundings) -> Part:
    """A template or file that isn't there becomes the one the name speaks of, if there is one."""
    short = part.key.rsplit(".", 1)[-1]
    if short not in {"template", "copy"} or not part.below:
        return part
    there = at.facts.templates if short == "template" else at.facts.files
    lines = list(part.below)
    for i, line in enumerate(lines):
        found = _SOURCE.match(line)
        if found is None or found[3].startswith("/") or found[3] in there:
            continue
        better = at.template_for(name) if short == "template" else at.file_for(name)
        if better is not None:
            lines[i] = f"{found[1]}{found[2]}{better}{found[2]}"
    return Part(part.key, part.value, tuple(lines))


def _with_variables(body: str, name: str, at: Surroundings) -> str:
    """Variables out of reach become ones in reach that end alike and speak of the role or the name."""
    unknown = sorted(one for one in variables_in(body) if one not in at.facts.variables)
    if not unknown:
        return body
    speaks = set(words(name)) | set(words((at.facts.role or "").replace("_", " ")))
    for variable in unknown:
        better = _like(variable, speaks, at)
        if better is not None:
            body = re.sub(rf"(?<![\w.]){re.escape(variable)}(?!\w)", better, body)
    return body


def _like(variable: str, speaks: set[str], at: Surroundings) -> str | None:
    tail = variable.rsplit("_", 1)[-1]
    best: tuple[float, str] | None = None
    for other in at.facts.variables:
        if not other.endswith(f"_{tail}"):
            continue
        stems = set(words(other.replace("_", " ")))
        about = len(stems & speaks) / (len(stems) or 1)
        if stems & speaks - {tail} and (best is None or about > best[0]):
            best = (about, other)
    return best[1] if best is not None and best[0] >= 0.5 else None
