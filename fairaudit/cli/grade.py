"""``fairaudit grade``: a student's claim about sealed data, held against the truth."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..errors import SchemaError


@click.command("grade", short_help="A claim about sealed data, held against the truth.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--claim", "claims", multiple=True, metavar="PART=VALUE",
              help="mechanism=NAME, group=NAME=LEVEL, effect=POINTS or interval=LOW,HIGH; one each.")  # fmt: skip
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The course key.")
@click.option("--opening", help="Instead of the key: what --reveal printed for this file.")
@click.option("--system", "source", metavar="FILE", help="The system's file, if it does not come along.")
@click.option(
    "--tolerance", type=float, default=0.25, show_default=True, help="How far off an effect may be, as a share of it."
)
@click.option("--reveal", is_flag=True, help="Print the truth and the opening too: this exercise is over then.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True,
              help="Plain words, or JSON for a list of marks.")  # fmt: skip
def command(
    file: Path,
    claims: tuple[str, ...],
    key: Path | None,
    opening: str | None,
    source: str | None,
    tolerance: float,
    reveal: bool,  # noqa: FBT001 - an option
    format_: str,
) -> int:
    """Grade a claim about a file of `fairaudit simulate --student ID --hide`. The course key is needed.

    One point each: the mechanism, the group, the effect on the group's mean score within the tolerance, and an
    interval that covers it and is narrow enough to say something. What is wrong is not corrected, so a student may
    try again; --reveal tells.

    \b
    Examples:
      fairaudit grade ana.parquet --key course.key --claim mechanism=detection_gap \\
          --claim group=registration=rural --claim effect=-21 --claim interval=-25,-17
      fairaudit grade ana.parquet --key course.key --reveal
    """
    from ..systems.point_system import PointSystem
    from ..systems.populations import sealing
    from ..systems.populations.grading import grade, parse_claims

    if (key is None) == (opening is None):
        message = "Give --key, the course key, or --opening, what --reveal printed; one of them."
        raise SchemaError(message)
    claim = parse_claims(claims)
    exercise, seal, people = sealing.read_sealed(file)
    name, _, variant = exercise.system.partition("/")
    system = PointSystem.load(source or name, variant=variant or None)
    opened = sealing.opening_of(sealing.read_key(key), exercise) if key else sealing.read_opening(opening or "")
    full = sealing.check_seal(system, exercise, opened, seal, people)
    made = grade(exercise.student, claim, sealing.secret_of(opened), full, tolerance=tolerance)
    revealed = {"truth": made.truth, "opening": opened.hex()} if reveal else {}
    if format_ == "json":
        click.echo(json.dumps({**made.as_record(), **revealed}, indent=2, ensure_ascii=False))
        return 0
    click.echo(f"Student {made.student}: {made.points} of {len(made.marks)} points. The file is the one handed out.")
    for mark in made.marks:
        click.echo(f"  {mark.part:<10}{int(mark.met)}  {mark.words}")
    for name, text in revealed.items():
        click.echo(f"{name.capitalize()}: {text}")
    return 0
