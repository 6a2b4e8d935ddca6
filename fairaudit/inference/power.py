"""What these numbers of people could have shown, and how many it would take."""

from __future__ import annotations

import math

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .contrast import contrast_value
from .counts import FloatArray, check_counts, check_share, divide, scalar_or_array
from .intervals import ratio_squares


def people_for_ratio(
    ratio: ArrayLike,
    rate_reference: ArrayLike,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio_of_sizes: float = 1.0,
) -> FloatArray:
    """How many people a group must have for a true ratio of rates to be detected with this power.

    Parameters
    ----------
    ratio
        True ratio of the group's rate to the reference's, any shapes that broadcast.
    rate_reference
        Rate of the reference, between 0 and 1.
    alpha
        Two-sided significance level.
    power
        Probability of detecting it.
    ratio_of_sizes
        People in the reference for each one in the group.

    Returns
    -------
    array
        Whole numbers of people in the group, as floats; infinite at a ratio of 1, NaN where the group's rate
        would pass 1.

    Raises
    ------
    UndefinedMetricError
        If a rate, the level or the power is outside its range.

    Notes
    -----
    Normal approximation with unpooled variance. Source: Fleiss, Levin & Paik (2003), Statistical Methods for
    Rates and Proportions, chapter 4.

    Examples
    --------
    >>> people_for_ratio([0.8, 0.9], 0.5)
    array([ 385., 1562.])
    """
    reference, _ = check_counts(rate_reference, 1.0, ("rate_reference", "1"))
    if not ratio_of_sizes > 0:
        message = f"The reference has more than 0 people for each one of the group, got {ratio_of_sizes!r}."
        raise UndefinedMetricError(message)
    rate = np.asarray(ratio, dtype=np.float64) * reference
    variance = rate * (1 - rate) + reference * (1 - reference) / ratio_of_sizes
    people = np.ceil(divide(_quantiles(alpha, power) ** 2 * variance, (rate - reference) ** 2))
    return scalar_or_array(np.where((rate >= 0) & (rate <= 1), people, np.nan))


def minimum_detectable_ratio(
    n: ArrayLike,
    n_reference: ArrayLike,
    rate_reference: ArrayLike,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
) -> FloatArray:
    """Return the ratio under 1, nearest to 1, that people in these numbers would reveal with this power.

    Parameters
    ----------
    n, n_reference
        People in the group and in the reference, any shapes that broadcast.
    rate_reference
        Rate of the reference, between 0 and 1.
    alpha, power
        As in :func:`people_for_ratio`.

    Returns
    -------
    array
        NaN where not even a rate of 0 in the group would be revealed.

    Raises
    ------
    UndefinedMetricError
        If a rate, the level or the power is outside its range.

    Notes
    -----
    The inverse of :func:`people_for_ratio`: a quadratic in the group's rate.

    Examples
    --------
    >>> print(f"{minimum_detectable_ratio(385, 385, 0.5):.3f}")
    0.800
    """
    reference, _ = check_counts(rate_reference, 1.0, ("rate_reference", "1"))
    n, n_reference = np.asarray(n, dtype=np.float64), np.asarray(n_reference, dtype=np.float64)
    square = _quantiles(alpha, power) ** 2
    each = divide(square, n)
    # (r - x)^2 = square * [x(1-x)/n + r(1-r)/m], solved for the lesser x.
    constant = reference**2 - square * divide(reference * (1 - reference), n_reference)
    linear = 2 * reference + each
    with np.errstate(invalid="ignore"):
        # Nobody in the group: infinity less infinity, which is NaN here and in the answer.
        root = np.sqrt(np.maximum(linear**2 - 4 * (1 + each) * constant, 0.0))
        rate = divide(linear - root, 2 * (1 + each))
    return scalar_or_array(np.where(constant >= 0, divide(rate, reference), np.nan))


def minimum_detectable_difference(
    n: ArrayLike,
    n_reference: ArrayLike,
    rate_reference: ArrayLike,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
) -> FloatArray:
    """Return the negative difference of rates, nearest to 0, that people in these numbers would reveal.

    Parameters
    ----------
    n, n_reference, rate_reference, alpha, power
        As in :func:`minimum_detectable_ratio`.

    Returns
    -------
    array
        Group less reference, under 0; NaN where not even a rate of 0 in the group would be revealed.

    Raises
    ------
    UndefinedMetricError
        If a rate, the level or the power is outside its range.

    Examples
    --------
    >>> print(f"{minimum_detectable_difference(385, 385, 0.5):.3f}")
    -0.100
    """
    ratio = minimum_detectable_ratio(n, n_reference, rate_reference, alpha=alpha, power=power)
    return scalar_or_array((ratio - 1) * np.asarray(rate_reference, dtype=np.float64))


