"""What an editor that knows Chiron may ask about it, and the few things it may change while it runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from chiron import __version__
from chiron.assemble import Assembly, feedback_path, model_names, open_model
from chiron.config import config_file
from chiron.errors import ChironError
from chiron.feedback_view import one_row


async def why(parts: Assembly, suggestion_id: str) -> dict[str, Any] | None:
    """Everything known about one suggestion, from the log; None where it is not there."""
    log = parts.feedback
    if log is None:
        return None

    def read() -> tuple[dict[str, Any] | None, str | None]:
        log.flush()
        row = one_row(log, suggestion_id)
        module = parts.catalog.module(row["module"]) if row and row["module"] else None
        return row, module.short_description if module else None

    row, about = await asyncio.to_thread(read)
    if row is None:
        return None
    return {
        "id": row["id"],
        "text": row["text"],
        "source": row["source"],
        "model": row["model"],
        "module": row["module"],
        "moduleAbout": about,
        "grounds": row["grounds"],
        "stageMs": row["stage_ms"],
        "sent": row["sent"],
        "outcome": row["outcome"],
    }


def info(parts: Assembly) -> dict[str, Any]:
    """What runs here, with what, and where it keeps things."""
    model = parts.model
    return {
        "version": __version__,
        "python": sys.executable,
        "ansible": [
            {"path": str(one.core), "version": one.version, "why": one.reason} for one in parts.installations
        ],
        "model": model.name if model else None,
        "endpoint": model.endpoint if model else None,
        "leavesMachine": model.leaves_machine if model else False,
        "configPath": str(config_file()),
        "feedbackPath": str(feedback_path(parts.settings)),
        "cachePath": str(parts.settings.cache_dir),
        "logPath": None,
        "reviewCommand": [sys.executable, "-m", "chiron", "review"],
    }


def models(parts: Assembly) -> list[dict[str, Any]]:
    """The models that can be chosen here."""
    listed = []
    for name in model_names(parts.settings):
        try:
            model = open_model(parts.settings.model_copy(update={"model": name}))
        except ChironError:
            continue
        active = (parts.model.endpoint, parts.model.name) if parts.model else None
        listed.append(
            {
                "name": name,
                "model": model.name if model else None,
                "endpoint": model.endpoint if model else None,
                "leavesMachine": model.leaves_machine if model else False,
                "active": active == ((model.endpoint, model.name) if model else None),
            }
        )
    return listed


async def use_model(parts: Assembly, name: str, forget: Callable[[], None]) -> None:
    """Swaps the model for one that the user's own settings name. Raises `SettingsError` for any other."""
    old = parts.model
    parts.use_model(name)
    forget()
    if old is not None:
        await old.close()
