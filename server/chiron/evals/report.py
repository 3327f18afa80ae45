"""One offline page on results: the table, latency, calibration, and the failures to read.

No script, nothing fetched: the page can be mailed or kept. Every text from cases and models is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

from chiron.evals.score import FIGURES, Mean, Row, best_silence, latency, means, silence

_COLOURS = ("#2a6f97", "#c05a2b", "#4f7d3a", "#7a4b94", "#9a7b1f")
_TICKS = ((1, "1 ms"), (10, "10 ms"), (100, "0.1 s"), (1e3, "1 s"), (1e4, "10 s"), (1e5, "100 s"))
_N_BINS = 8
_LEASTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
_MOST_FAILURES = 40

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2329; --soft: #66727c; --line: #d7dde2; --back: #fbfcfd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebef; --soft: #97a3ad; --line: #36414a; --back: #14191d; }
}
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1, h2 { font-weight: 600; line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; } th, td { padding: .25rem .9rem .25rem 0; text-align: left; }
td { border-top: 1px solid var(--line); font-variant-numeric: tabular-nums; } small { color: var(--soft); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: 12.5px/1.45 ui-monospace, monospace; }
details { border-top: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin: .6rem 0 1rem; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .even { stroke: var(--soft); stroke-dasharray: 3 4; }
"""


