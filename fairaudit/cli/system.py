"""``fairaudit system``: scoring systems of the world as files, to look at, to check and to run."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import SystemFileError
from .streams import deliver, readable, tell


@click.group("system", short_help="Scoring systems of the world: list, show, score, audit, check.")
def command() -> None:
    """Scoring systems are files of points, bands and consequences. All that they give out is simulation."""


@command.command("list")
def list_() -> int:
    """List the systems that come along, with their variants."""
    from ..systems.ledger import STAMP
    from ..systems.point_system import PointSystem

    for name in PointSystem.names():
        system = PointSystem.load(name)
        variants = f" (variants: {', '.join(system.variants)})" if system.variants else ""
        click.echo(f"{name}  {system.definition.kind}  {system.definition.title}{variants}")
    click.echo(STAMP, err=True)
    return 0


@command.command("show")
@click.argument("name", metavar="ID|FILE")
@click.option("--variant", help="A variant of the system.")
@click.option("--format", "format_", type=click.Choice(("md", "html", "yaml")), default="md", show_default=True,
              help="What to print or write; yaml is the file itself.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
def show(name: str, variant: str | None, format_: str, out: Path | None) -> int:
    """Print what a system counts, what follows, conduct against punishment, and what to ask of it.

    \b
    Examples:
      fairaudit system show suining
      fairaudit system show national --format html -o national.html
    """
    from ..report import systems as pages
    from ..systems.point_system import PointSystem

    system = PointSystem.load(name, variant=variant)
    made = {"md": pages.to_markdown, "html": pages.to_html}
    text = made[format_](system) if format_ in made else system.text
    deliver(text, out)
    return 0


@command.command("score")
@click.argument("name", metavar="ID|FILE")
@click.argument("data")
@click.option("--variant", help="A variant of the system.")
@click.option("--on", metavar="DAY", help="Day of the scores; the last day in the file if not given.")
@click.option("--person", metavar="COLUMN", help="Column of people's names, for systems that weight inputs.")
@click.option("--ledger", metavar="PERSON", help="Print this person's ledger instead of everybody's score.")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
def score(
    name: str, data: str, variant: str | None, on: str | None, person: str | None, ledger: str | None, out: Path | None
) -> int:
    """Score people from DATA: dated events (person, date, event, count), or rows of inputs.

    \b
    Examples:
      fairaudit system score suining events.csv --on 2012-12-31
      fairaudit system score suining events.csv --ledger Wei
      fairaudit system score fico people.csv --person name
    """
    from ..data.tables import read_rows
    from ..report.tables import spreadsheet_value
    from ..systems.format import EventsSystem
    from ..systems.point_system import PointSystem

    system = PointSystem.load(name, variant=variant)
    events = isinstance(system.definition, EventsSystem)
    if events and person is not None:
        message = f"'{system.id}' counts events, whose people are in the column 'person'; leave out --person."
        raise click.UsageError(message)
    if not events and on is not None:
        message = f"'{system.id}' weights inputs, which have no days; leave out --on."
        raise click.UsageError(message)
    with readable(data) as path:
        if events:
            scored = system.score_events(path, on=on)
        else:
            scored = system.score_people(read_rows(path, text=(person,) if person else ()).rows, person=person)
    if scored.set_aside:
        tell(f"Rows later than the day of the scores, set aside: {scored.set_aside:,}.")
    if ledger is not None:
        text = f"{scored.ledger(ledger)}\n"
    else:
        text = scored.to_frame().map(spreadsheet_value).to_csv(index=False, lineterminator="\n")
    deliver(text, out)
    return 0


@command.command("audit")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--system", "name", metavar="ID|FILE", help="Whose consequences; a simulated file names its own.")
@click.option("--variant", help="A variant of the system.")
@click.option("--group", "groups", multiple=True, metavar="COLUMN", help="A column of groups; may be repeated. "
              "Registration and sex if not given.")  # fmt: skip
@click.option("--reference", "references", multiple=True, metavar="COLUMN=LEVEL",
              help="The level to compare with; the largest if not given.")  # fmt: skip
@click.option("--cross/--no-cross", default=True, show_default=True, help="Whether pairs of groups are crossed.")
@click.option("--policy", default="us-fair-lending", show_default=True, help="Whose lines hold.")
@click.option("--format", "format_", type=click.Choice(("md", "html", "csv")), default="md", show_default=True,
              help="A page to read or file, or a table of a row a question and group.")  # fmt: skip
@click.option("--lasting", type=click.Path(dir_okay=False, path_type=Path),
              help="CSV file to write: how long the lowest band lasts, by group and years.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
def audit_(
    file: str,
    name: str | None,
    variant: str | None,
    groups: tuple[str, ...],
    references: tuple[str, ...],
    cross: bool,  # noqa: FBT001 - an option
    policy: str,
    format_: str,
    lasting: Path | None,
    out: Path | None,
) -> int:
    """Audit who is struck by each consequence of a score, who stays in the lowest band, and who has no score.

    \b
    Examples:
      fairaudit system audit people.parquet
      fairaudit system audit people.parquet --group region --group sex --format html -o consequences.html
      fairaudit system audit scored.csv --system suining --group district
    """
    from ..consequences import GROUPS, audit_consequences
    from ..report.tables import spreadsheet_value
    from ..systems.point_system import PointSystem

    wanted: dict[str, str] = {}
    for text in references:
        column, equals, level = text.partition("=")
        if not equals:
            message = f"--reference is a column and a level, like registration=urban; got '{text}'."
            raise click.UsageError(message)
        wanted[column] = level
    if name is None and variant is not None:
        message = "--variant needs --system."
        raise click.UsageError(message)
    system = None if name is None else PointSystem.load(name, variant=variant)
    made = audit_consequences(file, system, groups=groups or GROUPS, reference=wanted, cross=cross, policy=policy)
    if lasting is not None:
        curve = made.lasting_to_frame().map(spreadsheet_value).to_csv(index=False, lineterminator="\n")
        deliver(curve, lasting)
    if format_ == "csv":
        text = made.to_frame().map(spreadsheet_value).to_csv(index=False, lineterminator="\n")
    else:
        text = made.to_html() if format_ == "html" else made.to_markdown()
    deliver(text, out)
    return 0


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check_(file: Path) -> int:
    """Say everything that is wrong with a system's file, by line; exit 2 if anything is."""
    from ..systems.loading import check, place_of

    problems = check(file)
    for problem in problems:
        click.echo(f"{place_of(file.name, problem)}: {problem.message}", err=True)
    if not problems:
        click.echo(f"{file.name}: nothing wrong found.")
        return 0
    return SystemFileError.exit_code
