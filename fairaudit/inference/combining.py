"""Contrasts made of two contrasts: averages, and the worse of the two (equalized odds)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .counts import FloatArray, Interval, scalar_or_array


class Bounds(Protocol):
    """Anything with a lower and an upper bound."""

    @property
    def low(self) -> Any:
        """The lower bound."""

    @property
    def high(self) -> Any:
        """The upper bound."""


def mover(
    value1: ArrayLike,
    low1: ArrayLike,
    high1: ArrayLike,
    value2: ArrayLike,
    low2: ArrayLike,
    high2: ArrayLike,
    *,
    weight1: float = 1.0,
    weight2: float = 1.0,
) -> Interval:
    """Interval of a weighted sum of two independent quantities, from the interval of each.

    Parameters
    ----------
    value1, low1, high1
        First estimate and its interval, any shapes that broadcast.
    value2, low2, high2
        Second estimate and its interval at the same confidence.
    weight1, weight2
        What each is multiplied with; 1 and -1 give the interval of a difference.

    Returns
    -------
    Interval
        NaN where one of the estimates is.

    Notes
    -----
    Source: Zou & Donner (2008), Statistics in Medicine 27; Newcombe (1998) for two Wilson intervals.

    Examples
    --------
    >>> low, high, _ = mover(0.5, 0.4, 0.6, 0.3, 0.2, 0.4, weight2=-1)
    >>> print(f"{low:.3f} {high:.3f}")
    0.059 0.341
    """
    center = under = over = np.zeros(())
    for weight, ends in ((weight1, (value1, low1, high1)), (weight2, (value2, low2, high2))):
        value, low, high = (weight * np.asarray(end, dtype=np.float64) for end in ends)
        center = center + value
        under = np.hypot(under, value - np.minimum(low, high))
        over = np.hypot(over, np.maximum(low, high) - value)
    return Interval(scalar_or_array(center - under), scalar_or_array(center + over), "MOVER")


def worst_of(intervals: Sequence[Bounds]) -> Interval:
    """Interval of the largest of several gaps whatever their sign; it can reach 0.

    Low: the largest distance of a component's interval from 0, so 0 where all of them cover 0. High: the
    largest bound in size. With the components' intervals at confidence 1 - alpha/k, k their number, it
    covers with at least 1 - alpha, and it excludes 0 exactly where :func:`bonferroni_p` is under alpha.

    Parameters
    ----------
    intervals
        Simultaneous intervals of the signed gaps: anything with ``low`` and ``high``, such as an Interval or
        a Comparison.

    Returns
    -------
    Interval
        NaN where a component is.

    Raises
    ------
    UndefinedMetricError
        If there is no component.

    Notes
    -----
    Source: Bonferroni's inequality; wider than need be where one gap is much the larger. Its upper end needs no
    correction: the largest gap is one of the gaps, and is passed by its own bound no oftener than that bound fails
    (Berger 1982, Technometrics 24: intersection-union). So ``high`` may be taken from intervals at 1 - alpha.

    Examples
    --------
    >>> gaps = [Interval(-0.15, -0.05, "score"), Interval(-0.03, 0.07, "score")]
    >>> low, high, _ = worst_of(gaps)
    >>> print(f"{low:.2f} {high:.2f}")
    0.05 0.15
    """
    near, far = _sizes(intervals)
    return Interval(scalar_or_array(near.max(axis=0)), scalar_or_array(far.max(axis=0)), "worst, Bonferroni")


def mean_absolute(intervals: Sequence[Bounds]) -> Interval:
    """Interval of the mean size of several gaps, which do not cancel; it can reach 0.

    Parameters
    ----------
    intervals
        As for :func:`worst_of`.

    Returns
    -------
    Interval
        The means of the components' distances from 0 and of their largest bounds; NaN where a component is.

    Raises
    ------
    UndefinedMetricError
        If there is no component.

    Examples
    --------
    >>> gaps = [Interval(-0.15, -0.05, "score"), Interval(-0.03, 0.07, "score")]
    >>> low, high, _ = mean_absolute(gaps)
    >>> print(f"{low:.3f} {high:.3f}")
    0.025 0.110
    """
    near, far = _sizes(intervals)
    return Interval(scalar_or_array(near.mean(axis=0)), scalar_or_array(far.mean(axis=0)), "mean, Bonferroni")


class Gap(Bounds, Protocol):
    """A signed gap with its interval."""

    @property
    def value(self) -> Any:
        """The estimate."""


def half_sum_and_difference(one: Gap, other: Gap) -> list[Interval]:
    """Return the intervals of half the sum and of half the difference of two independent gaps.

    The mean size of two gaps is the larger of the sizes of these two, so that :func:`worst_of` them is an interval
    of it, narrower than :func:`mean_absolute` where both gaps are real.

    Parameters
    ----------
    one, other
        The gaps, such as two Comparisons, with intervals at the confidence wanted.

    Notes
    -----
    Source: Zou & Donner (2008), Statistics in Medicine 27.

    Examples
    --------
    >>> from fairaudit.inference.contrast import compare
    >>> one, other = compare(30, 60, 40, 60, how="difference"), compare(20, 60, 20, 60, how="difference")
    >>> float(worst_of(half_sum_and_difference(one, other)).high) < float(mean_absolute([one, other]).high)
    True
    """
    return [
        mover(one.value, one.low, one.high, other.value, other.low, other.high, weight1=0.5, weight2=weight)
        for weight in (0.5, -0.5)
    ]


def bonferroni_p(p: ArrayLike) -> FloatArray:
    """Return the p-value of "none of these k gaps is real": k times the smallest, at most 1.

    Parameters
    ----------
    p
        p-values of the components, shape [k, ...].

    Returns
    -------
    array
        Shape [...]; NaN where a component is.

    Examples
    --------
    >>> float(bonferroni_p([0.001, 0.4]))
    0.002
    """
    p = np.asarray(p, dtype=np.float64)
    return scalar_or_array(np.minimum(1.0, len(p) * p.min(axis=0)))


def _sizes(intervals: Sequence[Bounds]) -> tuple[FloatArray, FloatArray]:
    """Return the nearest and the farthest distance from 0 in each interval, components first."""
    if len(intervals) == 0:
        message = "A gap made of several needs at least one component, got none."
        raise UndefinedMetricError(message)
    low = np.stack(np.broadcast_arrays(*(np.asarray(each.low, dtype=np.float64) for each in intervals)))
    high = np.stack(np.broadcast_arrays(*(np.asarray(each.high, dtype=np.float64) for each in intervals)))
    return np.maximum(0.0, np.maximum(low, -high)), np.maximum(np.abs(low), np.abs(high))
