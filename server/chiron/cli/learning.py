"""What was learned from outcomes: the pool, the gate, the arms, and all of it on one screen."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chiron.cli.common import NO, complain, json_flag, print_json, settings

_PATH = click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True)


@click.group()
def pool() -> None:
    """Tasks that were kept, and what else outcomes teach."""


@pool.command("show")
@click.argument("suggestion_id", required=False, metavar="[ID]")
@click.option("--workspace", type=_PATH, help="Only what counts in this one.")
@json_flag
def pool_show(suggestion_id: str | None, workspace: Path | None, as_json: bool) -> None:
    """Every example with where it came from, or the one of a suggestion."""
    from chiron.flywheel_view import pool_of
    from chiron.terminal_learned import show_pool

    found = pool_of(settings(), workspace)
    if suggestion_id is not None:
        chosen = [one for one in found["examples"] if one["suggestion_id"].startswith(suggestion_id)]
        if not chosen:
            complain(f"No example of a suggestion {suggestion_id!r} is in the pool.")
            sys.exit(NO)
        found = found | {"examples": chosen}
    if as_json:
        print_json(found)
    else:
        show_pool(found, whole=suggestion_id is not None)


@pool.command("remove")
@click.argument("suggestion_ids", nargs=-1, required=True, metavar="ID...")
@click.option("--undo", is_flag=True, help="Put it back.")
def pool_remove(suggestion_ids: tuple[str, ...], undo: bool) -> None:
    """Take out what suggestions taught. They stay in the log; `chiron feedback delete` erases them."""
    from chiron.flywheel_view import unlearn

    for suggestion_id in suggestion_ids:
        found = unlearn(settings(), suggestion_id, put_back=undo)
        if not found:
            complain(f"No suggestion {suggestion_id!r} is in the log.")
            sys.exit(NO)
        others = f", with {len(found) - 1} more that taught the same" if len(found) > 1 else ""
        click.echo(f"{found[0]}: {'back in' if undo else 'out of'} what is learned{others}")


@click.group()
def gate() -> None:
    """Whether to show anything at all, learned from what was kept."""


@gate.command("train")
@json_flag
def gate_train(as_json: bool) -> None:
    """Train it on the log. Needs the `learn` extra."""
    from chiron.flywheel_view import gate_of, train_gate
    from chiron.terminal_learned import show_gate

    chosen = settings()
    if lacking := gate_of(chosen)["missing"]:
        complain(f"There is not enough to learn from yet: {lacking} are missing.")
        sys.exit(NO)
    found = train_gate(chosen)
    if as_json:
        print_json(found)
    else:
        show_gate(found)


@gate.command("show")
@json_flag
def gate_show(as_json: bool) -> None:
    """What it has learned, or what is missing before it can."""
    from chiron.flywheel_view import gate_of
    from chiron.terminal_learned import show_gate

    found = gate_of(settings())
    if as_json:
        print_json(found)
    else:
        show_gate(found)


@gate.command("replay")
@json_flag
def gate_replay(as_json: bool) -> None:
    """What it would have been worth on the log, with an interval."""
    from chiron.flywheel_view import replay_gate
    from chiron.terminal_learned import show_estimate

    found = replay_gate(settings())
    if as_json:
        print_json(found)
    else:
        show_estimate(found)


@click.command()
@json_flag
def arms(as_json: bool) -> None:
    """How the arms of the settings fare against each other. May be looked at any day."""
    from chiron.flywheel_view import arms_of
    from chiron.terminal_learned import show_arms

    found = arms_of(settings())
    if as_json:
        print_json(found)
    else:
        show_arms(found)


@click.command()
@click.option("--on", is_flag=True, help="Switch learning on again, where it switched itself off.")
@json_flag
def flywheel(on: bool, as_json: bool) -> None:
    """What was learned, from how many outcomes, and what it brought."""
    from chiron.flywheel_view import flywheel_of, switch_on
    from chiron.terminal_learned import show_flywheel

    chosen = settings()
    if on:
        switch_on(chosen)
    found = flywheel_of(chosen)
    if as_json:
        print_json(found)
    else:
        show_flywheel(found)
