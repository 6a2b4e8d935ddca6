"""``fairaudit merge``: several cube files to one."""

from __future__ import annotations

from pathlib import Path

import click

from ..cube.cube import parts_of
from ..cube.io import load, save
from ..cube.merging import merge
from .streams import progress, tell


@click.command("merge", short_help="Merge cube files.")
@click.argument("cubes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The merged cube file."
)
@click.option("--repeated", is_flag=True, help="The same counts, or counts of the same file, may be in it twice.")
@click.option("--common-edges", is_flag=True, help="Put score bins together until all cubes have the same edges.")
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(cubes: tuple[Path, ...], out: Path, *, repeated: bool, common_edges: bool, quiet: bool) -> int:
    """Merge cubes of lenders, branches or months that were counted alike.

    The merged cube names every part: who counted it (fairaudit count --owner), its people and its digest. Two cubes
    that do not fit together are named, and so are two that hold the same people.

    \b
    Examples:
      fairaudit merge north.cube south.cube -o region.cube
      fairaudit audit region.cube --reference race=White --out report
    """
    with progress(f"Merging {len(cubes):,} cubes", quiet=quiet):
        made = merge(cubes, repeated=repeated, common_edges=common_edges) if len(cubes) > 1 else load(cubes[0])
        save(made, out)
    tell(f"{made.people:,} people of {len(cubes):,} cubes: {out}", quiet=quiet)
    for part in parts_of(made):
        owner = f", counted by {part.owner}" if part.owner else ""
        tell(f"  {part.people:,} of {part.name}{owner}", quiet=quiet)
    for issue in made.provenance.issues:
        tell(f"  {issue.part}: {issue.message}" if issue.part else f"  {issue.message}", quiet=quiet)
    tell(f"  {made.unique_people:,} people are alone in an entry", quiet=quiet)
    return 0
