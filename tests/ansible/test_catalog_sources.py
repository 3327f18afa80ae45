"""Which Ansible and which collections are read, why, and what a hostile workspace cannot do about it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.ansible.catalog.installation import find_installations
from chiron.ansible.catalog.sources import Sources, find_sources
from chiron.config import Settings

MODULE = 'DOCUMENTATION = """\nmodule: x\noptions:\n  one: {description: One., type: str}\n"""\n'
posix = pytest.mark.skipif(os.name == "nt", reason="links, pipes and modes as on Unix")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def workspace(tmp_path: Path, home: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


def make_python(prefix: Path, version: str, *, site: str = "lib/python3.11/site-packages") -> Path:
    """An environment with an ansible-core of `version` that is no more than its files; its interpreter."""
    core = prefix / site / "ansible"
    (core / "modules").mkdir(parents=True)
    (core / "release.py").write_text(f"__version__ = '{version}'\n")
    (core / "modules" / "ping.py").write_text(MODULE)
    (prefix / "bin").mkdir(exist_ok=True)
    python = prefix / "bin" / "python3"
    python.write_text("#!/bin/sh\ntouch started\n")
    python.chmod(0o755)
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return python


def make_collection(root: Path, name: str, module: str = "thing") -> Path:
    """A collection below `root/ansible_collections` with one module; the module's file."""
    path = root.joinpath("ansible_collections", *name.split("."), "plugins", "modules", f"{module}.py")
    path.parent.mkdir(parents=True)
    path.write_text(MODULE)
    return path


def check_installations(found: list[tuple[str, str]], *expected: tuple[str, str]) -> None:
    """`found` are the `expected` versions with the beginnings of their reasons, then Chiron's own."""
    assert [version for version, _ in found[:-1]] == [version for version, _ in expected]
    for (_, reason), (_, beginning) in zip(found, expected, strict=False):
        assert reason.startswith(beginning)
    assert found[-1][1] == "Chiron's own environment"


def installations(settings: Settings, workspace: Path | None = None, **environ: str) -> list[tuple[str, str]]:
    return [(i.version, i.reason) for i in find_installations(settings, workspace, environ)]


def sources(workspace: Path, settings: Settings | None = None, **environ: str) -> Sources:
    return find_sources(settings or Settings(), workspace, environ)


def modules(workspace: Path, **environ: str) -> set[str]:
    """The modules known in `workspace` besides ansible-core's."""
    catalog = Catalog.open(Settings(), workspace, environ)
    site = str(find_installations(Settings(), None, {})[0].core.parent)
    found = {name: catalog.look_up(name).found for name in catalog.names()}
    return {name for name, one in found.items() if one is not None and not str(one.path).startswith(site)}


# --------------------------------------------------------------------------- installations


def test_chiron_s_own_ansible_is_found_last_without_importing_it(tmp_path: Path) -> None:
    check_installations(installations(Settings()))
    assert "ansible" not in sys.modules


@posix
def test_the_user_s_python_comes_first_in_the_promised_order(tmp_path: Path, workspace: Path) -> None:
    named = make_python(tmp_path / "named", "2.16.1")
    active = make_python(tmp_path / "active", "2.17.2")
    on_path = make_python(tmp_path / "on_path", "2.18.3")
    make_python(workspace / ".venv", "2.19.4")
    check_installations(
        installations(
            Settings(python=named),
            workspace,
            VIRTUAL_ENV=str(active.parent.parent),
            PATH=f"relative:{on_path.parent}",
        ),
        ("2.16.1", "the `python` setting"),
        ("2.17.2", "the active environment (VIRTUAL_ENV)"),
        ("2.18.3", "`python3` on PATH"),
        ("2.19.4", "`.venv` in the workspace"),
    )
    assert not (tmp_path / "started").exists()


