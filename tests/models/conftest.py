"""Folders for embedded servers, which are ended with the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chiron.models import server_process


@pytest.fixture(scope="session")
def warm_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose server may be asked but not disturbed; it is ended with the session."""
    directory = tmp_path_factory.mktemp("warm")
    yield directory
    server_process.stop(directory)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A folder for a server of the test's own, which is ended with it."""
    yield tmp_path / "embedded"
    server_process.stop(tmp_path / "embedded")
