"""Where a smooth function crosses zero, for whole arrays of brackets at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .counts import FloatArray

MOST_STEPS = 200
DROP_FROM = 0.7
"""Settled cells are dropped when fewer than this share of those carried along are open."""


def crossing(
    function: Callable[..., FloatArray],
    inside: FloatArray,
    outside: FloatArray,
    *,
    guess: FloatArray | None = None,
    cells: tuple[FloatArray, ...] = (),
    tolerance: float = 1e-13,
) -> FloatArray:
    """Return where a function turns from negative (``inside``) to positive (``outside``), cell by cell.

    Where it is not positive at ``outside`` there is no crossing and the cell is NaN.

    Parameters
    ----------
    function
        Takes an array of positions, then the arrays of ``cells``, and returns the function there, of the same shape.
    inside, outside
        Ends of the brackets; ``outside`` may be the lesser one.
    guess
        Positions between the two ends, each of which takes the place of the end that is on its side: brackets
        are then narrow from the start. NaN where there is no guess.
    cells
        What the function needs to know of each cell, arrays of the shape of the positions: cells that are settled
        are then asked no more.
    tolerance
        Absolute width at which a bracket is narrow enough.

    Notes
    -----
    Source: Chandrupatla (1997), A new hybrid quadratic/bisection algorithm, Advances in Engineering
    Software 28. About a dozen evaluations where bisection takes fifty.

    Examples
    --------
    >>> crossing(lambda x: x**2 - np.array([2.0, 9.0]), np.zeros(2), np.full(2, 10.0)).round(6)
    array([1.414214, 3.      ])
    """
    a, b = np.broadcast_arrays(np.asarray(inside, dtype=np.float64), np.asarray(outside, dtype=np.float64))
    a, b = np.array(a), np.array(b)
    value_a = np.array(function(a, *cells))
    if guess is None:
        value_b = np.array(function(b, *cells))
    else:
        known = ~np.isnan(guess) & (guess != a)
        x = np.where(known, guess, a)
        value = np.asarray(function(x, *cells))
        beyond, short = known & (value > 0), known & (value < 0)
        a, value_a = np.where(short, x, a), np.where(short, value, value_a)
        value_b = np.where(beyond, value, np.nan)
        if not beyond.all():
            value_b = np.where(beyond, value, function(b, *cells))
        b = np.where(beyond, x, b)
    none = ~(value_b > 0)
    # An end that is not negative inside (0/0 rounding at the estimate) still counts as inside.
    value_a = np.where(value_a < 0, value_a, -1.0)
    result = np.array(a)
    if cells:
        left = np.flatnonzero(~none.ravel())
        kept = tuple(np.broadcast_to(cell, a.shape).ravel()[left] for cell in cells)
        first, last, at_first, at_last = (end.ravel()[left] for end in (a, b, value_a, value_b))
        found = _narrowed(function, first, last, at_first, at_last, kept, tolerance)
        result.reshape(-1)[left] = found
    else:
        result = _narrowed(function, a, b, value_a, value_b, (), tolerance)
    return np.where(none, np.nan, result)


def _narrowed(
    function: Callable[..., FloatArray],
    a: FloatArray,
    b: FloatArray,
    value_a: FloatArray,
    value_b: FloatArray,
    cells: tuple[FloatArray, ...],
    tolerance: float,
) -> FloatArray:
    """Narrow brackets until each is narrow enough; with cells, settled ones are dropped on the way."""
    result = np.array(a)
    place = np.arange(a.size)  # of what is left, in the result
    open_ = np.ones(a.shape, dtype=bool)
    share = np.full(a.shape, 0.5)
    for _ in range(MOST_STEPS):
        if not open_.any():
            break
        if cells and np.count_nonzero(open_) < DROP_FROM * open_.size:
            place, share, cells = place[open_], share[open_], tuple(cell[open_] for cell in cells)
            a, b, value_a, value_b = a[open_], b[open_], value_a[open_], value_b[open_]
            open_ = open_[open_]
        x = a + share * (b - a)
        value = np.asarray(function(x, *cells))
        same = np.sign(value) == np.sign(value_a)
        c, value_c = np.where(same, a, b), np.where(same, value_a, value_b)
        b, value_b = np.where(same, b, a), np.where(same, value_b, value_a)
        a, value_a = x, value
        best = np.where(np.abs(value_a) < np.abs(value_b), a, b)
        if cells:
            result[place] = np.where(open_, best, result[place])
        else:
            result = np.where(open_, best, result)
        with np.errstate(divide="ignore", invalid="ignore"):
            limit = (2 * np.finfo(float).eps * np.abs(best) + tolerance) / np.abs(b - a)
            open_ = open_ & ~((limit > 0.5) | (np.minimum(np.abs(value_a), np.abs(value_b)) == 0))
            xi, phi = (a - b) / (c - b), (value_a - value_b) / (value_c - value_b)
            interpolate = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            inverse = value_a / (value_b - value_a) * value_c / (value_b - value_c) + (c - a) / (b - a) * (
                value_a / (value_c - value_a) * value_b / (value_c - value_b)
            )
        share = np.where(interpolate & np.isfinite(inverse), inverse, 0.5)
        limit = np.where(np.isfinite(limit), np.minimum(limit, 0.5), 0.5)
        share = np.clip(share, limit, 1 - limit)
    return result
