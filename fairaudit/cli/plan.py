"""``fairaudit plan``: what will be compared, written down, dated and hashed before the data are looked at."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ..planning import make_plan
from .roles import pairs
from .streams import tell

QUESTIONS = {
    "decides": "What is decided?",
    "hurt_by_no": "Who is hurt by a wrong no?",
    "hurt_by_yes": "Who is hurt by a wrong yes?",
    "stage": "Which stage of the process is this?",
    "why": "Why this metric?",
}
"""The questions of step 0."""


def step_zero_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each question of step 0."""
    for name, question in reversed(QUESTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, metavar="TEXT", help=question)(command)
    return command


def step_zero_of_options(options: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the answers that were given, or None where none was."""
    return {name: options[name] for name in QUESTIONS if options[name] is not None} or None


@click.command("plan", short_help="A dated, hashed plan of an audit, before the data.")
@click.option("--group", "groups", multiple=True, required=True, metavar="COLUMN", help="Groups to be compared.")
@click.option("--reference", multiple=True, metavar="COLUMN=LEVEL", help="The level compared with.")
@click.option("--metric", "metrics", multiple=True, metavar="ID", help="Comparisons; the policy's first when left out.")
@click.option("--cutoff", multiple=True, type=float, metavar="NUMBER", help="Cut-off; the first is in production.")
@click.option("--policy", default="us-fair-lending", show_default=True, metavar="ID|FILE", help="Whose lines.")
@step_zero_options
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("plan.yaml"),
              show_default=True, help="The plan's file; one that is there is never written over.")  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(groups: tuple[str, ...], out: Path, quiet: bool, **options: Any) -> int:  # noqa: FBT001 - click's way
    """Write down what will be compared before the data are looked at: groups, reference, metric, cut-off and line.

    The file holds the day and the digest of its own content; `fairaudit audit DATA --plan FILE` holds the audit to it
    and says what was done otherwise. On a terminal the questions of step 0 that no option answers are asked.

    \b
    Example:
      fairaudit plan --group race --reference race=White --cutoff 620 \\
          --decides "who gets a card" --hurt-by-no "people who would repay" -o plan.yaml
    """
    answers = dict(step_zero_of_options(options) or {})
    if sys.stdin.isatty() and sys.stderr.isatty():
        for name, question in QUESTIONS.items():
            if name not in answers:
                text = f"{question} (Enter: not stated)"
                answers[name] = click.prompt(text, default="", show_default=False, err=True)
    plan = make_plan(
        groups=list(groups),
        reference=pairs(options["reference"], "--reference"),
        metrics=list(options["metrics"]) or None,
        cutoff=list(options["cutoff"]) or None,
        policy=options["policy"],
        step_zero=answers,
    )
    plan.write(out)
    tell(f"Written to {out}: made on {plan.made_on}, sha256 {plan.sha256}", quiet=quiet)
    return 0
