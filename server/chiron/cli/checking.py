"""Checking files from a shell or a build."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chiron.cli.common import NO, complain, json_flag, print_json, settings

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="PATH...")
@click.option("--fix", is_flag=True, help="First make the rewrites that change nothing of what a task does.")
@click.option("--off", multiple=True, metavar="CODE", help="Leave out problems and rewrites of this code.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print SARIF 2.1.0.")
@json_flag
def check(paths: tuple[Path, ...], fix: bool, off: tuple[str, ...], as_sarif: bool, as_json: bool) -> None:
    """Check playbooks and roles. The exit code is 1 where an error is found; warnings do not count."""
    from chiron.check.report import to_json, to_lines, to_sarif
    from chiron.check.run import check as check_paths
    from chiron.terminal import harmless

    if as_json and as_sarif:
        raise click.UsageError("Give --json or --sarif, not both.")
    known = settings()
    diagnostics = known.diagnostics.model_copy(update={"off": (*known.diagnostics.off, *off)})
    result = check_paths(paths, known.model_copy(update={"diagnostics": diagnostics}), fix=fix)
    for passed in result.passed:
        complain(harmless(f"{passed.shown} was passed over: {passed.why}."))
    if as_json:
        print_json(to_json(result))
    elif as_sarif:
        print_json(to_sarif(result))
    else:
        for line in to_lines(result):
            click.echo(harmless(line))
    sys.exit(NO if result.has_errors else 0)
