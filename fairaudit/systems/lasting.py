"""How long the lowest band lasts, by group: a curve from counts of people by years in it and whether they are in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..inference.survival import kaplan_meier
from .struck import Lasted, Lasting

if TYPE_CHECKING:
    import pandas as pd

YEARS, THERE = "years in the lowest band", "in the lowest band at the end"
ALL = "(everybody)"


def lasting_of(counts: pd.DataFrame, people: str, names: Sequence[str], *, cross: bool) -> tuple[Lasting, ...]:
    """Return a curve for everybody, each group and, if wanted, each crossing of two.

    Parameters
    ----------
    counts
        Rows of groups, with :data:`YEARS`, :data:`THERE` and how many people there are of the kind.
    people
        The column of how many.
    names
        Columns of groups.
    cross
        Whether pairs of groups are crossed.
    """
    if YEARS not in counts.columns:
        return ()
    there = counts[counts[YEARS] > 0]
    return tuple(_one(attribute, group, rows, people) for attribute, group, rows in _groups(there, names, cross=cross))


def _groups(counts: pd.DataFrame, names: Sequence[str], *, cross: bool) -> Iterator[tuple[str, str, pd.DataFrame]]:
    if len(counts):
        yield ALL, ALL, counts
    crossings = list(itertools.combinations(names, 2)) if cross else []
    for chosen in [*((name,) for name in names), *crossings]:
        for levels, rows in counts.groupby(list(chosen), observed=True, dropna=False):
            said = ("(missing)" if level != level else str(level) for level in levels)
            yield " × ".join(chosen), " × ".join(said), rows


def _one(attribute: str, group: str, rows: pd.DataFrame, people: str) -> Lasting:
    years, now, number = (rows[name].to_numpy() for name in (YEARS, THERE, people))
    longest = int(years.max())
    left, still = (
        np.bincount(years[here].astype(np.int64), weights=number[here], minlength=longest + 1)[1:]
        for here in (~now.astype(bool), now.astype(bool))
    )
    made = kaplan_meier(left, still)
    steps = tuple(
        Lasted(at + 1, int(made.at_risk[at]), int(made.left[at]), float(made.share[at]),
               _known(made.low[at]), _known(made.high[at]))
        for at in range(longest)
    )  # fmt: skip
    return Lasting(attribute, group, int(number.sum()), int(still.sum()), made.median, steps)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
