"""The command line: one module a command, each loaded only when it is called."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module

import click

from .._version import __version__
from ..errors import FairauditError

INTERNAL_ERROR = 70

COMMANDS = {
    "alternatives": "Search for a less discriminatory model that does as well.",
    "audit": "Audit scores, decisions or counts.",
    "count": "Count rows into a cube file.",
    "coursekey": "A key for sealed exercises, which the teacher keeps.",
    "datasets": "Data sets that come along, or can be fetched.",
    "demo": "A worked example on real data, offline.",
    "doctor": "Versions, for a bug report.",
    "explain": "What a model's score is made of, and the reasons of a decline.",
    "grade": "A claim about sealed data, held against the truth.",
    "merge": "Merge cube files.",
    "metrics": "What each metric means.",
    "plan": "A dated, hashed plan of an audit, before the data.",
    "policy": "Policies: list, show, lint.",
    "report": "Make a report of a result.json again.",
    "simulate": "Simulated people with a known truth, scored by a system.",
    "system": "Scoring systems of the world: list, show, score, audit, check.",
    "subgroups": "Search crossings of attributes for groups that are worse off.",
    "train": "Train a scorecard or another model, to audit it.",
    "watch": "Periods against a baseline, with alarms for a scheduler.",
    "web": "A local page: choose a file, answer questions, read a report.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when called, so that --help answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f".{cmd_name}", __name__), "command")  # noqa: B009
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
\b
Examples:
  fairaudit demo
  fairaudit audit scores.csv --score score --higher-is better --cutoff 620 \\
      --outcome default --bad 1 --group race --reference race=White --out report/
  fairaudit audit counts.csv --counts n --decision decision --favorable pass \\
      --group race --reference race=White
""",
)
@click.version_option(__version__, prog_name="fairaudit")
def group() -> None:
    """Audit anything that gives people a score: disparities with honest uncertainty.

    Exit codes: 0 done; 1 flagged and 3 insufficient evidence (with --fail-on flag); 2 a question asked
    wrongly; 4 the data break their contract; 70 an error of fairaudit itself.
    """


def main() -> None:
    """Run the command line and end with its exit code."""
    try:
        code = group.main(standalone_mode=False, prog_name="fairaudit")
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except FairauditError as error:
        click.echo(f"Error: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        click.echo(f"Error: {error.strerror or error}: {error.filename or 'a file'}.", err=True)
        code = 2
    except Exception:  # noqa: BLE001 - the last door: our own bugs end here
        traceback.print_exc()
        click.echo(
            "This is an error of fairaudit itself. Please report it with the lines above and what "
            "`fairaudit doctor` prints.",
            err=True,
        )
        code = INTERNAL_ERROR
    sys.exit(code if isinstance(code, int) else 0)
