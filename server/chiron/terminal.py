"""How things look in a terminal. Text from files and models is printed as text: no markup, no controls."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from chiron.ask import Asked
from chiron.doctor import Finding
from chiron.records import Suggestion

console = Console(highlight=False)

_MARKS = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "problem": ("✗", "red")}


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A sign that something goes on, for what may take over a second; none where nobody watches."""
    watcher = Console(stderr=True)
    if not watcher.is_terminal:
        yield
        return
    with watcher.status(what):
        yield


def harmless(text: str) -> str:
    """`text` without control and direction characters, which move the cursor or hide what stands there."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else "�" for c in text
    )


def show_answer(asked: Asked) -> None:
    """The suggestions in place, with where each came from and why it is believed; and what was withheld."""
    answer = asked.answer
    if asked.request is None or answer is None:
        console.print("Nothing is suggested here: this is no place for a task, a module or its options.")
        return
    for number, one in enumerate(answer.suggestions, 1):
        console.rule(Text(f" {number}  {harmless(one.module or '')} "), align="left", style="dim")
        console.print(in_place(asked.text, one))
        console.print(Text(f"   from {origin(one)}   confidence {one.confidence:.2f}", style="dim"))
        for ground in one.grounds:
            console.print(
                Text(
                    harmless(f"   {ground.kind}: {ground.what} {ground.detail} {ground.where}").rstrip(),
                    style="dim",
                )
            )
    if not answer.suggestions:
        console.print(f"Nothing is suggested ({answer.silence}).")
    for held in answer.withheld:
        console.print(Text(harmless(f"withheld: {held.reason}: {held.detail}"), style="yellow"))
    if answer.trouble:
        console.print(Text(harmless(answer.trouble), style="red"))
    stages = ", ".join(f"{stage} {ms:.1f} ms" for stage, ms in answer.stage_ms.items())
    console.print(Text(stages, style="dim"))


def origin(one: Suggestion) -> str:
    """Where a suggestion came from, in a few words."""
    return one.source.value + (f" ({one.model})" if one.model else "")


def in_place(text: str, one: Suggestion) -> Syntax:
    """The lines round a suggestion, with it applied."""
    lines = text.split("\n")
    start, end = one.range.start, one.range.end
    before = [*lines[max(0, start.line - 2) : start.line], lines[start.line][: start.column]]
    joined = "\n".join(before) + one.text + lines[end.line][end.column :]
    return Syntax(harmless(joined), "yaml", theme="ansi_dark", background_color="default", padding=(0, 2))


def show_findings(findings: Sequence[Finding]) -> None:
    """What the doctor found, with advice under what is not well."""
    for finding in findings:
        mark, colour = _MARKS[finding.state]
        line = Text.assemble((f"{mark} ", colour), (f"{finding.what:<10}", "bold"), harmless(finding.detail))
        console.print(line)
        if finding.advice:
            console.print(Text(f"  {'':<10}{harmless(finding.advice)}", style=colour))


def show_pairs(title: str, pairs: Mapping[str, Any]) -> None:
    """A table of two columns."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    for key, value in pairs.items():
        table.add_row(Text(harmless(str(key)), style="bold"), Text(harmless(str(value))))
    console.print(table)


