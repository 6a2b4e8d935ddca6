"""``fairaudit count``: rows to a cube file, which is all that an audit needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..auditing import count
from ..cube.coarsening import described, publish
from ..cube.io import save
from ..noise import with_noise
from .roles import role_options, roles_of
from .streams import counting, progress, readable, tell


@click.command("count", short_help="Count rows into a cube file.")
@click.argument("data")
@role_options
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The cube file.")
@click.option("--resume", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Keep each finished file's counts there: run again, and only the others are read.")  # fmt: skip
@click.option("--like", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Count as this cube was counted, or as this YAML file of roles asks.")  # fmt: skip
@click.option("--owner", default="", metavar="NAME", help="Who counts; merged cubes name every part's owner.")
@click.option("--min-n", type=click.IntRange(min=1),
              help="Write counts that may be published: no entry of fewer people than this.")  # fmt: skip
@click.option("--epsilon", type=float, metavar="NUMBER",
              help="Write decisions and outcomes with noise, differentially private at this epsilon.")  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(
    data: str, out: Path, resume: Path | None, like: Path | None, owner: str, min_n: int | None,
    epsilon: float | None, **options: Any,
) -> int:  # fmt: skip
    """Count people by group, score, decision and outcome: the rows stay where they are.

    A fine cube is still close to personal data; it is for the audit, not for publication. With --min-n bins are
    merged and levels pooled until no entry of the cube is made of fewer people. With --epsilon every count has noise,
    and no more is told than decisions at the first cut-off (or those recorded) and outcomes, by group.

    Ctrl-C ends it, and nothing is written; with --resume the same command goes on from the last finished file. The
    folder is as close to personal data as the cube: delete it when the cube is there.

    \b
    Examples:
      fairaudit count "scores/*.parquet" --score score --higher-is better --cutoff 620 \\
          --outcome default --bad 1 --group race -o scores.cube
      fairaudit count people/ --resume counted/ --score score --higher-is better --cutoff 620 \\
          --group region --group sex -o people.cube
      fairaudit count loans.csv --like asked.yaml --owner "Bank of the North" --min-n 10 -o north.cube
    """
    quiet = bool(options["quiet"])
    if epsilon is not None and min_n is not None:
        message = (
            "--epsilon and --min-n are two ways to publish: which levels are pooled would tell of people. Give one."
        )
        raise click.UsageError(message)
    try:
        with readable(data) as path, counting(f"Counting {Path(data).name}", quiet=quiet) as watch:
            cube = count(path, progress=watch, resume=resume, like=like, owner=owner, **roles_of(options))
    except KeyboardInterrupt:
        kept = f"The counts of finished files are in {resume}; the same command goes on from there." if resume else ""
        tell(f"Interrupted: {out} was not written. {kept}".rstrip(), quiet=quiet)
        raise
    with progress(f"Writing {out.name}", quiet=quiet):
        published = None if min_n is None else publish(cube, min_n)
        cube = cube if published is None else published.cube
        cube = cube if epsilon is None else with_noise(cube, epsilon)
        save(cube, out)
    if epsilon is not None:
        tell(f"{cube.people:,} people, with noise, in {len(cube.groups):,} cells: {out}", quiet=quiet)
        for issue in cube.provenance.issues:
            tell(f"  {issue.message}", quiet=quiet)
        return 0
    ledger = cube.provenance.ledger
    tell(f"{ledger.read:,} read, {ledger.used:,} counted in {len(cube.groups):,} cells: {out}", quiet=options["quiet"])
    for reason, people in ledger.set_aside.items():
        tell(f"  {people:,} set aside: {reason}", quiet=options["quiet"])
    if published is not None:
        tell(f"  {described(published.publication)}", quiet=options["quiet"])
    else:
        tell(f"  {cube.unique_people:,} people are alone in an entry", quiet=options["quiet"])
    return 0
