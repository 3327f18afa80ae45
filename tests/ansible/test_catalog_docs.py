"""What a module documents, with fragments, sidecars and what stands only in its code."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from compare_ansible_doc import compare

from chiron.ansible.catalog import Catalog
from chiron.ansible.catalog.constraints import read_constraints
from chiron.ansible.catalog.docs import python_texts
from chiron.ansible.catalog.fragments import fragment_texts
from chiron.ansible.catalog.literals import literal, parse
from chiron.ansible.catalog.powershell import read_powershell
from chiron.ansible.catalog.shared import fallback_options, secret_options
from chiron.config import Settings
from chiron.records import Module, Option

COLLECTIONS = Path(__file__).parent.parent / "data" / "collections"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.open(Settings(collections_paths=(COLLECTIONS,)), None, {})


@pytest.fixture(scope="module")
def server(catalog: Catalog) -> Module:
    module = catalog.module("acme.cloud.server")
    assert module is not None
    return module


def check_constraints(code: str, **expected: Any) -> None:
    """The constraints in the Python text `code` are exactly `expected`."""
    assert read_constraints(dedent(code).encode()) == expected


# --------------------------------------------------------------------------- documentation


def test_options_come_with_everything_documented(server: Module) -> None:
    assert server.short_description == "Make servers come and go"
    assert server.version_added == "1.0.0"
    name, state, cores = (server.options[key] for key in ("name", "state", "cores"))
    assert (name.required, name.aliases, name.description) == (
        True,
        ("hostname",),
        "Name of the server.\nIt must be unique.",
    )
    assert (state.type, state.choices, state.default) == ("str", ("present", "absent"), "present")
    assert (cores.type, cores.version_added, cores.required) == ("int", "1.2.0", False)
    assert server.options["size"].default is False
    assert server.options["birthday"].default == "2024-02-29"


def test_a_deprecated_option_says_what_to_use(server: Module) -> None:
    assert server.options["size"].deprecated == (
        "Option size is deprecated, to be removed in 3.0.0: "
        "Nobody knows how large that is. Instead: Use O(cores)."
    )


def test_suboptions_go_to_any_depth(server: Module) -> None:
    networks = server.options["networks"]
    assert (networks.type, networks.elements) == ("list", "dict")
    assert networks.suboptions is not None
    address = networks.suboptions["address"]
    assert address.suboptions is not None
    assert address.suboptions["v6"].choices == ("::1", "fe80::")
    assert address.constraints is not None
    assert address.constraints.required_one_of == (("v4", "v6"),)


def test_fragments_add_options_and_lose_to_the_module(server: Module) -> None:
    assert server.options["region"].choices == ("north", "south")
    assert server.options["timeout"].aliases == ("wait_for", "patience")
    assert server.options["state"].description == "What should be."
    # Ansible merges key by key: what only the fragment says of the option stays.
    assert server.options["state"].version_added == "0.9.0"
    assert dict(server.attributes) == {"diff_mode": "none", "check_mode": "full"}


def test_a_fragment_put_together_in_code_is_read(server: Module) -> None:
    assert "colour" in server.options


def test_a_missing_fragment_leaves_the_rest_and_forbids_checking(catalog: Catalog) -> None:
    module = catalog.module("acme.cloud.balloon")
    assert module is not None
    # The other fragment, found through a redirect, is there.
    assert {"path", "token"} <= set(module.options)
    assert not module.checkable


def test_escapes_in_documentation_that_is_not_raw_are_python_s(catalog: Catalog) -> None:
    module = catalog.module("acme.cloud.balloon")
    assert module is not None
    assert module.options["path"].description == 'A "path", such as C:\\tmp.'


def test_a_powershell_module_is_documented_beside_its_code(catalog: Catalog) -> None:
    module = catalog.module("acme.cloud.volume")
    assert module is not None
    assert module.options["letter"].required
    assert "Make a volume" in module.examples


def test_documentation_may_be_a_dict_in_code(catalog: Catalog) -> None:
    module = catalog.module("acme.tools.disk")
    assert module is not None
    assert module.options["device"] == Option(name="device", type="path", required=True, description="Which.")


def test_broken_documentation_is_unknown_and_not_wrong(catalog: Catalog) -> None:
    module = catalog.module("acme.tools.broken")
    assert module is not None
    assert not module.checkable
    assert module.options == {}


@pytest.mark.parametrize(
    ("source", "documentation"),
    [
        ("DOCUMENTATION = '''\na: 1\n'''\n", "\na: 1\n"),
        ('DOCUMENTATION = r"""a\\d"""', "a\\d"),
        ('DOCUMENTATION: str = """a"""\n', "a"),
        ('DOCUMENTATION = """a""" + """b"""\n', "ab"),
        ('DOCUMENTATION = """a"""  # as it is\n', "a"),
        ('DOCUMENTATION = ("a"\n  "b")\n', "ab"),
        ('X = "a"\nDOCUMENTATION = X\n', "a"),
        ('DOCUMENTATION = """a {0}""".format("b")\n', "a b"),
        ('DOCUMENTATION = """quoted \\""" inside"""\n', 'quoted """ inside'),
        ('DOCUMENTATION = """never ends', None),
        ("DOCUMENTATION = compute()\n", None),
        ('# DOCUMENTATION = """a"""\n', None),
        ("", None),
        ("DOCUMENTATION = \x00", None),
    ],
)
def test_documentation_is_found_however_it_is_written(source: str, documentation: str | None) -> None:
    assert python_texts(source.encode()).get("DOCUMENTATION") == documentation


