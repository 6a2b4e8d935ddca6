"""Whom records reach: of those who did each thing, who is on record for it, and who is in the worst band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .records import Flags, Integers

NOTHING = ""
"""Stands for people who did nothing that makes a score worse."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people did one thing at least once, and what became of them; sums over blocks."""

    did: int = 0
    on_record: int = 0
    """Of those who did it, who is on record for it, rightly or not."""
    did_in_worst_band: int = 0
    recorded_without: int = 0
    """Who is on record for it and never did it."""

    def __add__(self, other: Reach) -> Reach:
        """Return the sums of two blocks."""
        return Reach(
            self.did + other.did,
            self.on_record + other.on_record,
            self.did_in_worst_band + other.did_in_worst_band,
            self.recorded_without + other.recorded_without,
        )


def reach_of(
    ids: tuple[str, ...], bad: Flags, did: Flags, person: Integers, event: Integers, worst: NDArray[np.bool_]
) -> Mapping[str, Reach]:
    """Return the reach of one block, by event.

    Parameters
    ----------
    ids, bad
        The events, and which of them make a score worse.
    did
        Who did what at least once [people, events].
    person, event
        Of each record.
    worst
        Who is in the worst band.

    Examples
    --------
    >>> import numpy as np
    >>> did = np.array([[True], [True], [False], [False]])
    >>> made = reach_of(("littered",), np.array([True]), did, np.array([0, 2]), np.array([0, 0]),
    ...                 np.array([True, False, True, False]))
    >>> made["littered"], made[""].did
    (Reach(did=2, on_record=1, did_in_worst_band=1, recorded_without=1), 2)
    """
    recorded = np.zeros(did.shape, dtype=bool)
    recorded[person, event] = True
    made = {
        ids[at]: Reach(
            int(did[:, at].sum()),
            int((did[:, at] & recorded[:, at]).sum()),
            int((did[:, at] & worst).sum()),
            int((recorded[:, at] & ~did[:, at]).sum()),
        )
        for at in np.flatnonzero(bad)
    }
    innocent = ~did[:, bad].any(axis=1)
    charged = innocent & recorded[:, bad].any(axis=1)
    made[NOTHING] = Reach(int(innocent.sum()), 0, int((innocent & worst).sum()), int(charged.sum()))
    return made
