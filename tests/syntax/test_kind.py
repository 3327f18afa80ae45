"""What a file is, by path and by content."""

from __future__ import annotations

import pytest

from chiron.records import FileKind
from chiron.syntax.document import BOM
from chiron.syntax.kind import file_kind

PLAY = "---\n- name: Web\n  hosts: web\n  tasks:\n    - name: a\n      apt: {}\n"
TASKS = "---\n- name: Install nginx\n  ansible.builtin.apt:\n    name: nginx\n"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/templates/site/roles/nginx/tasks/main.yml", FileKind.TASKS),
        ("roles/nginx/tasks/debian/install.yaml", FileKind.TASKS),
        ("C:\\work\\roles\\nginx\\tasks\\main.yml", FileKind.TASKS),
        ("roles/vars/tasks/main.yml", FileKind.TASKS),
        ("roles/templates/handlers/main.yml", FileKind.HANDLERS),
        ("roles/nginx/handlers/main.yml", FileKind.HANDLERS),
        ("roles/nginx/defaults/main.yml", FileKind.VARS),
        ("roles/nginx/vars/os/debian.yml", FileKind.VARS),
        ("inventory/prod/group_vars/all/main.yml", FileKind.VARS),
        ("group_vars/all", FileKind.VARS),
        ("inventory/hosts.yml", FileKind.INVENTORY),
        ("inventories/prod/servers.yml", FileKind.INVENTORY),
        ("hosts.yml", FileKind.INVENTORY),
        ("roles/nginx/meta/main.yml", FileKind.META),
        ("roles/nginx/meta/argument_specs.yml", FileKind.ARGUMENT_SPECS),
        ("meta/runtime.yml", FileKind.OTHER),
        ("requirements.yml", FileKind.REQUIREMENTS),
        ("collections/requirements.yml", FileKind.REQUIREMENTS),
        ("meta/requirements.yml", FileKind.REQUIREMENTS),
        ("galaxy.yml", FileKind.GALAXY),
        ("roles/nginx/templates/tasks.yml.j2", FileKind.TEMPLATE),
        ("roles/nginx/templates/site.yml", FileKind.TEMPLATE),
        ("playbooks/site.yml", FileKind.PLAYBOOK),
        ("playbooks/requirements.yml", FileKind.REQUIREMENTS),
        ("my-playbook.yml", FileKind.PLAYBOOK),
        ("molecule/default/converge.yml", FileKind.PLAYBOOK),
        ("molecule/default/molecule.yml", FileKind.OTHER),
        ("molecule/default/tasks/prepare.yml", FileKind.TASKS),
        ("roles/molecule/tasks/main.yml", FileKind.TASKS),
        (".github/workflows/ci.yml", FileKind.OTHER),
        ("docker-compose.yml", FileKind.OTHER),
        ("site.yml", FileKind.OTHER),
        ("README.md", FileKind.OTHER),
        ("inventory.ini", FileKind.OTHER),
        ("", FileKind.OTHER),
    ],
)
def test_an_empty_file_is_what_its_path_says(path: str, kind: FileKind) -> None:
    assert file_kind(path, "") == kind


@pytest.mark.parametrize("path", [None, "site.yml", "playbooks/site.yml", "tasks/site.yml", "hosts.yml"])
def test_a_list_of_plays_is_a_playbook_wherever_it_lies(path: str | None) -> None:
    assert file_kind(path, PLAY) == FileKind.PLAYBOOK


@pytest.mark.parametrize("path", [None, "install.yml", "playbooks/install.yml"])
def test_a_list_of_tasks_is_a_tasks_file_even_beside_playbooks(path: str | None) -> None:
    assert file_kind(path, TASKS) == FileKind.TASKS


def test_a_name_alone_is_a_task_where_the_path_says_so() -> None:
    text = "- name: Install nginx"
    assert file_kind("/x/roles/nginx/tasks/main.yml", text) == FileKind.TASKS
    assert file_kind("/x/molecule/default/prepare_tasks/users.yml", text) == FileKind.TASKS
    assert file_kind("/x/provisioning/tasks-debian.yml", text) == FileKind.TASKS
    assert file_kind("/x/roles/tasks_runner/defaults/main.yml", text) == FileKind.VARS
    assert file_kind("/x/playbooks/site.yml", text) == FileKind.PLAYBOOK
    assert file_kind(None, text) == FileKind.OTHER


@pytest.mark.parametrize(
    "text",
    [
        "-   hosts: all\n",
        "- name: a\n  become: true\n  hosts: all\n",
        "# header\n\n---\n  - import_playbook: other.yml\n",
        "%YAML 1.2\n---\n- hosts: all\n",
        BOM + "- hosts: all\n",
        "-   name: a\n    hosts: all\n",
        "- name: no hosts yet\n  tasks:\n",
        "---\r\n# a\r\n- hosts: all\r\n",
        "---\r# a\r- hosts: all\r",
    ],
)
def test_a_play_is_known_by_its_keys(text: str) -> None:
    assert file_kind(None, text) == FileKind.PLAYBOOK


@pytest.mark.parametrize(
    "text",
    [
        "- apt: name=nginx\n",
        "- community.general.ufw:\n    rule: allow\n",
        "- name: a\n  block:\n    - debug:\n",
        "- name: a\n  win_thing:\n  when: b\n",
        "- name: broken\n  : {[\n- include_tasks: a.yml\n",
    ],
)
def test_tasks_are_known_by_modules_and_keywords(text: str) -> None:
    assert file_kind(None, text) == FileKind.TASKS


@pytest.mark.parametrize(
    "text",
    [
        "version: 3\nservices:\n  web:\n    command: run\n",
        "- src: geerlingguy.docker\n  version: 1.0.0\n",
        "- name: alice\n  uid: 1000\n",
        "- name: Web\n  become: true\n",
        "some words\n",
        "- hosts\n",
    ],
)
def test_other_yaml_is_other(text: str) -> None:
    assert file_kind(None, text) == FileKind.OTHER


def test_keys_below_an_item_say_nothing_about_it() -> None:
    text = "- name: a\n  template:\n    src: a\n  loop:\n    - hosts: b\n      tasks: c\n"
    assert file_kind("roles/a/tasks/main.yml", text) == FileKind.TASKS


def test_a_mapping_in_a_tasks_folder_holds_no_tasks() -> None:
    assert file_kind("roles/a/tasks/vars.yml", "a: 1\n") == FileKind.OTHER


def test_an_inventory_written_as_yaml_stays_one() -> None:
    assert file_kind("inventory/prod.yml", "all:\n  hosts:\n    a:\n") == FileKind.INVENTORY


def test_an_encrypted_file_is_a_vault_whatever_its_path() -> None:
    assert file_kind("roles/a/tasks/main.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n") == FileKind.VAULT
