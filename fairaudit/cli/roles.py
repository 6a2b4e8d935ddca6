"""The options that say which column is what, shared by the commands that read rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from ..schema.roles import DECISION_KINDS, SAMPLED_BY

Option = Callable[[Callable[..., Any]], Callable[..., Any]]

_OPTIONS: tuple[Option, ...] = (
    click.option("--score", metavar="COLUMN", help="Column of the score."),
    click.option("--higher-is", type=click.Choice(["better", "worse"]), help="Which side of the score is better."),
    click.option(
        "--score-unit", type=click.Choice(["probability"]), help="The score is a predicted probability; never guessed."
    ),
    click.option("--cutoff", multiple=True, type=float, metavar="NUMBER", help="Cut-off; the first is in production."),
    click.option("--decision", metavar="COLUMN", help="Column of recorded decisions."),
    click.option("--favorable", metavar="LABEL", help="The favorable one of two decision labels."),
    click.option(
        "--decision-level", multiple=True, metavar="LABEL=KIND", help=f"KIND is one of {', '.join(DECISION_KINDS)}."
    ),
    click.option("--outcome", metavar="COLUMN", help="Column of what really happened."),
    click.option("--bad", multiple=True, metavar="LABEL", help="Outcome label that is bad."),
    click.option("--good", multiple=True, metavar="LABEL", help="Outcome label that is good."),
    click.option("--unobserved", multiple=True, metavar="LABEL=REASON", help="Outcome label that means: not known."),
    click.option("--group", "groups", multiple=True, metavar="COLUMN", help="Attribute whose levels are compared."),
    click.option(
        "--membership",
        multiple=True,
        metavar="ATTRIBUTE:LEVEL=COLUMN",
        help="Column of the probability of belonging to a level: race:Black=p_black.",
    ),
    click.option(
        "--labelled",
        multiple=True,
        metavar="ATTRIBUTE=COLUMN",
        help="Column of the level itself where it is known, beside --membership.",
    ),
    click.option(
        "--races",
        multiple=True,
        metavar="ATTRIBUTE=SCHEME",
        help="Several races a person, a column each (--race): which groups they make, for example race=eeo1.",
    ),
    click.option(
        "--race",
        multiple=True,
        metavar="ATTRIBUTE:LEVEL=COLUMN",
        help="Column that says who ticked a race: race:White=white.",
    ),
    click.option(
        "--hispanic",
        multiple=True,
        metavar="ATTRIBUTE=COLUMN",
        help="Column that says who is Hispanic or Latino, beside --races.",
    ),
    click.option("--reference", multiple=True, metavar="COLUMN=LEVEL", help="The level compared with."),
    click.option("--bands", multiple=True, metavar="COLUMN=EDGE,EDGE", help="Cut a number into bands: age=25,62."),
    click.option("--closed", type=click.Choice(["left", "right"]), help="Whether an edge begins or ends a band."),
    click.option("--stratum", "strata", multiple=True, metavar="COLUMN", help="Column to condition on."),
    click.option("--control", "controls", multiple=True, metavar="COLUMN", help="Legitimate ground to adjust for."),
    click.option("--weight", metavar="COLUMN", help="Column of row weights."),
    click.option(
        "--cluster",
        metavar="COLUMN",
        help="Column of what people come in (household, repeat applicant): intervals allow for it.",
    ),
    click.option(
        "--sampled-by",
        multiple=True,
        metavar="HOW",
        help=f"How the people in the file were drawn: {', '.join(SAMPLED_BY)}, or the column of a group "
        "(group: all of them together). May be repeated. Without weights, what such a sample cannot show "
        "is left undefined.",
    ),
    click.option("--period", metavar="COLUMN", help="Column of the period."),
    click.option("--counts", metavar="COLUMN", help="Rows are counts: the column of how many people."),
    click.option("--weight-scale", type=int, metavar="NUMBER", help="Keep sums of weights in units of 1/NUMBER."),
    click.option("--score-scale", type=int, metavar="NUMBER", help="Keep sums of binned scores in units of 1/NUMBER."),
    click.option("--edges", metavar="EDGE,EDGE", help="Bin edges of a score with many values."),
)


def role_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that declare roles."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _pair(text: str, option: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not (mark and name and value):
        message = f"{option} takes NAME=VALUE, got '{text}'."
        raise click.UsageError(message)
    return name.strip(), value.strip()


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return NAME=VALUE options as a mapping."""
    return dict(_pair(text, option) for text in texts)


def _nested(texts: Sequence[str], option: str) -> dict[str, dict[str, str]]:
    nested: dict[str, dict[str, str]] = {}
    for text in texts:
        name, mark, rest = text.partition(":")
        if not (mark and name):
            message = f"{option} takes ATTRIBUTE:LEVEL=COLUMN, got '{text}'."
            raise click.UsageError(message)
        level, column = _pair(rest, option)
        nested.setdefault(name.strip(), {})[level] = column
    return nested


def _races(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    schemes, columns = pairs(options["races"], "--races"), _nested(options["race"], "--race")
    hispanic = pairs(options["hispanic"], "--hispanic")
    for name in {*columns} | {*hispanic}:
        if name not in schemes:
            message = f"'{name}' has columns of races but no scheme: add --races {name}=eeo1, say."
            raise click.UsageError(message)
    beside = {name: {"hispanic": hispanic[name]} if name in hispanic else {} for name in schemes}
    return {name: {"scheme": scheme, "columns": columns.get(name, {}), **beside[name]}
            for name, scheme in schemes.items()}  # fmt: skip


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        message = f"{option} takes numbers with commas between them, got '{text}'."
        raise click.UsageError(message) from None


def amounts(texts: Sequence[str], option: str) -> dict[str, float] | None:
    """Return amounts by name, or None where none is given."""
    made: dict[str, float] = {}
    for name, text in (_pair(text, option) for text in texts):
        if name in made:
            message = f"{option} gives '{name}' twice."
            raise click.UsageError(message)
        try:
            made[name] = float(text)
        except ValueError:
            message = f"{option} takes {name}=NUMBER, got '{name}={text}'."
            raise click.UsageError(message) from None
    return made or None


def roles_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the roles that were given on the command line, as :func:`fairaudit.schema.declare` takes them."""
    plain = ("score", "higher_is", "decision", "favorable", "outcome", "closed", "weight", "period", "counts",
             "weight_scale", "score_scale", "score_unit", "cluster")  # fmt: skip
    many = ("cutoff", "bad", "good", "groups", "strata", "controls", "sampled_by")
    roles: dict[str, Any] = {name: options[name] for name in plain if options[name] is not None}
    roles |= {name: list(options[name]) for name in many if options[name]}
    if options["membership"]:
        roles["memberships"] = _nested(options["membership"], "--membership")
    if options["labelled"]:
        roles["labelled"] = pairs(options["labelled"], "--labelled")
    if options["races"] or options["race"] or options["hispanic"]:
        roles["races"] = _races(options)
    if options["reference"]:
        roles["reference"] = pairs(options["reference"], "--reference")
    if options["unobserved"]:
        roles["unobserved"] = pairs(options["unobserved"], "--unobserved")
    if options["decision_level"]:
        roles["decision_levels"] = pairs(options["decision_level"], "--decision-level")
    if options["bands"]:
        bands = pairs(options["bands"], "--bands")
        roles["bands"] = {name: _numbers(edges, "--bands") for name, edges in bands.items()}
    if options["edges"]:
        roles["edges"] = _numbers(options["edges"], "--edges")
    return roles
