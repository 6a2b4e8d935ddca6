"""How far counting has come, and how long it will still take at the pace that was measured."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

WINDOW = 30.0
"""Seconds that the pace is measured over: what the machine does now, not what it did when it started."""
FIRST = 1.0
"""Seconds of work before a time is promised at all."""
TICK = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far counting has come.

    ``done`` and ``total`` are rows or bytes, as ``unit`` says; ``kept`` of ``done`` were counted by an earlier run.
    ``seconds_left`` follows from the pace of the last half minute, and is None until there is one.
    """

    done: int
    total: int
    unit: str = "rows"
    kept: int = 0
    seconds_left: float | None = None
    notes: tuple[str, ...] = ()
    """What happened since the last time, in sentences: of the counting, not of the people."""


Watcher = Callable[[Progress], Any]
"""What is told of the progress, a few times a second, in the thread that called."""


def how_far(now: Progress) -> str:
    """Return how much is done of how much, and what time the rest takes, in words.

    Examples
    --------
    >>> how_far(Progress(300, 1_200, seconds_left=75.0)), how_far(Progress(2_000_000, 4_000_000, "bytes"))
    ('300 of 1,200 rows, 1 min 15 s left', '2 of 4 MB')
    """
    amount = f"{now.done:,} of {now.total:,} rows"
    if now.unit == "bytes":
        amount = f"{now.done / 1e6:,.0f} of {now.total / 1e6:,.0f} MB"
    if now.seconds_left is None:
        return amount
    minutes, seconds = divmod(round(now.seconds_left), 60)
    hours, minutes = divmod(minutes, 60)
    time = f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{amount}, {time} left"


class Pace:
    """How fast work goes, from what was done in the last half minute.

    Parameters
    ----------
    clock
        Seconds, running forward.

    Examples
    --------
    >>> seconds = iter([0.0, 10.0])
    >>> pace = Pace(lambda: next(seconds))
    >>> pace.left(0, 600)
    >>> pace.left(100, 600)
    50.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def left(self, done: int, total: int) -> float | None:
        """Return the seconds that the rest takes at this pace; None while nothing can be said."""
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        if done >= total:
            return 0.0
        if now - since < FIRST or done <= before:
            return None
        return (total - done) * (now - since) / (done - before)


@dataclass(slots=True)
class Work:
    """Work in threads that can be stopped, watched from the thread that asked for it.

    The one who calls sleeps, wakes a few times a second to tell the watcher, and is where an interrupt arrives.
    """

    watcher: Watcher | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    total: int = 0
    unit: str = "rows"
    kept: int = 0
    beside: Callable[[], tuple[int, int]] | None = None
    """Bytes done and to do of what goes on beside the counting and must end too."""
    abandon: Callable[[], Any] | None = None
    """Called when all is given up: ends what goes on beside, which jobs may be waiting for."""
    measure: Callable[[], int] | None = None
    """What is done, where it must be asked for."""
    notes: list[str] = field(default_factory=list)
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, total: int, unit: str, *, kept: int = 0) -> None:
        """Start over with another amount of work: ``kept`` of ``total`` are done already."""
        with self._lock:
            self.total, self.unit, self.kept, self._done = total, unit, kept, kept
        self.measure = None

    def advance(self, by: int) -> None:
        """Add what was done; called from any thread."""
        with self._lock:
            self._done += by

    def run(self, jobs: Sequence[Callable[[], Any]], *, interrupt: Callable[[], Any] | None = None) -> list[Any]:
        """Return what the jobs return, each run in a thread of its own.

        An error of a job, of the watcher, or an interrupt stops all of them before it is raised.

        Parameters
        ----------
        jobs
            They look at ``stop`` often, or end when ``interrupt`` is called.
        interrupt
            Called once, from the thread that waits, when work must end early.
        """
        results: list[Any] = [None] * len(jobs)
        errors: list[BaseException] = []
        ended = threading.Condition()
        running = len(jobs)

        def one(place: int) -> None:
            nonlocal running
            try:
                results[place] = jobs[place]()
            except BaseException as error:  # noqa: BLE001 - raised again where the jobs were asked for
                errors.append(error)
                self.stop.set()
            finally:
                with ended:
                    running -= 1
                    ended.notify_all()

        threads = [threading.Thread(target=one, args=(place,), daemon=True) for place in range(len(jobs))]
        pace, other = Pace(), Pace()
        try:
            for thread in threads:
                thread.start()
            while True:
                with ended:
                    if running == 0 or errors:
                        break
                    ended.wait(TICK)
                self._tell(pace, other)
        except BaseException:
            self.stop.set()
            if self.abandon is not None:
                self.abandon()
            raise
        finally:
            if self.stop.is_set() and interrupt is not None:
                interrupt()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
        if errors:
            raise errors[0]
        self._tell(pace, other)
        return results

    def _tell(self, pace: Pace, other: Pace) -> None:
        if self.watcher is None or not (self.total or self.notes):
            return
        if self.measure is not None:
            measured = self.measure()
            with self._lock:
                self._done = min(max(self._done, measured), self.total)
        with self._lock:
            done, total, kept = self._done, self.total, self.kept
            notes, self.notes = tuple(self.notes), []
        left = pace.left(done, total)
        if self.beside is not None and left is not None:
            beside = other.left(*self.beside())
            left = left if beside is None else max(left, beside)
        self.watcher(Progress(done, total, self.unit, kept, left, notes))
