"""What these numbers of people could have shown, and how many it would take."""

from __future__ import annotations

import math

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .conditional import How
from .contrast import contrast_value, no_difference
from .counts import FloatArray, check_counts, check_share, divide, scalar_or_array
from .intervals import difference_squares, odds_squares, ratio_squares


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
    above: bool = False,
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
    above
        True for the ratio over 1 that is nearest to 1.

    Returns
    -------
    array
        NaN where not even a rate of 0 in the group (of 1, above) would be revealed.

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
    # (r - x)^2 = square * [x(1-x)/n + r(1-r)/m], solved for the lesser x, or the greater one.
    constant = reference**2 - square * divide(reference * (1 - reference), n_reference)
    linear = 2 * reference + each
    with np.errstate(invalid="ignore"):
        # Nobody in the group: infinity less infinity, which is NaN here and in the answer.
        root = np.sqrt(np.maximum(linear**2 - 4 * (1 + each) * constant, 0.0))
        rate = divide(linear + (root if above else -root), 2 * (1 + each))
        possible = rate <= 1 if above else constant >= 0
    return scalar_or_array(np.where(possible & (reference > 0), divide(rate, reference), np.nan))


def minimum_detectable_difference(
    n: ArrayLike,
    n_reference: ArrayLike,
    rate_reference: ArrayLike,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    above: bool = False,
) -> FloatArray:
    """Return the negative difference of rates, nearest to 0, that people in these numbers would reveal.

    Parameters
    ----------
    n, n_reference, rate_reference, alpha, power, above
        As in :func:`minimum_detectable_ratio`; above, the difference is positive.

    Returns
    -------
    array
        Group less reference; NaN where not even a rate of 0 in the group (of 1, above) would be revealed.

    Raises
    ------
    UndefinedMetricError
        If a rate, the level or the power is outside its range.

    Examples
    --------
    >>> print(f"{minimum_detectable_difference(385, 385, 0.5):.3f}")
    -0.100
    """
    ratio = minimum_detectable_ratio(n, n_reference, rate_reference, alpha=alpha, power=power, above=above)
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
    a: float,
    n: float,
    b: float,
    m: float,
    *,
    line: float,
    how: How = "ratio",
    alike: bool = False,
    below: bool | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int | None:
    """How many people the group would need to settle the finding, were the observed contrast the true one.

    Past the line (below a line under no difference, above one over it) it is settled when the contrast is
    significantly different from none; inside the line when the one-sided interval excludes the line. The
    reference is taken to grow in proportion.

    Parameters
    ----------
    a, n
        People counted and people in the group.
    b, m
        The same in the reference.
    line
        The policy's line on the contrast: on a ratio 0.8 or 1.25, on a difference -0.05.
    how
        ``ratio``, ``difference`` or ``odds_ratio``.
    alike
        True: as if the group's true rate were the reference's, so that the line would be excluded.
    below
        Whether past means below the line; by the side of no difference on which the line lies when None.
    alpha
        Two-sided level of the test, and the error of the one-sided interval.
    power
        Probability that the finding is then settled.

    Returns
    -------
    int or None
        None where the contrast is undefined, or at the line, or none at all on the far side: no number would do.

    Raises
    ------
    UndefinedMetricError
        If a line on a ratio is not positive, or a line is no difference and ``below`` is not given, or the counts
        are not counts.

    Notes
    -----
    Variance under the hypothesis at its best-fitting rates, as in the score interval that decides it.
    Source: Farrington & Manning (1990), Statistics in Medicine 9.

    Examples
    --------
    >>> people_needed(6, 20, 24, 60, line=0.8)  # a ratio of 0.75 with 20 people
    240
    >>> people_needed(6, 20, 24, 60, line=0.8, alike=True)
    271
    """
    none = no_difference(how)
    if not math.isfinite(line) or (how != "difference" and line <= 0) or (line == none and below is None):
        where = f"not {none:g}" if how == "difference" else "above 0 and not 1"
        message = f"A line on a {how.replace('_', ' ')} is {where}, got line={line!r}. Give for example line=0.8."
        raise UndefinedMetricError(message)
    check_share(alpha, "alpha")
    check_share(power, "power")
    if not (n > 0 and m > 0):
        return None
    share, share_reference, size = (b / m if alike else a / n), b / m, m / n
    # Per person of the group: the table of one such person and `size` reference people.
    table = (np.asarray(share), np.asarray(1.0), np.asarray(share_reference * size), np.asarray(size))
    observed = float(contrast_value(share * n, n, b, m, how=how))
    target = _to_exclude(observed, line, none, below=below, alpha=alpha)
    if target is None:
        return None
    hypothesis, tail = target
    distance, null = _SQUARES[how](*table, np.asarray(hypothesis))
    mine, theirs = share * (1 - share), share_reference * (1 - share_reference)
    if how == "odds_ratio":
        variance = 1 / (1 / mine + 1 / (theirs * size)) if mine > 0 and theirs > 0 else 0.0
    else:
        variance = mine + (hypothesis**2 if how == "ratio" else 1.0) * theirs / size
    return _enough(float(distance), float(null), variance, tail, power)


