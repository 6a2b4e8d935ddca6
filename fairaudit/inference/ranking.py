"""How well scores rank people, from counts by score bin: AUC with DeLong's variance, and KS.

Bins run from the worst to the best score. AUC is the probability that a good person outranks a bad one,
ties counting half.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .combining import mover
from .contrast import Comparisons
from .counts import (
    BoolArray,
    FloatArray,
    Interval,
    Significance,
    check_share,
    divide,
    normal_quantile,
    scalar_or_array,
    two_sided_p,
)
from .roots import crossing

LOGIT = "DeLong, logit"
SCORE = "Newcombe score, ties allowed for"
PAIRS = "Clopper-Pearson on disjoint pairs"
AUC_DIFFERENCE = "MOVER of the two AUC intervals"
FEW = 50
"""Good or bad people below which DeLong's variance is not trusted (docs/coverage.md)."""
HALVINGS = 44
"""Of the interval from 0 to 1, down to 1e-13."""
FARTHEST_Z = 37.0
"""Beyond it a normal tail is 0 in floating point."""


class Auc(NamedTuple):
    """An area under the curve and its variance."""

    value: FloatArray
    variance: FloatArray


def delong(
    good: ArrayLike, bad: ArrayLike, *, good_w2: ArrayLike | None = None, bad_w2: ArrayLike | None = None
) -> Auc:
    """AUC and its variance by DeLong's method, at a cost that goes with the bins and not the people.

    Parameters
    ----------
    good, bad
        Good and bad people (or sums of their weights) by bin, worst score first, shape [..., bin].
    good_w2, bad_w2
        Sums of squared weights by bin, for weighted people; the variance is then linearised.

    Returns
    -------
    Auc
        Shape [...]. The value is NaN without good or without bad people; the variance also with only
        one of either.

    Raises
    ------
    UndefinedMetricError
        If a count is negative, or the two differ in bins.

    Notes
    -----
    Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44.

    Examples
    --------
    >>> auc = delong(good=[1, 2, 5], bad=[4, 2, 1])
    >>> print(f"{auc.value:.4f} {auc.variance:.4f}")
    0.7946 0.0140
    """
    good, bad = _check_bins(good, bad)
    goods, bads = good.sum(axis=-1, keepdims=True), bad.sum(axis=-1, keepdims=True)
    # Placements: the share of the other kind that a person of this bin outranks, or is outranked by.
    of_good = divide(np.cumsum(bad, axis=-1) - bad / 2, bads)
    of_bad = divide(goods - np.cumsum(good, axis=-1) + good / 2, goods)
    value = divide((good * of_good).sum(axis=-1, keepdims=True), goods)
    if good_w2 is None or bad_w2 is None:
        square_good = divide(good, goods * (goods - 1))
        square_bad = divide(bad, bads * (bads - 1))
    else:
        square_good = divide(np.asarray(good_w2, dtype=np.float64), goods**2)
        square_bad = divide(np.asarray(bad_w2, dtype=np.float64), bads**2)
    # One person of a kind shows no spread: x/0 times 0 in a bin is unknown, not a variance of 0.
    with np.errstate(invalid="ignore"):
        variance = (square_good * (of_good - value) ** 2 + square_bad * (of_bad - value) ** 2).sum(axis=-1)
    variance = np.where(np.isfinite(variance), variance, np.nan)
    return Auc(scalar_or_array(value[..., 0]), scalar_or_array(variance))


def tied_share(people: ArrayLike) -> FloatArray:
    """Share by which equal scores shrink the variance of a ranking: the sum of t^3 - t over N^3 - N.

    Parameters
    ----------
    people
        People by bin, good and bad together, shape [..., bin].

    Returns
    -------
    array
        Shape [...]: 0 where no two people share a score, 1 where all do.

    Notes
    -----
    Source: Lehmann (1975), Nonparametrics, 1.4 (the Wilcoxon statistic with ties).

    Examples
    --------
    >>> float(tied_share([1, 1, 1])), float(tied_share([3, 0]))
    (0.0, 1.0)
    """
    people = np.asarray(people, dtype=np.float64)
    everybody = people.sum(axis=-1)
    return divide((people**3 - people).sum(axis=-1), everybody**3 - everybody)


