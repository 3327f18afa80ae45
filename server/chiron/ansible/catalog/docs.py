"""What a module documents about itself, with fragments, and what its code adds: one module at a time.

`read_docs` reads the files; `to_module` turns what it returned, or what was kept of it, into the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chiron.ansible.catalog.build import Index
from chiron.ansible.catalog.constraints import read_constraints, to_constraints
from chiron.ansible.catalog.files import read_bytes, stamp
from chiron.ansible.catalog.fragments import Fragments, locate, merged
from chiron.ansible.catalog.literals import NotLiteral, assignments, evaluate, literal, parse
from chiron.ansible.catalog.powershell import read_powershell
from chiron.ansible.catalog.shared import Marks, Shared
from chiron.ansible.plain import mapping, read_yaml, text_of
from chiron.records import Module, Option

_ASSIGNED = re.compile(rb"^(DOCUMENTATION|EXAMPLES)[ \t]*(?::[^=\n]*)?=[ \t]*([rRuU]?)(\"\"\"|''')", re.M)
_NOTHING_FOLLOWS = re.compile(rb"[ \t]*(?:#[^\n]*)?(?:\r?\n(?![ \t]*[.%+(])|\Z)")
_KEPT: Final = (
    "type", "required", "choices", "aliases", "default", "elements", "description", "version_added",
    "deprecated",
)  # fmt: skip
_YAML = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a module is: what `read_docs` needs to know of it."""

    fqcn: str
    collection: str
    version: str
    path: str
    within: Path | None = None
    #: The action plugin that runs in its place, where there is one.
    action: str | None = None


def read_docs(found: Found, index: Index, fragments: Fragments, shared: Shared) -> dict[str, Any]:
    """Everything known of one module, as values that can be written as JSON. It never raises.

    `files` lists what was read with each file's stamp: the rest is right as long as those are. It is
    None where a fragment was missing, so that the docs may become better without any of them changing.
    """
    source = read_bytes(found.path, within=found.within) or b""
    texts = _yaml_texts(source) if found.path.endswith(_YAML) else python_texts(source)
    files = [found.path]
    documentation = texts.get("DOCUMENTATION")
    raw = mapping(read_yaml(documentation)) if isinstance(documentation, str) else mapping(documentation)
    whole = True
    slugs = raw.get("extends_documentation_fragment") or ()
    for slug in slugs.split(",") if isinstance(slugs, str) else slugs:
        place = locate(index, str(slug))
        fragment = fragments.read(*place) if place is not None else None
        if place is None or fragment is None:
            whole = False
            continue
        files.append(place[0])
        raw = merged(raw, fragment)
    code = b"" if found.path.endswith(_YAML) else source
    constraints = read_constraints(code)
    secret: frozenset[str] = frozenset()
    if stamp(script := f"{found.path.rpartition('.')[0]}.ps1") is not None:
        constraints, secret = read_powershell(read_bytes(script, within=found.within) or b"")
        files.append(script)
    collection = index.collections.get(found.collection)
    for path in shared.taken_over(code, collection, index):
        for keyword, value in read_constraints(read_bytes(path, within=found.within) or b"").items():
            constraints.setdefault(keyword, value)
    marks, imported = shared.marks(code, collection, index)
    files.extend(imported)
    if found.action is not None:
        action = read_bytes(found.action, within=found.within) or b""
        files.append(found.action)
        for keyword, value in read_constraints(action).items():
            constraints.setdefault(keyword, value)
    options = _plain_options(raw.get("options"), Marks(marks.secret | secret, marks.fallback))
    for path, inner in constraints.pop("sub", ()):
        _constrain(options, path, inner)
    return {
        "files": [[path, *(stamp(path) or (0, 0))] for path in dict.fromkeys(files)] if whole else None,
        "short": text_of(raw.get("short_description")),
        "options": options,
        "constraints": constraints,
        "deprecated": _deprecation(found.fqcn, raw.get("deprecated")),
        "added": _version(raw.get("version_added")),
        "attributes": {
            name: str(entry["support"])
            for name, entry in mapping(raw.get("attributes")).items()
            if isinstance(entry, dict) and "support" in entry
        },
        "examples": texts.get("EXAMPLES") if isinstance(texts.get("EXAMPLES"), str) else "",
        "checkable": whole and bool(raw),
    }


def to_module(
    found: Found, docs: Mapping[str, Any], *, free_form: bool, open_ended: bool, deprecated: str | None
) -> Module:
    """The record of what `read_docs` returned for `found`."""
    return Module(
        fqcn=found.fqcn,
        collection=found.collection,
        version=found.version,
        path=found.path,
        short_description=docs["short"],
        options=_options(docs["options"]),
        constraints=to_constraints(docs["constraints"]),
        free_form=free_form or "free_form" in docs["options"],
        deprecated=docs["deprecated"] or deprecated,
        examples=docs["examples"],
        checkable=docs["checkable"] and not open_ended,
        version_added=docs["added"],
        attributes=docs["attributes"],
    )


def python_texts(source: bytes) -> dict[str, Any]:
    """DOCUMENTATION and EXAMPLES of a Python file: text, or a dict where it is written as one.

    A search finds nearly all of them; the file is only parsed where it finds something else.
    """
    texts: dict[str, Any] = {}
    for match in _ASSIGNED.finditer(source):
        text = _literal(source, match)
        if text is None:
            return _parsed_texts(source)
        texts.setdefault(match[1].decode(), text)
    if "DOCUMENTATION" not in texts and b"DOCUMENTATION" in source:
        return _parsed_texts(source)
    return texts