@posix
def test_the_editor_s_choice_comes_after_the_setting(tmp_path: Path) -> None:
    named = make_python(tmp_path / "named", "2.16.1")
    chosen = make_python(tmp_path / "chosen", "2.17.2")
    found = find_installations(Settings(python=named), None, {}, editor_python=chosen)
    assert [i.version for i in found[:2]] == ["2.16.1", "2.17.2"]
    assert found[1].reason == "the Python chosen in the editor"


@posix
def test_the_ansible_program_on_path_leads_to_its_environment_through_links(tmp_path: Path) -> None:
    python = make_python(tmp_path / "pipx" / "venvs" / "ansible", "2.18.0")
    program = python.parent / "ansible-playbook"
    program.write_text(f"#!{python}\n")
    program.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ansible-playbook").symlink_to(program)
    check_installations(
        installations(Settings(), PATH=str(tmp_path / "bin")), ("2.18.0", "`ansible-playbook` on PATH")
    )


@posix
def test_a_shim_of_pyenv_leads_to_the_version_chosen(tmp_path: Path) -> None:
    make_python(tmp_path / "versions" / "3.10.1", "2.16.0")
    make_python(tmp_path / "versions" / "3.11.2", "2.18.0")
    (tmp_path / "version").write_text("3.11.2\n")
    (tmp_path / "shims").mkdir()
    (tmp_path / "shims" / "ansible").write_text("#!/usr/bin/env bash\n")
    (tmp_path / "shims" / "ansible").chmod(0o755)
    path = str(tmp_path / "shims")
    check_installations(installations(Settings(), PATH=path), ("2.18.0", "`ansible` on PATH"))
    check_installations(
        installations(Settings(), PATH=path, PYENV_VERSION="3.10.1"), ("2.16.0", "`ansible` on PATH")
    )
    check_installations(installations(Settings(), PATH=path, PYENV_VERSION="../../../etc"))


@posix
def test_a_bare_name_in_the_setting_is_what_path_says(tmp_path: Path) -> None:
    python = make_python(tmp_path / "env", "2.18.0")
    check_installations(
        installations(Settings(python=Path("python3")), PATH=str(python.parent)),
        ("2.18.0", "the `python` setting"),
    )


@posix
def test_an_environment_s_interpreter_that_is_a_link_belongs_to_the_environment(tmp_path: Path) -> None:
    make_python(tmp_path / "system", "2.10.0")
    python = make_python(tmp_path / "venv", "2.18.0")
    python.unlink()
    python.symlink_to(tmp_path / "system" / "bin" / "python3")
    check_installations(installations(Settings(python=python)), ("2.18.0", "the `python` setting"))


@posix
def test_the_packages_of_the_named_version_come_before_newer_ones(tmp_path: Path) -> None:
    make_python(tmp_path / "usr", "2.19.0", site="lib/python3.12/site-packages")
    python = make_python(tmp_path / "usr", "2.14.0", site="lib/python3.9/site-packages")
    (python.parent / "python3.9").write_text("")
    found = installations(Settings(python=python.parent / "python3.9"))
    assert [version for version, _ in found[:2]] == ["2.14.0", "2.19.0"]


def test_a_setting_that_names_nothing_is_passed_over(tmp_path: Path) -> None:
    check_installations(installations(Settings(python=tmp_path / "nothing" / "bin" / "python")))


# --------------------------------------------------------------------------- places


def test_collections_come_from_beside_the_playbook_first_then_configured_ones(
    workspace: Path, tmp_path: Path
) -> None:
    make_collection(workspace / "playbooks" / "collections", "acme.cloud", "near")
    make_collection(tmp_path / "far", "acme.cloud", "far")
    make_collection(tmp_path / "far", "acme.other", "other")
    found = modules(workspace, ANSIBLE_COLLECTIONS_PATH=str(tmp_path / "far"))
    assert found == {"acme.cloud.near", "acme.other.other"}


def test_libraries_of_roles_and_of_the_project_are_called_by_bare_names(workspace: Path) -> None:
    for path in ("library/one.py", "roles/web/library/two.py", "library/nested/three", "library/_four.py"):
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_text(MODULE)
    (workspace / "library" / "README.md").write_text("no module")
    (workspace / "library" / "sidecar.yml").write_text("no module")
    assert modules(workspace) == {"one", "two", "three", "four"}


