"""Medians without any assumption about the distribution: order statistics and the binomial."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from .counts import check_share

ORDER_STATISTICS = "order statistics (binomial)"
BOTH_INTERVALS = "both medians' order statistics together"


class MedianInterval(NamedTuple):
    """A median, or a difference of two, with its interval; NaN where there is nobody, infinite ends of few people."""

    value: float
    low: float
    high: float
    method: str


def median_interval(values: ArrayLike, *, confidence: float = 0.95) -> MedianInterval:
    """Interval of a median that covers at least as often as it says, whatever the distribution, ties included.

    Between the k-th smallest and the k-th largest of n values, with the greatest k for which at most
    (1 - confidence) / 2 of a binomial of n tosses lies below k. Of fewer than six people at 95% no k is left, and
    the interval is without ends.

    Parameters
    ----------
    values
        One value a person; all finite.
    confidence
        Coverage guaranteed, between 0 and 1.

    Notes
    -----
    Source: David & Nagaraja (2003), Order Statistics, section 7.1; Hahn & Meeker (1991), Statistical Intervals.

    Examples
    --------
    >>> median_interval(range(1, 21))[:3]
    (10.5, 6.0, 15.0)
    >>> median_interval([1, 2, 3])[1:3]
    (-inf, inf)
    """
    check_share(confidence, "confidence")
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n == 0:
        return MedianInterval(math.nan, math.nan, math.nan, ORDER_STATISTICS)
    tail = (1 - confidence) / 2
    below = scipy.special.bdtr(np.arange(0, n // 2 + 1), n, 0.5)
    k = int((below <= tail).sum())
    low, high = (float(ordered[k - 1]), float(ordered[n - k])) if k else (-math.inf, math.inf)
    return MedianInterval(float(np.median(ordered)), low, high, ORDER_STATISTICS)


def median_difference(group: ArrayLike, reference: ArrayLike, *, confidence: float = 0.95) -> MedianInterval:
    """Interval of the difference of two independent medians that covers at least as often as it says.

    Each median's interval at the square root of the confidence: independent people, so both cover together at least
    as often as was asked, and then the difference lies between their farthest ends. No assumption about shape or
    spread is made; the price is an interval wider than most.

    Parameters
    ----------
    group, reference
        One value a person.
    confidence
        Coverage guaranteed, between 0 and 1.

    Examples
    --------
    >>> median_difference(range(11, 41), range(1, 31))[:3]
    (10.0, -3.0, 23.0)
    """
    each = math.sqrt(check_share(confidence, "confidence"))
    one, other = median_interval(group, confidence=each), median_interval(reference, confidence=each)
    return MedianInterval(one.value - other.value, one.low - other.high, one.high - other.low, BOTH_INTERVALS)
