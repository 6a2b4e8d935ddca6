"""A person's ledger in words: what added and what took points, in order, adding up to the score exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .checks import limits
from .events import Balances, Entries
from .format import Consequence, EventsSystem, WeightedSystem
from .weighted import Floats, start_of

STAMP = "Simulation: a model of a scoring system for study; nobody's real score."
"""What stands on every output."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the points it moved the score by, why, and the score after it (None where order has no meaning)."""

    points: float
    says: str
    day: str = ""
    after: float | None = None

    def __str__(self) -> str:
        """Return the line as people read it.

        Examples
        --------
        >>> print(Line(-100, "falsely accused others online"))
        -100 falsely accused others online
        """
        return f"{signed(self.points)} {self.says}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """All lines of one person: their points add up to ``score`` exactly, or to ``latent`` where people are ranked.

    ``score`` is None for somebody without a score; ``band`` is then the reason.
    """

    system: str
    person: str
    lines: tuple[Line, ...]
    score: float | None
    band: str
    consequences: tuple[Consequence, ...]
    on: str = ""
    latent: float | None = None
    stamp: str = STAMP

    def __str__(self) -> str:
        """Return the ledger for a terminal."""
        day = f" on {self.on}" if self.on else ""
        lines = [self.stamp, f"{self.system}, {self.person}{day}"]
        width = max((len(line.day) for line in self.lines), default=0)
        for line in self.lines:
            after = "" if line.after is None else f"  = {amount(line.after)}"
            lines.append(f"  {line.day:<{width}}{'  ' if width else ''}{line}{after}")
        if self.latent is not None and self.score is not None:
            lines.append(f"  = {amount(self.latent)} of 100; ranked by the norm table: {amount(self.score)}")
        if self.score is None:
            lines.append(f"No score: {self.band}. That is not a poor score.")
        else:
            lines.append(f"Score {amount(self.score)}{f': {self.band}' if self.band else ''}")
        lines += [
            f"  {one.kind}: {one.says} (falls on {one.falls_on}; context: {one.context}; {one.tag})"
            for one in self.consequences
        ]
        return "\n".join(lines)


def signed(points: float) -> str:
    """Return points with their sign.

    Examples
    --------
    >>> signed(1000), signed(-12.5), signed(0)
    ('+1,000', '-12.5', '0')
    """
    return f"{'+' if points > 0 else ''}{amount(points)}"


def amount(points: float) -> str:
    """Return points without needless digits.

    Examples
    --------
    >>> amount(1000.0), amount(637.123), amount(-0.001)
    ('1,000', '637.12', '0')
    """
    text = f"{points:,.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def event_lines(place: int, entries: Entries, balances: Balances, system: EventsSystem) -> tuple[Line, ...]:
    """Return the lines of the person at a place: the start, each event, and what cap and floor changed of it."""
    low, high = limits(system)
    lines = [Line(float(system.start.value), "start", after=float(system.start.value))]
    first, last = np.searchsorted(entries.person, [place, place + 1])
    for at in range(int(first), int(last)):
        event = system.events[entries.event[at]]
        count, day = int(entries.count[at]), str(entries.day[at])
        times = f" ({count} times)" if count > 1 else ""
        worth, full = float(entries.worth[at]), float(event.points.value * count)
        faded = "" if worth == full else f" ({signed(full)} when it happened; {_faded(worth)})"
        lost, kept = float(balances.lost_to_cap[at]), float(balances.kept_by_floor[at])
        # The balance stands on the last line of an entry: in between it would be beyond the cap or the floor.
        after = float(balances.after[at])
        lines.append(Line(worth, f"{event.says}{times}{faded}", day, None if lost or kept else after))
        if lost:
            lines.append(Line(-lost, f"lost to the cap of {amount(high)}", day, after))
        if kept:
            lines.append(Line(kept, f"not taken below the floor of {amount(low)}", day, after))
    return tuple(lines)


def _faded(worth: float) -> str:
    return "no longer counted" if worth == 0 else "faded since"


def input_lines(values: Floats, each: Floats, system: WeightedSystem) -> tuple[Line, ...]:
    """Return a line for the start and one for each input of one person."""
    start = start_of(system)
    what = "start" if any(one.steps for one in system.inputs) else "lowest score"
    lines = [] if system.norm is not None else [Line(start, what)]
    for one, value, part in zip(system.inputs, values, each, strict=True):
        lines.append(Line(float(part), f"{one.says} ({'missing' if np.isnan(value) else amount(float(value))})"))
    return tuple(lines)
