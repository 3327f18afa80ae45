"""The server, and questions to it: one function a command."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chiron.cli.common import BROKEN, NO, json_flag, print_json, settings


@click.command()
@click.option("--stdio", is_flag=True, help="Speak on standard input and output (the default).")
@click.option("--tcp", metavar="HOST:PORT", help="Listen on a loopback address instead.")
@click.option("--model", help="Model to use, over the settings.")
def serve(stdio: bool, tcp: str | None, model: str | None) -> None:
    """Run the language server. Editors start this themselves."""
    from chiron.lsp.server import run

    if stdio and tcp:
        raise click.UsageError("Give --stdio or --tcp, not both.")
    run(lambda: settings(model=model), tcp)


@click.command("try")
@click.argument("target", required=False, metavar="[PATH[:LINE]]")
@click.option("--model", help="Model to use, over the settings.")
@click.option("--plain", is_flag=True, help="No colours and no pauses.")
def try_(target: str | None, model: str | None, plain: bool) -> None:
    """See it work: a real server, a real suggestion, an accept, a refusal, and the log of both."""
    from chiron.tryout.story import tell

    sys.exit(0 if tell(target, model=model, plain=plain) else NO)


@click.command()
@click.argument("place", metavar="FILE:LINE[:COL]")
@click.option("-n", "n", default=1, show_default=True, type=click.IntRange(1, 3), help="Most suggestions.")
@click.option("--model", help="Model to use, over the settings.")
@json_flag
def suggest(place: str, n: int, model: str | None, as_json: bool) -> None:
    """Suggest what could stand at a place. Lines and columns count from 1; the end of the line by default."""
    from chiron.ask import ask, parse_place, to_json
    from chiron.terminal import show_answer, waiting

    path, line, column = parse_place(place)
    with waiting("Asking (the first time, a model has to start)…"):
        asked = ask(settings(model=model), path, line, column, n)
    if as_json:
        print_json(to_json(asked))
    else:
        show_answer(asked)
    sys.exit(0 if asked.answer and asked.answer.suggestions else NO)


@click.command()
@json_flag
def doctor(as_json: bool) -> None:
    """Say what was found here, what is missing, and what to do."""
    from dataclasses import asdict

    from chiron.doctor import examine
    from chiron.terminal import show_findings, waiting

    with waiting("Looking round, and asking the model what it can do…"):
        findings = examine(settings(), Path.cwd())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        show_findings(findings)
    sys.exit(BROKEN if any(finding.state == "problem" for finding in findings) else 0)
