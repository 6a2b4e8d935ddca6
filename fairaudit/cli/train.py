"""``fairaudit train``: from a file to a model in a folder, ready to be audited on people it never saw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ..data.columns import check_columns
from ..data.tables import RowTable, read_rows
from ..errors import DataContractError, LevelNotFoundError, ProhibitedBasisError, listed, suggestion
from ..models.scale import PointsScale
from ..models.training import Kind, Trained, train
from ..models.woe import Binning
from ..policy import DEFAULT_POLICY
from ..schema.labels import label
from .streams import progress, readable, tell

if TYPE_CHECKING:
    import pandas as pd


def _scale(context: click.Context, parameter: click.Parameter, value: str | None) -> PointsScale | None:  # noqa: ARG001
    if value is None:
        return None
    try:
        base_score, base_odds, doubling = (float(part) for part in value.split(","))
    except ValueError:
        message = (
            f"takes SCORE,ODDS,POINTS (600,50,20: 600 points at 50 good to 1 bad, 20 double the odds), got '{value}'."
        )
        raise click.BadParameter(message) from None
    return PointsScale(base_score, base_odds, doubling)


@click.command("train", short_help="Train a scorecard or another model, to audit it.")
@click.argument("data")
@click.option("--target", required=True, metavar="COLUMN", help="Column of what happened.")
@click.option("--good", required=True, metavar="LABEL", help="The label of the good outcome; never guessed.")
@click.option("--bad", metavar="LABEL", help="The bad label, where there are others: those are set aside.")
@click.option(
    "--kind", type=click.Choice(get_args(Kind)), default="scorecard", show_default=True, help="What to train."
)
@click.option("--feature", "features", multiple=True, metavar="COLUMN",
              help="Train on this column (repeat). All but target, groups, --drop if not given.")  # fmt: skip
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave this column out; may be repeated.")
@click.option("--group", "groups", multiple=True, metavar="COLUMN",
              help="A group of the audit to come: no feature, unless --teaching.")  # fmt: skip
@click.option("--teaching", is_flag=True,
              help="Let groups and listed bases be features, to show what such a model does.")  # fmt: skip
@click.option("--policy", default=DEFAULT_POLICY, show_default=True, metavar="ID|FILE",
              help="Its list of prohibited bases is held against the features.")  # fmt: skip
@click.option("--scale", callback=_scale, metavar="SCORE,ODDS,POINTS",
              help="600,50,20: 600 points at 50 good to 1 bad, and 20 more double the odds.")  # fmt: skip
@click.option("--binning", type=click.Choice(get_args(Binning)), default="tree", show_default=True,
              help="How a scorecard's bins are cut.")  # fmt: skip
@click.option("--test-share", type=float, default=0.3, show_default=True, help="Share of people that are held out.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the split and of the model.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the model.")
@click.option("--replace", "replacing", is_flag=True, help="Replace a saved model that is in the folder.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="What to print.")  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(data: str, **options: Any) -> int:
    """Train a model on part of the people in DATA, and say how well it ranks the others.

    DATA is a CSV (gz), Parquet or JSON-lines file, a glob in quotes, or - for CSV on standard input. The model is
    written to a folder without pickle, with the numbers of the rows that it never saw (held_out_rows.csv).

    \b
    Examples:
      fairaudit train loans.csv --target default --good 0 --group race --group sex --out model/
      fairaudit train loans.csv --target outcome --good paid --bad defaulted --kind boosting \\
          --drop id --out model/ --format json
    """
    from ..models.held_out import data_record
    from ..models.saving import check_folder, save_model

    quiet, out = bool(options["quiet"]), options["out"]
    check_folder(out, replace=options["replacing"])
    with readable(data) as path, progress(f"Training on {Path(data).name}", quiet=quiet):
        table = read_rows(path, text=[options["target"]])
        rows, outcomes, places, aside = _known(table, options["target"], options["good"], options["bad"])
        columns, not_used = _features(table, options)
        made = _trained(rows[columns], outcomes, options)
        # Rows are numbered as the file has them, those set aside included.
        made = replace(made, train_rows=places[made.train_rows], test_rows=places[made.test_rows],
                       left_out={**not_used, **made.left_out},
                       data=data_record(len(table.rows), table.files))  # fmt: skip
        save_model(made, out, replace=options["replacing"])
    figures = made.record() | {"good": made.good, "features": list(made.features), "set_aside": aside}
    if options["format_"] == "json":
        click.echo(json.dumps(figures, indent=1, ensure_ascii=False))
    else:
        click.echo(_summary(made, aside))
    written = ", ".join(sorted(entry.name for entry in out.iterdir()))
    tell(f"Written to {out}: {written}", quiet=quiet)
    return 0


def _known(table: RowTable, target: str, good: str, bad: str | None) -> tuple[pd.DataFrame, Any, Any, dict[str, int]]:
    """Return the rows whose outcome is known, their outcomes, their places in the file, and who was set aside."""
    import numpy as np
    import pandas as pd

    rows = table.rows
    check_columns([target], [str(name) for name in rows.columns], table.name)
    codes, values = pd.factorize(rows[target], use_na_sentinel=False)
    labels = np.asarray([label(value) for value in list(values)], dtype=object)[codes]
    wanted = {label(good), *([label(bad)] if bad is not None else [])}
    counts = {name: int((labels == name).sum()) for name in dict.fromkeys(labels.tolist())}
    kept = {name for name in counts if name != "(missing)" and (bad is None or name in wanted)}
    for name in sorted(wanted - {*counts}):
        message = (
            f"The outcome '{name}' is not in column '{target}' of {table.name}: {listed(counts)}."
            f"{suggestion(name, counts)}"
        )
        raise LevelNotFoundError(message)
    if len(kept) > 2:
        message = (
            f"Column '{target}' of {table.name} has {len(kept)} outcomes ({listed(sorted(kept))}), and a model is "
            "trained on two. Name the bad one with --bad; people with others are set aside and counted."
        )
        raise DataContractError(message)
    places = np.flatnonzero(np.isin(labels, sorted(kept)))
    aside = {f"outcome {name}": count for name, count in counts.items() if name not in kept}
    return rows.iloc[places].reset_index(drop=True), labels[places], places, aside


def _features(table: RowTable, options: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return the columns to train on, and those that are not used with why."""
    there = [str(name) for name in table.rows.columns]
    check_columns((*options["features"], *options["drop"], *options["groups"]), there, table.name)
    if options["target"] in options["features"]:
        message = f"'{options['target']}' is the target and cannot be a feature: it would foretell itself."
        raise click.UsageError(message)
    why = dict.fromkeys(options["drop"], "left out by --drop")
    if not options["features"] and not options["teaching"]:
        why |= dict.fromkeys(options["groups"], "a declared group")
    both = [name for name in options["features"] if name in options["drop"]]
    if both:
        message = f"'{both[0]}' is given by --feature and by --drop. Leave one of them out."
        raise click.UsageError(message)
    asked: Sequence[str] = options["features"] or there
    return [name for name in dict.fromkeys(asked) if name not in why and name != options["target"]], why


