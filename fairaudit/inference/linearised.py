"""Rates of groups that one person may belong to in part, or together with others, by linearised variances.

Each row adds to several groups, so their rates vary together: variances and covariances come from the sums of
w^2 m_g m_h over those who are counted and those who are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from .counts import FloatArray, divide, normal_quantile
from .proportion import wilson_at
from .roots import crossing

How = Literal["difference", "ratio", "odds_ratio"]
FARTHEST_Z = 8.0
METHOD = "linearised, Wilson at effective n"
CONTRAST_METHOD = "MOVER of linearised rates, with their covariance"
TEST = "inverted MOVER, linearised"


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Weighted rates of groups: values, covariance matrix and effective people."""

    value: FloatArray
    covariance: FloatArray
    effective: FloatArray
    den: FloatArray

    def correlation(self, i: int, j: int) -> float:
        """Correlation of two groups' rates; 0 where one of them does not vary."""
        spread = float(np.sqrt(self.covariance[i, i] * self.covariance[j, j]))
        return float(np.clip(self.covariance[i, j] / spread, -1, 1)) if spread > 0 else 0.0

    def interval(self, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Return Wilson's interval of each rate, at effective n = p(1 - p)/v."""
        low, high, _ = wilson_at(self.value * self.effective, self.effective, normal_quantile(confidence))
        return low, high


def weighted_rates(num: ArrayLike, den: ArrayLike, counted: ArrayLike, others: ArrayLike) -> Rates:
    """Return the rate of each group, with the covariances that shared people make.

    Parameters
    ----------
    num, den
        Sums of w m_g over the counted and over all [group].
    counted, others
        Sums of w^2 m_g m_h over those counted in ``num`` and over the rest [group, group].

    Notes
    -----
    Taylor linearisation of a ratio of sums (Woodruff 1971): row i adds w m_g (y - p_g) / D_g to the rate of group g.
    Where a rate is 0 or 1 its linearised variance is 0, and effective people are Kish's D^2 / sum of (w m)^2.

    Examples
    --------
    >>> made = weighted_rates([26.0], [48.0], [[26.0]], [[22.0]])
    >>> made.value.round(4), made.effective
    (array([0.5417]), array([48.]))
    """
    a, d = np.asarray(num, dtype=np.float64), np.asarray(den, dtype=np.float64)
    yes, no = np.asarray(counted, dtype=np.float64), np.asarray(others, dtype=np.float64)
    p = np.minimum(divide(a, d), 1.0)
    q = 1 - p
    covariance = divide(np.outer(q, q) * yes + np.outer(p, p) * no, np.outer(d, d))
    own, squares = np.diag(covariance), np.diag(yes + no)
    kish = np.where(squares > 0, d**2 / np.where(squares > 0, squares, 1.0), 0.0)
    varies = own > 0
    effective = np.where(varies, p * q / np.where(varies, own, 1.0), kish)
    return Rates(p, covariance, np.nan_to_num(effective), d)


@dataclass(frozen=True, slots=True)
class Linearised:
    """A contrast of two groups' rates; NaN where it does not exist."""

    value: float
    low: float
    high: float
    low_one_sided: float
    high_one_sided: float
    p: float
    standard_error: float
    """Of the difference, or of the logarithm of the ratio or odds ratio."""


def compare_rates(
    rates: Rates, group: int, reference: int, *, how: How, confidence: float = 0.95, alpha: float = 0.05
) -> Linearised:
    """Set one group's rate against another's, allowing for the people that they share.

    Parameters
    ----------
    rates
        From :func:`weighted_rates`.
    group, reference
        Their numbers.
    how
        Difference, ratio or odds ratio; the last two on the scale of their logarithm.
    confidence, alpha
        Of the two-sided interval and of the one-sided bounds.

    Notes
    -----
    MOVER for correlated estimates (Zou 2007, Psychological Methods 12): each rate's Wilson limits, and the
    correlation. The p-value is 1 less the confidence at which the interval reaches no difference.

    Examples
    --------
    >>> made = weighted_rates([26.0, 206.0], [48.0, 259.0], np.diag([26.0, 206.0]), np.diag([22.0, 53.0]))
    >>> found = compare_rates(made, 0, 1, how="ratio")
    >>> round(found.value, 3), round(found.low, 2), round(found.high, 2)
    (0.681, 0.5, 0.86)
    """
    p, r = float(rates.value[group]), float(rates.value[reference])
    if np.isnan(p) or np.isnan(r) or (how != "difference" and p == r == 0) or (how == "odds_ratio" and p == r == 1):
        return Linearised(*([np.nan] * 7))
    ends = [_limits(rates, group, reference, how, z) for z in (normal_quantile(confidence), _one_sided(alpha))]
    (low, high), (low_one, high_one) = ends
    return Linearised(
        float(_scaled(p, r, how)), low, high, low_one, high_one, _p(rates, group, reference, how),
        _standard_error(rates, group, reference, how),
    )  # fmt: skip


def _one_sided(alpha: float) -> float:
    return float(scipy.special.ndtri(1 - alpha))


def _scaled(p: float, r: float, how: How) -> float:
    if how == "difference":
        return p - r
    if how == "ratio":
        return float(divide(p, r))
    return float(divide(p * (1 - r), r * (1 - p)))


def _transformed(x: FloatArray, how: How) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        if how == "difference":
            return x
        return np.log(x) if how == "ratio" else np.log(x) - np.log1p(-x)


def _limits(rates: Rates, group: int, reference: int, how: How, z: float) -> tuple[float, float]:
    places = [group, reference]
    low, high, _ = wilson_at((rates.value * rates.effective)[places], rates.effective[places], z)
    v, below, above = (_transformed(x, how) for x in (rates.value[places], low, high))

    def back(x: float) -> float:
        return float(x) if how == "difference" else float(np.exp(x))

    if not np.isfinite(v).all():
        # A rate of 0 (or odds of no end) has no logarithm: the limits that no correlation narrows.
        return back(below[0] - above[1]), back(above[0] - below[1])
    twice = 2 * rates.correlation(group, reference)
    down, up = v - below, above - v
    left = _root(down[0], up[1], twice)
    right = _root(up[0], down[1], twice)
    return back(v[0] - v[1] - left), back(v[0] - v[1] + right)


def _root(one: float, other: float, twice: float) -> float:
    if not (np.isfinite(one) and np.isfinite(other)):
        return float("inf")
    return float(np.sqrt(max(one**2 + other**2 - twice * one * other, 0.0)))


def _p(rates: Rates, group: int, reference: int, how: How) -> float:
    p, r = rates.value[group], rates.value[reference]
    if p == r:
        return 1.0
    if not np.isfinite(_transformed(np.array([p, r]), how)).all():
        how = "difference"  # the same hypothesis, on a scale where the interval exists
    neutral = 0.0 if how == "difference" else 1.0

    def reaches(z: FloatArray) -> FloatArray:
        ends = [_limits(rates, group, reference, how, float(each)) for each in np.ravel(z)]
        return np.array([neutral - low if p > r else high - neutral for low, high in ends]).reshape(np.shape(z))

    at = crossing(reaches, np.zeros(1), np.full(1, FARTHEST_Z), tolerance=1e-10)[0]
    return 0.0 if np.isnan(at) else float(2 * scipy.special.ndtr(-at))


def _standard_error(rates: Rates, group: int, reference: int, how: How) -> float:
    p = rates.value[[group, reference]]
    with np.errstate(divide="ignore"):
        slope = {"difference": np.ones(2), "ratio": 1 / p, "odds_ratio": 1 / (p * (1 - p))}[how] * np.array([1, -1])
    part = rates.covariance[np.ix_([group, reference], [group, reference])]
    if not np.isfinite(slope).all():
        return float("nan")
    return float(np.sqrt(max(float(slope @ part @ slope), 0.0)))


def frechet_bounds(people: ArrayLike, counted: ArrayLike, members: ArrayLike) -> tuple[float, float]:
    """Return the least and the most members of a group that may be among the counted, cell by cell, summed.

    Parameters
    ----------
    people, counted, members
        Sums of weights in each cell of the proxy: of all, of those counted, and of the memberships.

    Notes
    -----
    Frechet's bounds, as Kallus, Mao and Zhou (2022, Management Science 68) use them: sharp for these cells if the
    memberships are true, calibrated probabilities; finer cells could only narrow them.

    Examples
    --------
    >>> frechet_bounds([10.0], [6.0], [7.0])
    (3.0, 6.0)
    """
    n, y, m = (np.asarray(x, dtype=np.float64) for x in (people, counted, members))
    return float(np.maximum(0.0, m + y - n).sum()), float(np.minimum(m, y).sum())
