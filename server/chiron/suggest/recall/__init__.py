"""Answers from tasks already written."""

from chiron.suggest.recall.recall import Recall

__all__ = ["Recall"]
