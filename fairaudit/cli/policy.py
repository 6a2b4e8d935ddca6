"""``fairaudit policy``: what policies there are, what they say, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import PolicyError
from ..metrics import CONTRASTS
from ..policy.loading import lint, load_policy, preset_ids, preset_path


@click.group("policy", short_help="Policies: list, show, lint.")
def command() -> None:
    """Policies say what is measured and where the lines are; they are data, with dates and sources."""


@command.command("list")
def list_() -> int:
    """List the policies that come along."""
    for name in preset_ids():
        policy = load_policy(name).policy
        click.echo(f"{name}  {policy.version}  {policy.status}  {policy.jurisdiction}: {policy.title}")
    return 0


@command.command("show")
@click.argument("name")
def show(name: str) -> int:
    """Print a policy's file: a preset by its id, or a YAML file after checking it."""
    loaded = load_policy(name, known_metrics=CONTRASTS)
    click.echo(preset_path(name).read_text(encoding="utf-8") if name in preset_ids() else loaded.text, nl=False)
    return 0


@command.command("lint")
@click.argument("file", type=click.Path(path_type=Path))
def lint_(file: Path) -> int:
    """Say everything that is wrong with a policy file, by line; exit 2 if anything is."""
    problems = lint(file, known_metrics=CONTRASTS)
    for problem in problems:
        place = f"{file.name}, line {problem.line}" if problem.line is not None else file.name
        click.echo(f"{place}: {problem.message}", err=True)
    if not problems:
        click.echo(f"{file.name}: nothing wrong found.")
        return 0
    return PolicyError.exit_code
