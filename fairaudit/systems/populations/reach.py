"""Whom records reach: of acts of each kind, how many are seen and recorded, and who did them ends in the worst band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...inference.contrast import compare_many
from ...inference.proportion import rate_interval
from .records import Flags, Recorded
from .roles import ORDINARY

if TYPE_CHECKING:
    import pandas as pd

ANYTHING = "(anything that makes the score worse)"
NOTHING = "(nothing that makes the score worse)"

Done = tuple[str, str]
"""An event, or all or none of those that make a score worse; and the role of who did it, empty without roles."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people did one thing at least once, and what became of them and of their acts; sums over blocks."""

    did: int = 0
    on_record: int = 0
    """Of those who did it, who is on record for it, rightly or not."""
    did_in_worst_band: int = 0
    recorded_without: int = 0
    """Who is on record for it and never did it."""
    acts: int = 0
    seen: int = 0
    """Of the acts, those that cameras, officials or neighbours saw."""
    recorded: int = 0
    """Of the acts, those that are on record on who did them: not lost to somebody else, nor struck."""

    def __add__(self, other: Reach) -> Reach:
        """Return the sums of two blocks."""
        return Reach(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


def reach_of(
    ids: Sequence[str], bad: Flags, records: Recorded, worst: Flags, roles: Sequence[str], role: NDArray[np.int8]
) -> Mapping[Done, Reach]:
    """Return the reach of one block, by event and role.

    Parameters
    ----------
    ids, bad
        The events, and which of them make a score worse.
    records
        Of all years.
    worst
        Who is in the worst band.
    roles, role
        Names, and each person's place among them.
    """
    did, recorded = records.did, np.zeros(records.did.shape, dtype=bool)
    recorded[records.person, records.event] = True
    made = {}
    holders = [role == place for place in range(len(roles))]
    for at in np.flatnonzero(bad).tolist():
        for place, name in enumerate(roles):
            one = _reach(did[:, at], recorded[:, at], worst, holders[place], records.counts[:, place, at])
            made[ids[at], name] = one
    anything, charged = np.asarray(did[:, bad].any(axis=1)), np.asarray(recorded[:, bad].any(axis=1))
    for place, name in enumerate(roles):
        counts = records.counts[:, place, bad].sum(axis=1)
        if name:
            made[ANYTHING, name] = _reach(anything, charged, worst, holders[place], counts)
    for place, name in enumerate(roles):
        innocent = ~anything & holders[place]
        made[NOTHING, name] = Reach(
            int(innocent.sum()), 0, int((innocent & worst).sum()), int((innocent & charged).sum())
        )
    return made


def _reach(did: Flags, recorded: Flags, worst: Flags, holders: Flags, counts: NDArray[np.int64]) -> Reach:
    here = did & holders
    numbers = (here, here & recorded, here & worst, holders & recorded & ~did)
    return Reach(*(int(one.sum()) for one in numbers), *(int(one) for one in counts))


def reach_frame(reach: Mapping[Done, Reach]) -> pd.DataFrame:
    """Return one row an event and role, with intervals; see :meth:`~.truth.Truth.reach_to_frame`."""
    import pandas as pd

    shown = {key: one for key, one in reach.items() if one.did or one.recorded_without or not key[1]}
    usual = reach.get((ANYTHING, ORDINARY))
    rows = [_row(*key, one, usual) for key, one in shown.items()]
    return pd.DataFrame(rows)


def _row(event: str, role: str, one: Reach, usual: Reach | None) -> dict[str, Any]:
    told: dict[str, Any] = {"event": event, **({"role": role} if role else {}), "people_who_did": one.did}
    nothing = event == NOTHING
    told["acts"] = one.acts
    told |= _share("share_of_acts_seen", one.seen, one.acts)
    told |= _share("share_of_acts_on_record", one.recorded, one.acts)
    told |= _share("share_on_record", one.on_record, 0 if nothing else one.did)
    told |= _share("share_in_worst_band", one.did_in_worst_band, one.did)
    if usual is not None and one is not usual and not nothing:
        less = compare_many(one.did_in_worst_band, one.did, usual.did_in_worst_band, usual.did, how="difference")
        name = "in_worst_band_less_ordinary"
        told |= {name: float(less.value), f"{name}_low": float(less.low), f"{name}_high": float(less.high)}
    return {**told, "on_record_without": one.recorded_without}


def _share(name: str, num: int, den: int) -> dict[str, float]:
    if not den:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float("nan"))
    interval = rate_interval(num, den)
    return {name: num / den, f"{name}_low": float(interval.low), f"{name}_high": float(interval.high)}
