"""What goes beyond a rate and two rates, where people come in clusters: intervals and chance from the replicates.

A number that is smooth in the counts moves over the replicates as its linearisation does, and has a t interval. A
number that cannot be negative (a distance, a mutual information) is set against what it would be if the groups were
alike: deviations are drawn, normal, with the covariance that the replicates show, and with t's longer tails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import scipy.special

from ..metrics.base import Rate
from ..metrics.profit import Payoff
from .counts import FloatArray, Interval, divide
from .profit import combine_shares
from .replicates import (
    Clustered,
    clustered_interval,
    compare_clustered,
    degrees,
    stretched,
    unbiased,
)

DRAWS = 2_000
ALIKE = f"drawn from the replicates as if all were alike, {DRAWS:,} draws"
STEP = 1e-3
"""How far counts move towards each replicate: a small step keeps what is smooth straight (Fay's method)."""


class Moved(NamedTuple):
    """A number's interval and test from how far it moves over the replicates."""

    low: float
    high: float
    p: float


def moves_of(
    function: Callable[[FloatArray], FloatArray], whole: FloatArray, drawn: FloatArray, clusters: float
) -> FloatArray:
    """Return how far a smooth number of counts moves in each replicate; the mean square is its variance.

    Parameters
    ----------
    function
        Of counts with any leading axes.
    whole, drawn
        Counts [...], and those of each replicate [replicate, ...].
    clusters
        The fewest clusters behind any of the groups.

    Examples
    --------
    >>> share = lambda n: n[..., 0] / n.sum(axis=-1)
    >>> np.round(moves_of(share, np.array([10.0, 30.0]), np.array([[12.0, 28.0], [8.0, 32.0]]), 1e9), 3)
    array([ 0.05, -0.05])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = (np.asarray(function(whole + STEP * (drawn - whole))) - np.asarray(function(whole))) / STEP
    return np.asarray(moved * np.sqrt(unbiased(np.asarray(float(clusters)))))


def t_interval(value: float, moves: FloatArray, clusters: float, *, confidence: float, null: float = 0.0) -> Moved:
    """Return a t interval around a number, and the two-sided p against ``null``.

    The degrees of freedom are those of the group with the fewest clusters, less 1: never too many.

    Examples
    --------
    >>> made = t_interval(2.0, np.array([1.0, -1.0] * 128), 31.0, confidence=0.95)
    >>> print(f"{made.low:.2f} {made.high:.2f} {made.p:.3f}")
    -0.05 4.05 0.056
    """
    freedom = float(degrees(np.asarray(clusters - 1.0), len(moves)))
    error = float(np.sqrt((moves**2).mean()))
    if not (freedom > 0 and error > 0 and np.isfinite(error)):
        return Moved(np.nan, np.nan, np.nan)
    reach = float(scipy.special.stdtrit(freedom, 0.5 + confidence / 2)) * error
    p = float(2 * scipy.special.stdtr(freedom, -abs(value - null) / error))
    return Moved(value - reach, value + reach, p)


def rates_alike(of: Clustered, rng: np.random.Generator, draws: int = DRAWS) -> FloatArray:
    """Return rates [draw, group] as they would be if all groups had the rate of everybody.

    Each group has the error of that rate among its effective people; groups that share clusters move together as
    theirs do. A group whose own rate does not move is drawn by itself.

    Examples
    --------
    >>> selected, people = np.array([30.0, 20.0]), np.full(2, 100.0)
    >>> rate = Rate(selected, people, selected, people, people)
    >>> moves = np.array([[0.05, 0.0], [-0.05, 0.0]] * 128)
    >>> drawn = rates_alike(Clustered(rate, moves, np.full(2, 200.0), np.full(2, 50.0)), np.random.default_rng(1))
    >>> drawn.shape, drawn.mean(axis=0).round(2).tolist()
    ((2000, 2), [0.25, 0.25])
    """
    p = float(of.rate.num.sum() / of.rate.den.sum())
    error = np.sqrt(p * (1 - p) * np.nan_to_num(divide(1.0, of.effective_n)))
    own = np.sqrt(of.variance)
    unit = np.where(own > 0, of.moves / np.where(own > 0, own, 1.0), 0.0)
    normal = rng.standard_normal((draws, len(unit))) @ unit / np.sqrt(len(unit))
    normal = np.where(own > 0, normal, rng.standard_normal(normal.shape))
    away = stretched(error * normal, float(of.clusters.min()), len(unit), rng)
    return np.asarray(np.clip(p + away, 0.0, 1.0))


def widest_pair(rates: Clustered, how: str, confidence: float) -> tuple[float, float, int]:
    """Return the interval of the widest gap (or smallest ratio) over all pairs of groups, and how many pairs.

    Each pair has its interval at the Bonferroni level; the ends are the largest of all pairs' ends.

    Parameters
    ----------
    rates
        Every group's rate, [group].
    how
        difference or ratio.
    confidence
        Of all pairs together.
    """
    first, second = np.triu_indices(len(rates.value), 1)
    sure = 1 - (1 - confidence) / len(first)
    made = compare_clustered(rates[first], rates[second], how=how, confidence=sure)  # type: ignore[arg-type]
    if np.isnan(made.low).any() or np.isnan(made.high).any():
        return np.nan, np.nan, len(first)
    if how == "difference":
        low = np.maximum(0.0, np.maximum(made.low, -made.high))
        return float(low.max()), float(np.maximum(made.high, -made.low).max()), len(first)
    with np.errstate(divide="ignore"):
        low = np.minimum(made.low, 1 / made.high)
        high = np.where((made.low <= 1) & (made.high >= 1), 1.0, np.minimum(made.high, 1 / made.low))
    return float(low.min()), float(high.min()), len(first)


def clustered_profit_interval(gain: Clustered, loss: Clustered, payoff: Payoff, *, confidence: float) -> Interval:
    """Interval of the expected profit per person: the two shares' clustered intervals, put together by MOVER.

    Parameters
    ----------
    gain, loss
        Selected people with a good, and with a bad outcome, among all people; of one group.
    payoff
        What a selected person brings.
    confidence
        Coverage aimed at.
    """
    ends = [clustered_interval(side, confidence=confidence) for side in (gain, loss)]
    both = (gain.moves * loss.moves).mean(axis=0)
    correlation = divide(both, np.sqrt(gain.variance * loss.variance))
    # A gain and a loss: the two parts of the profit go together where the two shares go apart.
    together = np.where(np.isfinite(correlation), np.clip(-correlation, -1.0, 1.0), 1.0)
    shares = gain.value, loss.value
    return combine_shares(shares, (ends[0], ends[1]), together, payoff, "MOVER of two dependent intervals")


def chance(value: float, drawn: FloatArray) -> dict[str, float]:
    """Return what a number that cannot be negative would be by chance, what is beyond it, and its p."""
    known = drawn[~np.isnan(drawn)]
    if not len(known) or np.isnan(value):
        return {}
    expected = float(known.mean())
    p = (1 + int((known >= value - 1e-12).sum())) / (1 + len(known))
    return {"expected": expected, "excess": value - expected, "p": p}


def rate_of_counts(
    counted: FloatArray, people: FloatArray, drawn: Sequence[FloatArray], clusters: FloatArray
) -> Clustered:
    """Return a rate of plain counts with its replicates: counted and people, and both of each replicate."""
    own = Rate(counted, people, counted, people, people)
    return Clustered.of(own, Rate(drawn[0], drawn[1], drawn[0], drawn[1], drawn[1]), clusters)
