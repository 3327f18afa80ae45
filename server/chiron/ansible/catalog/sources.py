"""The places to read Ansible content from: installations, collection paths, libraries, and why each one.

What the environment, the user's own `ansible.cfg` and the settings name is trusted. What the workspace
brings is data of strangers: no link in it is followed out of it, and its `ansible.cfg` may only name places
in the workspace, in the user's home, or where Ansible looks by default. Anything else it names is refused
and told.
"""

from __future__ import annotations

import configparser
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chiron.ansible.catalog.files import is_within, read_text
from chiron.ansible.catalog.installation import Installation, find_installations
from chiron.ansible.plain import mapping, read_yaml
from chiron.config import Settings

#: Where `ansible.cfg` of a workspace may lead besides the workspace and the user's home.
_SYSTEM_PLACES = ("/usr/share/ansible", "/usr/local/share/ansible", "/etc/ansible")
#: Directories not searched for `collections` and `library`: large, and nobody's playbooks.
_SKIPPED = frozenset({"node_modules", "venv", "env", "__pycache__", "site-packages", "ansible_collections"})
_MAX_DEPTH = 5
_MAX_DIRECTORIES = 4_000


@dataclass(frozen=True, slots=True)
class Root:
    """A directory to look in, why, and the directory that no link met there may lead out of."""

    path: Path
    reason: str
    within: Path | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything to be scanned, what wins first."""

    installation: Installation | None = None
    #: Directories with an `ansible_collections` in them.
    collections: tuple[Root, ...] = ()
    #: Collections that stand by themselves: the name from their `galaxy.yml`, and where.
    own: tuple[tuple[str, Root], ...] = ()
    #: Directories of modules called by their bare name.
    libraries: tuple[Root, ...] = ()
    #: What a workspace's `ansible.cfg` named and was not read, in words.
    refused: tuple[str, ...] = ()


def find_sources(
    settings: Settings,
    workspace: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    editor_python: Path | None = None,
) -> Sources:
    """Every place that Ansible would read for a playbook in `workspace`, as Ansible orders them.

    It reads directories and `ansible.cfg`, runs nothing, and never raises for what it finds.
    """
    env = os.environ if environ is None else environ
    installations = find_installations(settings, workspace, env, editor_python=editor_python)
    installation = installations[0] if installations else None
    config = _read_config(workspace, env)
    collections: list[Root] = []
    libraries: list[Root] = []
    own: list[tuple[str, Root]] = []
    if workspace is not None:
        own.extend(_own_collection(workspace))
        for directory in _content_directories(workspace):
            if directory.name == "collections":
                collections.append(Root(directory, "beside a playbook", workspace))
            else:
                libraries.append(Root(directory, "the project's own library", workspace))
        around = _around(workspace)
        if around is not None:
            collections.append(Root(around, "the tree the workspace lies in"))
    for path in settings.collections_paths:
        collections.append(Root(path.expanduser().absolute(), "the `collections_paths` setting"))
    variables = ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS")
    collections.extend(config.paths(variables, ("collections_path", "collections_paths"), "collections"))
    libraries.extend(config.paths(("ANSIBLE_LIBRARY",), ("library",), "plugins/modules"))
    if installation is not None and installation.collections is not None:
        beside = installation.collections.parent
        collections.append(
            Root(beside, f"installed with Ansible ({installation.reason})", installation.within)
        )
    return Sources(
        installation=installation,
        collections=tuple(_once(collections)),
        own=tuple(own),
        libraries=tuple(_once(libraries)),
        refused=tuple(config.refused),
    )


class _Config:
    """One `ansible.cfg`, as far as it names places, with the environment over it."""

    def __init__(self, path: Path | None, workspace: Path | None, environ: Mapping[str, str]) -> None:
        self.refused: list[str] = []
        self._environ = environ
        self._path = path
        #: Set where the file came with the workspace, and so cannot be trusted.
        self._workspace = workspace if path and workspace and is_within(path, workspace) else None
        self._values: Mapping[str, str] = {}
        text = read_text(path, within=self._workspace) if path else None
        if text is not None:
            parser = configparser.ConfigParser(
                inline_comment_prefixes=(";",), interpolation=None, strict=False, allow_no_value=True
            )
            try:
                parser.read_string(text)
                self._values = {k: v for k, v in parser["defaults"].items() if v}
            except (configparser.Error, KeyError):
                self._values = {}
        home = environ.get("ANSIBLE_HOME")
        if home is None and self._workspace is None:
            home = self._values.get("home")
        self._home = Path(home or "~/.ansible").expanduser()

    def paths(self, variables: tuple[str, ...], keys: tuple[str, ...], default: str) -> Iterator[Root]:
        """The places named by the first of `variables`, else of `keys`, else Ansible's defaults."""
        for variable in variables:
            if self._environ.get(variable):
                for entry in self._environ[variable].split(os.pathsep):
                    if entry:
                        yield Root(self._expanded(entry, Path.cwd()), variable)
                return
        for key in keys:
            if key in self._values and self._path is not None:
                for entry in self._values[key].split(os.pathsep):
                    if entry.strip():
                        yield from self._named(entry.strip(), key)
                return
        yield Root(self._home / default, "Ansible's default path")
        yield Root(Path("/usr/share/ansible") / default, "Ansible's default path")

    def _named(self, entry: str, key: str) -> Iterator[Root]:
        """The place `entry` of the file names, unless the file is a stranger's and it leads elsewhere."""
        assert self._path is not None  # noqa: S101 - its caller checked
        path = self._expanded(entry, self._path.parent)
        reason = f"`{key}` in {self._path}"
        if self._workspace is None:
            yield Root(path, reason)
        elif is_within(path, self._workspace):
            yield Root(path, reason, self._workspace)
        elif any(is_within(path, place) for place in (Path.home(), self._home, *_SYSTEM_PLACES)):
            yield Root(path, reason)
        else:
            self.refused.append(f"{entry} ({reason}): neither in the workspace nor in your home directory")

    def _expanded(self, entry: str, base: Path) -> Path:
        text = entry.replace("{{CWD}}", str(base)).replace("{{ANSIBLE_HOME}}", str(self._home))
        text = re.sub(r"\$\{?(HOME|USER|ANSIBLE_HOME|VIRTUAL_ENV)\}?", self._variable, text)
        try:
            path = Path(text).expanduser()
        except RuntimeError:
            path = Path(text)
        return Path(os.path.normpath(base / path))

    def _variable(self, match: re.Match[str]) -> str:
        # Only variables that name places: a stranger's file must not spell out any other.
        return self._environ.get(match[1], match[0])


