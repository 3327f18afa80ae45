"""Values for options, read out of a task's name and place: what it is about, where that usually lies.

Each takes a name and a place and gives YAML, or None where neither tells.
"""

from __future__ import annotations

import re

from chiron.suggest.recall import phrases
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.wording import STOP_WORDS, stem, tokens

_VERB_STATES = {
    "install": "present", "add": "present", "creat": "present", "remove": "absent", "remov": "absent",
    "upgrad": "latest", "updat": "latest", "start": "started", "stop": "stopped", "restart": "restarted",
    "reload": "reloaded", "mount": "mounted", "unmount": "unmounted", "clean": "absent",
}  # fmt: skip
_NO_THINGS = frozenset(
    """
    package packages service services daemon unit user group file files directory directories dir folder
    configuration config latest version new system pinned required necessary additional extra all module
    modules repository repositories key server database databases db mysql mariadb postgresql postgres
    debian ubuntu redhat rhel centos fedora suse os
    """.split()  # noqa: SIM905 - a column of quoted words would not be easier to read
)
_DIRECTORY = re.compile(r"\b(?:dir|dirs|directory|directories|folder|folders)\b", re.I)
#: Where a program keeps what it is said to keep.
_PLACES = (
    (r"\blog(?:s|ging)?\b", "/var/log/{}"),
    (r"\bcache\b", "/var/cache/{}"),
    (r"\bdata\b|\bstate\b|\bstorage\b", "/var/lib/{}"),
    (r"\brun(?:time)?\b|\bpid\b|\bsockets?\b", "/run/{}"),
    (r"\bbackups?\b", "/var/backups/{}"),
    (r"\bkey ?rings?\b", "/etc/apt/keyrings"),
    (r"\bsystemd\b.*\b(?:override|drop-?in)\b", "/etc/systemd/system/{}.service.d"),
    (r"\bsystemd\b", "/etc/systemd/system"),
    (r"\bconf(?:ig(?:uration)?)?s?\b|\bsettings\b", "/etc/{}"),
    (r"\btmp\b|\btemp(?:orary)?\b|\bdownloads?\b|\bbuild\b", "/tmp/{}"),  # noqa: S108 - as people name it
    (r"\binstall(?:ation)?\b|\bapp(?:lication)?\b|\bhome\b|\bbase\b|\broot\b", "/opt/{}"),
)


def subject(name: str) -> list[str]:
    """What `name` is about: its words behind the verb, up to where a circumstance begins, no stop words."""
    plain = re.sub(
        r"\s+(?:on|from|for|via|using|with|in|at|if|when|to|into|as|is|are|so|that)\s.*|\s*[(\[].*",
        "",
        phrases.plain_name(name),
        flags=re.I,
    )
    found = tokens(plain)
    return [word for word in found[1:] if word.lower() not in STOP_WORDS]


def things(name: str) -> list[str]:
    """The words of `subject` that name a thing in particular."""
    return [word for word in subject(name) if word.lower() not in _NO_THINGS and re.match(r"[\w{]", word)]


def state_in(name: str) -> str | None:
    """The state that the name's verb asks for: its first word, or its last in "nginx restarted"."""
    found = [token.lower() for token in tokens(phrases.plain_name(name))]
    if not found:
        return None
    return _VERB_STATES.get(stem(found[0])) or (
        _VERB_STATES.get(stem(found[-1])) if found[-1].endswith(("ted", "ped", "ded")) else None
    )


def thing(name: str, at: Surroundings) -> str | None:
    """The one thing `name` is about, or the variable that names it."""
    variable = at.variable_for(name, ("name", "user", "group"))
    if variable is not None:
        return _expression(variable)
    named = things(name)
    behind = re.search(r"\b(?:for|named|called)\s+(?:the\s+)?([\w-]+)[.]?$", name)
    if behind is not None and len(named) != 1:
        return phrases.quoted(behind[1].lower())
    if len(named) == 1:
        return phrases.quoted(named[0])
    program = at.program
    return phrases.quoted(program) if program and not named else None


def packages(name: str, at: Surroundings) -> str | None:
    """The packages to install: a variable, or what the name says, or what the role is about."""
    variable = at.variable_for(name, ("packages", "package", "pkgs", "package_name", "deps", "dependencies"))
    if variable is not None:
        return _expression(variable)
    named = [word for word in things(name) if stem(word.lower()) not in {"dependency", "prerequisit", "tool"}]
    if 0 < len(named) <= 2 and not re.search(r",|\band\b|&", name):
        return phrases.quoted("-".join(word.lower() for word in named))
    return phrases.quoted(at.program) if at.program and not named else None


def service(name: str, at: Surroundings) -> str | None:
    """The service that `name` or the tasks before are about."""
    variable = at.variable_for(name, ("service", "service_name", "daemon", "unit"))
    if variable is not None:
        return _expression(variable)
    named = [
        word for word in things(name) if not re.match(r"(?:enabl|disabl|start|stop|restart)", word.lower())
    ]
    if len(named) == 1:
        return phrases.quoted(named[0] if "{{" in named[0] else named[0].lower())
    return phrases.quoted(at.program) if at.program else None