def people_needed_smd(
    value: float,
    n: float,
    m: float,
    *,
    line: float,
    alike: bool = False,
    below: bool | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int | None:
    """How many people the group would need to settle a standardized mean difference; see :func:`people_needed`.

    Parameters
    ----------
    value
        The observed standardized mean difference.
    n, m
        People in the group and in the reference.
    line, alike, below, alpha, power
        As in :func:`people_needed`; no difference is 0.

    Notes
    -----
    The variance is that of Hedges & Olkin (1985), Statistical Methods for Meta-Analysis, chapter 5.

    Examples
    --------
    >>> people_needed_smd(-0.2, 100, 100, line=-0.5), people_needed_smd(-0.2, 100, 100, line=-0.5, alike=True)
    (141, 51)
    """
    if not (n > 0 and m > 0):
        return None
    true, size = (0.0 if alike else value), m / n
    target = _to_exclude(true, line, 0.0, below=below, alpha=alpha)
    if target is None:
        return None
    hypothesis, tail = target
    null, variance = (1 + 1 / size + d**2 / (2 * (1 + size)) for d in (hypothesis, true))
    return _enough((true - hypothesis) ** 2, null, variance, tail, power)


def people_needed_by_width(
    value: float,
    low: float,
    high: float,
    n: float,
    *,
    line: float,
    confidence: float = 0.95,
    alike: bool = False,
    below: bool | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int | None:
    """How many people the group would need to settle any contrast, if its interval shrinks with the root of n.

    Parameters
    ----------
    value, low, high
        The observed contrast and its interval; no difference is 0.
    n
        People in the group.
    confidence
        Of the interval.
    line, alike, below, alpha, power
        As in :func:`people_needed`.

    Examples
    --------
    >>> people_needed_by_width(-0.02, -0.06, 0.02, 400, line=-0.05)
    1145
    """
    width = high - low
    if not (math.isfinite(width) and width > 0 and n > 0):
        return None
    true = 0.0 if alike else value
    target = _to_exclude(true, line, 0.0, below=below, alpha=alpha)
    if target is None:
        return None
    hypothesis, tail = target
    variance = n * (width / 2 / float(scipy.special.ndtri(0.5 + check_share(confidence, "confidence") / 2))) ** 2
    return _enough((true - hypothesis) ** 2, variance, variance, tail, power)


_SQUARES = {"ratio": ratio_squares, "difference": difference_squares, "odds_ratio": odds_squares}


def _to_exclude(
    value: float, line: float, none: float, *, below: bool | None, alpha: float
) -> tuple[float, float] | None:
    """Return what the evidence must exclude, and with what error in one tail; None where no number would do."""
    if not math.isfinite(value) or math.isclose(value, line, rel_tol=1e-9, abs_tol=1e-12):
        return None
    under = line < none if below is None else below
    past = value < line if under else value > line
    if past and math.isclose(value, none, rel_tol=1e-9, abs_tol=1e-12):
        return None
    return (none, alpha / 2) if past else (line, alpha)


def _enough(distance: float, null: float, variance: float, tail: float, power: float) -> int | None:
    """Return the people at which a distance stands out, from the variances of one person's share of it."""
    z_test, z_power = -scipy.special.ndtri(tail), scipy.special.ndtri(power)
    spread = (z_test * math.sqrt(null) + z_power * math.sqrt(variance)) ** 2
    return math.ceil(spread / distance) if distance > 0 and math.isfinite(spread / distance) else None


def _quantiles(alpha: float, power: float) -> float:
    """Return the sum of the two normal quantiles of a two-sided level and a power."""
    level = scipy.special.ndtri(1 - check_share(alpha, "alpha") / 2)
    return float(level + scipy.special.ndtri(check_share(power, "power")))
