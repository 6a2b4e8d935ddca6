"""The page served to this machine alone, from a private folder that goes with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import uvicorn

from ..errors import FairauditError
from .app import make_app
from .security import Session
from .site import Settings

_PREFIX = "fairaudit-web-"
_SECONDS_TO_END = 3


class ServerError(FairauditError):
    """The page cannot be served; the message says why and what to do."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """Yield a folder that only this user can read, removed at the end; those of servers that were killed go first."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        owner = left.name.removeprefix(_PREFIX).split("-")[0]
        with suppress(OSError):
            if owner.isdigit() and not psutil.pid_exists(int(owner)) and _ours(left):
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ours(folder: Path) -> bool:
    """Return True for a folder (and no link to one) that this user made."""
    owner = folder.lstat().st_uid
    return not folder.is_symlink() and owner == getattr(os, "getuid", lambda: owner)()


def serve(settings: Settings, port: int, *, ready: Callable[[str], None], announce: Callable[[str], None]) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    settings
        What the person decided; ``work`` is replaced by a private folder.
    port
        0 for any that is free.
    ready
        Called once with the one-time address.
    announce
        Called with each further one.

    Raises
    ------
    ServerError
        If the port is taken.
    """
    try:
        listening = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        message = f"Port {port} cannot be used ({error.strerror or error}). Give another --port, or 0 for any."
        raise ServerError(message) from None
    with listening, private_folder() as work:
        session = Session(listening.getsockname()[1], announce)
        app = make_app(replace(settings, work=work), session)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, lifespan="on",
            ws="none", timeout_graceful_shutdown=_SECONDS_TO_END,
        )  # fmt: skip
        # uvicorn hands a signal on when it has ended; by default that would end us before the folder is removed.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        ready(session.address)
        uvicorn.Server(config).run(sockets=[listening])
