"""Two rates side by side: the contrast, one primary test, and the interval that agrees with it.

Two independent groups: a of n in the group, b of m in the reference. Where all four expected counts are at
least 10 the test is ``hypergeometric_z`` and the interval the Miettinen-Nurminen score interval that inverts
it. Below that the test is the central mid-p and the interval inverts that. Where one group is so much smaller that
the other's rate is as good as known (a group of 30 beside 10,000), nothing but its own count is left to chance, and
both would reject what is true in up to 9% at 5%: the exact test, its smaller tail doubled, is used, and never does.
Which one is fixed by the table's margins alone, never by the result. The p is the same for the ratio, the difference
and the odds ratio of one table, and the value of no difference is outside the interval exactly where p is under one
minus the confidence. Every other test is printed beside it and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UndefinedMetricError
from .association import chi_square, expected_counts, hypergeometric_z, z_test
from .conditional import EXACT, MID_P, How, central_exact, fisher_exact, mid_p, mid_p_interval, table_count
from .counts import FloatArray, Interval, check_two_groups, divide
from .intervals import (
    MIETTINEN_NURMINEN,
    katz_ratio,
    koopman_ratio,
    miettinen_nurminen_difference,
    miettinen_nurminen_odds_ratio,
    miettinen_nurminen_ratio,
    newcombe_difference,
    woolf_odds_ratio,
)

__all__ = [
    "Comparison",
    "Comparisons",
    "How",
    "chi_square",
    "compare",
    "compare_many",
    "contrast_value",
    "expected_counts",
    "fisher_exact",
    "hypergeometric_z",
    "katz_ratio",
    "koopman_ratio",
    "mid_p",
    "mid_p_interval",
    "miettinen_nurminen_difference",
    "miettinen_nurminen_odds_ratio",
    "miettinen_nurminen_ratio",
    "newcombe_difference",
    "no_difference",
    "one_sided",
    "other_tests",
    "woolf_odds_ratio",
    "z_test",
]

ENOUGH_EXPECTED = 10
"""From this expected count on in all four cells the score methods cover; below it the exact ones are used."""

MOST_TABLES = 5_000
"""Exact tests beside the primary one are left out for larger tables, where they equal it to every digit."""

HYPERGEOMETRIC_Z = "hypergeometric z"
WIDENED_MID_P = "mid-p, widened to the score interval"
WIDENED_EXACT = "exact, widened to the score interval"
LEAST_SMOOTHING = 0.05
"""Variance, in people of the smaller group, of the number expected there by the rate of all. From here on the larger
group's chance smooths the count of the smaller enough for mid-p and score tests of 5% to reject at most 6%."""
CORRECTION = 0.25
"""Effective people by which each side is moved toward no difference where few are expected."""
EFFECTIVE = "effective counts"
FEW_EFFECTIVE = "effective counts, few expected"

