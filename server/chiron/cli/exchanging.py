"""What leaves the log as training data, and what comes into it from other logs."""

from __future__ import annotations

from pathlib import Path

import click

from chiron.cli.common import json_flag, print_json, settings

_PATH = click.Path(path_type=Path, dir_okay=False)
_FORMATS = ("messages", "preference", "kto", "openai", "parquet")


@click.command()
@click.option("--format", "kind", required=True, type=click.Choice(_FORMATS), help="What to write.")
@click.option("--out", required=True, type=_PATH, help="The file; a manifest is put beside it.")
@click.option("--since", metavar="DAY", help="Only from this day on, as 2026-06-30.")
@click.option("--until", metavar="DAY", help="Only up to this day.")
@click.option("--scope", help="Only for this kind of place.")
@click.option("--module", help="Only of this module, as ansible.builtin.copy.")
@click.option("--outcome", help="Only with this outcome.")
@click.option("--origin", default="editor", show_default=True, help="Whose requests; `any` for all.")
@click.option("--label", help="Only with this verdict; `-` for none.")
@click.option("--model", help="Only of this model; `-` for none.")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Only of files in this folder and below.",
)
@json_flag
def export(kind: str, out: Path, workspace: Path | None, as_json: bool, **asked: str | None) -> None:
    """Write the log as training data. What looks like a secret and modules' own EXAMPLES are left out."""
    from chiron.exchange.command import export_log
    from chiron.review.searching import Unasked
    from chiron.terminal import show_tree

    try:
        done = export_log(settings(), kind, out, asked, workspace)
    except Unasked as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        print_json(done)
    else:
        show_tree(f"Written to {out}", done)


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, dir_okay=False)
)
@click.option("--as", "name", help="Whose log it is; the file's name otherwise.")
@json_flag
def import_(files: tuple[Path, ...], name: str | None, as_json: bool) -> None:
    """Merge other people's feedback files into this log. What is there already is not added again."""
    from chiron.exchange.command import import_logs
    from chiron.terminal import show_tree

    if name is not None and len(files) > 1:
        raise click.UsageError("Name one file with --as.")
    done = import_logs(settings(), files, name)
    if as_json:
        print_json(done)
    else:
        for one in done:
            show_tree(f"Merged {one['file']}", one)
