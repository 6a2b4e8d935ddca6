"""``fairaudit metrics``: every number the audit knows, and the page of each."""

from __future__ import annotations

import click

from ..errors import UndefinedMetricError, listed, suggestion
from ..metrics.pages import catalogue, kind, page


@click.command("metrics", short_help="What each metric means.")
@click.argument("name", required=False, metavar="[ID]")
def command(name: str | None) -> int:
    """List the metrics, or explain one: words, formula, how to read it, undefined when, source.

    ID is the metric's id, or a name that other packages use for it; a name of several metrics explains each.
    """
    items = catalogue()
    if name is None:
        for item in items.values():
            click.echo(f"{item.id}: {item.title}; {kind(item)}")
        return 0
    wanted = name.casefold().replace(" ", "_")
    found = [
        item
        for item in items.values()
        if wanted in {text.casefold().replace(" ", "_") for text in (item.id, *item.aliases)}
    ]
    if found:
        click.echo("\n".join(page(item) for item in found), nl=False)
        return 0
    message = f"There is no metric '{name}'.{suggestion(name, items)} Metrics: {listed(items, most=100)}."
    raise UndefinedMetricError(message)
