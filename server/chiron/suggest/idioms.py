"""What the usual names of tasks mean, where nothing like them has been written yet.

Each idiom is a pattern of names, the modules it speaks for and, for most, a way to write the task with
values from the name and from the project. Where a value can be known from neither, nothing is written:
an invented address or path is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chiron.suggest import phrases
from chiron.suggest.surroundings import Surroundings

#: (option, value as YAML); a value of several lines begins with a newline.
Options: TypeAlias = Sequence[tuple[str, str]]
Writer: TypeAlias = Callable[[re.Match[str], Surroundings], "Written | None"]


@dataclass(frozen=True, slots=True)
class Written:
    """A task's module with its options, and keywords behind it."""

    module: str
    options: Options
    keywords: Options = ()


@dataclass(frozen=True, slots=True)
class Idiom:
    """A pattern of names and the modules people then use, likeliest first."""

    pattern: re.Pattern[str]
    modules: tuple[str, ...]
    write: Writer | None = None


def idioms_for(name: str) -> list[tuple[Idiom, re.Match[str]]]:
    """The idioms that `name` follows, most particular first."""
    plain = phrases.plain_name(name)
    return [(idiom, found) for idiom in IDIOMS if (found := idiom.pattern.search(plain))]


def body_of(written: Written, indent: int) -> str:
    """`written` as a task's body, keys at column 0."""
    margin = " " * indent
    lines = [f"{written.module}:"]
    for option, value in written.options:
        lines.append(f"{margin}{option}:{_behind(value, margin)}")
    lines += [f"{key}:{_behind(value, '')}" for key, value in written.keywords]
    return "\n".join(lines)


def _behind(value: str, margin: str) -> str:
    return value.replace("\n", f"\n{margin}") if value.startswith("\n") else f" {value}"


# --------------------------------------------------------------------------- writers

_PACKAGE_NOUNS = frozenset("package packages pkg rpm deb software binary binaries itself".split())
_VAGUE = frozenset(
    "dependencies dependency prerequisites prerequisite requirements tools utilities libraries things "
    "plugins extensions modules stuff everything".split()
)
_SERVICE_NOUNS = frozenset("service services daemon daemons unit process server boot startup".split())


def _package(found: re.Match[str], at: Surroundings) -> Written | None:
    things = phrases.things_in(_cut(found["what"]), generic=_PACKAGE_NOUNS)
    state = found["verb"].lower()
    word = "absent" if state in {"remove", "uninstall", "purge"} else "present"
    if state in {"upgrade", "update"}:
        word = "latest"
    if not things or any(thing.split("-")[-1] in _VAGUE for thing in things):
        variable = at.variable_for(found["what"], ("packages", "package", "pkgs", "deps", "dependencies"))
        if variable is None:
            return None
        names = f'"{{{{ {variable} }}}}"'
    else:
        names = _listed(things)
    return Written(at.package_module, (("name", names), ("state", word)))


def _service(found: re.Match[str], at: Surroundings) -> Written | None:
    things = phrases.things_in(_cut(found["what"]), generic=_SERVICE_NOUNS)
    if not things:
        subject = at.program
        things = [subject] if subject else []
    if len(things) != 1:
        return None
    verbs = re.findall(r"\b(start|stop|restart|reload|enabl|disabl|run)", found["verbs"].lower())
    options: list[tuple[str, str]] = [("name", phrases.quoted(things[0]))]
    states = {"start": "started", "run": "started", "stop": "stopped", "restart": "restarted"}
    states["reload"] = "reloaded"
    options += [("state", states[verb]) for verb in verbs if verb in states][:1]
    on_boot = re.search(r"\b(?:at|on) (?:system )?(?:boot|start-?up)\b", found["what"], re.IGNORECASE)
    if "enabl" in verbs or on_boot:
        options.append(("enabled", "true"))
    if "disabl" in verbs:
        options.append(("enabled", "false"))
    return Written(at.module("service", "systemd", "systemd_service"), options)


def _daemon_reload(_: re.Match[str], at: Surroundings) -> Written:
    return Written(at.module("systemd_service", "systemd"), (("daemon_reload", "true"),))