def test_a_fragment_class_may_set_its_texts_when_made() -> None:
    texts = fragment_texts(
        (COLLECTIONS / "ansible_collections/acme/cloud/plugins/doc_fragments/coded.py").read_bytes()
    )
    assert texts["SAME"] == texts["REQUIREMENTS"]
    assert "acme-sdk >= ?" in texts["REQUIREMENTS"]


# --------------------------------------------------------------------------- code


def test_constraints_come_from_the_code_through_names(server: Module) -> None:
    found = server.constraints
    assert found.mutually_exclusive == (("size", "cores"), ("timeout", "region"))
    assert found.required_together == (("token", "region"),)
    assert found.required_one_of == (("name", "cores"),)
    assert found.required_if == (
        ("state", "present", ("name", "cores"), False),
        ("size", True, ("cores", "networks"), True),
    )
    assert found.required_by == {"cores": ("size",), "networks": ("name",)}


def test_constraints_handed_on_as_a_dict_are_found() -> None:
    check_constraints(
        """
        def run():
            arguments = {"argument_spec": spec(), "mutually_exclusive": [["a", "b"]]}
            return AnsibleModule(**arguments)
        """,
        mutually_exclusive=[["a", "b"]],
    )


def test_constraints_of_a_class_of_the_collection_s_own_are_found() -> None:
    check_constraints(
        """
        class Module(AcmeModuleBase):
            required_if = [("state", "present", ["name"])]

            def __init__(self):
                super().__init__(derived_arg_spec=self.spec, required_if=self.required_if)
        """,
        required_if=[["state", "present", ["name"], False]],
    )


def test_constraints_a_module_takes_over_from_module_utils_are_found(catalog: Catalog) -> None:
    module = catalog.module("acme.cloud.balloon")
    assert module is not None
    assert module.constraints.required_one_of == (("path", "token"),)
    dnf = catalog.module("ansible.builtin.dnf")
    assert dnf is not None
    assert ("name", "list") in dnf.constraints.mutually_exclusive


def test_constraints_of_a_powershell_module_come_from_its_literals(catalog: Catalog) -> None:
    module = catalog.module("acme.cloud.volume")
    assert module is not None
    assert module.constraints.required_if == (("letter", "it''s \"D\"", ("size", "label"), True),)
    assert module.constraints.mutually_exclusive == (("size", "label"), ("key", "label"))
    assert module.options["size"].constraints is not None
    assert module.options["size"].constraints.required_one_of == (("bytes", "share"),)
    assert module.options["key"].no_log
    assert not module.options["letter"].no_log


@pytest.mark.parametrize(
    "code",
    [
        b"$spec = @{",
        b"$spec = @{ options = @{" * 500,
        b"$spec = @(}",
        b"$spec = @{ options = @{} = = } ) , ;",
        b"\xff$s=@{",
    ],
)
def test_broken_powershell_has_no_constraints(code: bytes) -> None:
    assert read_powershell(code) == ({}, frozenset())


