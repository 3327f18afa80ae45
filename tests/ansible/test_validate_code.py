"""The second opinion: what a module's code accepts is no fault, whatever its documentation says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chiron.ansible.catalog import Catalog
from chiron.ansible.validate import validate_tasks
from chiron.config import Settings

DOCUMENTED = """
DOCUMENTATION = '''
module: thing
short_description: A thing
options:
  name: {type: str, required: true}
  state: {type: str, choices: [present, absent]}
  size: {type: int}
'''
"""


def check(tmp_path: Path, files: dict[str, str], task: str, expected: Sequence[str]) -> None:
    """These problems are found in a task that calls `acme.own.thing`, whose collection holds `files`."""
    plugins = tmp_path / "ansible_collections" / "acme" / "own" / "plugins"
    for name, text in files.items():
        path = plugins / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    catalog = Catalog.open(Settings(collections_paths=(tmp_path,)), None, {})
    assert [problem.code for problem in validate_tasks(f"- acme.own.thing: {task}\n", catalog)] == expected


def test_without_code_the_documentation_stands(tmp_path: Path) -> None:
    files = {"modules/thing.py": DOCUMENTED}
    check(tmp_path, files, "{}", ["missing-required"])
    check(tmp_path, files, "{name: a, colour: red}", ["unknown-option"])
    check(tmp_path, files, "{name: a, state: gone, size: large}", ["wrong-choice", "wrong-type"])


def test_options_that_only_the_code_has_are_options(tmp_path: Path) -> None:
    code = "AnsibleModule(argument_spec=dict(name=dict(type='str'), colour=dict(aliases=['color'])))\n"
    files = {"modules/thing.py": DOCUMENTED + code}
    check(tmp_path, files, "{name: a, colour: red, color: red}", [])
    check(tmp_path, files, "{name: a, colours: red}", ["unknown-option"])


def test_what_the_code_does_not_require_is_not_missing(tmp_path: Path) -> None:
    code = "SPEC = {'name': {'type': 'str', 'required': False}, 'size': {'type': 'str'}}\n"
    files = {"modules/thing.py": DOCUMENTED + code}
    check(tmp_path, files, "{size: large}", [])


def test_what_comes_from_the_environment_is_not_missing(tmp_path: Path) -> None:
    code = "SPEC = dict(name=dict(required=True, fallback=(env_fallback, ['NAME'])), size=dict(type='int'))\n"
    check(tmp_path, {"modules/thing.py": DOCUMENTED + code}, "{size: 1}", [])


def test_values_that_the_code_takes_are_values(tmp_path: Path) -> None:
    code = "MORE = ['gone']\nSPEC = dict(state=dict(choices=['present'] + MORE), size=dict(type='str'))\n"
    files = {"modules/thing.py": DOCUMENTED + code}
    check(tmp_path, files, "{name: a, state: gone, size: large}", [])
    check(tmp_path, files, "{name: a, state: going}", ["wrong-choice"])


def test_choices_that_only_the_run_knows_do_not_widen_the_documented_ones(tmp_path: Path) -> None:
    for choices in ("states()", "[]"):
        code = f"SPEC = dict(state=dict(choices={choices}), size=dict(type='int'))\n"
        check(tmp_path, {"modules/thing.py": DOCUMENTED + code}, "{name: a, state: gone}", ["wrong-choice"])


def test_shared_code_and_actions_are_read_too(tmp_path: Path) -> None:
    shared = "SHARED = dict(colour=dict(type='str'), weight=dict(type='int'))\n"
    files = {
        "modules/thing.py": DOCUMENTED
        + "from ansible_collections.acme.own.plugins.module_utils.all import SHARED\n",
        "module_utils/all.py": shared,
        "action/thing.py": "from ..plugin_utils.more import MORE\nSPEC = dict(age=dict(type='int'))\n",
        "plugin_utils/more.py": "MORE = dict(taste=dict(type='str'))\n",
    }
    check(tmp_path, files, "{name: a, colour: red, age: 3, taste: sour}", [])
    check(tmp_path, files, "{name: a, colour: red, smell: sweet}", ["unknown-option"])


def test_a_dict_that_specifies_nothing_is_no_option(tmp_path: Path) -> None:
    code = "result = dict(changed=False, state=dict())\n"
    check(tmp_path, {"modules/thing.py": DOCUMENTED + code}, "{name: a, state: gone}", ["wrong-choice"])


def test_modules_for_windows_do_not_tell_upper_case_from_lower(tmp_path: Path) -> None:
    files = {"modules/thing.py": DOCUMENTED, "modules/thing.ps1": "#!powershell\n"}
    check(tmp_path, files, "{name: a, state: Present}", [])
    check(tmp_path, files, "{name: a, state: gone}", ["wrong-choice"])


def test_code_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    for broken in ("def (", "\x00", "x = " + "(" * 500):
        check(tmp_path, {"modules/thing.py": DOCUMENTED + broken}, "{name: a, more: b}", ["unknown-option"])
