"""The log of suggestions and what became of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from chiron.cli.common import NO, complain, json_flag, print_json, settings

_PATH = click.Path(path_type=Path)


@click.group()
def feedback() -> None:
    """The log of suggestions and what became of them."""


@feedback.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100_000), help="Most rows.")
@click.option("--origin", help="Only from: editor, try, cli, eval, replay.")
@click.option("--outcome", help="Only with this outcome.")
@click.option("--scope", help="Only for this kind of place.")
@click.option("--source", help="Only from: recall, cache, model.")
@click.option("--module", help="Only of this module, as ansible.builtin.copy.")
@click.option("--model", help="Only of this model.")
@click.option("--label", help="Only with this verdict; `-` for none.")
@click.option("--reason", help="Only withheld for this reason.")
@click.option("--search", "q", help="Only with this in the task's name or the text.")
@click.option("--since", metavar="DAY", help="Only from this day on, as 2026-06-30.")
@click.option("--until", metavar="DAY", help="Only up to this day.")
@json_flag
def feedback_list(limit: int, as_json: bool, **asked: str | None) -> None:
    """The latest suggestions, newest first."""
    from chiron.assemble import open_feedback
    from chiron.review.listing import listed
    from chiron.review.searching import Unasked
    from chiron.terminal import show_rows

    try:
        rows = listed(open_feedback(settings()), asked, limit)
    except Unasked as error:
        raise click.UsageError(str(error)) from None
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


@click.command()
@json_flag
def sent(as_json: bool) -> None:
    """What was sent to a model last, byte for byte, and to where."""
    from chiron.assemble import open_feedback
    from chiron.feedback_view import last_sent
    from chiron.terminal import harmless

    last = last_sent(open_feedback(settings()))
    if last is None:
        complain("Nothing that was sent to a model is in the log.")
        sys.exit(NO)
    if as_json:
        print_json(last)
    else:
        click.echo(f"To {last['endpoint']} ({last['model'] or 'a model'}) at {last['at']}:\n")
        click.echo(harmless(str(last["sent"])))


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


@feedback.command("label")
@click.argument("suggestion_id", metavar="ID")
@click.argument("label", required=False, metavar="[VERDICT]")
@click.option("--correction", type=click.File(encoding="utf-8"), help="File with the task as it should be.")
@click.option("--note", default="", help="A sentence that is kept with it.")
@click.option("--undo", is_flag=True, help="Take the last verdict back.")
@json_flag
def feedback_label(
    suggestion_id: str,
    label: str | None,
    correction: TextIO | None,
    note: str,
    undo: bool,
    as_json: bool,
) -> None:
    """Give a verdict on a suggestion.

    One of good, wrong_module, wrong_option, wrong_value, invented, unsafe, style, not_needed.
    """
    from chiron.assemble import open_feedback
    from chiron.review.listing import give_verdict
    from chiron.review.searching import Unasked

    if (label is None) != undo:
        raise click.UsageError("Give a verdict, or --undo.")
    text = correction.read() if correction is not None else ""
    with open_feedback(settings()) as log:
        try:
            given = give_verdict(log, suggestion_id, label, correction=text, note=note)
        except Unasked as error:
            raise click.UsageError(str(error)) from None
    if given is None:
        complain(f"No suggestion {suggestion_id!r} is in the log.")
        sys.exit(NO)
    if as_json:
        print_json(given)
    else:
        click.echo(f"{given['id']}: {given['label'] or 'no verdict'}")


@feedback.command("delete")
@click.argument("suggestion_id", required=False, metavar="[ID]")
@click.option("--file", "path", type=_PATH, metavar="PATH", help="All of a file, or of a folder and below.")
@click.option("--since", metavar="DAY", help="All from this day on, as 2026-06-30.")
@click.option("--until", metavar="DAY", help="All up to this day.")
@click.option("--everything", is_flag=True, help="The whole log.")
@click.option("--dry-run", is_flag=True, help="Only say what would be gone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_flag
def feedback_delete(
    suggestion_id: str | None,
    path: Path | None,
    since: str | None,
    until: str | None,
    everything: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase a suggestion, a file's, a period's or everything, from free space on the disk too."""
    from chiron.review.erasing import erase_for
    from chiron.review.listing import selection
    from chiron.review.searching import Unasked

    try:
        chosen = selection(
            suggestion_id=suggestion_id, path=path, since=since, until=until, everything=everything
        )
    except Unasked as error:
        raise click.UsageError(str(error)) from None

    def agreed(what: str) -> bool:
        click.echo(what, err=as_json)
        return not dry_run and (yes or click.confirm("Erase it?", err=as_json))

    done = erase_for(settings(), chosen, agreed)
    if as_json:
        print_json(done)
    elif done["erased"]:
        click.echo(done["said"])
    sys.exit(0 if done["n_suggestions"] else NO)


@feedback.command("vacuum")
def feedback_vacuum() -> None:
    """Rewrite the log's file without gaps."""
    from chiron.assemble import open_feedback

    click.echo(f"{open_feedback(settings()).vacuum():,} bytes are free again.")
