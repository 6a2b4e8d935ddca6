"""``fairaudit datasets``: the data sets that come along, and those that can be fetched."""

from __future__ import annotations

import click

from ..data.bundled import dataset_names, describe, path


@click.group("datasets", short_help="Data sets that come along, or can be fetched.")
def command() -> None:
    """Data sets to learn and test with: where each comes from, and what is wrong with it."""


@command.command("list")
def list_() -> int:
    """List the data sets."""
    for name in dataset_names():
        item = describe(name)
        where = "comes along" if item.bundled else "fetched on first use"
        click.echo(f"{name}  {item.rows:,} rows  {where}  {item.licence}: {item.title}")
    return 0


@command.command("show")
@click.argument("name")
def show(name: str) -> int:
    """Print what is known of a data set, and how to audit it."""
    item = describe(name)
    click.echo(f"{item.title}\n{item.rows:,} rows. Licence: {item.licence}\nSource: {item.source}\n")
    click.echo("Roles:")
    for role, words in item.roles.items():
        click.echo(f"  {role}: {words}")
    click.echo("\nTo know before using it:")
    for note in item.notes:
        click.echo(f"  - {note}")
    call = ", ".join(f"{key}={value!r}" for key, value in item.call.items())
    click.echo(f"\nIn Python:\n  fa.audit(fa.load_dataset({name!r}), {call})")
    return 0


@command.command("path")
@click.argument("name")
def path_(name: str) -> int:
    """Print where a data set's main file is, fetching it if need be."""
    click.echo(str(path(name)))
    return 0
