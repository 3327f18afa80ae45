"""Rows as a Parquet file. The only file here that knows `pyarrow`, which the `parquet` extra brings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from chiron.errors import ChironError
from chiron.exchange.formats import Row

#: Rows of one group: what is held in memory at once.
_GROUP = 5_000


def write_parquet(path: Path, rows: Iterator[Row]) -> None:
    """Writes rows of `table_row`. Raises `ChironError` where `pyarrow` is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ChironError(
            "Parquet needs the `parquet` extra.",
            advice='Install it: python -m pip install "chiron-ls[parquet]"',
        ) from None
    text, whole, number, yes = pa.string(), pa.int64(), pa.float64(), pa.bool_()
    schema = pa.schema(
        [
            ("id", text), ("request_id", text), ("at", pa.timestamp("ms", tz="UTC")), ("origin", text),
            ("trigger", text), ("scope", text), ("file", text), ("line", whole), ("task_name", text),
            ("context", text), ("context_at", whole), ("text", text), ("source", text), ("module", text),
            ("model", text), ("prompt_version", text), ("n_prompt_tokens", whole),
            ("n_completion_tokens", whole), ("cost_usd", number), ("total_ms", number),
            ("confidence", number), ("rank", whole), ("arm", text), ("propensity", number),
            ("withheld", text), ("outcome", text), ("undone", yes), ("kept_ratio", number), ("strong", yes),
            ("label", text), ("correction", text), ("log", text),
        ]
    )  # fmt: skip
    with pq.ParquetWriter(path, schema) as writer:
        while group := list(islice(rows, _GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
