"""What follows from a standing: on whom each consequence falls, and what that takes of next year's income. Stylised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..events import entries_of
from ..format import Consequence, EventsSystem
from ..point_system import PointSystem
from .records import Flags, Floats, Integers, Recorded, last_day

LIVELIHOOD = frozenset({"work", "school", "credit", "borrowing", "travel", "state support"})
"""Parts of life in which a refusal costs income: jobs, schooling, loans, journeys to work or trade, support."""

TAKEN = 0.05
"""How much lower the logarithm of next year's income is for each grade of severity, at a feedback of 1. Stylised."""


def costly(system: PointSystem) -> tuple[Consequence, ...]:
    """Return the punishments that cost their person income; what falls on others (the children) costs them none."""
    return tuple(
        one
        for one in system.definition.consequences
        if one.kind == "punishment" and one.context in LIVELIHOOD and one.falls_on == "the person"
    )


def falls(
    system: PointSystem, which: Sequence[Consequence], scores: Floats, recorded: Recorded, year: int
) -> dict[str, Flags]:
    """Return on whom consequences fall at the end of a year: by the band, and at once by what still counts on record.

    Parameters
    ----------
    system
        Whose bands and events.
    which
        The consequences that are asked about.
    scores
        At the end of the year; NaN without one, and then no band strikes.
    recorded
        All records up to the end of the year.
    year
        Counted from 0.
    """
    made = {}
    band, scored = system.band_of(scores), ~np.isnan(scores)
    for one in which:
        struck = scored & np.isin(band, one.bands)
        if one.events and isinstance(system.definition, EventsSystem):
            struck |= _at_once(system.definition, recorded, one.events, year)
        made[one.id] = struck
    return made


def grades_taken(system: PointSystem, scores: Floats, recorded: Recorded, year: int) -> Integers:
    """Return the grades of severity, added up, of what costs each person income at the end of a year."""
    which = costly(system)
    struck = falls(system, which, scores, recorded, year)
    grades = np.zeros(len(scores), dtype=np.int64)
    for one in which:
        grades += one.severity * struck[one.id]
    return grades


def income_after(income: Integers, grades: Integers, feedback: float) -> Integers:
    """Return the income of a year, from what a person would have without the system and last year's consequences.

    At least 1 yuan is left. It comes back once nothing falls on the person: no earlier year is carried on.

    Examples
    --------
    >>> import numpy as np
    >>> income_after(np.array([30_000, 30_000]), np.array([0, 5]), 1.0).tolist()
    [30000, 23364]
    """
    left = np.maximum(np.rint(income * np.exp(-feedback * TAKEN * grades)), 1)
    return np.asarray(left.astype(np.int64))


def _at_once(system: EventsSystem, recorded: Recorded, events: tuple[str, ...], year: int) -> NDArray[np.bool_]:
    number = len(recorded.acts)
    wanted = np.isin([event.id for event in system.events], events)[recorded.event]
    person, day, event = recorded.person[wanted], recorded.day[wanted], recorded.event[wanted]
    ones = np.ones(len(person), dtype=np.int64)
    entries = entries_of(system, ("",) * number, person, day, event, ones, last_day(year))
    made = np.zeros(number, dtype=bool)
    made[entries.person[entries.worth != 0]] = True
    return made
