"""``fairaudit subgroups``: which crossings of attributes are worse off, confirmed on people not searched."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from ..policy import DEFAULT_POLICY
from ..searching import LEVEL, MOST, Look, PredictFrom, SubgroupSearch, search_subgroups
from .roles import role_options, roles_of
from .streams import deliver, progress, readable

FORMATS = ("text", "json", "md", "csv", "html")


@click.command("subgroups", short_help="Search crossings of attributes for groups that are worse off.")
@click.argument("data")
@role_options
@click.option("--depth", type=click.IntRange(min=1), default=3, show_default=True, help="Most attributes crossed.")
@click.option("--metric", default="selection_rate", show_default=True, metavar="ID", help="The rate to search by.")
@click.option("--direction", type=click.Choice(get_args(Look)), help="Which groups to look for; worse if not given.")
@click.option("--predict-from", type=click.Choice(get_args(PredictFrom)), default="parents", show_default=True,
              help="Hold a crossing against those with one attribute less, or against single attributes.")  # fmt: skip
@click.option("--most", type=click.IntRange(min=1), default=MOST, show_default=True, help="Most groups to confirm.")
@click.option("--share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.5, show_default=True,
              help="Share of the people that the search sees.")  # fmt: skip
@click.option("--level", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=LEVEL, show_default=True,
              help="False discovery rate of the search.")  # fmt: skip
@click.option("--policy", default=DEFAULT_POLICY, show_default=True, metavar="ID|FILE",
              help="Gives the level of the confirmation, the fewest people and the levels left out.")  # fmt: skip
@click.option("--seed", type=int, help="Seed of the split; from the counts when not given.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True,
              help="What to print or write.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(data: str, format_: str, out: Path | None, **options: Any) -> int:
    """Search all crossings of the groups in DATA for people who are worse off than everybody else.

    Half of the people, drawn at random, are searched; what stands out there, and is worse than its parents (the
    crossings with one attribute less) predict, is measured on the other half. Exit code 0 whatever is found.

    \b
    Examples:
      fairaudit subgroups scores.csv --score score --higher-is better --cutoff 620 \\
          --group race --group sex --group age --bands age=25,62 --depth 3
      fairaudit subgroups all.cube --metric false_negative_rate --format md -o subgroups.md
    """
    quiet = bool(options["quiet"])
    with readable(data) as path, progress(f"Searching {Path(data).name}", quiet=quiet):
        found = search_subgroups(
            path,
            depth=options["depth"],
            metric=options["metric"],
            direction=options["direction"],
            predict_from=options["predict_from"],
            policy=options["policy"],
            most=options["most"],
            share=options["share"],
            level=options["level"],
            rng=options["seed"],
            **roles_of(options),
        )
    text = render(found, format_)
    deliver(text, out, quiet=quiet)
    return 0


def render(found: SubgroupSearch, format_: str) -> str:
    """Return a search in one format: text, json, md, csv or html."""
    made = {
        "text": found.__repr__,
        "json": found.to_json,
        "md": found.to_markdown,
        "csv": found.to_csv,
        "html": found.to_html,
    }
    return made[format_]()
