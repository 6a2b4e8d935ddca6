"""Parties of a system: who holds an office, treats patients or runs a business, and so can do what only they can."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..format import EventsSystem
from ..point_system import PointSystem
from .records import Block, Flags
from .streams import uniforms

ORDINARY = "ordinary"
"""Who holds no role."""


def levels_of(system: PointSystem) -> tuple[str, ...]:
    """Return the roles of a system, first that of people who hold none; nothing where a system has no roles."""
    definition = system.definition
    if not isinstance(definition, EventsSystem) or not definition.roles:
        return ()
    return (ORDINARY, *(role.id for role in definition.roles))


def roles_of(system: EventsSystem, block: Block) -> NDArray[np.int8]:
    """Return the role of each person of a block, drawn without regard to anything else about them; 0 is ordinary."""
    ends = np.cumsum([role.share.value for role in system.roles])
    drawn = uniforms(block.seed, "people/role", 0, block.place, (block.number,))
    place = np.searchsorted(ends, drawn, side="right")
    return np.where(place < len(ends), place + 1, 0).astype(np.int8)


def able(system: EventsSystem, role: NDArray[np.int8]) -> Flags:
    """Return who can do what [people, events]: what is said to be done by roles, their holders alone."""
    known = (ORDINARY, *(one.id for one in system.roles))
    by_role = np.array([[not event.by or one in event.by for event in system.events] for one in known])
    return np.asarray(by_role[role])
