"""Plots as SVG of our own: no script, no style attributes, and every point a link to its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from chiron.review.visible import plain

WIDTH, HEIGHT = 400, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 8, 10, 24
_BAR_HEIGHT, _NAME_WIDTH, _AFTER_WIDTH = 25, 134, 104


@dataclass(frozen=True, slots=True)
class Point:
    """A figure, in words (`said`), and where its `n` rows are found; `value` None leaves a gap."""

    value: float | None
    n: int
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one part of every column; `look` is its class in the style sheet."""

    name: str
    look: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart: the long bar, and what of it is inside."""

    name: str
    whole: Point
    inner: Point | None = None
    after: str = ""


def line_plot(
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    say: Callable[[float], str],
    top: float | None = None,
    linked: bool = True,
) -> Markup:
    """Lines over the steps `labels`, from 0 to `top` (or to a round figure above the largest)."""
    top = top or _round_up(max((p.value or 0 for one in series for p in one.points), default=0))
    x = _across(len(labels))
    parts = [_axes(labels, x, top, say)]
    for one in series:
        runs: list[list[str]] = [[]]
        for number, point in enumerate(one.points):
            if point.value is None:
                runs.append([])
            else:
                runs[-1].append(f"{x(number):.1f},{_y(point.value, top):.1f}")
        parts += [
            Markup('<polyline class="line {}" points="{}"/>').format(one.look, " ".join(run))
            for run in runs
            if len(run) > 1
        ]
    parts += [
        part for number in range(len(labels)) for part in _points(series, number, x, top, linked=linked)
    ]
    return _svg(parts, HEIGHT, "plot")


def column_plot(series: Sequence[Series], labels: Sequence[str], *, linked: bool = True) -> Markup:
    """One column a step, made of the shares of `series`, which add up to 1."""
    x = _across(len(labels))
    width = min(34.0, (WIDTH - _LEFT - _RIGHT) / max(1, len(labels)) * 0.72)
    parts = [_axes(labels, x, 1.0, lambda value: f"{value:.0%}")]
    for number in range(len(labels)):
        base = 0.0
        for one in series:
            point = one.points[number]
            if not point.value:
                continue
            low, high = _y(base, 1.0), _y(base + point.value, 1.0)
            column = Markup(
                '<rect class="part {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
            ).format(one.look, x(number) - width / 2, high, width, max(0.5, low - high))
            parts.append(_link(point, column, linked=linked))
            base += point.value
    return _svg(parts, HEIGHT, "plot")


def bar_plot(bars: Sequence[Bar], *, top: float | None = None, linked: bool = True) -> Markup:
    """Bars beneath each other, their names before them and what they say behind."""
    top = top or max((bar.whole.value or 0 for bar in bars), default=0) or 1
    room = WIDTH - _NAME_WIDTH - _AFTER_WIDTH
    parts: list[Markup] = []
    for number, bar in enumerate(bars):
        y = number * _BAR_HEIGHT
        name = plain(bar.name)
        short = name if len(name) <= 20 else f"…{name[-17:]}"
        parts.append(
            Markup('<text class="name" x="{}" y="{}">{}<title>{}</title></text>').format(
                _NAME_WIDTH - 8, y + 17, short, name
            )
        )
        parts.append(
            Markup('<rect class="rest" x="{}" y="{}" width="{}" height="16" rx="3"/>').format(
                _NAME_WIDTH, y + 5, room
            )
        )
        for point, look in ((bar.whole, "a"), (bar.inner, "b")):
            if point is None or point.value is None:
                continue
            rect = Markup('<rect class="bar {}" x="{}" y="{}" width="{:.1f}" height="16" rx="3"/>').format(
                look, _NAME_WIDTH, y + 5, max(1.5, min(1.0, point.value / top) * room)
            )
            parts.append(_link(point, rect, linked=linked))
        parts.append(
            Markup('<text class="after" x="{}" y="{}">{}</text>').format(
                _NAME_WIDTH + room + 8, y + 17, bar.after
            )
        )
    return _svg(parts, max(1, len(bars)) * _BAR_HEIGHT + 4, "bars")


def _points(
    series: Sequence[Series], number: int, x: Callable[[int], float], top: float, *, linked: bool
) -> list[Markup]:
    """The points of one step. Each gets the part of the step's height that is nearest to it to be hit in.

    Dots that lie on each other would otherwise hide each other from the pointer.
    """
    shown = sorted(
        (
            (_y(one.points[number].value or 0.0, top), one)
            for one in series
            if one.points[number].value is not None
        ),
        key=lambda pair: pair[0],
    )
    heights = [y for y, _ in shown]
    cuts = [0.0, *((low + high) / 2 for low, high in pairwise(heights)), float(HEIGHT - _BOTTOM)]
    left, width = x(number) - (x(1) - x(0)) / 2, x(1) - x(0)
    return [
        _link(
            one.points[number],
            Markup(
                '<rect class="hit" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
                '<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="2.6"/>'
            ).format(left, cuts[at], width, max(0.0, cuts[at + 1] - cuts[at]), one.look, x(number), y),
            linked=linked,
        )
        for at, (y, one) in enumerate(shown)
    ]


def _svg(parts: Sequence[Markup], height: int, look: str) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}">{}</svg>').format(
        look, WIDTH, height, Markup("").join(parts)
    )


def _link(point: Point, drawn: Markup, *, linked: bool) -> Markup:
    title = Markup("<title>{}</title>").format(plain(point.said))
    if not linked or not point.href:
        return Markup("<g>{}{}</g>").format(title, drawn)
    return Markup('<a href="{}" data-n="{}" aria-label="{}">{}{}</a>').format(
        point.href, point.n, plain(point.said), title, drawn
    )


def _axes(
    labels: Sequence[str], x: Callable[[int], float], top: float, say: Callable[[float], str]
) -> Markup:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share * top, top)
        parts.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, WIDTH - _RIGHT, y, y
            )
        )
        if share in (0.0, 0.5, 1.0):
            parts.append(
                Markup('<text class="tick left" x="{}" y="{:.1f}">{}</text>').format(
                    _LEFT - 6, y + 4, say(share * top)
                )
            )
    every = max(1, -(-len(labels) // 5))
    parts += [
        Markup('<text class="tick" x="{:.1f}" y="{}">{}</text>').format(x(number), HEIGHT - 6, label)
        for number, label in enumerate(labels)
        if number % every == 0
    ]
    return Markup("").join(parts)


def _across(n: int) -> Callable[[int], float]:
    room = WIDTH - _LEFT - _RIGHT
    return lambda number: _LEFT + room * (number + 0.5) / max(1, n)


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(1.0, value / top)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if value <= 0:
        return 1.0
    size = 1.0
    while size > value:
        size /= 10
    while size * 10 <= value:
        size *= 10
    return next(size * step for step in (1, 2, 5, 10) if size * step >= value)