def page(arms: Mapping[str, Sequence[Row]], title: str) -> str:
    """The whole page for some arms' rows."""
    parts = [
        f"<h1>{escape(title)}</h1>",
        _table(arms),
        "<h2>How long an answer takes</h2>",
        _latency_plot(arms),
        "<h2>How often a suggestion of a given confidence is right</h2>",
        "<p>Right means: the module is the expected one and under half of the text would be edited. "
        "On the dashed line, confidence is what it says.</p>",
        _calibration_plot(arms),
        "<h2>What silence below a confidence brings</h2>",
        "<p>Characters a case that suggestions shown unasked would save, less ten for each looked at in "
        "vain. A threshold is to be judged on other repositories than it was found on.</p>",
        _silence_table(arms),
        "<h2>To read: where it went wrong</h2>",
        *(_failures(name, rows) for name, rows in arms.items()),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def calibration(rows: Sequence[Row]) -> list[tuple[float, float, int]]:
    """Mean confidence, share right, and count, for bins of equal count of the rows that were answered."""
    shown = sorted(
        (row.result.confidence, row.scores["strong"]) for row in rows if row.result.text is not None
    )
    n_bins = min(_N_BINS, len(shown) // 5)
    bins = []
    for number in range(n_bins):
        part = shown[len(shown) * number // n_bins : len(shown) * (number + 1) // n_bins]
        count = len(part)
        bins.append((sum(c for c, _ in part) / count, sum(r for _, r in part) / count, count))
    return bins


def _table(arms: Mapping[str, Sequence[Row]]) -> str:
    summaries = {name: means(rows) for name, rows in arms.items()}
    heads = "".join(f"<th>{escape(name)} <small>n={len(rows)}</small></th>" for name, rows in arms.items())
    lines = [
        f"<tr><td>{figure}</td>" + "".join(_cell(one[figure]) for one in summaries.values()) + "</tr>"
        for figure in FIGURES
    ]
    for percentile in ("p50", "p90", "p95"):
        cells = "".join(f"<td>{latency(rows).get(percentile, 0):.0f} ms</td>" for rows in arms.values())
        lines.append(f"<tr><td>latency {percentile}</td>{cells}</tr>")
    saved = "".join(
        f"<td>{sum(row.saved for row in rows) / max(1, len(rows)):.0f}</td>" for rows in arms.values()
    )
    lines.append(f"<tr><td>characters saved a task</td>{saved}</tr>")
    return f"<table><tr><th></th>{heads}</tr>{''.join(lines)}</table>"


def _cell(mean: Mean) -> str:
    return f"<td>{mean.mean:.3f} <small>{mean.low:.2f}–{mean.high:.2f}</small></td>"


def _latency_plot(arms: Mapping[str, Sequence[Row]]) -> str:
    """The share of answers there after a time, on a logarithmic axis from 1 ms to 100 s."""

    def x(ms: float) -> float:
        return 40 + 110 * min(5.0, max(0.0, log10(max(ms, 1.0))))

    lines = []
    for number, (name, rows) in enumerate(arms.items()):
        times = sorted(row.result.latency_ms for row in rows)
        points = " ".join(
            f"{x(ms):.1f},{210 - 190 * (at + 1) / len(times):.1f}" for at, ms in enumerate(times)
        )
        colour = _COLOURS[number % len(_COLOURS)]
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines.append(f'<text x="600" y="{30 + 18 * number}" style="fill:{colour}">{escape(name)}</text>')
    ticks = "".join(
        f'<line class="axis" x1="{x(ms)}" x2="{x(ms)}" y1="20" y2="210"/>'
        f'<text x="{x(ms)}" y="226" text-anchor="middle">{label}</text>'
        for ms, label in _TICKS
    )
    drawn = ticks + "".join(lines)
    return f'<svg viewBox="0 0 720 236" role="img" aria-label="Share of answers by time">{drawn}</svg>'


def _calibration_plot(arms: Mapping[str, Sequence[Row]]) -> str:
    marks = ['<line class="even" x1="40" y1="270" x2="290" y2="20"/>']
    for number, (name, rows) in enumerate(arms.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        bins = calibration(rows)
        points = " ".join(f"{40 + 250 * c:.1f},{270 - 250 * share:.1f}" for c, share, _ in bins)
        marks.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for confidence, share, count in bins:
            marks.append(
                f'<circle r="4" fill="{colour}" '
                f'cx="{40 + 250 * confidence:.1f}" cy="{270 - 250 * share:.1f}">'
                f"<title>{escape(name)}: {confidence:.2f} said, {share:.2f} right, n={count}</title></circle>"
            )
        marks.append(f'<text x="310" y="{30 + 18 * number}" style="fill:{colour}">{escape(name)}</text>')
    axis = (
        '<line class="axis" x1="40" y1="270" x2="290" y2="270"/>'
        '<line class="axis" x1="40" y1="20" x2="40" y2="270"/>'
        '<text x="165" y="290" text-anchor="middle">confidence</text><text x="36" y="16">right</text>'
    )
    drawn = axis + "".join(marks)
    return f'<svg viewBox="0 0 720 300" role="img" aria-label="Calibration">{drawn}</svg>'


def _silence_table(arms: Mapping[str, Sequence[Row]]) -> str:
    heads = "".join(f"<th>{escape(name)}</th>" for name in arms)
    lines = []
    for least in _LEASTS:
        cells = [silence(rows, least) for rows in arms.values()]
        told = "".join(
            f"<td>{one.gained:.1f} <small>{one.shown:.0%} shown, {one.right:.0%} right</small></td>"
            for one in cells
        )
        lines.append(f"<tr><td>{least:.2f}</td>{told}</tr>")
    best = "".join(f"<td>{best_silence(rows).least:.2f}</td>" for rows in arms.values())
    lines.append(f"<tr><td>gains most</td>{best}</tr>")
    return f"<table><tr><th>silent below</th>{heads}</tr>{''.join(lines)}</table>"


def _failures(name: str, rows: Sequence[Row]) -> str:
    worst = sorted((row for row in rows if row.scores["strong"] < 1), key=lambda row: row.scores["aware"])
    shown = "".join(_failure(row) for row in worst[:_MOST_FAILURES])
    return f"<h3>{escape(name)}: {len(worst)} of {len(rows)}</h3>{shown}"


def _failure(row: Row) -> str:
    case, result = row.case, row.result
    where = f"{case.workspace}/{case.path}:{case.line}, Ansible Aware {row.scores['aware']:.2f}"
    given = result.text or "; ".join(result.withheld)
    return (
        f"<details><summary>{escape(case.name)} <small>{escape(where)}</small></summary><div class='pair'>"
        f"<div><small>expected</small><pre>{escape(case.expected)}</pre></div>"
        f"<div><small>suggested ({escape(result.source or 'nothing')})</small>"
        f"<pre>{escape(given)}</pre></div></div></details>"
    )
