"""Command lines and configuration files in which a secret follows its name without `=` or `:`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ARGUMENT = r"(?P<secret>'[^']+'|\"[^\"]+\"|[^\s'\"{}\\-][^\s'\"{}\\]*)"

#: (a part that must be there, in lower case; the pattern). In these patterns a blank stands for white
#: space, `…` for the rest of one command and `ARG` for an argument, quoted or not, that is the secret.
_WRITTEN: tuple[tuple[str, str], ...] = (
    ("-", r"(?i)(?<![\w-])--?[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api-?key|auth-?key) ARG"),
    ("identified", r"(?i)\bidentified (?:with \S+ )?by (?:password )?\\?['\"](?P<secret>[^'\"\\]+)"),
    ("password", r"(?i)\b(?:encrypted )?password \\?'(?P<secret>[^'\\]+)\\?'"),
    ("mysql", r"\bmysql\w*\b… -pARG"),
    ("mariadb", r"\bmariadb\w*\b… -pARG"),
    ("mongo", r"\bmongo\w*\b… -p[ \t]*ARG"),
    ("sshpass", r"\bsshpass -p[ \t]*ARG"),
    ("login", r"\b(?:docker|podman|helm|buildah|skopeo|oras|az|oc|nerdctl)\b…\blogin\b… -p[ \t]*ARG"),
    ("smbclient", r"\bsmbclient\b… -U[ \t]*['\"]?[^\s%'\"]+%(?P<secret>[^\s'\"]+)"),
    ("redis-cli", r"\bredis-cli\b… -a ARG"),
    ("ldap", r"\bldap\w+\b… -w ARG"),
    ("curl", r"\bcurl\b… (?:-u|-U|--user|--proxy-user)[ \t=]*['\"]?[^\s:'\"]+:(?P<secret>[^\s'\"{}]+)"),
    ("chpasswd", r"(?:echo|printf) (?:-\w+ )?\\?['\"]?[\w.-]+:(?P<secret>[^\s'\"|\\]+)\\?['\"]?[ \t]*\|"),
    (
        "echo",
        r"(?:echo|printf) (?:-\w+ )?ARG[ \t]*\|[^|]*(?:-stdin|\bpasswd\b|cryptsetup|kinit|sudo (?:-\w+ )*-S)",
    ),
    ("htpasswd", r"\bhtpasswd -\w*b\w*(?: -\w+)* \S+ [^\s-]\S* ARG"),
    ("openssl", r"\bopenssl passwd(?: -(?!salt)\w+)* ARG"),
    ("pass:", r"\bpass:(?P<secret>[^\s'\"{}:]+)"),
    ("requirepass", r"\brequirepass ARG"),
    ("masterauth", r"\bmasterauth ARG"),
    ("community", r"\b(?:r[ow]community6?|snmp-server community) ARG"),
    ("key-string", r"\bkey-string (?:[0-9] )?ARG"),
    ("pre-shared-key", r"\bpre-shared-key (?:(?:local|remote|address \S+) )?(?:[0-9] )?ARG"),
    ("-server", r"\b(?:tacacs|radius)-server key (?:[0-9] )?ARG"),
    ("wpa-psk", r"\bwpa-psk (?:ascii )?(?:[0-9] )?ARG"),
    ("secret", r"(?i)\bsecret (?:0|4|5|8|9|level \d+|encrypted) ARG"),
    ("password", r"(?i)\bpassword (?:0|5|6|7|encrypted|level \d+) ARG"),
    ("password", r"^[ \t]*(?:- )?password (?P<secret>[^\s'\":={}|]+)[ \t]*;?$"),
    ("login", r"(?i)\blogin \S+ password ARG"),
)


def _compiled(written: str) -> re.Pattern[str]:
    spaced = re.sub(r"(?<!\[) ", r"[ \\t]+", written)
    return re.compile(spaced.replace("…", r"[^|;&]{0,500}?").replace("ARG", _ARGUMENT))


_PATTERNS = tuple((hint, _compiled(written)) for hint, written in _WRITTEN)


def arguments(line: str, lower: str) -> Iterator[tuple[int, int]]:
    """Where in `line` arguments stand that are secrets by what precedes them, quotes included."""
    for hint, pattern in _PATTERNS:
        if hint in lower:
            for match in pattern.finditer(line):
                yield match.span("secret")