def _read_config(workspace: Path | None, environ: Mapping[str, str]) -> _Config:
    """The `ansible.cfg` that Ansible would use when started in `workspace`."""
    named = environ.get("ANSIBLE_CONFIG")
    candidates: list[Path] = []
    if named:
        path = Path(named).expanduser()
        candidates.append(path / "ansible.cfg" if path.is_dir() else path)
    # Ansible, too, ignores a configuration that anybody could have put there.
    if workspace is not None and not _world_writable(workspace):
        candidates.append(workspace / "ansible.cfg")
    candidates += [Path("~/.ansible.cfg").expanduser(), Path("/etc/ansible/ansible.cfg")]
    return _Config(next((path for path in candidates if path.is_file()), None), workspace, environ)


def _world_writable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return True


def _own_collection(workspace: Path) -> Iterator[tuple[str, Root]]:
    """The workspace itself where it is a collection, under the name its `galaxy.yml` gives it."""
    galaxy = mapping(read_yaml(read_text(workspace / "galaxy.yml", within=workspace) or ""))
    namespace, name = str(galaxy.get("namespace") or ""), str(galaxy.get("name") or "")
    if namespace.isidentifier() and name.isidentifier():
        yield f"{namespace}.{name}", Root(workspace, "the workspace is this collection", workspace)


def _around(workspace: Path) -> Path | None:
    """The directory whose `ansible_collections` the workspace lies in."""
    for parent in (workspace, *workspace.parents):
        if parent.name == "ansible_collections":
            return parent.parent
    return None


def _content_directories(workspace: Path) -> Iterator[Path]:
    """Every `collections` that holds some, and every `library`, nearest to the root first."""
    level, n = [workspace], 0
    for _ in range(_MAX_DEPTH):
        below: list[Path] = []
        for directory in level:
            n += 1
            if n > _MAX_DIRECTORIES:
                return
            try:
                with os.scandir(directory) as entries:
                    names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
            except OSError:
                continue
            for name in names:
                holds = name == "collections" and (directory / name / "ansible_collections").is_dir()
                if holds or name == "library":
                    yield directory / name
                elif not name.startswith(".") and name not in _SKIPPED:
                    below.append(directory / name)
        level = below


def _once(roots: list[Root]) -> Iterator[Root]:
    """`roots` that exist, each directory once."""
    seen: set[str] = set()
    for root in roots:
        real = os.path.realpath(root.path)
        if real not in seen and root.path.is_dir():
            seen.add(real)
            yield root
