"""Every secret of a corpus of real-looking playbooks is caught, and what is harmless is let be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from chiron.redact import holds_secret, redact, restore
from support.planted import PLACE, pieces, plant

CORPUS = Path(__file__).parents[1] / "data" / "secrets"
FILES = sorted(CORPUS.glob("*.yml"))


def check_caught(template: str, seed: int) -> None:
    planted = plant(template, seed)
    redaction = redact(planted.text)
    lines = planted.text.split("\n")
    missed = [
        f"{kind}: {lines[line].strip()}"
        for kind, secret, line in planted.secrets
        if any(piece in redaction.text for piece in pieces(secret))
    ]
    assert not missed, f"seed {seed}: {len(missed)} of {len(planted.secrets)} missed:\n" + "\n".join(missed)
    assert restore(redaction.text, redaction, planted.text) == planted.text
    assert holds_secret(redaction.text, redaction) is None


def test_the_corpus_holds_at_least_200_secrets() -> None:
    assert sum(len(PLACE.findall(path.read_text())) for path in FILES) >= 200


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(5))
def test_every_planted_secret_is_caught_and_the_text_comes_back_whole(path: Path, seed: int) -> None:
    check_caught(path.read_text(encoding="utf-8"), seed)


def touched(text: str, secrets: Iterable[str]) -> list[str]:
    """What was taken out of `text` though no part of it was planted."""
    planted = set(secrets)
    return [
        taken
        for taken in redact(text).secrets.values()
        if not any(taken in secret or secret in taken for secret in planted)
    ]


def n_values(text: str) -> int:
    return sum(isinstance(token, yaml.ScalarToken) for token in yaml.scan(text))


def test_under_one_percent_of_harmless_values_is_touched() -> None:
    taken: list[str] = []
    n_harmless = 0
    for path in FILES:
        planted = plant(path.read_text(encoding="utf-8"), 1)
        taken += touched(planted.text, (secret for _, secret, _ in planted.secrets))
        n_harmless += n_values(planted.text) - len(planted.secrets)
    for path in sorted(CORPUS.glob("harmless/*.yml")):
        text = path.read_text(encoding="utf-8")
        taken += touched(text, ())
        n_harmless += n_values(text)
    assert n_harmless > 1_000
    assert len(taken) < n_harmless / 100, taken
