"""What a block's people do, what is seen of it, and on whom it is recorded, with some of the mechanisms on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..format import EventsSystem
from .streams import uniforms
from .world import World, worse

FIRST_YEAR = 2011
DAYS = 365
"""Days of a year on which things happen; the 366th of a leap year is quiet."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """Which people, of which seed: all that their random numbers depend on."""

    seed: int
    number: int
    place: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """Records, one an entry: who, on which day, for which event; and how often each person did what is worse."""

    person: Integers
    day: NDArray[np.datetime64]
    event: Integers
    acts: Integers
    did: Flags
    """Who did what at least once [people, events]."""
    counts: Integers
    """Acts that were done, seen or reported, and on record on who did them [3, roles, events]."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is the same in every year: the world, the events, and who belongs to whom."""

    world: World
    events: EventsSystem
    rates: Floats
    """How often a person does each event in a year."""
    group: Flags
    relative: Integers
    """A relative of each person; somebody without one is their own."""
    role: NDArray[np.int8]
    """Each person's role; 0 for ordinary people, and for all where there are none."""
    able: Flags
    """Who can do what [people, events]."""
    tendency: Floats | None = None
    """How much more often than the average each person does what makes a score worse; None: all alike."""

    @property
    def bad(self) -> Flags:
        """Which events make a score worse."""
        return np.array([worse(event, self.events) for event in self.events.events])


@dataclass(slots=True)
class Draws:
    """The random numbers of a block and year, each drawn once for all ways and only if it is asked for."""

    block: Block
    year: int
    events: int
    known: dict[str, Floats] = field(default_factory=dict)

    def of(self, mechanism: str, columns: int | None = None) -> Floats:
        """Return a number for each person and event, or for each person and column."""
        if mechanism not in self.known:
            shape = (self.block.number, self.events if columns is None else columns)
            self.known[mechanism] = uniforms(self.block.seed, mechanism, self.year, self.block.place, shape)
        return self.known[mechanism]


def joined(one: Recorded, more: Recorded) -> Recorded:
    """Return the records of two years, and the acts of both."""
    return Recorded(
        np.concatenate([one.person, more.person]),
        np.concatenate([one.day, more.day]),
        np.concatenate([one.event, more.event]),
        one.acts + more.acts,
        one.did | more.did,
        one.counts + more.counts,
    )


def last_day(year: int) -> np.datetime64:
    """Return the day of the scores of a year, counted from 0."""
    return np.datetime64(f"{FIRST_YEAR + year}-12-31", "D")


@dataclass(frozen=True, slots=True)
class _Slips:
    """Records on their way: about whom, for what, and the place of their random numbers: who was seen or accused."""

    person: Integers
    event: Integers
    day: Floats
    drawn: Integers
    wrong: Flags

    def kept(self, these: Flags) -> _Slips:
        return _Slips(self.person[these], self.event[these], self.day[these], self.drawn[these], self.wrong[these])

    def about(self, person: Integers) -> _Slips:
        return _Slips(person, self.event, self.day, self.drawn, self.wrong | (person != self.person))


def year_of(scene: Scene, draws: Draws, on: Collection[str], strained: Flags | None) -> Recorded:
    """Return the records of one year, with some mechanisms on.

    Everything random is the same whichever they are, so ways of being differ by what the mechanisms do and by nothing
    else. ``strained`` are people in the worst band at the end of the year before.
    """
    bad, world = scene.bad, scene.world
    done = done_by(scene, draws, on, bad, strained)
    acts = done[:, bad].sum(axis=1)
    seen = _seen(scene, draws, on, done, bad)
    slips = [_followed(seen, scene, draws, on, bad, "")]
    right = slips[0].kept(~slips[0].wrong)
    did = np.nonzero(done)
    counts = np.stack([_by_role(scene, *did), _by_role(scene, seen.person, seen.event),
                       _by_role(scene, right.person, right.event)])  # fmt: skip
    if "false_accusation" in on and world.false_accusation and bad.any():
        accused = _accused(scene, draws, bad)
        slips.append(_followed(accused, scene, draws, on, bad, " of the accused"))
    person, event, day = (np.concatenate([getattr(one, name) for one in slips]) for name in ("person", "event", "day"))
    first = np.datetime64(f"{FIRST_YEAR + draws.year}-01-01", "D")
    days = first + np.minimum(day * DAYS, DAYS - 1).astype("timedelta64[D]")
    return Recorded(person, days, event, acts, done, counts)