def test_a_library_module_wins_over_ansible_s_own_short_name(workspace: Path) -> None:
    (workspace / "library").mkdir()
    (workspace / "library" / "copy.py").write_text(MODULE)
    catalog = Catalog.open(Settings(), workspace, {})
    assert catalog.resolve("copy") == "copy"
    assert catalog.resolve("ansible.builtin.copy") == "ansible.builtin.copy"
    assert list(catalog.module("copy").options) == ["one"]  # type: ignore[union-attr]


def test_a_workspace_that_is_a_collection_knows_itself_by_its_name(workspace: Path) -> None:
    (workspace / "galaxy.yml").write_text("namespace: acme\nname: own\nversion: 1.2.3\n")
    (workspace / "plugins" / "modules").mkdir(parents=True)
    (workspace / "plugins" / "modules" / "thing.py").write_text(MODULE)
    catalog = Catalog.open(Settings(), workspace, {})
    assert catalog.module("acme.own.thing").version == "1.2.3"  # type: ignore[union-attr]


def test_a_workspace_inside_a_tree_of_collections_knows_its_neighbours(tmp_path: Path, home: Path) -> None:
    make_collection(tmp_path / "src", "acme.one")
    make_collection(tmp_path / "src", "acme.two")
    assert modules(tmp_path / "src" / "ansible_collections" / "acme" / "one") == {
        "acme.one.thing",
        "acme.two.thing",
    }


def test_the_configuration_in_the_workspace_names_further_places(workspace: Path, home: Path) -> None:
    make_collection(workspace / "vendor", "acme.vendored")
    make_collection(home / "mine", "acme.mine")
    (workspace / "modules").mkdir()
    (workspace / "modules" / "bare.py").write_text(MODULE)
    (workspace / "ansible.cfg").write_text(
        "[defaults]\ncollections_path = ./vendor:~/mine ; both\nlibrary = modules\n"
    )
    assert modules(workspace) == {"acme.vendored.thing", "acme.mine.thing", "bare"}


def test_the_environment_wins_over_the_configuration(workspace: Path, tmp_path: Path) -> None:
    make_collection(workspace / "vendor", "acme.vendored")
    make_collection(tmp_path / "named", "acme.named")
    (workspace / "ansible.cfg").write_text("[defaults]\ncollections_path = vendor\n")
    assert modules(workspace, ANSIBLE_COLLECTIONS_PATH=str(tmp_path / "named")) == {"acme.named.thing"}


def test_the_user_s_own_configuration_may_name_any_place(workspace: Path, home: Path, tmp_path: Path) -> None:
    make_collection(tmp_path / "opt", "acme.opt")
    (home / ".ansible.cfg").write_text(f"[defaults]\ncollections_paths = {tmp_path / 'opt'}\n")
    assert modules(workspace) == {"acme.opt.thing"}


def test_every_place_says_why_it_is_read(workspace: Path) -> None:
    make_collection(workspace / "collections", "acme.near")
    found = {root.path.name: root.reason for root in sources(workspace).collections}
    assert found["collections"] == "beside a playbook"
    assert any(reason.startswith("installed with Ansible") for reason in found.values()) or len(found) == 1


# --------------------------------------------------------------------------- hostile workspaces


def test_a_workspace_s_configuration_cannot_lead_just_anywhere(workspace: Path, tmp_path: Path) -> None:
    make_collection(tmp_path / "elsewhere", "acme.secret")
    (workspace / "ansible.cfg").write_text(
        f"[defaults]\ncollections_path = {tmp_path / 'elsewhere'}:../elsewhere:$SECRET/x\n"
    )
    found = sources(workspace, SECRET="hush")
    assert modules(workspace) == set()
    assert len(found.refused) == 2
    assert all("elsewhere" in refused for refused in found.refused)


