"""What chance alone would give if two groups were alike: group labels dealt anew, on counts.

Dealing n labels at random over people who stand in bins is one draw from a multivariate hypergeometric
distribution, so a permutation of any number of people costs as much as there are bins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cube.confusion import Tally
from .bootstrap import draw_weighted
from .counts import FloatArray

DRAWS = 1_000
MOST_BINS = 64
MOST_PEOPLE = 10**9 - 1
"""numpy draws hypergeometric counts of fewer people than this."""


class Permuted(NamedTuple):
    """A statistic beside what it would be by chance."""

    expected: float
    excess: float
    p: float


def permuted(
    statistic: Callable[[FloatArray, FloatArray], FloatArray],
    value: float,
    group: Sequence[ArrayLike],
    reference: Sequence[ArrayLike],
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Permuted | None:
    """Compare a statistic with its values when group labels are dealt anew.

    Parameters
    ----------
    statistic
        Takes the group's and the reference's drawn counts, each [draw, part, bin], and returns one value a
        draw; larger is further from alike.
    value
        The statistic of the data.
    group, reference
        Whole people by bin, one array a part: labels are dealt within each part (all people in one part; or
        good and bad people apart).
    rng
        Generator.
    draws
        How many deals.

    Returns
    -------
    Permuted or None
        ``p`` counts the data as one of the deals, so that it is exact and never 0. None where there are too
        many people to draw.

    Notes
    -----
    Source: Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9 (the p-value).

    Examples
    --------
    >>> apart = lambda g, r: np.abs(g[:, 0, 0] / g[:, 0].sum(axis=1) - r[:, 0, 0] / r[:, 0].sum(axis=1))
    >>> made = permuted(apart, 0.4, [[5, 5]], [[9, 1]], rng=np.random.default_rng(1))
    >>> 0.1 < made.p < 0.2
    True
    """
    dealt = deal(group, reference, rng=rng, draws=draws)
    return None if dealt is None else beside(value, statistic(*dealt))


def deal(
    group: Sequence[ArrayLike], reference: Sequence[ArrayLike], *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[FloatArray, FloatArray] | None:
    """Return the group's and the reference's counts [draw, part, bin] when labels are dealt anew within each part.

    None where there are too many people to draw. Several statistics may share one dealing.
    """
    mine = [np.rint(np.asarray(part, dtype=np.float64)).astype(np.int64) for part in group]
    theirs = [np.rint(np.asarray(part, dtype=np.float64)).astype(np.int64) for part in reference]
    pooled = np.stack([one + other for one, other in zip(mine, theirs, strict=True)])
    if int(pooled.sum(axis=1).max()) > MOST_PEOPLE:
        return None
    dealt = np.stack(
        [
            rng.multivariate_hypergeometric(part, int(one.sum()), size=draws, method="marginals")
            for part, one in zip(pooled, mine, strict=True)
        ],
        axis=1,
    ).astype(np.float64)
    return dealt, pooled[None].astype(np.float64) - dealt


def deal_weighted(
    group: Sequence[Tally], reference: Sequence[Tally], *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[FloatArray, FloatArray]:
    """Return the group's and the reference's weights [draw, part, bin] if both were drawn from the same people.

    Labels of people of different weights cannot be dealt: who has which weight belongs to how the group was
    drawn. Each side is drawn anew instead, with its own weights, from the distribution of both together.

    Parameters
    ----------
    group, reference
        People by bin, one tally a part, as in :func:`deal`.
    rng
        Generator.
    draws
        How many.

    Examples
    --------
    >>> side = Tally(np.array([4.0, 6.0]), np.array([8.0, 6.0]), np.array([20.0, 8.0]))
    >>> drawn, _ = deal_weighted([side], [side], rng=np.random.default_rng(1))
    >>> drawn.shape, drawn.sum(axis=-1).round(6).min() > 0
    ((1000, 1, 2), np.True_)
    """
    parts = []
    for mine, theirs in zip(group, reference, strict=True):
        both = mine.w + theirs.w
        share = both / both.sum() if both.sum() > 0 else both
        parts.append([_drawn_from(share, side, rng, draws) for side in (mine, theirs)])
    one, other = (np.stack([part[side] for part in parts], axis=1) for side in (0, 1))
    return one, other


def _drawn_from(share: FloatArray, side: Tally, rng: np.random.Generator, draws: int) -> FloatArray:
    total = side.w.sum()
    drawn = draw_weighted(side.w, side.w2, draws, rng, expected=share * total)
    sums = drawn.sum(axis=-1, keepdims=True)
    # Nobody drawn: as many as expected. Else as much weight as there is.
    return np.asarray(np.where(sums > 0, drawn * (total / np.where(sums > 0, sums, 1.0)), share * total))


def beside(value: float, by_chance: ArrayLike) -> Permuted:
    """Set a statistic beside what it was when labels were dealt anew [draw].

    Examples
    --------
    >>> beside(3.0, [1.0, 2.0, 3.0])
    Permuted(expected=2.0, excess=1.0, p=0.5)
    """
    drawn = np.asarray(by_chance, dtype=np.float64)
    expected = float(drawn.mean())
    reached = int((drawn >= value - 1e-12).sum())
    return Permuted(expected, value - expected, (1 + reached) / (1 + len(drawn)))


def coarse_edges(people: FloatArray, most: int = MOST_BINS) -> NDArray[np.int64]:
    """Return where bins [bin] are to be cut so that at most so many are left, of about equal people.

    Examples
    --------
    >>> coarse_edges(np.array([1.0, 1.0, 1.0, 1.0]), 2).tolist()
    [0, 2]
    """
    occupied = np.flatnonzero(people > 0)
    if len(occupied) <= most:
        return np.concatenate([[0], occupied[1:]]).astype(np.int64)
    share = np.cumsum(people)
    wanted = np.searchsorted(share, share[-1] * np.arange(1, most) / most) + 1
    return np.unique([0, *wanted[wanted < len(people)]]).astype(np.int64)


def merge_bins(people: FloatArray, starts: NDArray[np.int64]) -> FloatArray:
    """Return people by bin with bins added up from each start to the next, along the last axis."""
    return np.asarray(np.add.reduceat(people, starts, axis=-1))
