"""From records to scores at the end of a year: by a system's events, by files of inputs, or by ratings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from .. import weighted
from ..checks import ordered_bands
from ..events import entries_of, run
from ..format import EventsSystem, WeightedSystem
from ..point_system import PointSystem
from .files import columns_of_files
from .ratings import RATINGS, ratings_of
from .records import Block, Flags, Floats, Integers, Recorded, Scene, last_day
from .roles import able
from .streams import uniforms
from .world import World, rates_of

SPREAD = 1.0
"""How much people differ in how often they miss a payment: the deviation of its logarithm. Stylised."""

MISSED = EventsSystem.model_validate(
    {
        "id": "conduct", "kind": "events", "title": "Conduct", "summary": "What files and ratings are made of.",
        "people": "anyone", "higher_is": "better", "start": {"value": 0, "tag": "stylised"}, "contexts": ["conduct"],
        "events": [{"id": "broken-promise", "says": "missed a payment, or was unkind", "points": -1, "area": "conduct",
                    "context": "conduct", "gravity": 1, "tag": "stylised"}],
    }
)  # fmt: skip
"""What happens to people whose system weights inputs: one kind of event, which files and ratings then show."""

OFTEN = 0.25
"""How often a person of the average does that in a year. Stylised."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Scores at the end of a year; ``reason`` says why there is none (-1: there is), ``inputs`` what was weighted."""

    scores: Floats
    reason: NDArray[np.int8]
    inputs: Mapping[str, Floats]


class Scale(Protocol):
    """What turns the records of some years into scores."""

    @property
    def yearly(self) -> bool:
        """Whether a year's scores depend on those of the year before."""

    def at(
        self, recorded: Recorded, year: int, on: Collection[str], before: Floats | None, income: Integers
    ) -> Standing:
        """Return the scores at the end of a year; ``income`` is that of the year."""


@dataclass(frozen=True, slots=True)
class OfEvents:
    """Points in order, floor and cap at each step."""

    system: EventsSystem
    number: int
    yearly: bool = False

    def at(
        self, recorded: Recorded, year: int, on: Collection[str], before: Floats | None, income: Integers
    ) -> Standing:
        """Return the scores at the end of a year."""
        del on, before, income
        ones = np.ones(len(recorded.person), dtype=np.int64)
        entries = entries_of(
            self.system, ("",) * self.number, recorded.person, recorded.day, recorded.event, ones, last_day(year)
        )
        return Standing(run(entries, self.system).scores, np.full(self.number, -1, dtype=np.int8), {})


@dataclass(frozen=True, slots=True)
class OfInputs:
    """A file of inputs, or a year's ratings, weighted."""

    system: WeightedSystem
    scene: Scene
    block: Block
    people: Mapping[str, NDArray[Any]]
    yearly: bool

    def at(
        self, recorded: Recorded, year: int, on: Collection[str], before: Floats | None, income: Integers
    ) -> Standing:
        """Return the scores at the end of a year."""
        import pandas as pd

        if self.yearly:
            columns = ratings_of(self.scene, self.block, recorded, year, on, before, edge_of(self.system))
        else:
            people = {**self.people, "income": income}
            columns = columns_of_files(self.system, self.scene, self.block, people, recorded, year, on)
        table = pd.DataFrame({name: columns[name] for name in weighted.columns_of(self.system)})
        tier = weighted.tiers(self.system, table)
        each = weighted.parts(self.system, table, tier < 0)
        kept = {name: values for name, values in table.items() if name not in self.people}
        inputs = {str(name): values.to_numpy() for name, values in kept.items()}
        return Standing(weighted.scores_of(self.system, each), tier.astype(np.int8), inputs)


def is_ratings(system: WeightedSystem) -> bool:
    """Whether people rate one another in a system, so that it is simulated as ratings."""
    return set(RATINGS) <= set(weighted.columns_of(system))


def edge_of(system: WeightedSystem) -> float:
    """Return where the best band begins."""
    edges = [band.at_least.value for band in ordered_bands(system.bands) if band.at_least is not None]
    return max(edges, default=np.inf)


def reasons_of(system: PointSystem) -> tuple[str, ...]:
    """Return why people may have no score: the system's own reasons, and that they are not covered."""
    rules = system.definition.unscored if isinstance(system.definition, WeightedSystem) else ()
    return (*(rule.name for rule in rules), "not covered")


def conduct_of(system: PointSystem) -> EventsSystem:
    """Return the events that people of a system are recorded for."""
    return system.definition if isinstance(system.definition, EventsSystem) else MISSED


def rates_for(system: PointSystem, world: World) -> list[float]:
    """Return how often a person does each event in a year.

    Raises
    ------
    SchemaError
        As in :func:`fairaudit.systems.populations.world.rates_of`.
    """
    events = conduct_of(system)
    return rates_of(world, events, usual=None if events is system.definition else OFTEN)


def scene_of(
    system: PointSystem,
    world: World,
    block: Block,
    group: Flags,
    relative: Integers,
    role: NDArray[np.int8],
) -> Scene:
    """Return what is the same in every year of a block's people."""
    events = conduct_of(system)
    tendency = None
    if events is not system.definition:
        drawn = uniforms(block.seed, "people/tendency", 0, block.place, (block.number,))
        tendency = np.exp(SPREAD * ndtri(np.clip(drawn, 1e-12, 1 - 1e-12)) - SPREAD**2 / 2)
    rates = np.array(rates_for(system, world))
    return Scene(world, events, rates, group, relative, role, able(events, role), tendency)


def scale_of(system: PointSystem, scene: Scene, block: Block, people: Mapping[str, NDArray[Any]]) -> Scale:
    """Return what scores a block's people."""
    definition = system.definition
    if isinstance(definition, EventsSystem):
        return OfEvents(definition, block.number)
    return OfInputs(definition, scene, block, people, is_ratings(definition))