def minimum_detectable_smd(n: ArrayLike, m: ArrayLike, *, alpha: float = 0.05, power: float = 0.8) -> FloatArray:
    """Return the standardized mean difference, in size, that people in these numbers would reveal.

    Parameters
    ----------
    n, m
        People in the group and in the reference, any shapes that broadcast.
    alpha, power
        As in :func:`people_for_ratio`.

    Returns
    -------
    array
        Above 0; NaN where the groups are too small for any difference to be revealed.

    Raises
    ------
    UndefinedMetricError
        If the level or the power is outside its range.

    Notes
    -----
    Source: Hedges & Olkin (1985), Statistical Methods for Meta-Analysis, chapter 5, with their variance.

    Examples
    --------
    >>> print(f"{minimum_detectable_smd(100, 100):.3f}")
    0.400
    """
    n, m = np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64)
    square = _quantiles(alpha, power) ** 2
    # d^2 = square * [(n+m)/(nm) + d^2 / (2(n+m))]
    left = 1 - divide(square, 2 * (n + m))
    found = divide(square * divide(n + m, n * m), np.where(left > 0, left, np.nan))
    return scalar_or_array(np.sqrt(np.where(np.isfinite(found), found, np.nan)))


def people_needed(
    a: float, n: float, b: float, m: float, *, line: float, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many people the group would need to settle the finding, were the observed ratio the true one.

    Past the line (below a line under 1, above one over 1) it is settled when the ratio is significantly
    different from 1; inside the line when the one-sided interval excludes the line. The reference is taken
    to grow in proportion.

    Parameters
    ----------
    a, n
        People counted and people in the group.
    b, m
        The same in the reference.
    line
        The policy's line on the ratio, such as 0.8 or 1.25; not 1.
    alpha
        Two-sided level of the test, and the error of the one-sided interval.
    power
        Probability that the finding is then settled.

    Returns
    -------
    int or None
        None where the ratio is undefined, or at the line, or at 1 on the far side: no number would do.

    Raises
    ------
    UndefinedMetricError
        If the line is not positive or is 1, or the counts are not counts.

    Notes
    -----
    Variance under the hypothesis at its best-fitting rates, as in the score interval that decides it.
    Source: Farrington & Manning (1990), Statistics in Medicine 9.

    Examples
    --------
    >>> people_needed(6, 20, 24, 60, line=0.8)  # a ratio of 0.75 with 20 people
    240
    """
    if not (line > 0 and math.isfinite(line)) or line == 1:
        message = f"A line on a ratio is above 0 and not 1, got line={line!r}. Give for example line=0.8."
        raise UndefinedMetricError(message)
    check_share(alpha, "alpha")
    check_share(power, "power")
    observed = float(contrast_value(a, n, b, m, how="ratio"))
    if not math.isfinite(observed) or math.isclose(observed, line, rel_tol=1e-9):
        return None
    past = observed < line if line < 1 else observed > line
    hypothesis, tail = (1.0, alpha / 2) if past else (line, alpha)
    share, share_reference, size = a / n, b / m, m / n
    # Per person of the group: the table of one such person and `size` reference people.
    distance, variance_null = ratio_squares(
        np.asarray(share),
        np.asarray(1.0),
        np.asarray(share_reference * size),
        np.asarray(size),
        np.asarray(hypothesis),
    )
    variance = share * (1 - share) + hypothesis**2 * share_reference * (1 - share_reference) / size
    z_test, z_power = -scipy.special.ndtri(tail), scipy.special.ndtri(power)
    needed = (z_test * math.sqrt(float(variance_null)) + z_power * math.sqrt(variance)) ** 2 / float(distance)
    return math.ceil(needed)


def _quantiles(alpha: float, power: float) -> float:
    """Return the sum of the two normal quantiles of a two-sided level and a power."""
    level = scipy.special.ndtri(1 - check_share(alpha, "alpha") / 2)
    return float(level + scipy.special.ndtri(check_share(power, "power")))
