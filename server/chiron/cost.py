"""What suggestions cost, each and per acceptance; and when stronger models will be as cheap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from chiron.assemble import open_feedback
from chiron.config import Settings
from chiron.errors import SettingsError
from chiron.prices.table import Price, PriceTable, own_prices, price_table
from chiron.prices.trend import LEAST_PRICES, LEAST_YEARS, Crossing, Trend, crossing, fit
from chiron.records import Origin
from chiron.store.feedback_costs import Spent, spent
from chiron.store.feedback_queries import Filters
from chiron.store.feedback_search import Search

#: What share of tokens is written where the log does not tell: a long prompt and one task's body.
_USUAL_SHARE = 0.1
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What one model cost. `usd_by_table` is worked out from tokens where no price was recorded.

    `n_unknown` requests have no price of either kind, so that the sums are too low.
    """

    model: str
    n_requests: int = 0
    usd_recorded: float = 0.0
    usd_by_table: float = 0.0
    n_unknown: int = 0
    n_prompt: int = 0
    n_completion: int = 0
    n_offered: int = 0
    n_accepted: int = 0
    n_strong: int = 0

    @property
    def usd(self) -> float:
        return self.usd_recorded + self.usd_by_table

    def per(self, n: int) -> float | None:
        """Dollars for each of `n`; None where there are none, or nobody knows the price of any request."""
        known = self.n_requests > self.n_unknown or not self.n_requests
        return self.usd / n if n and known else None


def costs(rows: Iterable[Spent], table: PriceTable) -> list[ModelCost]:
    """What each model cost, dearest first. Tokens without a price are priced by the table of their day."""
    by_model: dict[str, ModelCost] = {}
    for row in rows:
        price = table.at(row.model, date.fromisoformat(row.day)) if row.model else None
        so_far = by_model.get(row.model, ModelCost(row.model))
        by_model[row.model] = replace(
            so_far,
            n_requests=so_far.n_requests + row.n_requests,
            usd_recorded=so_far.usd_recorded + row.usd,
            usd_by_table=so_far.usd_by_table
            + (price.usd(row.n_unpriced_prompt, row.n_unpriced_completion) if price else 0.0),
            n_unknown=so_far.n_unknown + (0 if price else row.n_unpriced),
            n_prompt=so_far.n_prompt + row.n_prompt,
            n_completion=so_far.n_completion + row.n_completion,
            n_offered=so_far.n_offered + row.n_offered,
            n_accepted=so_far.n_accepted + row.n_accepted,
            n_strong=so_far.n_strong + row.n_strong,
        )
    return sorted(by_model.values(), key=lambda one: (-one.usd, -one.n_requests, one.model))


def share_written(models: Iterable[ModelCost]) -> float:
    """What share of all tokens was written, in this log; the usual one where there are no tokens."""
    kept = list(models)
    n = sum(one.n_prompt + one.n_completion for one in kept)
    return sum(one.n_completion for one in kept) / n if n else _USUAL_SHARE


def report(
    settings: Settings,
    today: date,
    *,
    days: int | None = None,
    origin: str = "editor",
    base: str | None = None,
    now_ms: int,
) -> dict[str, Any]:
    """What `chiron cost` tells, as plain values. `base` names the model others are compared with.

    Raises `SettingsError` where `base` is in no price table.
    """
    table = price_table(own_prices(settings))
    filters = Filters(
        origin=None if origin == "any" else Origin(origin),
        since_ms=None if days is None else now_ms - days * _DAY_MS,
    )
    models = costs(open_feedback(settings).ask(partial(spent, search=Search(filters))), table)
    share = share_written(models)
    trend = fit(table.prices, share)
    compared = base or next((one.model for one in models if table.at(one.model, today)), None)
    price = table.at(compared, today) if compared else None
    if base is not None and price is None:
        known = ", ".join(one.model for one in table.current(today))
        raise SettingsError(f"No price of {base!r} is known.", advice=f"There are: {known}.")
    return {
        "models": [_to_value(one) for one in models],
        "share_written": round(share, 4),
        "trend": _trend_value(trend, table),
        "compared_with": None if price is None else _price_value(price, share),
        "projected": [] if price is None else _projected(table, price, share, trend, today),
        "said": _said(models, price, trend, table, today),
    }


