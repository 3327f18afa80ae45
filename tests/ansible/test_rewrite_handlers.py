"""Handlers for those that are notified and not there: in the play, or in the role's own file."""

from __future__ import annotations

import pytest

from chiron.ansible.catalog import Catalog
from chiron.ansible.rewrite import apply_edits, handlers_for
from chiron.ansible.rewrite.handlers import served
from chiron.config import Settings
from chiron.records import FileKind

PLAY = "- hosts: all\n  tasks:\n    - meta: noop\n      notify: Restart nginx\n"
HANDLER = (
    "- name: Restart nginx\n      ansible.builtin.service:\n        name: nginx\n        state: restarted\n"
)
TASKS = "- meta: noop\n  notify: Restart nginx\n"
OWN = "- name: Restart nginx\n  ansible.builtin.service:\n    name: nginx\n    state: restarted\n"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The ansible-core that Chiron itself depends on."""
    return Catalog.open(Settings(), None, {})


def check_added(catalog: Catalog, there: str | None, expected: str) -> None:
    """A role's file of handlers that holds `there` gets one more, and is then `expected`."""
    (one,) = handlers_for(
        TASKS, FileKind.TASKS, catalog, [(1, "Restart nginx")], {"handlers/main.yml": there}
    )
    assert one.edits == ()
    assert one.elsewhere is not None
    assert (one.elsewhere.path, one.elsewhere.text) == ("handlers/main.yml", there)
    assert apply_edits(there or "", one.elsewhere.edits) == expected


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        (PLAY, f"{PLAY}\n  handlers:\n    {HANDLER}"),
        (
            f"{PLAY}  handlers:\n    - name: a\n      meta: noop\n  # c\n\n- hosts: b\n",
            f"{PLAY}  handlers:\n    - name: a\n      meta: noop\n    {HANDLER}  # c\n\n- hosts: b\n",
        ),
    ],
)
def test_a_handler_is_added_for_the_service_its_name_speaks_of(
    catalog: Catalog, play: str, expected: str
) -> None:
    (one,) = handlers_for(play, FileKind.PLAYBOOK, catalog, [(3, "Restart nginx")])
    assert apply_edits(play, one.edits) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("restart the nginx service", ("service", {"name": "nginx", "state": "restarted"})),
        ("php7.4-fpm reload", ("service", {"name": "php7.4-fpm", "state": "reloaded"})),
        ("Stop_cron", ("service", {"name": "cron", "state": "stopped"})),
        ("systemd daemon-reload", ("systemd_service", {"daemon_reload": "true"})),
        ("Reload systemd", ("systemd_service", {"daemon_reload": "true"})),
    ],
)
def test_a_name_says_which_service_and_what_with_it(name: str, expected: tuple[str, dict[str, str]]) -> None:
    found = served(name)
    assert found is not None
    assert (found.module.removeprefix("ansible.builtin."), found.options) == expected


@pytest.mark.parametrize(
    "name",
    ["Rebuild the world", "nginx", "Restart {{ it }}", "Restart a and b", "Restart systemd", "Restart", "",
     "restart reload nginx", "nginx restart now"],
)  # fmt: skip
def test_a_name_that_speaks_of_no_service_gets_no_handler(catalog: Catalog, name: str) -> None:
    assert handlers_for(PLAY, FileKind.PLAYBOOK, catalog, [(3, name)]) == []
    assert handlers_for(TASKS, FileKind.TASKS, catalog, [(1, name)], {"handlers/main.yml": None}) == []


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (None, f"---\n{OWN}"),
        ("", OWN),
        ("---\n# none yet\n", f"---\n# none yet\n{OWN}"),
        ("---\n- name: A\n  meta: noop\n", f"---\n- name: A\n  meta: noop\n\n{OWN}"),
        ("- name: A\n  meta: noop  # c", f"- name: A\n  meta: noop  # c\n\n{OWN}"),
        ("- name: A\n  meta: noop\n\n# end\n\n", f"- name: A\n  meta: noop\n\n# end\n\n{OWN}"),
        ("- name: A\r\n  meta: noop\r\n", f"- name: A\n  meta: noop\n\n{OWN}".replace("\n", "\r\n")),
        (
            "  - name: A\n    meta: noop\n",
            "  - name: A\n    meta: noop\n\n" + "".join(f"  {line}\n" for line in OWN.splitlines()),
        ),
    ],
)
def test_a_role_gets_the_handler_in_its_own_file(catalog: Catalog, there: str | None, expected: str) -> None:
    check_added(catalog, there, expected)


@pytest.mark.parametrize(
    "there",
    [
        "- name: [\n",
        "a: 1\n",
        "[{name: A, meta: noop}]\n",
        "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        "- |+\n  a\n\n",
    ],
)
def test_a_file_that_is_no_plain_list_of_handlers_is_left_alone(catalog: Catalog, there: str) -> None:
    role = {"handlers/main.yml": there}
    made = handlers_for(TASKS, FileKind.TASKS, catalog, [(1, "Restart nginx")], role)
    assert made == [] or there.startswith("- |+")


def test_tasks_of_no_role_get_no_handler(catalog: Catalog) -> None:
    assert handlers_for(TASKS, FileKind.TASKS, catalog, [(1, "Restart nginx")]) == []
