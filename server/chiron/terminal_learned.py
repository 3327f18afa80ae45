"""How what was learned looks in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Any

from rich.table import Table
from rich.text import Text

from chiron.terminal import console, harmless, show_pairs

#: From so many columns on there is room for where an example is from.
_WIDE = 130


def show_pool(found: Mapping[str, Any], *, whole: bool = False) -> None:
    """The examples, one a line; `whole` with all that is known of each, and nothing else."""
    examples = found["examples"]
    if whole:
        for one in examples:
            _show_example(one)
        return
    if not examples:
        console.print(f"No examples yet, from {found['n_outcomes']} outcomes.")
    else:
        console.print(_table_of(examples))
        console.print(
            Text("`chiron pool show ID` shows one whole, `chiron pool remove ID` takes it out.", "dim")
        )
    if found["left_out"]:
        show_pairs("Left out", found["left_out"])
    _show_rates(found["rates"])


def _table_of(examples: Sequence[Mapping[str, Any]]) -> Table:
    """A line each: where it is from is left to whoever has room for it."""
    wide = console.width >= _WIDE
    table = Table(box=None, pad_edge=False)
    # An id or a day that is cut off leads nowhere.
    for heading, least in (("id", 16), ("kind", 9), ("since", 10)):
        table.add_column(heading, no_wrap=True, min_width=least)
    for heading in ("module", "task", *(("weight", "where") if wide else ())):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    for one in examples:
        module = str(one["module"]) if wide else str(one["module"]).rpartition(".")[2]
        cells = [one["suggestion_id"], one["kind"], one["at"], module, one["name"]]
        cells += [f"{one['weight']:.2f}", one["where"]] if wide else []
        table.add_row(*(Text(harmless(str(cell))) for cell in cells))
    return table


def _show_example(one: Mapping[str, Any]) -> None:
    show_pairs(
        f"Example of suggestion {one['suggestion_id']}",
        {
            "known from": f"{one['kind']} on {one['at']}",
            "where": one["where"],
            "weight": f"{one['weight']:.2f}, of 1 when it was new and kept whole",
        },
    )
    console.print(Text(harmless(f"\n- name: {one['name']}\n" + indent(one["body"], "  "))))


def show_gate(found: Mapping[str, Any]) -> None:
    """The gate, or what is missing."""
    trained = found["trained"]
    outcomes = f"{found['n_outcomes']} outcomes, {found['n_kept']} of them kept"
    if trained is None:
        lacking = found["missing"]
        if lacking:
            console.print(f"No gate: from {outcomes}. Before one can be trained, {lacking} are missing.")
        else:
            console.print(
                f"No gate was trained yet; there is enough to: {outcomes}. `chiron gate train` does."
            )
        return
    show_pairs(
        "Gate",
        {
            "in force": "yes" if found["in_force"] else "no",
            "trained": f"{trained['at']}, on {trained['n']} outcomes, {trained['n_kept']} of them kept",
            "replayed on the log": "{:+.3f} [{:+.3f}, {:+.3f}] worth per request".format(*trained["gain"])
            + ("" if trained["helps"] else ": not shown to help, so it holds nothing back"),
            "shows from": f"a chance of {found['least_chance']:.3f} on",
            "tells kept from not": f"{trained['auc_before']:.2f} before a model, {trained['auc_after']:.2f} "
            "with something to show (0.5 is by lot, 1 always; cross-validated)",
            "log loss": f"{trained['log_loss']:.3f}; knowing the share alone "
            f"{trained['log_loss_of_the_share']:.3f}",
            "outcomes now": outcomes,
        },
    )
    show_pairs("Weights", {name: f"{weight:+.3f}" for name, weight in trained["weights"].items()})


def show_estimate(found: Mapping[str, Any]) -> None:
    """What a gate would have been worth."""
    show_pairs(
        "Gate, replayed on the log",
        {
            "judged on": f"{found['n']} outcomes of {found['n_requests']} requests ({found['how']})",
            "held back": f"{found['n_held']}, of which {found['n_held_kept']} had been kept",
            "worth per request": f"{found['worth_all']:.3f} with everything shown, "
            f"{found['worth_gated']:.3f} with it",
            "difference": f"{found['difference']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]: "
            f"{found['verdict']}",
            "by outcomes alone": f"{found['by_outcomes']:+.3f}; above, what nobody saw is foretold",
        },
    )


def show_arms(found: Mapping[str, Any]) -> None:
    """Each arm against the first."""
    if not found["contests"]:
        # As text: brackets would be taken for markup.
        console.print(Text("There are no arms to compare. Name two or more in the settings, as [arms.NAME]."))
        return
    for one in found["contests"]:
        show_pairs(f"{one['second']['name']} against {one['first']['name']}", _contest(one))
    _show_worth(found["interruption"])


def show_flywheel(found: Mapping[str, Any]) -> None:
    """All of it on one screen."""
    outcomes, pool, gate, brought = (found[key] for key in ("outcomes", "pool", "gate", "brought"))
    state = f"switched itself off: {found['off']}" if found["off"] else "on" if found["enabled"] else "off"
    kinds = ", ".join(f"{n} {kind}" for kind, n in pool["by_kind"].items() if n)
    show_pairs(
        "Flywheel",
        {
            "learning": state,
            "outcomes": f"{outcomes['n']} judged, {outcomes['n_kept']} of them kept; "
            f"{outcomes['n_labelled']} verdicts",
            "examples": f"{pool['n_examples']}{f' ({kinds})' if kinds else ''}; {pool['n_workspaces']}",
            "gate": _gate_line(gate),
        },
    )
    _show_rates(pool["rates"])
    names = {"control": "without it", "learned": "with it"}
    show_pairs("What it brought", {names.get(key, key): said for key, said in _contest(brought).items()})
    _show_worth(brought["interruption"])
    if found["off"]:
        console.print(Text("`chiron flywheel --on` switches it on again.", style="dim"))


def _show_worth(interruption: float) -> None:
    said = f"Worth: 1 for what was kept, 0 where nothing was shown, minus {interruption:g} shown in vain."
    weighed = "The difference weighs requests by their chance of being drawn, and may be looked at any day."
    console.print(Text(f"{said} {weighed}", "dim"))


def _gate_line(gate: Mapping[str, Any]) -> str:
    if gate["trained"] is None:
        return f"none; {gate['missing']} missing" if gate["missing"] else "none yet; `chiron gate train`"
    trained = gate["trained"]
    state = "in force" if gate["in_force"] else "not in force" if trained["helps"] else "not shown to help"
    return f"{state}, trained {trained['at']} on {trained['n']}, AUC {trained['auc_after']:.2f}"


def _contest(one: Mapping[str, Any]) -> dict[str, str]:
    rows = {}
    for side in (one["first"], one["second"]):
        held = f", {side['n_held']} held back" if side["n_held"] else ""
        seen = f"{side['n']}; {side['n_shown']} seen, {side['n_kept']} kept{held}"
        rows[side["name"]] = f"worth {side['worth']:.3f} per request ({seen})" if side["n"] else "nothing yet"
    if one["low"] is None:
        rows["difference"] = one["verdict"]
    else:
        rows["difference"] = (
            f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]: {one['verdict']}"
        )
    return rows


def _show_rates(rates: Any) -> None:
    if rates:
        show_pairs(
            "Kept more or less often than expected",
            {
                row["module"]: f"{row['n_kept']:g} of {row['n']:g}, log-odds {row['shift']:+.2f}"
                for row in rates
            },
        )
