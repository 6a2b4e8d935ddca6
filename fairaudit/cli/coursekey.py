"""``fairaudit coursekey``: a key from which all sealed exercises of a course follow."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..errors import SchemaError
from .streams import tell


@click.command("coursekey", short_help="A key for sealed exercises, which the teacher keeps.")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def command(out: Path) -> int:
    """Write a new course key, readable by its owner alone. A file that is there already is never replaced.

    \b
    Example:
      fairaudit coursekey course.key
    """
    from ..systems.populations.sealing import new_key

    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(f"{new_key()}\n")
    except FileExistsError:
        message = f"'{out}' is there already; exercises may hang on it. Give another name, or move it away."
        raise SchemaError(message) from None
    tell(f"Written to {out}. Whoever has it can read the truth of every exercise: keep it, and keep a copy.")
    return 0
