"""Does a control stand for the group, or for the score? How closely two columns go together.

People are counted here without their weights: what matters is whether one column tells the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .counts import FloatArray
from .ranking import auc_interval, delong, tied_share
from .regression import cramers_v


class Telling(NamedTuple):
    """How well a column tells a group from its reference: AUC of at least 0.5 with its interval, and |r|."""

    auc: float
    low: float
    high: float
    correlation: float
    """|r| of the group with a number, or Cramer's V with labels."""
    method: str


def tells_apart(
    values: ArrayLike, group: ArrayLike, people: ArrayLike, *, ordered: bool, confidence: float = 0.95
) -> Telling:
    """Return how well a column tells a group (1) from its reference (0).

    Labels without an order are put in the order of the group's share, on the same people: with many labels and few
    people that looks closer than it is.

    Parameters
    ----------
    values
        Numbers, or codes of levels.
    group
        1 or 0 for each line.
    people
        How many each line stands for.
    ordered
        False for labels without an order.
    confidence
        Of the AUC's interval.

    Notes
    -----
    Source: AUC as the chance that one of the group has the higher value (Hanley & McNeil 1982, Radiology 143).

    Examples
    --------
    >>> made = tells_apart([1, 2, 3, 4], [0, 0, 1, 1], [50, 10, 10, 50], ordered=True)
    >>> print(f"{made.auc:.3f} {made.correlation:.3f}")
    1.000 0.963
    """
    n, g = np.asarray(people, dtype=np.float64), np.asarray(group).astype(bool)
    levels, place = np.unique(np.asarray(values), return_inverse=True)
    inside, outside = (np.bincount(place, n * side, len(levels)) for side in (g, ~g))
    if not inside.sum() or not outside.sum():
        return Telling(np.nan, np.nan, np.nan, np.nan, "")
    if ordered:
        share = np.average(g, weights=n)
        mean = np.average(levels[place], weights=n)
        spread = np.average((levels[place] - mean) ** 2, weights=n) * share * (1 - share)
        together = np.average((levels[place] - mean) * (g - share), weights=n)
        correlation = abs(together) / spread**0.5 if spread > 0 else np.nan
    else:
        correlation = cramers_v(np.stack([inside, outside]))
        order = np.argsort(inside / (inside + outside), kind="stable")
        inside, outside = inside[order], outside[order]
    if delong(inside, outside).value < 0.5:
        inside, outside = inside[::-1], outside[::-1]
    made = delong(inside, outside)
    low, high, method = auc_interval(
        made.value, made.variance, inside.sum(), outside.sum(), confidence=confidence, tied=tied_share(inside + outside)
    )
    return Telling(float(made.value), float(low), float(high), float(correlation), str(method))


class Alike(NamedTuple):
    """How closely a column goes with the score: 0 to 1, and whether it is the score in other units."""

    strength: float
    copy: bool
    """A number that ranks everybody as the score does, or levels that cut the score into bands."""


def goes_with_score(values: ArrayLike, score: ArrayLike, people: ArrayLike, *, ordered: bool, numeric: bool) -> Alike:
    """Return how closely a column goes with the score under audit.

    Parameters
    ----------
    values
        Numbers, or codes of levels.
    score
        The score; NaN for people without one.
    people
        How many each line stands for.
    ordered
        True: |Spearman's rank correlation|. False: the correlation ratio of the score's ranks over the labels.
    numeric
        True for numbers, False for levels.

    Notes
    -----
    Source: Spearman (1904), American Journal of Psychology 15; Fisher (1925), Statistical Methods (correlation ratio).

    Examples
    --------
    >>> goes_with_score([1, 4, 9], [-1, -2, -3], [1, 1, 1], ordered=True, numeric=True)
    Alike(strength=1.0, copy=True)
    """
    n, s = np.asarray(people, dtype=np.float64), np.asarray(score, dtype=np.float64)
    known = ~np.isnan(s) & (n > 0)
    v, s, n = np.asarray(values)[known], s[known], n[known]
    if len(np.unique(s)) < 2 or len(np.unique(v)) < 2:
        return Alike(np.nan, copy=False)
    of_score = _midranks(s, n)
    mean = np.average(of_score, weights=n)
    spread = np.average((of_score - mean) ** 2, weights=n)
    if ordered:
        of_values = _midranks(v, n)
        center = np.average(of_values, weights=n)
        together = np.average((of_score - mean) * (of_values - center), weights=n)
        strength = abs(together) / (spread * np.average((of_values - center) ** 2, weights=n)) ** 0.5
    else:
        _, place = np.unique(v, return_inverse=True)
        total = np.bincount(place, n)
        means = np.bincount(place, n * of_score) / total
        strength = (np.average((means - mean) ** 2, weights=total) / spread) ** 0.5
    copy = strength > 1 - 1e-9 if numeric else _cuts(v, s)
    return Alike(min(1.0, float(strength)), bool(copy))


def _midranks(values: NDArray[np.generic], people: FloatArray) -> FloatArray:
    levels, place = np.unique(values, return_inverse=True)
    each = np.bincount(place, people, len(levels))
    return np.asarray((np.cumsum(each) - each / 2)[place])


def _cuts(levels: NDArray[np.generic], score: FloatArray) -> bool:
    """Whether levels, three or more, are bands of the score: no score lies in two, and none lies between another's."""
    codes, place = np.unique(levels, return_inverse=True)
    if len(codes) < 3:
        return False
    low, high = np.full(len(codes), np.inf), np.full(len(codes), -np.inf)
    np.minimum.at(low, place, score)
    np.maximum.at(high, place, score)
    order = np.argsort(low)
    return bool((high[order][:-1] < low[order][1:]).all())
