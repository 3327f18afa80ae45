"""How a body is adapted to another name, how comments split into steps, and what of an EXAMPLE may stay."""

from __future__ import annotations

import pytest

from chiron.records import Module, Option
from chiron.suggest.recall.adapt import adapt, changes_between
from chiron.suggest.recall.examples import without_inventions
from chiron.suggest.recall.similarity import NameIndex
from chiron.suggest.recall.steps import steps_in
from chiron.suggest.recall.wording import stem, tokens, words


def check_adapted(
    old: str, new: str, body: str, expected: str, *, known: str = "", old_role: str = "", new_role: str = ""
) -> None:
    changes = changes_between(old, new, old_role, new_role)
    assert adapt(body, changes, known.split().__contains__).body == expected


@pytest.mark.parametrize(
    ("old", "new", "body", "expected"),
    [
        ("Install nginx", "Install redis", "apt:\n  name: nginx", "apt:\n  name: redis"),
        ("Install Nginx", "Install Redis", "apt:\n  name: nginx", "apt:\n  name: redis"),
        ("Install nginx", "Install redis", "apt: name=nginx state=present", "apt: name=redis state=present"),
        ("Start nginx", "Stop nginx", "service:\n  state: started", "service:\n  state: stopped"),
        (
            "Start nginx",
            "Restart redis",
            "service: name=nginx state=started",
            "service: name=redis state=restarted",
        ),
        ("Enable x", "Disable x", "service:\n  enabled: yes", "service:\n  enabled: no"),
        (
            "Write the mds unit",
            "Write the osd unit",
            "template:\n  src: mds.service.j2\n  dest: /etc/mds@.service\nnotify: Restart mdss",
            "template:\n  src: osd.service.j2\n  dest: /etc/osd@.service\nnotify: Restart osds",
        ),
        (
            "Add cache rule",
            "Add page size rule",
            "copy:\n  dest: /a/cache.conf",
            "copy:\n  dest: /a/page-size.conf",
        ),
        (
            "Get pool id",
            "Get rule id",
            "command: get pool\nregister: pool_id",
            "command: get rule\nregister: rule_id",
        ),
        (
            "Get pool id",
            "Get new-rule id",
            "command: x\nregister: a_pool_id",
            "command: x\nregister: a_new_rule_id",
        ),
        (
            "Copy exporter",
            "Copy ceph-crash",
            "copy:\n  dest: /x/ceph-exporter",
            "copy:\n  dest: /x/ceph-crash",
        ),
        ("Install latest x", "Install pinned x", "apt:\n  state: latest", "apt:\n  state: latest"),
        ("Create user a", "Create group a", "user:\n  name: user", "user:\n  name: user"),
    ],
)
def test_what_differs_in_the_names_differs_in_the_values(
    old: str, new: str, body: str, expected: str
) -> None:
    check_adapted(old, new, body, expected)


def test_keys_are_never_changed() -> None:
    check_adapted("Set owner", "Set people", "file:\n  owner: owner", "file:\n  owner: people")


def test_a_variable_becomes_another_only_if_that_is_known() -> None:
    body = 'apt:\n  name: "{{ nginx_package }}"\nwhen: nginx_wanted'
    check_adapted("Install nginx", "Install redis", body, body)
    check_adapted(
        "Install nginx",
        "Install redis",
        body,
        'apt:\n  name: "{{ redis_package }}"\nwhen: redis_wanted',
        known="redis_package redis_wanted",
    )


def test_attributes_and_strings_in_expressions_are_told_apart() -> None:
    check_adapted(
        "Check nginx",
        "Check redis",
        "command: x\nwhen: \"services['nginx'].nginx is defined\"",
        "command: x\nwhen: \"services['redis'].nginx is defined\"",
    )


def test_roles_that_differ_by_a_word_differ_in_their_tasks() -> None:
    check_adapted(
        "Write the unit",
        "Write the unit",
        "template:\n  src: ceph-mds.service.j2",
        "template:\n  src: ceph-nfs.service.j2",
        old_role="ceph-mds",
        new_role="ceph-nfs",
    )


def test_what_found_no_place_is_counted() -> None:
    adapted = adapt(
        "apt:\n  name: x", changes_between("Install nginx", "Install redis", "", ""), {}.__contains__
    )
    assert (adapted.n_carried, adapted.n_missed) == (0, 1)


# --------------------------------------------------------------------------- examples

COPY = Module(
    "ansible.builtin.copy",
    "ansible.builtin",
    "2.19",
    "copy.py",
    options={
        "src": Option("src", "path"),
        "dest": Option("dest", "path", required=True),
        "mode": Option("mode", "raw"),
        "backup": Option("backup", "bool"),
        "owner": Option("owner"),
    },
)


def test_only_what_the_name_accounts_for_stays_of_an_example() -> None:
    body = (
        "copy:\n  src: /srv/myfiles/foo.conf\n  dest: /etc/motd\n  owner: foo\n  mode: '0644'\n  backup: yes"
    )
    assert (
        without_inventions(body, COPY, "Write the motd")
        == "copy:\n  dest: /etc/motd\n  mode: '0644'\n  backup: yes"
    )


def test_an_example_without_anything_of_the_name_is_not_used() -> None:
    assert without_inventions("copy:\n  dest: /etc/foo.conf", COPY, "Write the motd") is None
    assert without_inventions("copy: src=/a dest=/b", COPY, "Write the motd") is None
    assert without_inventions("copy:\n  dest: /etc/motd", None, "Write the motd") is None


# --------------------------------------------------------------------------- steps


@pytest.mark.parametrize(
    ("comment", "steps"),
    [
        ("install nginx", ["Install nginx"]),
        ("install nginx and redis", ["Install nginx and redis"]),
        ("install nginx and start it", ["Install nginx", "Start nginx"]),
        ("install nginx, start, enable it", ["Install nginx", "Start nginx", "Enable nginx"]),
        (
            "Install nginx, curl and git, then create the app user.",
            ["Install nginx, curl and git", "Create the app user"],
        ),
        ("First install nginx. Then copy the config to /etc", ["Install nginx", "Copy the config to /etc"]),
        ("1. install nginx\n2. remove apache", ["Install nginx", "Remove apache"]),
        ("everything about users and groups", ["Everything about users and groups"]),
        ("", []),
        (",,; and then", []),
    ],
)
def test_a_comment_is_split_where_a_verb_begins_a_step(comment: str, steps: list[str]) -> None:
    assert steps_in(comment) == steps


# --------------------------------------------------------------------------- words and likeness


def test_words_are_compared_by_their_stems() -> None:
    assert words("Ensure the directories are created") == ["directory", "creat"]
    assert stem("installing") == stem("installed") == stem("installs") == "install"
    assert stem("config") == stem("configuration")
    assert tokens("Copy {{ a b }} key(s), now") == ["Copy", "{{ a b }}", "key", "now"]


def test_the_nearest_name_is_found_and_forgotten_again() -> None:
    index = NameIndex()
    numbers = {
        name: index.add(name)
        for name in ("Install nginx", "Start nginx", "Copy files", "Installing nginx now")
    }
    found = [number for number, _ in index.nearest("Install nginx", 2)]
    assert found == [numbers["Install nginx"], numbers["Installing nginx now"]]
    assert index.nearest("Install nginx", 1)[0][1] == pytest.approx(1.0)
    index.remove([numbers["Install nginx"], 99])
    assert numbers["Install nginx"] not in [number for number, _ in index.nearest("Install nginx", 9)]
    assert NameIndex().nearest("x", 3) == []
