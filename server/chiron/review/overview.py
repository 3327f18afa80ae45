"""The overview: figures as plots in which every point leads to the rows it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from markupsafe import Markup

from chiron.flywheel.learned.agreement import Agreement
from chiron.review.plots import Bar, Point, Series, bar_plot, column_plot, line_plot
from chiron.review.searching import to_query
from chiron.review.verdicts import words
from chiron.store.feedback_figures import Figures, Step, Tally, Waits

#: Groups shown of each kind; the rest is counted in one line.
_MOST_BARS = 10
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure in large: what it is, how much, from what, and where its `n` rows are."""

    name: str
    value: str
    said: str
    n: int
    href: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot with its title, its legend as (look, name), and what is worth knowing of it."""

    title: str
    drawn: Markup
    legend: tuple[tuple[str, str], ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Judging:
    """A model that judged suggestions, and how far it agrees with people."""

    judge: str
    prompt_version: str
    n_votes: int
    agreement: Agreement

    @property
    def value(self) -> str:
        found = self.agreement
        if found.alpha is None:
            return "not enough verdicts"
        interval = "" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]"
        return f"alpha {found.alpha:.2f}{interval}"


@dataclass(frozen=True, slots=True)
class Overview:
    tiles: tuple[Tile, ...]
    plots: tuple[Plot, ...]


def overview(figures: Figures, base: Mapping[str, object], zone: tzinfo, *, linked: bool = True) -> Overview:
    """`figures` drawn. `base` are the conditions they were worked out under, which every link repeats."""
    draw = _Drawing(figures, base, zone, linked=linked)
    plots = [
        draw.acceptance(),
        draw.kept(),
        draw.sources(),
        draw.waits(),
        draw.costs(),
        draw.groups("By scope", figures.by_scope, "scope"),
        draw.groups("By module", figures.by_module, "module"),
        draw.counts("Withheld, by reason", figures.withheld_by_reason, "reason"),
        draw.counts("Verdicts given", figures.by_label, "label"),
        draw.groups("By source", figures.by_source, "source"),
        draw.groups("By model", figures.by_model, "model"),
        draw.groups("By arm", figures.by_arm, "arm"),
    ]
    return Overview(draw.tiles(), tuple(plot for plot in plots if plot is not None))


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def milliseconds(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


@dataclass(frozen=True, slots=True)
class _Drawing:
    figures: Figures
    base: Mapping[str, object]
    zone: tzinfo
    linked: bool

    def href(self, **more: object) -> str:
        return "/search?" + to_query(**{**self.base, **more})

    def at(self, step: Step, **more: object) -> str:
        """The rows of one step; the first and last may reach beyond the period."""
        since, until = self.base.get("since"), self.base.get("until")
        since = max(step.since_ms, since) if isinstance(since, int) else step.since_ms
        until = min(step.until_ms, until) if isinstance(until, int) else step.until_ms
        return self.href(since=since, until=until, **more)

    def day(self, ms: int) -> str:
        when = datetime.fromtimestamp(ms / 1000, self.zone)
        steps = self.figures.steps
        if not steps or steps[0].until_ms - steps[0].since_ms >= _DAY_MS:
            return f"{when.day} {when:%b}"
        # The same hour of several days would look like one and the same.
        within_a_day = steps[-1].until_ms - steps[0].since_ms <= _DAY_MS
        return f"{when:%H:%M}" if within_a_day else f"{when.day} {when:%b %H:%M}"

    @property
    def labels(self) -> list[str]:
        return [self.day(step.since_ms) for step in self.figures.steps]

    def tiles(self) -> tuple[Tile, ...]:
        total, cost, waits = self.figures.total, self.figures.cost, self.figures.waits
        tiles = [
            Tile(
                "Offered",
                f"{total.n_offered:,}",
                f"{total.n_ended:,} of them seen to their end",
                total.n_offered,
                self.href(withheld=False),
            ),
            Tile(
                "Acceptance",
                percent(total.acceptance),
                f"{total.n_accepted:,} of {total.n_ended:,}",
                total.n_accepted,
                self.href(outcome="accepted", withheld=False),
            ),
            Tile(
                "Strong acceptance",
                percent(total.strong_acceptance),
                f"{total.n_strong:,} mostly kept, same module",
                total.n_strong,
                self.href(strong=True),
            ),
            Tile(
                "Kept",
                percent(total.kept_ratio),
                f"of the text of {total.n_measured:,} accepted",
                total.n_measured,
                self.href(measured=True),
            ),
            Tile(
                "Withheld",
                f"{total.n_withheld:,}",
                "not shown, each with its reason",
                total.n_withheld,
                self.href(withheld=True),
            ),
        ]
        if waits is not None:
            tiles.append(
                Tile(
                    "Wait",
                    milliseconds(waits.p50_ms),
                    f"half of them; {milliseconds(waits.p90_ms)} for nine of ten",
                    waits.n_from_p50,
                    self.href(first=True, slower=waits.p50_ms),
                )
            )
        if cost.n_requests:
            each = cost.usd / total.n_strong if total.n_strong else None
            said = f"per strong acceptance; ${cost.usd:,.2f} for {cost.n_requests:,} answers"
            price = "–" if each is None else f"${each:,.4f}"
            tiles.append(Tile("Cost", price, said, cost.n_rows, self.href(priced=True)))
        tiles.append(
            Tile(
                "Labelled",
                f"{self.figures.n_labelled:,}",
                "by a person",
                self.figures.n_labelled,
                self.href(labelled=True),
            )
        )
        return tuple(tiles)

    def acceptance(self) -> Plot | None:
        def points(part: Callable[[Tally], int], said: str, **more: object) -> list[Point]:
            return [
                Point(
                    part(step.tally) / step.tally.n_ended if step.tally.n_ended else None,
                    part(step.tally),
                    f"{self.day(step.since_ms)}: {part(step.tally):,} of {step.tally.n_ended:,} {said}",
                    self.at(step, **more),
                )
                for step in self.figures.steps
            ]

        series = (
            Series(
                "accepted",
                "a",
                points(lambda t: t.n_accepted, "accepted", outcome="accepted", withheld=False),
            ),
            Series("strong acceptance", "b", points(lambda t: t.n_strong, "strongly accepted", strong=True)),
        )
        return self._lines("Acceptance over time", series, percent, 1.0, "Of those seen to their end.")

    def kept(self) -> Plot | None:
        points = [
            Point(
                step.tally.kept_ratio,
                step.tally.n_measured,
                f"{self.day(step.since_ms)}: {percent(step.tally.kept_ratio)} of {step.tally.n_measured:,}",
                self.at(step, measured=True),
            )
            for step in self.figures.steps
        ]
        said = "Of an accepted text, when last measured."
        return self._lines("Kept over time", (Series("kept", "b", points),), percent, 1.0, said)

    def waits(self) -> Plot | None:
        def points(percentile: str) -> list[Point]:
            return [self._wait(step, percentile) for step in self.figures.steps]

        series = tuple(
            Series(name, look, points(name)) for name, look in (("p50", "b"), ("p90", "a"), ("p99", "c"))
        )
        return self._lines("Time waited", series, milliseconds, None, "First suggestions of their requests.")

    def _wait(self, step: Step, percentile: str) -> Point:
        waits: Waits | None = step.waits
        if waits is None:
            return Point(None, 0, "", "")
        ms: float = getattr(waits, f"{percentile}_ms")
        n: int = getattr(waits, f"n_from_{percentile}")
        said = f"{self.day(step.since_ms)}: {percentile} {milliseconds(ms)}; {n:,} took as long or longer"
        return Point(ms, n, said, self.at(step, first=True, slower=ms))

    def costs(self) -> Plot | None:
        if not self.figures.cost.n_requests:
            return None
        points = [
            Point(
                step.cost.usd / step.tally.n_strong if step.tally.n_strong else None,
                step.cost.n_rows,
                f"{self.day(step.since_ms)}: ${step.cost.usd:,.4f} for {step.cost.n_requests:,} answers,"
                f" {step.tally.n_strong:,} strong acceptances",
                self.at(step, priced=True),
            )
            for step in self.figures.steps
        ]
        return self._lines(
            "Cost per strong acceptance",
            (Series("cost", "b", points),),
            lambda usd: f"${usd:.2g}",
            None,
            "What all answers cost, over the strong acceptances of all sources.",
        )

    def _lines(
        self,
        title: str,
        series: tuple[Series, ...],
        say: Callable[[float], str],
        top: float | None,
        said: str,
    ) -> Plot | None:
        if not any(point.value is not None for one in series for point in one.points):
            return None
        drawn = line_plot(series, self.labels, say=say, top=top, linked=self.linked)
        legend = tuple((one.look, one.name) for one in series) if len(series) > 1 else ()
        return Plot(title, drawn, legend, said)

    def sources(self) -> Plot | None:
        looks = {"recall": "b", "cache": "a", "model": "c"}
        names = [name for name in looks if name in self.figures.by_source]
        names += [name for name in self.figures.by_source if name not in looks]
        if not names:
            return None
        series = []
        for name in names:
            points = []
            for step in self.figures.steps:
                n, n_all = step.by_source.get(name, 0), step.tally.n_offered
                said = f"{self.day(step.since_ms)}: {n:,} of {n_all:,} from {name or 'nowhere'}"
                points.append(
                    Point(n / n_all if n_all else None, n, said, self.at(step, source=name, withheld=False))
                )
            series.append(Series(name or "none", looks.get(name, "d"), points))
        drawn = column_plot(series, self.labels, linked=self.linked)
        legend = tuple((one.look, one.name) for one in series)
        return Plot("Where suggestions came from", drawn, legend, "Share of what was offered.")

    def groups(self, title: str, groups: Mapping[str, Tally], column: str) -> Plot | None:
        if not groups:
            return None
        bars = []
        for name, tally in list(groups.items())[:_MOST_BARS]:
            said = name.replace("_", " ") if column == "scope" else name.removeprefix("ansible.builtin.")
            said = said or "none"
            accepted = Point(
                tally.acceptance if tally.n_ended else 0.0,
                tally.n_accepted,
                f"{said}: {tally.n_accepted:,} of {tally.n_ended:,} accepted",
                self.href(outcome="accepted", withheld=False, **{column: name}),
            )
            strong = Point(
                tally.strong_acceptance if tally.n_ended else 0.0,
                tally.n_strong,
                f"{said}: {tally.n_strong:,} of {tally.n_ended:,} strongly accepted",
                self.href(strong=True, **{column: name}),
            )
            bars.append(Bar(said, accepted, strong, f"{percent(tally.acceptance)} of {tally.n_ended:,}"))
        left = len(groups) - len(bars)
        rest = f"{left} more with fewer suggestions." if left > 0 else ""
        legend = (("a", "accepted"), ("b", "strong acceptance"))
        return Plot(title, bar_plot(bars, top=1.0, linked=self.linked), legend, rest)

    def counts(self, title: str, counts: Mapping[str, int], column: str) -> Plot | None:
        if not counts:
            return None
        whole = sum(counts.values())
        bars = []
        for name, n in list(counts.items())[:_MOST_BARS]:
            said = words(name) if column == "label" else name
            point = Point(n, n, f"{said}: {n:,} of {whole:,}", self.href(**{column: name}))
            bars.append(Bar(said, point, None, f"{n:,}"))
        left = len(counts) - len(bars)
        return Plot(title, bar_plot(bars, linked=self.linked), (), f"{left} more." if left > 0 else "")
