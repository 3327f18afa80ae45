"""What suggestions cost, told from a log."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from chiron.assemble.models import price_of
from chiron.config import Settings
from chiron.cost import report
from chiron.errors import SettingsError
from chiron.records import Event, ModelAnswer, Source, SuggestionRecord
from chiron.store.feedback import FeedbackLog
from support.logged import fate
from support.reviewing import keep

TODAY = date(2026, 11, 1)
MODEL: dict[str, Any] = {"source": Source.MODEL, "model": "gpt-4o-mini"}
PRICED = {**MODEL, "n_prompt_tokens": 900, "n_completion_tokens": 100, "cost_usd": 0.01}
UNPRICED = {**MODEL, "n_prompt_tokens": 1_000_000, "n_completion_tokens": 0, "cost_usd": None}

Told = Callable[..., dict[str, Any]]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """What `chiron cost` tells of a log of rows."""

    def tell(
        *rows: SuggestionRecord | Event, over: dict[str, Any] | None = None, **asked: Any
    ) -> dict[str, Any]:
        settings = Settings(data_dir=tmp_path, cache_dir=tmp_path, **(over or {}))
        with FeedbackLog(tmp_path / "feedback.sqlite") as log:
            keep(log, *rows)
        return report(settings, TODAY, now_ms=int(datetime.now(UTC).timestamp() * 1000), **asked)

    return tell


def test_a_request_counts_once_however_many_rows_it_led_to(told: Told) -> None:
    (row,) = told(
        *fate("a", "kept", request_id="r", **PRICED),
        *fate("b", "not_seen", request_id="r", rank=1, **PRICED),
        *fate("c", "refused", **PRICED),
        *fate("d", "rewritten", **PRICED),
    )["models"]
    assert (row["n_requests"], row["usd"]) == (3, pytest.approx(0.03))
    assert (row["n_offered"], row["n_accepted"], row["n_strong"]) == (4, 2, 1)
    assert row["usd_per_suggestion"] == pytest.approx(0.03 / 4)
    assert row["usd_per_acceptance"] == pytest.approx(0.03 / 2)
    assert row["usd_per_strong_acceptance"] == pytest.approx(0.03)


def test_an_answer_that_was_withheld_cost_money_too(told: Told) -> None:
    held = fate("w", "open", **{**PRICED, "model": None}, withheld="invalid")
    rows = {row["model"]: row for row in told(*held)["models"]}
    assert (rows[None]["n_requests"], rows[None]["usd"]) == (1, 0.01)
    assert rows[None]["usd_per_suggestion"] is None


def test_tokens_without_a_price_are_priced_by_the_table_of_their_day(told: Told) -> None:
    (row,) = told(*fate("a", "kept", **UNPRICED))["models"]
    assert (row["usd"], row["usd_by_table"]) == (0.15, 0.15)


def test_your_own_price_goes_before_the_table(told: Told) -> None:
    mine = {"model": "gpt-4o-mini", "since": "2020-01-01", "prompt": 7, "completion": 7}
    (row,) = told(*fate("a", "kept", **UNPRICED), over={"prices": [mine]})["models"]
    assert row["usd"] == 7.0


def test_a_model_of_unknown_price_is_named_and_not_called_free(told: Told) -> None:
    shown = told(*fate("a", "kept", **{**UNPRICED, "model": "home-grown"}))
    assert shown["models"][0]["usd_per_suggestion"] is None
    assert any("home-grown" in sentence for sentence in shown["said"])


def test_an_answer_from_the_cache_costs_nothing_and_counts(told: Told) -> None:
    cached = {"source": Source.CACHE, "model": "gpt-4o-mini", "n_prompt_tokens": None, "cost_usd": None,
              "n_completion_tokens": None}  # fmt: skip
    (row,) = told(*fate("a", "kept", **PRICED), *fate("b", "kept", **cached))["models"]
    assert (row["n_requests"], row["n_accepted"]) == (1, 2)
    assert row["usd_per_acceptance"] == pytest.approx(0.005)


def test_stronger_models_are_projected_with_an_interval_and_how_thin_it_is(told: Told) -> None:
    shown = told(*fate("a", "kept", **PRICED))
    assert shown["compared_with"]["model"] == "gpt-4o-mini"
    assert shown["projected"]
    for row in shown["projected"]:
        assert row["times"] > 1
        assert row["class"].endswith(("medium", "large"))
        days = [row[name] or "9999" for name in ("earliest", "day", "latest")]
        assert days == sorted(days)
    assert any("thin" in sentence for sentence in shown["said"])


def test_only_what_an_editor_asked_counts_unless_asked(told: Told) -> None:
    rows = [*fate("a", "kept", **PRICED), *fate("b", "kept", origin="cli", **PRICED)]
    assert told(*rows)["models"][0]["n_requests"] == 1
    assert told(origin="any")["models"][0]["n_requests"] == 2


def test_an_empty_log_says_so(told: Told) -> None:
    shown = told()
    assert shown["models"] == []
    assert shown["said"][0].startswith("No model was asked")
    assert told(base="gpt-5-nano")["projected"]


def test_a_model_without_a_price_cannot_be_compared_with(told: Told) -> None:
    with pytest.raises(SettingsError, match="No price of 'home-grown' is known"):
        told(base="home-grown")


def test_the_command_line_shows_it(environ: dict[str, str]) -> None:
    def chiron(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "chiron", "cost", *arguments],
            env=environ, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert "List prices fall by" in chiron("--from", "gpt-5-nano")
    assert json.loads(chiron("--json"))["trend"]["n_prices"] > 20


@pytest.mark.parametrize(
    ("url", "over", "prompt"),
    [
        ("https://llm.example.org/v1", {}, 0.15),
        ("http://127.0.0.1:8080/v1", {}, None),
        ("http://127.0.0.1:8080/v1", {"usd_per_m_prompt": 3, "usd_per_m_completion": 4}, 3),
        ("https://llm.example.org/v1", {"usd_per_m_prompt": 3, "usd_per_m_completion": 4}, 3),
    ],
)
def test_an_answer_is_priced_when_it_comes_by_the_settings_or_the_list(
    url: str, over: dict[str, float], prompt: float | None
) -> None:
    """A model on this machine may have the name of one that is sold, and costs nothing."""
    endpoint = {"base_url": url, "model": "gpt-4o-mini", **over}
    settings = Settings(endpoints={"mine": endpoint}, model="mine")
    price = price_of(settings, settings.endpoints["mine"])
    usd = None if price is None else price(ModelAnswer(("x",), "gpt-4o-mini", 1_000_000, 0))
    assert usd == (None if prompt is None else pytest.approx(prompt))
