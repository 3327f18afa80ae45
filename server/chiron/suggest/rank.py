"""Which of the candidates that passed are shown, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chiron.records import Candidate, Withheld

#: An alternative's confidence as a share of the first one's.
LEAST_SHARE = 0.15


def rank(
    candidates: Sequence[Candidate], n: int, refused: Callable[[str], bool], least: float = 0.0
) -> tuple[list[Candidate], list[Withheld]]:
    """At most `n` different candidates, surest first, and those a person refused here lately.

    Two candidates are the same when they differ in white space alone; the first of equals stays. An
    alternative far less likely than the first is noise, and is left out. So is what is less sure than
    `least`.
    """
    chosen: list[Candidate] = []
    withheld: list[Withheld] = []
    seen: set[str] = set()
    for candidate in sorted(candidates, key=lambda one: -one.confidence):
        text = folded(candidate.text)
        if not text or text in seen:
            continue
        seen.add(text)
        if candidate.confidence < least:
            detail = f"{candidate.confidence:.2f} is not sure enough to be shown unasked."
            withheld.append(_turned_away("unsure", detail, candidate))
        elif refused(candidate.text):
            withheld.append(_turned_away("refused-here", "You refused this here a moment ago.", candidate))
        elif len(chosen) < n and (not chosen or candidate.confidence >= chosen[0].confidence * LEAST_SHARE):
            chosen.append(candidate)
    return chosen, withheld


def folded(text: str) -> str:
    """What two candidates have in common that differ in white space alone."""
    return " ".join(text.split())


def _turned_away(reason: str, detail: str, candidate: Candidate) -> Withheld:
    return Withheld(reason, detail, candidate.text, candidate.source, candidate.confidence)
