"""What of a call would switch off what guards a machine: SELinux, firewall, certificates, keys, passwords."""

from __future__ import annotations

import re
from typing import Final

from yaml import ScalarNode

from chiron.suggest.guardrails.calls import WRITTEN_OPTIONS, Call, command_found, text_found

_NO_TLS_COMMAND: Final = re.compile(
    r"\bcurl\b[^|;&]*\s(-[a-zA-Z]*k[a-zA-Z]*|--insecure)(\s|$)|--no-check-certificate\b"
    r"|\bsslverify[ =]+[\"']?(false|0|off|no)\b|strict-ssl[ =]+false|--trusted-host\b"
    r"|\bNODE_TLS_REJECT_UNAUTHORIZED=0|\bGIT_SSL_NO_VERIFY=|--insecure-skip-tls-verify\b|--skip-tls-verify\b"
    r"|--tls-verify=false\b|-SkipCertificateCheck\b",
    re.IGNORECASE,
)
_NO_SIGNATURE_COMMAND: Final = re.compile(
    r"--allow-unauthenticated\b|--nogpgcheck\b|--no-gpg-checks?\b|--force-yes\b|--allow-untrusted\b|--nosignature\b",
    re.IGNORECASE,
)
_NO_HOST_KEY: Final = re.compile(
    r"StrictHostKeyChecking[ =\"']+(no|off)\b|UserKnownHostsFile[ =\"']+/dev/null"
    r"|host_key_checking[ =]+(false|no|0)\b",
    re.IGNORECASE,
)
_FIREWALLS: Final = frozenset(
    {"firewalld", "ufw", "iptables", "ip6tables", "nftables", "netfilter-persistent", "mpssvc", "pf", "csf"}
)
_FIREWALL_COMMAND: Final = re.compile(
    r"\bufw\s+(--force\s+)?(disable|reset)\b|\b(ip6?tables|nft)\b[^|;&]*(\s-F\b|--flush\b|\bflush ruleset\b)"
    r"|\bip6?tables\b[^|;&]*-P\s+INPUT\s+ACCEPT|\bset allprofiles state off\b"
    r"|\bsystemctl\s+(--\S+\s+)*(stop|disable|mask)\s+(--\S+\s+)*(firewalld|ufw|iptables|ip6tables|nftables)\b"
    r"|\bservice\s+(firewalld|ufw|iptables|ip6tables|nftables)\s+stop\b|\bfirewall-cmd\b[^|;&]*--panic-off",
    re.IGNORECASE,
)
_SELINUX_COMMAND: Final = re.compile(
    r"\bsetenforce\s+(0|permissive)\b|\bSELINUX=(disabled|permissive)\b|\bselinux=0\b|\benforcing=0\b"
    r"|\bapparmor=0\b|\baa-teardown\b|\bsystemctl\s+(stop|disable|mask)\s+(--\S+\s+)*apparmor\b",
    re.IGNORECASE,
)
_EMPTY_PASSWORD_COMMAND: Final = re.compile(
    r"\bpasswd\s+(-d|--delete)\b|\buseradd\b.*-p\s*(''|\"\")|\bIDENTIFIED BY\s*(''|\"\")"
    r"|\bPermitEmptyPasswords\s+yes\b|\busermod\b.*-p\s*(''|\"\")",
    re.IGNORECASE,
)
_TLS_OPTIONS: Final = (
    "validate_certs", "verify_ssl", "ssl_verify", "sslverify", "verify_certs", "tls_verify", "check_ssl",
    "validate_cert", "verify_cert", "https_verify_certificates", "ssl_verify_peer", "verify", "validate_ssl",
)  # fmt: skip
_NO_TLS_OPTIONS: Final = (
    "insecure",
    "skip_tls_verify",
    "insecure_skip_tls_verify",
    "ignore_ssl",
    "disable_tls_checks",
)