def auc_interval(
    auc: ArrayLike,
    variance: ArrayLike,
    n_good: ArrayLike,
    n_bad: ArrayLike,
    *,
    confidence: float = 0.95,
    tied: ArrayLike | None = None,
) -> Interval:
    """Interval of an AUC on the logit scale, and an exact one where DeLong's variance says nothing.

    With fewer than 50 good or bad people DeLong's variance is too often too small (with 10 bad people and few
    distinct scores a 95% interval covered 82%). Where ``tied`` is given, these have Newcombe's score interval:
    every AUC from which the observed one is at most z standard deviations away, by Hanley and McNeil's variance
    at that AUC, less what ties take from it.

    Where the AUC is 0 or 1, or the variance 0 or unknown, the normal interval would be a point. The people
    then stand in min(n_good, n_bad) disjoint pairs of one good and one bad; the pairs ranked rightly are
    binomial with the AUC as their probability, and Clopper-Pearson holds. It is wide, and honest about
    how little a perfect ranking of few people shows.

    Parameters
    ----------
    auc, variance
        What :func:`delong` returned, any shapes that broadcast.
    n_good, n_bad
        Good and bad people behind them (effective numbers when weighted).
    confidence
        Coverage aimed at.
    tied
        What :func:`tied_share` returned, for unweighted people.

    Returns
    -------
    Interval
        With the method of each cell; NaN where the AUC is.

    Notes
    -----
    Source: Pepe (2003), The Statistical Evaluation of Medical Tests, 5.2; Newcombe (2006), Statistics in
    Medicine 25:559 (method 5); Hanley & McNeil (1982), Radiology 143; Clopper & Pearson (1934).

    Examples
    --------
    >>> low, high, method = auc_interval(0.7946, 0.0140, 8, 7)
    >>> print(f"{low:.3f} {high:.3f} {method}")
    0.483 0.941 DeLong, logit
    >>> low, high, method = auc_interval(1.0, 0.0, 8, 7)
    >>> print(f"{low:.3f} {high:.3f} {method}")
    0.590 1.000 Clopper-Pearson on disjoint pairs
    """
    z = normal_quantile(check_share(confidence, "confidence"))
    one = _cells(auc, variance, n_good, n_bad, tied)
    low, high = _auc_bounds(*one, np.asarray(z))
    method = np.where(_has_spread(one[0], one[1]), np.where(_is_few(*one[2:]), SCORE, LOGIT), PAIRS).astype(object)
    return Interval(scalar_or_array(low), scalar_or_array(high), method[()])


