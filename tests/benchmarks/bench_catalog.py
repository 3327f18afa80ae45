"""How long names and docs take, and how much memory.

    python tests/benchmarks/bench_catalog.py [--python PYTHON] [--seed 1]

PYTHON is the interpreter of an environment with the `ansible` package; this one by default. Each figure
comes from fresh processes of their own, so that nothing is warm but the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chiron.ansible.catalog import Catalog
from chiron.config import Settings
from chiron.store.docs import DocsStore
from support.wire import Wire


def percentiles(times: Sequence[float]) -> str:
    """Half, nine tenths and 99 hundredths of `times` (in ms) are below these, and the largest."""
    ordered = sorted(times)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.9, 0.99)]
    return "  ".join(
        f"{name} {value:8.3f}" for name, value in zip(("p50", "p90", "p99"), at, strict=True)
    ) + (f"  max {ordered[-1]:8.1f} ms")


def memory_mb() -> float:
    """What this process holds in memory now."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def measure(python: Path, cache: Path, seed: int) -> dict[str, object]:
    """One process's figures: what is in `cache` is used and added to."""
    bare = memory_mb()
    started = time.perf_counter()
    catalog = Catalog.open(Settings(python=python), None, {}, store=DocsStore(cache))
    names = catalog.names()
    names_ms = (time.perf_counter() - started) * 1e3
    known = memory_mb()
    some = random.Random(seed).sample(list(names), min(500, len(names)))
    first: list[float] = []
    again: list[float] = []
    lookups: list[float] = []
    for times in (first, again):
        for name in some:
            started = time.perf_counter()
            catalog.module(name)
            times.append((time.perf_counter() - started) * 1e3)
    read = memory_mb()
    for name in some:
        started = time.perf_counter()
        catalog.resolve(name.rpartition(".")[2])
        lookups.append((time.perf_counter() - started) * 1e3)
    started = time.perf_counter()
    catalog.refresh()
    refresh_ms = (time.perf_counter() - started) * 1e3
    started = time.perf_counter()
    n_examples = len(catalog.examples())
    examples_ms = (time.perf_counter() - started) * 1e3
    return {
        "n": len(names),
        "names_ms": names_ms,
        "first": first,
        "again": again,
        "lookups": lookups,
        "refresh_ms": refresh_ms,
        "n_examples": n_examples,
        "examples_ms": examples_ms,
        "memory": (bare, known, read),
    }


async def server_memory_mb(python: Path, home: Path, seed: int) -> float:
    """What a server holds in memory when every module is known and a file with 500 of them was checked."""
    names = Catalog.open(Settings(python=python), None, {}).names()
    some = random.Random(seed).sample(list(names), min(500, len(names)))
    text = "".join(f"- name: Task {n}\n  {name}:\n    frobnicate: true\n" for n, name in enumerate(some))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHIRON_")}
    places = {"CHIRON_DATA_DIR": str(home / "data"), "CHIRON_CACHE_DIR": str(home / "cache")}
    wire = await Wire.start(kept | places | {"CHIRON_PYTHON": str(python), "CHIRON_MODEL": "none"})
    await wire.initialize(home)
    uri = (home / "roles" / "a" / "tasks" / "main.yml").as_uri()
    wire.open(uri, text)
    await wire.inline(uri, 0, 14)
    while not any(
        one.get("method") == "textDocument/publishDiagnostics" and one["params"]["diagnostics"]
        for one in wire.notifications
    ):
        await asyncio.sleep(0.2)
    held = wire.memory_mb()
    await wire.end()
    return held


def main() -> None:
    """Prints the figures with nothing kept, and with what the first run kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.cache is not None:
        print(json.dumps(measure(arguments.python, arguments.cache, arguments.seed)))
        return
    with tempfile.TemporaryDirectory() as directory:
        for title in ("nothing kept", "kept"):
            command = [sys.executable, __file__, "--python", str(arguments.python)]
            command += ["--seed", str(arguments.seed), "--cache", f"{directory}/docs.sqlite"]
            found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            bare, known, read = found["memory"]
            print(f"{title}: {found['n']} modules")
            print(f"  names known        {found['names_ms']:8.0f} ms")
            print(f"  scanned again      {found['refresh_ms']:8.0f} ms")
            print(f"  docs, first        {percentiles(found['first'])}")
            print(f"  docs, again        {percentiles(found['again'])}")
            print(f"  name resolved      {percentiles(found['lookups'])}")
            print(f"  {found['n_examples']} examples    {found['examples_ms']:8.0f} ms")
            memory = f"{bare:.0f} MB bare, {known:.0f} MB names known, {read:.0f} MB 500 modules read"
            print(f"  memory             {memory}")
        home = Path(directory, "server")
        home.mkdir()
        held = asyncio.run(server_memory_mb(arguments.python, home, arguments.seed))
        print(f"server, all modules known, 500 of them read: {held:.0f} MB")
        print(f"kept on disk: {Path(directory, 'docs.sqlite').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
