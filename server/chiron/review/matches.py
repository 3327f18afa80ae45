"""Two answers to one question, shown without their makers' names, and which side each stands on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from chiron.records import Source, SuggestionRecord
from chiron.review.tasks import in_place
from chiron.store.feedback import FeedbackLog
from chiron.store.feedback_histories import records_of
from chiron.store.feedback_votes import rivals

#: Most questions taken from the log at once.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """One maker's answer: the place with it in, and which lines are its own."""

    arm: str
    text: str
    first_new: int
    last_new: int
    suggestion_id: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One question with two answers. `question` is the same whenever the same two are compared."""

    question: str
    title: str
    where: str
    first: Answered
    second: Answered

    @property
    def is_swapped(self) -> bool:
        """Whether the first stands on the right: by the question alone, so that no side is anybody's."""
        return int(hashlib.blake2b(self.question.encode(), digest_size=1).hexdigest(), 16) % 2 == 1

    @property
    def sides(self) -> tuple[Answered, Answered]:
        """The answers from left to right."""
        return (self.second, self.first) if self.is_swapped else (self.first, self.second)

    def result_of(self, side: str) -> str:
        """What a choice of `left`, `right`, `tie` or `bad` says of first and second."""
        if side not in ("left", "right"):
            return side
        return "second" if (side == "left") == self.is_swapped else "first"


def question_of(*parts: str) -> str:
    """A name for a question and its two answers that does not tell who made them."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def from_log(log: FeedbackLog, origin: str | None) -> list[Match]:
    """The first two alternatives of each request whose makers differ, latest first."""
    found = log.ask(lambda connection: rivals(connection, origin, _MOST))
    ids = [one for pair in found for one in pair]
    records = log.ask(lambda connection: records_of(connection, ids))
    matches = []
    for one, other in found:
        if one not in records or other not in records:
            continue
        a, b = records[one], records[other]
        # Always the same way round, whichever was shown first: ranks are what is being judged.
        a, b = sorted((a, b), key=_arm)
        matches.append(Match(question_of("log", a.id, b.id), a.task_name, a.uri, _answered(a), _answered(b)))
    return matches


def arms_of(matches: Sequence[Match]) -> list[str]:
    """The makers that are compared."""
    return sorted({side.arm for match in matches for side in (match.first, match.second)})


def _arm(record: SuggestionRecord) -> str:
    """Who made a suggestion, as ratings name it: the model or recall, and the arm where there are arms."""
    maker = record.model or (record.source.value if record.source else "nobody")
    if record.source is Source.RECALL:
        maker = "recall"
    return maker if record.arm == "default" else f"{record.arm}: {maker}"


def _answered(record: SuggestionRecord) -> Answered:
    place = in_place(record)
    return Answered(_arm(record), place.text, place.first_new, place.last_new, record.id)
