"""``fairaudit merge``: several cube files to one."""

from __future__ import annotations

import functools
import operator
from pathlib import Path

import click

from ..cube.io import load, save
from .streams import tell


@click.command("merge", short_help="Merge cube files.")
@click.argument("cubes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The merged cube file."
)
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(cubes: tuple[Path, ...], out: Path, *, quiet: bool) -> int:
    """Merge cubes of branches, months or lenders that were counted with the same schema."""
    merged = functools.reduce(operator.add, (load(path) for path in cubes))
    save(merged, out)
    tell(f"{merged.people:,} people of {len(cubes)} cubes: {out}", quiet=quiet)
    return 0
