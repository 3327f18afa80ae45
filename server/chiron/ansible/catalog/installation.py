"""Finding the Ansible that the user would run, without running anything.

An installation is a directory with ansible-core in it. The candidates come in the order in which they
win: the `python` setting, the editor's choice, an active virtual environment, what PATH names, a virtual
environment in the workspace, and last the environment Chiron itself is installed in. Interpreters and
scripts are never started: where an interpreter keeps its packages follows from its path, and which
interpreter a script on PATH belongs to from the script's first line.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chiron.ansible.catalog.files import is_within, read_text
from chiron.config import Settings

_VERSION = re.compile(r"^__version__\s*=\s*['\"]([^'\"]+)", re.M)
#: Where an environment keeps its packages, below its prefix: Unix, Debian's system Python, Windows.
_SITES = (
    "lib/python3*/site-packages",
    "lib64/python3*/site-packages",
    "local/lib/python3*/dist-packages",
    "lib/python3/dist-packages",
    "lib/python3*/dist-packages",
    "Lib/site-packages",
)


@dataclass(frozen=True, slots=True)
class Installation:
    """One ansible-core found on this machine, and why it was looked at."""

    #: The directory of the `ansible` package, as `…/site-packages/ansible`.
    core: Path
    #: Version of ansible-core.
    version: str
    #: In words, as "the `python` setting".
    reason: str
    #: `ansible_collections` beside it, where there is one.
    collections: Path | None = None
    #: Version of the `ansible` package that brought those, where it did.
    package_version: str | None = None
    #: The workspace, where the installation lies in it and no link may lead out of it.
    within: Path | None = None


def find_installations(
    settings: Settings,
    workspace: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    editor_python: Path | None = None,
) -> list[Installation]:
    """Every ansible-core found, the one to be used first, Chiron's own last. Each directory stands once.

    `editor_python` is the interpreter (or environment) chosen in the editor. `environ` is the process's
    environment by default. It starts no program and imports nothing.
    """
    found: list[Installation] = []
    seen: set[str] = set()
    for site, reason, within in _sites(settings, workspace, environ, editor_python):
        core = site / "ansible"
        real = os.path.realpath(core)
        if real in seen:
            continue
        installation = _installation(site, reason, within)
        if installation is not None:
            seen.add(real)
            found.append(installation)
    return found


def _sites(
    settings: Settings,
    workspace: Path | None,
    environ: Mapping[str, str] | None,
    editor_python: Path | None,
) -> Iterator[tuple[Path, str, Path | None]]:
    """Directories that may hold an `ansible` package, each with the reason and its bounds, in order."""
    env = os.environ if environ is None else environ
    path = env.get("PATH", "")
    for named, reason in _named_pythons(settings, env, editor_python):
        # `python3.11` alone is what PATH says it is.
        python = named if named.is_absolute() else _on_path(str(named), path) or named
        for site in _sites_of(python):
            yield site, reason, None
    for program in ("ansible-playbook", "ansible", "python3", "python"):
        found = _on_path(program, path)
        if found is not None:
            for site in _sites_of_program(found, env):
                yield site, f"`{program}` on PATH ({found})", None
    for place in () if workspace is None else (workspace / ".venv", workspace / "venv"):
        for site in _sites_of(place):
            yield site, f"`{place.name}` in the workspace", workspace
    own = _own_site()
    if own is not None:
        yield own, "Chiron's own environment", None


def _named_pythons(
    settings: Settings, env: Mapping[str, str], editor_python: Path | None
) -> Iterator[tuple[Path, str]]:
    """The interpreters and environments that somebody chose, each with the reason, in order."""
    if settings.python is not None:
        yield settings.python.expanduser(), "the `python` setting"
    if editor_python is not None:
        yield editor_python.expanduser(), "the Python chosen in the editor"
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if env.get(variable):
            yield Path(env[variable]), f"the active environment ({variable})"


def _installation(site: Path, reason: str, within: Path | None) -> Installation | None:
    """The ansible-core in `site`, or None where there is none that can be read."""
    core = site / "ansible"
    release = read_text(core / "release.py", within=within)
    version = _VERSION.search(release) if release else None
    if version is None or not (core / "modules").is_dir():
        return None
    collections = site / "ansible_collections"
    usable = collections.is_dir() and (within is None or is_within(collections, within))
    package = read_text(collections / "ansible_release.py", within=within) if usable else None
    named = re.search(r"^ansible_version\s*=\s*['\"]([^'\"]+)", package, re.M) if package else None
    return Installation(
        core=core,
        version=version[1],
        reason=reason,
        collections=collections if usable else None,
        package_version=named[1] if named else None,
        within=within,
    )


def _sites_of(python: Path) -> Iterator[Path]:
    """The package directories of an interpreter, or of an environment's prefix."""
    if python.is_dir():
        yield from _below(python, python.name)
        return
    # An environment's interpreter is a link to the one it was made from: its own place counts first.
    for place in dict.fromkeys((python, Path(os.path.realpath(python)))):
        prefix = place.parent.parent
        yield from _below(prefix, Path(os.path.realpath(python)).name)
        settings = read_text(prefix / "pyvenv.cfg")
        if settings is not None:
            if re.search(r"^\s*include-system-site-packages\s*=\s*true\s*$", settings, re.M | re.I) is None:
                return
        else:
            yield from _below(Path("~/.local").expanduser(), Path(os.path.realpath(python)).name)


