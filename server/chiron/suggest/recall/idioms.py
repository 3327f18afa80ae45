"""What the usual names of tasks mean, where nothing like them has been written yet.

Each idiom is a pattern of names, the modules it speaks for and, for some, a way to write the task with values
from the name and from the project. Particular patterns stand before general ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from chiron.suggest.recall import file_idioms as files
from chiron.suggest.recall import phrases
from chiron.suggest.recall import system_idioms as system
from chiron.suggest.recall.surroundings import Surroundings
from chiron.suggest.recall.written import Written

Writer: TypeAlias = Callable[[re.Match[str], Surroundings], Written | None]


@dataclass(frozen=True, slots=True)
class Idiom:
    """A pattern of names and the modules people then use, likeliest first."""

    pattern: re.Pattern[str]
    modules: tuple[str, ...]
    write: Writer | None = None
    #: Such names hardly mean anything else.
    plain: bool = False


@lru_cache(maxsize=64)
def idioms_for(name: str) -> tuple[tuple[Idiom, re.Match[str]], ...]:
    """The idioms that `name` follows, most particular first."""
    plain = phrases.plain_name(name)
    return tuple((idiom, found) for idiom in IDIOMS if (found := idiom.pattern.search(plain)))


@lru_cache(maxsize=20_000)
def meaning_of(name: str) -> Idiom | None:
    """The most particular idiom that `name` follows."""
    plain = phrases.plain_name(name)
    return next((idiom for idiom in IDIOMS if idiom.pattern.search(plain)), None)


def is_other(name: str, other: str) -> bool:
    """Whether two names follow idioms that speak of different modules."""
    # A name that is being typed is another one at each key: it is not to drive out what is kept of tasks.
    mine, theirs = next((idiom for idiom, _ in idioms_for(name)), None), meaning_of(other)
    return mine is not None and theirs is not None and not set(mine.modules) & set(theirs.modules)


_CREATE = r"^(?:create|add|ensure|make|set ?up|configure|manage|remove|delete|define) (?:an? |the )?"
_NAME = r"[\w.@{}-]+"
_PLACE = r"\b(?:dir|dirs|directory|directories|folder|folders)\b"
_CONFIG = (
    r"(?:\.(?:conf|cfg|ini|ya?ml|json|service|toml|cnf|xml|env|properties)\b"
    r"|\bconfig(?:uration)?(?: files?)?$|\bunit file|\bvhosts?\b|\bvirtual ?hosts?\b)"
)
_SWITCH = r"(?:re)?start|stop|enable|disable"
_KEYS = r"\bauthori[sz]ed[_ ]keys?\b"

_Row: TypeAlias = tuple[str, str] | tuple[str, str, Writer]

#: Tasks that steer the play.
_CONTROL: Sequence[_Row] = (
    (r"^(?:include|import)\b.*\brole\b", "include_role import_role"),
    (r"^(?:include|import)\b.*\bvar", "include_vars"),
    (r"^(?:load|read|gather)\b.*\b(?:vars|variables)\b", "include_vars"),
    (
        r"^(?:include|import)\b(?!.*\b(?:keys?|gpg|certs?|certificates?|data|databases?|dumps?|sql|images?"
        r"|dashboards?|schemas?)\b)",
        "include_tasks import_tasks",
    ),
    (r"^(?:set|define)\b.*\b(?:facts?|variables?|vars?)\b|^set_fact", "set_fact"),
    (r"^(?:assert|verify that|validate that)\b", "assert fail"),
    (r"^(?:fail|abort|exit|stop playbook|stop the play)\b", "fail assert"),
    (r"^(?:debug|print|show|display|output|echo)\b", "debug command"),
    (r"^(?:flush|run|force)\b.*\bhandlers\b|^end (?:play|host)\b", "meta"),
)

#: What is likely to be said of one thing only.
_PARTICULAR: Sequence[_Row] = (
    (r"\bservices? facts\b|^(?:gather|collect|populate|get)\b.*\bservices?$", "service_facts", system.bare),
    (r"\bpackages? facts\b|^(?:gather|collect|populate|get)\b.*\bpackages?$", "package_facts", system.bare),
    (r"^(?:gather|collect|refresh|re-?read)\b.*\bfacts\b|^setup facts\b", "setup"),
    (
        r"\b(?:daemon[- ]reload|reload (?:the )?systemd(?: daemon)?$|systemctl daemon)",
        "systemd_service systemd",
        system.daemon_reload,
    ),
    (
        r"\b(?:update|refresh)\b.*\b(?:apt|package)[- ]?(?:cache|index|lists?)",
        "apt package",
        system.apt_cache,
    ),
    (r"^reboot\b", "reboot", system.reboot),
    (
        r"\bcron ?(?:job|tab|task)?s?\b|^schedule\b|\b(?:nightly|hourly|daily) .*\bjob\b",
        "cron",
        system.cron,
    ),
    (
        rf"{_KEYS}.* (?:for|to|of) (?:the )?(?:user )?(?P<user>[\w-]+)(?: user)?$",
        "ansible.posix.authorized_key",
        system.authorized_key,
    ),
    (
        rf"{_KEYS}|\bssh (?:public )?keys? (?:for|to|of)\b"
        r"|^(?:add|authori[sz]e|deploy|install|set ?up|upload|distribute)\b.*\bssh (?:public |pub )?keys?\b",
        "ansible.posix.authorized_key",
    ),
    (r"\bsudo(?:ers?)?\b(?!.* package)", "template copy lineinfile"),
    (
        r"\badd (?:the )?(?P<user>[\w-]+)(?: user)? to (?:the )?(?P<group>[\w-]+) group",
        "user",
        system.user_in_group,
    ),
    (rf"{_CREATE}(?:\w+ )?group (?:for )?['\"`]?(?P<after>{_NAME})", "group", system.group),
    (
        rf"{_CREATE}(?:system )?['\"`]?(?P<before>{_NAME})['\"`]? (?:system )?group\b",
        "group",
        system.group,
    ),
    (
        rf"{_CREATE}(?:system )?['\"`]?(?P<before>{_NAME})['\"`]? (?:system )?user(?: account)?"
        r"(?:$| exists| is present)",
        "user",
        system.user,
    ),
    (
        rf"{_CREATE}(?:system )?user (?:account )?(?:for |named |called )?['\"`]?(?P<after>{_NAME})",
        "user",
        system.user,
    ),
)

_FILES: Sequence[_Row] = (
    (r"\b(?:sym(?:bolic )?links?|symlinks?|links?)\b", "file", files.link),
    (
        rf"^(?:create|ensure|make|set up|add|generate)\b.*\b(?:temp|tmp|temporary)\b.*(?:{_PLACE}|\bfile\b)"
        r"|^(?:create|make)\b.*\b(?:temp|tmp)(?:dir|file)\b",
        "tempfile",
    ),
    (
        r"^(?:create|ensure|make|add|set ?up)(?: that)?(?: /\S+,?(?: and)?)+(?: (?:is|are))?"
        r"(?: (?:exists?|present|created))?$",
        "file",
        files.directory,
    ),
    (
        r"^(?:generate|create|write|ship|deploy|install|add|copy|put|template|set ?up|configure)\b.*"
        r"(?:\bsystemd\b.*\b(?:units?|services?|timers?|overrides?|drop-?ins?|files?|targets?)\b"
        r"|\b(?:service|unit|timer) (?:file|definition|script|override)s?\b)",
        "template copy",
        files.template,
    ),
    (
        r"^(?:fetch|collect|copy|save|pull|get)\b.*\b(?:to|on|onto|from) (?:the )?"
        r"(?:ansible|local|localhost|controll?er?|control)\b|^(?:fetch|collect)\b.*\blogs?\b",
        "fetch",
    ),
    (r"^(?:enable|disable)\b.*\b(?:sites?|vhosts?|virtual ?hosts?|server blocks?)\b", "file command"),
    (r"^(?:chmod|chown|touch)\b|\b(?:is|be) executable\b|\bexecutable$", "file"),
    (rf"^(?:create|make|ensure|set ?up|add|remove|delete)\b.*{_PLACE}", "file", files.directory),
    (rf"{_PLACE}.*\b(?:exists?|present)\b", "file", files.directory),
    (r"^(?:set|fix|ensure|change|correct|adjust)\b.*\b(?:permissions?|ownership|owner|mode)\b", "file"),
    (
        r"^(?:pre-?)?(?:remove|delete|purge|clean(?: ?up)?|rm|wipe)\b.*"
        r"(?:\bfiles?\b|/\w|\bte?mp\b|\btemporary\b|\bdata\b|\blogs?\b|\bcaches?\b|\bcontents?\b|\bscripts?\b"
        r"|\barchives?\b|\btarball\b|\binstallers?\b|\bconfig\w*\b|\bcert\w*\b|\bbackups?\b|\.\w{2,5}\b|\bsites?\b)",
        "file command",
        files.removed,
    ),
    (
        r"\bcheck (?:if|whether|that|for)\b.*(?:\bexists?\b|\bpresent\b|/\w)|\bstat\b",
        "stat",
        files.stat,
    ),
    (r"^(?:clone|check ?out|git clone)\b(?P<what>.*)", "git", files.cloned),
    (r"\bgit (?:repo|repository|checkout)\b", "git"),
    (r"^(?:download|fetch)\b(?P<what>.*)", "get_url uri", files.downloaded),
    (r"^get\b(?P<what>.*\b(?:archive|tarball|binary|script|release)\b.*)", "get_url", files.downloaded),
    (r"^(?:extract|unpack|unarchive|untar|unzip|decompress)\b", "unarchive", files.unpacked),
    (r"\btemplates?\b|\btemplated\b|\.j2\b", "template", files.template),
    (
        rf"^(?:deploy|render|generate|configure|write|create|install|add|set ?up|update|put)\b.*{_CONFIG}",
        "template copy",
        files.template,
    ),
    (
        r"^(?:copy|upload|transfer|push|place|install|deploy|put|distribute)\b.*"
        r"(?:\bfiles?\b|\bscript\b|\bcertificates?\b|\bconfig\b|\.\w{2,5}\b|/\w)",
        "copy template",
        files.copied,
    ),
)

_PACKAGES: Sequence[_Row] = (
    (
        r"^(?:upgrade|update|dist-upgrade|patch)\b(?: the)?(?: all)?(?: installed)?"
        r"(?: system| os| distro| packages| server| software| everything)\b",
        "apt dnf yum package",
    ),
    (r"\brequirements\.txt\b|\bvirtual ?env\b|\bvenv\b", "pip command"),
    (r"\bcomposer\b(?!.*\binstall(?:er|ed)\b)", "community.general.composer command"),
    (r"^(?:install|ensure)\b.*\b(?:helm|chart)\b", "kubernetes.core.helm command"),
    (
        r"^(?:install|ensure)\b(?P<what>.*\b(?:pip3?|python (?:package|module|librar)\w*|virtualenv)\b.*)",
        "pip package",
        system.pip,
    ),
    (r"^install\b.*\b(?:npm|node(?:js)? (?:package|module)s?)\b", "community.general.npm"),
    (r"^install\b.*\b(?:ruby )?gems?\b", "community.general.gem"),
    (
        r"\bppa\b|\bapt (?:repo|repository|source)\w*"
        r"|\b(?:repo|repository|repositories)\b.*\b(?:apt|debian|ubuntu)\b",
        "apt_repository deb822_repository",
        system.repository,
    ),
    (r"\b(?:yum|dnf|rpm) (?:repo|repository)\w*|\b(?:epel|remi)\b.*\brepo", "yum_repository package dnf"),
    (r"\brpm\b.*\bkeys?\b|\bkeys?\b.*\brpm\b", "rpm_key"),
    (
        r"\b(?:gpg|apt|signing|repository|repo|stable|public|pgp)[- ]keys?\b|^import\b.*\bkeys?\b",
        "apt_key rpm_key get_url",
    ),
    (
        r"^(?:add|enable|configure|set ?up)\b.*\b(?:repo|repos|repository|repositories)\b",
        "apt_repository yum_repository",
    ),
    (
        rf"^(?:systemd )?(?P<verbs>(?:{_SWITCH})(?:,? and |/| & |, )(?:{_SWITCH}|reload)|{_SWITCH}|reload)\b"
        r"(?P<what>.*)",
        "service systemd systemd_service",
        system.service,
    ),
    (
        r"^(?:ensure|make sure)(?: that)?\b(?P<what>.*?)\b(?:is|are)\s+"
        r"(?P<verbs>.*?\b(?:running|started|enabled|stopped|disabled)\b.*)",
        "service systemd",
        system.service,
    ),
    (r"^(?:un)?mask\b|\.(?:service|timer|socket|target)\b", "systemd service systemd_service"),
    (r"\bservices?\b.*\b(?:running|started|enabled|stopped|disabled|boot|reboot)\b", "service systemd"),
    (r"^(?:ensure|make sure)\b.*\bstarts?\b", "service systemd"),
    (
        r"^(?:install|ensure)\b(?P<what>.*?)(?:\b(?:is|are)\b.*\binstalled\b.*)",
        "package apt dnf yum",
        system.installed,
    ),
    (
        r"^(?P<verb>install|uninstall|remove|purge|upgrade|update)\b(?P<what>.*)",
        "package apt dnf yum",
        system.package,
    ),
    (r"\binstall\b|\bpackages?\b", "package apt dnf yum"),
)

#: Subjects that have a module of their own.
_SUBJECTS: Sequence[_Row] = (
    (r"\b(?:net|vm|kernel|fs)\.[a-z_]+|\bip(?:v4|v6)?[ _]forward", "ansible.posix.sysctl"),
    (r"\bswap\b", "command ansible.posix.mount lineinfile"),
    (r"\b(?:ulimits?|nofile|memlock|open files)\b", "community.general.pam_limits lineinfile"),
    (r"/etc/hosts\b|\bhosts file\b", "lineinfile template blockinfile"),
    (r"\bbashrc\b|\b(?:bash_)?profile\b|\$?PATH\b", "lineinfile template"),
    (r"\blocales?\b", "community.general.locale_gen command lineinfile"),
    (r"\balternatives?\b", "community.general.alternatives command"),
    (r"^(?:synchroni[sz]e|rsync|sync)\b|\brsync\b", "ansible.posix.synchronize command"),
    (r"\bmkfs\b|^format\b|^(?:create|make)\b.*\bfile ?systems?\b", "community.general.filesystem command"),
    (r"^(?:re)?partition\b|\bpartitions?\b", "community.general.parted command"),
    (r"\blogical volumes?\b|\blvs?\b", "community.general.lvol command"),
    (r"\bvolume groups?\b|\b[vp]vs?\b", "community.general.lvg command"),
    (
        r"\bdocker[- ]compose\b|\bcompose (?:stack|project|services?)\b",
        "community.docker.docker_compose_v2 command",
    ),
    (
        r"\blog ?in\b.*\bregistry\b|\bregistry\b.*\b(?:log ?in|auth\w*)",
        "community.docker.docker_login command",
    ),
    (r"\bdocker\b.*\bvolumes?\b", "community.docker.docker_volume"),
    (r"\bnamespaces?\b|\bmanifests?\b|\bk8s\b|\bkubernetes\b", "kubernetes.core.k8s command template"),
    (r"\b(?:private|rsa|ssl|tls) key\b", "community.crypto.openssl_privatekey command copy"),
    (r"\b(?:csr|signing request)\b", "community.crypto.openssl_csr command"),
    (r"\bself[- ]signed\b", "command community.crypto.x509_certificate"),
    (r"\bhtpasswd\b|\bbasic auth\w*\b", "community.general.htpasswd template"),
    (r"\bapache2? modules?\b|\ba2enmod\b", "community.general.apache2_module"),
    (r"\b(?:archive|compress|zip|tar)\b", "community.general.archive command"),
    (r"\bsubscri(?:be|ption)\b|\brhsm\b", "community.general.redhat_subscription command"),
    (r"\bwait\b.*\b(?:api|url|http|https|endpoint|website|page|health\w*)\b", "uri wait_for"),
    (
        r"^wait\b.*\b(?:nodes?|pods?|cluster|quorum|all|members?|replicas?|finish\w*|complet\w*|ready|sync\w*)\b",
        "command wait_for shell uri",
    ),
    (r"\bhostname\b", "hostname", system.hostname),
    (r"\btime ?zone\b", "community.general.timezone", system.timezone),
    (r"\bsysctl\b|\bkernel param", "ansible.posix.sysctl"),
    (r"\bmount\b|\bfstab\b", "ansible.posix.mount"),
    (r"\bselinux\b", "ansible.posix.selinux ansible.posix.seboolean"),
    (r"\bfirewalld\b", "ansible.posix.firewalld"),
    (r"\bufw\b", "community.general.ufw"),
    (r"\biptables\b", "iptables"),
    (r"\b(?:load|kernel) .*\bmodules?\b|\bmodprobe\b", "community.general.modprobe"),
    (r"\bmysql\b.*\buser\b", "community.mysql.mysql_user"),
    (r"\bmysql\b.*\b(?:database|db)\b", "community.mysql.mysql_db"),
    (r"\bpostgres\w*\b.*\buser\b", "community.postgresql.postgresql_user"),
    (r"\bpostgres\w*\b.*\b(?:database|db)\b", "community.postgresql.postgresql_db"),
    (r"\b(?:databases?|db)\b.*\b(?:user|grant|privilege|permission)s?\b", "community.mysql.mysql_user"),
    (
        r"^(?:create|add|drop|remove|import|restore|ensure|dump)\b.*\b(?:databases?|db)\b",
        "community.mysql.mysql_db community.postgresql.postgresql_db command",
    ),
    (r"^(?:set|change|update|reset)\b.*\bpasswords?\b", "user community.mysql.mysql_user command"),
    (
        r"^(?:create|add|ensure|make|remove|delete|lock|set ?up|manage|configure)\b.*"
        r"\b(?:users?|accounts?)\b",
        "user",
    ),
    (r"^(?:create|add|ensure|make|remove|delete|set ?up|manage)\b.*\bgroups?\b", "group"),
    (r"\bfirewall\b|^(?:open|allow)\b.*\bports?\b", "ansible.posix.firewalld community.general.ufw iptables"),
    (r"\bdocker\b.*\bnetwork\b", "community.docker.docker_network"),
    (r"\b(?:docker|pull)\b.*\bimage\b", "community.docker.docker_image"),
    (r"\b(?:run|start|create|launch)\b.*\bcontainer\b", "community.docker.docker_container"),
    (r"\bwait\b.*\bport\b", "wait_for", system.wait_port),
    (
        r"\bwait\b.*\b(?:ssh|connection|come back|reachable|reboot|server to)\b",
        "wait_for_connection wait_for",
    ),
    (r"\bwait\b", "wait_for uri command shell"),
    (r"\bsudoers?\b", "template copy lineinfile"),
    (r"\bgather\b.*\bservice", "service_facts"),
    (r"\bgather\b.*\bpackage", "package_facts"),
    (r"\b(?:gather|collect)\b.*\bfacts\b", "setup"),
)

#: What a verb alone says.
_VERBS: Sequence[_Row] = (
    (
        r"^(?:set|ensure|change|configure|disable|enable|allow|add|update|comment)\b.*\b(?:in|to) (?:the )?"
        r"\S*(?:/etc|\.conf|\.cfg|config|\bline\b|hosts file)",
        "lineinfile replace blockinfile",
    ),
    (r"^(?:un)?comment\b|^(?:append|insert|prepend)\b|\bcmdline\b|\bgrub\b", "lineinfile replace command"),
    (
        r"^(?:set|ensure|change|configure|disable|enable|allow|restrict|increase|limit|permit|disallow)\b.*\b"
        r"(?:options?|settings?|parameters?|directives?|entry|entries|limits?|timeouts?|log ?level|root login"
        r"|size|value|authentication|login|logins)\b",
        "lineinfile template replace",
    ),
    (r"\bline\b", "lineinfile"),
    (r"\bblock\b", "blockinfile"),
    (r"^(?:copy|upload|transfer|push)\b", "copy"),
    (r"^(?:render|deploy|write|ship|template)\b|^(?:generate|create)\b.*\bfiles?\b", "template copy"),
    (r"^back ?up\b", "copy command"),
    (
        r"^(?:call|query|request|post|ping|test)\b.*\b(?:api|url|endpoint|http|https|webhook)\b"
        r"|\bhealth ?check\b",
        "uri",
    ),
    (r"^(?:pause|confirm|prompt|ask)\b", "pause"),
    (r"^(?:find|locate|search)\b", "find command shell"),
    (r"^(?:read|slurp)\b", "slurp command"),
    (
        r"^(?:get|check|list|determine|detect|query|show|collect|retrieve|verify|test|run|execute|init"
        r"|initiali[sz]e|apply|build|compile|make|generate|convert|migrate|import|export|join|create|turn|switch"
        r"|kill|use|perform|call|invoke|trigger|refresh|rebuild|regenerate|re-?init\w*|flush|clear|drain|purge"
        r"|zap|move|rename|bootstrap|setup|set|unset|request|resolve|validate|reset|register|unload|load)\b",
        "command shell",
    ),
)

IDIOMS: tuple[Idiom, ...] = tuple(
    Idiom(
        re.compile(row[0], re.IGNORECASE),
        tuple(row[1].split()),
        row[2] if len(row) > 2 else None,
        plain=table is _PARTICULAR,
    )
    for table in (_CONTROL, _PARTICULAR, _FILES, _PACKAGES, _SUBJECTS, _VERBS)
    for row in table
)