@posix
def test_a_configuration_in_a_place_anybody_may_write_to_is_ignored(workspace: Path) -> None:
    make_collection(workspace / "vendor", "acme.vendored")
    (workspace / "ansible.cfg").write_text("[defaults]\ncollections_path = vendor\n")
    workspace.chmod(0o777)
    assert modules(workspace) == set()


@pytest.mark.parametrize(
    "text", ["", "[defaults", "\x00\xff", "[defaults]\ncollections_path\n", "collections_path = x"]
)
def test_a_broken_configuration_is_no_configuration(workspace: Path, text: str) -> None:
    (workspace / "ansible.cfg").write_text(text)
    assert modules(workspace) == set()


@posix
def test_links_that_leave_the_workspace_are_not_followed(workspace: Path, tmp_path: Path) -> None:
    outside = make_collection(tmp_path / "outside", "acme.outside")
    (workspace / "library").mkdir()
    (workspace / "library" / "stolen.py").symlink_to(outside)
    (workspace / "library" / "directory").symlink_to(outside.parent)
    (workspace / "collections" / "ansible_collections").mkdir(parents=True)
    (workspace / "collections" / "ansible_collections" / "acme").symlink_to(
        tmp_path / "outside" / "ansible_collections" / "acme"
    )
    (workspace / "roles").symlink_to(tmp_path)
    own = make_collection(workspace / "vendor" / "collections", "acme.vendored")
    (own.parent / "other.py").symlink_to(outside)
    (own.parent / "same.py").symlink_to(own)
    assert modules(workspace) == {"acme.vendored.thing", "acme.vendored.same"}


@posix
def test_the_workspace_itself_may_be_reached_through_a_link(workspace: Path, tmp_path: Path) -> None:
    make_collection(workspace / "collections", "acme.near")
    (tmp_path / "link").symlink_to(workspace)
    assert modules(tmp_path / "link") == {"acme.near.thing"}


@posix
def test_pipes_and_endless_files_are_not_waited_for(workspace: Path) -> None:
    own = make_collection(workspace / "collections", "acme.near")
    os.mkfifo(own.parent / "pipe.py")
    os.mkfifo(workspace / "ansible.cfg")
    os.mkfifo(workspace / "galaxy.yml")
    with (own.parent / "large.py").open("wb") as file:
        file.truncate(10_000_000_000)
    (own.parent / "deep.py").write_text(f'DOCUMENTATION = """{"[" * 100_000}"""\n')
    (own.parent / "aliases.py").write_text(
        'DOCUMENTATION = """\n'
        + "a0: &a0 [x, x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
        + 'options: {one: {choices: *a59}}\n"""\n'
    )
    catalog = Catalog.open(Settings(), workspace, {})
    assert catalog.resolve("acme.near.thing") == "acme.near.thing"
    for name in ("pipe", "large", "deep", "aliases"):
        module = catalog.module(f"acme.near.{name}")
        assert module is None or not module.checkable


def test_broken_metadata_costs_no_more_than_what_it_says(workspace: Path) -> None:
    own = make_collection(workspace / "collections", "acme.near").parent.parent.parent
    (own / "meta").mkdir()
    for text in (
        "plugin_routing: [",
        "plugin_routing: {modules: 1}",
        "plugin_routing: {modules: {a: 1, b: [], c: {}}}",
    ):
        (own / "meta" / "runtime.yml").write_text(text)
        (own / "MANIFEST.json").write_text("[[[" + text)
        assert modules(workspace) == {"acme.near.thing"}


def test_nothing_in_a_workspace_is_run_or_imported(workspace: Path) -> None:
    for path in ("library/run.py", "conftest.py", "sitecustomize.py"):
        (workspace / path).parent.mkdir(exist_ok=True)
        (workspace / path).write_text("import pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\n")
    catalog = Catalog.open(Settings(), workspace, {})
    assert catalog.module("run") is not None
    assert not list(workspace.rglob("*.ran"))
