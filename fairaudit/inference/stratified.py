"""Two groups within strata: is the difference still there among comparable people?

All functions take counts [..., stratum, 2, 2]: group and reference, each favorable and not. Leading axes are
free (cut-offs, pairs of groups). Effective counts of weighted people need not be whole; the exact test does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .counts import FloatArray, Interval, check_share, divide, normal_quantile, scalar_or_array

SPARSE = 5
"""A stratum with an expected count under this is sparse for the test of homogeneity."""
ENOUGH = 10
"""Smallest expected count, summed over strata, from which the large-sample test is used."""
MOST_EXACT = 20_000
"""Longest range of the exact distribution that is worked out."""


class Pooled(NamedTuple):
    """A common contrast over strata, with its interval."""

    value: FloatArray
    low: FloatArray
    high: FloatArray


class StratifiedTest(NamedTuple):
    """A statistic, its p-value and the name of the test."""

    statistic: float
    p: float
    method: str


def _cells(counts: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return a, b, c, d and the total of each stratum; strata without both groups say nothing and count 0."""
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim < 3 or table.shape[-2:] != (2, 2) or not (table >= 0).all():
        message = "Counts by stratum must be [..., stratum, 2 groups, 2 decisions] and not negative."
        raise UndefinedMetricError(message)
    both = (table.sum(axis=-1) > 0).all(axis=-1)
    table = np.where(both[..., None, None], table, 0.0)
    return table[..., 0, 0], table[..., 0, 1], table[..., 1, 0], table[..., 1, 1], table.sum(axis=(-2, -1))


def mantel_haenszel_odds_ratio(counts: ArrayLike, *, confidence: float = 0.95) -> Pooled:
    """Common odds ratio over strata, with the interval of Robins, Breslow and Greenland.

    Value = sum(a d / N) / sum(b c / N). Undefined where both sums are 0.

    Parameters
    ----------
    counts
        People [..., stratum, group and reference, favorable and not].
    confidence
        Coverage aimed at.

    Notes
    -----
    Source: Mantel & Haenszel (1959), JNCI 22; Robins, Breslow & Greenland (1986), Biometrics 42.

    Examples
    --------
    >>> made = mantel_haenszel_odds_ratio([[[10, 20], [15, 15]], [[30, 20], [25, 10]]])
    >>> print(f"{made.value:.3f} [{made.low:.3f}, {made.high:.3f}]")
    0.554 [0.277, 1.108]
    """
    a, b, c, d, n = _cells(counts)
    up, down = divide(a * d, n), divide(b * c, n)
    up, down = np.nan_to_num(up), np.nan_to_num(down)
    agree, differ = np.nan_to_num(divide(a + d, n)), np.nan_to_num(divide(b + c, n))
    r, s = up.sum(axis=-1), down.sum(axis=-1)
    variance = (
        divide((agree * up).sum(axis=-1), 2 * r**2)
        + divide((agree * down + differ * up).sum(axis=-1), 2 * r * s)
        + divide((differ * down).sum(axis=-1), 2 * s**2)
    )
    return _log_interval(divide(r, s), variance, confidence)


def mantel_haenszel_risk_ratio(counts: ArrayLike, *, confidence: float = 0.95) -> Pooled:
    """Common ratio of selection rates over strata (the segmented adverse impact ratio), after Greenland and Robins.

    Value = sum(a m0 / N) / sum(c m1 / N), with m1 and m0 people of group and reference.

    Parameters
    ----------
    counts
        People [..., stratum, group and reference, favorable and not].
    confidence
        Coverage aimed at.

    Notes
    -----
    Source: Greenland & Robins (1985), Biometrics 41.

    Examples
    --------
    >>> made = mantel_haenszel_risk_ratio([[[10, 20], [15, 15]], [[30, 20], [25, 10]]])
    >>> print(f"{made.value:.3f} [{made.low:.3f}, {made.high:.3f}]")
    0.781 [0.587, 1.041]
    """
    a, b, c, d, n = _cells(counts)
    m1, m0 = a + b, c + d
    r = np.nan_to_num(divide(a * m0, n)).sum(axis=-1)
    s = np.nan_to_num(divide(c * m1, n)).sum(axis=-1)
    spread = np.nan_to_num(divide(m1 * m0 * (a + c) - a * c * n, n**2)).sum(axis=-1)
    return _log_interval(divide(r, s), divide(spread, r * s), confidence)