SCORE_INTERVALS = {
    "ratio": miettinen_nurminen_ratio,
    "difference": miettinen_nurminen_difference,
    "odds_ratio": miettinen_nurminen_odds_ratio,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One contrast of two groups, with its interval and its test; NaN where it does not exist."""

    value: float
    low: float
    high: float
    method: str
    test: str
    p: float
    sensitivity: dict[str, float] = field(default_factory=dict)
    """p-values of the other tests of the same table; they decide nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Many contrasts, one a cell: arrays of one shape."""

    value: FloatArray
    low: FloatArray
    high: FloatArray
    method: NDArray[np.object_]
    test: NDArray[np.object_]
    p: FloatArray


def compare(
    a: float, n: float, b: float, m: float, *, how: How, confidence: float = 0.95, integer: bool = True
) -> Comparison:
    """Set one group's rate against the reference's: the contrast, how sure it is, and the other tests.

    Parameters
    ----------
    a, n
        People counted and people in the group.
    b, m
        The same in the reference.
    how
        ``ratio`` (a/n)/(b/m), ``difference`` a/n - b/m, or ``odds_ratio`` a(m-b)/(b(n-a)).
    confidence
        Coverage of the interval.
    integer
        False for effective counts of weighted people, which need not be whole: the score methods are then
        used whatever the expected counts, and the method says so.

    Returns
    -------
    Comparison
        Undefined (0/0) is NaN, x/0 infinite. With an empty group everything is NaN; where everybody or
        nobody was counted p is 1.

    Raises
    ------
    UndefinedMetricError
        If a count is negative, greater than its total, or not whole with ``integer=True``.

    Notes
    -----
    Source: Miettinen & Nurminen (1985), Statistics in Medicine 4; Mehta & Walsh (1992), Statistics in
    Medicine 11.

    Examples
    --------
    >>> found = compare(26, 48, 206, 259, how="ratio")  # Connecticut v. Teal
    >>> print(f"{found.value:.4f} [{found.low:.3f}, {found.high:.3f}] p={found.p:.1e}, {found.test}")
    0.6810 [0.503, 0.857] p=1.8e-04, hypergeometric z
    >>> compare(6, 20, 24, 60, how="ratio").test  # 7.5 people expected in one cell
    'mid-p'
    """
    many = compare_many(a, n, b, m, how=how, confidence=confidence, integer=integer)
    return Comparison(
        value=float(many.value),
        low=float(many.low),
        high=float(many.high),
        method=str(many.method[()]),
        test=str(many.test[()]),
        p=float(many.p),
        sensitivity=other_tests(a, n, b, m, primary=str(many.test[()]), integer=integer),
    )


def compare_many(
    a: ArrayLike,
    n: ArrayLike,
    b: ArrayLike,
    m: ArrayLike,
    *,
    how: How,
    confidence: float = 0.95,
    integer: bool = True,
) -> Comparisons:
    """Set many groups' rates against their references' at once; see :func:`compare`.

    Parameters
    ----------
    a, n, b, m
        Counts as in :func:`compare`, of any shapes that broadcast.
    how, confidence, integer
        As in :func:`compare`.

    Returns
    -------
    Comparisons
        Arrays of the common shape.

    Raises
    ------
    UndefinedMetricError
        If a count is negative, greater than its total, or not whole with ``integer=True``.

    Examples
    --------
    >>> compare_many([26, 6], [48, 20], [206, 24], [259, 60], how="ratio").value.round(3)
    array([0.681, 0.75 ])
    """
    _check_how(how)
    a, n, b, m = check_two_groups(a, n, b, m)
    low, high, _ = SCORE_INTERVALS[how](a, n, b, m, confidence=confidence)
    low, high = np.array(low), np.array(high)
    p = np.array(hypergeometric_z(a, n, b, m).p)
    # NaN (an empty group) is neither enough nor few: it stays NaN under the score method's name.
    few = expected_counts(a, n, b, m) < ENOUGH_EXPECTED
    method = np.full(a.shape, MIETTINEN_NURMINEN, dtype=object)
    test = np.full(a.shape, HYPERGEOMETRIC_Z, dtype=object)
    if not integer:
        method[...] = f"{MIETTINEN_NURMINEN}, {EFFECTIVE}"
        method[few] = f"{MIETTINEN_NURMINEN}, {FEW_EFFECTIVE}"
        if few.any():
            low[few], high[few], p[few] = _corrected(a[few], n[few], b[few], m[few], how, confidence)
        return Comparisons(contrast_value(a, n, b, m, how=how), low, high, method, test, p)
    beside = smoothing(a, n, b, m) < LEAST_SMOOTHING
    for these, exact, widened in ((few & ~beside, False, WIDENED_MID_P), (beside, True, WIDENED_EXACT)):
        if not these.any():
            continue
        cells = a[these], n[these], b[these], m[these]
        found = mid_p_interval(*cells, how=how, confidence=confidence, exact=exact)
        p[these] = central_exact(*cells) if exact else mid_p(*cells)
        test[these] = EXACT if exact else MID_P
        if how == "odds_ratio":
            low[these], high[these], method[these] = found.low, found.high, EXACT if exact else MID_P
        else:
            none = no_difference(how)
            low[these] = _wider(found.low, low[these], none, side=-1)
            high[these] = _wider(found.high, high[these], none, side=1)
            method[these] = widened
    return Comparisons(contrast_value(a, n, b, m, how=how), low, high, method, test, p)


def smoothing(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike) -> FloatArray:
    """Return by how much the number expected in the smaller group varies with the larger one: its variance, in people.

    Examples
    --------
    >>> float(smoothing(3, 30, 1_000, 10_000)), float(smoothing(3, 30, 10, 100))  # of 30, at a rate of 10%
    (0.0081, 0.81)
    """
    a, n, b, m = check_two_groups(a, n, b, m)
    share = divide(a + b, n + m)
    return np.round(divide(np.minimum(n, m) ** 2 * share * (1 - share), np.maximum(n, m)), 12)


def _corrected(
    a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, how: How, confidence: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return score interval and p of few effective people, less a quarter of a person on each side.

    Effective people are not whole, so no exact test is at hand; the correction makes the score test's size that of
    mid-p, and the interval still inverts the test.
    """
    up, down = np.minimum(CORRECTION, np.minimum(n - a, b)), np.minimum(CORRECTION, np.minimum(a, m - b))
    low = SCORE_INTERVALS[how](a - down, n, b + down, m, confidence=confidence)[0]
    high = SCORE_INTERVALS[how](a + up, n, b - up, m, confidence=confidence)[1]
    above = divide(a, n) > divide(b, m)
    moved = np.where(above, -down, up)
    crossed = (divide(a + moved, n) > divide(b - moved, m)) != above
    p = np.where(crossed | (divide(a, n) == divide(b, m)), 1.0, hypergeometric_z(a + moved, n, b - moved, m).p)
    return np.asarray(low), np.asarray(high), p


def one_sided(
    a: ArrayLike,
    n: ArrayLike,
    b: ArrayLike,
    m: ArrayLike,
    *,
    how: How,
    alpha: float = 0.05,
    integer: bool = True,
) -> Interval:
    """Lower and upper bounds that are each passed with probability ``alpha`` only.

    ``low`` is what "at least" may be said of, ``high`` "at most": one of the two answers whether the
    evidence excludes a line. They are the ends of the two-sided interval at confidence 1 - 2 alpha.

    Parameters
    ----------
    a, n, b, m
        Counts as in :func:`compare`, of any shapes that broadcast.
    how
        As in :func:`compare`.
    alpha
        Error of each bound, under 0.5.
    integer
        As in :func:`compare`.

    Returns
    -------
    Interval
        The bounds, with the method of each cell.

    Raises
    ------
    UndefinedMetricError
        If ``alpha`` is 0.5 or more, or the counts are not counts.

    Examples
    --------
    >>> bounds = one_sided(450, 500, 930, 1000, how="ratio")
    >>> bool(bounds.low > 0.9)  # the ratio of 0.97 is above a line of 0.90 for certain
    True
    """
    many = compare_many(a, n, b, m, how=how, confidence=1 - 2 * alpha, integer=integer)
    return Interval(many.low, many.high, many.method[()])


def contrast_value(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, how: How) -> FloatArray:
    """Return the contrast itself: NaN where it is 0/0 or a group is empty, infinite where it is x/0.

    Examples
    --------
    >>> contrast_value([3, 0, 3], [10, 10, 10], [2, 0, 0], [10, 10, 10], how="ratio")
    array([1.5, nan, inf])
    """
    _check_how(how)
    a, n, b, m = check_two_groups(a, n, b, m)
    if how == "difference":
        return divide(a, n) - divide(b, m)
    if how == "ratio":
        return divide(divide(a, n), divide(b, m))
    return divide(a * (m - b), b * (n - a))


def no_difference(how: How) -> float:
    """Return the value of a contrast when both rates are the same: 0 for a difference, 1 for a ratio.

    Examples
    --------
    >>> no_difference("difference"), no_difference("ratio")
    (0.0, 1.0)
    """
    return 0.0 if how == "difference" else 1.0


def _check_how(how: str) -> None:
    if how not in SCORE_INTERVALS:
        message = f"Two rates are contrasted by {', '.join(SCORE_INTERVALS)}, not by how={how!r}."
        raise UndefinedMetricError(message)


def _wider(exact: FloatArray, score: FloatArray, none: float, *, side: int) -> FloatArray:
    """Take the farther of two bounds, but never across no difference, where the exact one decides.

    The mid-p bound keeps the number chosen fixed and is too near away from no difference (for 0 of n against
    0 of m it is the point 0); the score bound knows better there.
    """
    farther = np.minimum(exact, score) if side < 0 else np.maximum(exact, score)
    excludes = exact > none if side < 0 else exact < none
    still = farther > none if side < 0 else farther < none
    return np.where(excludes & ~still, exact, farther)


def other_tests(a: float, n: float, b: float, m: float, *, primary: str, integer: bool = True) -> dict[str, float]:
    """Return the p-values of the tests that are not the primary one, by name.

    Examples
    --------
    >>> sorted(other_tests(26, 48, 206, 259, primary="hypergeometric z"))
    ['chi_square_yates', 'fisher_exact', 'mid_p', 'mid_p_minimum_likelihood', 'z_pooled']
    """
    if not (n > 0 and m > 0):
        return {}
    found: dict[str, Any] = {
        "z_pooled": z_test(a, n, b, m).p,
        "chi_square_yates": chi_square(a, n, b, m).p,
    }
    if primary != HYPERGEOMETRIC_Z:
        found["hypergeometric_z"] = hypergeometric_z(a, n, b, m).p
    if integer and table_count(*check_two_groups(a, n, b, m)) <= MOST_TABLES:
        found["fisher_exact"] = fisher_exact(a, n, b, m)
        if primary != MID_P:
            found["mid_p"] = mid_p(a, n, b, m)
        found["mid_p_minimum_likelihood"] = mid_p(a, n, b, m, tail="minimum_likelihood")
    return {name: float(p) for name, p in found.items()}
