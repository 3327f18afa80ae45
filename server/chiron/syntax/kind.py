"""What a YAML file is to Ansible, by its path first and its first lines where the path leaves it open.

The order of the questions follows ansible-lint's list of kinds. Unlike there, the folder nearest to the file
decides, so that a role called `vars` or a workspace below `/srv/templates` misleads nobody.
"""

from __future__ import annotations

import re

from chiron.records import FileKind
from chiron.syntax.document import BOM
from chiron.syntax.keywords import PLAY_MARKS

#: Characters of a text that are looked at.
_MOST_CHARACTERS = 16_000

_FOLDERS = {
    "tasks": FileKind.TASKS,
    "handlers": FileKind.HANDLERS,
    "vars": FileKind.VARS,
    "defaults": FileKind.VARS,
    "group_vars": FileKind.VARS,
    "host_vars": FileKind.VARS,
    "templates": FileKind.TEMPLATE,
    "inventory": FileKind.INVENTORY,
    "inventories": FileKind.INVENTORY,
    "playbooks": FileKind.PLAYBOOK,
    ".github": FileKind.OTHER,
}
#: How many folders up from the file a folder's name still speaks of the file.
_REACH = 4

_NAMES = {
    "requirements": FileKind.REQUIREMENTS,
    "galaxy": FileKind.GALAXY,
    "hosts": FileKind.INVENTORY,
    "inventory": FileKind.INVENTORY,
    "molecule": FileKind.OTHER,
    "execution-environment": FileKind.OTHER,
    "ansible-navigator": FileKind.OTHER,
    "docker-compose": FileKind.OTHER,
    "mkdocs": FileKind.OTHER,
    ".ansible-lint": FileKind.OTHER,
    ".yamllint": FileKind.OTHER,
    ".pre-commit-config": FileKind.OTHER,
}

#: Folders and files called after the tasks in them: `prepare_tasks/`, `tasks-debian.yml`.
_OF_TASKS = re.compile(r"(?:[\w-]+[_-])?tasks(?:[_-][\w-]+)?")

_META = {
    "main": FileKind.META,
    "requirements": FileKind.REQUIREMENTS,
    "argument_specs": FileKind.ARGUMENT_SPECS,
}

#: Kinds of which the path alone is no proof: lists of tasks lie beside playbooks, and playbooks anywhere.
_OPEN = frozenset({FileKind.PLAYBOOK, FileKind.TASKS, FileKind.INVENTORY})

#: A file whose first line is a key.
_MAPPING = re.compile(r"[\w\"'.-]+[ \t]*:(?:[ \t]|$)")
_ITEM = re.compile(r"(?P<dash> *)-(?P<gap>[ \t]*)")
_PLAY_KEYS = "|".join(map(re.escape, sorted(PLAY_MARKS)))
#: Keys that stand in tasks and nowhere else, and the modules most used by their short names.
_TASK_KEYS = (
    r"[a-z_]\w*\.[a-z_]\w*\.[a-z_]\w*|block|register|when|notify|loop|changed_when|failed_when|delegate_to"
    r"|listen|with_items|include_tasks|import_tasks|include_role|import_role|set_fact|debug|apt|yum|dnf|package"
    r"|service|systemd|copy|template|lineinfile|command|shell|file|user"
)
#: The first line that is neither blank nor a comment nor a document's head.
_FIRST = re.compile(r"(?:[ \t]*(?:#.*|---.*|%.*)?\n)*(?P<line>.*)")


def file_kind(path: str | None, text: str) -> FileKind:
    """The kind of the file at `path` (None for an unsaved one) that holds `text`. Touches no disk."""
    if text.startswith("$ANSIBLE_VAULT;"):
        return FileKind.VAULT
    kind = _by_path(path) if path is not None else None
    return _by_content(text, kind) if kind is None or kind in _OPEN else kind


def _by_path(path: str) -> FileKind | None:
    """What the path alone says; None where it leaves the kind open."""
    *folders, name = path.replace("\\", "/").split("/")
    stem, _, extension = name.rpartition(".")
    near = folders[-1 : -_REACH - 1 : -1]
    if extension in ("j2", "jinja", "jinja2") or ".j2." in name:
        return FileKind.TEMPLATE
    if extension not in ("yml", "yaml"):
        in_vars = {"group_vars", "host_vars"} & set(near)
        return FileKind.VARS if in_vars and not stem else FileKind.OTHER
    if near[:1] == ["meta"]:
        return _META.get(stem, FileKind.OTHER)
    for index, folder in enumerate(near):
        if folder == "molecule":
            return _NAMES.get(stem, FileKind.PLAYBOOK)
        of_tasks = FileKind.TASKS if _OF_TASKS.fullmatch(folder) else None
        # A role may have any name; its own folders are nearer to the file.
        kind = _FOLDERS.get(folder, of_tasks)
        if kind is not None and near[index + 1 : index + 2] != ["roles"]:
            return _NAMES.get(stem, kind) if kind is FileKind.PLAYBOOK else kind
    if stem in _NAMES:
        return _NAMES[stem]
    spoken = FileKind.TASKS if _OF_TASKS.fullmatch(stem) else None
    return FileKind.PLAYBOOK if "playbook" in stem else spoken


def _by_content(text: str, kind: FileKind | None) -> FileKind:
    """What the first lines say, where they say more than `kind`."""
    text = text[:_MOST_CHARACTERS].removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")
    first = _FIRST.match(text)
    line = first["line"] if first is not None else ""
    if _MAPPING.match(line):  # neither plays nor tasks are written so
        return FileKind.INVENTORY if kind is FileKind.INVENTORY else FileKind.OTHER
    item = _ITEM.match(line)
    if item is None:
        return kind if kind is not None else FileKind.OTHER
    if _has_key(text, item, _PLAY_KEYS):
        return FileKind.PLAYBOOK
    if _has_key(text, item, _TASK_KEYS):
        return FileKind.TASKS
    return kind if kind is not None else FileKind.OTHER


def _has_key(text: str, item: re.Match[str], keys: str) -> bool:
    """Whether an item of the list at the root, of which `item` begins the first, has one of `keys`."""
    dash, gap = len(item["dash"]), max(len(item["gap"]), 1)
    return (
        re.search(rf"^ {{{dash}}}(?:-[ \t]+| {{{gap + 1}}})(?:{keys})[ \t]*:", text, re.MULTILINE) is not None
    )
