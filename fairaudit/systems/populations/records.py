"""What a block's people do, what is seen of it, and on whom it is recorded, with some of the mechanisms on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..events import Entries, entries_of, run
from ..format import EventsSystem
from .streams import uniforms
from .world import World, rates_of, worse

FIRST_YEAR = 2011
DAYS = 365
"""Days of a year on which things happen; the 366th of a leap year is quiet."""


@dataclass(frozen=True, slots=True)
class Block:
    """Which people, of which seed: all that their random numbers depend on."""

    seed: int
    number: int
    place: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """Records, one an entry: who, on which day, for which event; and how often each person did what is worse."""

    person: NDArray[np.int64]
    day: NDArray[np.datetime64]
    event: NDArray[np.int64]
    acts: NDArray[np.int64]


def records_of(
    world: World,
    system: EventsSystem,
    block: Block,
    group: NDArray[np.bool_],
    ways: Sequence[Collection[str]],
) -> list[Recorded]:
    """Return a block's records for each way, a set of mechanisms that are on.

    Everything random is the same whichever they are, so the ways differ by what the mechanisms do and by nothing else.
    """
    made: list[list[Recorded]] = [[] for _ in ways]
    for year in range(world.years):
        draws = _Draws(block, year, len(system.events))
        for place, on in enumerate(ways):
            made[place].append(_year(world, system, draws, group, on))
    return [_joined(years) for years in made]


def _joined(years: Sequence[Recorded]) -> Recorded:
    return Recorded(
        np.concatenate([one.person for one in years]),
        np.concatenate([one.day for one in years]),
        np.concatenate([one.event for one in years]),
        np.sum([one.acts for one in years], axis=0),
    )


def scored(system: EventsSystem, recorded: Recorded, number: int, years: int) -> NDArray[np.float64]:
    """Return everybody's score on the last day of the last year."""
    last = np.datetime64(f"{FIRST_YEAR + years - 1}-12-31", "D")
    ones = np.ones(len(recorded.person), dtype=np.int64)
    entries: Entries = entries_of(system, ("",) * number, recorded.person, recorded.day, recorded.event, ones, last)
    return run(entries, system).scores


@dataclass(slots=True)
class _Draws:
    """The random numbers of a block and year, each drawn once for all ways and only if it is asked for."""

    block: Block
    year: int
    events: int
    known: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def of(self, mechanism: str, columns: int | None = None) -> NDArray[np.float64]:
        """Return a number for each person and event, or for each person and column."""
        if mechanism not in self.known:
            shape = (self.block.number, self.events if columns is None else columns)
            self.known[mechanism] = uniforms(self.block.seed, mechanism, self.year, self.block.place, shape)
        return self.known[mechanism]


def _year(world: World, system: EventsSystem, draws: _Draws, group: NDArray[np.bool_], on: Collection[str]) -> Recorded:
    bad = np.array([worse(event, system) for event in system.events])
    done = _done(world, system, draws, group, on, bad)
    acts = done[:, bad].sum(axis=1)
    person, event = np.nonzero(done)
    gap = (world.detection_gap if "detection_gap" in on else 0.0) * (group[person] & bad[event])
    shown = np.where(bad, world.detection, world.recognition)[event] + gap
    seen = draws.of("detection")[person, event] < shown
    person, event = person[seen], event[seen]
    day = draws.of("day")[person, event]
    if "misattribution" in on:
        person = _blamed(world, draws, group, person, event, bad)
    if "false_accusation" in on and bad.any():
        accused, said, when = _accused(world, draws, group, np.flatnonzero(bad))
        person, event, day = np.append(person, accused), np.append(event, said), np.append(day, when)
    first = np.datetime64(f"{FIRST_YEAR + draws.year}-01-01", "D")
    days = first + np.minimum(day * DAYS, DAYS - 1).astype("timedelta64[D]")
    return Recorded(person, days, event, acts)


def _done(
    world: World,
    system: EventsSystem,
    draws: _Draws,
    group: NDArray[np.bool_],
    on: Collection[str],
    bad: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return who does what in a year [people, events]."""
    rates = np.array(rates_of(world, system))
    drawn = draws.of("behavior")
    done = drawn < rates
    if "behavior_difference" in on:
        done[group] = drawn[group] < np.where(bad, rates * (1 + world.behavior_difference), rates)
    return done


def _blamed(
    world: World,
    draws: _Draws,
    group: NDArray[np.bool_],
    person: NDArray[np.int64],
    event: NDArray[np.int64],
    bad: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return on whom each seen act is recorded: on its doer, or on somebody of the group."""
    of_group = np.flatnonzero(group)
    if len(of_group) == 0:
        return person
    wrong = (draws.of("misattribution")[person, event] < world.misattribution) & bad[event]
    chosen = (draws.of("misattribution/whom")[person, event] * len(of_group)).astype(np.int64)
    return np.where(wrong, of_group[np.minimum(chosen, len(of_group) - 1)], person)


def _accused(
    world: World, draws: _Draws, group: NDArray[np.bool_], bad: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return members of the group who are recorded for what nobody did, of what, and when in the year."""
    three = draws.of("false accusation", 3)
    accused = np.flatnonzero(group & (three[:, 0] < world.false_accusation))
    said = bad[np.minimum(three[accused, 1] * len(bad), len(bad) - 1).astype(np.int64)]
    return accused, said, three[accused, 2]