def _sites_of_program(path: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """The package directories behind a program on PATH: of its own prefix, and of its `#!` interpreter."""
    if path.parent.name == "shims":
        yield from _sites_of_shim(path, env)
        return
    if path.name.startswith("python"):
        yield from _sites_of(path)
        return
    real = Path(os.path.realpath(path))
    first = (read_text(real) or "").split("\n", 1)[0]
    interpreter = re.match(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(\S*python[\d.]*)", first)
    if interpreter and os.path.isabs(interpreter[1]):  # noqa: PTH117 - a string, not a path of ours
        yield from _sites_of(Path(interpreter[1]))
    yield from _below(real.parent.parent, "python3")


def _sites_of_shim(path: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """The package directories of the versions that pyenv would choose from, in its order."""
    root = path.parent.parent
    chosen = env.get("PYENV_VERSION") or read_text(root / "version") or ""
    for version in re.split(r"[:\s]+", chosen):
        if re.fullmatch(r"[\w.\-+]+", version) and version.strip("."):
            yield from _below(root / "versions" / version, f"python{version}")


def _below(prefix: Path, interpreter: str) -> Iterator[Path]:
    """The package directories below `prefix`, that of `interpreter`'s version first, then newest first."""
    version = re.search(r"(\d+\.\d+)", interpreter)

    def order(site: Path) -> tuple[bool, tuple[int, ...]]:
        named = re.search(r"python(\d+)\.(\d+)", str(site))
        same = bool(version and named and version[1] == f"{named[1]}.{named[2]}")
        return same, (int(named[1]), int(named[2])) if named else (0, 0)

    for pattern in _SITES:
        try:
            yield from sorted(prefix.glob(pattern), key=order, reverse=True)
        except OSError:
            continue


def _on_path(program: str, path: str) -> Path | None:
    """The first `program` on PATH; relative entries, which depend on where one stands, are left out."""
    suffixes = ("", ".exe", ".bat") if sys.platform == "win32" else ("",)
    for entry in path.split(os.pathsep):
        directory = Path(entry)
        if not entry or not directory.is_absolute():
            continue
        for suffix in suffixes:
            candidate = directory / f"{program}{suffix}"
            try:
                if candidate.is_file() and os.access(candidate, os.X_OK):
                    return candidate
            except OSError:
                continue
    return None


def _own_site() -> Path | None:
    """The package directory that Chiron's own Python would import `ansible` from. It is not imported."""
    try:
        spec = importlib.util.find_spec("ansible")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent.parent
