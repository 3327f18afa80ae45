"""The log of suggestions and what became of them."""

from __future__ import annotations

import sys

import click

from chiron.cli.common import NO, complain, json_flag, print_json, settings


@click.group()
def feedback() -> None:
    """The log of suggestions and what became of them."""


@feedback.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000), help="Most rows.")
@click.option("--origin", default=None, help="Only from: editor, try, cli, eval, replay.")
@click.option("--outcome", default=None, help="Only with this outcome.")
@json_flag
def feedback_list(limit: int, origin: str | None, outcome: str | None, as_json: bool) -> None:
    """The latest suggestions, newest first."""
    from chiron.assemble import open_feedback
    from chiron.feedback_view import list_rows
    from chiron.terminal import show_rows

    rows = list_rows(open_feedback(settings()), limit=limit, origin=origin, outcome=outcome)
    if as_json:
        print_json(rows)
    else:
        show_rows(rows)


@feedback.command("show")
@click.argument("suggestion_id", metavar="ID")
@json_flag
def feedback_show(suggestion_id: str, as_json: bool) -> None:
    """One suggestion, all that is kept of it, and all that happened to it."""
    from chiron.assemble import open_feedback
    from chiron.feedback_view import one_row
    from chiron.terminal import show_tree

    row = one_row(open_feedback(settings()), suggestion_id)
    if row is None:
        complain(f"No suggestion {suggestion_id!r} is in the log.")
        sys.exit(NO)
    if as_json:
        print_json(row)
    else:
        show_tree(f"Suggestion {suggestion_id}", row)


@feedback.command("stats")
@json_flag
def feedback_stats(as_json: bool) -> None:
    """Counts by outcome. Only what an editor asked for counts towards acceptance."""
    from chiron.assemble import open_feedback
    from chiron.feedback_view import statistics
    from chiron.terminal import show_tree

    stats = statistics(open_feedback(settings()))
    if as_json:
        print_json(stats)
    else:
        show_tree("Feedback", stats)
