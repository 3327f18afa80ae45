"""The `chiron` command: one function a command, no logic of its own, nothing heavy imported before it runs.

Exit codes: 0 done; 1 it ran, and the answer is no (nothing suggested, a problem found, nothing there);
2 the call or the settings are wrong; 3 something Chiron needs is missing or broken.
"""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from chiron import __version__

if TYPE_CHECKING:
    from chiron.config import Settings

_F = TypeVar("_F", bound=Callable[..., Any])

NO, WRONG, BROKEN = 1, 2, 3

_as_json: Callable[[_F], _F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs."
)


def main() -> None:
    """Runs the command line. Errors a person can act on are one sentence, never a traceback."""
    from chiron.errors import ChironError, SettingsError

    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SettingsError as error:
        click.echo(f"chiron: {error}", err=True)
        sys.exit(WRONG)
    except ChironError as error:
        click.echo(f"chiron: {error}", err=True)
        sys.exit(BROKEN)
    except BrokenPipeError:
        sys.exit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="chiron")
def cli() -> None:
    """Inline suggestions for Ansible that are valid or not shown."""


def _settings(**over: Any) -> Settings:
    from chiron.config import read_settings

    return read_settings(**{key: value for key, value in over.items() if value is not None})


def _print_json(value: object) -> None:
    click.echo(json_module.dumps(value, indent=2, ensure_ascii=False, default=str))


# ----------------------------------------------------------------------------- editors


@cli.command()
@click.option("--stdio", is_flag=True, help="Speak on standard input and output (the default).")
@click.option("--tcp", metavar="HOST:PORT", help="Listen on a loopback address instead.")
@click.option("--model", help="Model to use, over the settings.")
def serve(stdio: bool, tcp: str | None, model: str | None) -> None:
    """Run the language server. Editors start this themselves."""
    from chiron.lsp.server import run

    if stdio and tcp:
        raise click.UsageError("Give --stdio or --tcp, not both.")
    run(_settings(model=model), tcp)


@cli.command("try")
@click.argument("target", required=False, metavar="[PATH[:LINE]]")
@click.option("--model", help="Model to use, over the settings.")
@click.option("--plain", is_flag=True, help="No colours and no pauses.")
def try_(target: str | None, model: str | None, plain: bool) -> None:
    """See it work: a real server, a real suggestion, an accept, a refusal, and the log of both."""
    from chiron.tryout.story import tell

    sys.exit(0 if tell(target, model=model, plain=plain) else NO)


# ----------------------------------------------------------------------------- asking


@cli.command()
@click.argument("place", metavar="FILE:LINE[:COL]")
@click.option("-n", "n", default=1, show_default=True, type=click.IntRange(1, 3), help="Most suggestions.")
@click.option("--model", help="Model to use, over the settings.")
@_as_json
def suggest(place: str, n: int, model: str | None, as_json: bool) -> None:
    """Suggest what could stand at a place. Lines and columns count from 1; the end of the line by default."""
    from chiron.ask import ask, parse_place, to_json
    from chiron.terminal import show_answer

    path, line, column = parse_place(place)
    asked = ask(_settings(model=model), path, line, column, n)
    if as_json:
        _print_json(to_json(asked))
    else:
        show_answer(asked)
    sys.exit(0 if asked.answer and asked.answer.suggestions else NO)


@cli.command()
@_as_json
def doctor(as_json: bool) -> None:
    """Say what was found here, what is missing, and what to do."""
    from dataclasses import asdict

    from chiron.doctor import examine
    from chiron.terminal import show_findings

    findings = examine(_settings(), Path.cwd())
    if as_json:
        _print_json([asdict(finding) for finding in findings])
    else:
        show_findings(findings)
    sys.exit(BROKEN if any(finding.state == "problem" for finding in findings) else 0)


@cli.command()
@_as_json
def guardrails(as_json: bool) -> None:
    """List the reasons for which a candidate is not shown."""
    from chiron.suggest.guardrails import REASONS
    from chiron.terminal import show_pairs

    if as_json:
        _print_json(dict(REASONS))
    else:
        show_pairs("Withheld because", REASONS)


# ----------------------------------------------------------------------------- what is known


@cli.group()
def catalog() -> None:
    """Modules known here."""


