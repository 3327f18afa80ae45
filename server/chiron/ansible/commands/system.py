"""The kernel, names, time, firewalls, keys, builds."""

from __future__ import annotations

from collections.abc import Sequence

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place


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


def rmmod(words: Sequence[str]) -> Meant | None:
    if len(words) == 2 and not words[1].startswith("-"):
        return Meant("community.general.modprobe", {"name": words[1], "state": "absent"})
    return None


def sysctl(words: Sequence[str]) -> Meant | None:
    found = read(words[1:], plain="-q|--quiet -w|--write")
    if found is None or not found.has("w") or len(found.rest) != 1:
        return None
    name, equals, value = found.rest[0].partition("=")
    if not equals or not name or not value.strip():
        return None
    note = "The module also writes it to /etc/sysctl.conf, so that it holds after a reboot."
    options: dict[str, Value] = {"name": name.strip(), "value": value.strip(), "sysctl_set": True}
    return Meant("ansible.posix.sysctl", options, note=note)


def semanage(words: Sequence[str]) -> Meant | None:
    found = read(words[2:], plain="-a|--add -d|--delete", valued="-t|--type -p|--proto")
    if found is None or words[1] != "port" or found.has("a") == found.has("d") or len(found.rest) != 1:
        return None
    kind, protocol = found.get("t"), found.get("p")
    if not kind or protocol not in {"tcp", "udp"}:
        return None
    state = "present" if found.has("a") else "absent"
    options: dict[str, Value] = {"ports": found.rest[0], "proto": protocol, "setype": kind, "state": state}
    return Meant("community.general.seport", options)


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


def openssl(words: Sequence[str]) -> Meant | None:
    """`openssl genrsa` and `dhparam`, whose keys have no passphrase."""
    kinds = {"genrsa": "community.crypto.openssl_privatekey", "dhparam": "community.crypto.openssl_dhparam"}
    found = read(words[2:], valued="-out")
    if found is None or words[1:2] == [] or words[1] not in kinds or len(found.rest) > 1:
        return None
    path, sizes = found.get("out"), found.rest
    if path is None or not is_place(path) or not all(one.isdigit() for one in sizes):
        return None
    options: dict[str, Value] = {"path": path, "size": int(sizes[0]) if sizes else 2048}
    return Meant(kinds[words[1]], options, note="An existing key of this kind is kept.")


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
    if tuple(words[1:2]) in {("-F",), ("--flush",)} and len(words) <= 3:
        chain: dict[str, Value] = {"chain": words[2]} if len(words) == 3 else {}
        return Meant("ansible.builtin.iptables", {**chain, "flush": True})
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
    "a2enmod": apache_module, "a2dismod": apache_module, "ssh-keygen": ssh_keygen, "ufw": ufw,
    "firewall-cmd": firewall_cmd, "iptables": iptables, "rmmod": rmmod, "sysctl": sysctl,
    "semanage": semanage, "openssl": openssl,
}  # fmt: skip
IN_FOLDER = {"make": make}
