"""`chiron try`, with the real embedded model and without any."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chiron.models import server_process


def play(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "chiron", "try", "--plain", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(environ: dict[str, str]) -> dict[str, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "chiron", "feedback", "list", "--json", "--limit", "100"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return {row["id"]: row for row in json.loads(done.stdout)}


def check_told(told: str, kept: dict[str, dict[str, str]]) -> None:
    """What was told happened: each id printed is in the log, one accepted, one refused, one withheld."""
    printed = re.findall(r"^\s*([0-9a-f]{16})\s", told, re.M)
    assert printed
    assert set(printed) <= set(kept)
    assert {row["origin"] for row in kept.values()} == {"try"}
    assert {"accepted", "rejected"} <= {row["outcome"] for row in kept.values()}
    assert any(row["withheld"] for row in kept.values())


def test_it_plays_with_no_model(environ: dict[str, str]) -> None:
    told = play(environ)
    assert "ansible.builtin.systemd_service:" in told
    assert "accepted" in told
    assert "refused-here" in told
    check_told(told, rows(environ))


@pytest.mark.embedded
def test_it_shows_a_suggestion_of_the_real_model(environ: dict[str, str], weights: Path) -> None:
    environ |= {"CHIRON_MODEL": "embedded", "CHIRON_EMBEDDED__WEIGHTS": str(weights)}
    try:
        told = play(environ)
    finally:
        server_process.stop(Path(environ["CHIRON_CACHE_DIR"]) / "embedded")
    kept = rows(environ)
    check_told(told, kept)
    assert f"model {weights.stem}" in told
    assert {"model", "cache"} <= {row["source"] for row in kept.values()}


def test_it_plays_at_a_line_of_a_file_and_leaves_the_file_alone(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "roles" / "web" / "tasks" / "main.yml"
    path.parent.mkdir(parents=True)
    text = (
        "---\n- name: Install nginx\n  ansible.builtin.package:\n    name: nginx\n\n- name: Install redis\n"
    )
    path.write_text(text, encoding="utf-8")
    told = play(environ, f"{path}:6")
    assert "name: redis" in told
    assert path.read_text(encoding="utf-8") == text
