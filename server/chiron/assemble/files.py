"""The files this process keeps, and where they are."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.errors import ChironError, StoreError
from chiron.store.cache import ResponseCache
from chiron.store.docs import DocsStore
from chiron.store.feedback import FeedbackLog

_T = TypeVar("_T")
log = logging.getLogger(__name__)


def open_catalog(
    settings: Settings, workspace: Path | None, environ: Mapping[str, str] = os.environ
) -> Catalog:
    """The catalog alone. Docs that cannot be kept on disk are read each time."""
    return Catalog.open(settings, workspace, environ, store=opened([], lambda: open_docs(settings)))


def open_docs(settings: Settings) -> DocsStore:
    """The modules' docs on disk; it says itself, in `trouble`, where nothing can be kept."""
    return DocsStore(settings.cache_dir / "docs.sqlite")


def open_cache(settings: Settings) -> ResponseCache:
    """The answers on disk. Raises `StoreError`."""
    return ResponseCache(settings.cache_dir / "responses", settings.cache.size_mb)


def open_feedback(settings: Settings) -> FeedbackLog:
    """The feedback log. Reading it raises `StoreError` where the file is not as it should be."""
    return FeedbackLog(feedback_path(settings))


def feedback_path(settings: Settings) -> Path:
    """The feedback log's file."""
    return settings.data_dir / "feedback.sqlite"


def scores_path(settings: Settings) -> Path:
    """Where the coefficients of the hallucination and relevance scores are."""
    return settings.data_dir / "scores.json"


def runtime_dir(settings: Settings) -> Path:
    """Where the embedded server's lock, state and weights are."""
    return settings.cache_dir / "embedded"


def opened(troubles: list[str], opener: Callable[[], _T]) -> _T | None:
    """What `opener` opens. What cannot be opened is done without: its trouble is added to `troubles`."""
    try:
        return opener()
    except (StoreError, OSError) as error:
        message = str(error) if isinstance(error, ChironError) else f"{error}"
        log.warning("%s", message)
        troubles.append(message)
        return None
