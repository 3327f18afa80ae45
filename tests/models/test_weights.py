"""The packaged weights, put together whole or not at all."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chiron.config import Embedded
from chiron.models.weights import find_weights, fingerprint, weights_name

pytestmark = pytest.mark.embedded


def check_whole(file: Path) -> None:
    assert file.stat().st_size == 253_113_024
    assert not list(file.parent.glob("*.part"))


def test_two_at_once_put_them_together_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        files = list(pool.map(lambda _: find_weights(Embedded(), tmp_path), range(2)))
    assert files[0] == files[1]
    check_whole(files[0])
    inode = files[0].stat().st_ino
    assert find_weights(Embedded(), tmp_path).stat().st_ino == inode


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damaged_weights_are_put_together_anew(weights: Path, tmp_path: Path, damage: str) -> None:
    mine = tmp_path / weights.name
    stamp = weights.with_suffix(".whole.json")
    mine.write_bytes(weights.read_bytes())
    (tmp_path / stamp.name).write_bytes(stamp.read_bytes())
    with mine.open("r+b") as file:
        if damage == "cut":
            file.truncate(1000)
        else:
            file.seek(1_000_000)
            file.write(b"damaged")
    told: list[tuple[str, float]] = []
    check_whole(find_weights(Embedded(), tmp_path, lambda what, share: told.append((what, share))))
    assert told[-1] == ("putting the weights together", 1.0)


def test_weights_without_a_stamp_are_checked_and_kept(weights: Path, tmp_path: Path) -> None:
    mine = tmp_path / weights.name
    os.link(weights, mine)
    inode = mine.stat().st_ino
    assert find_weights(Embedded(), tmp_path).stat().st_ino == inode


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from chiron.config import Embedded\n"
        "from chiron.errors import EmbeddedUnavailable\n"
        "from chiron.models.weights import find_weights\n"
        "try: find_weights(Embedded(), Path(sys.argv[1]))\n"
        "except EmbeddedUnavailable as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000)),
    )
    assert "cannot be put together" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["weights.lock"]


def test_weights_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    assert fingerprint(Embedded()).startswith("sha256:")
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(b"GGUF")
    first = fingerprint(Embedded(weights=mine))
    mine.write_bytes(b"GGUF and more")
    assert first != fingerprint(Embedded(weights=mine)) != ""
    assert weights_name(Embedded(weights=mine)) == "mine"
    assert find_weights(Embedded(weights=mine), tmp_path) == mine