def _to_value(one: ModelCost) -> dict[str, Any]:
    return {
        "model": one.model or None,
        "n_requests": one.n_requests,
        "n_prompt_tokens": one.n_prompt,
        "n_completion_tokens": one.n_completion,
        "usd": round(one.usd, 6),
        "usd_by_table": round(one.usd_by_table, 6),
        "n_requests_of_unknown_price": one.n_unknown,
        "n_offered": one.n_offered,
        "n_accepted": one.n_accepted,
        "n_strong": one.n_strong,
        "usd_per_suggestion": one.per(one.n_offered),
        "usd_per_acceptance": one.per(one.n_accepted),
        "usd_per_strong_acceptance": one.per(one.n_strong),
    }


def _price_value(price: Price, share: float) -> dict[str, Any]:
    return {
        "model": price.model,
        "since": None if price.since == date.min else price.since.isoformat(),
        "usd_per_m": round(price.blended(share), 4),
    }


def _trend_value(trend: Trend | None, table: PriceTable) -> dict[str, Any] | None:
    if trend is None:
        return None
    return {
        "yearly_factor": round(trend.factor, 4),
        "low": round(trend.low, 4),
        "high": round(trend.high, 4),
        "n_prices": trend.n_prices,
        "n_families": trend.n_families,
        "years": round(trend.years, 2),
        "newest": max(one.since for one in table.prices).isoformat(),
    }


def _projected(
    table: PriceTable, base: Price, share: float, trend: Trend | None, today: date
) -> list[dict[str, Any]]:
    """The stronger models, cheapest first, and when each comes down to the base's price of today."""
    cheap = base.blended(share)
    if trend is None or cheap <= 0:
        return []
    return [
        _price_value(one, share)
        | {"class": one.family, "times": round(one.blended(share) / cheap, 2)}
        | _days(crossing(one.blended(share), cheap, trend, today))
        for one in _stronger(table, base, share, today)
    ]


def _stronger(table: PriceTable, base: Price, share: float, today: date) -> list[Price]:
    """The newest model of each family that is dearer than `base`, and of a higher class where it has one."""
    newest: dict[str, Price] = {}
    for one in table.current(today):
        if one.family and (one.family not in newest or one.since > newest[one.family].since):
            newest[one.family] = one
    rank = _rank(base)
    fitting = [
        one for one in newest.values() if one.blended(share) > base.blended(share) and _rank(one) > rank
    ]
    return sorted(fitting, key=lambda one: one.blended(share))


def _rank(price: Price) -> int:
    """How strong its maker says it is; below all where nobody says."""
    return ("", "small", "medium", "large").index(price.family.rpartition(" ")[2])


def _days(when: Crossing) -> dict[str, Any]:
    named = {"day": when.day, "earliest": when.earliest, "latest": when.latest}
    return {name: day.isoformat() if day else None for name, day in named.items()}


def _said(
    models: list[ModelCost], base: Price | None, trend: Trend | None, table: PriceTable, today: date
) -> list[str]:
    """What must be known to read the figures."""
    said = []
    if not any(one.n_requests for one in models):
        said.append("No model was asked for anything yet that cost tokens.")
    unknown = [one.model for one in models if one.n_unknown]
    if unknown:
        said.append(
            f"No price is known of {', '.join(unknown)}: these cost more than is shown."
            " Put them into the settings as [[prices]]."
        )
    if trend is None:
        said.append(
            f"The table is too thin for a trend: it takes {LEAST_PRICES} prices over {LEAST_YEARS:.0f} year."
        )
        return said
    newest = max(one.since for one in table.prices)
    said.append(
        f"The trend rests on {trend.n_prices} list prices of {trend.n_families} families (a maker's class of"
        f" models) over {trend.years:.1f} years; the newest is {(today - newest).days} days old."
        " That is thin: read the interval, not the day."
    )
    said.append(
        "It is the price of a class, not of equal quality, which falls faster; prices come down in steps, or"
        " not at all."
    )
    if not trend.falls:
        said.append("The interval holds the case that prices do not fall.")
    if base is None:
        said.append("Name a model to compare with: --from MODEL.")
    elif base.prompt <= 0 and base.completion <= 0:
        said.append(f"{base.model} costs nothing a token, which no price comes down to.")
    return said
