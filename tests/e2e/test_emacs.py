"""Emacs with the configuration that is documented: from keys to an applied edit to a row in the log."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).parents[2] / "server" / "editors" / "emacs.el"
NAMED = "- hosts: all\n  tasks:\n    - name: Lyrebird at dawn"
BODY = "ansible.builtin.apt:\n        name: lyrebird\n        state: present"
SCRIPT = {"model": "scripted", "rules": [{"match": "Lyrebird at dawn", "text": BODY}]}
DRIVER = """
(setq load-prefer-newer t)
(package-initialize)
(load "{config}")
(setq eglot-connect-timeout 60 eglot-sync-connect 60)
(find-file "{file}")
(yaml-mode)
(eglot--maybe-activate-editing-mode)
(unless (eglot-current-server)
  (apply #'eglot (eglot--guess-contact)))
(chiron-mode 1)
(goto-char (point-max))
(defun await (what)
  (let ((end (+ (float-time) 60)))
    (while (and (not (funcall what)) (< (float-time) end))
      (accept-process-output nil 0.05))))
(dolist (key (string-to-list "Lyrebird at dawn"))
  (setq last-command-event key this-command 'self-insert-command)
  (self-insert-command 1)
  (run-hooks 'post-command-hook))
(await (lambda () (string-match-p "lyrebird" (or (chiron--drawn) ""))))
(accept-process-output nil 0.8)
(call-interactively (or (key-binding (kbd "{key}")) #'ignore))
(accept-process-output nil 0.5)
(setq require-final-newline nil)
(save-buffer)
(eglot-shutdown (eglot-current-server))
"""


def emacs() -> str:
    found = shutil.which("emacs")
    if found is None:
        pytest.skip("Emacs is not installed")
    probe = subprocess.run(
        [found, "--batch", "--eval", "(progn (package-initialize) (require 'eglot) (require 'yaml-mode))"],
        capture_output=True,
        check=False,
    )
    if probe.returncode != 0:
        pytest.skip("Emacs has no Eglot or no yaml-mode")
    return found


def check_key(home: Path, key: str) -> tuple[str, list[dict[str, Any]]]:
    """The saved text and the log's row after a name was written, its task drawn, and `key` pressed."""
    program = emacs()
    (home / "script.json").write_text(json.dumps(SCRIPT), encoding="utf-8")
    file = home / "project" / "site.yml"
    file.parent.mkdir()
    (file.parent / "ansible.cfg").touch()
    file.write_text(NAMED.removesuffix("Lyrebird at dawn"), encoding="utf-8")
    driver = home / "driver.el"
    driver.write_text(
        DRIVER.replace("{config}", str(CONFIG)).replace("{file}", str(file)).replace("{key}", key),
        encoding="utf-8",
    )
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "CHIRON_MODEL": f"fake:{home / 'script.json'}",
        "CHIRON_CONFIG": str(home / "config.toml"),
        "CHIRON_DATA_DIR": str(home / "data"),
        "CHIRON_CACHE_DIR": str(home / "cache"),
        "CHIRON_SUGGEST__RECALL_THRESHOLD": "1",
        "CHIRON_SUGGEST__N_ALTERNATIVES": "1",
    }
    done = subprocess.run(
        [program, "--batch", "-l", str(driver)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    chiron = [sys.executable, "-m", "chiron", "feedback"]

    def read(*args: str) -> Any:
        answer = subprocess.run([*chiron, *args, "--json"], env=environ, capture_output=True, check=True)
        return json.loads(answer.stdout)

    rows = [read("show", row["id"]) for row in read("list") if row["source"] == "model"]
    return file.read_text(encoding="utf-8"), rows


def test_tab_takes_what_is_drawn_and_the_log_confirms_it(tmp_path: Path) -> None:
    text, rows = check_key(tmp_path, "TAB")
    assert text.rstrip() == f"{NAMED}\n      {BODY}"
    assert [row["outcome"] for row in rows] == ["accepted"]
    events = [(event["kind"], event["evidence"]) for event in rows[0]["events"]]
    assert ("accepted", "confirmed") in events


def test_dismissing_is_a_rejection(tmp_path: Path) -> None:
    text, rows = check_key(tmp_path, "C-g")
    assert text.rstrip() == NAMED
    assert [row["outcome"] for row in rows] == ["rejected"]
