"""Exporting and importing as the command line asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chiron.assemble import open_catalog, open_feedback
from chiron.config import Settings, is_excluded
from chiron.errors import CatalogError
from chiron.exchange.copied import Copied
from chiron.exchange.export import export, to_values
from chiron.exchange.formats import Format
from chiron.exchange.merging import merge
from chiron.review.files import local_path
from chiron.review.searching import to_search


def export_log(
    settings: Settings,
    kind: str,
    out: Path,
    asked: Mapping[str, str | None],
    workspace: Path | None = None,
) -> dict[str, Any]:
    """Exports what is asked for and says what was written. Raises `Unasked` for a filter there is not."""
    given = {name: value for name, value in asked.items() if value is not None}
    if given.get("origin") == "any":
        del given["origin"]
    search = to_search(given, datetime.now().astimezone().tzinfo or UTC)
    if workspace is not None:
        folder = f"{workspace.absolute().as_uri().rstrip('/')}/"
        search = replace(search, filters=replace(search.filters, uri=folder))
        given["workspace"] = workspace.name
    try:
        catalog = open_catalog(settings, None)
    except CatalogError:
        # Where a text came from is known without; the manifest says that texts were not compared.
        catalog = None
    with open_feedback(settings) as log:
        done = export(
            log,
            search,
            Format(kind),
            out,
            copied=Copied(catalog),
            is_excluded=lambda uri: _is_excluded(uri, settings.feedback.exclude),
            filters=given,
        )
    return to_values(done)


def import_logs(settings: Settings, files: Sequence[Path], name: str | None) -> list[dict[str, Any]]:
    """Merges each file into the log, and says of each what came of it."""
    with open_feedback(settings) as log:
        return [merge(log, file, name=name or file.stem) for file in files]


def _is_excluded(uri: str, globs: Sequence[str]) -> bool:
    path = local_path(uri)
    return is_excluded(uri if path is None else str(path), globs)
