"""Many tests at once: p-values adjusted for the size of their family."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .counts import FloatArray


def holm(p: ArrayLike) -> FloatArray:
    """Adjust p-values so that one false alarm in the whole family is as rare as the level says.

    Parameters
    ----------
    p
        p-values of one family, shape [k]. NaN (not tested) stays NaN and is not counted.

    Returns
    -------
    array
        Adjusted p-values in the same order, at most 1.

    Raises
    ------
    UndefinedMetricError
        If ``p`` is not one row of numbers between 0 and 1.

    Notes
    -----
    Source: Holm (1979), Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    return _adjust(p, step_up=False)


def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """Adjust p-values so that the level bounds the share of false alarms among what is reported.

    Parameters
    ----------
    p
        p-values of one family, shape [k]. NaN (not tested) stays NaN and is not counted.

    Returns
    -------
    array
        Adjusted p-values in the same order, at most 1.

    Raises
    ------
    UndefinedMetricError
        If ``p`` is not one row of numbers between 0 and 1.

    Notes
    -----
    Source: Benjamini & Hochberg (1995), JRSS B 57.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    return _adjust(p, step_up=True)


def holm_beside(p: ArrayLike, others: ArrayLike) -> FloatArray:
    """Adjust what one p-value of a family might have been, the others staying what they are; see :func:`holm`.

    Parameters
    ----------
    p
        The values that it might have, any shape.
    others
        p-values of the rest of the family, shape [k - 1].

    Examples
    --------
    >>> holm_beside([0.01, 0.04], [0.03])
    array([0.02, 0.06])
    """
    p, rest = np.asarray(p, dtype=np.float64), np.sort(np.asarray(others, dtype=np.float64))
    many = len(rest) + 1
    before = np.searchsorted(rest, p, side="left")
    # The others that are smaller come first, and Holm never adjusts to less than what came before.
    steps = np.maximum.accumulate(np.concatenate([[0.0], rest * (many - np.arange(len(rest)))]))
    return np.asarray(np.minimum(1.0, np.maximum(steps[before], p * (many - before))))


def benjamini_hochberg_beside(p: ArrayLike, others: ArrayLike) -> FloatArray:
    """Adjust what one p-value of a family might have been, the others staying what they are.

    Parameters
    ----------
    p, others
        As for :func:`holm_beside`; the correction is that of :func:`benjamini_hochberg`.

    Examples
    --------
    >>> benjamini_hochberg_beside([0.01, 0.04], [0.03])
    array([0.02, 0.04])
    """
    p, rest = np.asarray(p, dtype=np.float64), np.sort(np.asarray(others, dtype=np.float64))
    many = len(rest) + 1
    before = np.searchsorted(rest, p, side="right")
    after = np.concatenate([rest * many / (np.arange(len(rest)) + 2), [np.inf]])
    steps = np.minimum.accumulate(after[::-1])[::-1]
    return np.asarray(np.minimum(1.0, np.minimum(steps[before], p * many / (before + 1))))


def _adjust(p: ArrayLike, *, step_up: bool) -> FloatArray:
    p = np.asarray(p, dtype=np.float64)
    if p.ndim != 1 or (p < 0).any() or (p > 1).any():
        message = f"A family is one row of p-values between 0 and 1, got shape {p.shape}."
        if p.ndim == 1:
            message = f"p-values lie between 0 and 1, got {float(p[(p < 0) | (p > 1)][0])!r}."
        raise UndefinedMetricError(message)
    result = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    rank = np.arange(1, len(order) + 1)
    if step_up:
        adjusted = np.minimum.accumulate((p[order] * len(order) / rank)[::-1])[::-1]
    else:
        adjusted = np.maximum.accumulate(p[order] * (len(order) - rank + 1))
    result[order] = np.minimum(1.0, adjusted)
    return result
