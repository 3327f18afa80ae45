"""Looking at the log: the review's pages, and the report."""

from __future__ import annotations

from pathlib import Path

import click

from chiron.cli.common import json_flag, print_json, settings


@click.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on loopback; any free one if 0.")
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@click.option(
    "--arena",
    nargs=3,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="CASES FIRST SECOND",
    help="Compare two files of `eval run` blind, instead of what is in the log.",
)
@click.option(
    "--workspaces",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the checkouts, to show the lines before each case.",
)
def review(
    port: int, no_browser: bool, arena: tuple[Path, Path, Path] | None, workspaces: Path | None
) -> None:
    """Look through the log in the browser, and say what was good. Nothing leaves this machine."""
    from chiron.comparing import matches
    from chiron.review.serve import serve

    compared = matches(*arena, workspaces) if arena else []
    serve(settings(), port=port, browser=not no_browser, tell=click.echo, compared=compared)


@click.command()
@click.option(
    "--html", "html_file", type=click.Path(path_type=Path, dir_okay=False), help="Write one page to FILE."
)
@click.option("--days", type=click.IntRange(1, 36_500), help="Only the last DAYS days.")
@click.option("--origin", default="editor", show_default=True, help="Whose requests; `any` for all.")
@json_flag
def report(html_file: Path | None, days: int | None, origin: str, as_json: bool) -> None:
    """Acceptance, what was kept, waiting time and cost, by everything that could matter."""
    from chiron.assemble import open_feedback
    from chiron.review.report import figures_for, to_html, to_values
    from chiron.terminal import show_figures

    made = figures_for(open_feedback(settings()), days=days, origin=origin)
    if html_file is not None:
        html_file.write_text(to_html(made), encoding="utf-8")
        click.echo(f"Written to {html_file}.")
    if as_json:
        print_json(to_values(made))
    elif html_file is None:
        show_figures(to_values(made))
