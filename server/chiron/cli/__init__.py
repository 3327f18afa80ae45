"""The `chiron` command: one function a command, no logic, nothing heavy imported before a command runs.

Exit codes: 0 done; 1 it ran, and the answer is no (nothing suggested, a problem found, nothing there);
2 the call or the settings are wrong; 3 something Chiron needs is missing or broken.
"""

from __future__ import annotations

import sys

import click

from chiron import __version__
from chiron.cli import (
    asking,
    checking,
    costing,
    evaluation,
    exchanging,
    feedback,
    judging,
    knowledge,
    learning,
    reviewing,
)
from chiron.cli.common import BROKEN, WRONG, complain


def main() -> None:
    """Runs the command line. Errors a person can act on are one sentence, never a traceback."""
    from chiron.errors import ChironError, SettingsError

    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SettingsError as error:
        complain(str(error))
        sys.exit(WRONG)
    except ChironError as error:
        complain(str(error))
        sys.exit(BROKEN)
    except BrokenPipeError:
        sys.exit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="chiron")
def cli() -> None:
    """Inline suggestions for Ansible that are valid or not shown."""


for command in (
    asking.serve,
    asking.try_,
    asking.suggest,
    asking.doctor,
    checking.check,
    knowledge.catalog,
    knowledge.guardrails,
    knowledge.cache,
    knowledge.config,
    feedback.feedback,
    feedback.sent,
    reviewing.review,
    reviewing.report,
    costing.cost,
    judging.judge,
    exchanging.export,
    exchanging.import_,
    evaluation.eval_,
    learning.flywheel,
    learning.pool,
    learning.gate,
    learning.arms,
):
    cli.add_command(command)
