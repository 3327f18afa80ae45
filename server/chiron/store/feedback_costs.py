"""What models were asked, by model: tokens and dollars of each request once, and what came of it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from chiron.store.feedback_search import Search, search_where


@dataclass(frozen=True, slots=True)
class Spent:
    """The requests of one model on one day (UTC). `usd` is what was recorded when they were made.

    `n_unpriced` of the requests have tokens but no price; those tokens are counted apart. Offered, accepted
    and strongly accepted are the model's own suggestions; remembered ones are among them, and cost nothing.
    """

    model: str
    day: str
    n_requests: int
    usd: float
    n_prompt: int
    n_completion: int
    n_unpriced: int
    n_unpriced_prompt: int
    n_unpriced_completion: int
    n_offered: int
    n_accepted: int
    n_strong: int


def spent(connection: sqlite3.Connection, search: Search) -> list[Spent]:
    """What `search` finds, by model and day. A request whose answers were all withheld cost money too."""
    where, values = search_where(search)
    rows = connection.execute(
        "SELECT model, day, sum(n_tokens IS NOT NULL OR usd IS NOT NULL) AS n_requests,"  # noqa: S608
        " total(usd) AS usd, total(prompt) AS prompt, total(completion) AS completion,"
        " sum(usd IS NULL AND n_tokens IS NOT NULL) AS n_unpriced,"
        " total(CASE WHEN usd IS NULL THEN prompt END) AS unpriced_prompt,"
        " total(CASE WHEN usd IS NULL THEN completion END) AS unpriced_completion,"
        " sum(offered) AS offered, sum(accepted) AS accepted, sum(strong) AS strong FROM ("
        "SELECT coalesce(max(model), '') AS model, date(min(at_ms) / 1000, 'unixepoch') AS day,"
        " max(cost_usd) AS usd, max(n_prompt_tokens) AS prompt, max(n_completion_tokens) AS completion,"
        " max(coalesce(n_prompt_tokens, n_completion_tokens)) AS n_tokens,"
        " sum(model IS NOT NULL AND withheld IS NULL) AS offered,"
        " sum(model IS NOT NULL AND withheld IS NULL AND outcome = 'accepted') AS accepted,"
        " sum(model IS NOT NULL AND withheld IS NULL AND strong) AS strong"
        f" FROM suggestion WHERE {where} AND (model IS NOT NULL OR n_prompt_tokens IS NOT NULL"
        " OR cost_usd IS NOT NULL) GROUP BY request_id) GROUP BY model, day ORDER BY model, day",
        values,
    )
    return [
        Spent(
            row["model"], row["day"], row["n_requests"], row["usd"], int(row["prompt"]),
            int(row["completion"]), row["n_unpriced"], int(row["unpriced_prompt"]),
            int(row["unpriced_completion"]), row["offered"], row["accepted"], row["strong"],
        )
        for row in rows
    ]  # fmt: skip
