"""Names, redirects and what becomes of both when collections change."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.store.docs import DocsStore

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"


def open_catalog(collections: Path = COLLECTIONS, store: DocsStore | None = None) -> Catalog:
    """The test collections over the ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(collections_paths=(collections,)), None, {}, store=store)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return open_catalog()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of the test collections that a test may change."""
    shutil.copytree(COLLECTIONS, tmp_path / "collections")
    return tmp_path / "collections"


def check_name(catalog: Catalog, name: str, fqcn: str | None, *collections: str) -> None:
    """`name`, in a play with these `collections`, means `fqcn`, and docs are found under both names."""
    assert catalog.resolve(name, collections) == fqcn
    module = catalog.module(name, collections)
    assert (module.fqcn if module else None) == fqcn


def test_names_are_fqcns_of_modules_of_core_and_of_collections(catalog: Catalog) -> None:
    names = catalog.names()
    assert list(names) == sorted(names)
    assert {"ansible.builtin.copy", "acme.cloud.server", "acme.cloud.volume", "acme.tools.disk"} <= set(names)


def test_a_yaml_file_beside_no_code_is_no_module(catalog: Catalog) -> None:
    check_name(catalog, "acme.cloud.notes", None)


def test_a_short_name_is_a_module_of_core(catalog: Catalog) -> None:
    check_name(catalog, "copy", "ansible.builtin.copy")
    check_name(catalog, "ansible.legacy.copy", "ansible.builtin.copy")


def test_a_short_name_of_a_collection_needs_the_collections_keyword(catalog: Catalog) -> None:
    check_name(catalog, "server", None)
    check_name(catalog, "server", "acme.cloud.server", "acme.tools", "acme.cloud")
    check_name(catalog, "copy", "ansible.builtin.copy", "acme.cloud")


def test_redirects_are_followed_through_chains_and_collections(catalog: Catalog) -> None:
    check_name(catalog, "acme.cloud.machine", "acme.cloud.server")
    check_name(catalog, "acme.cloud.box", "acme.cloud.server")
    check_name(catalog, "acme.cloud.disk", "acme.tools.disk")
    check_name(catalog, "acme.cloud.window", "acme.cloud.server")
    assert catalog.look_up("acme.cloud.box").chain == (
        "acme.cloud.box",
        "acme.cloud.machine",
        "acme.cloud.server",
    )


def test_a_redirect_to_a_collection_that_is_not_installed_is_told_from_an_unknown_name(
    catalog: Catalog,
) -> None:
    lookup = catalog.look_up("acme.cloud.elsewhere")
    assert lookup.found is None
    assert not lookup.collection_installed
    assert catalog.look_up("acme.cloud.no_such").collection_installed
    assert not catalog.look_up("nobody.knows.this").collection_installed


def test_a_redirect_in_a_circle_ends(catalog: Catalog) -> None:
    check_name(catalog, "acme.cloud.round", None)


def test_a_removed_module_says_what_to_use_instead(catalog: Catalog) -> None:
    check_name(catalog, "acme.cloud.rack", None)
    removed = catalog.removed("acme.cloud.rack")
    assert removed == "acme.cloud.rack was removed in acme.cloud 2.0.0: Use acme.cloud.server instead."
    assert catalog.removed("acme.cloud.server") is None
    assert "include_tasks" in (catalog.removed("include") or "")


def test_a_deprecated_name_still_means_its_module_and_says_so(catalog: Catalog) -> None:
    module = catalog.module("acme.cloud.balloon")
    assert module is not None
    assert module.deprecated == (
        "acme.cloud.balloon is deprecated, to be removed in acme.cloud 3.0.0: It floats away."
    )


def test_a_module_asked_for_by_a_deprecated_name_is_itself_not_deprecated(catalog: Catalog) -> None:
    by_name = {name: catalog.module(name) for name in ("acme.cloud.dirigible", "acme.cloud.server")}
    assert by_name["acme.cloud.dirigible"].deprecated == (  # type: ignore[union-attr]
        "acme.cloud.dirigible is deprecated, to be removed in a release after 2030-01-01: "
        "It has another name."
    )
    assert by_name["acme.cloud.server"].deprecated is None  # type: ignore[union-attr]


def test_an_action_without_a_module_is_known_but_cannot_be_checked(catalog: Catalog) -> None:
    module = catalog.module("acme.cloud.facts")
    assert module is not None
    assert not module.checkable


def test_an_action_group_has_the_members_of_the_groups_it_extends(catalog: Catalog) -> None:
    members = ("acme.cloud.server", "acme.cloud.volume", "acme.tools.disk")
    assert catalog.action_group("acme.cloud.all") == members
    assert catalog.action_group("group/acme.cloud.storage") == members[1:]
    assert catalog.action_group("no.such.group") == ()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a.b", "a..b", "acme.cloud.", "../../etc/passwd", "a\0b.c.d", "ä.ö.ü"]
)
def test_a_name_that_is_none_is_unknown(catalog: Catalog, name: str) -> None:
    check_name(catalog, name, None)
    assert catalog.show(name) is None


@pytest.mark.parametrize(
    "name", ["command", "shell", "raw", "script", "include_tasks", "import_role", "meta"]
)
def test_free_form_modules_are_marked(catalog: Catalog, name: str) -> None:
    module = catalog.module(name)
    assert module is not None
    assert module.free_form


def test_modules_that_take_any_option_are_not_checkable(catalog: Catalog) -> None:
    checkable = {
        name: getattr(catalog.module(name), "checkable", None) for name in ("set_fact", "add_host", "copy")
    }
    assert checkable == {"set_fact": False, "add_host": False, "copy": True}


def test_the_docs_of_a_module_are_read_once(catalog: Catalog) -> None:
    assert catalog.module("acme.cloud.server") is catalog.module("acme.cloud.box")


def test_refresh_without_a_change_changes_nothing(own: Path) -> None:
    catalog = open_catalog(own)
    module, version = catalog.module("acme.cloud.server"), catalog.version
    assert not catalog.refresh()
    assert catalog.version == version
    assert catalog.module("acme.cloud.server") is module


def check_refreshed(catalog: Catalog, before: str) -> None:
    assert catalog.refresh()
    assert catalog.version != before


def test_a_new_module_is_known_after_refresh(own: Path) -> None:
    catalog = open_catalog(own)
    before = catalog.version
    (own / "ansible_collections/acme/tools/plugins/modules/saw.py").write_text(
        "DOCUMENTATION = 'module: saw'\n"
    )
    check_refreshed(catalog, before)
    assert "acme.tools.saw" in catalog.names()


def test_an_edited_module_is_read_again_after_refresh(own: Path, tmp_path: Path) -> None:
    store = DocsStore(tmp_path / "docs.sqlite")
    catalog = open_catalog(own, store)
    path = own / "ansible_collections/acme/cloud/plugins/modules/server.py"
    assert "cores" in catalog.module("acme.cloud.server").options  # type: ignore[union-attr]
    before = catalog.version
    path.write_text(path.read_text().replace("cores", "kernels"))
    check_refreshed(catalog, before)
    assert "kernels" in catalog.module("acme.cloud.server").options  # type: ignore[union-attr]


def test_an_edited_fragment_is_read_again_after_refresh(own: Path, tmp_path: Path) -> None:
    store = DocsStore(tmp_path / "docs.sqlite")
    catalog = open_catalog(own, store)
    path = own / "ansible_collections/acme/cloud/plugins/doc_fragments/auth.py"
    assert "token" in catalog.module("acme.cloud.server").options  # type: ignore[union-attr]
    before = catalog.version
    path.write_text(path.read_text().replace("  token:", "  ticket:"))
    check_refreshed(catalog, before)
    assert "ticket" in catalog.module("acme.cloud.server").options  # type: ignore[union-attr]


def test_an_upgraded_collection_has_its_new_version_after_refresh(own: Path) -> None:
    catalog = open_catalog(own)
    before = catalog.version
    manifest = own / "ansible_collections/acme/cloud/MANIFEST.json"
    manifest.write_text(manifest.read_text().replace("2.1.0", "10.0.0"))
    check_refreshed(catalog, before)
    assert catalog.module("acme.cloud.server").version == "10.0.0"  # type: ignore[union-attr]


def test_changed_routing_counts_after_refresh(own: Path) -> None:
    catalog = open_catalog(own)
    before = catalog.version
    runtime = own / "ansible_collections/acme/cloud/meta/runtime.yml"
    runtime.write_text(runtime.read_text().replace("machine:", "engine:"))
    check_refreshed(catalog, before)
    check_name(catalog, "acme.cloud.engine", "acme.cloud.server")


def test_a_removed_collection_is_gone_after_refresh(own: Path) -> None:
    catalog = open_catalog(own)
    before = catalog.version
    shutil.rmtree(own / "ansible_collections/acme/cloud")
    check_refreshed(catalog, before)
    check_name(catalog, "acme.cloud.server", None)


def test_kept_docs_are_the_docs_that_were_read(tmp_path: Path) -> None:
    store = DocsStore(tmp_path / "docs.sqlite")
    names = ("acme.cloud.server", "acme.cloud.volume", "acme.tools.disk", "ansible.builtin.template")
    read = [open_catalog(store=store).module(name) for name in names]
    assert [open_catalog(store=store).module(name) for name in names] == read
    assert [open_catalog().module(name) for name in names] == read


def test_what_is_kept_is_used_only_if_it_makes_sense(tmp_path: Path) -> None:
    store = DocsStore(tmp_path / "docs.sqlite")
    catalog = open_catalog(store=store)
    module = catalog.module("acme.cloud.server")
    assert module is not None
    for nonsense in (b"", b"nonsense", b"x\x9c\xab\xae\x05\x00\x01u\x00\xf9"):
        store.put("metadata", nonsense)
        store.put(f"module:acme.cloud.server:{module.path}", nonsense)
        assert open_catalog(store=store).module("acme.cloud.server") == module


def test_threads_may_read_while_another_refreshes(own: Path) -> None:
    catalog = open_catalog(own)
    path = own / "ansible_collections/acme/tools/plugins/modules/disk.py"
    wrong: list[str] = []

    def read() -> None:
        for _ in range(30):
            for name in ("acme.cloud.server", "acme.tools.disk", "ansible.builtin.apt"):
                module = catalog.module(name)
                if module is None or not module.options:
                    wrong.append(name)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(5):
        # In one step, as installers do: what is half written has no options yet, and rightly so.
        whole = path.with_suffix(".new")
        whole.write_text(path.read_text() + f"# {n}\n")
        whole.replace(path)
        catalog.refresh()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_show_has_the_documented_form(catalog: Catalog) -> None:
    shown = catalog.show("acme.cloud.server")
    assert shown is not None
    assert list(shown) == ["fqcn", "collection", "version", "deprecated", "options", "constraints"]
    assert shown["options"]["networks"]["suboptions"]["address"]["suboptions"]["v6"] == {
        "type": "str",
        "required": False,
        "choices": ["::1", "fe80::"],
        "aliases": [],
        "default": None,
        "suboptions": None,
    }


def test_stats_count_what_is_known(catalog: Catalog) -> None:
    stats = catalog.stats()
    assert stats["n_modules"] == len(catalog.names())
    assert stats["version"] == catalog.version


def test_examples_are_the_named_tasks_of_all_modules(catalog: Catalog) -> None:
    found = {(task.name, task.fqcn) for task in catalog.examples({"acme.cloud", "acme.tools"})}
    assert found == {
        ("Make a server", "acme.cloud.server"),
        ("Remove one: the last", "acme.cloud.server"),
        ("Do it in a play", "acme.cloud.server"),
        ("Make a volume", "acme.cloud.volume"),
    }
    assert any(task.fqcn == "ansible.builtin.copy" for task in catalog.examples())


def test_an_example_is_its_body_dedented_without_what_follows(catalog: Catalog) -> None:
    task = catalog.examples({"acme.cloud"})[0]
    assert task.origin == "examples"
    assert task.body == (
        "acme.cloud.server:\n"
        "  name: web\n"
        "  state: present\n"
        "  networks:\n"
        "    - name: not a task\n"
        "      id: 7\n"
        "register: made"
    )


def test_kept_examples_are_read_again_when_the_module_changes(own: Path, tmp_path: Path) -> None:
    store = DocsStore(tmp_path / "docs.sqlite")
    catalog = open_catalog(own, store)
    before = catalog.examples({"acme.cloud"})
    assert open_catalog(own, store).examples({"acme.cloud"}) == before
    path = own / "ansible_collections/acme/cloud/plugins/modules/server.py"
    path.write_text(path.read_text().replace("Make a server", "Make another"))
    catalog.refresh()
    assert catalog.examples({"acme.cloud"})[0].name == "Make another"


def test_examples_of_single_modules(catalog: Catalog) -> None:
    assert [task.name for task in catalog.examples_of(["acme.cloud.volume", "acme.no.such"])] == [
        "Make a volume"
    ]