def auc_difference(
    auc: ArrayLike,
    variance: ArrayLike,
    n_good: ArrayLike,
    n_bad: ArrayLike,
    auc_reference: ArrayLike,
    variance_reference: ArrayLike,
    n_good_reference: ArrayLike,
    n_bad_reference: ArrayLike,
    *,
    confidence: float = 0.95,
    tied: ArrayLike | None = None,
    tied_reference: ArrayLike | None = None,
) -> Comparisons:
    """Difference of the AUCs of two groups of different people, with interval and test from one method.

    The interval combines the two of :func:`auc_interval`, so a perfect ranking of five people is not taken
    for certain; p is the significance at which it just reaches 0.

    Parameters
    ----------
    auc, variance, n_good, n_bad
        The group's AUC, DeLong variance, good and bad people, any shapes that broadcast.
    auc_reference, variance_reference, n_good_reference, n_bad_reference
        The same for the reference.
    confidence
        Coverage aimed at.
    tied, tied_reference
        What :func:`tied_share` returned for each, for unweighted people.

    Returns
    -------
    Comparisons
        Group less reference; NaN where one of the AUCs is.

    Notes
    -----
    Source: Zou & Donner (2008), Statistics in Medicine 27, on the logit intervals.

    Examples
    --------
    >>> gap = auc_difference(0.70, 0.0009, 120, 80, 0.80, 0.0004, 300, 200)
    >>> print(f"{gap.value:.2f} [{gap.low:.3f}, {gap.high:.3f}] p={gap.p:.4f}")
    -0.10 [-0.172, -0.030] p=0.0045
    """
    z = normal_quantile(check_share(confidence, "confidence"))
    one = _cells(auc, variance, n_good, n_bad, tied)
    two = _cells(auc_reference, variance_reference, n_good_reference, n_bad_reference, tied_reference)
    value = one[0] - two[0]

    def bounds(z: FloatArray) -> Interval:
        low1, high1 = _auc_bounds(*one, z)
        low2, high2 = _auc_bounds(*two, z)
        return mover(one[0], low1, high1, two[0], low2, high2, weight2=-1.0)

    def covers(z: FloatArray) -> FloatArray:
        low, high, _ = bounds(z)
        return np.where(value > 0, -low, high)

    low, high, _ = bounds(np.full(value.shape, z))
    at = crossing(covers, np.zeros(value.shape), np.full(value.shape, FARTHEST_Z))
    p = np.where(np.isnan(at), 0.0, two_sided_p(at))
    p = np.where(covers(np.zeros(value.shape)) >= 0, 1.0, p)
    return Comparisons(
        value=scalar_or_array(value),
        low=low,
        high=high,
        method=np.full(value.shape, AUC_DIFFERENCE, dtype=object),
        test=np.full(value.shape, AUC_DIFFERENCE, dtype=object),
        p=scalar_or_array(np.where(np.isnan(value), np.nan, p)),
    )


def difference_z(value1: ArrayLike, variance1: ArrayLike, value2: ArrayLike, variance2: ArrayLike) -> Significance:
    """z and two-sided p of the difference of two independent estimates with known variances.

    Parameters
    ----------
    value1, variance1
        First estimate and its variance, any shapes that broadcast.
    value2, variance2
        Second estimate and its variance.

    Returns
    -------
    Significance
        NaN where both variances are 0: an estimate without a spread cannot be tested so.

    Examples
    --------
    >>> print(f"{difference_z(0.70, 0.0009, 0.80, 0.0004).statistic:.3f}")
    -2.774
    """
    total = np.asarray(variance1, dtype=np.float64) + np.asarray(variance2, dtype=np.float64)
    gap = np.asarray(value1, dtype=np.float64) - np.asarray(value2, dtype=np.float64)
    z = scalar_or_array(np.where(total > 0, divide(gap, np.sqrt(total)), np.nan))
    return Significance(z, two_sided_p(z))


def ks_statistic(good: ArrayLike, bad: ArrayLike) -> FloatArray:
    """Largest gap between the shares of bad and of good people at or under a score.

    Parameters
    ----------
    good, bad
        People by bin, worst score first, shape [..., bin].

    Returns
    -------
    array
        Shape [...], between 0 and 1; NaN without good or without bad people. It cannot be negative, so few
        people make it large: read it beside its value expected under no difference.

    Raises
    ------
    UndefinedMetricError
        If a count is negative, or the two differ in bins.

    Notes
    -----
    Source: Kolmogorov (1933), Smirnov (1948).

    Examples
    --------
    >>> print(f"{ks_statistic(good=[1, 2, 5], bad=[4, 2, 1]):.3f}")
    0.482
    """
    good, bad = _check_bins(good, bad)
    below_good = divide(np.cumsum(good, axis=-1), good.sum(axis=-1, keepdims=True))
    below_bad = divide(np.cumsum(bad, axis=-1), bad.sum(axis=-1, keepdims=True))
    return scalar_or_array(np.abs(below_good - below_bad).max(axis=-1))


