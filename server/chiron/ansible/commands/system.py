"""The kernel, names, time, disks, firewalls, keys, builds, containers."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place

_CONTAINER = "community.docker.docker_container"


def hostnamectl(words: Sequence[str]) -> Meant | None:
    if len(words) == 3 and words[1] in {"set-hostname", "hostname"} and not words[2].startswith("-"):
        return Meant("ansible.builtin.hostname", {"name": words[2]})
    return None


def timedatectl(words: Sequence[str]) -> Meant | None:
    if len(words) == 3 and words[1] == "set-timezone":
        return Meant("community.general.timezone", {"name": words[2]})
    return None


def locale_gen(words: Sequence[str]) -> Meant | None:
    if len(words) == 2 and not words[1].startswith("-"):
        return Meant("community.general.locale_gen", {"name": words[1], "state": "present"})
    return None


def modprobe(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-r|--remove")
    if found is None or len(found.rest) != 1:
        return None
    state = "absent" if found.has("r") else "present"
    return Meant("community.general.modprobe", {"name": found.rest[0], "state": state})


def setsebool(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-P")
    if found is None:
        return None
    rest = list(found.rest)
    if len(rest) == 1 and rest[0].count("=") == 1:
        rest = rest[0].split("=")
    states = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}
    if len(rest) != 2 or rest[1] not in states:
        return None
    options: dict[str, Value] = {"name": rest[0], "state": states[rest[1]]}
    if found.has("P"):
        options["persistent"] = True
    return Meant("ansible.posix.seboolean", options)


def alternatives(words: Sequence[str]) -> Meant | None:
    if len(words) == 4 and words[1] == "--set" and is_place(words[3]):
        return Meant("community.general.alternatives", {"name": words[2], "path": words[3]})
    return None


def umount(words: Sequence[str]) -> Meant | None:
    if len(words) == 2 and is_place(words[1]) and not words[1].startswith("/dev/"):
        return Meant("ansible.posix.mount", {"path": words[1], "state": "unmounted"})
    return None


def mkfs(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], valued="-t|--type")
    kind = words[0].partition(".")[2] or (found.get("t") if found is not None else None)
    if found is None or not kind or len(found.rest) != 1 or not found.rest[0].startswith(("/dev/", "{{")):
        return None
    return Meant("community.general.filesystem", {"fstype": kind, "dev": found.rest[0]})


def apache_module(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-q|--quiet")
    if found is None or len(found.rest) != 1:
        return None
    state = "present" if words[0] == "a2enmod" else "absent"
    return Meant("community.general.apache2_module", {"name": found.rest[0], "state": state})


def ssh_keygen(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-q", valued="-t -b -f -N -C")
    if found is None or found.rest or found.get("N") != "" or not is_place(found.get("f") or ""):
        return None
    options: dict[str, Value] = {"path": found.given["f"]}
    if (kind := found.get("t")) is not None:
        options["type"] = kind
    if (size := found.get("b")) is not None:
        if not size.isdigit():
            return None
        options["size"] = int(size)
    if (comment := found.get("C")) is not None:
        options["comment"] = comment
    return Meant("community.crypto.openssh_keypair", options)


def ufw(words: Sequence[str]) -> Meant | None:
    rest = [word for word in words[1:] if word != "--force"]
    states = {"enable": "enabled", "disable": "disabled", "reload": "reloaded", "reset": "reset"}
    module = "community.general.ufw"
    if len(rest) == 1 and rest[0] in states:
        return Meant(module, {"state": states[rest[0]]})
    if len(rest) == 3 and rest[0] == "default" and rest[1] in {"allow", "deny", "reject"}:
        if rest[2] in {"incoming", "outgoing", "routed"}:
            return Meant(module, {"default": rest[1], "direction": rest[2]})
        return None
    if len(rest) != 2 or rest[0] not in {"allow", "deny", "reject", "limit"}:
        return None
    port, slash, protocol = rest[1].partition("/")
    if slash and (protocol not in {"tcp", "udp"} or not port.replace(":", "").isdigit()):
        return None
    options: dict[str, Value] = {"rule": rest[0]}
    if slash or port.isdigit():
        options["port"] = port
    elif port[:1].isupper():
        options["name"] = rest[1]  # an application's profile, as OpenSSH
    else:
        options["port"] = port
    if slash:
        options["proto"] = protocol
    return Meant(module, options)


def firewall_cmd(words: Sequence[str]) -> Meant | None:
    found = read(
        words[1:],
        plain="--permanent -q|--quiet",
        valued="--zone --add-port --remove-port --add-service --remove-service",
    )
    if found is None or found.rest:
        return None
    asked = [name for name in found.given if name.startswith(("add-", "remove-"))]
    if len(asked) != 1:
        return None
    verb, _, what = asked[0].partition("-")
    options: dict[str, Value] = {what: found.given[asked[0]]}
    if (zone := found.get("zone")) is not None:
        options["zone"] = zone
    options |= {"permanent": True} if found.has("permanent") else {"permanent": False, "immediate": True}
    return Meant("ansible.posix.firewalld", {**options, "state": "enabled" if verb == "add" else "disabled"})


def iptables(words: Sequence[str]) -> Meant | None:
    found = read(
        words[1:],
        valued="-A|--append -I|--insert -D|--delete -t|--table -p|--protocol --dport|--destination-port "
        "--sport|--source-port -j|--jump -s|--source -d|--destination -i|--in-interface -o|--out-interface",
    )
    if found is None or found.rest or sum(found.has(one) for one in "AID") != 1:
        return None
    options: dict[str, Value] = {}
    if (table := found.get("t")) is not None:
        options["table"] = table
    options["chain"] = next(found.given[one] for one in "AID" if found.has(one))
    names = {
        "p": "protocol", "s": "source", "d": "destination", "i": "in_interface", "o": "out_interface",
        "dport": "destination_port", "sport": "source_port", "j": "jump",
    }  # fmt: skip
    options |= {name: found.given[flag] for flag, name in names.items() if found.has(flag)}
    if found.has("I"):
        options["action"] = "insert"
    if found.has("D"):
        options["state"] = "absent"
    return Meant("ansible.builtin.iptables", options)


def docker(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    rest = list(words[1:])
    if words[0] == "docker-compose" or rest[:1] == ["compose"]:
        return _compose(rest if words[0] == "docker-compose" else rest[1:], chdir)
    if len(rest) == 2 and rest[0] == "pull":
        return Meant("community.docker.docker_image_pull", {"name": rest[1], "pull": "always"})
    states: dict[str, dict[str, Value]] = {
        "start": {"state": "started"}, "stop": {"state": "stopped"},
        "restart": {"state": "started", "restart": True}, "rm": {"state": "absent"},
    }  # fmt: skip
    if rest[:2] == ["rm", "-f"]:
        del rest[1]
    if len(rest) == 2 and rest[0] in states and not rest[1].startswith("-"):
        return Meant(_CONTAINER, {"name": rest[1], **states[rest[0]]})
    if len(rest) == 3 and rest[1] in {"create", "rm"} and rest[0] in {"network", "volume"}:
        if rest[2].startswith("-"):
            return None
        state = "present" if rest[1] == "create" else "absent"
        return Meant(f"community.docker.docker_{rest[0]}", {"name": rest[2], "state": state})
    return None


def _compose(rest: list[str], chdir: str | None) -> Meant | None:
    if chdir is None or not is_place(chdir):
        return None
    states = {("up", "-d"): "present", ("down",): "absent", ("stop",): "stopped", ("restart",): "restarted"}
    state = states.get(tuple(rest))
    if state is None:
        return None
    return Meant("community.docker.docker_compose_v2", {"project_src": chdir, "state": state})


def make(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    found = read(words[1:], valued="-C|--directory -j|--jobs")
    folder = (found.get("C") if found is not None else None) or chdir
    if found is None or folder is None or not is_place(folder) or len(found.rest) > 1:
        return None
    options: dict[str, Value] = {"chdir": folder}
    if found.rest:
        if "=" in found.rest[0]:
            return None
        options["target"] = found.rest[0]
    if (jobs := found.get("j")) is not None:
        if not jobs.isdigit():
            return None
        options["jobs"] = int(jobs)
    return Meant("community.general.make", options)


RULES = {
    "hostnamectl": hostnamectl, "timedatectl": timedatectl, "locale-gen": locale_gen, "modprobe": modprobe,
    "setsebool": setsebool, "update-alternatives": alternatives, "alternatives": alternatives,
    "umount": umount, "mkfs": mkfs, "mkfs.ext4": mkfs, "mkfs.xfs": mkfs, "mkfs.ext3": mkfs,
    "a2enmod": apache_module, "a2dismod": apache_module, "ssh-keygen": ssh_keygen, "ufw": ufw,
    "firewall-cmd": firewall_cmd, "iptables": iptables,
}  # fmt: skip
IN_FOLDER = {"docker": docker, "docker-compose": docker, "make": make}
