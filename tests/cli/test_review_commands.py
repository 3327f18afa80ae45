"""Labelling, deleting, reporting and the review itself, from the command line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from chiron.cli import cli
from chiron.store.feedback import FeedbackLog
from support.feedback_made import write
from support.reviewing import keep, suggestion


class Shell:
    """Runs `chiron` on a log of three suggestions."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ

    def __call__(self, *arguments: str, code: int = 0, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "chiron", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            input=typed,
            check=False,
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def shell(environ: dict[str, str]) -> Shell:
    data = Path(environ["CHIRON_DATA_DIR"])
    data.mkdir()
    with FeedbackLog(data / "feedback.sqlite") as log:
        for name in ("one", "two", "three"):
            keep(log, suggestion(id=name, request_id=name, uri=f"file:///site/{name}.yml", sent=""))
    return Shell(environ)


def test_a_verdict_is_given_and_taken_back(shell: Shell, tmp_path: Path) -> None:
    correction = tmp_path / "task.yml"
    correction.write_text("- name: Right\n  ansible.builtin.debug:\n", encoding="utf-8")
    given = shell(
        "feedback", "label", "one", "wrong_module", "--correction", str(correction), "--note", "so", "--json"
    )
    assert json.loads(given)["correction"].startswith("- name: Right")
    assert json.loads(shell("feedback", "list", "--label", "wrong_module", "--json"))[0]["id"] == "one"
    shell("feedback", "label", "one", "--undo")
    assert json.loads(shell("feedback", "list", "--label", "wrong_module", "--json")) == []
    shell("feedback", "label", "nowhere", "good", code=1)
    assert "There are: good" in shell("feedback", "label", "one", "fine", code=2)
    shell("feedback", "label", "one", code=2)


def test_the_list_is_searched(shell: Shell) -> None:
    assert len(json.loads(shell("feedback", "list", "--json"))) == 3
    assert json.loads(shell("feedback", "list", "--search", "no such text", "--json")) == []
    assert "No outcome" in shell("feedback", "list", "--outcome", "fine", code=2)


def test_what_would_be_gone_is_said_before_it_is(shell: Shell) -> None:
    assert "1 suggestions" in shell("feedback", "delete", "one", "--dry-run")
    assert "1 suggestions" in shell("feedback", "delete", "one", typed="n\n")
    assert len(json.loads(shell("feedback", "list", "--json"))) == 3
    assert "Erased" in shell("feedback", "delete", "one", typed="y\n")
    assert "Erased" in shell("feedback", "delete", "--file", "/site/two.yml", "--yes")
    assert [row["id"] for row in json.loads(shell("feedback", "list", "--json"))] == ["three"]
    shell("feedback", "delete", "nowhere", "--yes", code=1)
    shell("feedback", "delete", "--yes", code=1)
    shell("feedback", "delete", "--since", "soon", code=2)
    assert json.loads(shell("feedback", "list", "--json"))
    shell("feedback", "delete", "--everything", "--yes")
    assert json.loads(shell("feedback", "list", "--json")) == []
    assert "bytes" in shell("feedback", "vacuum")


def test_a_report_is_printed_and_written(environ: dict[str, str], tmp_path: Path) -> None:
    data = Path(environ["CHIRON_DATA_DIR"])
    data.mkdir()
    write(data / "feedback.sqlite", 300)
    shell = Shell(environ)
    assert "strongly" in shell("report")
    assert json.loads(shell("report", "--json"))["total"]["n_offered"] > 200
    shell("report", "--html", str(tmp_path / "report.html"))
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")
    shell("report", "--origin", "nobody", code=3)


def test_the_review_prints_an_address_that_opens_it_and_ends_when_interrupted(shell: Shell) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "chiron", "review", "--no-browser"],
        env=shell.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = next(line.strip() for line in process.stdout if "token=" in line)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = opener.open(url).read().decode()
    assert "Overview" in page
    port = re.findall(r":(\d+)/", url)[0]
    assert "Name another port" in shell("review", "--no-browser", "--port", port, code=3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors


def test_help_names_every_command() -> None:
    assert {"review", "report"} <= set(cli.commands)


def test_help_loads_no_web_framework() -> None:
    code = (
        "import sys; sys.argv = ['chiron', 'review', '--help']\n"
        "from chiron.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*{'starlette', 'uvicorn', 'jinja2', 'pydantic'} & {m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("Show this message and exit.")