@catalog.command("show")
@click.argument("module")
@_as_json
def catalog_show(module: str, as_json: bool) -> None:
    """What is known of MODULE: its options, and what they may be."""
    from chiron.assemble import open_catalog
    from chiron.terminal import show_module

    known = open_catalog(_settings(), Path.cwd())
    found = known.show(module)
    if found is None:
        removed = known.removed(module)
        click.echo(f"chiron: {removed or f'No module {module!r} is installed here.'}", err=True)
        sys.exit(NO)
    if as_json:
        _print_json(found)
    else:
        show_module(found)


@catalog.command("stats")
@_as_json
def catalog_stats(as_json: bool) -> None:
    """Where modules were found, and how many."""
    from chiron.assemble import open_catalog
    from chiron.terminal import show_pairs

    stats = open_catalog(_settings(), Path.cwd()).stats()
    if as_json:
        _print_json(stats)
    else:
        show_pairs("Catalog", stats)


@cli.group()
def cache() -> None:
    """Models' answers on disk."""


@cache.command("stats")
@_as_json
def cache_stats(as_json: bool) -> None:
    """How much is kept, and what it has saved."""
    from dataclasses import asdict

    from chiron.assemble import open_cache
    from chiron.terminal import show_pairs

    stats = asdict(open_cache(_settings()).stats())
    if as_json:
        _print_json(stats)
    else:
        show_pairs("Cache", stats)


@cache.command("clear")
@_as_json
def cache_clear(as_json: bool) -> None:
    """Throw all of them away. Nothing else is lost."""
    from chiron.assemble import open_cache

    removed = open_cache(_settings()).clear()
    if as_json:
        _print_json({"removed": removed})
    else:
        click.echo(f"{removed} answers removed.")


@cli.group()
def config() -> None:
    """Settings."""


@config.command("show")
@_as_json
def config_show(as_json: bool) -> None:
    """Every setting in force. Keys are never part of the settings, only where to find them."""
    from chiron.terminal import show_tree

    shown = _settings().model_dump(mode="json")
    if as_json:
        _print_json(shown)
    else:
        show_tree("Settings", shown)


@config.command("path")
@_as_json
def config_path(as_json: bool) -> None:
    """Where the settings file is, or would be."""
    from chiron.config import config_file

    path = config_file()
    if as_json:
        _print_json({"path": str(path), "exists": path.exists()})
    else:
        click.echo(path)


# ----------------------------------------------------------------------------- what became of it


@cli.group()
def feedback() -> None:
    """The log of suggestions and what became of them."""


@feedback.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000), help="Most rows.")
@click.option("--origin", default=None, help="Only from: editor, try, cli, eval, replay.")
@click.option("--outcome", default=None, help="Only with this outcome.")
@_as_json
def feedback_list(limit: int, origin: str | None, outcome: str | None, as_json: bool) -> None:
    """The latest suggestions, newest first."""
    from chiron.assemble import open_feedback
    from chiron.feedback_view import list_rows
    from chiron.terminal import show_rows

    rows = list_rows(open_feedback(_settings()), limit=limit, origin=origin, outcome=outcome)
    if as_json:
        _print_json(rows)
    else:
        show_rows(rows)


@feedback.command("show")
@click.argument("suggestion_id", metavar="ID")
@_as_json
def feedback_show(suggestion_id: str, as_json: bool) -> None:
    """One suggestion, all that is kept of it, and all that happened to it."""
    from chiron.assemble import open_feedback
    from chiron.feedback_view import one_row
    from chiron.terminal import show_tree

    row = one_row(open_feedback(_settings()), suggestion_id)
    if row is None:
        click.echo(f"chiron: No suggestion {suggestion_id!r} is in the log.", err=True)
        sys.exit(NO)
    if as_json:
        _print_json(row)
    else:
        show_tree(f"Suggestion {suggestion_id}", row)


@feedback.command("stats")
@_as_json
def feedback_stats(as_json: bool) -> None:
    """Counts by outcome. Only what an editor asked for counts towards acceptance."""
    from chiron.assemble import open_feedback
    from chiron.feedback_view import statistics
    from chiron.terminal import show_tree

    stats = statistics(open_feedback(_settings()))
    if as_json:
        _print_json(stats)
    else:
        show_tree("Feedback", stats)