def selinux(call: Call) -> str:
    if call.module == "selinux" and call.text("state") in {"disabled", "permissive"}:
        return f"It sets SELinux to {call.text('state')}."
    if call.module == "selinux_permissive" and call.is_true("permissive"):
        return "It makes an SELinux domain permissive."
    if call.text("name") == "apparmor" and _is_switched_off(call):
        return "It switches AppArmor off."
    return text_found(call, _SELINUX_COMMAND, "It weakens SELinux or AppArmor")


def firewall(call: Call) -> str:
    name = call.text("name", "service").removesuffix(".service").lower()
    if name in _FIREWALLS and _is_switched_off(call):
        return f"It switches the firewall `{name}` off."
    if call.module in {"ufw", "win_firewall", "firewall"} and call.text("state") in {"disabled", "reset"}:
        return "It switches the firewall off."
    if call.module == "iptables" and (
        call.is_true("flush")
        or (call.text("policy") == "ACCEPT" and call.text("chain") in {"INPUT", "FORWARD"})
    ):
        return "It opens the firewall."
    return command_found(call, _FIREWALL_COMMAND, "It switches the firewall off")


def _is_switched_off(call: Call) -> bool:
    return (
        call.text("state") in {"stopped", "absent"}
        or call.is_false("enabled")
        or call.is_true("masked")
        or call.text("start_mode") == "disabled"
    )


def tls(call: Call) -> str:
    for name in _TLS_OPTIONS:
        if call.is_false(name):
            return f"`{name}: {call.text(name)}` leaves the other side unverified."
    for name in _NO_TLS_OPTIONS:
        if call.is_true(name):
            return f"`{name}: {call.text(name)}` leaves the other side unverified."
    if (
        call.module == "git_config"
        and call.text("name").lower() == "http.sslverify"
        and call.is_false("value")
    ):
        return "It switches off the verification of certificates."
    for name, node in call.environment.items():
        if isinstance(node, ScalarNode) and _NO_TLS_COMMAND.search(f"{name}={node.value}"):
            return f"`{name}` leaves the other side unverified."
    return text_found(call, _NO_TLS_COMMAND, "It leaves the other side unverified")


def signatures(call: Call) -> str:
    for name in ("disable_gpg_check", "allow_unauthenticated", "allow_untrusted"):
        if call.is_true(name):
            return f"`{name}: {call.text(name)}` installs what nobody signed."
    for name in ("gpgcheck", "repo_gpgcheck"):
        if call.is_false(name):
            return f"`{name}: {call.text(name)}` installs what nobody signed."
    if call.module == "apt_repository" and "trusted=yes" in call.text("repo"):
        return "`trusted=yes` installs what nobody signed."
    return text_found(call, _NO_SIGNATURE_COMMAND, "It installs what nobody signed")


def host_keys(call: Call) -> str:
    if call.is_true("accept_hostkey"):
        return "`accept_hostkey` takes any host key."
    if call.is_false("host_key_checking", "verify_host_key", "host_key_check"):
        return "It switches off the check of host keys."
    for name, node in call.environment.items():
        value = str(node.value).lower() if isinstance(node, ScalarNode) else ""
        if name == "ANSIBLE_HOST_KEY_CHECKING" and value in {"false", "no", "0", "off"}:
            return "It switches off the check of host keys."
        if _NO_HOST_KEY.search(value):
            return "It switches off the check of host keys."
    texts = call.texts("ssh_opts", "ssh_args", "opts", "ssh_extra_args", *WRITTEN_OPTIONS) + call.commands
    found = next((found for text in texts if (found := _NO_HOST_KEY.search(text))), None)
    return f"It switches off the check of host keys: `{found[0]}`." if found else ""


def empty_password(call: Call) -> str:
    if call.module in {
        "user",
        "win_user",
        "mysql_user",
        "postgresql_user",
        "mongodb_user",
        "mssql_user",
        "rabbitmq_user",
    }:
        node = call.options.get("password")
        if isinstance(node, ScalarNode) and node.tag.endswith(":str") and not node.value.strip():
            return "It gives a user an empty password."
    return text_found(call, _EMPTY_PASSWORD_COMMAND, "It lets a user in without a password")
