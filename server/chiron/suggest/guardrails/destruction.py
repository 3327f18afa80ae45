"""What of a call would destroy or lay open: removed paths, wiped disks, unseen programs, open files."""

from __future__ import annotations

import re
from typing import Final

from chiron.suggest.guardrails.calls import Call, command_found

#: Verbs of a name that asks for something to be gone.
REMOVING: Final = (
    r"\b(remov\w*|delet\w*|purg\w*|wip\w*|clean\w*|clear\w*|eras\w*|destroy\w*|uninstall\w*|drop\w*|absent)\b"
)

#: Directories whose removal takes the system, or everybody's data, with it.
_SYSTEM: Final = frozenset(
    """
    / /bin /boot /boot/efi /boot/grub /boot/grub2 /dev /etc /etc/pam.d /etc/ssh /etc/ssl /etc/systemd
    /home /lib /lib32 /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /usr /usr/bin /usr/lib
    /usr/lib64 /usr/local /usr/local/bin /usr/local/lib /usr/sbin /usr/share /var /var/lib /var/lib/dpkg
    /var/lib/rpm /var/log /var/spool /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/sudoers
    /etc/fstab /etc/hosts /etc/resolv.conf ~ $HOME
    """.split()  # noqa: SIM905 - a column of quoted paths would not be easier to read
)
_WINDOWS_SYSTEM: Final = re.compile(
    r"^[a-z]:(\\?|\\(windows|users|program files( \(x86\))?)(\\system32)?\\?)$", re.I
)
_RM: Final = re.compile(r"(?:^|[;&|(]\s*|\bsudo\s+|\bxargs\s+)rm\s+((?:-{1,2}[\w-]+\s+)*)([^;&|]*)")
_WIPES: Final = re.compile(
    r"\bmkfs(\.\w+)?\s|\bwipefs\b.*-a|\bdd\b[^;&|]*\bof=/dev/(?!null)|\bshred\b|\bsgdisk\b.*(-Z|--zap)"
    r"|\bblkdiscard\b|\bDROP\s+(DATABASE|SCHEMA|TABLE)\b|>\s*/dev/(sd|nvme|vd|xvd)|\bdropdb\b"
    r"|\bFormat-Volume\b|\bClear-Disk\b",
    re.IGNORECASE,
)
_PIPED: Final = re.compile(
    r"\b(curl|wget|fetch|Invoke-WebRequest|iwr|irm)\b[^|;&]*\|\s*(sudo\s+(-\S+\s+)*|env\s+(\S+=\S*\s+)*)*"
    r"(/\S*/)?((ba|z|da|k|a|c)?sh|python[\d.]*|perl|ruby|node|php|iex|pwsh)\b"
    r"|\b(ba|z|da|k)?sh\b[^|;&]*(<\(|\$\(|`)\s*(curl|wget)\b"
    r"|\b(eval|source|\.)\s+[\"']?(<\(|\$\(|`)\s*(curl|wget)\b"
    r"|\biex\b[^|;&]*\b(DownloadString|iwr|irm|Invoke-WebRequest)\b",
    re.IGNORECASE,
)
_CHMOD: Final = re.compile(r"\bchmod\s+(?:-\S+\s+)*(\S+)")
_WRITE_BIT: Final = re.compile(r"(?:^|,)[ug]*[oa][uoga]*[=+][rxXst]*w")


def _removed_paths(call: Call) -> list[str]:
    paths: list[str] = []
    if call.module in {"file", "win_file"} and call.text("state") == "absent":
        paths += call.texts("path", "dest", "name")
    for command in call.commands:
        for found in _RM.finditer(command):
            flags, operands = found[1], found[2]
            if re.search(r"-\w*[rR]|--recursive|-\w*f|--force", flags) or "/" in operands:
                paths += [word.strip("\"'") for word in operands.split() if not word.startswith("-")]
        found_all = re.search(r"\bfind\s+(\S+)[^;&|]*(-delete\b|-exec\s+rm\b)", command)
        if found_all and not re.search(r"\s-(name|iname|mtime|mmin|path|regex|user|size|newer)\b", command):
            paths.append(found_all[1])
        if "--no-preserve-root" in command:
            paths.append("/")
    return paths


def _is_system(path: str) -> bool:
    bare = path.strip().strip("\"'")
    for ending in ("/*", "/.", "/**", "\\*"):
        bare = bare.removesuffix(ending) or "/"
    plain = re.sub(r"/+", "/", bare)
    plain = plain if plain == "/" else plain.rstrip("/")
    # `/{{ directory }}` and `/$DIR` are the root directory on the day the variable is empty.
    return plain in _SYSTEM or bool(_WINDOWS_SYSTEM.match(plain)) or bool(re.match(r"^/(\{\{|\$)", plain))


def removes_system(call: Call) -> str:
    path = next((path for path in _removed_paths(call) if _is_system(path)), "")
    return f"It removes `{path}`." if path else ""


def asks_for_path(name: str, call: Call) -> bool:
    paths = [path.strip("\"'").lower() for path in _removed_paths(call) if _is_system(path)]
    return bool(re.search(REMOVING, name)) and all(
        re.search(rf"(^|\s){re.escape(path)}(\s|$)", name) for path in paths
    )


def wipes(call: Call) -> str:
    for command in call.commands:
        found = _WIPES.search(command)
        if found:
            return f"It destroys data: `{found[0].strip()}`."
    if call.module in {"mysql_db", "postgresql_db", "mongodb_db", "influxdb_database"}:
        return "It drops a database." if call.text("state") == "absent" else ""
    if call.module == "filesystem" and (call.is_true("force") or call.text("state") == "absent"):
        return "It makes a file system over what is there."
    if call.module in {"lvol", "lvg", "parted", "zfs", "win_partition", "win_format"}:
        gone = call.text("state") == "absent"
        return (
            "It removes a volume."
            if gone or (call.module in {"lvol", "win_format"} and call.is_true("force"))
            else ""
        )
    return ""


def runs_locally(call: Call) -> str:
    """A lookup that runs a program on the machine Ansible is started on."""
    return f"A lookup runs a program here: `{call.local_programs[0]}`." if call.local_programs else ""


def pipes(call: Call) -> str:
    return command_found(call, _PIPED, "It runs what it downloads, unseen")


def world_writable(call: Call) -> str:
    for name in ("mode", "directory_mode", "file_mode", "dir_mode"):
        mode = call.text(name)
        if _lets_all_write(mode):
            return f"`{name}: {mode}` lets everybody write."
    for command in call.commands:
        for found in _CHMOD.finditer(command):
            if _lets_all_write(found[1].strip("\"'")):
                return f"`{found[0]}` lets everybody write."
    return ""


def _lets_all_write(mode: str) -> bool:
    digits = mode.lower().removeprefix("0o")
    if digits.isdigit():
        # With the sticky bit, as on /tmp, nobody can take away what another wrote.
        sticky = len(digits.lstrip("0")) == 4 and int(digits.lstrip("0")[0]) & 1
        return len(digits) >= 3 and bool(int(digits[-1]) & 2) and not sticky
    return bool(_WRITE_BIT.search(mode))