def enabled(name: str, _at: Surroundings) -> str | None:
    """Whether the service starts with the system, where the name speaks of it."""
    if re.search(r"\bdisabl|\bstop\b", name, re.I):
        return "false" if re.search(r"\bdisabl", name, re.I) else None
    return "true" if re.search(r"\benabl|\bboot\b|\bstart\b|\brunning\b", name, re.I) else None


def reload_too(name: str, _at: Surroundings) -> str | None:
    return "true" if re.search(r"\breload|\bdaemon|\bunit\b|\benabl", name, re.I) else None


def cache_update(_name: str, at: Surroundings) -> str | None:
    """True where the tasks of this file that install do so too."""
    return "true" if any("update_cache" in task.body for task in at.above) else None


def path(name: str, at: Surroundings) -> str | None:
    """The path in the name, the variable for it, or where such a thing usually lies."""
    found = phrases.path_in(name)
    if found is not None:
        return phrases.quoted(found)
    endings = ("dir", "directory", "path", "root", "home", "file", "location", "folder", "dest")
    variable = at.variable_for(name, endings)
    if variable is not None:
        return _expression(variable)
    file_name = phrases.file_name_in(name)
    if file_name is not None:
        there = at.destination_of(file_name)
        return phrases.quoted(there) if there else None
    program = at.program or next(iter(things(name)), None)
    if program is None or "{{" in program:
        return None
    for pattern, place in _PLACES:
        if re.search(pattern, name, re.I):
            folder = place.format(program.lower())
            if _DIRECTORY.search(name):
                return folder
            return f"{folder}/{program.lower()}.conf" if folder.startswith("/etc/") else None
    return None


def variable_path(name: str, at: Surroundings) -> str | None:
    """As `path`, without the conventions of Unix systems."""
    endings = ("dir", "directory", "path", "root", "file", "location", "folder", "dest")
    variable = at.variable_for(name, endings)
    return _expression(variable) if variable is not None else None


def file_state(name: str, _at: Surroundings) -> str | None:
    """What is to be there: a directory unless the name says otherwise; None where only rights are set."""
    plain = phrases.plain_name(name)
    if re.match(r"(?:remove|delete|purge|clean|uninstall|disable)\b", plain, re.I):
        return "absent"
    if re.search(r"\b(?:sym)?link\b", plain, re.I):
        return "link"
    if re.search(r"\btouch\b|\bempty\b.*\bfile\b", plain, re.I):
        return "touch"
    if re.search(r"\b(?:permissions?|owner(?:ship)?|mode|chmod|chown)\b", plain, re.I):
        return None
    return "directory" if _DIRECTORY.search(plain) or not re.search(r"\bfiles?\b", plain, re.I) else "touch"


def file_mode(name: str, at: Surroundings) -> str | None:
    state = file_state(name, at)
    return {"directory": '"0755"', "touch": '"0644"', None: '"0644"'}.get(state)


def template(name: str, at: Surroundings) -> str | None:
    """The template that the name means, or what it would be called."""
    there = at.template_for(name)
    if there is not None:
        return phrases.quoted(there)
    if at.facts.complete:
        return None
    base = _file_of(name, at)
    return phrases.quoted(f"{base.removesuffix('.j2')}.j2") if base else None


def template_target(name: str, at: Surroundings) -> str | None:
    return _target(name, template(name, at), at)


def copied_file(name: str, at: Surroundings) -> str | None:
    """The file that the name means, or what it would be called."""
    there = at.file_for(name)
    if there is not None:
        return phrases.quoted(there)
    if at.facts.complete:
        return None
    base = _file_of(name, at)
    return phrases.quoted(base) if base else None


def copy_target(name: str, at: Surroundings) -> str | None:
    return _target(name, copied_file(name, at), at)


def _target(name: str, source: str | None, at: Surroundings) -> str | None:
    """Where a file made from `source` goes."""
    found = phrases.path_in(name)
    if found is not None:
        return phrases.quoted(found)
    variable = at.variable_for(name, ("dest", "path", "file", "config", "conf"))
    if variable is not None:
        return _expression(variable)
    if source is None:
        return None
    base = source.strip('"').rsplit("/", 1)[-1].removesuffix(".j2")
    there = at.destination_of(base)
    if there is None and at.program:
        there = f"/etc/{at.program}/{base}"
    return phrases.quoted(there) if there else None


def _file_of(name: str, at: Surroundings) -> str | None:
    """What a file of this name would be called: `nginx.conf`, `app.service`."""
    written = phrases.file_name_in(name)
    if written is not None:
        return written
    found = phrases.path_in(name)
    if found is not None and not found.endswith("/"):
        return found.rsplit("/", 1)[-1]
    program = next(
        (word for word in things(name) if re.match(r"[\w-]+$", word) and len(word) > 2), at.program
    )
    if program is None:
        return None
    if re.search(r"\bsystemd\b|\bunit\b|\bservice\b", name, re.I):
        return f"{at.program or program}.service".lower()
    if re.search(r"\bscript\b", name, re.I):
        return f"{program}.sh".lower()
    if re.search(r"\blogrotate\b|\bcron\b|\bsudoers?\b", name, re.I):
        return str(at.program or program)
    return f"{program}.conf".lower()