def mantel_haenszel_risk_difference(counts: ArrayLike, *, confidence: float = 0.95) -> Pooled:
    """Common difference of selection rates over strata, with Sato's variance, which sparse strata do not break.

    Value = sum((a m0 - c m1) / N) / sum(m1 m0 / N).

    Parameters
    ----------
    counts
        People [..., stratum, group and reference, favorable and not].
    confidence
        Coverage aimed at.

    Notes
    -----
    Source: Greenland & Robins (1985), Biometrics 41; Sato (1989), Biometrics 45.

    Examples
    --------
    >>> made = mantel_haenszel_risk_difference([[[10, 20], [15, 15]], [[30, 20], [25, 10]]])
    >>> print(f"{made.value:.3f} [{made.low:.3f}, {made.high:.3f}]")
    -0.136 [-0.293, 0.020]
    """
    a, b, c, d, n = _cells(counts)
    m1, m0 = a + b, c + d
    weight = np.nan_to_num(divide(m1 * m0, n))
    total = weight.sum(axis=-1)
    value = divide(np.nan_to_num(divide(a * m0 - c * m1, n)).sum(axis=-1), total)
    p = np.nan_to_num(divide(m1**2 * c - m0**2 * a + m1 * m0 * (m0 - m1) / 2, n**2)).sum(axis=-1)
    q = np.nan_to_num(divide(a * d + b * c, 2 * n)).sum(axis=-1)
    variance = divide(value * p + q, total**2)
    reach = normal_quantile(check_share(confidence, "confidence")) * np.sqrt(np.maximum(variance, 0.0))
    return Pooled(
        scalar_or_array(value),
        scalar_or_array(np.clip(value - reach, -1.0, 1.0)),
        scalar_or_array(np.clip(value + reach, -1.0, 1.0)),
    )


def _log_interval(value: FloatArray, variance: FloatArray, confidence: float) -> Pooled:
    """Return the interval on the log scale; from nothing to no end where one of the two sums is 0."""
    reach = normal_quantile(check_share(confidence, "confidence")) * np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.exp(np.log(value) - reach), np.exp(np.log(value) + reach)
    known = np.isfinite(value) & (value > 0) & np.isfinite(reach)
    low = np.where(known, low, np.where(np.isnan(value), np.nan, 0.0))
    high = np.where(known, high, np.where(np.isnan(value), np.nan, np.inf))
    return Pooled(scalar_or_array(value), scalar_or_array(low), scalar_or_array(high))


def cochran_mantel_haenszel(counts: ArrayLike, *, continuity: bool = False) -> StratifiedTest:
    """Is the group selected as often as its reference, stratum by stratum? One table [stratum, 2, 2].

    The large-sample statistic, or, where fewer than 10 are expected on any side, the exact conditional
    distribution (the strata's hypergeometric ones added up) with the central mid-p.

    Parameters
    ----------
    counts
        People [stratum, group and reference, favorable and not]; whole for the exact test.
    continuity
        With the correction by one half, in the large-sample statistic.

    Returns
    -------
    StratifiedTest
        The p-value is NaN where no stratum holds both groups and both decisions.

    Notes
    -----
    Source: Cochran (1954), Biometrics 10; Mantel & Haenszel (1959), JNCI 22; Agresti (2013), Categorical Data
    Analysis, 6.4 and 7.3 (exact).

    Examples
    --------
    >>> made = cochran_mantel_haenszel([[[20, 40], [30, 30]], [[60, 40], [50, 20]]])
    >>> print(f"{made.statistic:.3f} {made.p:.4f} {made.method}")
    5.603 0.0179 Cochran-Mantel-Haenszel
    """
    a, b, c, d, n = _cells(counts)
    if a.ndim != 1:
        message = "The test takes one table [stratum, 2 groups, 2 decisions] at a time."
        raise UndefinedMetricError(message)
    m1, m0, f, u = a + b, c + d, a + c, b + d
    mean = np.nan_to_num(divide(m1 * f, n))
    variance = float(np.nan_to_num(divide(m1 * m0 * f * u, n**2 * (n - 1))).sum())
    if not variance > 0:
        return StratifiedTest(np.nan, np.nan, "Cochran-Mantel-Haenszel")
    sides = [np.nan_to_num(divide(x * y, n)).sum() for x in (m1, m0) for y in (f, u)]
    whole = all((cell == np.round(cell)).all() for cell in (a, b, c, d))
    gap = abs(float((a - mean).sum()))
    if min(sides) < ENOUGH and whole and float(np.minimum(m1, f).sum()) < MOST_EXACT:
        return StratifiedTest(gap, _exact_mid_p(a, m1, m0, f), "exact conditional, mid-p")
    statistic = max(0.0, gap - (0.5 if continuity else 0.0)) ** 2 / variance
    return StratifiedTest(statistic, float(scipy.special.chdtrc(1, statistic)), "Cochran-Mantel-Haenszel")


def _exact_mid_p(a: FloatArray, m1: FloatArray, m0: FloatArray, f: FloatArray) -> float:
    """Return the central mid-p of the sum of a over strata, by convolution of hypergeometric distributions."""
    chances, least = np.ones(1), 0
    for m_one, m_two, chosen in zip(m1.tolist(), m0.tolist(), f.tolist(), strict=True):
        low, high = int(max(0.0, chosen - m_two)), int(min(chosen, m_one))
        k = np.arange(low, high + 1, dtype=np.float64)
        logs = _log_choose(m_one, k) + _log_choose(m_two, chosen - k)
        each = np.exp(logs - logs.max())
        chances, least = np.convolve(chances, each / each.sum()), least + low
    at = round(float(a.sum())) - least
    below, here = float(chances[:at].sum()), float(chances[at])
    return float(min(1.0, 2 * min(below + here / 2, 1 - below - here / 2)))


