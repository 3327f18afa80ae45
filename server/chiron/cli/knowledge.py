"""What is known here: modules, remembered answers, settings, reasons."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chiron.cli.common import NO, complain, json_flag, print_json, settings


@click.group()
def catalog() -> None:
    """Modules known here."""


@catalog.command("show")
@click.argument("module")
@json_flag
def catalog_show(module: str, as_json: bool) -> None:
    """What is known of MODULE: its options, and what they may be."""
    from chiron.assemble import open_catalog
    from chiron.terminal import show_module

    known = open_catalog(settings(), Path.cwd())
    found = known.show(module)
    if found is None:
        removed = known.removed(module)
        complain(removed or f"No module {module!r} is installed here.")
        sys.exit(NO)
    if as_json:
        print_json(found)
    else:
        show_module(found)


@catalog.command("stats")
@json_flag
def catalog_stats(as_json: bool) -> None:
    """Where modules were found, and how many."""
    from chiron.assemble import open_catalog
    from chiron.terminal import show_pairs

    stats = open_catalog(settings(), Path.cwd()).stats()
    if as_json:
        print_json(stats)
    else:
        show_pairs("Catalog", stats)


@click.group()
def cache() -> None:
    """Models' answers on disk."""


@cache.command("stats")
@json_flag
def cache_stats(as_json: bool) -> None:
    """How much is kept, and what it has saved."""
    from dataclasses import asdict

    from chiron.assemble import open_cache
    from chiron.terminal import show_pairs

    stats = asdict(open_cache(settings()).stats())
    if as_json:
        print_json(stats)
    else:
        show_pairs("Cache", stats)


@cache.command("clear")
@json_flag
def cache_clear(as_json: bool) -> None:
    """Throw all of them away. Nothing else is lost."""
    from chiron.assemble import open_cache

    removed = open_cache(settings()).clear()
    if as_json:
        print_json({"removed": removed})
    else:
        click.echo(f"{removed} answers removed.")


@click.group()
def config() -> None:
    """Settings."""


@config.command("show")
@json_flag
def config_show(as_json: bool) -> None:
    """Every setting in force. Keys are never part of the settings, only where to find them."""
    from chiron.terminal import show_tree

    shown = settings().model_dump(mode="json")
    if as_json:
        print_json(shown)
    else:
        show_tree("Settings", shown)


@config.command("path")
@json_flag
def config_path(as_json: bool) -> None:
    """Where the settings file is, or would be."""
    from chiron.config import config_file

    path = config_file()
    if as_json:
        print_json({"path": str(path), "exists": path.exists()})
    else:
        click.echo(path)


@click.command()
@json_flag
def guardrails(as_json: bool) -> None:
    """List the reasons for which a candidate is not shown."""
    from chiron.suggest.guardrails import REASONS
    from chiron.terminal import show_pairs

    if as_json:
        print_json(dict(REASONS))
    else:
        show_pairs("Withheld because", REASONS)