def test_only_what_every_module_in_the_file_demands_counts() -> None:
    check_constraints(
        """
        def one():
            AnsibleModule(argument_spec={}, required_together=[["a", "b"], ["c", "d"]])

        def other():
            AnsibleModule(argument_spec={}, required_together=[["c", "d"]])
        """,
        required_together=[["c", "d"]],
    )


def test_a_name_that_is_assigned_twice_is_not_guessed() -> None:
    check_constraints(
        """
        def main():
            groups = [["a", "b"]]
            if something():
                groups = [["a", "c"]]
            AnsibleModule(argument_spec={}, mutually_exclusive=groups)
        """
    )


def test_constraints_of_an_option_are_no_constraints_of_the_module() -> None:
    check_constraints(
        """
        spec = dict(one=dict(type="dict", options=dict(a={}, b={}), mutually_exclusive=[("a", "b")]))
        AnsibleModule(argument_spec=spec)
        """,
        sub=[[["one"], {"mutually_exclusive": [["a", "b"]]}]],
    )


def test_what_ansible_makes_nothing_of_is_left_out() -> None:
    check_constraints(
        """
        AnsibleModule(
            argument_spec={},
            mutually_exclusive=["a", "b"],
            required_if=[("a", 1), ("b",), ("c", 1, "d", False, 3), (some(), 1, ["x"])],
            required_by=some(),
        )
        """
    )


@pytest.mark.parametrize(
    "code",
    [
        "AnsibleModule(mutually_exclusive=",
        "AnsibleModule(argument_spec={}, required_if=" + "[" * 300 + "]" * 300 + ")",
        "AnsibleModule(argument_spec={}, required_if=" + "+".join(["[]"] * 5000) + ")",
        "x = y\ny = x\nAnsibleModule(argument_spec={}, required_if=x)",
        "required_if = required_if + required_if\nAnsibleModule(argument_spec={}, required_if=required_if)",
    ],
)
def test_hostile_code_has_no_constraints(code: str) -> None:
    check_constraints(code)


def test_secret_options_are_those_in_whose_own_brackets_no_log_stands() -> None:
    code = b"""
    spec = dict(
        open=dict(type='str', default=len("x)")),
        key=dict(type='str', choices=['a', 'b'], no_log=True),
        outer={'options': {'inner': {'no_log': True}}},
        not_secret=dict(no_log=False),
    )
    """
    assert secret_options(code) == {"key", "inner"}


def test_options_the_environment_may_provide_are_marked(server: Module) -> None:
    assert fallback_options(b"a=dict(required=True, fallback=(env_fallback, ['A']))") == {"a"}
    # The specification stands in `module_utils`, which the module imports.
    assert (server.options["token"].fallback, server.options["token"].no_log) == (True, True)
    assert (server.options["region"].fallback, server.options["region"].no_log) == (False, False)
    assert server.options["secret"].no_log


# --------------------------------------------------------------------------- against Ansible


def test_the_catalog_agrees_with_ansible_doc_to_the_last_suboption() -> None:
    n, n_options, found = compare(Path(sys.executable), n=60, seed=3)
    assert found == []
    assert n == 60
    assert n_options > 200


def test_the_collections_written_for_tests_mean_to_ansible_what_they_mean_here(
    catalog: Catalog, tmp_path: Path
) -> None:
    run = subprocess.run(
        [
            sys.executable,
            Path(sys.executable).parent / "ansible-doc",
            "--json",
            "acme.cloud.server",
            "acme.cloud.volume",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    documented = json.loads(run.stdout)
    for name in ("acme.cloud.server", "acme.cloud.volume"):
        shown = catalog.show(name)
        assert shown is not None
        assert set(shown["options"]) == set(documented[name]["doc"]["options"])


def test_python_source_is_taken_apart_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once can fail with a `SystemError` in CPython up to 3.12."""
    at_once: list[int] = []
    inside = 0
    taken_apart = ast.parse

    def slow(*arguments: Any, **options: Any) -> Any:
        nonlocal inside
        inside += 1
        at_once.append(inside)
        time.sleep(0.01)
        inside -= 1
        return taken_apart(*arguments, **options)

    monkeypatch.setattr(ast, "parse", slow)
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(parse, ["x = 1"] * 8))
        assert set(threads.map(literal, ["1"] * 8)) == {1}
    assert set(at_once) == {1}
