"""`task_list`: tasks that a comment asks for."""

from __future__ import annotations

import pytest

from chiron.records import Expects, FileKind, Position, Range
from support.scopes import BODY, HANDLERS, LIST, PLAYBOOK, TASKS, check, check_none


def test_tasks_are_offered_at_the_end_of_a_comment() -> None:
    check(
        "- debug:\n\n# Install and start nginx¦\n",
        LIST,
        expects=Expects.TASKS,
        range=Range(Position(2, 25), Position(2, 25)),
        lead="\n",
        indent=2,
        task_column=0,
        before="",
        after="",
        task_name="Install and start nginx",
        module=None,
        present=(),
        typed="",
        task_line=2,
    )


def test_tasks_are_offered_on_the_blank_line_below_a_comment() -> None:
    check(
        "- hosts: a\n  tasks:\n    # install nginx\n    ¦\n",
        LIST,
        PLAYBOOK,
        range=Range(Position(3, 0), Position(3, 4)),
        lead="",
        indent=6,
        task_column=4,
        task_line=2,
    )
    check("# install nginx\n¦\n- debug:\n", LIST)
    check("- hosts: a\n  tasks:\n    # install nginx\n¦\n", LIST, PLAYBOOK, task_column=4)
    check_none("# install nginx\n\n¦\n")
    check_none("# install nginx\n  ¦\n")


@pytest.mark.parametrize("head", ["", "---\n", "---\n\n", "%YAML 1.2\n---\n", "\ufeff", "\ufeff---\n"])
def test_an_otherwise_empty_tasks_file_takes_tasks(head: str) -> None:
    check(head + "# install and start nginx¦", LIST, task_column=0, indent=2)
    check(head + "# install and start nginx\n¦", LIST, task_column=0, indent=2)
    check(head + "# restart nginx¦", LIST, HANDLERS, in_handlers=True)


@pytest.mark.parametrize("key", ["tasks", "pre_tasks", "post_tasks", "handlers"])
def test_every_list_of_a_play_takes_tasks(key: str) -> None:
    play = f"- hosts: a\n  {key}:\n"
    check(play + "    # install nginx¦\n", LIST, PLAYBOOK, task_column=4, in_handlers=key == "handlers")
    check(play + "  # install nginx¦\n", LIST, PLAYBOOK, task_column=2)
    check(play + "      - debug:\n\n      # install nginx¦\n- hosts: b\n", LIST, PLAYBOOK, task_column=6)
    check(play + "    # install nginx¦\n\n    - debug:\n", LIST, PLAYBOOK, task_column=4)


@pytest.mark.parametrize("key", ["block", "rescue", "always"])
def test_every_list_of_a_block_takes_tasks(key: str) -> None:
    check(f"- name: a\n  {key}:\n    # install nginx¦\n", LIST, task_column=4)
    check(f"- {key}:\n    - debug:\n    # install nginx¦\n  when: a\n", LIST, task_column=4)


def test_tasks_have_the_step_of_those_that_stand() -> None:
    check("-   name: a\n    debug:\n# install nginx¦\n", LIST, task_column=0, indent=4)


def test_comment_lines_above_belong_to_the_request() -> None:
    check("- debug:\n# install nginx,\n# start it¦\n", LIST, task_name="install nginx, start it", task_line=2)
    check("# ----------\n# install nginx\n¦", LIST, task_name="install nginx")
    check("# apt:\n# install nginx¦", LIST, task_name="install nginx")
    check("#install nginx¦", LIST, task_name="install nginx")
    check("## install nginx ##¦", LIST, task_name="install nginx ##")
    check("# 安装并启动 nginx¦", LIST, task_name="安装并启动 nginx")


@pytest.mark.parametrize(
    "fixture",
    [
        "- name: a\n  # install nginx¦\n  debug:\n",
        "- name: a\n  debug:\n  # install nginx¦\n",
        "- debug:\n    # install nginx¦\n    msg: a\n",
        "- shell: |\n    # install nginx¦\n",
        "- shell: |\n    echo\n\n    # install nginx\n    ¦\n",
        "- debug:\n  when:\n    # install nginx¦\n",
        "- debug:\n  vars:\n    # install nginx¦\n",
        "- debug:\n   # install nginx¦\n",
        "  - debug:\n# install nginx¦\n",
        "a: b\n# install nginx¦\n",
        "- debug: # install nginx¦\n",
        "- # install nginx¦\n",
    ],
)
def test_a_comment_within_a_task_asks_for_nothing(fixture: str) -> None:
    check_none(fixture)


def test_a_comment_on_the_task_that_follows_asks_for_nothing() -> None:
    check_none("# install nginx¦\n- name: Install nginx\n  apt:\n")
    check_none("- block:\n    # install nginx¦\n    - apt:\n")
    check_none("# install nginx¦\n# and start it\n")


@pytest.mark.parametrize(
    "comment",
    [
        "#",
        "# ",
        "# --",
        "##########",
        "# - name: Install nginx",
        "# apt:",
        "#   name: nginx",
        "# ansible.builtin.apt: name=nginx",
        "# {{ a }}",
        "#!/usr/bin/ansible",
        "# noqa: name[casing]",
        "# code: language=ansible",
        "# yamllint disable",
        "# vim: ft=yaml",
        "# -*- mode: yaml -*-",
        "# SPDX-License-Identifier: MIT",
        "# Copyright 2020 by someone",
        "# tasks file for nginx",
        "# handlers file for nginx",
        "# Note: nginx needs this",
        "# see the manual",
        "# more at https://example.org/nginx",
    ],
)
def test_what_is_no_request_asks_for_nothing(comment: str) -> None:
    check_none(comment + "¦\n")


@pytest.mark.parametrize(
    ("fixture", "file_kind"),
    [
        ("# install nginx¦", PLAYBOOK),
        ("- hosts: a\n# install nginx¦\n", PLAYBOOK),
        ("- hosts: a\n# install nginx¦\n", TASKS),
        ("- hosts: a\n  # install nginx¦\n  tasks:\n", PLAYBOOK),
        ("- hosts: a\n  roles:\n    # install nginx¦\n", PLAYBOOK),
        ("- hosts: a\n  vars:\n    # install nginx¦\n", PLAYBOOK),
        ("- hosts: a\n  tasks:\n# install nginx¦\n    - debug:\n", PLAYBOOK),
        ("- hosts: a\n  tasks:\n  # install nginx¦\n\n    - debug:\n", PLAYBOOK),
        ("# install¦ nginx", TASKS),
    ],
)
def test_no_tasks_where_no_list_is(fixture: str, file_kind: FileKind) -> None:
    check_none(fixture, file_kind)


@pytest.mark.parametrize("file_kind", sorted(set(FileKind) - {PLAYBOOK, TASKS, HANDLERS}))
def test_comments_in_other_files_ask_for_nothing(file_kind: FileKind) -> None:
    check_none("# install nginx¦\n", file_kind)


def test_a_comment_below_a_name_leaves_the_body_to_be_written() -> None:
    check("- name: Install nginx\n  # the web server\n  ¦\n", BODY)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_every_line_ending_is_one(end: str) -> None:
    check(f"---{end}# install{end}# nginx¦{end}", LIST, task_name="install nginx")
    check(f"- debug:{end}# install nginx{end}¦{end}", LIST)
