"""One process a piece of work, in a queue: limited in memory and time, ended with everything it started.

What strangers' files do to a reader happens there and not in the server. A process that dies, or is ended, leaves a
page that says so, and the next one starts.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from ..writing import write_whole
from .uploads import in_words

REQUEST, PROGRESS, ANSWER, LOG = "request.json", "progress.json", "answer.json", "log.txt"
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "SOURCE_DATE_EPOCH", "NUMBA_CACHE_DIR")
"""Of the environment: what a process needs to start. Keys and passwords of the user stay out of it."""
_SECONDS_BETWEEN_LOOKS = 0.2
_LONGEST_LOG = 2000

State = Literal["waiting", "running", "done", "failed", "canceled"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a piece of work may take."""

    memory: int
    """Bytes of one process and those that it starts."""
    seconds: float
    processes: int
    """At the same time; the others wait."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work as it stands."""

    folder: Path
    state: State = "waiting"
    told: str = ""
    """Where it failed: what happened, and what to do."""
    started: float | None = None
    """Seconds of a clock that only goes forward."""
    seconds: float | None = None
    """How long it took."""
    peak: int = 0
    """Bytes of memory, at the most."""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {"done", "failed", "canceled"}


class Jobs:
    """The queue of one server."""

    def __init__(self, limits: Limits) -> None:
        """Keep to limits."""
        self.limits = limits
        self._jobs: dict[Path, Job] = {}
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(limits.processes)

    def get(self, folder: Path) -> Job | None:
        """Return the work of a folder, or None where there is none."""
        return self._jobs.get(folder)

    def start(self, folder: Path, request: Mapping[str, Any]) -> None:
        """Put a piece of work at the end of the queue."""
        folder.mkdir(mode=0o700, exist_ok=True)
        write_whole(folder / REQUEST, json.dumps(request))
        self._jobs[folder] = Job(folder)
        self._tasks[folder] = asyncio.create_task(self._run(folder))

    def before(self, folder: Path) -> int:
        """Return how many pieces of work wait before this one."""
        waiting = [path for path, job in self._jobs.items() if job.state == "waiting"]
        return waiting.index(folder) if folder in waiting else 0

    async def cancel(self, folder: Path) -> None:
        """End a piece of work, and wait until nothing of it is left."""
        task = self._tasks.get(folder)
        if task is None or task.done():
            return
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def forget(self, folder: Path) -> None:
        """End what is below a folder, and know nothing of it any more."""
        for path in [path for path in self._jobs if path == folder or folder in path.parents]:
            await self.cancel(path)
            self._jobs.pop(path, None)
            self._tasks.pop(path, None)

    async def close(self) -> None:
        """End everything."""
        for path in [*self._jobs]:
            await self.cancel(path)

    def _change(self, folder: Path, **changes: Any) -> None:
        self._jobs[folder] = dataclasses.replace(self._jobs[folder], **changes)

    async def _run(self, folder: Path) -> None:
        try:
            async with self._room:
                self._change(folder, state="running", started=time.monotonic())
                await self._watched(folder)
        except asyncio.CancelledError:
            self._change(folder, state="canceled")
            raise
        except OSError as error:
            told = (
                f"The work could not be started ({error.strerror or error}). Try again; if it happens again, restart."
            )
            self._change(folder, state="failed", told=told)

    async def _watched(self, folder: Path) -> None:
        began = time.monotonic()
        with (folder / LOG).open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "fairaudit.web.worker", str(folder), str(self.limits.memory),
                str(os.getpid()), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                env=_environment(folder), start_new_session=True,
            )  # fmt: skip
        told = ""
        try:
            while not told:
                try:
                    await asyncio.wait_for(asyncio.shield(process.wait()), _SECONDS_BETWEEN_LOOKS)
                except TimeoutError:
                    used = _memory(process.pid)
                    self._change(folder, peak=max(self._jobs[folder].peak, used))
                    told = self._past(used, time.monotonic() - began)
                else:
                    break
        finally:
            _end(process.pid)
            await process.wait()
        seconds = time.monotonic() - began
        told = told or _failure(folder, process.returncode)
        self._change(folder, state="failed" if told else "done", told=told, seconds=seconds)

    def _past(self, memory: int, seconds: float) -> str:
        if memory > self.limits.memory:
            return too_much_memory(self.limits.memory)
        if seconds > self.limits.seconds:
            return (
                f"The work took longer than {_seconds(self.limits.seconds)} and was ended. Fewer crossings or "
                "groups take less; fairaudit web --most-seconds allows more."
            )
        return ""


def too_much_memory(most: int) -> str:
    """Return what is said where a piece of work took more memory than it may."""
    return (
        f"The work took more than {in_words(most)} of memory and was ended. Leave out columns with very many "
        "different values, or cut numbers into bands; fairaudit web --most-memory allows more."
    )


def _seconds(most: float) -> str:
    return "1 second" if most == 1 else f"{most:,.0f} seconds"


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # One thread each: the queue runs as many processes as there is room for.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return {**kept, **threads, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONSAFEPATH": "1"}


def _memory(process: int) -> int:
    """Return the memory that a process and those it started hold now; 0 where it has just ended."""
    try:
        top = psutil.Process(process)
        return sum(part.memory_info().rss for part in (top, *top.children(recursive=True)))
    except psutil.Error:
        return 0


def _end(process: int) -> None:
    """End a process and everything that it started: they are a group of their own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


def _failure(folder: Path, code: int | None) -> str:
    """Return why a process that has ended failed; nothing where it did what it was asked for."""
    try:
        answer = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _crash(folder, code)
    return str(answer["error"])


def _crash(folder: Path, code: int | None) -> str:
    how = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
    said = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip()[-_LONGEST_LOG:]
    last = said.splitlines()[-1] if said else "it said nothing"
    return (
        f"The process that did the work was ended before it was done ({how}; {last}). Nothing of your answers is lost: "
        "start the audit again. If it happens again, the machine may be short of memory."
    )
