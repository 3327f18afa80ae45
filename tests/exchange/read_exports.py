"""Reads exports with TRL's own data functions, as its trainers do before they train.

With a PYTHON that has `trl`, `datasets` and `transformers`: `PYTHON tests/exchange/read_exports.py FOLDER`.
Torch is not needed, so `trl` may be installed without its dependencies. Nothing of Chiron is imported here.
It ends with an error where one of them would not take a row.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: The columns of each TRL dataset type, by the names TRL documents.
_COLUMNS = {
    "messages": {"messages"},
    "openai": {"messages"},
    "preference": {"prompt", "chosen", "rejected"},
    "kto": {"prompt", "completion", "label"},
}
_TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def tokenizer() -> Any:
    """A tokenizer with a chat template, made here: nothing is fetched."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    made.chat_template = _TEMPLATE
    return made


def read(kind: str, path: Path, speaker: Any) -> int:
    """How many rows TRL took; it raises where it does not take one."""
    from datasets import Dataset
    from trl.data_utils import (
        is_conversational,
        maybe_apply_chat_template,
        maybe_extract_prompt,
        maybe_unpair_preference_dataset,
    )

    rows = Dataset.from_json(str(path))
    missing = _COLUMNS[kind] - set(rows.column_names)
    if missing:
        raise SystemExit(f"{path.name} has no {', '.join(sorted(missing))}")
    for row in rows:
        if not is_conversational(row):
            raise SystemExit(f"{path.name}: TRL takes this for no conversation: {row}")
    kept = rows.select_columns(sorted(_COLUMNS[kind])).map(maybe_extract_prompt)
    for row in kept.map(maybe_apply_chat_template, fn_kwargs={"processing_class": speaker}):
        _check_texts(kind, row)
    if kind == "preference":
        unpaired = maybe_unpair_preference_dataset(kept)
        if len(unpaired) != 2 * len(kept):
            raise SystemExit(f"{path.name}: {len(unpaired)} halves of {len(kept)} pairs")
    return len(rows)


def _check_texts(kind: str, row: Mapping[str, Any]) -> None:
    wanted = {"messages": ["text"], "openai": ["text"]}.get(kind, sorted(_COLUMNS[kind] - {"label"}))
    for key in wanted:
        if not isinstance(row[key], str) or not row[key].strip():
            raise SystemExit(f"{kind}: TRL made no text of `{key}`: {row}")
    if kind == "kto" and not isinstance(row["label"], bool):
        raise SystemExit(f"kto: the label is no truth value: {row}")


def main() -> None:
    """Reads every export in a folder."""
    import trl
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    folder, speaker = Path(sys.argv[1]), tokenizer()
    for kind in _COLUMNS:
        n = read(kind, folder / f"{kind}.jsonl", speaker)
        print(f"TRL {trl.__version__} took {n:,} rows of {kind}")
    print(f"datasets took {len(Dataset.from_parquet(str(folder / 'parquet.parquet'))):,} rows of parquet")


if __name__ == "__main__":
    main()
