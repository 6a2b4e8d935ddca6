"""``fairaudit web``: the local page, for auditors who do not code."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..errors import FairauditError

_GIB = 1024**3
_MIB = 1024**2


@click.command("web", short_help="A local page: choose a file, answer questions, read a report.")
@click.option("--port", type=click.IntRange(0, 65535), default=8600, show_default=True, help="0 for any that is free.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Files below it can be chosen where they are, without an upload.")  # fmt: skip
@click.option("--most-upload", type=click.IntRange(min=1), default=2048, show_default=True, metavar="MIB",
              help="Largest file that can be uploaded.")  # fmt: skip
@click.option("--most-memory", type=click.IntRange(min=256), metavar="MIB",
              help="Memory of one audit; half of the machine's by default, shared by those at once.")  # fmt: skip
@click.option("--most-seconds", type=click.IntRange(min=1), default=3600, show_default=True, help="Time of one audit.")
@click.option("--processes", type=click.IntRange(min=1), help="Audits that run at once; as many as cores by default.")
@click.option("--no-browser", is_flag=True, help="Do not open the page; its address is printed.")
@click.option("--quiet", "-q", is_flag=True, help="Print the address and nothing else.")
def command(
    port: int, folder: Path | None, most_upload: int, most_memory: int | None, most_seconds: int,
    processes: int | None, no_browser: bool, quiet: bool,  # noqa: FBT001 - click hands options over by name
) -> int:  # fmt: skip
    """Serve a page on this machine, for this browser alone. Nothing leaves the machine; Ctrl-C ends it.

    \b
    Examples:
      fairaudit web
      fairaudit web --folder ~/scores --port 0
    """
    try:
        import psutil

        from ..web.jobs import Limits
        from ..web.server import serve
        from ..web.site import Settings
    except ImportError as error:
        message = f"fairaudit web needs packages that are not installed ({error.name}): pip install '.[web]'."
        raise FairauditError(message) from None
    at_once = processes or os.cpu_count() or 1
    memory = most_memory * _MIB if most_memory else max(psutil.virtual_memory().total // 2 // at_once, _GIB)
    settings = Settings(
        work=Path(),
        folder=None if folder is None else folder.resolve(),
        most_upload=most_upload * _MIB,
        limits=Limits(memory, float(most_seconds), at_once),
    )

    def ready(address: str) -> None:
        click.echo(address)
        if not quiet:
            click.echo("Open this address in a browser on this machine; it works once. Ctrl-C ends the page.", err=True)
        if not no_browser:
            import webbrowser

            webbrowser.open(address)

    serve(settings, port, ready=ready, announce=lambda address: click.echo(f"A new address: {address}"))
    return 0
