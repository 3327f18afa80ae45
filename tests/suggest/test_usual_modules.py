"""What names usually mean where nobody here has written the like: the table, and what is asked of it."""

from __future__ import annotations

import json

import pytest

from chiron.suggest.recall.usual_modules import TABLE, features_of, usually


def check_usual(name: str, module: str, path: str = "roles/web/tasks/main.yml") -> None:
    """`module` is the likeliest for a task called `name`."""
    found = usually(name, path)
    assert next(iter(found), None) == module, dict(found)
    assert 0 < sum(found.values()) <= 1


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Check whether the marker file exists", "ansible.builtin.stat"),
        ("Flush handlers", "ansible.builtin.meta"),
        ("Add the shop's Helm repository", "kubernetes.core.helm_repository"),
        ("Set swappiness", "ansible.posix.sysctl"),
        ("shop | Create the database user in MySQL", "community.mysql.mysql_user"),
    ],
)
def test_a_usual_name_is_known(name: str, module: str) -> None:
    check_usual(name, module)


def test_the_likeliest_come_first_and_the_unlikely_are_left_out() -> None:
    chances = list(usually("Install the tools", "tasks/main.yml").values())
    assert chances == sorted(chances, reverse=True)
    assert min(chances) >= 0.02


@pytest.mark.parametrize("name", ["", "Quux frobnicated", "安装软件", "-"])
def test_of_words_never_seen_nothing_is_said(name: str) -> None:
    assert usually(name, "tasks/main.yml") == {}


def test_a_very_long_name_is_read_as_far_as_it_tells() -> None:
    assert len(features_of("install nginx " * 5_000, False)) < 60
    assert usually("install nginx " * 5_000, "tasks/main.yml")


def test_a_handler_is_told_by_its_folder() -> None:
    assert "@" in features_of("Restart it", True)
    assert "@" not in features_of("Restart it", False)


def test_the_table_is_whole() -> None:
    held = json.loads(TABLE.read_text(encoding="utf-8"))
    n = len(held["modules"])
    for pairs in held["coefficients"].values():
        assert len(pairs) % 2 == 0
        assert all(0 <= at < n for at in pairs[::2])
