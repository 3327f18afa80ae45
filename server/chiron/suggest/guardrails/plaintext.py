"""Secrets that a call writes out."""

from __future__ import annotations

import re
from typing import Final

from yaml import ScalarNode

from chiron.ansible.load import has_jinja
from chiron.suggest.guardrails.calls import Call

_SECRET_NAME: Final = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|api_?key|secret_?key|access_?key|private_?key|credentials?)$",
    re.IGNORECASE,
)
_SECRET_COMMAND: Final = re.compile(
    r"(?:--?|\b)(?:[\w-]*(?:password|passwd|secret|token|api[-_]?key))(?:=|\s+)[\"']?(?![\"'\s{$<-])([^\s\"']{4,})"
    r"|://[^/\s:@{}$]+:([^/\s:@{}$]+)@"
    r"|\bIDENTIFIED BY\s+[\"']([^\"'{}]+)[\"']",
    re.IGNORECASE,
)


def plain_secrets(call: Call) -> list[str]:
    """Secrets written out in a call, as values of options that hold secrets and in command lines."""
    found: list[str] = []
    for name, node in call.options.items():
        if _SECRET_NAME.search(name) and isinstance(node, ScalarNode) and node.tag.endswith((":str", ":int")):
            text = str(node.value)
            if text.strip() and not has_jinja(text) and not text.startswith(("/", "~", "./")):
                found.append(text)
    for written in call.commands:
        command = re.sub(r"\{\{(?:(?!\{\{).)*?\}\}", "{{}}", written)
        found += [
            next(group for group in match.groups() if group) for match in _SECRET_COMMAND.finditer(command)
        ]
    return found
