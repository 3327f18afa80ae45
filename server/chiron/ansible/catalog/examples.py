"""The tasks in modules' own EXAMPLES, read where they are installed and kept nowhere but in the cache.

EXAMPLES are a list of named tasks, mostly valid YAML and sometimes nearly. They are taken apart by
indentation, so that one broken example does not cost its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chiron.ansible.bodies import dedent, module_of
from chiron.ansible.catalog.build import Collection
from chiron.ansible.catalog.docs import examples_text
from chiron.ansible.catalog.files import read_bytes

_NAMED = re.compile(r"^(?P<indent> *)-(?P<gap> +)name:[ \t]*(?P<name>\S.*?)[ \t]*$", re.M)
#: An example longer than this is a playbook in disguise, or data.
MAX_LINES = 60

_PLAY_KEYS = frozenset({"hosts", "tasks", "roles", "pre_tasks", "post_tasks", "handlers", "gather_facts"})

Example = tuple[str, str, str, int]


def read_examples(collection: Collection) -> dict[str, list[Example]]:
    """The named tasks in the EXAMPLES of every module of `collection`, by the module's short name.

    Each is (name, module as written, body, line in EXAMPLES).
    """
    found: dict[str, list[Example]] = {}
    for name, file in collection.modules.items():
        source = read_bytes(f"{collection.modules_dir}/{file}", within=collection.within)
        examples = list(split_examples(examples_text(file, source))) if source else []
        if examples:
            found[name] = examples
    return found


def split_examples(text: str) -> Iterator[Example]:
    """The named tasks in `text`, plays and blocks left out."""
    end = 0
    for match in _NAMED.finditer(text):
        if match.start() < end:
            continue  # an item of a list in the options of the task before
        column = len(match["indent"])
        lines = _lines_below(text, match.end() + 1, column)
        if not lines or len(lines) > MAX_LINES:
            continue
        body = dedent("\n".join(lines))
        if not body or body[0] in " -":
            continue
        module = module_of(body)
        if module is not None and module not in _PLAY_KEYS:
            end = match.end() + sum(map(len, lines))
            yield _unquoted(match["name"]), module, body, text.count("\n", 0, match.start())


def _lines_below(text: str, start: int, column: int) -> list[str]:
    """The lines from `start` that belong to the list item whose dash is at `column`."""
    lines: list[str] = []
    while start < len(text) and len(lines) <= MAX_LINES:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end].rstrip()
        if line and len(line) - len(line.lstrip(" ")) <= column:
            break
        lines.append(line)
        start = end + 1
    while lines and (not lines[-1] or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return lines


def _unquoted(name: str) -> str:
    for quote in "\"'":
        if len(name) > 1 and name[0] == name[-1] == quote:
            return name[1:-1]
    return name.split(" #", 1)[0].rstrip()
