"""The README speaks of what there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from chiron.cli import cli

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def commands(group: click.Group, name: str) -> Iterator[str]:
    for key, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {key}")
        else:
            yield f"{name} {key}"


def test_every_command_is_in_the_readme() -> None:
    missing = [name for name in commands(cli, "chiron") if f"`{name}" not in README]
    assert missing == []


def test_the_two_commands_for_a_fresh_machine_are_there() -> None:
    lines = README.splitlines()
    assert 'python -m pip install ".[local]" && chiron try' in lines
    assert 'python -m pip install -e ".[local,test]" && pytest' in lines
