"""The range of a number over everything that unknown outcomes or levels could be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .counts import FloatArray

MOST_ASSIGNMENTS = 4_000


class Extreme(NamedTuple):
    """The smallest or the largest AUC, and the good and bad people by bin that give it."""

    value: float
    good: FloatArray
    bad: FloatArray


def auc_bounds(good: ArrayLike, bad: ArrayLike, unobserved: ArrayLike) -> tuple[Extreme, Extreme]:
    """Return the least and the greatest AUC over all outcomes that unobserved people could have.

    For any number of good ones among them, the AUC is greatest when these have the best scores and least when
    they have the worst: exchanging a good and a bad person the other way never helps. All numbers of good ones
    are tried, up to 4,000 evenly spaced ones.

    Parameters
    ----------
    good, bad, unobserved
        People by bin, worst score first, shape [bin].

    Returns
    -------
    tuple of Extreme
        NaN where nobody could be good, or nobody bad.

    Notes
    -----
    Source: Manski (2003), Partial Identification of Probability Distributions.

    Examples
    --------
    >>> low, high = auc_bounds([1, 2], [2, 1], [1, 1])
    >>> print(f"{low.value:.3f} {high.value:.3f}")
    0.500 0.750
    """
    g, b, u = (np.asarray(x, dtype=np.float64) for x in (good, bad, unobserved))
    total = int(u.sum())
    many = np.unique(np.linspace(0, total, min(total + 1, MOST_ASSIGNMENTS)).round())[:, None]
    below = np.cumsum(u) - u
    above = total - below - u
    ends = []
    for before, largest in ((below, False), (above, True)):
        filled = np.clip(many - before, 0.0, u)
        goods, bads = g + filled, b + u - filled
        pairs = goods.sum(axis=1) * bads.sum(axis=1)
        won = (goods * (np.cumsum(bads, axis=1) - bads / 2)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            auc = np.where(pairs > 0, won / pairs, np.nan)
        if np.isnan(auc).all():
            ends.append(Extreme(np.nan, g, b))
            continue
        at = int(np.nanargmax(auc) if largest else np.nanargmin(auc))
        ends.append(Extreme(float(auc[at]), goods[at], bads[at]))
    return ends[0], ends[1]


def ratio_bounds(
    selected: float, people: float, selected_reference: float, people_reference: float,
    missing_selected: float, missing_declined: float,
) -> tuple[tuple[float, ...], tuple[float, ...]]:  # fmt: skip
    """Return the counts that give the least and the greatest adverse impact ratio over missing levels.

    Parameters
    ----------
    selected, people, selected_reference, people_reference
        Counts of the group and of its reference.
    missing_selected, missing_declined
        People without a level, who may belong to either, or to neither.

    Returns
    -------
    tuple of tuples
        (selected, people, selected of the reference, people of the reference), twice.

    Examples
    --------
    >>> ratio_bounds(26, 48, 206, 259, 5, 3)
    ((26, 51, 211, 264), (31, 53, 206, 262))
    """
    least = (
        selected, people + missing_declined, selected_reference + missing_selected, people_reference + missing_selected,
    )  # fmt: skip
    greatest = (
        selected + missing_selected, people + missing_selected, selected_reference, people_reference + missing_declined,
    )  # fmt: skip
    return least, greatest


def imputed_bad_rates(good: ArrayLike, bad: ArrayLike, fallback: ArrayLike) -> FloatArray:
    """Return the observed bad rate of each bin [bin]; the fallback's, or the nearest bin's, where none is observed.

    Examples
    --------
    >>> imputed_bad_rates([0, 3], [0, 1], [np.nan, 0.5]).tolist()
    [0.25, 0.25]
    """
    g, b = np.asarray(good, dtype=np.float64), np.asarray(bad, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(g + b > 0, b / (g + b), np.asarray(fallback, dtype=np.float64))
    known = np.flatnonzero(~np.isnan(rate))
    if not len(known):
        return rate
    nearest = known[np.abs(np.arange(len(rate))[:, None] - known).argmin(axis=1)]
    return np.asarray(np.where(np.isnan(rate), rate[nearest], rate))


def observation_weighted(
    good: ArrayLike, bad: ArrayLike, unobserved: ArrayLike
) -> tuple[FloatArray, FloatArray, float]:
    """Let observed people stand for the unobserved ones of their cell: weights of 1 / chance of being observed.

    Parameters
    ----------
    good, bad, unobserved
        People of each cell, of one shape; a cell is a score, or a score within a stratum.

    Returns
    -------
    tuple
        Weighted good and bad people of each cell, and the share of all people for whom nobody observed stands:
        those of cells in which no outcome is observed.

    Notes
    -----
    Source: Horvitz & Thompson (1952), Journal of the American Statistical Association 47.

    Examples
    --------
    >>> good, bad, nobody = observation_weighted([0, 6], [0, 2], [4, 8])
    >>> good.tolist(), bad.tolist(), nobody
    ([0.0, 12.0], [0.0, 4.0], 0.2)
    """
    g, b, u = (np.asarray(counts, dtype=np.float64) for counts in (good, bad, unobserved))
    observed = g + b
    weight = np.where(observed > 0, (observed + u) / np.where(observed > 0, observed, 1.0), 0.0)
    people = float((observed + u).sum())
    nobody = float(u[observed == 0].sum()) / people if people > 0 else float("nan")
    return np.asarray(g * weight), np.asarray(b * weight), nobody
