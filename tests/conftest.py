"""What several rooms' tests share: a home of their own, so that nobody's settings or log are touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chiron.config import Embedded
from chiron.models import server_process
from chiron.models.weights import find_weights


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged weights as one file, put together once for all workers of this run."""
    directory = tmp_path_factory.getbasetemp().parent / "weights"
    server_process.own_directory(directory)
    return find_weights(Embedded(), directory)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for settings, log and caches of one test."""
    place = tmp_path / "home"
    place.mkdir()
    return place


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    """An environment in which Chiron keeps everything under `home` and has no model."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHIRON_", "ANSIBLE_"))}
    kept.pop("VIRTUAL_ENV", None)
    return kept | {
        "CHIRON_CONFIG": str(home / "config.toml"),
        "CHIRON_DATA_DIR": str(home / "data"),
        "CHIRON_CACHE_DIR": str(home / "cache"),
        "CHIRON_MODEL": "none",
    }


@pytest.fixture
def in_environ(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The same environment, for code that runs in this process."""
    for name in list(os.environ):
        if name.startswith(("CHIRON_", "ANSIBLE_")) or name == "VIRTUAL_ENV":
            monkeypatch.delenv(name)
    for name, value in environ.items():
        if name.startswith("CHIRON_"):
            monkeypatch.setenv(name, value)
    return environ
