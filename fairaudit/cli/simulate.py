"""``fairaudit simulate``: people with a known truth, written to a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..errors import SchemaError
from .streams import tell

if TYPE_CHECKING:
    from ..systems.point_system import PointSystem


KNOBS = {
    "behavior_difference": "How much more often the group does what makes a score worse; 0.2 is a fifth more.",
    "detection": "Share of such acts that cameras and officials see.",
    "detection_gap": "How much more of the group's acts they see, as a difference of shares.",
    "recognition": "Share of good deeds that is recorded.",
    "reporting": "Share of what they do not see that neighbours report.",
    "reporting_gap": "How much more of that is reported of the group, as a difference of shares.",
    "false_accusation": "Share of the group recorded each year for what nobody did.",
    "misattribution": "Share of recorded acts, anybody's, put on a member of the group instead.",
    "linkage_error": "Share of the group's records joined to another member of it, as in a merger of databases.",
    "appeal": "Share of wrong records that is struck out on appeal.",
    "network": "Share of records that also counts against a relative; in ratings, what popularity adds.",
    "coverage": "Share of people who have a score at all.",
    "coverage_gap": "How many fewer of the group have one, as a difference of shares.",
    "thin_files": "How much of what a file shows of the group is noise; systems that weight inputs.",
    "labels": "Share of the group's good outcomes recorded as bad.",
    "feedback": "How much more often people in the worst band do such acts next year, and how much less they earn.",
}
"""Knobs that are plain numbers, in the order of a life: behavior, who sees it, what is recorded, what follows."""


def _knobs(command: Any) -> Any:
    """Add an option for each knob, with the default that the world has."""
    defaults = {"detection": 0.4, "recognition": 0.4, "coverage": 1.0}
    for name, words in reversed(KNOBS.items()):
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, type=float, default=defaults.get(name, 0.0), show_default=True, help=words)(
            command
        )
    return command


@click.command("simulate", short_help="Simulated people with a known truth, scored by a system.")
@click.argument("name", metavar="ID|FILE")
@click.option("--people", type=click.IntRange(min=1), default=10_000, show_default=True, help="How many people.")
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Parquet file.")
@click.option("--variant", help="A variant of the system.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same people.")
@click.option("--years", type=click.IntRange(1, 100), default=3, show_default=True, help="Years that are lived.")
@click.option("--group", default="registration=rural", show_default=True, metavar="NAME=LEVEL",
              help="The group that the mechanisms work on.")  # fmt: skip
@_knobs
@click.option("--seen", multiple=True, metavar="EVENT=SHARE",
              help="Share of one event's acts that is seen, if not as all others; may be repeated.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True,
              help="Blocks of people made at a time; the file is the same.")  # fmt: skip
@click.option(
    "--student", metavar="ID", help="A student's own people: all knobs follow from the course key and this id."
)
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The course key, with --student.")  # fmt: skip
@click.option("--hide", is_flag=True, help="With --student: leave out and seal what would tell the truth.")
@click.option(
    "--reach",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV file to write: of acts of each kind, how many are seen and on record, and who did them.",
)
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(
    name: str,
    people: int,
    out: Path,
    variant: str | None,
    seed: int,
    years: int,
    group: str,
    seen: tuple[str, ...],
    workers: int,
    student: str | None,
    key: Path | None,
    hide: bool,  # noqa: FBT001 - an option
    reach: Path | None,
    quiet: bool,  # noqa: FBT001 - an option
    **knobs: Any,
) -> int:
    """Write people whose true scores are known: as they are, and without each mechanism that is on.

    The effect of each mechanism on the group's mean score, exact for these people, is printed as CSV.

    \b
    Examples:
      fairaudit simulate suining --people 100000 --detection-gap 0.3 --out people.parquet
      fairaudit simulate fico --people 5000 --thin-files 0.5 --coverage-gap 0.2 --out files.parquet
      fairaudit simulate mine.yaml --group ethnicity=minority --misattribution 0.1 --out people.parquet
      fairaudit simulate national --variant parties --seen corruption=0.05 --reach reach.csv --out people.parquet
      fairaudit simulate suining --student ana --hide --key course.key --out ana.parquet
    """
    from ..systems.format import EventsSystem
    from ..systems.point_system import PointSystem
    from ..systems.populations.simulating import write_people
    from ..systems.populations.world import World

    if student is not None or hide or key is not None:
        return _of_student(
            PointSystem.load(name, variant=variant), people, years, out, student, key, hide=hide, quiet=quiet
        )
    attribute, equals, level = group.partition("=")
    if not equals:
        message = f"--group is an attribute and a level, like registration=rural; got '{group}'."
        raise SchemaError(message)
    world = World(group=(attribute, level), years=years, seen=_shares(seen), **knobs)
    system = PointSystem.load(name, variant=variant)
    if reach is not None and not isinstance(system.definition, EventsSystem):
        message = f"'{system.id}' weights inputs and has no events, so --reach has nothing to count. Leave it out."
        raise SchemaError(message)
    with _progress(people, quiet=quiet) as advance:
        truth = write_people(system, people, out, world=world, seed=seed, workers=workers, progress=advance)
    if reach is not None:
        table = truth.reach_to_frame().assign(stamp=truth.stamp)
        table.to_csv(reach, index=False, lineterminator="\n")
    table = truth.to_frame()
    click.echo(table[table["attribute"] == attribute].to_csv(index=False, lineterminator="\n"), nl=False)
    tell(f"Written to {out}. {truth.stamp}", quiet=quiet)
    tell(UNTOLD, quiet=quiet)
    return 0


def _shares(texts: tuple[str, ...]) -> dict[str, float]:
    """Return what share of each event's acts is seen.

    Raises
    ------
    SchemaError
        For what is no event and share.
    """
    made = {}
    for text in texts:
        event, _, share = text.partition("=")
        try:
            made[event.strip()] = float(share)
        except ValueError:
            message = f"--seen is an event and the share of its acts that is seen, like corruption=0.05; got '{text}'."
            raise SchemaError(message) from None
    return made


UNTOLD = (
    "Scores alone do not tell whether one group acts otherwise or is watched more: that takes data that do not come "
    "through the same eyes, as `acts` does here."
)
"""What an audit of the file cannot find out, said where the file is made: docs/truth.md."""

CHOSEN = {"name", "people", "out", "variant", "years", "workers", "student", "key", "hide", "quiet"}
"""What is chosen for a student; everything else follows from the key and the id."""


def _of_student(
    system: PointSystem,
    people: int,
    years: int,
    out: Path,
    student: str | None,
    key: Path | None,
    *,
    hide: bool,
    quiet: bool,
) -> int:
    """Write a student's file: sealed, or with --hide left out the same people with the truth, for the teacher."""
    from ..systems.ledger import STAMP
    from ..systems.populations import sealing
    from ..systems.populations.simulating import write_people

    if student is None or key is None:
        message = "A student's people need --student ID and --key FILE, both (`fairaudit coursekey FILE` makes a key)."
        raise SchemaError(message)
    context = click.get_current_context()
    given = [
        name
        for name in sorted(context.params)
        if name not in CHOSEN and context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        message = f"With --student these follow from the key and the id, so leave them out: {options}."
        raise SchemaError(message)
    exercise, secrecy = sealing.set_exercise(system, student, people, years), sealing.read_key(key)
    if hide:
        seal = sealing.write_sealed(system, exercise, secrecy, out)
        tell(f"Written to {out}. Seal {seal[:16]}. {STAMP}", quiet=quiet)
        return 0
    secret = sealing.secret_of(sealing.opening_of(secrecy, exercise))
    truth = write_people(system, people, out, world=secret.world(years), seed=secret.seed)
    click.echo(truth.to_frame().to_csv(index=False, lineterminator="\n"), nl=False)
    tell(
        f"Written to {out}, with the truth: {secret.mechanism} {secret.strength:g} on {secret.group_text}.", quiet=quiet
    )
    return 0


@contextmanager
def _progress(people: int, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show how many people are written: on standard error, on a terminal only."""
    if quiet or not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("People", total=people)
        yield lambda written, _: bar.update(task, completed=written)
