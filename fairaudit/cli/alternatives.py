"""``fairaudit alternatives``: is there a less discriminatory model that does the job as well?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ..alternatives.plan import Disparity, Family
from ..errors import DataContractError, listed
from ..policy import DEFAULT_POLICY
from ..policy.model import AlternativePerformance
from .roles import amounts
from .streams import deliver, readable, tell, trying

if TYPE_CHECKING:
    import numpy as np

    from ..finding_alternatives import AlternativeSearch
    from ..models.scorer import WrappedModel

FORMATS = ("text", "json", "md", "csv", "html")


def _pair(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str] | None:  # noqa: ARG001
    made = {}
    for text in value:
        name, mark, level = text.partition("=")
        if not (mark and name and level):
            message = f"takes COLUMN=LEVEL, got '{text}'."
            raise click.BadParameter(message)
        made[name.strip()] = level.strip()
    return made or None


@click.command("alternatives", short_help="Search for a less discriminatory model that does as well.")
@click.argument("data")
@click.option("--model", required=True, type=click.Path(path_type=Path), help="Folder of the incumbent.")
@click.option("--target", required=True, metavar="COLUMN", help="Column of what happened.")
@click.option("--good", required=True, metavar="LABEL", help="The label of the good outcome; never guessed.")
@click.option("--bad", metavar="LABEL", help="The bad label; others are then outcomes that were not observed.")
@click.option("--cutoff", required=True, type=float, help="Cut-off of the incumbent, in its own units.")
@click.option(
    "--group", "groups", multiple=True, required=True, metavar="COLUMN", help="Attribute whose levels are compared."
)
@click.option("--for", "target_group", multiple=True, callback=_pair, metavar="COLUMN=LEVEL",
              help="The group it is about; the worst off if not given.")  # fmt: skip
@click.option("--reference", multiple=True, callback=_pair, metavar="COLUMN=LEVEL", help="The level compared with.")
@click.option("--metric", type=click.Choice(get_args(Disparity)), default="adverse_impact_ratio", show_default=True,
              help="The disparity that is to be better.")  # fmt: skip
@click.option("--performance", type=click.Choice(get_args(AlternativePerformance)),
              help="What must not be worse; the policy's if not given.")  # fmt: skip
@click.option("--margin", type=float, help="By how much it may be worse; the policy's, and never guessed.")
@click.option("--improvement", type=float, help="What disparity must pass: 0.05 is a ratio times 1.05.")
@click.option("--profit", multiple=True, metavar="OUTCOME=AMOUNT", help="What the selected bring: good=18 and bad=-82.")
@click.option("--policy", default=DEFAULT_POLICY, show_default=True, metavar="ID|FILE", help="Level, line, margin.")
@click.option("--family", "families", multiple=True, type=click.Choice(get_args(Family)),
              help="Families of candidates; all that make sense if not given.")  # fmt: skip
@click.option("--budget", type=float, metavar="SECONDS", help="Time of the search; 300 without --trials.")
@click.option("--trials", type=click.IntRange(min=1), help="Candidates to try.")
@click.option("--store", type=click.Path(file_okay=False, path_type=Path),
              help="Folder that keeps the search and its finalists; stopped, it goes on from there.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Trained at a time.")
@click.option("--planted", type=click.IntRange(min=0), default=3, show_default=True,
              help="Alternatives planted to measure the recall, where none is shown.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of splits, search and models.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True,
              help="What to print or write.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(data: str, format_: str, out: Path | None, **options: Any) -> int:
    """Search for a model that treats a group better and performs as well as the MODEL in a folder, and test it.

    Candidates are trained on one part of the people in DATA, chosen on another, and at most five are judged on a third
    that nobody looks at before. Exit code 0 whatever is found.

    \b
    Examples:
      fairaudit alternatives loans.csv --model model/ --target default --good 0 --cutoff 0.8 --group race \\
          --reference race=White --margin 0.01 --budget 300 --store search/
      fairaudit alternatives loans.csv --model model/ --target default --good 0 --cutoff 0.8 --group sex \\
          --performance expected_profit --profit good=18 --profit bad=-82 --margin 0.5 --format html -o found.html
    """
    from ..finding_alternatives import search_alternatives
    from ..models.loading import load_scorer

    quiet = bool(options["quiet"])
    scorer = load_scorer(options["model"])
    with readable(data) as path, trying(f"Searching for alternatives in {Path(data).name}", quiet=quiet) as told:
        rows, outcomes, trained = _people(path, options, scorer)
        found = search_alternatives(
            scorer,
            rows,
            outcomes,
            groups=list(options["groups"]),
            good=options["good"],
            cutoff=options["cutoff"],
            metric=options["metric"],
            performance=options["performance"],
            margin=options["margin"],
            improvement=options["improvement"],
            target=options["target_group"],
            reference=options["reference"],
            policy=options["policy"],
            profit=amounts(options["profit"], "--profit"),
            families=list(options["families"]) or None,
            budget=options["budget"],
            trials=options["trials"],
            store=options["store"],
            workers=options["workers"],
            planted=options["planted"],
            training_rows=trained,
            progress=told,
            rng=options["seed"],
        )
    deliver(render(found, format_), out, quiet=quiet)
    if options["store"] is not None and found.result.finalists:
        tell(f"The finalists are saved in {options['store'] / 'finalists'}", quiet=quiet)
    return 0


def _people(path: str, options: dict[str, Any], scorer: WrappedModel) -> tuple[Any, Any, np.ndarray[Any, Any] | None]:
    """Return the rows, their outcomes (None where not observed), and the rows that the incumbent was fitted on."""
    import numpy as np

    from ..data.columns import check_columns
    from ..data.tables import read_rows
    from ..schema.labels import MISSING, label

    table = read_rows(path, text=[options["target"], *options["groups"]])
    rows = table.rows
    check_columns([options["target"], *options["groups"]], [str(name) for name in rows.columns], table.name)
    labels = [label(value) for value in rows[options["target"]].tolist()]
    good, bad = label(options["good"]), options["bad"]
    if bad is None:
        others = sorted({*labels} - {good, MISSING})
        if len(others) != 1:
            message = (
                f"Column '{options['target']}' has the labels {listed(others)} beside '{good}'. Say which is bad with "
                "--bad; the others are then outcomes that were not observed."
            )
            raise DataContractError(message)
        bad = others[0]
    outcomes = np.asarray([one if one in (good, label(bad)) else None for one in labels], dtype=object)
    held = scorer.held_out
    trained = None
    if held is not None and held.is_of(table.files):
        # Rows that training set aside were not fitted on either, but nobody can tell them from those that were.
        trained = np.setdiff1d(np.arange(len(rows)), held.places)
    return rows, outcomes, trained


def render(found: AlternativeSearch, format_: str) -> str:
    """Return a search in one format: text, json, md, csv or html."""
    made = {
        "text": found.__repr__,
        "json": found.to_json,
        "md": found.to_markdown,
        "csv": found.to_csv,
        "html": found.to_html,
    }
    return made[format_]()