def _by_role(scene: Scene, person: Integers, event: Integers) -> Integers:
    """Return how many of something there are by role and event."""
    roles, events = len(scene.events.roles) + 1, len(scene.events.events)
    found = np.bincount(scene.role[person].astype(np.int64) * events + event, minlength=roles * events)
    return np.asarray(found.reshape(roles, events))


def done_by(scene: Scene, draws: Draws, on: Collection[str], bad: Flags, strained: Flags | None) -> Flags:
    """Return who does what in a year [people, events]."""
    drawn = draws.of("behavior")
    often: Floats = np.ones(len(drawn)) if scene.tendency is None else scene.tendency.copy()
    if "behavior_difference" in on:
        often[scene.group] *= 1 + scene.world.behavior_difference
    if "feedback" in on and strained is not None:
        often[strained] *= 1 + scene.world.feedback
    return np.asarray((drawn < scene.rates * np.where(bad, often[:, None], 1.0)) & scene.able)


def _seen(scene: Scene, draws: Draws, on: Collection[str], done: Flags, bad: Flags) -> _Slips:
    """Return what is recorded, on the right people: seen by cameras and officials, or reported by neighbours."""
    world = scene.world
    person, event = np.nonzero(done)
    watched = scene.group[person] & bad[event]
    gap = (world.detection_gap if "detection_gap" in on else 0.0) * watched
    usual = np.where(bad, world.detection, world.recognition)
    shares = np.array([world.seen.get(one.id, share) for one, share in zip(scene.events.events, usual, strict=True)])
    shown = shares[event] + gap
    seen = draws.of("detection")[person, event] < shown
    told = world.reporting + (world.reporting_gap if "reporting_gap" in on else 0.0) * watched
    if world.reporting or "reporting_gap" in on:
        seen |= bad[event] & (draws.of("reporting")[person, event] < told)
    person, event = person[seen], event[seen]
    return _Slips(person, event, draws.of("day")[person, event], person, np.zeros(len(person), dtype=bool))


def _accused(scene: Scene, draws: Draws, bad: Flags) -> _Slips:
    """Return records of members of the group for what nobody did, of what they could have done, and when."""
    three = draws.of("false accusation", 3)
    could = scene.able & bad
    ways = could.sum(axis=1)
    accused = np.flatnonzero(scene.group & (three[:, 0] < scene.world.false_accusation) & (ways > 0))
    place = np.minimum(three[accused, 1] * ways[accused], ways[accused] - 1).astype(np.int64)
    said = np.argmax(np.cumsum(could[accused], axis=1) > place[:, None], axis=1)
    return _Slips(accused, said, three[accused, 2], accused, np.ones(len(accused), dtype=bool))


def _followed(slips: _Slips, scene: Scene, draws: Draws, on: Collection[str], bad: Flags, whose: str) -> _Slips:
    """Return records after wrong blame, wrong links, appeals, and what falls on relatives."""
    world = scene.world
    if "misattribution" in on and not whose:
        wrong = (draws.of("misattribution")[slips.drawn, slips.event] < world.misattribution) & bad[slips.event]
        chosen = draws.of("misattribution/whom")[slips.drawn, slips.event]
        slips = slips.about(np.where(wrong, _another(scene, slips, chosen), slips.person))
    if "linkage_error" in on:
        wrong = draws.of(f"linkage{whose}")[slips.drawn, slips.event] < world.linkage_error
        chosen = draws.of(f"linkage{whose}/whom")[slips.drawn, slips.event]
        slips = slips.about(np.where(wrong & scene.group[slips.person], _another(scene, slips, chosen), slips.person))
    if "appeal" in on:
        struck = slips.wrong & (draws.of(f"appeal{whose}")[slips.drawn, slips.event] < world.appeal)
        slips = slips.kept(~struck)
    if "network" not in on:
        return slips
    shared = bad[slips.event] & (draws.of(f"network{whose}")[slips.drawn, slips.event] < world.network)
    tied = slips.kept(shared & (scene.relative[slips.person] != slips.person))
    tied = tied.about(scene.relative[tied.person])
    return _Slips(*(np.concatenate([getattr(slips, one), getattr(tied, one)]) for one in _Slips.__slots__))


def _another(scene: Scene, slips: _Slips, chosen: Floats) -> Integers:
    """Return whom of the group each record is put on: who could have done it; itself where nobody could."""
    made = slips.person.copy()
    for by in {one.by for one in scene.events.events}:
        same = np.array([one.by == by for one in scene.events.events])
        here = same[slips.event]
        members = np.flatnonzero(scene.group & scene.able[:, np.argmax(same)])
        if len(members):
            place = np.minimum((chosen[here] * len(members)).astype(np.int64), len(members) - 1)
            made[here] = members[place]
    return made
