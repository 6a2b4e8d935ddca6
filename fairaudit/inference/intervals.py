"""Intervals for two independent rates: a of n in the group against b of m in the reference.

Ratio = (a/n)/(b/m), difference = a/n - b/m, odds ratio = a(m-b) / (b(n-a)).

The score intervals (Koopman, Miettinen-Nurminen) hold every value that a score test does not reject; with
the factor N/(N-1) of Miettinen and Nurminen the test at no difference is ``hypergeometric_z``, the same for
the ratio, the difference and the odds ratio of one table. The others (Newcombe, Katz, Woolf) are what
reports quote.

All take counts of any shapes that broadcast (fractions are allowed), return an ``Interval`` with NaN where
a group is empty, and raise ``UndefinedMetricError`` where a count is negative or greater than its total.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .association import finite_population
from .counts import (
    BoolArray,
    FloatArray,
    Interval,
    check_share,
    check_two_groups,
    divide,
    normal_quantile,
    scalar_or_array,
)
from .proportion import wilson
from .roots import crossing

FARTHEST_LOG = 60.0
"""Ratios and odds ratios are looked for between exp(-60) and exp(60)."""

NEAR = 1.15
"""Ends are first looked for within so many times the reach of the normal interval."""

MIETTINEN_NURMINEN = "Miettinen-Nurminen"

Squares = tuple[FloatArray, FloatArray]
"""Squared distance from the hypothesis, and its variance under it."""


def newcombe_difference(
    a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Interval of a difference of rates from the two Wilson intervals.

    Notes
    -----
    Source: Newcombe (1998), Statistics in Medicine 17, method 10.

    Examples
    --------
    >>> low, high, _ = newcombe_difference(56, 70, 48, 80)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0524 0.3339
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    p, r = divide(a, n), divide(b, m)
    low, high, _ = wilson(a, n, confidence=confidence)
    low_r, high_r, _ = wilson(b, m, confidence=confidence)
    return Interval(
        scalar_or_array(p - r - np.hypot(p - low, high_r - r)),
        scalar_or_array(p - r + np.hypot(high - p, r - low_r)),
        "Newcombe",
    )


def katz_ratio(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Interval of a ratio of rates on the log scale; from 0 to infinity where a or b is 0.

    Notes
    -----
    Source: Katz, Baptista, Azen & Pike (1978), Biometrics 34. Falls short of its coverage in small cells.

    Examples
    --------
    >>> low, high, _ = katz_ratio(26, 48, 206, 259)  # Connecticut v. Teal
    >>> print(f"{low:.3f} {high:.3f}")
    0.521 0.890
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    variance = divide(n - a, n * a) + divide(m - b, m * b)
    return _log_interval(divide(a * m, n * b), variance, confidence, (a > 0) & (b > 0), (n > 0) & (m > 0), "Katz")


def woolf_odds_ratio(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Interval of an odds ratio on the log scale; from 0 to infinity where one of the four counts is 0.

    Notes
    -----
    Source: Woolf (1955), Annals of Human Genetics 19.

    Examples
    --------
    >>> low, high, _ = woolf_odds_ratio(26, 48, 206, 259)  # Connecticut v. Teal
    >>> print(f"{low:.3f} {high:.3f}")
    0.160 0.578
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    variance = divide(1.0, a) + divide(1.0, n - a) + divide(1.0, b) + divide(1.0, m - b)
    full = (a > 0) & (b > 0) & (a < n) & (b < m)
    return _log_interval(divide(a * (m - b), (n - a) * b), variance, confidence, full, (n > 0) & (m > 0), "Woolf")


def miettinen_nurminen_difference(
    a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Score interval of a difference of rates.

    Notes
    -----
    Source: Miettinen & Nurminen (1985), Statistics in Medicine 4.

    Examples
    --------
    >>> low, high, _ = miettinen_nurminen_difference(56, 70, 48, 80)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0528 0.3382
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    point = divide(a, n) - divide(b, m)
    limit = _limit(n + m, confidence)
    outside, cells = _outside(difference_squares), (a, n, b, m, limit)
    reach = NEAR * np.sqrt(limit * difference_squares(a, n, b, m, point)[1])
    low = crossing(outside, point, np.full(point.shape, -1.0), guess=np.maximum(point - reach, -1.0), cells=cells)
    high = crossing(outside, point, np.full(point.shape, 1.0), guess=np.minimum(point + reach, 1.0), cells=cells)
    return _bounded(low, high, -1.0, 1.0, np.isnan(point), MIETTINEN_NURMINEN)


def koopman_ratio(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Score interval of a ratio of rates, without the factor N/(N-1).

    Notes
    -----
    Source: Koopman (1984), Biometrics 40.

    Examples
    --------
    >>> low, high, _ = koopman_ratio(36, 40, 16, 80)  # Koopman's own example
    >>> print(f"{low:.2f} {high:.2f}")
    2.94 7.15
    """
    return _score_ratio(a, n, b, m, confidence, factor=False, method="Koopman")


