"""One set of people split at random into two, on their counts: one to search in, one to confirm in.

Choosing which m of N people go to one half, each choice as likely as any other, moves a hypergeometric number of
each kind of person: no row is needed. Where the people counted are an independent sample, the two halves are
independent of each other, so that nothing seen in one can have been chosen to fit the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UndefinedMetricError
from .counts import check_share
from .permutation import MOST_PEOPLE

Counts = NDArray[np.int64]


class Halves(NamedTuple):
    """Counts of the people searched, and of the people kept back; the two add up to the whole."""

    search: Counts
    confirmation: Counts


def thin(counts: ArrayLike, *, share: float = 0.5, rng: np.random.Generator | int) -> Halves:
    """Split people at random into a part to search in and a part to confirm in.

    Parameters
    ----------
    counts
        Whole numbers of people of each kind, any shape.
    share
        Share of all people that goes to the search, between 0 and 1; their number is rounded down.
    rng
        Generator or seed.

    Returns
    -------
    Halves
        Two int64 arrays of the shape of ``counts``. An entry of n people gives the search a hypergeometric number:
        of N people in all m are drawn without putting back, and n of the N are of this kind.

    Raises
    ------
    UndefinedMetricError
        If counts are negative or not whole (sums of weights cannot be dealt out person by person), the share is
        not between 0 and 1, or there are a thousand million people or more.

    Notes
    -----
    Given an independent sample, the two parts are independent multinomial samples. Source: Cox (1975), Biometrika 62,
    A note on data-splitting for the evaluation of significance levels.

    Examples
    --------
    >>> halves = thin([[40, 10], [25, 26]], rng=1)
    >>> (halves.search + halves.confirmation).tolist(), int(halves.search.sum())
    ([[40, 10], [25, 26]], 50)
    """
    check_share(share, "share")
    given = np.asarray(counts)
    whole = given.astype(np.int64) if np.isfinite(given).all() else np.full(given.shape, -1)
    if (whole != given).any() or (whole < 0).any():
        message = (
            "People are dealt into two halves one by one, so counts are whole and not negative. Sums of weights "
            "cannot be dealt out: count the people without weights."
        )
        raise UndefinedMetricError(message)
    everybody = int(whole.sum())
    if everybody > MOST_PEOPLE:
        message = (
            f"At most {MOST_PEOPLE:,} people can be dealt into two halves, got {everybody:,}. Count a part of them, "
            "such as a year or a region, and search there."
        )
        raise UndefinedMetricError(message)
    search = np.zeros(whole.size, dtype=np.int64)
    occupied = np.flatnonzero(whole)
    drawn = int(everybody * share)
    if len(occupied):
        kinds = whole.flat[occupied]
        search[occupied] = np.random.default_rng(rng).multivariate_hypergeometric(kinds, drawn, method="marginals")
    half = search.reshape(whole.shape)
    return Halves(half, whole - half)
