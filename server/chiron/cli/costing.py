"""What suggestions cost."""

from __future__ import annotations

import click

from chiron.cli.common import json_flag, print_json, settings


@click.command()
@click.option("--days", type=click.IntRange(1, 36_500), help="Only the last DAYS days.")
@click.option("--origin", default="editor", show_default=True, help="Whose requests; `any` for all.")
@click.option("--from", "base", metavar="MODEL", help="Compare with this model instead of the one in use.")
@json_flag
def cost(days: int | None, origin: str, base: str | None, as_json: bool) -> None:
    """What suggestions cost, and when stronger models will be as cheap as the one in use, by the trend."""
    import time
    from datetime import date

    from chiron.cost import report
    from chiron.terminal import show_costs

    try:
        told = report(
            settings(), date.today(), days=days, origin=origin, base=base, now_ms=int(time.time() * 1000)
        )
    except ValueError:
        raise click.UsageError(f"No origin is called {origin!r}.") from None
    if as_json:
        print_json(told)
    else:
        show_costs(told)
