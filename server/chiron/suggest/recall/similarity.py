"""Finds the tasks whose names are nearest: TF-IDF over stems and character trigrams, cosine.

The index is plain dictionaries and grows and shrinks a file at a time. It is not safe for threads by
itself; its owner holds a lock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from itertools import pairwise

from chiron.kept import kept
from chiron.suggest.recall.wording import trigrams, words

#: What a trigram counts for next to a whole word, and a pair of words next to each other.
_TRIGRAM_WEIGHT = 0.3
_PAIR_WEIGHT = 0.5
#: A trigram that more documents than this share hold tells nothing and costs time.
_TOO_COMMON = 0.08
#: Norms are worked out anew when the number of documents has changed by this share.
_STALE = 0.1


class NameIndex:
    """Names by number, searchable by likeness."""

    def __init__(self) -> None:
        self._postings: dict[str, dict[int, float]] = {}
        self._features: dict[int, Mapping[str, float]] = {}
        self._norms: dict[int, float] = {}
        self._norms_for = 0
        self._next = 0

    def __len__(self) -> int:
        return len(self._features)

    def add(self, name: str) -> int:
        """Takes `name` in and returns its number."""
        number = self._next
        self._next += 1
        features = features_of(name)
        self._features[number] = features
        for feature, weight in features.items():
            self._postings.setdefault(feature, {})[number] = weight
        return number

    def remove(self, numbers: Iterable[int]) -> None:
        """Forgets `numbers`; unknown ones are ignored."""
        for number in numbers:
            self._norms.pop(number, None)
            for feature in self._features.pop(number, ()):
                posting = self._postings[feature]
                del posting[number]
                if not posting:
                    del self._postings[feature]

    def prepare(self) -> None:
        """Works ahead what searches need, so that the first is as fast as the next."""
        self._refresh()
        for number in self._features.keys() - self._norms.keys():
            self._norm(number)

    def likeness(self, name: str, numbers: Sequence[int]) -> list[float]:
        """How like the names with `numbers` are to `name`, in their order, from 0 to 1."""
        self._refresh()
        query = self._weighed(features_of(name))
        length = _length(query) or 1.0
        factors = {feature: weight * self._idf(feature) / length for feature, weight in query.items()}
        ratings = []
        for number in numbers:
            own = self._features[number]
            product = sum(factor * own[feature] for feature, factor in factors.items() if feature in own)
            ratings.append(min(1.0, product / (self._norms.get(number) or self._norm(number))))
        return ratings

    def nearest(self, name: str, n: int) -> list[tuple[int, float]]:
        """The `n` nearest names as (number, likeness from 0 to 1), nearest first."""
        total = len(self._features)
        if not total:
            return []
        self._refresh()
        query = self._weighed(features_of(name))
        length = _length(query) or 1.0
        scores: dict[int, float] = {}
        for feature, weight in query.items():
            posting = self._postings.get(feature)
            if posting is None or (feature[0] == "~" and len(posting) > max(50.0, _TOO_COMMON * total)):
                continue
            factor = weight * self._idf(feature)
            for number, own in posting.items():
                scores[number] = scores.get(number, 0.0) + factor * own
        norms = self._norms
        rated = [
            (score / (norms.get(number) or self._norm(number)), number) for number, score in scores.items()
        ]
        return [(number, min(1.0, score / length)) for score, number in nlargest(n, rated)]

    def _refresh(self) -> None:
        total = len(self._features)
        if abs(total - self._norms_for) > _STALE * total:
            self._norms.clear()
            self._norms_for = total

    def _weighed(self, features: Mapping[str, float]) -> dict[str, float]:
        return {feature: weight * self._idf(feature) for feature, weight in features.items()}

    def _idf(self, feature: str) -> float:
        return math.log(1 + max(1, self._norms_for) / (1 + len(self._postings.get(feature, ()))))

    def _norm(self, number: int) -> float:
        norm = self._norms.get(number)
        if norm is None:
            weighed = self._weighed(self._features[number])
            norm = self._norms[number] = _length(weighed) or 1.0
        return norm


def _length(weighed: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weighed.values()))


# A file's tasks are taken out and in again with the requests in it, and few of their names are new.
@kept(512)
def features_of(name: str) -> Mapping[str, float]:
    """What `name` is compared by: stems, pairs of stems and trigrams, with their weights."""
    features: dict[str, float] = {}
    stems = words(name)
    for stem in stems:
        features[stem] = 1.0
        for gram in trigrams(stem):
            features[f"~{gram}"] = _TRIGRAM_WEIGHT
    for first, second in pairwise(stems):
        features[f"{first} {second}"] = _PAIR_WEIGHT
    return features
