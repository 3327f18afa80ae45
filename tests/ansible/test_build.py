"""Scanning: what counts as a module, what is read for it, and that nothing is read twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from chiron.ansible.catalog.build import Index, scan
from chiron.ansible.catalog.sources import Root, Sources

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    shutil.copytree(COLLECTIONS, tmp_path / "collections")
    return tmp_path / "collections"


def scanned(*roots: Path, known: dict[str, Any] | None = None) -> Index:
    return scan(Sources(collections=tuple(Root(root, "a test") for root in roots)), known)


def check_modules(index: Index, collection: str, *names: str) -> None:
    """The modules of `collection`, subdirectories dotted, are `names`."""
    assert sorted(index.collections[collection].modules) == sorted(names)


def test_a_collection_has_a_version_modules_and_actions() -> None:
    index = scanned(COLLECTIONS)
    assert {c.name: c.version for c in index.collections.values()} == {
        "acme.cloud": "2.1.0",
        "acme.tools": "0.3.0",
    }
    check_modules(index, "acme.cloud", "server", "balloon", "volume")
    assert sorted(index.collections["acme.cloud"].actions) == ["facts", "server"]


def test_documentation_is_read_from_python_before_yaml_before_code(own: Path) -> None:
    modules = own / "ansible_collections/acme/cloud/plugins/modules"
    assert scanned(own).collections["acme.cloud"].modules["volume"] == "volume.yml"
    (modules / "volume.py").write_text("")
    assert scanned(own).collections["acme.cloud"].modules["volume"] == "volume.py"


def test_what_editors_and_python_leave_behind_is_no_module(own: Path) -> None:
    modules = own / "ansible_collections/acme/tools/plugins/modules"
    (modules / "__pycache__").mkdir()
    for name in ("disk.pyc", "disk.py.swp", "old.bak", "other.py~", "notes.txt", ".hidden.py", "__init__.py"):
        (modules / name).write_text("")
    (modules / "__pycache__" / "cached.py").write_text("")
    check_modules(scanned(own), "acme.tools", "disk", "broken")


def test_modules_in_subdirectories_have_dotted_names(own: Path) -> None:
    modules = own / "ansible_collections/acme/tools/plugins/modules"
    (modules / "net" / "ios").mkdir(parents=True)
    (modules / "net" / "ios" / "port.py").write_text("")
    check_modules(scanned(own), "acme.tools", "disk", "broken", "net.ios.port")


def test_the_first_place_with_a_collection_wins_and_the_other_is_told(own: Path) -> None:
    index = scanned(own, COLLECTIONS)
    assert index.collections["acme.cloud"].path.startswith(str(own))
    assert {name for name, _ in index.shadowed} == {"acme.cloud", "acme.tools"}
    assert scanned(own, own).shadowed == ()


def test_a_directory_that_is_no_collection_is_passed_over(own: Path) -> None:
    base = own / "ansible_collections"
    (base / "acme" / "not-a-name" / "plugins" / "modules").mkdir(parents=True)
    (base / "acme" / "empty").mkdir()
    (base / "acme-1.0.info").mkdir()
    (base / "file").write_text("")
    assert set(scanned(own).collections) == {"acme.cloud", "acme.tools"}


def test_a_place_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    assert scanned(tmp_path / "nothing").collections == {}


def test_metadata_is_parsed_once_and_again_when_it_changes(own: Path) -> None:
    known: dict[str, Any] = {}
    scanned(own, known=known)
    runtime = str(own / "ansible_collections/acme/cloud/meta/runtime.yml")
    # What is known is believed as long as the file is as it was.
    known[runtime][1]["routes"]["modules"]["machine"] = "acme.cloud.balloon"
    route = scanned(own, known=known).collections["acme.cloud"].routing.route("modules", "machine")
    assert route is not None
    assert route.redirect == "acme.cloud.balloon"
    Path(runtime).write_text(Path(runtime).read_text() + "# changed\n")
    route = scanned(own, known=known).collections["acme.cloud"].routing.route("modules", "machine")
    assert route is not None
    assert route.redirect == "acme.cloud.server"


def test_metadata_of_what_is_gone_is_forgotten(own: Path) -> None:
    known: dict[str, Any] = {}
    scanned(own, known=known)
    shutil.rmtree(own / "ansible_collections" / "acme" / "cloud")
    scanned(own, known=known)
    assert not any("cloud" in path for path in known)


@pytest.mark.parametrize("nonsense", [1, [], [1, 2], [[0, 0], []], {"a": 1}])
def test_nonsense_in_place_of_kept_metadata_is_read_anew(own: Path, nonsense: Any) -> None:
    runtime = str(own / "ansible_collections/acme/cloud/meta/runtime.yml")
    index = scanned(own, known={runtime: nonsense})
    assert index.collections["acme.cloud"].routing.route("modules", "machine") is not None


def test_the_version_is_the_same_for_the_same_files_and_no_other(own: Path) -> None:
    before = scanned(own).version
    assert scanned(own).version == before
    path = own / "ansible_collections/acme/cloud/plugins/modules/server.py"
    path.write_text(path.read_text() + "\n")
    assert scanned(own).version != before