def _user(found: re.Match[str], at: Surroundings) -> Written | None:
    name = _name_of(found)
    if name is None:
        return None
    options = [("name", name), ("state", _presence(found))]
    if "system" in found[0].lower():
        options.append(("system", "true"))
    elif options[1][1] == "present":
        options.append(("shell", "/bin/bash"))
    return Written(at.module("user"), options)


def _group(found: re.Match[str], at: Surroundings) -> Written | None:
    name = _name_of(found)
    return Written(at.module("group"), (("name", name), ("state", _presence(found)))) if name else None


def _user_in_group(found: re.Match[str], at: Surroundings) -> Written | None:
    user, group = found["user"], found["group"]
    options = (("name", phrases.quoted(user)), ("groups", phrases.quoted(group)), ("append", "true"))
    return Written(at.module("user"), options)


def _directory(found: re.Match[str], at: Surroundings) -> Written | None:
    path = phrases.path_in(found.string) or at.path_variable(
        found.string, ("dir", "directory", "path", "root")
    )
    if path is None:
        return None
    if _presence(found) == "absent":
        return Written(at.module("file"), (("path", phrases.quoted(path)), ("state", "absent")))
    options = (("path", phrases.quoted(path)), ("state", "directory"), ("mode", '"0755"'))
    return Written(at.module("file"), options)


def _removed(found: re.Match[str], at: Surroundings) -> Written | None:
    path = phrases.path_in(found.string)
    if path is None or path.count("/") < 2:
        return None
    return Written(at.module("file"), (("path", phrases.quoted(path)), ("state", "absent")))


def _link(found: re.Match[str], at: Surroundings) -> Written | None:
    paths = re.findall(r"(?<!\S)/\S+", found.string)
    if len(paths) != 2:
        return None
    source, target = paths if re.search(r"\b(?:from|link) ", found.string) else paths[::-1]
    options = (("src", source), ("dest", target), ("state", "link"))
    return Written(at.module("file"), options)


def _template(found: re.Match[str], at: Surroundings) -> Written | None:
    source = at.template_for(found.string)
    written = phrases.file_name_in(found.string)
    target = phrases.path_in(found.string)
    if source is None:
        named = written or (target.rsplit("/", 1)[-1] if target and "." in target else None)
        if named is None:
            return None
        source = at.beside("templates", f"{named.removesuffix('.j2')}.j2")
    name = (written or source.rsplit("/", 1)[-1]).removesuffix(".j2")
    dest = target or at.destination_of(name)
    if dest is None:
        return None
    options = [("src", phrases.quoted(source)), ("dest", phrases.quoted(dest)), ("mode", '"0644"')]
    return Written(at.module("template"), options, at.notified(name))


def _copied(found: re.Match[str], at: Surroundings) -> Written | None:
    source = at.file_for(found.string)
    written = phrases.file_name_in(found.string)
    target = phrases.path_in(found.string)
    if source is None:
        # What is configured is what the tasks before installed; `app` stands for what nobody named.
        named = written or f"{at.program or 'app'}.conf"
        source = at.beside("files", named)
    name = source.rsplit("/", 1)[-1]
    dest = target or at.destination_of(name)
    if dest is None:
        return None
    options = (("src", phrases.quoted(source)), ("dest", phrases.quoted(dest)), ("mode", '"0644"'))
    return Written(at.module("copy"), options, at.notified(name))


def _cloned(found: re.Match[str], at: Surroundings) -> Written | None:
    url = phrases.url_in(found.string)
    repository = url or at.variable_expression(found.string, ("repo", "repository", "git_url", "url"))
    if repository is None:
        return None
    thing = _clone_name(url, found)
    dest = phrases.path_in(found.string.replace(url or "\0", ""))
    dest = dest or at.path_variable(found.string, ("dir", "directory", "path", "root", "dest"))
    dest = dest or (f"/opt/{thing}" if thing else None)
    if dest is None:
        return None
    version = at.variable_expression(found.string, ("version", "branch", "revision", "ref"))
    options = [("repo", phrases.quoted(repository)), ("dest", phrases.quoted(dest))]
    options.append(("version", phrases.quoted(version or "main")))
    return Written(at.module("git"), options)


