"""What has been collected for one request: candidates that passed, those withheld, what a model said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chiron.records import Candidate, Consulted, Withheld


@dataclass(slots=True)
class Basket:
    """One request's, filled stage by stage."""

    passed: list[Candidate] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    trouble: str | None = None
    consulted: Consulted | None = None

    def silence(self, turned_away: Sequence[Withheld]) -> str:
        """Why nothing is shown, as a code. `turned_away` passed, and was not chosen."""
        if self.trouble:
            return "model-trouble"
        if turned_away:
            return turned_away[0].reason
        return "all-withheld" if self.withheld else "nothing-found"


def reasons(withheld: Sequence[Withheld]) -> str:
    """The codes of `withheld`, each once, for a log."""
    return "; ".join(dict.fromkeys(one.reason for one in withheld)) or "empty"
