"""Finds the names of variables in YAML texts and inventories. Values are never returned."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chiron.ansible.project.outline import Entry, listed, outline

#: Variables Ansible itself sets; see "Special Variables" in its documentation. Facts are `ansible_…`.
MAGIC = (
    "ansible_check_mode", "ansible_config_file", "ansible_connection", "ansible_dependent_role_names",
    "ansible_diff_mode", "ansible_facts", "ansible_forks", "ansible_host", "ansible_index_var",
    "ansible_inventory_sources", "ansible_limit", "ansible_local", "ansible_loop", "ansible_loop_var",
    "ansible_parent_role_names", "ansible_parent_role_paths", "ansible_play_batch", "ansible_play_hosts",
    "ansible_play_hosts_all", "ansible_play_name", "ansible_play_role_names", "ansible_playbook_python",
    "ansible_role_name", "ansible_role_names", "ansible_run_tags", "ansible_search_path",
    "ansible_skip_tags", "ansible_user", "ansible_verbosity", "ansible_version", "environment",
    "group_names", "groups", "hostvars", "inventory_dir", "inventory_file", "inventory_hostname",
    "inventory_hostname_short", "omit", "play_hosts", "playbook_dir", "role_name", "role_names", "role_path",
    "vars",
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z_]\w*$")
_KEY_VALUE = re.compile(r"(?:^|\s)([A-Za-z_]\w*)=")
_SECTION = re.compile(r"\[\s*([^]\s:]+)(?::(\w+))?\s*\]\s*$")
_JSON_KEY = re.compile(r'"([A-Za-z_]\w*)"\s*:')
_LOOP_NAMES = frozenset({"loop_var", "index_var"})


def top_level_names(text: str) -> Iterator[str]:
    """Names of the variables a vars file defines: its keys at the left margin."""
    if text.lstrip().startswith("{"):
        # A file written as one flow mapping, or JSON: every key is taken, which names too many rather
        # than too few.
        yield from _JSON_KEY.findall(text)
        return
    yield from (entry.key for entry in outline(text) if not entry.above and is_name(entry.key))


def names_set(entry: Entry) -> Iterator[tuple[str, str]]:
    """(name, kind) of the variables that one line of a playbook or task file brings into reach."""
    above = entry.above[-1] if entry.above else ""
    short = above.rsplit(".", 1)[-1]
    if entry.key == "register" and is_name(entry.value):
        yield entry.value, "register"
    elif entry.key in _LOOP_NAMES and is_name(entry.value):
        yield entry.value, "loop"
    elif above == "vars" and is_name(entry.key):
        yield entry.key, "play_var"
    elif short == "set_fact" and is_name(entry.key) and entry.key != "cacheable":
        yield entry.key, "set_fact"
    elif entry.key.rsplit(".", 1)[-1] == "set_fact" and entry.value:
        yield from ((name, "set_fact") for name in _KEY_VALUE.findall(entry.value) if name != "cacheable")
    elif above == "vars_prompt" and entry.key == "name" and is_name(entry.value):
        yield entry.value, "play_var"
    elif entry.key == "vars" and entry.value.startswith("{"):
        yield from ((name, "play_var") for name in re.findall(r"[{,]\s*([A-Za-z_]\w*)\s*:", entry.value))


def argument_names(entry: Entry) -> Iterator[str]:
    """Names of a role's arguments: the keys of `argument_specs: main: options:`."""
    above = entry.above
    if len(above) == 3 and above[0] == "argument_specs" and above[2] == "options" and is_name(entry.key):
        yield entry.key


def inventory_names(text: str) -> Iterator[tuple[str, str]]:
    """(name, kind) of the variables an inventory sets, written as INI or as YAML."""
    if _is_ini(text):
        yield from _ini_names(text)
        return
    for entry in outline(text):
        if not entry.above or not is_name(entry.key):
            continue
        if entry.above[-1] == "vars":
            yield entry.key, "group_var"
        elif len(entry.above) > 1 and entry.above[-2] == "hosts":
            yield entry.key, "host_var"


def inventory_hosts(text: str) -> Iterator[str]:
    """Names of the hosts and groups in an inventory; ranges (`web[01:20]`) are left out."""
    if _is_ini(text):
        for line in text.splitlines():
            stripped = line.strip()
            found = _SECTION.match(stripped)
            if found:
                yield found[1]
            elif stripped and stripped[0] not in "#;":
                yield stripped.split()[0].split("=", 1)[0]
        return
    for entry in outline(text):
        if entry.key and (not entry.above or entry.above[-1] in {"hosts", "children"}):
            yield entry.key


def _is_ini(text: str) -> bool:
    has_section = re.search(r"^\s*\[", text, re.MULTILINE) is not None
    return has_section or re.search(r"^\S[^=\n]*:\s*$", text, re.MULTILINE) is None


def _ini_names(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        found = _SECTION.match(stripped)
        if found:
            section = found[2] or "hosts"
        elif section == "vars":
            name = stripped.split("=", 1)[0].strip()
            if is_name(name):
                yield name, "group_var"
        else:
            yield from ((name, "host_var") for name in _KEY_VALUE.findall(stripped))


def vars_files(entry: Entry) -> Iterator[str]:
    """Paths a play or task takes variables from: `vars_files:` and `include_vars:`, as written."""
    if (entry.above and entry.above[-1] == "vars_files" and not entry.key and entry.value) or (
        entry.key == "vars_files" and entry.value
    ):
        yield from listed(entry.value)
    elif (entry.key.rsplit(".", 1)[-1] == "include_vars" and entry.value and "=" not in entry.value) or (
        entry.above and entry.above[-1].rsplit(".", 1)[-1] == "include_vars" and entry.key == "file"
    ):
        yield entry.value


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a variable."""
    return bool(_NAME.match(text))
