"""``fairaudit explain``: what a model's score is made of, person by person, and the reasons of a decline."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import DataContractError
from ..schema.labels import label
from .streams import deliver, progress, readable

if TYPE_CHECKING:
    from ..explanation.attribution import Explanation
    from ..explanation.reason_records import Reasons
    from ..explanation.recourse_record import Recourse
    from ..models.scorer import Scorer

FORMATS = ("text", "json", "csv", "md", "html")


@click.command("explain", short_help="What a model's score is made of, and the reasons of a decline.")
@click.argument("data")
@click.option("--model", "model", required=True, metavar="PATH", help="A saved model: what fairaudit train wrote.")
@click.option("--trust", multiple=True, metavar="TYPE", help="A type that a skops file may build, by its full name.")
@click.option("--row", "rows", multiple=True, type=click.IntRange(min=0),
              help="Which row, from 0; several if need be. All rows with --format csv.")  # fmt: skip
@click.option(
    "--background",
    metavar="DATA",
    help="The people to compare with; all rows of DATA when not given, from 1,000 rows on.",
)
@click.option("--units", metavar="UNIT", help="points or log-odds, where the model has both.")
@click.option("--cutoff", type=float, help="The cut-off, in the score's units: gives the reasons of declined people.")
@click.option("--method", type=click.Choice(["at_cutoff", "all_applicants"]), default="at_cutoff", show_default=True,
              help="Whom reasons compare with: people at or just above the cut-off, or everybody.")  # fmt: skip
@click.option("--most", type=click.IntRange(1, 4), default=4, show_default=True, help="Most reasons.")
@click.option("--words", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="YAML file with plain words for features.")  # fmt: skip
@click.option(
    "--letter", is_flag=True, help="A draft letter to the person (--format md or html), in place of the figures."
)
@click.option("--language", default="en", show_default=True, help="Of the letter: en, es, zh, de.")
@click.option("--actions", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="YAML file of what people can change: what would reach the cut-off.")  # fmt: skip
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True,
              help="What to print or write.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(data: str, format_: str, out: Path | None, **options: Any) -> int:
    """Explain the scores that a saved model gives to rows of DATA.

    Every amount is what a feature adds to the average score of the people compared with, or takes from it; they add
    up to the score exactly, unless it is said that they were drawn.

    \b
    Examples:
      fairaudit explain applicants.csv --model model/ --row 17
      fairaudit explain applicants.csv --model model/ --row 17 --cutoff 560 --letter --format html -o letter.html
      fairaudit explain applicants.csv --model model/ --format csv -o attributions.csv
    """
    _check(format_, options)
    with readable(data) as path, progress(f"Explaining {Path(data).name}", quiet=bool(options["quiet"])):
        text = _made(path, format_, options)
    deliver(text, out, quiet=bool(options["quiet"]))
    return 0


def _check(format_: str, options: dict[str, Any]) -> None:
    message = ""
    if not options["rows"] and format_ != "csv":
        message = "Which row? Give --row N (from 0), or --format csv for all rows."
    elif options["letter"] and (format_ in ("json", "csv") or len(options["rows"]) != 1):
        message = "--letter is for one --row, as --format md or html."
    elif format_ in ("md", "html") and not options["letter"]:
        message = f"--format {format_} is for a --letter; figures come as text, json or csv."
    elif (options["letter"] or options["actions"]) and options["cutoff"] is None:
        message = "A letter and ways to the cut-off need --cutoff."
    if message:
        raise click.UsageError(message)


def _made(data: str, format_: str, options: dict[str, Any]) -> str:
    from ..data.tables import read_rows
    from ..explanation.attribution import ENOUGH_ROWS, Explainer
    from ..models.loading import load_scorer

    scorer = load_scorer(options["model"], trusted=options["trust"])
    columns, text = list(scorer.feature_names), [one.name for one in scorer.features if one.kind == "category"]
    table = read_rows(data, columns, text=text)
    people = table.rows
    if not len(people):
        message = f"{table.name} holds no rows: there is nothing to explain."
        raise DataContractError(message)
    chosen = list(options["rows"]) or list(range(len(people)))
    for row in chosen:
        if row >= len(people):
            message = f"There is no row {row} in {table.name}: it has rows 0 to {len(people) - 1:,}."
            raise DataContractError(message)
    others = people
    if options["background"] is not None:
        others = read_rows(options["background"], columns, text=text).rows
    elif len(people) < ENOUGH_ROWS:
        message = (
            f"{table.name} holds {len(people):,} rows: too few to stand for the people that a row is compared with "
            f"({ENOUGH_ROWS:,} are enough). Give --background a file of them, such as all applicants; the file itself, "
            "if these are all."
        )
        raise DataContractError(message)
    explainer = Explainer(scorer, background=others, units=options["units"], cutoff=options["cutoff"])
    explanation = explainer.explain(people.iloc[chosen])
    if format_ == "csv":
        frame = explanation.to_frame()
        return str(frame.assign(row=[chosen[at] for at in frame["row"]]).to_csv(index=False))
    told = [_Told(row, explanation, at, scorer, people, others, options) for at, row in enumerate(chosen)]
    if options["letter"]:
        return told[0].letter("html" if format_ == "html" else "md")
    if format_ == "json":
        return json.dumps([one.plain() for one in told], indent=1, ensure_ascii=False, allow_nan=False)
    return "\n\n".join(one.text() for one in told)


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What is told about one row."""

    row: int
    explanation: Explanation
    at: int
    scorer: Scorer
    people: Any
    others: Any
    options: dict[str, Any]

    @property
    def declined(self) -> bool:
        cutoff, score = self.explanation.cutoff, float(self.explanation.scores[self.at])
        if cutoff is None:
            return False
        return score < cutoff if self.explanation.higher_is == "better" else score > cutoff

    def reasons(self) -> Reasons | None:
        """Return the reasons of a declined person; None for one who is not, or without a cut-off."""
        if not self.declined:
            return None
        options = self.options
        made = self.explanation.reasons(
            self.at, options["most"], method=options["method"], applicants=self.others, words=options["words"]
        )
        return replace(made, row=self.row)

    def ways(self) -> Recourse | None:
        if not self.declined or self.options["actions"] is None:
            return None
        from ..explanation.actions import Actions
        from ..explanation.seeking_recourse import recourse

        return recourse(
            self.scorer, self.people.iloc[[self.row]], actions=Actions.read(self.options["actions"]),
            cutoff=self.options["cutoff"], data=self.people,
        )  # fmt: skip

    def letter(self, format_: str) -> str:
        reasons, ways = self.reasons(), self.ways()
        if reasons is None:
            message = f"Row {self.row} is not declined at the cut-off: there is no letter to write."
            raise DataContractError(message)
        would_change = () if ways is None else ways
        return reasons.letter(format_, language=self.options["language"], would_change=would_change)

    def text(self) -> str:
        made = self.explanation
        lines = made.to_frame().query("row == @self.at")
        head = f"Row {self.row}: {made.scores[self.at]:.6g} ({made.units})"
        if made.cutoff is not None:
            head += f", cut-off {made.cutoff:.6g}: {'declined' if self.declined else 'not declined'}"
        table = lines[["feature", "value", "attribution"]].sort_values("attribution", key=abs, ascending=False)
        parts = [
            f"{head}\nAverage of the people compared with: {made.base:.6g}. {made.method}.",
            table.assign(value=table["value"].map(_plain)).to_string(
                index=False, formatters={"attribution": lambda value: f"{value:+.4g}"}
            ),
        ]
        return "\n\n".join([*parts, *(str(one) for one in (self.reasons(), self.ways()) if one is not None)])

    def plain(self) -> dict[str, Any]:
        made = self.explanation
        lines = made.to_frame().query("row == @self.at")
        reasons, ways = self.reasons(), self.ways()
        return {
            "row": self.row,
            "score": float(made.scores[self.at]),
            "units": made.units,
            "cutoff": made.cutoff,
            "declined": self.declined if made.cutoff is not None else None,
            "base": made.base,
            "method": made.method,
            "attributions": [
                {"feature": feature, "value": label(value), "attribution": float(amount)}
                for feature, value, amount in zip(lines["feature"], lines["value"], lines["attribution"], strict=True)
            ],
            "reasons": None if reasons is None else reasons.to_dict(),
            "recourse": None if ways is None else ways.to_dict(),
        }


def _plain(value: Any) -> str:
    """Return a value as people write it; a sign belongs to what it adds, not to it."""
    return f"{value:.6g}" if isinstance(value, float) and value == value else label(value)
