"""A crossing of attributes against what its parents predict.

The parents of a crossing of d attributes are the d crossings with one attribute left out. Their rates are what the
model "every interaction on the log-odds but the one of all d attributes together" fits: its likelihood equations say
that each parent's expected count equals the observed one. A crossing is then set against that model, fitted to all
others: what is left over is the interaction of its levels, as an odds ratio. With one attribute the only parent is
everybody, and the prediction is the rate of the rest; with two attributes of two levels it is the
sum of the two neighbours' log-odds less the log-odds of the opposite one.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
import scipy.special
from numpy.typing import NDArray

from .counts import FloatArray, normal_quantile

Codes = NDArray[np.int64]

ROUNDS = 2_000
WITHIN = 1e-7
"""Rounds of proportional fitting at most, and how near (in people, to each thousand) the margins must come."""
ALONE = 1e-6
"""A crossing with less than this share of its own variance left is not told apart from its parents."""
MOST_PARENTS = 2_000
"""Parent groups of one table beyond which the matrix of their variances takes too long."""


class Fit(NamedTuple):
    """Fitted rates of the rows of a table, and the log-odds that each parent group adds."""

    rate: FloatArray
    effects: tuple[FloatArray, ...]


class Against(NamedTuple):
    """Each row of a table against what its parents predict: expected count and z, NaN where it cannot be told."""

    rate: FloatArray
    z: FloatArray


class Prediction(NamedTuple):
    """One crossing against the prediction of its parents from everybody outside it."""

    rate: float
    """What the parents predict; NaN where they say nothing of it."""
    odds_ratio: float
    low: float
    high: float
    p: float


def parent_groups(codes: Codes, order: int | None = None) -> Codes:
    """Return the number of the group of each row in each crossing that predicts it, [parent, row].

    Parameters
    ----------
    codes
        Levels of each row, [row, attribute].
    order
        Attributes in each of the crossings that predict: one less than the rows have (the parents) when None; 1 for
        single attributes.

    Examples
    --------
    >>> parent_groups(np.array([[0, 0], [0, 1], [1, 0], [1, 1]])).tolist()
    [[0, 0, 1, 1], [0, 1, 0, 1]]
    """
    attributes = codes.shape[1]
    size = attributes - 1 if order is None else min(order, attributes - 1)
    groups = [
        np.unique(codes[:, list(kept)], axis=0, return_inverse=True)[1].reshape(-1)
        if kept
        else np.zeros(len(codes), dtype=np.int64)
        for kept in combinations(range(attributes), size)
    ]
    return np.stack(groups).astype(np.int64)


def fit(groups: Codes, num: FloatArray, den: FloatArray) -> Fit:
    """Fit rates whose sum over each parent group is the observed one, by iterative proportional fitting.

    Parameters
    ----------
    groups
        Number of the parent group of each row, [parent, row].
    num, den
        People counted and people, [row]; each row has somebody.

    Returns
    -------
    Fit
        NaN where the rounds did not suffice.

    Notes
    -----
    These are the maximum-likelihood rates of the logistic model without the highest interaction. Source: Deming &
    Stephan (1940), Annals of Mathematical Statistics 11; Bishop, Fienberg & Holland (1975), chapter 3.

    Examples
    --------
    >>> codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> fit(parent_groups(codes), np.array([20.0, 50, 50, 80]), np.full(4, 100.0)).rate.round(3)
    array([0.2, 0.5, 0.5, 0.8])
    >>> fit(parent_groups(codes), np.array([20.0, 60, 60, 70]), np.full(4, 100.0)).rate.round(3)
    array([0.271, 0.529, 0.529, 0.771])
    """
    sizes = groups.max(axis=1, initial=-1) + 1
    num, den = np.asarray(num, dtype=np.float64), np.asarray(den, dtype=np.float64)
    yes = [sums(ids, num, size) for ids, size in zip(groups, sizes, strict=True)]
    no = [sums(ids, den - num, size) for ids, size in zip(groups, sizes, strict=True)]
    effects = [np.zeros(size) for size in sizes]
    log_odds = np.zeros(len(num))
    near = WITHIN * max(1.0, den.sum() / 1000)
    for _ in range(ROUNDS):
        farthest = 0.0
        for i, ids in enumerate(groups):
            up = sums(ids, den * scipy.special.expit(log_odds), sizes[i])
            down = sums(ids, den * scipy.special.expit(-log_odds), sizes[i])
            farthest = max(farthest, float(np.abs(up - yes[i]).max()))
            step = _log_ratio(yes[i], up) - _log_ratio(no[i], down)
            effects[i] += step
            log_odds = log_odds + step[ids]
        if farthest <= near:
            return Fit(scipy.special.expit(log_odds), tuple(effects))
    return Fit(np.full(len(num), np.nan), tuple(np.full(size, np.nan) for size in sizes))


def sums(places: Codes, values: FloatArray, size: int = 0) -> FloatArray:
    """Return the sum of the values at each place.

    Examples
    --------
    >>> sums(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 0.0, 5.0]
    """
    return np.asarray(np.bincount(places, values, size), dtype=np.float64)


def _log_ratio(wanted: FloatArray, have: FloatArray) -> FloatArray:
    """Return log(wanted / have), and 0 where both are (next to) nothing: such a margin is fitted already."""
    settled = (wanted == 0) & (have < 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(settled, 0.0, np.log(wanted) - np.log(have))


def against_parents(codes: Codes, num: FloatArray, den: FloatArray, *, order: int | None = None) -> Against:
    """Set every row of a table against what its parents predict: the score test of its own interaction.

    Parameters
    ----------
    codes
        Levels of each row, [row, attribute]: one crossing a row.
    num, den
        People counted and people, [row]; each row has somebody.
    order
        As in :func:`parent_groups`.

    Returns
    -------
    Against
        The rate that the parents predict when the row itself is among them, and the adjusted residual: the row's
        count less the predicted one, in standard deviations of that difference. NaN where a row is all that one of
        its parents has, or nothing may vary.

    Notes
    -----
    Source: Haberman (1973), Biometrics 29 (adjusted residuals); its square is Rao's score statistic for an effect of
    this row alone.

    Examples
    --------
    >>> codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> against_parents(codes, np.array([20.0, 60, 60, 70]), np.full(4, 100.0)).z.round(2)
    array([-3.09,  3.09,  3.09, -3.09])
    """
    groups = parent_groups(codes, order)
    made = fit(groups, num, den)
    variance = den * made.rate * (1 - made.rate)
    z = np.full(len(num), np.nan)
    spread = _parent_variance(groups, variance)
    if spread is not None:
        left = 1 - variance * spread
        told = (variance > 0) & (left > ALONE)
        z[told] = (num - den * made.rate)[told] / np.sqrt((variance * left)[told])
    return Against(made.rate, z)


def predict(
    codes: Codes, num: FloatArray, den: FloatArray, row: int, *, confidence: float = 0.95, order: int | None = None
) -> Prediction:
    """Set one row of a table against what its parents predict from everybody outside it.

    Parameters
    ----------
    codes, num, den
        As in :func:`against_parents`.
    row
        Which one.
    confidence
        Of the interval.
    order
        As in :func:`parent_groups`.

    Returns
    -------
    Prediction
        The rate predicted, and the odds of the row over the predicted odds, with the interval (on the logarithm) and
        the p-value that agree with each other: p is under 1 - confidence exactly where 1 is outside.

    Notes
    -----
    The variance is that of the row's log-odds (with a half added to both its counts) and of the predicted ones (from
    the information of the model). Source: Gart & Zweifel (1967), Biometrika 54 (the half).

    Examples
    --------
    >>> codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> made = predict(codes, np.array([20.0, 60, 60, 70]), np.full(4, 100.0), 0)
    >>> print(f"{made.rate:.3f} {made.odds_ratio:.2f} [{made.low:.2f}, {made.high:.2f}] p = {made.p:.3f}")
    0.491 0.26 [0.11, 0.62] p = 0.002
    """
    nothing = Prediction(*[float("nan")] * 5)
    groups = parent_groups(codes, order)
    others = np.arange(len(num)) != row
    if not (groups[:, others] == groups[:, row][:, None]).any(axis=1).all():
        return nothing  # the row is all that one of its parents has
    made = fit(groups[:, others], num[others], den[others])
    variance = den[others] * made.rate * (1 - made.rate)
    log_odds = float(sum(effect[group] for effect, group in zip(made.effects, groups[:, row], strict=True)))
    spread = _parent_variance(groups[:, others], variance, at=groups[:, row])
    if spread is None or not np.isfinite(log_odds) or not np.isfinite(spread).all():
        return nothing
    yes, no = num[row] + 0.5, den[row] - num[row] + 0.5
    effect = float(np.log(yes) - np.log(no) - log_odds)
    deviation = float(np.sqrt(1 / yes + 1 / no + spread[0]))
    half = normal_quantile(confidence) * deviation
    low, high = float(np.exp(effect - half)), float(np.exp(effect + half))
    p = float(2 * scipy.special.ndtr(-abs(effect) / deviation))
    return Prediction(float(scipy.special.expit(log_odds)), float(np.exp(effect)), low, high, p)


def _parent_variance(groups: Codes, variance: FloatArray, at: Codes | None = None) -> FloatArray | None:
    """Return the variance of the predicted log-odds of each row, or of the one row whose parent groups are ``at``.

    NaN where the rows that vary do not settle it; None where there are too many parent groups to compute it.
    """
    sizes = groups.max(axis=1, initial=-1) + 1
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    places = groups + starts[:, None]
    total = int(sizes.sum())
    if total > MOST_PARENTS or not np.isfinite(variance).all():
        return None
    information = np.zeros((total, total))
    for one in places:
        for other in places:
            np.add.at(information, (one, other), variance)
    inverse = np.linalg.pinv(information, rcond=1e-11, hermitian=True)
    wanted = places if at is None else (at + starts)[:, None]
    spread = sum(inverse[one, other] for one in wanted for other in wanted)
    if at is not None:
        # Estimable only where the row's design lies in the space of the others'.
        design = np.zeros(total)
        design[wanted[:, 0]] = 1.0
        if np.abs(design - information @ (inverse @ design)).max() > 1e-6:
            return np.full(1, np.nan)
    return np.asarray(spread, dtype=np.float64)
