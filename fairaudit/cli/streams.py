"""Data from standard input, progress on standard error, files written whole."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..writing import write_whole


@contextmanager
def readable(data: str) -> Iterator[str]:
    """Yield a path to read: the one given, or a private copy of standard input for ``-`` (as CSV)."""
    if data != "-":
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="fairaudit-") as folder:
        copy = Path(folder) / "stdin.csv"
        with copy.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield str(copy)


@contextmanager
def progress(text: str, *, quiet: bool = False) -> Iterator[None]:
    """Show that work is going on: on standard error, on a terminal only, and gone when done."""
    if quiet or not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def deliver(text: str, out: Path | None, *, quiet: bool = False) -> None:
    """Print a text, or write it to a file whole and say so; it ends with a new line either way."""
    ended = text if text.endswith("\n") else f"{text}\n"
    if out is None:
        click.echo(ended, nl=False)
    else:
        write_whole(out, ended)
        tell(f"Written to {out}", quiet=quiet)


def tell(text: str, *, quiet: bool = False) -> None:
    """Write one line to standard error."""
    if not quiet:
        click.echo(text, err=True)