def _log_choose(n: float, k: FloatArray) -> FloatArray:
    log = scipy.special.gammaln
    return np.asarray(log(n + 1) - log(k + 1) - log(n - k + 1))


def breslow_day_tarone(counts: ArrayLike) -> StratifiedTest:
    """Is the odds ratio the same in all strata? Breslow and Day's statistic with Tarone's correction.

    Not tested where a stratum expects fewer than 5 in a cell at the common odds ratio: the method then
    says how many of the strata are sparse. One table [stratum, 2, 2].

    Parameters
    ----------
    counts
        People [stratum, group and reference, favorable and not].

    Notes
    -----
    Source: Breslow & Day (1980), Statistical Methods in Cancer Research 1, 4.4; Tarone (1985), Biometrika 72.

    Examples
    --------
    >>> made = breslow_day_tarone([[[20, 40], [30, 30]], [[60, 40], [50, 20]]])
    >>> print(f"{made.statistic:.3f} {made.p:.3f}")
    0.131 0.717
    >>> breslow_day_tarone([[[2, 4], [3, 3]], [[60, 40], [50, 20]]]).method
    'not tested: 1 of 2 strata sparse'
    """
    a, b, c, d, n = _cells(counts)
    if a.ndim != 1:
        message = "The test takes one table [stratum, 2 groups, 2 decisions] at a time."
        raise UndefinedMetricError(message)
    odds = float(np.asarray(mantel_haenszel_odds_ratio(counts).value))
    told = (n > 0) & (a + c > 0) & (b + d > 0)
    name = "Breslow-Day, Tarone"
    if not np.isfinite(odds) or odds <= 0 or told.sum() < 2:
        return StratifiedTest(np.nan, np.nan, f"not tested: {int(told.sum())} of {len(n)} strata hold both decisions")
    a, b, c, d, n = (x[told] for x in (a, b, c, d, n))
    m1, f = a + b, a + c
    expected = _expected(m1, n - m1, f, odds)
    cells = np.stack([expected, m1 - expected, f - expected, n - m1 - f + expected])
    sparse = int((cells < SPARSE).any(axis=0).sum())
    if sparse:
        return StratifiedTest(np.nan, np.nan, f"not tested: {sparse} of {len(told)} strata sparse")
    variance = 1 / (1 / cells).sum(axis=0)
    statistic = float(((a - expected) ** 2 / variance).sum() - (a - expected).sum() ** 2 / variance.sum())
    return StratifiedTest(statistic, float(scipy.special.chdtrc(len(n) - 1, statistic)), name)


def _expected(m1: FloatArray, m0: FloatArray, f: FloatArray, odds: float) -> FloatArray:
    """Return the selected of the group that the margins and a common odds ratio lead to expect."""
    if abs(odds - 1) < 1e-12:
        return np.asarray(m1 * f / (m1 + m0))
    x, y, z = odds - 1, -(odds * (m1 + f) + m0 - f), odds * m1 * f
    root = np.sqrt(y**2 - 4 * x * z)
    # The root between the margins' limits; written so that two near numbers are never subtracted.
    return np.asarray(2 * z / (-y + root))


def standardized_difference(counts: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Difference of selection rates when both groups have the group's own mix of strata (direct standardization).

    Used for reversals: the pooled difference says one thing, the standardized one another.

    Parameters
    ----------
    counts
        People [..., stratum, group and reference, favorable and not].
    confidence
        Coverage aimed at.

    Notes
    -----
    Source: Rothman, Greenland & Lash (2008), Modern Epidemiology, chapter 15.

    Examples
    --------
    >>> made = standardized_difference([[[20, 40], [30, 30]], [[60, 40], [50, 20]]])
    >>> print(f"{made.low:.3f} {made.high:.3f}")
    -0.243 -0.025
    """
    a, b, c, d, n = _cells(counts)
    m1, m0 = a + b, c + d
    p1, p0 = np.nan_to_num(divide(a, m1)), np.nan_to_num(divide(c, m0))
    share = np.nan_to_num(divide(m1, m1.sum(axis=-1, keepdims=True)))
    value = (share * (p1 - p0)).sum(axis=-1)
    # One more on each side, as Agresti and Caffo add: a stratum of all or none has a spread too.
    q1, q0 = (a + 1) / (m1 + 2), (c + 1) / (m0 + 2)
    variance = (share**2 * (q1 * (1 - q1) / (m1 + 2) + q0 * (1 - q0) / (m0 + 2))).sum(axis=-1)
    reach = normal_quantile(check_share(confidence, "confidence")) * np.sqrt(variance)
    known = n.sum(axis=-1) > 0
    low, high = (np.where(known, end, np.nan) for end in (value - reach, value + reach))
    return Interval(scalar_or_array(low), scalar_or_array(high), "direct standardization")