def _object(found: re.Match[str]) -> str:
    """What the name is about, with its article: ` the app repository`."""
    what = _cut(found["what"]).rstrip()
    return what if re.match(r"\s+(?:the|an?)\b", what) else f" the{what}"


def _clone_name(url: str | None, found: re.Match[str]) -> str | None:
    if url:
        return url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    what = re.sub(r"\b(?:git|repository|repo|source|code|latest|from|into|to)\b.*", "", found["what"])
    things = phrases.things_in(what, generic=frozenset())
    return things[0] if len(things) == 1 else None


def _downloaded(found: re.Match[str], at: Surroundings) -> Written | None:
    url = phrases.url_in(found.string)
    address = url or at.variable_expression(
        found.string, ("url", "download_url", "src", "link"), f"URL of{_object(found)}"
    )
    if address is None:
        return None
    what = re.sub(r"\b(?:from|to|into|in|for)\b.*", "", found["what"])
    kinds = {"archive": ".tar.gz", "tarball": ".tar.gz", "zip": ".zip", "script": ".sh", "key": ".asc"}
    noun = next((word for word in reversed(what.lower().split()) if word in kinds), "")
    things = phrases.things_in(what, generic=frozenset({*kinds, "file", "binary", "release", "package"}))
    dest = phrases.path_in(found.string.replace(url or "\0", ""))
    if dest is None:
        name = url.rstrip("/").rsplit("/", 1)[-1] if url else None
        if name is None and len(things) == 1:
            name = phrases.file_name_in(what) or things[0] + kinds.get(noun, "")
        if name is None:
            return None
        dest = f"/tmp/{name}"  # noqa: S108 - where people put what they unpack next
    options = (("url", phrases.quoted(address)), ("dest", phrases.quoted(dest)), ("mode", '"0644"'))
    return Written(at.module("get_url"), options)


def _unpacked(found: re.Match[str], at: Surroundings) -> Written | None:
    paths = re.findall(r"(?<!\S)/\S+", found.string)
    source = paths[0] if len(paths) > 1 else at.downloaded
    target = paths[-1] if paths else None
    if source is None or target is None:
        return None
    options = (("src", phrases.quoted(source)), ("dest", phrases.quoted(target)), ("remote_src", "true"))
    return Written(at.module("unarchive"), options)


def _authorized_key(found: re.Match[str], at: Surroundings) -> Written | None:
    user = found["user"]
    source = at.file_for(f"{user} public key", suffixes=(".pub",))
    variable = at.variable_for(found.string, ("key", "keys", "public_key", "ssh_key"))
    if variable is not None:
        key = f"{{{{ {variable} }}}}"
    else:
        key = "{{ lookup('ansible.builtin.file', '" + (source or f"{user}.pub") + "') }}"
    if at.installed("ansible.posix.authorized_key"):
        options = (("user", phrases.quoted(user)), ("state", "present"), ("key", f'"{key}"'))
        return Written(at.module("ansible.posix.authorized_key"), options)
    home = "/root" if user == "root" else f"/home/{user}"
    lines = (
        ("path", phrases.quoted(f"{home}/.ssh/authorized_keys")),
        ("line", f'"{key}"'),
        ("create", "true"),
        ("owner", phrases.quoted(user)),
        ("mode", '"0600"'),
    )
    return Written(at.module("lineinfile"), lines)


def _cron(found: re.Match[str], at: Surroundings) -> Written | None:
    what = re.sub(
        r"\b(?:cron ?jobs?|cron|job|entry|task|nightly|daily|hourly|weekly|monthly|every \w+|"
        r"schedule|add|create|set ?up|install|configure|run|for|to|at|in|on|midnight)\b|\b\d{1,2}:\d\d\b",
        " ",
        found.string,
        flags=re.IGNORECASE,
    )
    path = phrases.path_in(found.string)
    things = phrases.things_in(
        " ".join(what.replace(path or "\0", "").split()), generic=frozenset({"script"})
    )
    if not things and path is None:
        return None
    label = things[0].replace("-", " ") if things else (path or "").rsplit("/", 1)[-1]
    command = path or at.script_for(things[0])
    options = [("name", phrases.quoted(label)), *_times(found.string), ("job", phrases.quoted(command))]
    return Written(at.module("cron"), options)


