"""Data from standard input, progress on standard error, files written whole."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from ..data.progress import Progress, Watcher, how_far
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
    if quiet or not _is_lively():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


@contextmanager
def trying(text: str, *, quiet: bool = False) -> Iterator[Callable[[int, str], None]]:
    """Show how many candidates were tried and what the last one was: on standard error, on a terminal only."""
    if quiet or not _is_lively():
        yield lambda number, line: None  # noqa: ARG005 - nobody watches
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(text)) as status:
        yield lambda number, line: status.update(escape(f"{text}: {number:,} tried. {line}"))


def _is_lively() -> bool:
    """Return True where standard error is a terminal that can draw."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextmanager
def counting(text: str, *, then: str = "", quiet: bool = False) -> Iterator[Watcher]:
    """Show how far counting is: on standard error, on a terminal only; what happened is told anywhere.

    ``then`` is what goes on afterwards, for a time that nobody knows.
    """
    if quiet or not _is_lively():
        yield partial(_tell_notes, quiet=quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[said]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None, said="")

        def watch(now: Progress) -> None:
            for note in now.notes:
                bar.console.print(note, markup=False, highlight=False)
            if then and now.done >= now.total > 0:
                bar.update(task, total=None, said=then)
            else:
                bar.update(task, completed=now.done, total=now.total or None, said=how_far(now))

        yield watch


def _tell_notes(now: Progress, *, quiet: bool) -> None:
    for note in now.notes:
        tell(note, quiet=quiet)


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