def show_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """The feedback log's rows, one a line."""
    if not rows:
        console.print("The log is empty.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("when", "id", "outcome", "source", "module", "task"):
        # An id that is cut off leads nowhere.
        table.add_column(heading, no_wrap=heading == "id", overflow="fold" if heading == "id" else "ellipsis")
    for row in rows:
        ended = (row["withheld"] and f"withheld: {row['withheld']}") or row["outcome"] or "open"
        cells = (row["at"], row["id"], ended, row["source"], row["module"], row["task_name"])
        table.add_row(*(Text(harmless(str(cell or "–"))) for cell in cells))
    console.print(table)


def show_tree(title: str, value: Mapping[str, Any]) -> None:
    """Nested values as a tree."""
    tree = Tree(Text(title, style="bold"), guide_style="dim")
    _grow(tree, value)
    console.print(tree)


def _grow(tree: Tree, value: Any) -> None:
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, inner in pairs:
        if isinstance(inner, (Mapping, list, tuple)) and inner:
            _grow(tree.add(Text(harmless(str(key)), style="bold")), inner)
        else:
            shown = "\n".join(["", *str(inner).split("\n")]) if "\n" in str(inner) else str(inner)
            tree.add(Text.assemble((harmless(f"{key}: "), "bold"), harmless(shown)))


def show_figures(figures: Mapping[str, Any]) -> None:
    """The report: each group a table, its acceptance as a bar."""
    total = figures["total"]
    if not total["n_offered"] and not total["n_withheld"]:
        console.print("The log is empty.")
        return
    wait = figures["wait_ms"]
    cost = figures["cost_usd_per_strong_acceptance"]
    show_pairs(
        "Report",
        {
            "offered": f"{total['n_offered']:,} ({total['n_ended']:,} seen to their end)",
            "accepted": f"{_percent(total['acceptance'])} ({total['n_accepted']:,})",
            "strongly": f"{_percent(total['strong_acceptance'])} ({total['n_strong']:,})",
            "kept": _percent(total["kept_ratio"]),
            "withheld": f"{total['n_withheld']:,}",
            "waited": "–" if wait is None else ", ".join(f"{name} {ms:.0f} ms" for name, ms in wait.items()),
            "cost": "–" if cost is None else f"${cost:.4f} per strong acceptance",
            "labelled": f"{figures['n_labelled']:,}",
        },
    )
    for group in ("scope", "module", "source", "model", "arm"):
        table = Table(box=None, pad_edge=False, title=f"By {group}", title_justify="left")
        for heading in ("", "accepted", "", "strongly", "of"):
            table.add_column(heading, justify="left" if not heading else "right")
        for name, tally in list(figures[f"by_{group}"].items())[:12]:
            table.add_row(
                Text(harmless(name or "none")),
                _percent(tally["acceptance"]),
                Text("█" * round(20 * (tally["acceptance"] or 0)) or " ", style="blue"),
                _percent(tally["strong_acceptance"]),
                f"{tally['n_ended']:,}",
            )
        console.print(table)
    for title, key in (("Withheld, by reason", "withheld_by_reason"), ("Verdicts given", "by_label")):
        if figures[key]:
            show_pairs(title, {name: f"{n:,}" for name, n in figures[key].items()})


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def show_module(module: Mapping[str, Any]) -> None:
    """A module and its options, required ones first."""
    console.print(Text(f"{module['fqcn']}  ({module['collection']} {module['version']})", style="bold"))
    if module["deprecated"]:
        console.print(Text(harmless(f"deprecated: {module['deprecated']}"), style="yellow"))
    table = Table(box=None, pad_edge=False)
    for heading in ("option", "type", "may be", "default"):
        table.add_column(heading)
    options: Mapping[str, Any] = module["options"]
    for name in sorted(options, key=lambda key: (not options[key]["required"], key)):
        option = options[name]
        style = "bold" if option["required"] else ""
        choices = ", ".join(map(str, option["choices"] or ()))
        table.add_row(
            Text(name, style=style),
            Text(str(option["type"])),
            Text(harmless(choices)),
            Text(harmless("" if option["default"] is None else str(option["default"]))),
        )
    console.print(table)
    console.print(Text("Required ones are bold.", style="dim"))


def show_scores(table: Mapping[str, Any]) -> None:
    """Arms side by side: a figure a row, mean and interval."""
    arms: Mapping[str, Any] = table["arms"]
    shown = Table(box=None, pad_edge=False)
    shown.add_column("")
    for name, arm in arms.items():
        shown.add_column(Text(harmless(f"{name} (n={arm['n']})")))
    for figure in table["figures"]:
        cells = (arm["means"][figure] for arm in arms.values())
        shown.add_row(figure, *(f"{m['mean']:.3f} [{m['low']:.2f}, {m['high']:.2f}]" for m in cells))
    for percentile in ("p50", "p90", "p95"):
        times = (arm["latency_ms"].get(percentile, 0.0) for arm in arms.values())
        shown.add_row(f"latency {percentile}", *(f"{ms:.0f} ms" for ms in times))
    shown.add_row("characters saved", *(f"{arm['saved']:.0f}" for arm in arms.values()))
    sources = (", ".join(f"{key} {n}" for key, n in arm["sources"].items()) for arm in arms.values())
    shown.add_row("sources", *sources)
    console.print(shown)


def show_comparison(compared: Mapping[str, Any]) -> None:
    """What the second arm has over the first, and the cases that show it."""
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "difference", "95% interval", "won", "lost", "pairs", "verdict"):
        table.add_column(heading)
    for row in compared["figures"]:
        mean = row["mean"]
        table.add_row(
            row["figure"],
            f"{mean['mean']:+.3f}",
            f"[{mean['low']:+.3f}, {mean['high']:+.3f}]",
            str(row["n_won"]),
            str(row["n_lost"]),
            str(row["n_pairs"]),
            row["verdict"],
        )
    console.print(table)
    for case in compared["cases"]:
        console.rule(Text(harmless(f"{case['gain']:+} {case['name']}  {case['case']}")), align="left")
        for title in ("expected", "first", "second"):
            console.print(Text(f"-- {title}", style="dim"))
            console.print(Text(harmless(str(case[title] or "(nothing)"))))