def _check_bins(good: ArrayLike, bad: ArrayLike) -> tuple[FloatArray, FloatArray]:
    good, bad = np.asarray(good, dtype=np.float64), np.asarray(bad, dtype=np.float64)
    if good.ndim == 0 or bad.ndim == 0 or good.shape[-1] != bad.shape[-1] or good.shape[-1] == 0:
        message = (
            f"Good and bad people are counted over the same score bins on the last axis, got shapes "
            f"{good.shape} and {bad.shape}."
        )
        raise UndefinedMetricError(message)
    least = min(good.min(initial=0.0), bad.min(initial=0.0))
    if least < 0:
        message = f"Counts of people by score bin cannot be negative, got {float(least)!r}."
        raise UndefinedMetricError(message)
    return good, bad


_Ranking = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]


def _cells(
    auc: ArrayLike, variance: ArrayLike, n_good: ArrayLike, n_bad: ArrayLike, tied: ArrayLike | None
) -> _Ranking:
    """Return an AUC, its variance, the people behind it and their ties (NaN: not known) as floats of one shape."""
    given = (auc, variance, n_good, n_bad, np.nan if tied is None else tied)
    auc, variance, n_good, n_bad, tied = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in given))
    return auc, variance, n_good, n_bad, tied


def _is_few(n_good: FloatArray, n_bad: FloatArray, tied: FloatArray) -> BoolArray:
    return (np.minimum(n_good, n_bad) < FEW) & ~np.isnan(tied)


def _score_bound(auc: FloatArray, n_good: FloatArray, n_bad: FloatArray, tied: FloatArray, z: FloatArray) -> FloatArray:
    """Return the AUC that lies z standard deviations away: below the observed one for a negative z, else above."""
    shape = np.broadcast_shapes(auc.shape, z.shape)
    inner, outer = np.broadcast_to(auc, shape), np.broadcast_to(np.where(z < 0, 0.0, 1.0), shape)
    at_stake = divide(1 - tied, n_good * n_bad)
    pairs = (n_good + n_bad) / 2 - 1
    for _ in range(HALVINGS):
        middle = (inner + outer) / 2
        spread = 1 + pairs * ((1 - middle) / (2 - middle) + middle / (1 + middle))
        with np.errstate(invalid="ignore"):  # without people of either kind there is no AUC, and no end
            near = (auc - middle) ** 2 <= z**2 * at_stake * middle * (1 - middle) * spread
        inner, outer = np.where(near, middle, inner), np.where(near, outer, middle)
    return outer


def _has_spread(auc: FloatArray, variance: FloatArray) -> BoolArray:
    # Under 1e-14 a variance is what rounding left of 0.
    return (auc > 0) & (auc < 1) & (variance > 1e-14)


def _auc_bounds(
    auc: FloatArray, variance: FloatArray, n_good: FloatArray, n_bad: FloatArray, tied: FloatArray, z: FloatArray
) -> tuple[FloatArray, FloatArray]:
    spread = _has_spread(auc, variance)
    inner = np.where(spread, auc, 0.5)
    half = z * np.sqrt(np.where(spread, variance, 0.0)) / (inner * (1 - inner))
    logit = scipy.special.logit(inner)
    pairs = np.minimum(n_good, n_bad)
    right = auc * pairs
    wrong = pairs - right
    tail = scipy.special.ndtr(-z)
    some, others = right > 0, wrong > 0
    low = np.where(some, scipy.special.betaincinv(np.where(some, right, 1.0), wrong + 1, tail), 0.0)
    high = np.where(others, scipy.special.betaincinv(right + 1, np.where(others, wrong, 1.0), 1 - tail), 1.0)
    low = np.where(spread, scipy.special.expit(logit - half), low)
    high = np.where(spread, scipy.special.expit(logit + half), high)
    few = spread & _is_few(n_good, n_bad, tied)
    if few.any():
        low = np.where(few, _score_bound(auc, n_good, n_bad, tied, -z), low)
        high = np.where(few, _score_bound(auc, n_good, n_bad, tied, z), high)
    return np.where(np.isnan(auc), np.nan, low), np.where(np.isnan(auc), np.nan, high)