def url(name: str, at: Surroundings) -> str | None:
    found = phrases.url_in(name)
    if found is not None:
        return phrases.quoted(found)
    return at.variable_expression(name, ("url", "uri", "repo", "repository", "src", "link", "endpoint"))


def key_url(name: str, at: Surroundings) -> str | None:
    found = phrases.url_in(name)
    if found is not None:
        return phrases.quoted(found)
    return at.variable_expression(name, ("key", "gpg_key", "key_url", "gpgkey", "gpg_key_url"))


def repository(name: str, at: Surroundings) -> str | None:
    return at.variable_expression(name, ("repo", "repository", "apt_repo", "ppa"))


def download_target(name: str, at: Surroundings) -> str | None:
    """Where what is downloaded goes: as `path`, else into /tmp under the thing's name."""
    found = path(name, at)
    if found is not None:
        return found
    named = things(name)
    return f"/tmp/{named[0].lower()}" if named and re.match(r"[\w.-]+$", named[0]) else None  # noqa: S108


def archive(name: str, at: Surroundings) -> str | None:
    """What is unpacked: what was downloaded before, or the variable for it."""
    if at.downloaded is not None:
        return phrases.quoted(at.downloaded)
    return at.variable_expression(name, ("archive", "tarball", "src", "url", "file"))


def port(name: str, at: Surroundings) -> str | None:
    found = re.search(r"\b(?:port )?(\d{2,5})\b", name)
    if found is not None:
        return phrases.quoted(found[1]) if not found[1].isdigit() else found[1]
    return at.variable_expression(name, ("port",))


def port_and_protocol(name: str, at: Surroundings) -> str | None:
    number = port(name, at)
    if number is None:
        return None
    return f"{number}/tcp" if number.isdigit() else number.replace("}}", "}}/tcp")


def line(name: str, _at: Surroundings) -> str | None:
    found = phrases.quoted_in(name)
    return phrases.quoted(found) if found else None


def message(name: str, _at: Surroundings) -> str | None:
    plain = phrases.plain_name(name)
    return phrases.quoted(plain) if plain else None


def kernel_parameter(name: str, _at: Surroundings) -> str | None:
    found = re.search(r"\b(?:net|vm|fs|kernel|user|dev)(?:\.\w+)+", name)
    return found[0] if found else None


def kernel_value(name: str, _at: Surroundings) -> str | None:
    found = re.search(r"(?:=|\bto)\s*(\d+)\b", name)
    return f'"{found[1]}"' if found else '"0"' if re.search(r"\bdisabl", name, re.I) else '"1"'


def result_name(name: str, kind: str) -> str:
    """What the result of a task is kept as."""
    named = [re.sub(r"\W+", "_", word.lower()).strip("_") for word in subject(name) if "{{" not in word]
    named = [word for word in named if word and word not in ("exists", "exist", "present", "installed")]
    return "_".join([*named[-2:], kind]) if named else f"found_{kind}"


_COMMANDS = re.compile(
    r"(?:apt-get|systemctl|sysctl|docker|podman|kubectl|helm|npm|yarn|pip3?|python3?|php|composer|bundle|make|"
    r"git|update-\w+|locale-gen|mkdir|modprobe|restorecon|setsebool|firewall-cmd|ufw|swapoff|swapon|mount|"
    r"certbot|openssl|gpg|ldconfig|depmod|augenrules|auditctl|authselect|dpkg-reconfigure|rake|mysqladmin)\b.*"
)


def command(name: str, _at: Surroundings) -> str | None:
    """The command that the name spells out: in quotes, behind "run", or `X --version` where it asks that."""
    plain = phrases.plain_name(name)
    spelled = phrases.quoted_in(plain)
    if spelled is not None and (" " in spelled or re.match(r"(?:run|execute)\b", plain, re.I)):
        return phrases.quoted(spelled)
    behind = re.match(r"(?:run|execute|call|invoke)\s+(?P<what>.+)$", plain, re.I)
    if behind is not None and (_COMMANDS.match(behind["what"]) or behind["what"].startswith("/")):
        return phrases.quoted(behind["what"])
    if _COMMANDS.fullmatch(plain):
        return phrases.quoted(plain)
    named = [word for word in things(plain) if re.match(r"[\w.-]+$", word)]
    if re.search(r"\bversion\b", plain, re.I) and named:
        tool = next(
            (word for word in named if stem(word.lower()) not in {"current", "installed", "exist"}), None
        )
        return f"{tool.lower()} --version" if tool else None
    installed = re.search(
        r"\b(?:if|whether|that)\s+(?P<what>[\w.-]+)\s+(?:is|are|has been)\b.*\binstalled", plain, re.I
    )
    if installed is not None:
        return f"which {installed['what'].lower()}"
    return None


def _expression(variable: str) -> str:
    return f'"{{{{ {variable} }}}}"'