def show_costs(told: Mapping[str, Any]) -> None:
    """What models cost, what prices do, and when stronger models get as cheap."""
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "asked", "cost", "a suggestion", "an acceptance", "a strong one"):
        table.add_column(heading)
    for row in told["models"]:
        each = (row["usd_per_suggestion"], row["usd_per_acceptance"], row["usd_per_strong_acceptance"])
        table.add_row(
            Text(harmless(row["model"] or "(nothing shown)")),
            f"{row['n_requests']:,}",
            f"${row['usd']:,.4f}",
            *("–" if one is None else f"${one:,.5f}" for one in each),
        )
    if told["models"]:
        console.print(table)
    trend = told["trend"]
    if trend is not None:
        low, factor, high = (f"{1 - trend[key]:.0%}" for key in ("high", "yearly_factor", "low"))
        console.print(Text(f"\nList prices fall by {factor} a year [{low} to {high}]."))
    if told["projected"]:
        base = told["compared_with"]
        console.print(
            Text(harmless(f"As cheap as {base['model']} is today (${base['usd_per_m']} a million):"))
        )
        table = Table(box=None, pad_edge=False)
        for heading in ("model", "costs now", "by the trend", "earliest", "latest"):
            table.add_column(heading)
        for row in told["projected"]:
            days = (row["day"], row["earliest"], row["latest"])
            table.add_row(
                Text(harmless(row["model"])),
                f"{row['times']:.1f} times" if row["times"] else "–",
                *("not in sight" if day is None else day[:7] for day in days),
            )
        console.print(table)
    for sentence in told["said"]:
        console.print(Text(harmless(sentence), style="dim"))


def show_judged(shown: Mapping[str, Any]) -> None:
    """Judges with their agreement, and the scores."""
    table = Table(box=None, pad_edge=False)
    for heading in ("judge", "asked with", "votes", "judged by both", "alpha", "good or not"):
        table.add_column(heading)
    for one in shown["judges"]:
        table.add_row(
            Text(harmless(one["judge"])),
            one["prompt_version"],
            str(one["n_votes"]),
            str(one["agreement"]["n"]),
            *(_alpha(one[key]) for key in ("agreement", "agreement_good_or_not")),
        )
    if shown["judges"]:
        console.print(table)
        for one in shown["judges"]:
            console.print(Text(harmless(f"{one['judge']}: {one['said']}"), style="dim"))
    else:
        console.print("No judge was asked yet: chiron judge run --model NAME.")
    for name, score in shown["scores"].items():
        told = f"on, AUC {score['auc']} of {score['n']}" if score["on"] else f"off, wants {score['missing']}"
        console.print(Text(f"{name}: {told}", style="dim"))


def _alpha(found: Mapping[str, Any]) -> str:
    if found["alpha"] is None:
        return "–"
    interval = "" if found["low"] is None else f" [{found['low']:.2f}, {found['high']:.2f}]"
    return f"{found['alpha']:.2f}{interval}"
