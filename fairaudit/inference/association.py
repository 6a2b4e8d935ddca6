"""Tests of a 2x2 table: could two groups with the same rate have come out this far apart?

The approximate tests are here; the exact ones (Fisher, mid-p) are in ``conditional``.
All take a of n in the group and b of m in the reference.
"""

from __future__ import annotations

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from .counts import FloatArray, Significance, check_two_groups, divide, scalar_or_array, two_sided_p


def expected_counts(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike) -> FloatArray:
    """Return the smallest of the four counts expected if both groups had the pooled rate.

    Examples
    --------
    >>> float(expected_counts(6, 20, 24, 60))
    7.5
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    chosen = a + b
    everybody = n + m
    return scalar_or_array(divide(np.minimum(n, m) * np.minimum(chosen, everybody - chosen), everybody))


def z_test(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike) -> Significance:
    """Pooled two-sample z: the "standard deviations" of the court cases.

    Parameters
    ----------
    a, n
        Favorable decisions and people in the group.
    b, m
        The same in the reference.

    Returns
    -------
    Significance
        z (negative where the group's rate is lower) and the two-sided p. Everybody or nobody chosen is no
        evidence of a difference: z = 0, p = 1. NaN where a group is empty.

    Raises
    ------
    UndefinedMetricError
        If a count is negative or greater than its total.

    Examples
    --------
    >>> print(f"{z_test(26, 48, 206, 259).statistic:.3f}")  # Connecticut v. Teal
    -3.757
    """
    return _pooled_z(*check_two_groups(a, n, b, m), correct=False)


def hypergeometric_z(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike) -> Significance:
    """z with the variance of the count when the margins are fixed, N^2(N-1) in its denominator.

    It is the test that the Miettinen-Nurminen intervals invert: 1 (or 0) is outside them exactly where
    this p is under 1 minus the confidence.

    Parameters
    ----------
    a, n
        Favorable decisions and people in the group.
    b, m
        The same in the reference.

    Returns
    -------
    Significance
        z and the two-sided p; 0 and 1 where everybody or nobody is chosen, NaN where a group is empty.

    Raises
    ------
    UndefinedMetricError
        If a count is negative or greater than its total.

    Notes
    -----
    Source: Mantel & Haenszel (1959), one stratum; Miettinen & Nurminen (1985), Statistics in Medicine 4.

    Examples
    --------
    >>> print(f"{hypergeometric_z(26, 48, 206, 259).statistic:.3f}")  # Connecticut v. Teal
    -3.751
    """
    return _pooled_z(*check_two_groups(a, n, b, m), correct=True)


def chi_square(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, continuity: bool = True) -> Significance:
    """Chi-square test with one degree of freedom, by default with Yates's continuity correction.

    Without the correction it is the square of :func:`z_test`, with the same p.

    Parameters
    ----------
    a, n
        Favorable decisions and people in the group.
    b, m
        The same in the reference.
    continuity
        Subtract Yates's half from every deviation.

    Returns
    -------
    Significance
        The statistic and its p; 0 and 1 where everybody or nobody is chosen, NaN where a group is empty.

    Raises
    ------
    UndefinedMetricError
        If a count is negative or greater than its total.

    Notes
    -----
    Source: Yates (1934), Supplement to the JRSS 1.

    Examples
    --------
    >>> print(f"{chi_square(6, 20, 24, 60).p:.3f}")
    0.594
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    chosen, everybody = a + b, n + m
    deviation = np.abs(a - divide(n * chosen, everybody))
    if continuity:
        deviation = np.maximum(deviation - 0.5, 0.0)
    # Its inverse is the sum of 1/expected over the four cells; 0 where everybody or nobody is chosen.
    spread = divide(n * m * chosen * (everybody - chosen), everybody**3)
    statistic = np.where(spread > 0, divide(deviation**2, spread), 0.0)
    statistic = scalar_or_array(np.where((n > 0) & (m > 0), statistic, np.nan))
    return Significance(statistic, scalar_or_array(scipy.special.chdtrc(1, statistic)))


def finite_population(everybody: FloatArray) -> FloatArray:
    """Return N/(N-1), the factor between the pooled and the fixed-margin variance.

    Effective counts can sum to one person or less; the variance is then without bound, not negative.
    """
    return np.where(everybody > 1, divide(everybody, np.where(everybody > 1, everybody - 1, 1.0)), 1e12)


def _pooled_z(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, *, correct: bool) -> Significance:
    chosen, everybody = a + b, n + m
    factor = finite_population(everybody) if correct else 1.0
    pooled = divide(chosen * (everybody - chosen), everybody**2)
    with np.errstate(invalid="ignore"):  # nobody on one side: NaN below
        sd = np.sqrt(pooled * divide(everybody, n * m) * factor)
    constant = (chosen == 0) | (chosen == everybody)
    z = np.where(constant, 0.0, divide(divide(a, n) - divide(b, m), sd))
    z = scalar_or_array(np.where((n > 0) & (m > 0), z, np.nan))
    return Significance(z, two_sided_p(z))