def miettinen_nurminen_ratio(
    a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Score interval of a ratio of rates; with b = 0 the upper bound is infinite, the lower one is not.

    Notes
    -----
    Source: Miettinen & Nurminen (1985), Statistics in Medicine 4.

    Examples
    --------
    >>> low, high, _ = miettinen_nurminen_ratio(26, 48, 206, 259)  # Connecticut v. Teal
    >>> print(f"{low:.3f} {high:.3f}")
    0.503 0.857
    """
    return _score_ratio(a, n, b, m, confidence, factor=True, method=MIETTINEN_NURMINEN)


def miettinen_nurminen_odds_ratio(
    a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, confidence: float = 0.95
) -> Interval:
    """Score interval of an odds ratio.

    Notes
    -----
    Source: Miettinen & Nurminen (1985), Statistics in Medicine 4.

    Examples
    --------
    >>> low, high, _ = miettinen_nurminen_odds_ratio(26, 48, 206, 259)  # Connecticut v. Teal
    >>> print(f"{low:.3f} {high:.3f}")
    0.161 0.576
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    limit = _limit(n + m, confidence)
    low_exists = (a > 0) & (b < m)
    high_exists = (a < n) & (b > 0)
    return _log_score(
        odds_squares,
        (a, n, b, m, limit),
        divide(a * (m - b), (n - a) * b),
        low_exists,
        high_exists,
        (n > 0) & (m > 0),
        MIETTINEN_NURMINEN,
        NEAR * np.sqrt(limit * sum(divide(1.0, cell) for cell in (a, n - a, b, m - b))),
    )


def difference_squares(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, difference: FloatArray) -> Squares:
    """Return the squared distance of a/n - b/m from a hypothesis, and its variance there.

    The rates that fit best under the hypothesis solve a cubic with one admissible root.
    Source: Farrington & Manning (1990), Statistics in Medicine 9, appendix.
    """
    p, r = divide(a, n), divide(b, m)
    with np.errstate(divide="ignore", invalid="ignore"):
        theta = m / n
        cubic = 1 + theta
        square = -(cubic + p + theta * r + difference * (theta + 2))
        linear = difference**2 + difference * (2 * p + cubic) + p + theta * r
        constant = -p * difference * (1 + difference)
        shift = square / (3 * cubic)
        v = shift**3 - square * linear / (6 * cubic**2) + constant / (2 * cubic)
        u = np.copysign(np.sqrt(np.maximum(shift**2 - linear / (3 * cubic), 0.0)), v)
        angle = (np.pi + np.arccos(np.clip(np.where(u == 0, 0.0, v / u**3), -1.0, 1.0))) / 3
        p0 = 2 * u * np.cos(angle) - shift
        p0 = np.clip(p0, np.maximum(0.0, difference), np.minimum(1.0, 1.0 + difference))
        r0 = np.clip(p0 - difference, 0.0, 1.0)
        return (p - r - difference) ** 2, p0 * (1 - p0) / n + r0 * (1 - r0) / m


def ratio_squares(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, ratio: FloatArray) -> Squares:
    """Return the squared distance of a/n - ratio b/m from 0, and its variance at that true ratio.

    Source: Miettinen & Nurminen (1985), equation 12: a quadratic, in the form without cancellation.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        linear = ratio * (n + b) + m + a
        root = np.sqrt(np.maximum(linear**2 - 4 * (n + m) * ratio * (a + b), 0.0))
        r0 = np.clip(2 * (a + b) / (linear + root), 0.0, np.minimum(1.0, 1 / ratio))
        p0 = np.clip(ratio * r0, 0.0, 1.0)
        return (a / n - ratio * b / m) ** 2, p0 * (1 - p0) / n + ratio**2 * r0 * (1 - r0) / m


def odds_squares(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, odds: FloatArray) -> Squares:
    """Return the squared distance of a from its mean at a true odds ratio, and its variance there."""
    r0 = _reference_rate(n, a + b, m, odds)
    # The complement is solved for, not subtracted: at far odds the rate is 1 to the last digit.
    s0 = _reference_rate(n, n - a + m - b, m, 1 / odds)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p0 = odds * r0 / (s0 + odds * r0)
        q0 = s0 / (s0 + odds * r0)
        return (a - n * p0) ** 2, 1 / (1 / (n * p0 * q0) + 1 / (m * r0 * s0))


def _reference_rate(n: FloatArray, chosen: FloatArray, m: FloatArray, odds: FloatArray) -> FloatArray:
    """Return the reference's rate that gives the number chosen at a true odds ratio."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        square = m * (odds - 1)
        linear = n * odds + m - chosen * (odds - 1)
        root = np.sqrt(np.maximum(linear**2 + 4 * square * chosen, 0.0))
        rate = np.where(linear >= 0, 2 * chosen / (linear + root), (root - linear) / (2 * square))
    return np.clip(rate, 0.0, 1.0)


def _outside(squares: Callable[..., Squares]) -> Callable[..., FloatArray]:
    """Turn a score test into a function in [-1, 1] that is positive where the test rejects."""

    def function(
        x: FloatArray, a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, limit: FloatArray
    ) -> FloatArray:
        distance, variance = squares(a, n, b, m, x)
        allowed = limit * variance
        # Bounded, so that the solver never meets an infinity; 0/0 is the estimate itself, which is inside.
        result = divide(distance - allowed, distance + allowed)
        return np.where(np.isnan(result), -1.0, result)

    return function


def _limit(everybody: FloatArray, confidence: float) -> FloatArray:
    z2 = normal_quantile(check_share(confidence, "confidence")) ** 2
    return z2 * finite_population(everybody)


def _score_ratio(
    a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, confidence: float, *, factor: bool, method: str
) -> Interval:
    a, n, b, m = check_two_groups(a, n, b, m)
    if factor:
        limit = _limit(n + m, confidence)
    else:
        limit = np.full(n.shape, normal_quantile(check_share(confidence, "confidence")) ** 2)
    reach = NEAR * np.sqrt(limit * (divide(n - a, n * a) + divide(m - b, m * b)))
    cells = (a, n, b, m, limit)
    return _log_score(ratio_squares, cells, divide(a * m, n * b), a > 0, b > 0, (n > 0) & (m > 0), method, reach)


def _log_score(
    squares: Callable[..., Squares],
    cells: tuple[FloatArray, ...],
    point: FloatArray,
    low_exists: BoolArray,
    high_exists: BoolArray,
    known: BoolArray,
    method: str,
    reach: FloatArray,
) -> Interval:
    """Find both ends on the log scale, 0 and infinity where the table puts no end to a side.

    ``reach`` is about how far from the estimate they are; NaN or infinite where that is not known.
    """
    outside = _outside(lambda a, n, b, m, x: squares(a, n, b, m, np.exp(x)))
    with np.errstate(divide="ignore"):
        start = np.clip(np.nan_to_num(np.log(point), nan=0.0), -FARTHEST_LOG, FARTHEST_LOG)
    far = np.full(start.shape, FARTHEST_LOG)
    near = np.where(np.isfinite(reach), reach, np.nan)
    low = np.exp(crossing(outside, start, -far, guess=np.maximum(start - near, -far), cells=cells))
    high = np.exp(crossing(outside, start, far, guess=np.minimum(start + near, far), cells=cells))
    low = np.where(low_exists, low, np.nan)
    high = np.where(high_exists, high, np.nan)
    return _bounded(low, high, 0.0, np.inf, ~known, method)


def _bounded(low: FloatArray, high: FloatArray, least: float, most: float, unknown: BoolArray, method: str) -> Interval:
    """Put the ends of the range where no bound was found, and NaN where there is nobody."""
    low = np.where(np.isnan(low), least, low)
    high = np.where(np.isnan(high), most, high)
    return Interval(
        scalar_or_array(np.where(unknown, np.nan, low)),
        scalar_or_array(np.where(unknown, np.nan, high)),
        method,
    )


def _log_interval(
    point: FloatArray, variance: FloatArray, confidence: float, full: BoolArray, known: BoolArray, method: str
) -> Interval:
    half = normal_quantile(check_share(confidence, "confidence")) * np.sqrt(np.where(full, variance, 0.0))
    low = np.where(full, point * np.exp(-half), np.nan)
    high = np.where(full, point * np.exp(half), np.nan)
    return _bounded(low, high, 0.0, np.inf, ~known, method)