def _trained(rows: pd.DataFrame, outcomes: Any, options: dict[str, Any]) -> Trained:
    try:
        return train(
            rows,
            outcomes,
            good=label(options["good"]),
            kind=options["kind"],
            groups=options["groups"],
            policy=options["policy"],
            teaching=options["teaching"],
            test_share=options["test_share"],
            rng=options["seed"],
            scale=options["scale"],
            binning=options["binning"],
        )
    except ProhibitedBasisError as error:
        message = f"{error} On the command line: --drop COLUMN for each, or --teaching."
        raise ProhibitedBasisError(message) from None


def _summary(made: Trained, aside: dict[str, int]) -> str:
    people = len(made.train_rows) + len(made.test_rows)
    low, high = made.good_rate_interval
    first = (
        f"A {made.kind} model of {people:,} people: trained on {len(made.train_rows):,}, held out "
        f"{len(made.test_rows):,} that it never saw. Good outcome: {made.good}."
    )
    lines = [
        first,
        f"Features ({len(made.features)}): {listed(made.features)}",
        *(f"  not used: {name} ({why})" for name, why in made.left_out.items()),
        *(f"  set aside: {count:,} people ({why})" for why, count in aside.items()),
    ]
    if made.prohibited:
        named = listed(f"{use.column} ({use.basis})" for use in made.prohibited)
        lines.append(f"  TEACHING ONLY: trained on {named}, which a lender's model may have to do without")
    lines += [
        "",
        "Among the people held out (95% intervals):",
        f"  AUC   {made.area_under_curve:.3f}  [{made.low:.3f}, {made.high:.3f}]  ({made.method})",
        f"  Gini  {2 * made.area_under_curve - 1:.3f}  [{2 * made.low - 1:.3f}, {2 * made.high - 1:.3f}]  (2 AUC - 1)",
        f"  Good  {made.good_rate:.1%}  [{low:.1%}, {high:.1%}] (Wilson); predicted {made.mean_probability:.1%}",
    ]
    if made.kind == "scorecard":
        lines += ["", str(made.model)]
    return "\n".join(lines)
