"""The checks and the small types that the whole room shares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike, NDArray

from ..errors import UndefinedMetricError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Labels = NDArray[np.object_] | str
"""A name for all cells, or an object array with one name a cell."""

ROUNDING = 1e-9
"""Relative slack for effective counts, which come out of a product and may pass their total by rounding."""


class Interval(NamedTuple):
    """A confidence interval a cell, and the name of the method that made each."""

    low: FloatArray
    high: FloatArray
    method: Labels


class Significance(NamedTuple):
    """A test statistic and its two-sided p-value, one a cell."""

    statistic: FloatArray
    p: FloatArray


def scalar_or_array(values: Any) -> FloatArray:
    """Return floats as an array, or as a plain numpy scalar where the shape is empty."""
    result: FloatArray = np.asarray(values, dtype=np.float64)[()]
    return result


def check_share(value: float, name: str) -> float:
    """Return a confidence, a significance level or a power after checking that it is inside (0, 1)."""
    if not 0.0 < value < 1.0:
        message = f"{name} must be between 0 and 1 (not included), got {value!r}. Give for example {name}=0.95."
        raise UndefinedMetricError(message)
    return float(value)


def check_counts(num: ArrayLike, den: ArrayLike, names: tuple[str, str]) -> tuple[FloatArray, FloatArray]:
    """Return counts and their totals as floats of one shape; NaN stays NaN.

    Raises
    ------
    UndefinedMetricError
        If a count is negative, infinite, or greater than its total.
    """
    num, den = np.broadcast_arrays(np.asarray(num, dtype=np.float64), np.asarray(den, dtype=np.float64))
    wrong = (num < 0) | (num > den * (1 + ROUNDING) + ROUNDING) | np.isinf(num) | np.isinf(den)
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = f" in cell {at}" if at else ""
        message = (
            f"A count lies between 0 and its total: {names[0]}={float(num[at])!r} of "
            f"{names[1]}={float(den[at])!r}{place}. Give finite counts with 0 <= {names[0]} <= {names[1]}."
        )
        raise UndefinedMetricError(message)
    return np.minimum(num, den), np.array(den)


def check_two_groups(
    a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the counts of a group (a of n) and of its reference (b of m) as floats of one shape."""
    a, n = check_counts(a, n, ("a", "n"))
    b, m = check_counts(b, m, ("b", "m"))
    a, n, b, m = (np.array(values) for values in np.broadcast_arrays(a, n, b, m))
    return a, n, b, m


def normal_quantile(confidence: float) -> float:
    """Return the two-sided normal quantile: 1.96 for a confidence of 0.95."""
    return float(scipy.special.ndtri(0.5 + confidence / 2))


def two_sided_p(z: FloatArray) -> FloatArray:
    """Return the two-sided p-value of a standard normal statistic."""
    return scalar_or_array(2 * scipy.special.ndtr(-np.abs(z)))


def divide(num: ArrayLike, den: ArrayLike) -> FloatArray:
    """Divide without warnings: x/0 is infinite and 0/0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: FloatArray = np.true_divide(num, den)
    return result