def examples_text(path: str, source: bytes) -> str:
    """EXAMPLES of a file, "" where it has none. It costs far less than reading the documentation."""
    if path.endswith(_YAML):
        texts = _yaml_texts(source)
    else:
        match = next((m for m in _ASSIGNED.finditer(source) if m[1] == b"EXAMPLES"), None)
        text = _literal(source, match) if match is not None else None
        if text is not None:
            return text
        texts = _parsed_texts(source) if match is not None else {}
    text = texts.get("EXAMPLES")
    return text if isinstance(text, str) else ""


def _literal(source: bytes, match: re.Match[bytes]) -> str | None:
    """The text of the literal that begins in `match`; None where it is part of a longer expression."""
    quotes = match[3]
    end = source.find(quotes, match.end())
    while end > 0 and _is_escaped(source, end):
        end = source.find(quotes, end + 1)
    if end < 0 or _NOTHING_FOLLOWS.match(source, end + 3) is None:
        return None
    body = source[match.end() : end].decode("utf-8", errors="replace").replace("\r\n", "\n")
    if match[2] in (b"r", b"R") or "\\" not in body:
        return body
    try:
        value = literal(f"{quotes.decode()}{body}{quotes.decode()}")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def _is_escaped(source: bytes, at: int) -> bool:
    n = 0
    while source[at - 1 - n : at - n] == b"\\":
        n += 1
    return n % 2 == 1


def _parsed_texts(source: bytes) -> dict[str, Any]:
    tree = parse(source)
    names = dict(assignments(tree.body)) if tree is not None else {}
    texts: dict[str, Any] = {}
    for name in ("DOCUMENTATION", "EXAMPLES"):
        try:
            value = evaluate(names[name], names) if name in names else None
        except NotLiteral:
            continue
        if isinstance(value, str | dict):
            texts[name] = value
    return texts


def _yaml_texts(source: bytes) -> dict[str, Any]:
    data = mapping(read_yaml(source.decode("utf-8-sig", errors="replace")))
    return {
        name: data[name] for name in ("DOCUMENTATION", "EXAMPLES") if isinstance(data.get(name), str | dict)
    }


def _plain_options(options: Any, marks: Marks) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, entry in mapping(options).items():
        spec = mapping(entry)
        kept = {key: spec[key] for key in _KEPT if spec.get(key) is not None}
        if name in marks.secret:
            kept["no_log"] = True
        if name in marks.fallback:
            kept["fallback"] = True
        if isinstance(spec.get("suboptions"), dict):
            # By name alone, since credentials come as options of their own or in a `provider`: an option
            # too many of which nothing is demanded does less harm than one too few.
            kept["suboptions"] = _plain_options(spec["suboptions"], marks)
        plain[name] = kept
    return plain


def _constrain(options: dict[str, Any], path: list[str], constraints: dict[str, Any]) -> None:
    """Gives `constraints` to the option at the end of `path`, if only one in the documentation fits."""
    fitting = [spec for names, spec in _chains(options, ()) if list(names[-len(path) :]) == path]
    if len(fitting) == 1:
        fitting[0]["constraints"] = constraints


def _chains(
    options: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for name, spec in options.items():
        yield (*above, name), spec
        yield from _chains(spec.get("suboptions") or {}, (*above, name))


def _options(plain: Mapping[str, Any]) -> dict[str, Option]:
    return {name: _option(name, spec) for name, spec in plain.items()}


def _option(name: str, spec: Mapping[str, Any]) -> Option:
    choices, aliases = spec.get("choices") or [], spec.get("aliases") or []
    elements, suboptions = spec.get("elements"), spec.get("suboptions")
    return Option(
        name=name,
        type=str(spec.get("type") or "str"),
        required=_truth(spec.get("required")),
        choices=tuple(choices) if isinstance(choices, list | dict) else (choices,),
        aliases=tuple(map(str, aliases if isinstance(aliases, list) else [aliases])),
        default=spec.get("default"),
        elements=str(elements) if elements else None,
        suboptions=_options(suboptions) if suboptions is not None else None,
        description=text_of(spec.get("description")),
        version_added=_version(spec.get("version_added")),
        deprecated=_deprecation(f"Option {name}", spec.get("deprecated")),
        no_log="no_log" in spec,
        fallback="fallback" in spec,
        constraints=to_constraints(spec["constraints"]) if "constraints" in spec else None,
    )


def _truth(value: Any) -> bool:
    return value.strip().lower() in ("yes", "true", "on", "1") if isinstance(value, str) else bool(value)


def _version(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _deprecation(what: str, value: Any) -> str | None:
    """What a `deprecated` entry says, in one sentence; None where there is none."""
    if not value:
        return None
    data = mapping(value)
    version = data.get("removed_in") or data.get("version")
    date = data.get("removed_at_date") or data.get("date")
    when = f", to be removed in {version}" if version else f", to be removed after {date}" if date else ""
    why = " ".join(text_of(data.get("why")).split())
    instead = " ".join(text_of(data.get("alternative") or data.get("alternatives")).split())
    return f"{what} is deprecated{when}{': ' + why if why else ''}{' Instead: ' + instead if instead else ''}"
