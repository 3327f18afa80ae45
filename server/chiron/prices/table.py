"""The price table: what a million tokens of a model costs on a day. Read once, from the package."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from chiron.config import Settings

_FILE = Path(__file__).parent / "prices.toml"


@dataclass(frozen=True, slots=True)
class Price:
    """A model's list price from `since` on, in US dollars for a million tokens.

    `family` is the maker and class whose prices are compared over time; "" for prices that are not.
    """

    model: str
    since: date
    prompt: float
    completion: float
    family: str = ""

    def usd(self, n_prompt: float, n_completion: float) -> float:
        """What so many tokens read and written cost."""
        return (n_prompt * self.prompt + n_completion * self.completion) / 1e6

    def blended(self, share_written: float) -> float:
        """A million tokens of which that share is written."""
        return self.prompt * (1 - share_written) + self.completion * share_written


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model and day. The user's own come first: a model named there is priced by them alone."""

    prices: tuple[Price, ...]

    def at(self, model: str, day: date) -> Price | None:
        """The price of `model` on `day`, or None where nobody knows it.

        A name with a maker before it or a date behind it (`openai/gpt-4o`, `gpt-5-2025-08-07`) is the model
        of the longest name in the table that it goes on.
        """
        bare = model.strip().lower().rsplit("/", 1)[-1]
        names = {one.model for one in self.prices}
        name = bare if bare in names else _longest(bare, names)
        dated = [one for one in self.prices if one.model == name and one.since <= day]
        return max(dated, key=lambda one: one.since) if dated else None

    def current(self, day: date) -> list[Price]:
        """The latest price of each model on `day`, cheapest for a reader of prompts first."""
        names = dict.fromkeys(one.model for one in self.prices)
        found = [price for name in names if (price := self.at(name, day)) is not None]
        return sorted(found, key=lambda one: (one.prompt, one.completion))


def own_prices(settings: Settings) -> list[Price]:
    """The prices of the settings file: those of `prices`, and those that an endpoint names for its model."""
    prices = [Price(one.model.lower(), one.since, one.prompt, one.completion) for one in settings.prices]
    named = {one.model for one in prices}
    for endpoint in settings.endpoints.values():
        read, written = endpoint.usd_per_m_prompt, endpoint.usd_per_m_completion
        if read is not None and written is not None and endpoint.model.lower() not in named:
            prices.append(Price(endpoint.model.lower(), date.min, read, written))
    return prices


def price_table(own: Iterable[Price] = ()) -> PriceTable:
    """The shipped table with the user's own prices in place of those of the same models."""
    mine = tuple(own)
    named = {one.model for one in mine}
    return PriceTable((*mine, *(one for one in _shipped() if one.model not in named)))


@cache
def _shipped() -> Sequence[Price]:
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["price"]
    return tuple(
        Price(row["model"], row["since"], row["prompt"], row["completion"], f"{row['maker']} {row['class']}")
        for row in rows
    )


def _longest(bare: str, names: Iterable[str]) -> str:
    """The longest name that `bare` goes on with a date or `latest`; other endings are other models."""
    fitting = [name for name in names if bare.startswith(f"{name}-") and _is_version(bare[len(name) + 1 :])]
    return max(fitting, key=len, default="")


def _is_version(ending: str) -> bool:
    return ending == "latest" or (ending.replace("-", "").isdigit() and len(ending) >= 4)
