"""What the commands share: exit codes, the `--json` flag, how settings are read and values printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from chiron.config import Settings

_F = TypeVar("_F", bound=Callable[..., Any])

#: Exit codes: the answer is no; the call or the settings are wrong; something is missing or broken.
NO, WRONG, BROKEN = 1, 2, 3

json_flag: Callable[[_F], _F] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def settings(**over: Any) -> Settings:
    """The settings in force, with start arguments over them."""
    from chiron.config import read_settings

    return read_settings(**{key: value for key, value in over.items() if value is not None})


def print_json(value: object) -> None:
    """`value` for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def complain(message: str) -> None:
    """`message` on standard error, under the command's name."""
    click.echo(f"chiron: {message}", err=True)