def _times(name: str) -> list[tuple[str, str]]:
    lowered = name.lower()
    at_time = re.search(r"\b(\d{1,2}):(\d\d)\b", lowered)
    if "reboot" in lowered:
        return [("special_time", "reboot")]
    for word in ("hourly", "weekly", "monthly"):
        if word in lowered and not at_time:
            return [("special_time", word)]
    hour, minute = (int(at_time[1]), int(at_time[2])) if at_time else (2, 0)
    if "midnight" in lowered:
        hour = 0
    return [("minute", f'"{minute}"'), ("hour", f'"{hour}"')]


def _stat(found: re.Match[str], at: Surroundings) -> Written | None:
    path = phrases.path_in(found.string)
    if path is None:
        return None
    name = re.sub(r"\W+", "_", path.rsplit("/", 1)[-1].strip(".")).strip("_").lower() or "found"
    return Written(at.module("stat"), (("path", phrases.quoted(path)),), (("register", f"{name}_stat"),))


def _repository(found: re.Match[str], at: Surroundings) -> Written | None:
    ppa = re.search(r"\bppa:[\w./-]+", found.string)
    if ppa is None:
        return None
    return Written(at.module("apt_repository"), (("repo", f'"{ppa[0]}"'), ("state", "present")))


def _apt_cache(_: re.Match[str], at: Surroundings) -> Written:
    return Written(at.module("apt"), (("update_cache", "true"), ("cache_valid_time", "3600")))


def _reboot(_: re.Match[str], at: Surroundings) -> Written:
    return Written(at.module("reboot"), ())


def _pip(found: re.Match[str], at: Surroundings) -> Written | None:
    things = phrases.things_in(
        re.sub(r"\b(?:with|using|via|from) pip3?\b|\bpip3?\b|\bpython3?\b", "", found["what"], flags=re.I),
        generic=frozenset({*_PACKAGE_NOUNS, "module", "modules", "library"}),
    )
    requirements = phrases.path_in(found.string)
    if requirements and requirements.endswith(".txt"):
        return Written(at.module("pip"), (("requirements", requirements),))
    if not things or any(thing in _VAGUE for thing in things):
        return None
    return Written(at.module("pip"), (("name", _listed(things)),))


def _hostname(found: re.Match[str], at: Surroundings) -> Written:
    named = re.search(r"\bto ([\w.-]+)$", found.string)
    return Written(at.module("hostname"), (("name", named[1] if named else '"{{ inventory_hostname }}"'),))


def _timezone(found: re.Match[str], at: Surroundings) -> Written | None:
    zone = re.search(r"\b(?:UTC|GMT|[A-Z][a-z]+/[A-Z]\w+)\b", found.string)
    variable = at.variable_for(found.string, ("timezone", "tz"))
    name = zone[0] if zone else f'"{{{{ {variable} }}}}"' if variable else None
    if name is None or not at.installed("community.general.timezone"):
        return None
    return Written(at.module("community.general.timezone"), (("name", name),))


def _wait_port(found: re.Match[str], at: Surroundings) -> Written | None:
    port = re.search(r"\bport (\d{2,5})\b", found.string)
    return Written(at.module("wait_for"), (("port", port[1]),)) if port else None


# --------------------------------------------------------------------------- reading the match


def _presence(found: re.Match[str]) -> str:
    return "absent" if re.match(r"(?:remove|delete|purge)\b", found[0], re.IGNORECASE) else "present"


def _name_of(found: re.Match[str]) -> str | None:
    name = found.groupdict().get("before") or found.groupdict().get("after")
    if name is None or name.lower() in {
        "the",
        "a",
        "an",
        "system",
        "new",
        "is",
        "if",
        "for",
        "and",
        "exists",
    }:
        return None
    return phrases.quoted(name)


def _cut(what: str) -> str:
    """`what` up to where a circumstance begins: ` on Debian`, ` from …`, ` (RHEL)`."""
    return re.sub(
        r"\s+(?:on|from|for|via|using|with|in|at|if|when|to|into|as|is|are|so|that)\b.*|\s*[(\[].*",
        "",
        what,
        flags=re.I,
    )


