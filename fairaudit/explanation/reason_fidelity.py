"""Do the named reasons carry the decision? Setting them to the baseline's values is held against random features."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from .people import Baseline, columns_of, scores_of

if TYPE_CHECKING:
    import pandas as pd

    from .attribution import Explainer

PEOPLE, SETS = 100, 60
"""Most people of the baseline whose values are lent, and most sets of other features that are tried."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What the score gains when the named features take the values of the baseline's people, and when others do.

    Gains are averages over the people lent from, in units of the score, positive towards the cut-off.
    """

    gain: float
    gain_of_others: float | None
    """Average over sets of as many features; None where the model has no other set."""
    larger_than: float | None
    """Share of those sets that gain less than the named features."""
    sets: int
    every_set: bool
    """Whether all sets of that size were tried, or a random draw of them."""
    people: int
    shortfall: float
    """From the score to the cut-off."""
    seed: int

    @property
    def carries(self) -> bool | None:
        """Whether the named features gain more than others do on average; None where there are no others."""
        return None if self.gain_of_others is None else self.gain > self.gain_of_others

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return {**asdict(self), "carries": self.carries}


def fidelity_of(
    source: Explainer,
    row: pd.DataFrame,
    score: float,
    named: list[int],
    baseline: Baseline,
    *,
    sign: float,
    cutoff: float,
    seed: int,
) -> Fidelity | None:
    """Return the check of one person's reasons; None where no reason is named.

    Parameters
    ----------
    row, score
        The person: one row of the model's columns, and the score.
    named
        Places of the named features.
    """
    if not named:
        return None
    import pandas as pd

    rng = np.random.default_rng(seed)
    _, owner = columns_of(source)
    people = rng.permutation(baseline.people)[:PEOPLE]
    others, every = _other_sets(int(owner.max()) + 1, named, rng)
    lent = baseline.rows.iloc[people]
    moved = pd.concat([_moved(row, owner, chosen, lent) for chosen in [named, *others]], ignore_index=True)
    gains = (sign * (scores_of(source, moved) - score)).reshape(-1, len(people)).mean(axis=1)
    rest = gains[1:]
    return Fidelity(
        gain=float(gains[0]),
        gain_of_others=float(rest.mean()) if others else None,
        larger_than=float((rest < gains[0]).mean()) if others else None,
        sets=len(others),
        every_set=every,
        people=len(people),
        shortfall=sign * (cutoff - score),
        seed=seed,
    )


def _other_sets(features: int, named: list[int], rng: np.random.Generator) -> tuple[list[list[int]], bool]:
    """Return sets of as many features as are named, without the named set itself, and whether these are all."""
    many = len(named)
    if math.comb(features, many) <= SETS + 1:
        return [list(one) for one in combinations(range(features), many) if set(one) != set(named)], True
    found: list[list[int]] = []
    while len(found) < SETS:
        one = sorted(rng.choice(features, many, replace=False).tolist())
        if set(one) != set(named):
            found.append(one)
    return found, False


def _moved(row: pd.DataFrame, owner: Any, chosen: list[int], lent: pd.DataFrame) -> pd.DataFrame:
    """Return the person once for each of the people lent from, with their values of the chosen features."""
    moved = row.iloc[np.zeros(len(lent), dtype=int)].reset_index(drop=True)
    for column in np.flatnonzero(np.isin(owner, chosen)):
        name = lent.columns[int(column)]
        moved[name] = lent[name].to_numpy()
    return moved
