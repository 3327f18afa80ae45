"""A task's name from its module and main option, the same each time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chiron.ansible import freeform
from chiron.ansible.load import entries, has_jinja, is_null
from chiron.ansible.rewrite.sites import Site

_MOST = 72
_JINJA = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_PRESENT: Final = {"absent": "Remove", "removed": "Remove", "latest": "Update", "uninstalled": "Remove"}
_SERVICES: Final = {"restarted": "Restart", "reloaded": "Reload", "stopped": "Stop", "started": "Start"}
_FILES: Final = {
    "directory": "Create directory", "absent": "Remove", "link": "Link", "touch": "Touch", "hard": "Link",
}  # fmt: skip
_PACKAGES: Final = frozenset(
    {
        "apt", "dnf", "dnf5", "yum", "package", "pip", "gem", "npm", "apk", "pacman", "zypper", "homebrew",
        "snap", "flatpak", "portage", "pkgng",
    }
)  # fmt: skip
_SERVICE_MODULES: Final = frozenset({"service", "systemd", "systemd_service", "sysvinit", "supervisorctl"})
#: Module -> what its task is called, and the options that say what it is about, in order.
_PHRASES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "copy": ("Copy {}", ("dest",)),
    "template": ("Write {} from its template", ("dest",)),
    "lineinfile": ("Edit a line of {}", ("path", "dest", "destfile")),
    "blockinfile": ("Edit a block of {}", ("path", "dest", "destfile")),
    "replace": ("Replace text in {}", ("path", "dest", "destfile")),
    "get_url": ("Download {}", ("url",)),
    "unarchive": ("Unpack {}", ("src",)),
    "git": ("Check out {}", ("repo",)),
    "user": ("Create user {}", ("name", "user")),
    "group": ("Create group {}", ("name",)),
    "cron": ("Schedule {}", ("name", "job")),
    "stat": ("Look at {}", ("path", "dest")),
    "fetch": ("Fetch {}", ("src",)),
    "uri": ("Call {}", ("url",)),
    "hostname": ("Set the hostname to {}", ("name",)),
    "mount": ("Mount {}", ("path", "name")),
    "sysctl": ("Set {}", ("name",)),
    "command": ("Run {}", ("cmd", "argv")),
    "shell": ("Run {}", ("cmd",)),
    "script": ("Run script {}", ("cmd",)),
    "raw": ("Run {}", ()),
    "include_tasks": ("Include {}", ("file",)),
    "import_tasks": ("Import {}", ("file",)),
    "include_role": ("Include role {}", ("name",)),
    "import_role": ("Import role {}", ("name",)),
    "include_vars": ("Read variables from {}", ("file", "dir")),
    "debug": ("Show {}", ("var", "msg")),
    "fail": ("Fail: {}", ("msg",)),
    "wait_for": ("Wait for {}", ("port", "path", "host")),
    "apt_key": ("Add key {}", ("url", "id")),
    "apt_repository": ("Add repository {}", ("repo",)),
    "yum_repository": ("Add repository {}", ("name",)),
    "authorized_key": ("Authorize keys of {}", ("user",)),
}
_FIXED: Final[Mapping[str, str]] = {
    "assert": "Check assumptions", "setup": "Gather facts", "ping": "Check the connection",
    "gather_facts": "Gather facts", "package_facts": "Gather package facts", "reboot": "Reboot",
    "service_facts": "Gather service facts", "wait_for_connection": "Wait for the connection",
    "pause": "Wait",
}  # fmt: skip


def name_for(site: Site) -> str | None:
    """A name that says what the task does to what; None where it could only repeat the module's name."""
    call = site.call
    if call is None or call.by:
        return None
    short = call.name.rpartition(".")[2]
    given = _given(site, short)
    state = given.get("state", "")
    found: str | None = None
    if short in _FIXED:
        found = _FIXED[short]
    elif short == "set_fact":
        keys = [key for key in given if key != "cacheable"]
        found = f"Set {', '.join(keys)}" if keys else None
    elif short in _PACKAGES:
        what = given.get("name") or given.get("pkg") or given.get("package") or given.get("requirements")
        verb = _PRESENT.get(state, "Install")
        found = (
            f"{verb} {what}" if what else ("Update the package cache" if "update_cache" in given else None)
        )
    elif short in _SERVICE_MODULES:
        found = _service(given)
    elif short == "file":
        what = given.get("path") or given.get("dest") or given.get("name")
        found = f"{_FILES.get(state, 'Set the attributes of')} {what}" if what else None
    elif short in {"user", "group"} and state == "absent":
        found = f"Remove {short} {given.get('name', '')}".strip()
    elif short in _PHRASES:
        phrase, options = _PHRASES[short]
        what = next((given[one] for one in (*options, "") if given.get(one)), None)
        found = phrase.format(what) if what else None
    return _shortened(found) if found else None


def _service(given: Mapping[str, str]) -> str | None:
    unit = given.get("name") or given.get("service") or given.get("unit")
    if not unit:
        return "Reload systemd" if "daemon_reload" in given else None
    verb = _SERVICES.get(given.get("state", ""))
    enabled = given.get("enabled", "").lower()
    if enabled in {"yes", "true", "on"}:
        verb = f"{verb} and enable" if verb else "Enable"
    elif enabled in {"no", "false", "off"}:
        verb = f"{verb} and disable" if verb else "Disable"
    return f"{verb} {unit}" if verb else None


def _given(site: Site, short: str) -> dict[str, str]:
    """What the module is given, as a person would say it; the bare string under ""."""
    value = site.call.value if site.call is not None else None
    if isinstance(value, MappingNode):
        said = {entry.name: _said(entry.value) for entry in entries(value)}
        return {key: one for key, one in said.items() if one is not None}
    if isinstance(value, ScalarNode) and not is_null(value):
        command = short in {"command", "shell", "raw", "script"}
        taken = freeform.parse(value.value, command=command)
        return {"": _plain(taken.raw), **{pair.name: _plain(pair.value) for pair in taken.pairs}}
    return {}


def _said(node: Node) -> str | None:
    if isinstance(node, ScalarNode):
        return _plain(node.value)
    if isinstance(node, SequenceNode) and node.value:
        items = [item.value for item in node.value if isinstance(item, ScalarNode)]
        if len(items) != len(node.value):
            return None
        shown = [_plain(item) for item in items[:3]]
        more = f" and {len(items) - 3} more" if len(items) > 3 else ""
        return ", ".join(shown) + more
    return None


def _plain(text: str) -> str:
    """`text` on one line. `{{ item }}` is the loop's; other variables are left for Ansible to fill in."""
    return " ".join(text.split())


def _shortened(text: str) -> str | None:
    """`text` up to what a name may be long, never cut within an expression."""
    loop = _JINJA.sub(lambda found: "each item" if found[1].split(".")[0] == "item" else found[0], text)
    if len(loop) <= _MOST:
        return loop
    cut = loop[:_MOST].rsplit(" ", 1)[0]
    if has_jinja(cut) and cut.count("{{") != cut.count("}}"):
        cut = cut[: cut.rindex("{{")].rstrip()
    return f"{cut} …" if len(cut.split()) > 1 else None
