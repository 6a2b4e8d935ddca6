"""The knobs of a simulated world, each with a plain name and a default at which the mechanism is off."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from ...errors import SchemaError, listed, suggestion
from ..format import Event, EventsSystem

LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sex": ("female", "male"),
        "ethnicity": ("majority", "minority"),
        "registration": ("urban", "rural"),
        "region": ("north", "east", "south", "west"),
        "education": ("primary", "secondary", "higher"),
    }
)
"""Who people may be; shares and ties between these are stylised."""

MECHANISMS = (
    "behavior_difference",
    "detection_gap",
    "false_accusation",
    "misattribution",
    "reporting_gap",
    "linkage_error",
    "appeal",
    "network",
    "coverage_gap",
    "thin_files",
    "feedback",
)
"""What can move scores; each is off at 0. All work on the group alone but appeal, network and feedback."""

SHARES = ("detection", "recognition", "false_accusation", "misattribution", "reporting", "linkage_error", "appeal",
          "network", "coverage", "thin_files", "labels")  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """What happens to people, and what happens to one group of them alone. All figures are stylised.

    Parameters
    ----------
    group
        Attribute and level of the group that the mechanisms work on; appeal, network and feedback work on everybody.
    years
        How many years are lived, from 2011 on.
    detection
        The share of acts that make a score worse which are seen and recorded.
    recognition
        The share of good deeds which are.
    behavior_difference
        How much more often the group does what makes a score worse: 0.2 is a fifth more often.
    detection_gap
        How much more of what the group does is seen, as a difference of shares: 0.3 on top of ``detection``.
    false_accusation
        The share of the group recorded, each year, for something that nobody did.
    misattribution
        The share of recorded acts (anybody's) that are put on a member of the group instead: the camera blames the
        wrong person.
    rates
        How often a person does each event in a year (0 to 1), where the default by gravity is not wanted; where the
        event is one of a role, a person who holds it.
    seen
        The share of acts of an event that is seen and recorded, where ``detection`` or ``recognition`` is not wanted:
        a bribe is no litter.
    reporting
        The share of what no camera and no official saw which neighbours report.
    reporting_gap
        How much more of that is reported of the group, as a difference of shares.
    linkage_error
        The share of records about members of the group that is joined to another member, as when local databases are
        merged by names that many share.
    appeal
        The share of wrong records (false accusations, acts of others, wrong links) that is struck out on appeal.
    network
        In systems of events and files, the share of records that also counts against a relative; in ratings, how much
        of a person's last standing is added to each new rating.
    coverage
        The share of people who have a score at all, of those whom the system's own rules leave one.
    coverage_gap
        How many fewer of the group have one, as a difference of shares.
    thin_files
        How much of what a file would show of a member of the group is noise instead; systems that weight inputs only.
    labels
        The share of the group's good outcomes that is recorded as bad. It moves no score: it is what an audit sees.
    feedback
        What a year's standing does to the next, whoever it is: how much more often somebody in the worst band does what
        makes a score worse; and punishments in work, schooling, loans, travel and state support lower their person's
        income of that year, by 5% at 1 for each grade of severity (its logarithm, so incomes stay above 0). Files see
        the income. Both are gone a year after the band or the consequence is.

    Raises
    ------
    SchemaError
        For a knob out of its range, or a group that there is not.
    """

    group: tuple[str, str] = ("registration", "rural")
    years: int = 3
    detection: float = 0.4
    recognition: float = 0.4
    behavior_difference: float = 0.0
    detection_gap: float = 0.0
    false_accusation: float = 0.0
    misattribution: float = 0.0
    rates: Mapping[str, float] = field(default_factory=dict)
    seen: Mapping[str, float] = field(default_factory=dict)
    reporting: float = 0.0
    reporting_gap: float = 0.0
    linkage_error: float = 0.0
    appeal: float = 0.0
    network: float = 0.0
    coverage: float = 1.0
    coverage_gap: float = 0.0
    thin_files: float = 0.0
    labels: float = 0.0
    feedback: float = 0.0

    def __post_init__(self) -> None:
        attribute, level = self.group
        if attribute not in LEVELS:
            message = (
                f"There is no attribute '{attribute}'.{suggestion(attribute, LEVELS)} Attributes: {listed(LEVELS)}."
            )
            raise SchemaError(message)
        if level not in LEVELS[attribute]:
            levels = LEVELS[attribute]
            message = f"'{attribute}' has no level '{level}'.{suggestion(level, levels)} Levels: {listed(levels)}."
            raise SchemaError(message)
        if isinstance(self.years, bool) or not isinstance(self.years, int) or not 1 <= self.years <= 100:
            message = f"years is {self.years!r}; give a whole number from 1 to 100."
            raise SchemaError(message)
        for name in SHARES:
            _within(name, getattr(self, name), 0, 1)
        _within("behavior_difference", self.behavior_difference, -1, math.inf)
        _within("feedback", self.feedback, -1, math.inf)
        _within("reporting_gap", self.reporting_gap, -self.reporting, 1 - self.reporting)
        _within("coverage_gap", self.coverage_gap, self.coverage - 1, self.coverage)
        _within("detection_gap", self.detection_gap, -self.detection, 1 - self.detection)
        for name, rate in self.rates.items():
            _within(f"the rate of '{name}'", rate, 0, 1)
        for name, share in self.seen.items():
            _within(f"the share of '{name}' that is seen", share, 0, 1)

    @property
    def active(self) -> tuple[str, ...]:
        """The mechanisms that are on."""
        return tuple(name for name in MECHANISMS if getattr(self, name) != 0)

    def as_record(self) -> dict[str, Any]:
        """Return the knobs as plain data, for a file to carry."""
        made = {one.name: getattr(self, one.name) for one in fields(self)}
        seen = {"seen": dict(self.seen)} if self.seen else {}  # files of worlds without it stay as they were
        return {name: value for name, value in made.items() if name != "seen"} | {"rates": dict(self.rates)} | seen


def _within(name: str, value: float, low: float, high: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low - 1e-12 <= value <= high + 1e-12 or not math.isfinite(value):
        ends = f"from {low + 0.0:g} to {high:g}" if math.isfinite(high) else f"from {low:g} on"
        message = f"{name} is {value!r}; it goes {ends}."
        raise SchemaError(message)


def worse(event: Event, system: EventsSystem) -> bool:
    """Whether an event makes a score worse."""
    return (event.points.value < 0) == (system.higher_is == "better")


def rates_of(world: World, system: EventsSystem, *, usual: float | None = None) -> list[float]:
    """Return how often a person does each event in a year: graver ones are rarer, unless the world says otherwise.

    Raises
    ------
    SchemaError
        If the world has a rate of an event that the system does not know, or a rate would be above 1 in the group.
    """
    check_events(world.rates, system, "rates")
    known = [event.id for event in system.events]
    rates = [_usual(event, system) if usual is None else usual for event in system.events]
    made = [world.rates.get(name, rate) for name, rate in zip(known, rates, strict=True)]
    for event, rate in zip(system.events, made, strict=True):
        high = rate * (1 + world.behavior_difference)
        if worse(event, system) and high > 1:
            message = (
                f"The rate of '{event.id}', {rate:g}, would be {high:g} in the group by behavior_difference; a rate is "
                "at most 1. Lower one of them."
            )
            raise SchemaError(message)
    return made


def check_events(given: Mapping[str, float], system: EventsSystem, what: str) -> None:
    """Check that a knob by event names events that there are.

    Raises
    ------
    SchemaError
        If it names another.
    """
    known = [event.id for event in system.events]
    for name in given:
        if name not in known:
            message = f"{what}: '{system.id}' has no event '{name}'.{suggestion(name, known)} Events: {listed(known)}."
            raise SchemaError(message)


def _usual(event: Event, system: EventsSystem) -> float:
    return 0.12 / (1 + (event.gravity or 1)) if worse(event, system) else 0.05
