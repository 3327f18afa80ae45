"""Containers and what runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chiron.ansible.commands.flags import read
from chiron.ansible.commands.meant import Meant, Value, is_place

_CONTAINER = "community.docker.docker_container"
#: What `docker run` takes, the option it is, and whether it may be given more than once.
_RUN = {
    "--name": ("name", False), "-p": ("published_ports", True), "--publish": ("published_ports", True),
    "-v": ("volumes", True), "--volume": ("volumes", True), "--restart": ("restart_policy", False),
    "--network": ("network_mode", False), "--net": ("network_mode", False), "-u": ("user", False),
    "--user": ("user", False), "-w": ("working_dir", False), "--hostname": ("hostname", False),
    "-h": ("hostname", False), "-m": ("memory", False), "--memory": ("memory", False),
}  # fmt: skip
_K8S, _HELM = "kubernetes.core.k8s", "kubernetes.core.helm"
_KINDS = {"namespace": "Namespace", "ns": "Namespace"}


def docker(words: Sequence[str], chdir: str | None = None) -> Meant | None:
    rest = list(words[1:])
    if words[0] == "docker-compose" or rest[:1] == ["compose"]:
        return _compose(rest if words[0] == "docker-compose" else rest[1:], chdir)
    if len(rest) == 2 and rest[0] == "pull":
        return Meant("community.docker.docker_image_pull", {"name": rest[1], "pull": "always"})
    if rest[:1] == ["run"]:
        return _run(rest[1:])
    if len(rest) == 2 and rest[0] == "rmi" and not rest[1].startswith("-"):
        return Meant("community.docker.docker_image_remove", {"name": rest[1]})
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


def _run(words: Sequence[str]) -> Meant | None:
    """`docker run -d --name NAME … IMAGE`. Words behind the image are the container's command."""
    options: dict[str, Value] = {}
    lists: dict[str, list[str]] = {}
    waiting, is_detached = list(words), False
    while waiting and waiting[0].startswith("-"):
        flag, equals, value = waiting.pop(0).partition("=")
        if flag in {"-d", "--detach"} and not equals:
            is_detached = True
            continue
        if flag == "--privileged" and not equals:
            options["privileged"] = True
            continue
        if flag not in _RUN or (not equals and not waiting):
            return None
        value = value if equals else waiting.pop(0)
        name, is_list = _RUN[flag]
        if is_list:
            lists.setdefault(name, []).append(value)
        elif name in options:
            return None
        else:
            options[name] = value
    if not is_detached or "name" not in options or not waiting or _is_relative(lists.get("volumes", [])):
        return None
    options["image"] = waiting[0]
    if len(waiting) > 1:
        lists["command"] = waiting[1:]
    return Meant(_CONTAINER, {**options, **lists, "state": "started"})


def _is_relative(volumes: Sequence[str]) -> bool:
    return any(volume.startswith((".", "$")) for volume in volumes)


def _compose(rest: list[str], chdir: str | None) -> Meant | None:
    files: list[str] = []
    while rest[:1] in (["-f"], ["--file"]) and len(rest) > 1:
        files.append(rest[1])
        rest = rest[2:]
    if len(files) == 1 and is_place(files[0]) and "/" in files[0].rstrip("/"):
        folder, _, name = files[0].rpartition("/")
        meant = _compose(rest, folder)
        return replace(meant, options={**meant.options, "files": [name]}) if meant is not None else None
    if chdir is None or not is_place(chdir) or files:
        return None
    states = {("up", "-d"): "present", ("down",): "absent", ("stop",): "stopped", ("restart",): "restarted"}
    state = states.get(tuple(rest))
    if state is None:
        return None
    return Meant("community.docker.docker_compose_v2", {"project_src": chdir, "state": state})


def kubectl(words: Sequence[str]) -> Meant | None:
    """`kubectl apply -f FILE`, `delete -f FILE`, and namespaces."""
    found = read(words[2:], valued="-f|--filename -n|--namespace")
    if found is None or len(words) < 3 or words[1] not in {"apply", "create", "delete"}:
        return None
    state = "absent" if words[1] == "delete" else "present"
    options: dict[str, Value] = {"state": state}
    if (namespace := found.get("n")) is not None:
        options["namespace"] = namespace
    path = found.get("f")
    if path is not None and not found.rest:
        if path.startswith(("http://", "https://")) or is_place(path):
            apply: dict[str, Value] = {"apply": True} if words[1] == "apply" else {}
            return Meant(_K8S, {"src": path, **options, **apply})
        return None
    if len(found.rest) != 2 or found.rest[0] not in _KINDS or path is not None or words[1] == "apply":
        return None
    return Meant(_K8S, {"kind": _KINDS[found.rest[0]], "name": found.rest[1], **options})


def helm(words: Sequence[str]) -> Meant | None:
    """`helm install NAME CHART`, `upgrade --install`, `uninstall NAME`, `repo add NAME URL`."""
    if tuple(words[1:3]) == ("repo", "add") and len(words) == 5 and not words[4].startswith("-"):
        options: dict[str, Value] = {"name": words[3], "repo_url": words[4]}
        return Meant(f"{_HELM}_repository", options)
    found = read(
        words[2:],
        plain="-i|--install --create-namespace --wait",
        valued="-n|--namespace --version -f|--values",
    )
    if found is None or len(words) < 3 or words[1] not in {"install", "upgrade", "uninstall", "delete"}:
        return None
    options = {"release_namespace": found.get("n") or "default"}
    if words[1] in {"uninstall", "delete"}:
        if len(found.rest) != 1 or set(found.given) - {"n"}:
            return None
        return Meant(_HELM, {"name": found.rest[0], **options, "state": "absent"})
    # A chart in a folder of the one who calls is none of the host's.
    if len(found.rest) != 2 or found.rest[1].startswith(".") or (words[1] == "upgrade") != found.has("i"):
        return None
    options |= {"chart_version": found.given["version"]} if found.has("version") else {}
    options |= {"create_namespace": True} if found.has("create-namespace") else {}
    options |= {"wait": True} if found.has("wait") else {}
    if (values := found.get("f")) is not None:
        if not is_place(values):
            return None
        options["values_files"] = [values]
    return Meant(_HELM, {"name": found.rest[0], "chart_ref": found.rest[1], **options})


RULES = {"kubectl": kubectl, "helm": helm}
IN_FOLDER = {"docker": docker, "docker-compose": docker}
