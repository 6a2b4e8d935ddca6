"""How well a feature, or the score, tells a group from its reference: cross-validated, one column at a time.

A rule is learned on four fifths of the people (the group's share in each level or band of the column) and ranks the
other fifth; the area under the curve is the average over the fifths. A column that tells nothing so has 0.5 on
average, however many levels it has, where the same people's shares would make it look like a proxy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inference.counts import FloatArray, normal_quantile
from ..inference.ranking import auc_interval, delong, tied_share

FOLDS = 5
A_FOLD = 10
"""People of the smaller side that a fold has at least, as far as two folds go."""
BANDS = 32
"""Most bands of a number."""
A_BAND = 20
"""People of the smaller side for each band, on average."""
SHRINK = 1.0
"""People of the average share that are added to each level, so that a level of one person is not certain."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How well one column tells the group from the reference: 0.5 nothing, 1 without error."""

    auc: float
    low: float
    high: float
    folds: int
    levels: int
    """Levels or bands that the rule tells apart, the missing one too."""
    method: str


def encoding(
    values: Any, in_group: Any, *, weight: Any = None, confidence: float = 0.95, rng: np.random.Generator | int = 0
) -> Encoding:
    """Return how well a column tells the group from the reference, on people whom the rule has not seen.

    Parameters
    ----------
    values
        One value a person: numbers, texts, or several columns that are one feature [person, column].
    in_group
        Whether each person is of the group; the others are the reference.
    weight
        Of each person.
    confidence
        Of the interval of the area under the curve.
    rng
        Deals people into folds, group and reference apart.

    Notes
    -----
    The interval is that of the area averaged over folds; a fold's variance is DeLong's, doubled where the area cannot
    be told from 0.5, because folds that learn noise from each other are not independent.
    Source: LeDell, Petersen and van der Laan (2015), Electronic Journal of Statistics 9 (the cross-validated area);
    Micci-Barreca (2001), SIGKDD Explorations 3 (shares by level, shrunk).

    Examples
    --------
    >>> made = encoding(["a", "b"] * 100, [True, False] * 100)
    >>> made.auc, made.folds
    (1.0, 5)
    """
    side = np.asarray(in_group, dtype=bool)
    fewer = int(min(side.sum(), (~side).sum()))
    folds = int(np.clip(fewer // A_FOLD, 2, FOLDS))
    codes = codes_of(values, bands=int(np.clip(fewer // A_BAND, 2, BANDS)))
    fold = _dealt(side, folds, np.random.default_rng(rng))
    heavy = None if weight is None else np.asarray(weight, dtype=float)
    squares = None if heavy is None else _tables(codes, side, fold, folds, heavy**2)
    return _across(*_tables(codes, side, fold, folds, heavy), squares, confidence)


def codes_of(values: Any, *, bands: int) -> Codes:
    """Return the level or band of each value, missing ones with a code of their own.

    Bands are cut without looking at the groups, so cutting them on everybody tells the rule nothing.

    Examples
    --------
    >>> codes_of([3.0, None, 1.0, 2.0], bands=2).tolist()
    [1, 2, 0, 0]
    """
    import pandas as pd

    data = np.asarray(values) if not hasattr(values, "to_numpy") else values.to_numpy()
    if data.ndim == 2:
        each = [codes_of(data[:, column], bands=bands) for column in range(data.shape[1])]
        return np.asarray(np.unique(np.stack(each, axis=1), axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)
    try:
        numbers = pd.to_numeric(pd.Series(data)).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        codes, levels = pd.factorize(np.asarray(data, dtype=object))
        return np.where(codes < 0, len(levels), codes).astype(np.int64)
    known = numbers[~np.isnan(numbers)]
    distinct = np.unique(known)
    if len(distinct) > bands:
        inside = np.quantile(known, np.arange(1, bands) / bands, method="lower")
        distinct = np.unique(inside)
        placed = np.searchsorted(distinct, numbers, side="left")
    else:
        placed = np.searchsorted(distinct, numbers)
    return np.where(np.isnan(numbers), len(distinct) + 1, placed).astype(np.int64)


def _dealt(side: NDArray[np.bool_], folds: int, rng: np.random.Generator) -> Codes:
    fold = np.empty(len(side), dtype=np.int64)
    for here in (side, ~side):
        many = int(here.sum())
        fold[here] = rng.permutation(np.arange(many) % folds)
    return fold


def encoding_of_counts(
    inside: FloatArray, outside: FloatArray, *, confidence: float = 0.95, rng: np.random.Generator | int = 0
) -> Encoding:
    """Return how well the levels of a column tell the groups apart, from counts: people are dealt without being known.

    Parameters
    ----------
    inside, outside
        People of the group and of the reference by level.
    confidence
        Of the interval.
    rng
        Deals the people of each level into folds.

    Examples
    --------
    >>> made = encoding_of_counts(np.array([90.0, 10.0]), np.array([20.0, 80.0]))
    >>> 0.8 < made.auc < 0.9, made.low > 0.7
    (True, True)
    """
    folds = int(np.clip(min(inside.sum(), outside.sum()) // A_FOLD, 2, FOLDS))
    draw = np.random.default_rng(rng)
    some = inside + outside > 0
    dealt = [
        draw.multinomial(counts[some].astype(np.int64), np.full(folds, 1 / folds)).T.astype(np.float64)
        for counts in (inside, outside)
    ]
    return _across(dealt[0], dealt[1], None, confidence)


def _tables(
    codes: Codes, side: NDArray[np.bool_], fold: Codes, folds: int, weight: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return people, or sums of weights, of the group and of the reference [fold, level]."""
    levels, place = np.unique(codes, return_inverse=True)
    cell = fold * len(levels) + place
    made = [
        np.bincount(
            cell[here], weights=None if weight is None else weight[here], minlength=folds * len(levels)
        ).reshape(folds, len(levels))
        for here in (side, ~side)
    ]
    return made[0].astype(np.float64), made[1].astype(np.float64)


def _across(
    inside: FloatArray, outside: FloatArray, squares: tuple[FloatArray, FloatArray] | None, confidence: float
) -> Encoding:
    """Return the area averaged over folds, from people [fold, level] and their squared weights."""
    folds, levels = inside.shape
    base = inside.sum() / (inside.sum() + outside.sum())
    areas, variances = [], []
    for at in range(folds):
        learned, others = inside.sum(axis=0) - inside[at], outside.sum(axis=0) - outside[at]
        share = (learned + SHRINK * base) / (learned + others + SHRINK)
        rank = np.unique(np.round(share, 12), return_inverse=True)[1]
        of_group, of_reference, *heavy = (
            np.bincount(rank, weights=counts[at]).astype(np.float64) for counts in (inside, outside, *(squares or ()))
        )
        found = delong(of_group, of_reference, **dict(zip(("good_w2", "bad_w2"), heavy, strict=False)))
        areas.append(float(found.value))
        variances.append(float(found.variance))
    area, variance = float(np.mean(areas)), float(np.sum(variances)) / folds**2
    # Folds learn from each other. Where the column tells nothing, each pair of people counts in both of its folds,
    # and the variance is twice that of independent folds; the share of that fades as the column tells more.
    if area - 0.5 <= normal_quantile(confidence) * (2 * variance) ** 0.5:
        variance *= 2
    people, tied = (inside.sum(), outside.sum()), None
    if squares is None:
        tied = tied_share((inside + outside).sum(axis=0))
    else:
        people = (people[0] ** 2 / squares[0].sum(), people[1] ** 2 / squares[1].sum())
    low, high, method = auc_interval(area, variance, people[0], people[1], confidence=confidence, tied=tied)
    return Encoding(area, float(low), float(high), folds, levels, f"{folds}-fold cross-validated; {np.asarray(method)}")
