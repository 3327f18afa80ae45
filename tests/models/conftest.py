"""The packaged weights, put together once for all workers, and folders for servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chiron.config import Embedded
from chiron.models import server_process
from chiron.models.weights import find_weights


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged weights as one file, shared by all workers of this run."""
    directory = tmp_path_factory.getbasetemp().parent / "weights"
    server_process.own_directory(directory)
    return find_weights(Embedded(), directory)


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