def _listed(things: Sequence[str]) -> str:
    if len(things) == 1:
        return phrases.quoted(things[0])
    return "".join(f"\n  - {phrases.quoted(thing)}" for thing in things)


# --------------------------------------------------------------------------- the table


def _idiom(pattern: str, modules: str, write: Writer | None = None) -> Idiom:
    return Idiom(re.compile(pattern, re.IGNORECASE), tuple(modules.split()), write)


_CREATE = r"(?:create|add|ensure|make|set ?up|configure|manage|remove|delete|define)"
_WORD = r"[\w.@{}-]+"

#: Particular patterns stand before general ones.
IDIOMS: tuple[Idiom, ...] = (
    _idiom(r"^(?:include|import)\b.*\brole\b", "include_role import_role"),
    _idiom(r"^(?:include|import)\b.*\bvar", "include_vars"),
    _idiom(r"^(?:include|import)\b", "include_tasks import_tasks"),
    _idiom(r"^(?:set|define)\b.*\b(?:facts?|variables?|vars?)\b|^set_fact", "set_fact"),
    _idiom(r"^(?:assert|verify that|validate that)\b", "assert fail"),
    _idiom(r"^(?:fail|abort|exit|stop playbook|stop the play)\b", "fail assert"),
    _idiom(r"^(?:debug|print|show|display|output|echo)\b", "debug command"),
    _idiom(r"^(?:flush|run|force)\b.*\bhandlers\b|^end (?:play|host)\b", "meta"),
    _idiom(
        r"\b(?:daemon[- ]reload|reload (?:the )?systemd(?: daemon)?$|systemctl daemon)",
        "systemd_service systemd",
        _daemon_reload,
    ),
    _idiom(
        r"\b(?:update|refresh)\b.*\b(?:apt|package)[- ]?(?:cache|index|lists?)", "apt package", _apt_cache
    ),
    _idiom(r"^reboot\b", "reboot", _reboot),
    _idiom(r"\bcron ?(?:job|tab|task)?s?\b|^schedule\b|\b(?:nightly|hourly|daily) .*\bjob\b", "cron", _cron),
    _idiom(
        r"\bauthori[sz]ed[_ ]keys?\b.* (?:for|to|of) (?:the )?(?:user )?(?P<user>[\w-]+)(?: user)?$",
        "ansible.posix.authorized_key",
        _authorized_key,
    ),
    _idiom(
        r"\bauthori[sz]ed[_ ]keys?\b|\bssh (?:public )?keys? (?:for|to|of)\b", "ansible.posix.authorized_key"
    ),
    _idiom(
        r"\badd (?:the )?(?P<user>[\w-]+)(?: user)? to (?:the )?(?P<group>[\w-]+) group",
        "user",
        _user_in_group,
    ),
    _idiom(rf"^{_CREATE} (?:an? |the )?(?:\w+ )?group (?:for )?['\"`]?(?P<after>{_WORD})", "group", _group),
    _idiom(
        rf"^{_CREATE} (?:an? |the )?(?:system )?['\"`]?(?P<before>{_WORD})['\"`]? (?:system )?group\b",
        "group",
        _group,
    ),
    _idiom(
        rf"^{_CREATE} (?:an? |the )?(?:system )?['\"`]?(?P<before>{_WORD})['\"`]? (?:system )?user(?: account)?(?:$| exists| is present)",
        "user",
        _user,
    ),
    _idiom(
        rf"^{_CREATE} (?:an? |the )?(?:system )?user (?:account )?(?:for |named |called )?['\"`]?(?P<after>{_WORD})",
        "user",
        _user,
    ),
    _idiom(r"\b(?:sym(?:bolic )?link|link)\b", "file", _link),
    _idiom(
        r"^(?:create|ensure|make|set up|add)\b.*\b(?:temp|tmp|temporary)\b.*\b(?:dir|directory|folder|file)\b|^create (?:temp|tmp)dir",
        "tempfile",
    ),
    _idiom(
        r"^(?:create|make|ensure|set ?up|add|remove|delete)\b.*\b(?:dir|dirs|directory|directories|folder|folders)\b",
        "file",
        _directory,
    ),
    _idiom(r"\b(?:director(?:y|ies)|folders?)\b.*\b(?:exists?|present)\b", "file", _directory),
    _idiom(r"^(?:set|fix|ensure|change|correct|adjust)\b.*\b(?:permissions?|ownership|owner|mode)\b", "file"),
    _idiom(r"^(?:remove|delete|purge|clean ?up)\b.*(?:\bfiles?\b|/\w)", "file", _removed),
    _idiom(r"\bcheck (?:if|whether|that|for)\b.*(?:\bexists?\b|\bpresent\b|/\w)|\bstat\b", "stat", _stat),
    _idiom(r"^(?:clone|check ?out|git clone)\b(?P<what>.*)", "git", _cloned),
    _idiom(r"\bgit (?:repo|repository|checkout)\b", "git"),
    _idiom(
        r"^(?:download|fetch)\b(?P<what>.*)|^get\b.*\b(?:archive|tarball|binary|script|release)\b(?P<also>)",
        "get_url",
        lambda found, at: _downloaded(found, at) if found["what"] else None,
    ),
    _idiom(r"^(?:extract|unpack|unarchive|untar|unzip|decompress)\b", "unarchive", _unpacked),
    _idiom(r"\btemplates?\b|\btemplated\b|\.j2\b", "template", _template),
    _idiom(
        r"^(?:deploy|render|generate|configure|write|create|install|add|set ?up|update|put)\b.*(?:\.(?:conf|cfg|ini|ya?ml|json|service|toml|cnf|xml|env|properties)\b|\bconfig(?:uration)?(?: files?)?$|\bunit file|\bvhosts?\b|\bvirtual ?hosts?\b)",
        "template copy",
        _template,
    ),
    _idiom(
        r"^(?:copy|upload|transfer|push|place|install|deploy|put|distribute)\b.*(?:\bfiles?\b|\bscript\b|\bcertificates?\b|\bconfig\b|\.\w{2,5}\b|/\w)",
        "copy template",
        _copied,
    ),
    _idiom(
        r"^(?:install|ensure)\b(?P<what>.*\b(?:pip3?|python (?:package|module|librar)\w*|virtualenv)\b.*)",
        "pip package",
        _pip,
    ),
    _idiom(r"^install\b.*\b(?:npm|node(?:js)? (?:package|module)s?)\b", "community.general.npm"),
    _idiom(r"^install\b.*\b(?:ruby )?gems?\b", "community.general.gem"),
    _idiom(
        r"\bppa\b|\bapt (?:repo|repository|source)\w*|\b(?:repo|repository|repositories)\b.*\b(?:apt|debian|ubuntu)\b",
        "apt_repository deb822_repository",
        _repository,
    ),
    _idiom(
        r"\b(?:yum|dnf|rpm) (?:repo|repository)\w*|\b(?:epel|remi)\b.*\brepo", "yum_repository package dnf"
    ),
    _idiom(r"\b(?:gpg|apt|signing|repository|repo) key\b", "apt_key rpm_key get_url"),
    _idiom(
        r"^(?:add|enable|configure|set ?up)\b.*\b(?:repo|repos|repository|repositories)\b",
        "apt_repository yum_repository",
    ),
    _idiom(
        r"^(?P<verbs>(?:(?:re)?start|stop|enable|disable)(?:,? and |/| & |, )(?:(?:re)?start|stop|enable|disable|reload)|(?:re)?start|stop|reload|enable|disable)\b(?P<what>.*)",
        "service systemd systemd_service",
        _service,
    ),
    _idiom(
        r"^(?:ensure|make sure)(?: that)?\b(?P<what>.*?)\b(?:is|are)\s+(?P<verbs>.*?\b(?:running|started|enabled|stopped|disabled)\b.*)",
        "service systemd",
        lambda found, at: _service(found, at),
    ),
    _idiom(
        r"^(?:install|ensure)\b(?P<what>.*?)(?:\b(?:is|are)\b.*\binstalled\b.*)",
        "package apt dnf yum",
        lambda found, at: _installed(found, at),
    ),
    _idiom(
        r"^(?P<verb>install|uninstall|remove|purge|upgrade|update)\b(?P<what>.*)",
        "package apt dnf yum",
        _package,
    ),
    _idiom(r"\binstall\b|\bpackages?\b", "package apt dnf yum"),
    _idiom(r"\bhostname\b", "hostname", _hostname),
    _idiom(r"\btime ?zone\b", "community.general.timezone", _timezone),
    _idiom(r"\bsysctl\b|\bkernel param", "ansible.posix.sysctl"),
    _idiom(r"\bmount\b|\bfstab\b", "ansible.posix.mount"),
    _idiom(r"\bselinux\b", "ansible.posix.selinux ansible.posix.seboolean"),
    _idiom(r"\bfirewalld\b", "ansible.posix.firewalld"),
    _idiom(r"\bufw\b", "community.general.ufw"),
    _idiom(r"\biptables\b", "iptables"),
    _idiom(r"\b(?:load|kernel) .*\bmodules?\b|\bmodprobe\b", "community.general.modprobe"),
    _idiom(r"\bmysql\b.*\buser\b", "community.mysql.mysql_user"),
    _idiom(r"\bmysql\b.*\b(?:database|db)\b", "community.mysql.mysql_db"),
    _idiom(r"\bpostgres\w*\b.*\buser\b", "community.postgresql.postgresql_user"),
    _idiom(r"\bpostgres\w*\b.*\b(?:database|db)\b", "community.postgresql.postgresql_db"),
    _idiom(r"\bdocker\b.*\bnetwork\b", "community.docker.docker_network"),
    _idiom(r"\b(?:docker|pull)\b.*\bimage\b", "community.docker.docker_image"),
    _idiom(r"\b(?:run|start|create|launch)\b.*\bcontainer\b", "community.docker.docker_container"),
    _idiom(r"\bwait\b.*\bport\b", "wait_for", _wait_port),
    _idiom(
        r"\bwait\b.*\b(?:ssh|connection|come back|reachable|reboot|server to)\b",
        "wait_for_connection wait_for",
    ),
    _idiom(r"\bwait\b", "wait_for uri command shell"),
    _idiom(r"\bsudoers?\b", "template copy lineinfile"),
    _idiom(r"\bgather\b.*\bservice", "service_facts"),
    _idiom(r"\bgather\b.*\bpackage", "package_facts"),
    _idiom(r"\b(?:gather|collect)\b.*\bfacts\b", "setup"),
    _idiom(
        r"^(?:set|ensure|change|configure|disable|enable|allow|add|update|comment)\b.*\b(?:in|to) (?:the )?\S*(?:/etc|\.conf|\.cfg|config|\bline\b|hosts file)",
        "lineinfile replace blockinfile",
    ),
    _idiom(r"\bline\b", "lineinfile"),
    _idiom(r"\bblock\b", "blockinfile"),
    _idiom(r"^(?:copy|upload|transfer|push)\b", "copy"),
    _idiom(r"^(?:render|deploy|write|generate)\b", "template copy"),
    _idiom(
        r"^(?:call|query|request|post|ping|test)\b.*\b(?:api|url|endpoint|http|https|webhook)\b|\bhealth ?check\b",
        "uri",
    ),
    _idiom(r"^(?:pause|confirm|prompt|ask)\b", "pause"),
    _idiom(r"^(?:find|locate|search)\b", "find command shell"),
    _idiom(r"^(?:read|slurp)\b", "slurp command"),
    _idiom(
        r"^(?:get|check|list|determine|detect|query|show|collect|retrieve|verify|test|run|execute|initiali[sz]e|init|apply|build|compile|make|generate|convert|migrate|import|export|join|create)\b",
        "command shell",
    ),
)


def _installed(found: re.Match[str], at: Surroundings) -> Written | None:
    things = phrases.things_in(_cut(found["what"]), generic=_PACKAGE_NOUNS)
    if not things or any(thing.split("-")[-1] in _VAGUE for thing in things):
        return None
    return Written(at.package_module, (("name", _listed(things)), ("state", "present")))
