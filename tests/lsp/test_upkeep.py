"""What is looked after while nobody writes."""

from __future__ import annotations

import subprocess
import sys

import pytest

HOLES = """
from pathlib import Path
from chiron.lsp.upkeep import give_memory_back

def memory_mb():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024

texts = [bytes([n % 256]) * 20_000 for n in range(2_000)]
texts = texts[::100]
before = memory_mb()
give_memory_back()
print(before - memory_mb())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")
def test_what_was_freed_between_what_stays_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 20
